"""A table of books whose reader has enough of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.cli.book_showing import Wanted, show_book
from offbook.cli.shell import Shell
from offbook.domain.config import BookStart

BOOK = """\
ts_init,action,side,price,size,order_id,flags
1704205800000000000,add,bid,100.00,5,1,1
1704205800000000000,add,ask,100.02,4,2,3
"""


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
    wanted = Wanted(
        levels=1,
        at=[],
        every=None,
        checksum=None,
        orders=False,
        begins=BookStart.SNAPSHOT,
        target=None,
    )
    with pytest.raises(BrokenPipeError):
        show_book(
            Shell(json=False, quiet=True, verbose=False), str(tmp_path / "book.csv"), {}, wanted
        )
