"""What books and the rules for them must agree on."""

from __future__ import annotations

from offbook.domain.book_start import BookStart
from offbook.domain.config.market import MarketConfig, require_every_row
from offbook.domain.config.queue import ExactQueue, FifoQueue, QueueConfig
from offbook.domain.config.venue import VenueConfig
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_info import DataKind


def check_books(market: MarketConfig, venue: VenueConfig) -> None:
    """Raise InvalidConfig where rows of a book would be left out, which makes it another book,
    where an instrument has two, and for a rule of books where there is none that it fits."""
    books = [source for source in market.sources if source.kind.is_book]
    by_order = {s.instrument.symbol for s in books if s.kind is DataKind.ORDERS}
    for source in books:
        symbol = source.instrument.symbol
        if source.kind is DataKind.DEPTH and symbol in by_order:
            raise InvalidConfig(
                f"the market has a book of {symbol} by price and one by order: an instrument has "
                "one; leave the source of depth out, the levels follow from the orders",
                field="market.sources",
            )
        require_every_row(source, "book")
    # Sessions kept before None was the default have fifo, whatever their market.
    usual = {"queue": (None, FifoQueue()), "book_start": (BookStart.SNAPSHOT,)}
    for name, values in usual.items():
        if not books and getattr(venue, name) not in values:
            raise InvalidConfig(
                f"venue.{name} is for books, and this market has no depth: leave it out, or take a "
                'source of kind = "depth" or "orders"',
                field=f"venue.{name}",
            )
    if isinstance(venue.queue, ExactQueue):
        _require_orders({source.instrument.symbol for source in books} - by_order)


def _require_orders(by_price: set[str]) -> None:
    """The exact place is known only where every order is told."""
    if by_price:
        raise InvalidConfig(
            f"venue.queue.type=exact: {', '.join(sorted(by_price))} has a book by price, which "
            'does not tell its orders: take a source of kind = "orders", or leave venue.queue out '
            "for the exact place where it is known and fifo elsewhere",
            field="venue.queue.type",
        )


def usual_queue(market: MarketConfig) -> QueueConfig:
    """What ``venue.queue`` is where it is not told: as chains of records name it."""
    if any(source.kind is DataKind.ORDERS for source in market.sources):
        return ExactQueue()
    return FifoQueue()
