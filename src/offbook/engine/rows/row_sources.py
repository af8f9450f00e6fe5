"""Where the rows come from that a strategy is shown in a run: packed, or made already for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol

from offbook.engine.rows.packed_rows import PackedBlock

MOST_READS: Final = 0.5
"""How many packed numbers may be asked for, and rows taken one by one, times the rows of a block,
before whole rows are less work."""
FEW: Final = 8
"""So many rows are sooner made one by one than in columns."""


class Coming(NamedTuple):
    """Rows that are about to be shown: ``rows`` gives one for each item of ``column``, over which
    ``ahead`` goes; if the column is cleared no more come."""

    column: list[Any]
    ahead: Iterator[Any]
    rows: Iterator[Any]


class RowSource(Protocol):
    """The rows of a block, by their places in it."""

    @property
    def is_asked_for_much(self) -> bool:
        """Whether whole rows would have cost less."""

    def coming(self, begin: int, end: int) -> Coming:
        """Rows ``begin`` to ``end``, to be shown in a run; then ``stand_at`` is due."""

    def stand_at(self, place: int) -> Any:
        """The rows before a place were shown: the last of them, as the engine keeps it."""

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """Rows that are taken one by one."""

    def rest(self, begin: int) -> Iterator[Any]:
        """All rows from a place on, whole."""

    def let_go(self) -> None:
        """No more of them are asked for."""


class SharedRowSource:
    """Rows that were made once for all sessions; the list is never changed."""

    is_asked_for_much: Final = False

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def coming(self, begin: int, end: int) -> Coming:
        """See ``RowSource``."""
        column = self._rows[begin:end]
        ahead = iter(column)
        return Coming(column, ahead, ahead)

    def stand_at(self, place: int) -> Any:
        """See ``RowSource``."""
        return self._rows[place - 1]

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """See ``RowSource``."""
        return iter(self._rows[begin:end])

    def rest(self, begin: int) -> Iterator[Any]:
        """See ``RowSource``."""
        return iter(self._rows[begin:])

    def let_go(self) -> None:
        """See ``RowSource``."""


class PackedRowSource:
    """Rows that are made as they are shown, most of their numbers packed.

    ``made`` makes those from one place to another whole; there are ``length``.
    """

    def __init__(
        self, block: PackedBlock[Any], made: Callable[[int, int], Iterator[Any]], length: int
    ) -> None:
        self._block = block
        self._made = made
        self._length = length
        self._others = [iter(column) for column in block.columns[1:]]
        self._place = 0
        """Where the others stand."""
        self._taken = 0
        """How many were taken one by one."""

    @property
    def is_asked_for_much(self) -> bool:
        """See ``RowSource``."""
        return self._block.layout.reads + self._taken > self._length * MOST_READS

    def coming(self, begin: int, end: int) -> Coming:
        """See ``RowSource``."""
        passed = begin - self._place
        for others in self._others:
            next(islice(others, passed, passed), None)
        self._place = begin
        column = self._block.columns[0][begin:end]
        ahead = iter(column)
        # The first to end is that of the column, and then no other is asked.
        return Coming(column, ahead, map(self._block.make, ahead, *self._others))

    def stand_at(self, place: int) -> Any:
        """See ``RowSource``."""
        self._place = place
        return self._block.at(place - 1)

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """See ``RowSource``."""
        self._taken += end - begin
        if end - begin > FEW:
            return self._made(begin, end)
        return map(self._block.at, range(begin, end))

    def rest(self, begin: int) -> Iterator[Any]:
        """See ``RowSource``."""
        return self._made(begin, self._length)

    def let_go(self) -> None:
        """See ``RowSource``."""
        self._others = []
        self._block.let_go()
