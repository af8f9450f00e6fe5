"""The book of a recording at chosen moments, made as sessions make it: to be looked at, and to be
held against what an exchange, or another program, says that it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from threading import Event

import msgspec

from offbook.config.markets import MarketDescription, locate_recording, read_description
from offbook.config.recordings import readable
from offbook.domain.book_checksums import BookChecksum, BookTop, Level, ShownOrder
from offbook.domain.config import BookStart
from offbook.domain.depth import ASK, BID
from offbook.domain.errors import InvalidConfig, InvalidInput
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BookOrderSlice, DepthSlice
from offbook.engine.books.books import AnyBook, book_for, take_update
from offbook.engine.books.order_book import OrderBook
from offbook.engine.books.shown_book import BookPhase
from offbook.engine.rows.rows import BookUpdate, each_book_update


class BookAt(msgspec.Struct, frozen=True, kw_only=True):
    """A book at one moment: after the message whose last row is ``row`` (from 0), of the times
    ``ts`` and ``ts_event``; ``at`` is the moment that was asked for, ``ts`` where none was.

    ``bids`` and ``asks`` are prices and sizes in units of the instrument, best first;
    ``bid_orders`` and ``ask_orders`` the orders of these levels, first served first, where they
    were asked for and are told.  ``gaps``, ``unknown`` and ``duplicates`` count what did not fit so
    far.
    """

    at: int
    ts: int
    ts_event: int | None
    row: int
    phase: BookPhase
    is_crossed: bool
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    gaps: int
    unknown: int
    duplicates: int
    instrument: Instrument
    bid_orders: tuple[ShownOrder, ...] = ()
    ask_orders: tuple[ShownOrder, ...] = ()

    @property
    def top(self) -> BookTop:
        """What checksums are made of."""
        return BookTop(
            bids=self.bids,
            asks=self.asks,
            price_decimals=self.instrument.price_precision,
            size_decimals=self.instrument.qty_precision,
            bid_orders=self.bid_orders,
            ask_orders=self.ask_orders,
        )


class ChecksumMismatch(msgspec.Struct, frozen=True, kw_only=True):
    """A message after which the book is not what the exchange says: its last row, and both
    checksums."""

    row: int
    expected: int
    found: int


def read_book(
    data: str,
    given: MarketDescription | None = None,
    *,
    levels: int = 10,
    at: Iterable[int] = (),
    every_ns: int | None = None,
    book_start: BookStart = BookStart.SNAPSHOT,
    with_orders: bool = False,
) -> Iterator[BookAt]:
    """The ``levels`` best levels of each side of a recording's book, by price or by order; of a
    book order by order also, ``with_orders``, who stands there.

    Without ``at`` and ``every_ns`` the book after each message; with ``at`` (ns UTC, rising) as it
    was at these moments, after all messages of that time; with ``every_ns`` at the multiples of
    that span, from the first message on to the last.  Moments before the first message, or after
    the last, give nothing.

    ``given`` adds to what stands beside the file; its ``price_decimals`` and ``size_decimals`` say
    with how many decimals units are, where that is more than the file has.  Raises InvalidConfig
    (no book), InvalidInput, and what reading raises.
    """
    if levels < 1 or (every_ns is not None and every_ns < 1):
        raise InvalidInput("levels and every_ns are at least 1")
    moments = tuple(at)
    if list(moments) != sorted(moments) or (moments and every_ns is not None):
        raise InvalidInput("moments rise, and are given one by one or by their distance")
    wanted = _Wanted(moments=moments or every_ns, levels=levels, with_orders=with_orders)
    return _books(data, given or MarketDescription(), book_start, wanted)


def checksum_mismatches(
    data: str,
    expected: Mapping[int, int],
    rule: BookChecksum,
    given: MarketDescription | None = None,
    *,
    levels: int = 100,
    with_orders: bool = False,
) -> Iterator[ChecksumMismatch]:
    """Where a recording's book is not the exchange's: ``expected`` are the checksums that this
    published, by the last row (from 0) of the message that each stands in; ``rule`` makes that of
    the ``levels`` best of a book, and of its orders where it is made of these (``with_orders``).  A
    row of ``expected`` that ends no message is a mismatch too, told at the end, for nothing was
    proved by it: its ``found`` is -1.

    Raises as ``read_book``.
    """
    left = dict(expected)
    for book in read_book(data, given, levels=levels, with_orders=with_orders):
        wanted = left.pop(book.row, None)
        if wanted is not None and (found := rule(book.top)) != wanted:
            yield ChecksumMismatch(row=book.row, expected=wanted, found=found)
    for row, wanted in sorted(left.items()):
        yield ChecksumMismatch(row=row, expected=wanted, found=-1)


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told of a book, and when."""

    moments: tuple[int, ...] | int | None
    levels: int
    with_orders: bool


