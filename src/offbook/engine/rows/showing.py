"""Showing rows that do no more than be shown: a loop that calls the strategy, and nothing else.

Where session time stands, and which row is the last, is found out when the strategy turns to the
engine, as few callbacks do.  One that does so at every other row is shown whole rows instead, with
time and row kept up for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from operator import length_hint
from typing import Any, Final, Protocol, cast

from offbook.engine.kernel import Kernel
from offbook.engine.rows.packed_rows import PackedBlock
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.strategy import Strategy, StrategyContext

TURNS: Final = 16
"""After how many turns to the engine without an act a block is shown row by row."""
MOST_READS: Final = 0.5
"""How many packed numbers may be asked for, and rows taken one by one, times the rows of a block,
before whole rows are less work."""
NEAR: Final = 512
"""Rows made ready at first: where the strategy has acted, it may soon act again."""
FEW: Final = 8
"""So many rows are sooner made one by one than in columns."""

Callback = Callable[[Any], None]


class BlockRows(Protocol):
    """The rows of a block, taken in order."""

    def show(self, callback: Callback, begin: int, end: int) -> None:
        """Call the strategy with rows ``begin`` to ``end`` of the block until it acts; in the end
        session time and the last row are those of the last that was shown."""

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """Rows ``begin`` to ``end``, not to be shown by ``show``."""


class WholeRows:
    """Rows made one after another, from place ``begin`` of their block on."""

    def __init__(self, kernel: Kernel, rows: Iterator[Any]) -> None:
        self._kernel = kernel
        self._rows = rows

    def show(self, callback: Callback, begin: int, end: int) -> None:
        """See ``BlockRows``."""
        kernel = self._kernel
        for row in islice(self._rows, end - begin):
            kernel.now = row.ts
            kernel.last = row
            callback(row)
            if kernel.look_up:
                return

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """See ``BlockRows``."""
        return islice(self._rows, end - begin)


class PackedRows:
    """Rows packed, made when they are shown.

    ``made`` makes those from one place to another whole.
    """

    def __init__(
        self,
        kernel: Kernel,
        host: StrategyHost,
        block: PackedBlock[Any],
        made: Callable[[int, int], Iterator[Any]],
    ) -> None:
        self._kernel = kernel
        self._host = host
        self._block = block
        self._made = made
        self._others = [iter(column) for column in block.columns[1:]]
        self._place = 0
        """Where the others stand."""
        self._rows = len(block.columns[0])
        self._whole: WholeRows | None = None
        self.taken = 0
        """How many were taken one by one."""
        self.turns = 0
        """How often the strategy turned to the engine, but did not act."""

    @property
    def is_asked_for_much(self) -> bool:
        """Whether whole rows would have cost less."""
        asked = self._block.layout.reads + self.taken
        return self.turns >= TURNS or asked > self._rows * MOST_READS

    def show(self, callback: Callback, begin: int, end: int) -> None:
        """See ``BlockRows``."""
        kernel, place, length = self._kernel, begin, NEAR
        while place < end and not kernel.look_up:
            if self.turns >= TURNS:
                if self._whole is None:
                    self._whole = WholeRows(kernel, self._made(place, self._rows))
                self._whole.show(callback, place, end)
                return
            stop, length = min(place + length, end), end
            place = self._quickly(callback, place, stop)
            self.turns += place < stop and not kernel.look_up

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """See ``BlockRows``."""
        if self._whole is not None:
            return self._whole.some(begin, end)
        self.taken += end - begin
        if end - begin > FEW:
            return self._made(begin, end)
        return map(self._block.at, range(begin, end))

    def _quickly(self, callback: Callback, begin: int, end: int) -> int:
        """Show rows until the strategy turns to the engine; the place after the last."""
        block, strategy = self._block, self._host.strategy
        for others in self._others:
            next(islice(others, begin - self._place, begin - self._place), None)
        column = block.columns[0][begin:end]
        coming = iter(column)
        rows = map(block.make, coming, *self._others)  # the first to end is that of the column
        turning = _Turning(self, column, coming, begin)
        _stand_before(strategy, cast(StrategyContext, turning))
        try:
            for row in rows:
                callback(row)
        finally:
            self._place = turning.turn()
            _stand_before(strategy, self._host)
        return self._place

    def come_to(self, place: int) -> None:
        """Session time and the last row are those of the row before a place."""
        row = self._block.at(place - 1)
        self._kernel.now, self._kernel.last = row.ts, row

    def stand_in(self, name: str) -> Any:
        """What the strategy turned to the engine for."""
        return getattr(self._host, name)


def _stand_before(strategy: Strategy, context: StrategyContext) -> None:
    # Past whatever the strategy itself does when attributes of it are set: this is not its doing.
    object.__setattr__(strategy, "_context", context)


class _Turning:
    """Stands between strategy and host while rows are shown quickly: ends that, and answers."""

    def __init__(
        self, rows: PackedRows, column: list[Any], coming: Iterator[Any], begin: int
    ) -> None:
        self._rows = rows
        self._column = column
        self._coming = coming
        self._begin = begin
        self._place: int | None = None

    def __getattr__(self, name: str) -> Any:
        self.turn()
        return self._rows.stand_in(name)

    def turn(self) -> int:
        """Have no more rows shown, unless that has been done; the place after the last."""
        if self._place is None:
            shown = len(self._column) - length_hint(self._coming)
            self._place = self._begin + shown
            self._column.clear()
            if shown:
                self._rows.come_to(self._place)
        return self._place
