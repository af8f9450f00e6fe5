"""Books that are lost and told anew in rows that nobody looks at: passed over, or left out."""

from typing import Any

import pytest
from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import BookStart
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, TimeInForce
from offbook.domain.records import OrderFilled, Record
from offbook.engine.inputs import Advance, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.market_hub.log import MarketLog
from offbook.testing.markets import SECOND, START, XYZ, BuiltMarket, depth_market
from offbook.testing.order_markets import orders_market


class Unseen:
    """A session on a market of which it takes a row after the other, or is told what became of its
    book."""

    def __init__(self, market: BuiltMarket, start: BookStart, *, every_row: bool = True) -> None:
        (self.rows,) = market.slices
        self.session = session_of(market, venue={"book_start": start})
        self.attach = attach_of(market, clock_stops=False)
        self.log = MarketLog(self.attach.market)
        self.engine = ProcessingEngine(self.session, every_row=every_row)
        self.records: list[Record] = []
        begin = Take(command=c.Start(command_id="s"), ts=START)
        self.records += self.engine.process([self.attach, begin])

    def take(self, end: int) -> None:
        """The rows up to one."""
        self.records += self.engine.process([self.rows.rows(self.engine.cursor.row, end)])

    def leave_out(self, end: int) -> None:
        """The same, left out."""
        row, log = self.engine.cursor.row, self.log
        log.add(0, self.rows.rows(0, end))
        told: dict[str, Any] = {"books": log.books(), "statuses": log.statuses()}
        skip = c.SkipRows(command_id="k", first_row=row, to_row=end, last=log.last(), **told)
        self.records += self.engine.process([Take(command=skip, ts=log.floor)])

    def send(self, name: str, **terms: Any) -> None:
        """An order to buy."""
        order = OrderRequest(symbol="XYZ", side=OrderSide.BUY, **terms)
        command = c.SubmitOrder(command_id=name, order=order)
        self.records += self.engine.process([Take(command=command, ts=self.engine.now)])

    def fold(self) -> None:
        """Another engine goes on from a snapshot."""
        state = self.engine.snapshot()
        assert state is not None
        self.engine = ProcessingEngine(self.session)
        self.engine.restore(self.attach, state)

    def filled(self) -> list[int]:
        """How much each fill had."""
        return [one.last_qty for one in self.records if isinstance(one, OrderFilled)]


LEVELS = [
    "100.00x5 / 100.02x3",
    "99.98x1 /",
    "100.00x6 /",
    "100.00x7 /",
    "/ 100.02x4",
    "99.97x5 /",
]
"""Before the third something was missed."""


@pytest.mark.parametrize("seen", ["every row", "passed over", "left out"])
def test_what_was_taken_before_a_gap_is_not_had_again(seen: str) -> None:
    """Where the book is built anew of updates, also for who goes on from a snapshot since."""
    market = depth_market(LEVELS, instrument=XYZ)
    for name in ("first_seq", "last_seq", "prev_seq"):
        getattr(market.slices[0], name)[3:] += 1
    one = Unseen(market, BookStart.UPDATES, every_row=seen == "every row")
    one.take(2)
    one.send("a", order_qty="3", order_type=OrderType.MARKET)
    one.take(3)
    (one.leave_out if seen == "left out" else one.take)(4)
    one.fold()
    one.take(6)
    limit = {"order_type": OrderType.LIMIT, "price": "100.02"}
    one.send("b", order_qty="2", time_in_force=TimeInForce.IOC, **limit)
    one.take(7)
    assert one.filled() == [3, 1]


