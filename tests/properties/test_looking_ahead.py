"""Which messages of a book may be passed over: held against a book that is fed one by one."""

from random import Random
from typing import Any

import numpy as np
import pytest
from tests.properties.calm_books import calm_orders
from tests.properties.random_markets import depth_at_random, orders_at_random

from offbook.domain.book_orders import BookOrderSlice
from offbook.domain.config import BookStart
from offbook.domain.depth import LAST, SNAPSHOT, DepthSlice
from offbook.domain.market_data import Quote
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.books.order_book import OrderBook
from offbook.engine.rows.book_rows import OrderRows
from offbook.engine.rows.looking_ahead import as_messages, may_leave
from offbook.engine.rows.rows import each_update
from offbook.engine.venue.book import Book
from offbook.engine.wake import NO_FALL, NO_RISE, Band

SEEDS = range(300)


def fed(piece: DepthSlice, count: int) -> DepthBook:
    """A book after so many rows."""
    book = DepthBook(piece.instrument, BookStart.SNAPSHOT)
    for update in each_update(piece.rows(0, count)):
        book.take(update)
    return book


def band_near(rng: Random, top: Quote) -> Band:
    """One, or both, of the edges that an account may wait for, a few ticks away."""
    falls, rises = rng.choice([(True, False), (False, True), (True, True)])
    return Band(
        bid_falls=top.bid_px - rng.randint(1, 4) if falls else NO_FALL,
        ask_rises=top.ask_px + rng.randint(1, 4) if rises else NO_RISE,
    )


def test_no_best_price_leaves_a_band_before_the_row_that_is_named() -> None:
    """And rows are passed over, and some bands are left, or this would prove nothing."""
    passed = left = 0
    for seed in SEEDS:
        rng = Random(seed)
        (piece,) = depth_at_random(rng, 240).slices
        assert isinstance(piece, DepthSlice)
        begin = rng.randint(10, len(piece) // 2)
        book = fed(piece, begin)
        top = book.top()
        if top is None or book.is_within:
            continue
        band, rest = band_near(rng, top), piece.rows(begin, len(piece))
        rows = may_leave(rest.side, rest.price_px, rest.size_qty, book, band)
        rows |= np.logical_or.accumulate((rest.flags & SNAPSHOT) != 0)
        hits = as_messages(rows, (rest.flags & LAST) != 0, within=False)
        count = int(hits.argmax()) if hits.any() else len(rest)
        for update in each_update(rest.rows(0, count)):
            book.take(update)
            price = book.quote()
            assert price is not None
            assert price.bid_px > band.bid_falls, f"seed {seed}, row {update.row}"
            assert price.ask_px < band.ask_rises, f"seed {seed}, row {update.row}"
        passed += count
        left += bool(hits.any()) and not rest.flags[count] & SNAPSHOT
    assert passed > len(SEEDS), passed
    assert left > len(SEEDS) // 10, left


def orders_kept(book: OrderBook, piece: BookOrderSlice, band: Band) -> tuple[int, bool]:
    """How many rows are passed over that do not leave a band, and whether the next may; the end of
    a message that has begun is looked at, and here is not the last."""
    ends = (piece.flags & LAST) != 0
    waits, numbers = Book(), np.arange(len(piece))
    waits.guard(band)
    hits = OrderRows(piece, numbers).hits(book, waits, [], [], ends)
    looked = int(ends.argmax()) if book.is_within else -1
    for row in range(len(piece)):
        if hits[row] and row != looked:
            return row, not piece.flags[row] & SNAPSHOT
        book.take_all(piece, row, row + 1, numbers[row : row + 1])
        price = book.quote()
        assert price is not None
        is_within = price.bid_px > band.bid_falls and price.ask_px < band.ask_rises
        if row == looked and not is_within:
            return row, True
        assert is_within, f"row {row} of {len(piece)}"
    return len(piece), False


@pytest.mark.parametrize("market", [calm_orders, orders_at_random])
def test_nor_does_one_of_a_book_that_is_told_order_by_order(market: Any) -> None:
    """Also where a message has begun before, which may clear the book."""
    passed = left = within = 0
    for seed in SEEDS[::2]:
        rng = Random(seed)
        (piece,) = market(rng, 160).slices
        assert isinstance(piece, BookOrderSlice)
        begin = rng.randint(10, len(piece) // 2)
        book = OrderBook(piece.instrument)
        book.take_all(piece, 0, begin, np.arange(begin))
        top = book.top()
        if top is None:
            continue
        within += book.is_within
        found = orders_kept(book, piece.rows(begin, len(piece)), band_near(rng, top))
        passed, left = passed + found[0], left + found[1]
    assert passed > len(SEEDS), passed
    assert left > len(SEEDS) // 10, left
    assert within > len(SEEDS) // 10, within


@pytest.mark.parametrize("within", [False, True])
def test_a_row_stands_for_the_end_of_its_message(within: bool) -> None:
    """None, where the end is not among the rows; the first may have begun before."""
    for seed in SEEDS:
        rng = Random(seed)
        length = rng.randint(1, 12)
        rows = np.array([rng.random() < 0.2 for _ in range(length)])
        ends = np.array([rng.random() < 0.4 for _ in range(length)])
        expected, counts = [], within
        for row, end in zip(rows.tolist(), ends.tolist(), strict=True):
            counts = counts or row
            expected.append(counts and end)
            counts = counts and not end
        assert as_messages(rows, ends, within=within).tolist() == expected, f"seed {seed}"
