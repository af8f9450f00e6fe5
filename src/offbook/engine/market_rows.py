"""Taking market rows: the quotes of a single source in a loop that does no more than a row needs,
everything else one by one."""

from __future__ import annotations

from typing import Final

import numpy as np

from offbook.domain.errors import EngineFault
from offbook.domain.market_data import (
    BarSlice,
    MarketSlice,
    MergedSlice,
    Quote,
    QuoteSlice,
    TradeSlice,
)
from offbook.domain.session import SessionStatus
from offbook.domain.values import MAX_UNITS
from offbook.engine.built_bars import BuiltBars
from offbook.engine.history import Histories
from offbook.engine.host import StrategyHost
from offbook.engine.instants import Instants
from offbook.engine.interruption import is_from_a_signal
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.rows import bars_of, quotes_of
from offbook.engine.several_rows import SeveralRows
from offbook.engine.venue import Venue

WINDOW: Final = 4096
"""How far to look ahead at once: were every row to change something, a long slice looked at to
its end again and again would cost its length squared."""


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
        self._equity = instants.equity
        self.host: StrategyHost | None = None

    def _begin(self, piece: MarketSlice) -> None:
        if self._kernel.ledger.status is SessionStatus.STARTING:
            raise EngineFault("rows came before the session was started", reason="not_started")
        if piece.start != self._lifecycle.row:
            raise EngineFault(
                f"row {piece.start} came where row {self._lifecycle.row} was due",
                reason="row_order",
            )
        parts = tuple(piece.parts()) if isinstance(piece, MergedSlice) else ((0, piece),)
        self._history.begin(parts)
        self._built.begin(parts)

    def take_bars(self, piece: BarSlice) -> None:
        """Bars, each when it has ended: orders are matched against it before all that its end
        brings (expiry, ``on_bar``, timers, messages), for its trades lie before."""
        self._begin(piece)
        kernel, instants = self._kernel, self._instants
        for bar in bars_of(piece):
            if not instants.may_go_on():
                return
            instants.finish_before(bar.ts)
            if not instants.may_take(bar.ts):
                return
            if bar.ts > kernel.now:
                instants.set_now(bar.ts)
            self._venue.match_bar(bar)
            kernel.last = bar
            self._equity.look()
            instants.round((bar,))

    def take_several(self, piece: TradeSlice | MergedSlice) -> None:
        """Trades, or rows of several sources, in the market's order."""
        self._begin(piece)
        self.several.take(piece if isinstance(piece, MergedSlice) else _as_merged(piece))

    def take_quotes(self, piece: QuoteSlice) -> None:
        """Quotes: match, then callback. Stops at the row where the session stands still."""
        self._begin(piece)
        host = self.host
        going = bool(len(piece)) and self._first_instant(int(piece.ts[0]))
        position = 0
        while going:
            running = self._kernel.ledger.status is SessionStatus.RUNNING
            if host is not None and host.on_quote is not None and running:
                position = self._deliver_quotes(piece, position, host)
            else:
                position = self._watch_quotes(piece, position)
            going = position < len(piece) and self._instants.may_go_on()

    def _deliver_quotes(self, piece: QuoteSlice, begin: int, host: StrategyHost) -> int:
        """Rows for a strategy that sees each; the position after the last row taken.

        The loop does per row what a row needs and no more; whatever may have changed the agenda,
        the book or the status is looked at again after it ran.
        """
        kernel, book, agenda, instants = (
            self._kernel,
            self._venue.book(piece.instrument.symbol),
            self._kernel.agenda,
            self._instants,
        )
        on_quote = host.on_quote
        assert on_quote is not None
        calling = False
        quote = None
        rows = quotes_of(piece if begin == 0 else piece.rows(begin, len(piece)))
        host.acting = True
        kernel.look_up = False
        try:
            for quote in rows:
                ts = quote.ts
                if agenda.next_due <= ts:
                    if not self._reach(ts):
                        return quote.row - piece.start
                    host.acting = True
                elif ts > kernel.now:
                    kernel.now = ts
                    instants.rounds = 0
                if (
                    quote.ask_px <= book.top_buy
                    or quote.bid_px >= book.top_sell
                    or (book.looking and book.concerns(quote))
                ) and not self._match(quote):
                    break
                kernel.last = quote
                calling = True
                on_quote(quote)
                calling = False
                if kernel.look_up:
                    break
        except EngineFault:
            raise
        except BaseException as error:
            if not calling or is_from_a_signal(error):
                raise
            host.acting = False
            host.failed("on_quote", error)
        finally:
            host.acting = False
        return len(piece) if quote is None else quote.row - piece.start + 1

    def _match(self, quote: Quote) -> bool:
        """Match a row; whether it may be shown to the strategy then."""
        self._venue.match_quote(quote)
        self._kernel.last = quote
        self._equity.look()
        return self._kernel.ledger.status is SessionStatus.RUNNING

    def _reach(self, ts: int) -> bool:
        """Do what is due before a row at ``ts``; whether it may be shown to the strategy then."""
        running = SessionStatus.RUNNING
        self._instants.finish_before(ts)
        if not self._instants.may_take(ts):
            return False
        if self._kernel.ledger.status is running:
            self._instants.begin(ts)
        return self._kernel.ledger.status is running

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

    def _watch_quotes(self, piece: QuoteSlice, begin: int) -> int:
        """Rows that only the venue looks at: go to the next that can change anything."""
        kernel, instants = self._kernel, self._instants
        book = self._venue.book(piece.instrument.symbol)
        position, end = begin, min(begin + WINDOW, len(piece))
        if not book.watching:
            hits = piece.ask_px[begin:end] <= book.top_buy
            hits |= piece.bid_px[begin:end] >= book.top_sell
            if book.looking:
                hits |= piece.ask_px[begin:end] >= book.triggers.rise
                hits |= piece.bid_px[begin:end] <= book.triggers.fall
            hits |= piece.ts[begin:end] >= min(kernel.agenda.next_due, MAX_UNITS)
            position += int(np.argmax(hits)) if hits.any() else len(hits)
        if position > begin:
            (passed,) = quotes_of(piece.rows(position - 1, position))
            kernel.last = passed
            if passed.ts > kernel.now:
                instants.set_now(passed.ts)
        if position == end:
            return position
        (quote,) = quotes_of(piece.rows(position, position + 1))
        instants.finish_before(quote.ts)
        if not instants.may_take(quote.ts):
            return position
        instants.begin(quote.ts)
        if self._instants.stands_still():
            return position
        self._venue.match_quote(quote)
        kernel.last = quote
        self._equity.look()
        self._lifecycle.check_flat()
        return position + 1


def _as_merged(piece: TradeSlice) -> MergedSlice:
    """The rows of a market's only source in the form of those of several."""
    places = np.arange(len(piece), dtype=np.int64)
    return MergedSlice(piece.start, piece.ts, np.zeros(len(piece), np.int64), places, (piece,))
