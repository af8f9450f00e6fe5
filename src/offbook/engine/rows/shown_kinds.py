"""How rows of each kind are taken while a strategy is shown them: a ``Kind`` of ``shown_rows``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from offbook.domain.market_data import (
    Bar,
    BarSlice,
    IntColumn,
    Quote,
    QuoteSlice,
    Trade,
    TradeSlice,
)
from offbook.domain.session import RUNNING
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.market.price_table import PriceTables
from offbook.engine.rows.packed_rows import BARS, QUOTES, TRADES, PackedBlock
from offbook.engine.rows.rows import each_bar, each_quote, each_trade
from offbook.engine.rows.shown_rows import Hits
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.book import Book
from offbook.engine.venue.venue import Venue


class QuoteKind:
    """Quotes: matched if a price comes to an order, then shown."""

    callback: Final = "on_quote"

    def __init__(self, kernel: Kernel, venue: Venue, instants: Instants) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._tables = PriceTables()

    def each(self, block: QuoteSlice) -> Iterator[Quote]:
        """See ``Kind``."""
        return each_quote(block, self._tables.of(block.instrument))

    def packed(self, block: QuoteSlice) -> PackedBlock[Quote]:
        """See ``Kind``."""
        return PackedBlock(block, QUOTES, self._tables.of(block.instrument))

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Several may come at one moment."""
        return ahead_ns >= 0 and not (book.watching or self._instants.equity.at_every_row)

    def reached(self, block: QuoteSlice, book: Book) -> Hits:
        """Each side of the market is held against the orders that would hit it."""
        return reached(block.ask_px, block.bid_px, book)

    def take(self, row: Quote, host: StrategyHost) -> bool:
        """What is due, then matching, then the callback."""
        kernel, book = self._kernel, self._venue.book(row.instrument.symbol)
        if kernel.agenda.next_due <= row.ts:
            if not self._reach(row.ts):
                return False
        elif row.ts > kernel.now:
            kernel.now = row.ts
            self._instants.rounds = 0
        touched = row.ask_px <= book.top_buy or row.bid_px >= book.top_sell
        looks = kernel.every_row or self._instants.equity.at_every_row
        if touched or looks or (book.looking and book.concerns(row)):
            self._venue.match_quote(row)
            kernel.last = row
            self._instants.equity.look()
        kernel.last = row
        if kernel.ledger.status is RUNNING:
            host.call(self.callback, row)
        return True

    def passed(self, row: Quote, since: int) -> None:
        """An instant of nothing but quotes has no rounds; where any were there is a book."""
        if row.ts > since:
            self._instants.rounds = 0
        self._venue.book(row.instrument.symbol)

    def _reach(self, ts: int) -> bool:
        """Do what is due before a row at ``ts``; whether it may be shown to the strategy then."""
        self._instants.finish_before(ts)
        if not self._instants.may_take(ts):
            return False
        if self._kernel.ledger.status is RUNNING:
            self._instants.begin(ts)
        return self._kernel.ledger.status is RUNNING


class TradeKind:
    """Prints: matched, then shown."""

    callback: Final = "on_trade"

    def __init__(
        self, kernel: Kernel, venue: Venue, instants: Instants, lifecycle: Lifecycle
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._lifecycle = lifecycle
        self._tables = PriceTables()

    def each(self, block: TradeSlice) -> Iterator[Trade]:
        """See ``Kind``."""
        return each_trade(block, self._tables.of(block.instrument))

    def packed(self, block: TradeSlice) -> PackedBlock[Trade]:
        """See ``Kind``."""
        return PackedBlock(block, TRADES, self._tables.of(block.instrument))

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Several may come at one moment; an account's equity may turn on each."""
        return ahead_ns >= 0 and not (book.watching or self._instants.equity.at_every_row)

    def reached(self, block: TradeSlice, book: Book) -> Hits:
        """A print is held against both sides."""
        return reached(block.price_px, block.price_px, book)

    def take(self, row: Trade, host: StrategyHost) -> bool:
        """What is due, then matching, then the callback."""
        kernel, instants = self._kernel, self._instants
        instants.finish_before(row.ts)
        if not instants.may_take(row.ts):
            return False
        instants.begin(row.ts)
        if instants.stands_still():
            return False
        self._venue.match_trade(row)
        kernel.last = row
        instants.equity.look()
        if kernel.ledger.status is RUNNING:
            host.call(self.callback, row)
        self._lifecycle.check_flat()
        return True

    def passed(self, row: Trade, since: int) -> None:
        """An instant of nothing but prints has no rounds; where any were there is a book."""
        if row.ts > since:
            self._instants.rounds = 0
        self._venue.book(row.instrument.symbol)


class BarKind:
    """Bars, each when it has ended: orders are matched against it before all that its end brings
    (expiry, ``on_bar``, timers, messages), for its trades lie before."""

    callback: Final = "on_bar"

    def __init__(self, kernel: Kernel, venue: Venue, instants: Instants) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._tables = PriceTables()

    def each(self, block: BarSlice) -> Iterator[Bar]:
        """See ``Kind``."""
        return each_bar(block, self._tables.of(block.instrument))

    def packed(self, block: BarSlice) -> PackedBlock[Bar]:
        """See ``Kind``."""
        return PackedBlock(block, BARS, self._tables.of(block.instrument))

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Every bar is held against whatever orders there are; an account's equity may turn on
        each."""
        return ahead_ns > 0 and not (
            len(book) or book.looking or self._instants.equity.at_every_row
        )

    def reached(self, block: BarSlice, book: Book) -> Hits:
        """None: there are no orders."""
        return np.zeros(len(block), np.bool_)

    def take(self, row: Bar, host: StrategyHost | None = None) -> bool:
        """What is due before, then matching, then the round that its end brings."""
        kernel, instants = self._kernel, self._instants
        instants.finish_before(row.ts)
        if not instants.may_take(row.ts):
            return False
        if row.ts > kernel.now:
            instants.set_now(row.ts)
        self._venue.match_bar(row)
        kernel.last = row
        instants.equity.look()
        instants.round((row,))
        return True

    def passed(self, row: Bar, since: int) -> None:
        """Each had one round, and has something that orders might take."""
        self._instants.rounds = 1
        self._venue.match_bar(row)


def reached(asked: IntColumn, bid: IntColumn, book: Book) -> Hits:
    """Where prices reach the best order on either side, or one that waits for a price."""
    hits = asked <= book.top_buy
    hits |= bid >= book.top_sell
    if book.looking:
        hits |= asked >= book.rise
        hits |= bid <= book.fall
    return hits
