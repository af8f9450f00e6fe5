"""Venues may begin to count their messages anew: a book goes on where one says that it follows."""

from __future__ import annotations

import numpy as np
import pytest

from offbook.domain.market_data import MarketSlice
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.books.order_book import OrderBook
from offbook.engine.books.shown_book import BookPhase
from offbook.testing.markets import XYZ, BuiltMarket, depth_market
from offbook.testing.order_markets import orders_market

LEVELS = ["snapshot 100.00x5 / 100.02x3", "100.01x2", "100.01x4", "/ 100.02x6"]
ORDERS = [
    "snapshot add 1 bid 100.00x5 add 2 ask 100.02x3",
    "add 3 bid 100.01x2",
    "modify 3 bid 100.01x4",
    "modify 2 ask 100.02x6",
]


def whole(market: BuiltMarket) -> MarketSlice:
    """All rows in one slice."""
    (piece,) = market.slices
    return piece


def phases(market: BuiltMarket, numbers: list[tuple[int, int]]) -> list[tuple[str, int, int, int]]:
    """Of the book after each message, with these numbers and previous ones: its phase, best bid
    and its size, and the size of the best ask."""
    piece = whole(market)
    starts = np.unique(piece.ts, return_index=True)[1].tolist()
    of_row = np.searchsorted(np.array(starts), np.arange(len(piece)), side="right") - 1
    told = np.array(numbers, dtype=np.int64)[of_row]
    is_depth = hasattr(piece, "last_seq")
    if is_depth:
        piece.last_seq, piece.prev_seq = told[:, 0], told[:, 1]
        piece.first_seq = np.full(len(piece), -1)
    else:
        piece.seq, piece.prev_seq = told[:, 0], told[:, 1]
    book = (DepthBook if is_depth else OrderBook)(XYZ)
    found = []
    for begin, end in zip(starts, [*starts[1:], len(piece)], strict=True):
        book.take_all(piece, begin, end, np.arange(begin, end))
        (bid, bid_qty), (_, ask_qty) = next(book.bids.walk()), next(book.asks.walk())
        found.append((book.phase.name, bid, bid_qty, ask_qty))
    return found


@pytest.mark.parametrize("messages", [LEVELS, ORDERS], ids=["levels", "orders"])
@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([(15, 10), (3, 15), (5, 3), (8, 5)], [2, 4, 4]),
        ([(15, 10), (3, 15), (2, 1), (5, 3)], [2, 2, 2]),
    ],
    ids=["it goes on", "one of before is passed over"],
)
def test_a_book_follows_numbers_that_begin_anew(
    messages: list[str], numbers: list[tuple[int, int]], expected: list[int]
) -> None:
    market = (depth_market if messages is LEVELS else orders_market)(messages, instrument=XYZ)
    found = phases(market, numbers)
    assert {phase for phase, *_ in found} == {BookPhase.LIVE.name}
    assert [bid for _, _, bid, _ in found] == [5, *expected]
    assert found[-1][3] == 6


@pytest.mark.parametrize("messages", [LEVELS, ORDERS], ids=["levels", "orders"])
def test_a_gap_after_it_is_one(messages: list[str]) -> None:
    market = (depth_market if messages is LEVELS else orders_market)(messages, instrument=XYZ)
    found = phases(market, [(15, 10), (3, 15), (9, 7), (11, 9)])
    assert [phase for phase, *_ in found] == ["LIVE", "LIVE", "STALE", "STALE"]
