"""Showing rows that do no more than be shown: a loop that calls the strategy, and nothing else.

Where session time stands, and which row is the last, is found out when the strategy turns to the
engine, as few callbacks do.  One that does so at every other row is shown rows with time and row
kept up for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from types import MethodType
from typing import Any, Final, Protocol, cast

from offbook.domain.errors import EngineFault
from offbook.engine.kernel import Kernel
from offbook.engine.rows.row_sources import RowSource, let_none_come
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.interruption import is_from_a_signal
from offbook.engine.strategy.strategy import Strategy, StrategyContext

TURNS: Final = 16
"""After how many turns to the engine without an act a block is shown row by row."""

Callback = Callable[[Any], None]


class BlockRows(Protocol):
    """The rows of a block, taken in order."""

    def show(self, callback: Callback, begin: int, end: int) -> None:
        """Call the strategy with rows ``begin`` to ``end`` of the block until it acts; in the end
        session time and the last row are those of the last that was shown."""

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """Rows ``begin`` to ``end``, not to be shown by ``show``."""

    def let_go(self) -> None:
        """No more of them are asked for."""


class SteppedRows:
    """Rows that come one after another, shown with session time and the last row kept up."""

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

    def let_go(self) -> None:
        """See ``BlockRows``."""


class RunningRows:
    """Rows shown in a loop that does nothing else, for as long as the strategy leaves the engine
    alone."""

    def __init__(self, kernel: Kernel, host: StrategyHost, source: RowSource) -> None:
        self._kernel = kernel
        self._host = host
        self._source = source
        self._stepped: SteppedRows | None = None
        self._turns = 0
        """How often the strategy turned to the engine, but did not act."""

    @property
    def is_asked_for_much(self) -> bool:
        """Whether it would have cost less to step from row to row."""
        return self._turns >= TURNS or self._source.is_asked_for_much

    def show(self, callback: Callback, begin: int, end: int) -> None:
        """See ``BlockRows``."""
        kernel, place = self._kernel, begin
        while place < end and not kernel.look_up:
            if self._turns >= TURNS:
                if self._stepped is None:
                    self._stepped = SteppedRows(kernel, self._source.rest(place))
                self._stepped.show(callback, place, end)
                return
            place = self._run(callback, place, end)
            self._turns += place < end and not kernel.look_up

    def some(self, begin: int, end: int) -> Iterator[Any]:
        """See ``BlockRows``."""
        if self._stepped is not None:
            return self._stepped.some(begin, end)
        return self._source.some(begin, end)

    def let_go(self) -> None:
        """See ``BlockRows``."""
        self._source.let_go()

    def _run(self, callback: Callback, begin: int, end: int) -> int:
        """Show rows until the strategy turns to the engine; the place after the last."""
        strategy, coming = self._host.strategy, self._source.coming(begin, end)
        turning = Turning(self, coming.ahead, begin, end)
        stand_before(strategy, cast(StrategyContext, turning))
        try:
            call_with(callback, coming.rows)
        finally:
            place = turning.turn()
        return place

    def turn(self, place: int | None) -> None:
        """The strategy has its host again, with session time and the last row those of the row
        before a place; None where no row was shown."""
        stand_before(self._host.strategy, self._host)
        if place is not None:
            row = self._source.at(place - 1)
            self._kernel.now, self._kernel.last = row.ts, row

    def stand_in(self, name: str) -> Any:
        """What the strategy turned to the engine for."""
        return getattr(self._host, name)


class Standing(Protocol):
    """Rows that are shown in a run, whose strategy may turn to the engine."""

    def turn(self, place: int | None) -> None:
        """The strategy has its host again, at the row before a place; None where none was shown."""

    def stand_in(self, name: str) -> Any:
        """What the strategy turned to the engine for."""


def show_until_it_acts(
    kernel: Kernel, host: StrategyHost, show: Callable[[], None], shown_by: Callable[[], str]
) -> None:
    """Have rows shown to a strategy, as ``StrategyHost.call`` would show each of them.  Where it
    raises, ``shown_by`` tells which callback did."""
    host.acting = True
    kernel.look_up = False
    try:
        show()
    except EngineFault:
        raise
    except BaseException as error:
        if is_from_a_signal(error):
            raise
        host.acting = False
        host.failed(shown_by(), error)
    finally:
        host.acting = False


def call_with(callback: Callback, rows: Iterator[Any]) -> None:
    """Call the strategy with each row."""
    if isinstance(callback, MethodType):
        # As the interpreter would do for each row: to part them once is 3 ns a row less.
        function, own = callback.__func__, callback.__self__
        for row in rows:
            function(own, row)
    else:
        for row in rows:
            callback(row)


def stand_before(strategy: Strategy, context: StrategyContext) -> None:
    """Let a strategy turn to this."""
    # Past whatever the strategy itself does when attributes of it are set: this is not its doing.
    object.__setattr__(strategy, "_context", context)


class Turning:
    """Stands between strategy and host while rows are shown in a run: ends that, and answers."""

    def __init__(self, rows: Standing, ahead: Iterator[Any], begin: int, end: int) -> None:
        self._rows = rows
        self._ahead = ahead
        self._begin = begin
        self._end = end
        self._place: int | None = None

    def __getattr__(self, name: str) -> Any:
        self.turn()
        return self._rows.stand_in(name)

    def turn(self) -> int:
        """Have no more rows shown, unless that has been done; the place after the last."""
        if self._place is None:
            self._place = self._end - let_none_come(self._ahead)
            self._rows.turn(self._place if self._place > self._begin else None)
        return self._place
