"""Examples of the records of corporate actions, and of money without trades."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.action_records import FlowReason
from offbook.domain.record_parts import Posting
from offbook.domain.records import Record
from offbook.domain.values import Amount
from offbook.testing.markets import START

_DIVIDEND = (
    Posting("dividends", "USD", Amount.parse("2.04")),
    Posting("venue", "USD", Amount.parse("-2.04")),
)

EVENT_EXAMPLES: list[Record] = [
    r.PositionRestated(
        50,
        START,
        symbol="XYZ",
        new_symbol="XYZ",
        numerator=1,
        denominator=10,
        last_row=7,
        position_qty=3,
        position_cost=Amount.parse("60.60"),
        in_lieu=Amount.parse("10"),
        realized=Amount.parse("-0.10"),
        worth=Amount.parse("-0.09"),
        postings=(
            Posting("holdings", "XYZ", Amount(-32 * 10**18)),
            Posting("venue", "XYZ", Amount(32 * 10**18)),
        ),
        due=START + 5,
    ),
    r.PositionDelisted(
        51,
        START,
        symbol="XYZ",
        paid=Amount.parse("5"),
        realized=Amount.parse("-5"),
        worth=Amount.parse("-5"),
        postings=(),
        due=START + 5,
    ),
    r.OrderAdjusted(
        52,
        START,
        order=1,
        order_qty=15,
        price_px=3183,
        reserve_px=3183,
        reserved=Amount.parse("477.45"),
        due=START + 5,
        stop_px=3000,
    ),
    r.FlowAccrued(
        53,
        START,
        reason=FlowReason.DIVIDEND,
        symbol="XYZ",
        currency="USD",
        basis="10",
        rate="0.24",
        days=0,
        year_days=0,
        amount=Amount.parse("2.04"),
        withheld=Amount.parse("0.36"),
        worth=Amount.parse("2.04"),
        pays=START + 9,
        postings=_DIVIDEND,
    ),
    r.FlowPaid(
        54,
        START,
        reason=FlowReason.DIVIDEND,
        symbol="XYZ",
        currency="USD",
        amount=Amount.parse("2.04"),
        postings=_DIVIDEND,
        due=START + 5,
    ),
    r.SettlementPending(
        55,
        START,
        symbol="XYZ",
        currency="USD",
        amount=Amount.parse("1000"),
        qty=0,
        base="XYZ",
        base_amount=Amount(0),
        waits=True,
        settles=START + 9,
    ),
    r.SettlementDone(
        56,
        START,
        symbol="XYZ",
        currency="USD",
        amount=Amount(0),
        qty=4,
        base="XYZ",
        base_amount=Amount(4 * 10**18),
        waits=True,
    ),
]
