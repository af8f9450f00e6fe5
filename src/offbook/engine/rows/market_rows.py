"""Taking market rows: shown to a strategy as ``shown_rows`` tells, or several sources' as
``several_rows`` does; here are those of one source that only the venue looks at."""

from __future__ import annotations

from typing import Final

import numpy as np

from offbook.domain.errors import EngineFault
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    MarketSlice,
    MergedSlice,
    QuoteSlice,
    StatusSlice,
    TradeSlice,
    rows_by_source,
)
from offbook.domain.session import SessionStatus
from offbook.engine.books.books import BOOK_SLICES
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.market.built_bars import BuiltBars
from offbook.engine.market.history import Histories
from offbook.engine.rows.passing import TickPassing
from offbook.engine.rows.rows import each_bar
from offbook.engine.rows.several_rows import SeveralRows
from offbook.engine.rows.shown_kinds import BarKind, QuoteKind, TradeKind
from offbook.engine.rows.shown_rows import ShownRows
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.venue import Venue

SEVERAL: Final = (TradeSlice, DepthSlice, BookOrderSlice, StatusSlice, MergedSlice)
"""Slices that ``take_several`` takes."""
OneOfSeveral = TradeSlice | DepthSlice | BookOrderSlice | StatusSlice


class MarketRows:
    """Takes slices for one engine: match, then ledger, then callback, row by row."""

    def __init__(
        self,
        kernel: Kernel,
        venue: Venue,
        instants: Instants,
        lifecycle: Lifecycle,
        history: Histories,
        built: BuiltBars,
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._lifecycle = lifecycle
        self._history = history
        self._built = built
        self.several = SeveralRows(kernel, venue, instants, lifecycle)
        self._passing = TickPassing(kernel, venue, instants, lifecycle)
        self._equity = instants.equity
        self._each_bar = BarKind(kernel, venue, instants)
        self._quotes = ShownRows(kernel, venue, instants, QuoteKind(kernel, venue, instants))
        self._trades = ShownRows(
            kernel, venue, instants, TradeKind(kernel, venue, instants, lifecycle)
        )
        self._bars = ShownRows(kernel, venue, instants, self._each_bar)

    def show_to(self, host: StrategyHost) -> None:
        """Have rows shown to a strategy."""
        self.several.show_to(host)
        self._quotes.host = self._trades.host = self._bars.host = host

    @property
    def passes_over(self) -> bool:
        """Whether slices are of a single source of ticks, of which the strategy is shown none."""
        market = self._kernel.market
        if market is None or len(market.sources) > 1 or self._kernel.every_row:
            return False
        return market.sources[0].kind is not DataKind.BARS and not self._sees_ticks

    def _begin(self, piece: MarketSlice) -> None:
        if self._kernel.ledger.status is SessionStatus.STARTING:
            raise EngineFault("rows came before the session was started", reason="not_started")
        if piece.start != self._lifecycle.row:
            raise EngineFault(
                f"row {piece.start} came where row {self._lifecycle.row} was due",
                reason="row_order",
            )
        parts = rows_by_source(piece)
        self._history.begin(parts)
        self._built.begin(parts)
        for _, part in parts:
            if isinstance(part, BOOK_SLICES):
                self._kernel.depths.see(part)

    def take_bars(self, piece: BarSlice) -> None:
        """Bars, each when it has ended."""
        self._begin(piece)
        place = self._shown(self._bars, piece)
        for bar in each_bar(piece.rows(place, len(piece))):
            if not (self._instants.may_go_on() and self._each_bar.take(bar)):
                return

    def _shown(self, rows: ShownRows, piece: BarSlice | TradeSlice) -> int:
        """How many rows were shown to a strategy that sees them, up to where it goes no further."""
        if len(piece) and rows.are_seen() and self._instants.may_go_on():
            return rows.show(piece, 0)
        return 0

    def take_several(self, piece: OneOfSeveral | MergedSlice) -> None:
        """Trades, books, or rows of several sources, in the market's order."""
        self._begin(piece)
        if isinstance(piece, MergedSlice):
            self.several.take(piece)
        elif not isinstance(piece, TradeSlice):
            self.several.take(_as_merged(piece))
        elif self._sees_ticks:
            place = self._shown(self._trades, piece)
            self.several.take(_as_merged(piece.rows(place, len(piece))))
        else:
            self._pass_prints(piece)

    @property
    def _sees_ticks(self) -> bool:
        """Whether the strategy defines a callback of quotes or prints."""
        host = self.several.host
        return host is not None and host.sees_ticks

    def _pass_prints(self, piece: TradeSlice) -> None:
        """Prints that the strategy is not shown."""
        going = bool(len(piece)) and self._first_instant(int(piece.ts[0]))
        position = 0
        while going:
            position = self._passing.take(piece, position)
            going = position < len(piece) and self._instants.may_go_on()

    def take_quotes(self, piece: QuoteSlice) -> None:
        """Quotes: match, then callback. Stops at the row where the session stands still."""
        self._begin(piece)
        going = bool(len(piece)) and self._first_instant(int(piece.ts[0]))
        position = 0
        while going:
            if self._quotes.are_seen():
                position = self._quotes.show(piece, position)
            else:
                position = self._passing.take(piece, position)
            going = position < len(piece) and self._instants.may_go_on()

    def _first_instant(self, ts: int) -> bool:
        """Before the loops over rows: the market's hours, and an instant that a command began.
        Whether the first row may be taken then."""
        instants = self._instants
        if instants.stands_still():
            return False
        if ts > self._kernel.now:
            if instants.unbegun or not instants.hours_known:
                instants.finish_before(ts)
                if not instants.may_take(ts):
                    return False
                instants.begin(ts)
        else:
            instants.begin(ts)
        return not instants.stands_still()


def _as_merged(piece: OneOfSeveral) -> MergedSlice:
    """The rows of a market's only source in the form of those of several."""
    places = np.arange(len(piece), dtype=np.int64)
    return MergedSlice(piece.start, piece.ts, np.zeros(len(piece), np.int64), places, (piece,))
