"""A table of books whose reader has enough of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from offbook.cli.book_showing import Wanted, show_book
from offbook.cli.shell import Shell
from offbook.domain.config import BookStart
from offbook.domain.errors import InvalidInput

BOOK = """\
ts_init,action,side,price,size,order_id,flags
1704205800000000000,add,bid,100.00,5,1,1
1704205800000000000,add,ask,100.02,4,2,3
"""


QUIET = Shell(json=False, quiet=True, verbose=False)
WANTED = Wanted(
    levels=1,
    at=[],
    every=None,
    checksum=None,
    orders=False,
    begins=BookStart.SNAPSHOT,
    target=None,
)


class Full:
    """A pipe that nobody reads any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_pipe_that_is_closed_is_no_fault_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``offbook data book FILE | head`` is left to the program, which ends quietly."""
    (tmp_path / "book.csv").write_text(BOOK)
    monkeypatch.setattr("sys.stdout", Full())
    with pytest.raises(BrokenPipeError):
        show_book(QUIET, str(tmp_path / "book.csv"), {}, WANTED)


@pytest.mark.parametrize("before", [None, "what was there\n"])
def test_a_refusal_leaves_no_file_and_spares_the_one_that_is_there(
    tmp_path: Path, before: str | None
) -> None:
    """Also where it comes after the first books; whole, the file takes its place."""
    recording, target = tmp_path / "book.csv", tmp_path / "levels.csv"
    if before is not None:
        target.write_text(before)
    wanted = msgspec.structs.replace(WANTED, target=target)
    for wrong in ("time,bid\n", f"{BOOK}1704205800000000000,add,ask,x,4,2,3\n"):
        recording.write_text(wrong)
        with pytest.raises(InvalidInput):
            show_book(QUIET, str(recording), {}, wanted)
        assert (target.read_text() if target.exists() else None) == before
    recording.write_text(BOOK)
    assert show_book(QUIET, str(recording), {}, wanted) == 0
    assert len(target.read_text().splitlines()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.csv", "levels.csv"]
