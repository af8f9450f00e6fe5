"""Which messages of a book may be passed over: held against a book that is fed one by one."""

from random import Random

import numpy as np
import pytest
from tests.properties.random_markets import depth_at_random

from offbook.domain.config import BookStart
from offbook.domain.depth import LAST, SNAPSHOT, DepthSlice
from offbook.domain.market_data import Quote
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.rows.looking_ahead import as_messages, may_leave
from offbook.engine.rows.rows import each_update
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
