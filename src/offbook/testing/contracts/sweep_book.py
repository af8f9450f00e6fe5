"""The contract of ``ISweepBook``, as tests for pytest.

::

    class TestMyBook(SweepBookContract):
        def open(self, tmp_path): ...
"""

from __future__ import annotations

from pathlib import Path

from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult
from offbook.ports.sweeps import ISweepBook

FULL = CellResult(
    session_id="b",
    ended="end_of_data",
    statistics={"return_pct": "1.50", "sharpe": 1 / 3, "trips": 7, "calmar": None},
    records=9,
    chain_head="ff",
)
FAILED = CellResult(session_id="a", error=SessionError(code="x", message="no", detail="where"))


class SweepBookContract:
    """Everything that a book promises: derive a test class and say how to open one."""

    def open(self, tmp_path: Path) -> ISweepBook:
        """A new, empty book; it may keep its files under ``tmp_path``."""
        raise NotImplementedError

    def close(self, book: ISweepBook) -> None:
        """Let it go."""

    def test_results_come_back_as_they_were_put_in_their_order(self, tmp_path: Path) -> None:
        """Every figure to the last digit, whatever its kind."""
        book = self.open(tmp_path)
        assert isinstance(book, ISweepBook)
        assert not book.results()
        for result in (FULL, FAILED):
            book.put(result)
        assert list(book.results().values()) == [FULL, FAILED]
        assert list(book.results()) == ["b", "a"]
        self.close(book)

    def test_a_result_put_again_replaces_the_first(self, tmp_path: Path) -> None:
        """In its place."""
        book = self.open(tmp_path)
        for result in (FULL, FAILED, CellResult(session_id="b")):
            book.put(result)
        assert book.results() == {"b": CellResult(session_id="b"), "a": FAILED}
        self.close(book)

    def test_what_was_read_does_not_change(self, tmp_path: Path) -> None:
        """A later result is in a later answer."""
        book = self.open(tmp_path)
        before = book.results()
        book.put(FULL)
        assert not before
        self.close(book)
