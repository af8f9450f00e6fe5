"""How far a sweep is, where there is not much room."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from offbook.cli import sweep_progress
from offbook.cli.shell import Shell
from offbook.cli.sweep_progress import SweepProgress, bar_on, cut


@pytest.mark.parametrize("name", ["ema", "a-name-that-is-rather-long-for-a-sweep"])
@pytest.mark.parametrize("columns", [45, 70, 120])
def test_the_counts_are_shown_whole_however_much_there_is_to_say(
    monkeypatch: pytest.MonkeyPatch, columns: int, name: str
) -> None:
    """What gives way is the best cell so far, then the name."""
    out = io.StringIO()
    console = Console(file=out, width=columns, force_terminal=True, color_system=None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sweep_progress, "_bar", lambda: bar_on(console))
    with SweepProgress(Shell(), name, 7830, 4117) as progress:
        progress.cell(failed=False, best="best -0.0257 % (fast=200 slow=2500 size=0.01)")
        assert progress._bar is not None
        progress._bar.refresh()
        frame = out.getvalue().replace("\r", "\n").splitlines()[-1]
    assert "4118/7830" in frame
    assert ("size=0.01)" in frame) is (columns == 120)


def test_words_are_cut_where_they_do_not_fit_and_left_out_where_nothing_would_remain() -> None:
    assert cut("best 1.25 (a=1)", 20) == "best 1.25 (a=1)"
    assert cut("best 1.25 (a=1)", 12) == "best 1.25 (…"
    assert cut("best 1.25 (a=1)", 11) == ""
    assert cut("", -3) == ""
