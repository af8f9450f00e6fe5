"""Examples of the records of contracts: futures, inverse contracts, isolated margin."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.record_parts import Posting
from offbook.domain.records import Record
from offbook.domain.values import Amount
from offbook.testing.markets import START

CONTRACT_EXAMPLES: list[Record] = [
    r.PositionSettled(
        60,
        START,
        symbol="ESZ4",
        price="4510.25",
        is_given=True,
        expired=False,
        position_qty=-2,
        position_cost=Amount.parse("451025"),
        realized=Amount.parse("-625"),
        worth=Amount.parse("-625"),
        postings=(
            Posting("cash", "USD", Amount.parse("-625")),
            Posting("venue", "USD", Amount.parse("625")),
        ),
        due=START + 5,
    ),
    r.LiquidationBegan(
        61,
        START,
        symbol="XBTUSD",
        equity=Amount.parse("0.0049"),
        required=Amount.parse("0.005"),
        margin=Amount.parse("0.1"),
    ),
    r.LiquidationEnded(62, START, symbol="XBTUSD"),
    r.MarginDrawn(63, START, symbol="XBTUSD", qty=-60000, amount=Amount.parse("0.0123")),
]
