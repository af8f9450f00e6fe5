"""Examples of the records of margin accounts, and of what happens to a market."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.config import MarginCall, OnDailyLoss
from offbook.domain.records import Record
from offbook.domain.values import Amount
from offbook.testing.markets import START

MARGIN_EXAMPLES: list[Record] = [
    r.ReservationsMoved(
        26, START, symbol="BTCUSDT", reserved=((1, Amount.parse("0.5")),), due=START + 5
    ),
    r.DayBegan(40, 500, equity=Amount(10**22), ends=900),
    r.DailyLossReached(
        41,
        600,
        equity=Amount(10**21),
        loss=Amount(9 * 10**21),
        limit=Amount(10**20),
        action=OnDailyLoss.PAUSE,
    ),
    r.MarginCalled(
        27,
        START,
        equity=Amount.parse("24.9"),
        required=Amount.parse("25"),
        action=MarginCall.LIQUIDATE,
    ),
    r.MarginRestored(28, START, equity=Amount.parse("50"), required=Amount(0)),
]
LATER_EXAMPLES: list[Record] = [
    r.TradingStatusChanged(42, START, symbol="XYZ", halted=True, row=7),
    r.OrderAccepted(
        43,
        START,
        order=9,
        venue_order_id="v",
        expires=START + 9,
        due=START + 5,
        auction_ts=START + 8,
    ),
    r.OrderRepegged(44, START, order=9, price_px=10_002),
]
"""Kinds and fields that came after the others."""
