"""Nothing comes to a book, and its best prices move all the same: whoever sleeps on it is woken."""

from __future__ import annotations

from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import DailyLoss, RiskConfig
from offbook.domain.orders import OrderRequest, OrderSide
from offbook.domain.records import DailyLossReached, encode_record
from offbook.engine.inputs import Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import XYZ
from offbook.testing.order_markets import orders_market

BIDS = [f"{100 - n / 100:.2f}" for n in range(1, 9)]


def test_orders_that_leave_a_book_may_cost_a_day() -> None:
    """The best bids are taken away, one message after another, to where the loss is too large."""
    told = ["snapshot add 20 ask 100.02x50"]
    told[0] += "".join(f" add {number} bid {px}x5" for number, px in enumerate(BIDS, 1))
    told += ["add 10 ask 100.09x1", "add 11 ask 100.09x1"]
    told += [f"delete {number} bid {px}" for number, px in enumerate(BIDS[:6], 1)]
    market = orders_market(told, instrument=XYZ)
    (rows,) = market.slices
    session = session_of(market, risk=RiskConfig(daily_loss=DailyLoss(amount="0.9")))
    order = OrderRequest(symbol="XYZ", side=OrderSide.BUY, order_qty="40")
    made: list[list[bytes]] = []
    for every_row in (True, False):
        engine = ProcessingEngine(session, every_row=every_row)
        start = Take(command=c.Start(command_id="start"), ts=int(rows.ts[0]))
        engine.process([attach_of(market, clock_stops=False), start, rows.rows(0, 9)])
        send = Take(command=c.SubmitOrder(command_id="o", order=order), ts=engine.now)
        records = engine.process([send, rows.rows(9, 10), rows.rows(10, len(rows))])
        assert any(isinstance(one, DailyLossReached) for one in records), every_row
        made.append([encode_record(one) for one in records])
    assert made[0] == made[1]
