"""Tells what would wake a session: the parts of its engine asked one after another."""

from __future__ import annotations

from offbook.domain.calendars import NEVER
from offbook.domain.market_data import DataKind
from offbook.domain.session import SessionStatus
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.market.built_bars import BuiltBars
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.venue import Venue
from offbook.engine.wake import UNBOUNDED, Wake

SHOWN_BY = {
    DataKind.QUOTES: "on_quote",
    DataKind.TRADES: "on_trade",
    DataKind.BARS: "on_bar",
    DataKind.DEPTH: "on_depth",
    DataKind.ORDERS: "on_depth",
    DataKind.STATUS: "on_status",
}


def wake_of(
    kernel: Kernel, venue: Venue, instants: Instants, built: BuiltBars, host: StrategyHost | None
) -> Wake:
    """What can change a session next. Books that others have too are lent from here on, which
    nobody can tell."""
    at = kernel.agenda.next_due
    if instants.ended:
        at = min(at, kernel.now)
    if kernel.market is None or kernel.ledger.status is SessionStatus.STARTING:
        return Wake()
    if instants.stands_still():
        return Wake(at=at if at <= kernel.now else NEVER)
    books = venue.books.items()
    if instants.equity.at_every_row:
        symbols = (instrument.symbol for instrument in kernel.market.instruments)
        return Wake(every_row=frozenset(symbols), at=at)
    every = _shown(kernel, host) | built.unbegun_symbols()
    every.update(symbol for symbol, book in books if book.sees_all)
    every.update(kernel.depths.apart())
    kernel.depths.rest(0 if kernel.last is None else kernel.last.row + 1, every)
    bands = {
        symbol: book.band
        for symbol, book in books
        if symbol not in every and book.band != UNBOUNDED
    }
    return Wake(every_row=frozenset(every), bands=bands, at=at)


def _shown(kernel: Kernel, host: StrategyHost | None) -> set[str]:
    """Instruments of which the strategy is shown rows."""
    assert kernel.market is not None
    if host is None or kernel.ledger.status is not SessionStatus.RUNNING:
        return set()
    return {
        source.symbol
        for source in kernel.market.sources
        if source.kind is not DataKind.STATUS and host.defines(SHOWN_BY[source.kind])
    }
