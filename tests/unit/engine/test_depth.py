"""Books in an engine: what strategies see, what records say, and what wakes a session."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import records as r
from offbook.domain.config import BookStart, ProRataQueue
from offbook.domain.errors import InvalidStrategy
from offbook.domain.market_data import DepthUpdate
from offbook.domain.orders import OrderSide
from offbook.engine.books.book_view import BookView
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.rows.rows import each_quote
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.wake import Band, Wake
from offbook.services.reporting.book_tops import BookTops
from offbook.testing.markets import (
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    BuiltMarket,
    combined,
    depth_market,
    quotes_market,
    trades_market,
)

BOOK = ["snapshot 100.00x5 99.99x7 / 100.02x3", "100.01x2", "/ 100.02x1 100.03x4", "100.01x0"]


class Looking(Strategy):
    """Keeps what it is shown."""

    levels: int = 1

    def on_start(self) -> None:
        self.seen: list[BookView] = []

    def on_depth(self, book: BookView) -> None:
        self.seen.append(book)
        assert self.book("XYZ", self.levels).bids == book.bids[: self.levels]


def fed(market: BuiltMarket | BuiltCombination, strategy: Strategy, **parts: Any) -> Rehearsal:
    """A whole session."""
    rehearsal = rehearse(market, strategy, **parts)
    rehearsal.rest()
    rehearsal.end()
    return rehearsal


def test_a_strategy_sees_the_book_after_each_message() -> None:
    """Best levels first; a message is shown once, however many rows it has."""
    strategy = Looking()
    fed(depth_market(BOOK, instrument=XYZ), strategy)
    assert [[(level.px, level.qty) for level in book.bids] for book in strategy.seen] == [
        [(10000, 5), (9999, 7)],
        [(10001, 2), (10000, 5), (9999, 7)],
        [(10001, 2), (10000, 5), (9999, 7)],
        [(10000, 5), (9999, 7)],
    ]
    last = strategy.seen[-1]
    assert last.best_ask is not None
    assert (last.best_ask.price, last.best_ask.size) == (100.02, 1.0)
    assert last.mid == (100.0 + 100.02) * 0.5
    assert str(last.price_of(last.best_ask)) == "100.02"
    assert last.is_sound
    assert last.ts == START + 3 * SECOND


def test_a_book_that_the_market_does_not_have_is_refused() -> None:
    """With what it has."""

    class Asking(Strategy):
        def on_start(self) -> None:
            with pytest.raises(InvalidStrategy, match="needs depth of XYZ; this market has quotes"):
                self.book("XYZ")
            with pytest.raises(InvalidStrategy, match="levels=0"):
                self.book("XYZ", 0)
            with pytest.raises(InvalidStrategy, match="needs depth"):
                self.subscribe_depth("XYZ")
            self.asked = True

    strategy = Asking()
    fed(quotes_market([("100", "101")], instrument=XYZ), strategy)
    assert strategy.asked


def test_history_of_a_book_is_its_rows() -> None:
    """The last of the market's first source."""

    class Remembering(Strategy):
        def on_depth(self, book: BookView) -> None:
            self.last = self.history("XYZ", 2)

    strategy = Remembering()
    fed(depth_market(BOOK, instrument=XYZ), strategy)
    assert all(isinstance(row, DepthUpdate) for row in strategy.last)
    assert [row.row for row in strategy.last] == [5, 6]


class Joining(Strategy):
    """Joins the best bid after the first message, and buys two at market after the third."""

    def on_start(self) -> None:
        self.count = 0

    def on_depth(self, book: BookView) -> None:
        self.count += 1
        if self.count == 1 and book.best_bid is not None:
            self.buy("XYZ", 2, price=book.price_of(book.best_bid))
        if self.count == 3:
            self.buy("XYZ", 2)


def market_with_prints(event: int, size: int = 5, left: int = 4) -> BuiltCombination:
    """The level of the resting order shrinks from 5 to what is left; a print comes after it."""
    depth = depth_market(
        ["snapshot 100.00x5 99.99x7 / 100.02x1 100.03x3", f"100.00x{left}", ""],
        instrument=XYZ,
        events=[START, START + SECOND, START + 2 * SECOND],
    )
    prints = trades_market(
        [("100.00", str(size), "sell")],
        instrument=XYZ,
        start=START + 3 * SECOND,
        events=[event],
    )
    return combined(depth, prints)


