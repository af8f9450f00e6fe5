"""Which kind of places a session has on a book."""

from __future__ import annotations

from offbook.domain.config import QueueConfig
from offbook.engine.books.depths import Depths
from offbook.engine.books.order_book import OrderBook
from offbook.engine.models.queues import Exact, Fifo, queue_model
from offbook.engine.venue.exact_places import ExactPlaces
from offbook.engine.venue.queue_places import QueuePlaces


def places_on(books: Depths, symbol: str, queue: QueueConfig | None) -> QueuePlaces:
    """What a session has on a book, by the model told: by default exact places where every order
    is told, and first in, first out elsewhere."""
    precision = books[symbol].instrument.qty_precision
    told = None if queue is None else queue_model(queue, precision)
    if isinstance(books[symbol], OrderBook) and isinstance(told, Exact | None):
        return ExactPlaces(lambda: _by_order(books, symbol), told or Exact())
    return QueuePlaces(lambda: books[symbol], told or Fifo())


def _by_order(books: Depths, symbol: str) -> OrderBook:
    depth = books[symbol]
    assert isinstance(depth, OrderBook)
    return depth