@pytest.mark.parametrize("every_row", [True, False])
def test_what_is_taken_after_a_gap_is_of_the_book_since(*, every_row: bool) -> None:
    """Though nobody looked at the message with which that began."""
    told = ["snapshot 100.00x5 / 100.02x5", "99.98x1 /", "99.97x1 /", "99.96x2 / 100.05x5"]
    told += ["/ 100.05x4", "99.95x1 /", "99.94x1 /"]
    market = depth_market(told, instrument=XYZ)
    for name in ("first_seq", "last_seq", "prev_seq"):
        getattr(market.slices[0], name)[4:] += 1
    one = Unseen(market, BookStart.UPDATES, every_row=every_row)
    one.take(2)
    one.send("a", order_qty="3", order_type=OrderType.MARKET)
    one.take(3)
    one.take(6)
    one.send("b", order_qty="3", order_type=OrderType.MARKET)
    one.take(8)
    limit = {"order_type": OrderType.LIMIT, "price": "100.05"}
    one.send("c", order_qty="4", time_in_force=TimeInForce.IOC, **limit)
    one.take(9)
    assert one.filled() == [3, 3, 2]


ORDERS = [
    "snapshot add 1 bid 100.00x5 add 2 ask 100.02x5",
    "add 3 bid 99.98x1",
    "clear",
    "add 1 bid 100.00x5 add 2 ask 100.02x5",
    "execute 1 bid 100.00x5",
    "add 4 bid 100.00x2",
    "execute 4 bid 100.00x2",
]


@pytest.mark.parametrize("start", BookStart)
@pytest.mark.parametrize("how", ["take", "leave_out"])
def test_whoever_comes_back_after_a_clear_may_have_been_there_before(
    how: str, start: BookStart
) -> None:
    """Whoever comes later was not."""
    one = Unseen(orders_market(ORDERS, instrument=XYZ), start)
    one.take(3)
    one.send("a", order_qty="1", order_type=OrderType.LIMIT, price="100.00")
    getattr(one, how)(6)
    one.take(8)
    assert one.filled() == []
    one.take(9)
    assert one.filled() == [1]


def test_who_came_in_rows_that_are_left_out_is_behind() -> None:
    """If the book was not told anew there."""
    told = [*ORDERS[:2], "add 4 bid 100.00x2", "execute 1 bid 100.00x5"]
    told.append("execute 4 bid 100.00x2")
    one = Unseen(orders_market(told, instrument=XYZ), BookStart.SNAPSHOT)
    one.take(3)
    one.send("a", order_qty="1", order_type=OrderType.LIMIT, price="100.00")
    one.leave_out(5)
    one.take(6)
    assert one.filled() == [1]


@pytest.mark.parametrize("every_row", [True, False])
def test_what_was_taken_of_an_order_that_is_moved_away_may_be_had_at_its_price_again(
    *, every_row: bool
) -> None:
    """A modification does not tell which price it leaves: it is looked at all the same."""
    told = ["snapshot add 1 bid 100.00x5 add 2 ask 100.02x5 add 3 ask 100.04x9"]
    told += ["add 4 bid 99.98x1", "add 5 bid 99.97x1", "modify 2 ask 100.03x5"]
    told += ["add 6 ask 100.02x5", "add 7 bid 99.96x1"]
    one = Unseen(orders_market(told, instrument=XYZ), BookStart.SNAPSHOT, every_row=every_row)
    one.take(3)
    one.send("a", order_qty="3", order_type=OrderType.MARKET)
    one.take(4)
    one.take(7)
    limit = {"order_type": OrderType.LIMIT, "price": "100.02"}
    one.send("b", order_qty="5", time_in_force=TimeInForce.IOC, **limit)
    one.take(8)
    assert one.filled() == [3, 5]


@pytest.mark.parametrize("folds", [False, True])
def test_who_goes_on_within_a_message_is_behind_what_this_tells(*, folds: bool) -> None:
    """An order that came within it has no place before it ends."""
    told = [ORDERS[0], "add 3 bid 99.98x1 add 4 bid 100.01x2", "execute 4 bid 100.01x2"]
    one = Unseen(orders_market(told, instrument=XYZ), BookStart.SNAPSHOT)
    one.rows.ts[3] += SECOND // 2
    one.take(3)
    one.send("a", order_qty="1", order_type=OrderType.LIMIT, price="100.01")
    one.records += one.engine.process([Advance(ts=one.engine.now)])
    if folds:
        one.fold()
    one.take(5)
    assert one.filled() == []