def _books(
    data: str, given: MarketDescription, start: BookStart, wanted: _Wanted
) -> Iterator[BookAt]:
    """The book after each message, or as the last message at or before each moment left it."""
    moments = wanted.moments
    due: _Due | None = None
    book: AnyBook | None = None
    for book, update in _rows(data, given, start):
        if due is not None:
            yield from (_as_is(book, at, wanted) for at in due.before(update.ts))
            if due.next is None:
                return
        if not take_update(book, update):
            continue
        if moments is None:
            yield _as_is(book, book.ts, wanted)
        elif due is None:
            due = _Due(moments, update.ts)
    if due is not None and book is not None:
        yield from (_as_is(book, at, wanted) for at in due.before(book.ts + 1))


class _Due:
    """Moments that rise, from the first message on: given one by one, or by their distance."""

    def __init__(self, moments: tuple[int, ...] | int, first: int) -> None:
        if isinstance(moments, int):
            self._rest: Iterator[int] = count(-(-first // moments) * moments, moments)
        else:
            self._rest = iter([moment for moment in moments if moment >= first])
        self.next: int | None = next(self._rest, None)

    def before(self, ts: int) -> Iterator[int]:
        """Those that lie before a time."""
        while self.next is not None and self.next < ts:
            yield self.next
            self.next = next(self._rest, None)


def _rows(
    data: str, given: MarketDescription, start: BookStart
) -> Iterator[tuple[AnyBook, BookUpdate]]:
    """Each row of a recording, and the book that it is to go into."""
    from offbook.adapters.brokers.replay.gateway import open_recording

    recording = locate_recording(data)
    told = given.over(read_description(recording))
    market = readable(recording, told)
    if not market.kind.is_book:
        raise InvalidConfig(
            f"{recording.name} has {market.kind.value}, and no book is made of these: name a "
            "recording of depth or orders",
            field="market.kind",
        )
    instrument = _as_fine(market.instrument, told)
    opened = open_recording(msgspec.structs.replace(market, instrument=instrument), Event())
    book = book_for(market.kind, instrument, start)
    try:
        while (piece := opened.reader.next()) is not None:
            assert isinstance(piece, DepthSlice | BookOrderSlice)
            for update in each_book_update(piece):
                yield book, update
    finally:
        opened.reader.close()


def _as_fine(instrument: Instrument, told: MarketDescription) -> Instrument:
    """The instrument with as many decimals as are told, or with those that its file has."""
    wanted = {
        "price_precision": told.price_decimals,
        "qty_precision": told.size_decimals,
    }
    finer = {
        name: max(decimals, getattr(instrument, name))
        for name, decimals in wanted.items()
        if isinstance(decimals, int)
    }
    return msgspec.structs.replace(instrument, **finer)


def _as_is(book: AnyBook, at: int, wanted: _Wanted) -> BookAt:
    bids = tuple(islice(book.bids.walk(), wanted.levels))
    asks = tuple(islice(book.asks.walk(), wanted.levels))
    by_order = book if isinstance(book, OrderBook) else None
    named = by_order if wanted.with_orders else None
    return BookAt(
        at=at,
        ts=book.ts,
        ts_event=book.ts_event,
        row=book.row,
        phase=book.phase,
        is_crossed=book.is_crossed,
        bids=bids,
        asks=asks,
        gaps=book.gaps,
        unknown=0 if by_order is None else by_order.unknown,
        duplicates=0 if by_order is None else by_order.duplicates,
        instrument=book.instrument,
        bid_orders=() if named is None else _orders(named, BID, bids),
        ask_orders=() if named is None else _orders(named, ASK, asks),
    )


def _orders(book: OrderBook, side: int, levels: tuple[Level, ...]) -> tuple[ShownOrder, ...]:
    return tuple(
        ShownOrder(max(order.key, 0), order.px, order.qty)
        for px, _ in levels
        for order in book.orders(side, px)
    )
