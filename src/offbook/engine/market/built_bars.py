"""Bars that a market does not give, built from its quotes, prints or shorter bars.

A bar holds the rows of ``[opens, ends)``: intervals are aligned to the epoch UTC; a day is the UTC
day, or where an instrument has trading hours, its session, and rows outside belong to no day.  An
interval without rows makes no bar.  Quotes give bid, ask or mid (a mid that falls on half a price
unit is rounded down) and no volume; prints and bars give their own prices and volume.  A bar
belongs to the interval that holds its last moment.  A row that comes after its interval was closed
is taken into the next.  A session that joined a running market goes on with the bars in progress
that it was handed, for as long as it has taken no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from offbook.domain.calendars import DAY_NS, NEVER
from offbook.domain.errors import InvalidStrategy
from offbook.domain.joining import BegunBars
from offbook.domain.market_data import (
    Bar,
    DataKind,
    SourceInfo,
    SourceSlice,
)
from offbook.domain.timeframes import format_timeframe
from offbook.engine.kernel import Kernel
from offbook.engine.market.bar_builder import BarBuilder, BuilderState

LONGEST_NS: Final = 366 * DAY_NS
PRICES: Final = ("bid", "ask", "mid")


class BuiltBars:
    """All bars that a session has built, in the order in which they were asked for."""

    def __init__(self, kernel: Kernel, limit: int) -> None:
        self._kernel = kernel
        self._limit = limit
        self._parts: Sequence[tuple[int, SourceSlice]] = ()
        self.builders: list[BarBuilder] = []
        """Those that build them."""
        self._begun: BegunBars | None = None
        self._joined_row = 0

    def __len__(self) -> int:
        return len(self.builders)

    def know(self, begun: BegunBars | None, row: int) -> None:
        """Know the bars in progress where the session joined, at the position ``row``."""
        self._begun, self._joined_row = begun, row

    @property
    def begun(self) -> BegunBars | None:
        """The bars in progress that whoever subscribes now goes on with; None after a row."""
        return self._begun if self._taken == self._joined_row else None

    def subscribe(self, symbol: str, timeframe_ns: int, price: str | None) -> None:
        """Have bars of a symbol built, unless the market gives them; twice is once.

        Prints make the best bars, then the longest shorter bars that fit, then quotes; a ``price``
        asks for quotes.  Raises InvalidStrategy where nothing can make them.
        """
        known = self._of(symbol, timeframe_ns)
        source = self._source_for(symbol, timeframe_ns, price)
        if source is None:
            return
        if known is None:
            kind = source[1].kind
            known = self._add(
                source, timeframe_ns, price or ("mid" if kind is DataKind.QUOTES else kind.value)
            )
            if self.begun is not None:
                known.go_on_from(self.begun, self._kernel.now)
            for number, piece in self._parts:
                if number == known.source:
                    known.begin(piece, self._taken, self._kernel.now)
            self._wait()
        elif price not in {None, known.price} or known.source != source[0]:
            raise InvalidStrategy(
                f"{format_timeframe(timeframe_ns)} bars of {symbol} are built of {known.price} "
                "already: one kind to a timeframe",
                field="price",
            )

    def bars(self, symbol: str, timeframe_ns: int) -> tuple[Bar, ...] | None:
        """The bars built and kept, oldest first; None where none are being built."""
        found = self._of(symbol, timeframe_ns)
        return None if found is None else tuple(found.kept)

    def begin(self, parts: Sequence[tuple[int, SourceSlice]]) -> None:
        """Slices of sources are about to be taken row by row."""
        self._parts = parts
        self._begun = self.begun
        if self.builders:
            pieces = dict(parts)
            for builder in self.builders:
                if builder.source in pieces:
                    builder.begin(pieces[builder.source], self._taken, self._kernel.now)
            self._wait()

    def leave_slices(self) -> None:
        """The rows that follow in the slices at hand are left out."""
        self._parts = ()
        for builder in self.builders:
            builder.leave_slice(self._taken)
        self._wait()

    def unbegun_symbols(self) -> set[str]:
        """Instruments of which the next row begins a bar, whose end is not known before."""
        return {builder.info.symbol for builder in self.builders if builder.ends == NEVER}

    def end(self) -> list[Bar]:
        """The bars that have ended by now, in the order in which they were asked for."""
        taken, now = self._taken, self._kernel.now
        due = [builder for builder in self.builders if builder.is_due(taken, now)]
        bars = [bar for b in due if (bar := b.end(taken, now)) is not None]
        self._wait()
        return bars

    def dump(self) -> list[BuilderState]:
        """The state, for a snapshot."""
        return [builder.dump(self._taken) for builder in self.builders]

    def load(self, states: list[BuilderState]) -> None:
        """Take a snapshot's state back."""
        market = self._kernel.market
        assert market is not None
        for state in states:
            source = (state.source, market.sources[state.source])
            self._add(source, state.timeframe_ns, state.price).load(state)
        self._wait()

    @property
    def _taken(self) -> int:
        last = self._kernel.last
        return 0 if last is None else last.row + 1

    def _wait(self) -> None:
        self._kernel.agenda.await_bars(min((b.ends for b in self.builders), default=NEVER))

    def _of(self, symbol: str, timeframe_ns: int) -> BarBuilder | None:
        for builder in self.builders:
            if builder.info.symbol == symbol and builder.timeframe_ns == timeframe_ns:
                return builder
        return None

    def _add(self, source: tuple[int, SourceInfo], timeframe_ns: int, price: str) -> BarBuilder:
        instrument = self._kernel.instrument(source[1].symbol)
        made = BarBuilder(
            source,
            instrument,
            self._kernel.calendar_of(instrument),
            timeframe_ns,
            price,
            self._limit,
        )
        self.builders.append(made)
        return made

    def _source_for(
        self, symbol: str, timeframe_ns: int, price: str | None
    ) -> tuple[int, SourceInfo] | None:
        """What to build from; None where the market gives the bars."""
        market = self._kernel.market
        assert market is not None
        mine = [(n, source) for n, source in enumerate(market.sources) if source.symbol == symbol]
        of = {kind: [one for one in mine if one[1].kind is kind] for kind in DataKind}
        if price is not None and price not in PRICES:
            raise InvalidStrategy(
                f"price={price!r}: expected one of {', '.join(PRICES)}", field="price"
            )
        if price is None and any(s.timeframe_ns == timeframe_ns for _, s in of[DataKind.BARS]):
            return None
        self._require_buildable(symbol, timeframe_ns)
        shorter = [
            one for one in of[DataKind.BARS] if timeframe_ns % (one[1].timeframe_ns or 1) == 0
        ]
        shorter.sort(key=lambda one: -(one[1].timeframe_ns or 0))
        best = [*of[DataKind.TRADES], *shorter, *of[DataKind.QUOTES]]
        if price is not None:
            best = of[DataKind.QUOTES]
        if not best:
            given = ", ".join(described(source) for _, source in mine)
            needs = "" if price is None else f" of its {price} prices"
            raise InvalidStrategy(
                f"{format_timeframe(timeframe_ns)} bars of {symbol}{needs}: this market has "
                f"{given} to build them from",
                field="timeframe",
            )
        return best[0]

    def _require_buildable(self, symbol: str, timeframe_ns: int) -> None:
        calendar = self._kernel.calendar_of(self._kernel.instrument(symbol))
        days = timeframe_ns > DAY_NS and not calendar.always_open
        if days or timeframe_ns > LONGEST_NS:
            longest = "1d" if days else "366d"
            raise InvalidStrategy(
                f"{format_timeframe(timeframe_ns)} bars of {symbol}: the longest that can be "
                f"built are {longest}",
                field="timeframe",
            )


def described(source: SourceInfo) -> str:
    """A source in words: ``quotes``, ``trades`` or ``1m bars``."""
    if source.timeframe_ns is None:
        return source.kind.value
    return f"{format_timeframe(source.timeframe_ns)} {source.kind.value}"
