"""Searching columns and blocks finds what looking at each row would."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from offbook.domain import row_index
from offbook.domain.market_data import Quote, QuoteSlice, TradeSlice
from offbook.domain.orders import OrderSide
from offbook.domain.values import MAX_UNITS
from offbook.engine.market import stretches
from offbook.engine.market.stretches import stretch_of
from offbook.engine.rows import searching
from offbook.engine.rows.rows import rows_of, tick_at
from offbook.engine.rows.searching import first_outside
from offbook.engine.venue.book import Book, Taken
from offbook.engine.wake import NO_FALL, NO_RISE, UNBOUNDED, Band
from offbook.testing.markets import XYZ

SEEDS = range(40)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a hundred rows have many, and windows grow."""
    for module in (row_index, searching, stretches):
        monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(row_index, "_AT_ONCE", 2)
    monkeypatch.setattr(searching, "NEAR", 3)
    monkeypatch.setattr(searching, "FAR", 20)
    monkeypatch.setattr(searching, "FIRST_BLOCKS", 2)


def quotes(rng: Random, rows: int = 100) -> QuoteSlice:
    """A walk, sizes at random."""
    bid = 1000 + np.cumsum(np.array(rng.choices([-2, 0, 0, 1, 2], k=rows), np.int64))
    ask = bid + np.array(rng.choices([0, 1, 3], k=rows), np.int64)
    sizes = [np.array(rng.choices(range(9), k=rows), np.int64) for _ in range(2)]
    return QuoteSlice(XYZ, 7, np.arange(rows, dtype=np.int64), bid, ask, *sizes)


def prints(rng: Random, rows: int = 100) -> TradeSlice:
    """A walk."""
    px = 1000 + np.cumsum(np.array(rng.choices([-2, 0, 1], k=rows), np.int64))
    ones = np.ones(rows, np.int64)
    return TradeSlice(XYZ, 0, np.arange(rows, dtype=np.int64), px, ones, ones)


def ticks(rng: Random) -> QuoteSlice | TradeSlice:
    """Either, with an index or without, whole or a part of what the index is made of."""
    whole = rng.choice([quotes, prints])(rng)
    piece = whole.indexed() if rng.random() < 0.7 else whole
    begin = rng.randrange(20)
    return piece.rows(begin, rng.randint(begin + 1, 100))


def band(rng: Random) -> Band:
    """Some edges, near or far."""
    return Band(
        ask_falls=rng.choice([NO_FALL, 1000 - rng.randrange(40)]),
        ask_rises=rng.choice([NO_RISE, 1000 + rng.randrange(40)]),
        bid_falls=rng.choice([NO_FALL, 1000 - rng.randrange(40)]),
        bid_rises=rng.choice([NO_RISE, 1000 + rng.randrange(40)]),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_row_outside_is_found(seed: int) -> None:
    """From any row to any other, whatever was searched before."""
    rng = Random(seed)
    piece = ticks(rng)
    rows = rows_of(piece)
    for _ in range(30):
        begin = rng.randrange(len(piece))
        end, edges = rng.randint(begin, len(piece)), band(rng)
        outside = [i for i in range(begin, end) if edges.is_left_by(rows[i])]
        assert first_outside(piece, begin, end, edges) == (outside[0] if outside else end)
    assert first_outside(piece, 0, len(piece), UNBOUNDED) == len(piece)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stretch_is_what_its_rows_make(seed: int) -> None:
    """First, highest, lowest and last, of each price that can be asked for."""
    rng = Random(seed)
    piece = ticks(rng)
    for _ in range(30):
        begin = rng.randrange(len(piece))
        end = rng.randint(begin + 1, len(piece))
        for price in ("bid", "ask", "mid") if isinstance(piece, QuoteSlice) else ("trades",):
            rows = [tick_at(piece, place) for place in range(begin, end)]
            px = [
                {"bid": row.bid_px, "ask": row.ask_px, "mid": (row.bid_px + row.ask_px) // 2}[price]
                if isinstance(row, Quote)
                else row.price_px
                for row in rows
            ]
            made = stretch_of(piece, begin, end, price)
            assert made[:4] == (px[0], max(px), min(px), px[-1])
            assert made.volume_qty == (0 if isinstance(piece, QuoteSlice) else end - begin)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_row_as_an_object_is_the_one_of_all_rows(seed: int) -> None:
    """Floats too, to the last bit."""
    piece = ticks(Random(seed))
    assert [tick_at(piece, place) for place in range(len(piece))] == rows_of(piece)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_taken_is_caught_up_over_rows_that_were_passed(seed: int) -> None:
    """As if every one had been seen."""
    rng = Random(seed)
    piece = quotes(rng)
    still = rng.randrange(100)  # the price stays for so many rows, while sizes change
    piece.bid_px[:still], piece.ask_px[:still] = 1000, 1001
    end = rng.randint(1, 100)
    if seed % 3 == 0:
        piece.bid_qty[5], piece.ask_qty[9] = MAX_UNITS - 1, MAX_UNITS - 1
    taken = Taken(1000, rng.randrange(9), 0), Taken(1001, 8, rng.randrange(9))
    seen, passed = Book(), Book()
    for book in (seen, passed):
        book.restore_taken(taken, (None, None))
    for quote in rows_of(piece.rows(0, end)):
        seen.see(quote)
    passed.pass_over(piece, 0, end)
    assert (passed.taken_bid, passed.taken_ask) == (seen.taken_bid, seen.taken_ask)
    last = tick_at(piece, end - 1)
    for side in OrderSide:
        assert passed.available(side, last) == seen.available(side, last)
