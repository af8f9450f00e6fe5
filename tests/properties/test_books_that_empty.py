"""Nothing comes to a book, and its best prices move all the same: whoever sleeps on it is woken."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import BookStart, DailyLoss, RiskConfig
from offbook.domain.orders import OrderRequest, OrderSide
from offbook.domain.records import DailyLossReached, encode_record
from offbook.engine.inputs import Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import XYZ, BuiltMarket, depth_market
from offbook.testing.order_markets import orders_market

BIDS = ["99.99", "99.98", "99.97", "99.96", "99.95", "99.80", "99.79", "99.78"]
"""At the first five, whatever is asked, not too much is lost; at the others it is."""
FAR = ["add 10 ask 100.09x1", "add 11 ask 100.09x1"]
GONE = [f"delete {number} bid {px}" for number, px in enumerate(BIDS[:5], 1)]
WHOLE = 9
"""Rows of the first message: an ask, and a bid at each of the prices."""


def check_loss(market: BuiltMarket, cut: int, venue: dict[str, Any] | None = None) -> None:
    """A session buys after the first message, and has lost too much in the rows from ``cut`` on:
    it knows at the same row as one that visits each."""
    (rows,) = market.slices
    risk = RiskConfig(daily_loss=DailyLoss(amount="3"))
    session = session_of(market, risk=risk, venue=venue)
    order = OrderRequest(symbol="XYZ", side=OrderSide.BUY, order_qty="40")
    made: list[list[bytes]] = []
    for every_row in (True, False):
        engine = ProcessingEngine(session, every_row=every_row)
        start = Take(command=c.Start(command_id="start"), ts=int(rows.ts[0]))
        engine.process([attach_of(market, clock_stops=False), start, rows.rows(0, WHOLE)])
        send = Take(command=c.SubmitOrder(command_id="o", order=order), ts=engine.now)
        records = engine.process([send, rows.rows(WHOLE, cut)])
        assert not any(isinstance(one, DailyLossReached) for one in records), every_row
        records += engine.process([rows.rows(cut, len(rows))])
        assert any(isinstance(one, DailyLossReached) for one in records), every_row
        made.append([encode_record(one) for one in records])
    assert made[0] == made[1]


CLEARED = "clear add 21 ask 100.02x50 add 22 bid 99.99x5 add 23 bid 99.80x5"
LOW = "add 21 ask 100.03x50 add 22 bid 99.80x5"


@pytest.mark.parametrize(
    ("told", "cut"),
    [
        pytest.param([*FAR, *GONE, *FAR], WHOLE + 1, id="one by one"),
        pytest.param(
            [*FAR, " ".join(GONE[:2]), *GONE[2:], *FAR], WHOLE + 3, id="two of them within"
        ),
        pytest.param([*FAR, f"clear {LOW}", *FAR], WHOLE + 1, id="cleared"),
        pytest.param([*FAR, f"snapshot {LOW}", *FAR], WHOLE + 1, id="told as a whole"),
        pytest.param(
            [*FAR, CLEARED, "add 12 ask 100.09x1", "delete 22 bid 99.99", *FAR],
            WHOLE + 3,
            id="cleared within",
        ),
    ],
)
def test_orders_that_leave_a_book_may_cost_a_day(told: list[str], cut: int) -> None:
    """The best bids are taken away, one message after another, to where the loss is too large; of
    a message that has begun before it is not known what it leaves."""
    whole = "snapshot add 20 ask 100.02x50"
    whole += "".join(f" add {number} bid {px}x5" for number, px in enumerate(BIDS, 1))
    check_loss(orders_market([whole, *told], instrument=XYZ), cut)


def test_levels_that_were_missed_may_cost_a_day() -> None:
    """A book that is built anew holds nothing of before; none of that is told to be gone."""
    whole = f"snapshot {' '.join(f'{px}x5' for px in BIDS)} / 100.02x50"
    told = ["/ 100.09x1", "/ 100.09x2", "/ 100.09x3", "99.80x5 / 99.95x5", "/ 100.09x4"]
    market = depth_market([whole, *told], instrument=XYZ)
    for name in ("first_seq", "last_seq", "prev_seq"):
        getattr(market.slices[0], name)[WHOLE + 3 :] += 1
    check_loss(market, WHOLE + 1, {"book_start": BookStart.UPDATES})