@pytest.mark.parametrize(
    ("event", "left", "filled"), [(START + SECOND, 4, 0), (START + 2 * SECOND, 4, 1)]
)
def test_a_late_print_that_a_smaller_level_tells_already_counts_once(
    event: int, left: int, filled: int
) -> None:
    """By the venue's time: 1 of the 5 had brought the order forward when it came."""
    rehearsal = fed(market_with_prints(event), Joining())
    accepted = [one for one in rehearsal.of(r.OrderAccepted) if one.order == 1]
    assert [one.queue_ahead for one in accepted] == [5]
    prints = [fill for fill in rehearsal.fills if fill.order == 1]
    assert [(fill.last_qty, fill.evidence.queue_ahead) for fill in prints] == [(1, left)] * filled


@pytest.mark.parametrize(
    ("event", "size", "traded"),
    [(START + SECOND, 2, []), (START + SECOND, 4, [1]), (START + 2 * SECOND, 2, [1])],
)
def test_a_late_print_is_shared_out_pro_rata_over_the_level_before_it(
    event: int, size: int, traded: list[int]
) -> None:
    """Of 4 it has 4 * 2 / (1 + 4 + 2) where they had made the level smaller when they came; of 2
    nothing, or 2 * 2 / (1 + 2) where they had not."""
    venue = {"queue": ProRataQueue()}
    rehearsal = fed(market_with_prints(event, size, left=1), Joining(), venue=venue)
    prints = [fill for fill in rehearsal.fills if fill.order == 1]
    assert [fill.last_qty for fill in prints] == traded


def test_each_fill_shows_its_level_and_its_print() -> None:
    """With the top of the book, the model and the rule."""
    rehearsal = fed(market_with_prints(START + 2 * SECOND), Joining())
    first, second, queued = (fill.evidence for fill in rehearsal.fills)
    assert (first.model, first.rule) == ("depth-walk.1", "took the shown ask")
    assert [(e.level_px, e.level_qty, e.available_qty) for e in (first, second)] == [
        (10002, 1, 1),
        (10003, 3, 3),
    ]
    assert (second.bid_px, second.ask_px, second.ask_qty) == (10000, 10002, 1)
    assert (queued.model, queued.rule) == ("queue-fifo.1", "print reached the order")
    assert (queued.trade_px, queued.trade_qty, queued.available_qty) == (10000, 5, 1)
    assert not first.book_incomplete


def test_an_incomplete_book_is_told_in_the_evidence() -> None:
    """It was asked for, and stands in every fill."""
    market = depth_market(["100.00x5 / 100.02x9", "", ""], instrument=XYZ)
    rehearsal = fed(market, Joining(), venue={"book_start": BookStart.UPDATES})
    assert [fill.evidence.book_incomplete for fill in rehearsal.fills] == [True]


def test_how_an_order_stands_tells_its_place_in_the_queue() -> None:
    """For whoever asks why there was no trade; with what is left of the levels."""
    rehearsal = rehearse(market_with_prints(START + SECOND), Joining())
    rehearsal.rows(7)
    standing = rehearsal.engine.standing()
    assert [order.queue_ahead for order in standing.orders] == [0]
    (instrument,) = standing.instruments
    assert (instrument.ask_qty, instrument.free_ask, instrument.free_bid) == (1, 0, 4)


def test_a_book_wakes_those_whom_its_best_prices_concern() -> None:
    """Nobody who has nothing in it; at every row who is shown it, or still takes."""
    shown = rehearse(depth_market(BOOK, instrument=XYZ), Looking())
    assert shown.engine.wake().every_row == {"XYZ"}
    rehearsal = rehearse(depth_market(BOOK, instrument=XYZ))
    rehearsal.rows(3)
    assert rehearsal.engine.wake() == Wake()
    rehearsal.send("A", OrderSide.BUY, "1", price="100.00")
    rehearsal.advance(rehearsal.engine.now + 1)
    wake = rehearsal.engine.wake()
    assert (wake.every_row, wake.bands["XYZ"]) == (frozenset(), Band(ask_falls=10_000))
    rehearsal.send("B", OrderSide.BUY, "9", price="100.02")
    rehearsal.advance(rehearsal.engine.now + 1)
    assert rehearsal.order("B").leaves_qty == "6"
    assert rehearsal.engine.wake().every_row == {"XYZ"}


@pytest.mark.parametrize("cut", [1, 2, 100])
def test_reports_price_by_the_best_bid_and_ask(cut: int) -> None:
    """A row where a message ends, with what the engine had then."""
    tops = BookTops(DepthBook(XYZ))
    found = [tops.take(piece) for piece in depth_market(BOOK, instrument=XYZ, cut=cut).slices]
    rows = [row for piece in found for row in each_quote(piece)]
    assert [(row.row, row.bid_px, row.ask_px, row.ask_qty) for row in rows] == [
        (2, 10000, 10002, 3),
        (3, 10001, 10002, 3),
        (5, 10001, 10002, 1),
        (6, 10000, 10002, 1),
    ]
