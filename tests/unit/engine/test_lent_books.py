"""Sessions whose book is lent, at moments at which what others know of it is not enough."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from tests.properties.random_actions import action
from tests.properties.test_wakes import Checked
from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import ActionKind, Adjustment, BookStart, FifoQueue
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.records import OrderFilled, encode_record
from offbook.engine.inputs import Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.market_hub.log import MarketLog
from offbook.testing.markets import SECOND, START, XYZ, BuiltMarket, depth_market
from offbook.testing.order_markets import orders_market


def fills_of(market: BuiltMarket, row: int, venue: dict[str, Any], **terms: Any) -> list[int]:
    """The rows at which an order is filled that is sent before ``row``: the same where the engine
    is asleep whenever it may be, with a book of its own or a lent one, as where every row is
    visited."""
    (rows,) = market.slices
    assert row < len(rows), "no such row"
    session, attach = session_of(market, venue=venue), attach_of(market, clock_stops=False)
    order = OrderRequest(symbol="XYZ", side=OrderSide.BUY, order_qty="1", **terms)
    submit = c.SubmitOrder(command_id="o", order=order)
    log = MarketLog(attach.market)
    log.add(0, rows)
    shared = log.from_row(0)
    made, found = [], list[int]()
    assert shared is not None
    for source, every_row in ((rows, True), (rows, False), (shared, False)):
        engine = ProcessingEngine(session, every_row=every_row)
        records = engine.process([attach, Take(command=c.Start(command_id="s"), ts=START)])
        for begin, end in ((0, row), (row, row + 1), (row + 1, len(rows))):
            engine.wake()
            while engine.cursor.row < end:
                records += engine.process([source.rows(engine.cursor.row, end)])
            if not begin:
                records += engine.process([Take(command=submit, ts=engine.now)])
        made.append([encode_record(one) for one in records])
        found = [one.evidence.row for one in records if isinstance(one, OrderFilled)]
    assert made[0] == made[1], "a book of its own"
    assert made[0] == made[2], "a lent book"
    return found


def test_a_level_beyond_it_tells_the_place_of_an_order() -> None:
    """By the size of levels it was not known: no price so far was worse than its own."""
    market = orders_market(
        [
            "snapshot add 1 bid 100.00x5 add 2 ask 100.02x5 add 3 bid 99.98x5",
            "add 4 bid 99.97x1",
            "add 5 bid 99.89x5",
            "add 6 bid 99.90x5",
            "execute 6 bid 99.90x1",
        ],
        instrument=XYZ,
    )
    venue = {"queue": FifoQueue()}
    assert fills_of(market, 3, venue, order_type=OrderType.LIMIT, price="99.90") == [6]


def test_an_order_that_came_within_a_message_is_behind_what_this_tells() -> None:
    """Whoever is added later is behind it, and what he trades is its own."""
    market = orders_market(
        [
            "snapshot add 1 bid 100.00x5 add 2 ask 100.02x5 add 3 bid 99.98x5",
            "add 4 bid 99.97x1 add 5 bid 99.97x1 add 6 bid 99.99x1",
            "add 7 bid 99.99x5",
            "execute 6 bid 99.99x1",
            "execute 7 bid 99.99x1",
        ],
        instrument=XYZ,
    )
    market.slices[0].ts[5] += SECOND // 2
    assert fills_of(market, 4, {}, order_type=OrderType.LIMIT, price="99.99") == [8]


def test_whoever_comes_after_a_book_was_cleared_is_behind() -> None:
    """It begins with those who were there before, perhaps; the next is later."""
    market = orders_market(
        [
            "snapshot add 1 bid 100.00x5 add 2 ask 100.02x5",
            "add 3 bid 99.98x1",
            "add 4 bid 99.97x1",
            "clear add 1 bid 100.00x5 add 2 ask 100.02x5",
            "add 5 bid 100.00x2",
            "execute 1 bid 100.00x5",
            "execute 5 bid 100.00x2",
        ],
        instrument=XYZ,
    )
    assert fills_of(market, 2, {}, order_type=OrderType.LIMIT, price="100.00") == [9]


def test_a_book_that_was_dropped_is_looked_at_by_itself() -> None:
    """The others still have levels of before the dividend, within which nothing happens."""
    market = depth_market(
        ["snapshot 100.00x5 / 100.02x5", "99.98x1 /", "99.95x1 /", "/ 100.05x5", "99.94x5 /"],
        instrument=XYZ,
    )
    paid = action("XYZ", ActionKind.DIVIDEND, START + 2 * SECOND, amount="0.01")
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=(paid,))
    market = msgspec.structs.replace(market, config=config)
    venue = {"book_start": BookStart.UPDATES}
    terms = {"order_type": OrderType.STOP, "stop_px": "100.05"}
    assert fills_of(market, 2, venue, **terms) == [4]


LEVELS = [
    "snapshot 100.00x5 / 100.02x5",
    "99.98x1 /",
    "99.97x1 / 100.05x1",
    "/ 100.06x1",
    "/ 99.99x5",
]
ORDERS = [
    "snapshot add 1 bid 100.00x5 add 2 ask 100.02x5",
    "add 3 bid 99.98x1",
    "add 4 bid 99.97x1 add 5 ask 100.05x1",
    "add 6 ask 100.06x1",
    "add 7 ask 99.99x5",
]


@pytest.mark.parametrize("make", [partial(depth_market, LEVELS), partial(orders_market, ORDERS)])
def test_a_book_that_is_built_anew_wakes_whoever_has_it(make: Callable[..., BuiltMarket]) -> None:
    """Though whoever waits for a snapshot has none since something was missed."""
    market = make(instrument=XYZ)
    (rows,) = market.slices
    for name in ("first_seq", "last_seq", "seq", "prev_seq"):
        if hasattr(rows, name):
            getattr(rows, name)[3:] += 1
    session = session_of(market, venue={"book_start": BookStart.UPDATES})
    attach = attach_of(market, clock_stops=False)
    engine = Checked(ProcessingEngine(session), attach.market)
    engine.process([attach])
    engine.process([Take(command=c.Start(command_id="s"), ts=START)])
    order = OrderRequest(
        symbol="XYZ", side=OrderSide.BUY, order_qty="1", order_type=OrderType.LIMIT, price="99.99"
    )
    filled = []
    for row in range(len(rows)):
        if row == 3:
            submit = c.SubmitOrder(command_id="o", order=order)
            engine.process([Take(command=submit, ts=engine.now)])
        made = engine.process([rows.rows(row, row + 1)])
        filled += [row for one in made if isinstance(one, OrderFilled)]
    assert filled == [len(rows) - 1]
    assert engine.slept_with_orders > 0


@pytest.mark.parametrize("start", BookStart)
def test_a_message_that_has_begun_before_an_action_is_of_the_book_of_before(
    start: BookStart,
) -> None:
    """A snapshot too: nothing is matched until the next, whether it is told as a whole or not."""
    market = depth_market(
        [
            "snapshot 100.00x5 / 100.02x5",
            "snapshot 100.00x5 / 100.01x5",
            "snapshot 99.95x5 / 99.99x5",
        ],
        instrument=XYZ,
    )
    market.slices[0].ts[3:] += SECOND
    paid = action("XYZ", ActionKind.DIVIDEND, START + 2 * SECOND, amount="0.01")
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=(paid,))
    market = msgspec.structs.replace(market, config=config)
    assert fills_of(market, 4, {"book_start": start}, order_type=OrderType.MARKET) == [5]
