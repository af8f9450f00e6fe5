"""The line that tells how far a session is."""

from __future__ import annotations

import pytest

from offbook.cli.progress import ProgressLine
from offbook.cli.shell import Shell


def test_trouble_is_told_to_those_who_want_it_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine(Shell(quiet=True))
    line.say("speed: 60", passing=True)
    line.say("the store does not answer")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "the store does not answer\n")
