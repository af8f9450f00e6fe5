"""Grades of fills: a table of evidence, and runs on every kind of data."""

from typing import Any

import msgspec
import pytest
from tests.unit.services.reporting.test_attribution import Once, Rests, report_of

from offbook.domain.config import LatencyConfig
from offbook.domain.orders import Liquidity, OrderSide
from offbook.domain.record_parts import Evidence
from offbook.domain.records import OrderFilled
from offbook.domain.values import Amount
from offbook.engine.strategy.strategy import Strategy
from offbook.services.reporting.grades import grade_of
from offbook.testing.markets import BuiltMarket, bars_market, quotes_market

SEEN = Evidence(row=1, row_ts=1, model="m", rule="r", available_qty=5)
FILL = OrderFilled(
    seq=1,
    ts=1,
    order=1,
    exec_id="x",
    symbol="XYZ",
    side=OrderSide.BUY,
    last_qty=1,
    last_px=100,
    liquidity=Liquidity.REMOVED,
    cum_qty=1,
    leaves_qty=0,
    cum_notional=Amount(0),
    cum_added=Amount(0),
    fee=Amount(0),
    fee_accrued="0",
    reserved=Amount(0),
    realized=Amount(0),
    position_qty=1,
    position_cost=Amount(0),
    postings=(),
    conversion=None,
    evidence=SEEN,
    due=1,
)
QUOTED = {"bid_px": 99, "ask_px": 100}
PRINTED = {"trade_px": 99}
EXACT = {"trade_px": 100, "queue_ahead": 0, "model": "queue-exact.1"}


@pytest.mark.parametrize(
    ("evidence", "maker", "grade"),
    [
        (QUOTED, False, "A"),
        (QUOTED, True, "A"),
        ({**QUOTED, "rule": "bid touched the limit"}, True, "C"),
        ({**QUOTED, "base_px": 99, "slippage_px": 1}, False, "B"),
        ({**QUOTED, "book_incomplete": True}, False, "B"),
        (PRINTED, True, "A"),
        ({**PRINTED, "book_incomplete": True}, True, "B"),
        ({"trade_px": 100}, True, "C"),
        ({"trade_px": 100, "queue_ahead": 0}, True, "B"),
        ({**EXACT, "trade_order_id": 7}, True, "A"),
        ({**EXACT, "trade_order_id": 7, "book_incomplete": True}, True, "B"),
        (EXACT, True, "B"),
        (PRINTED, False, "C"),
        ({"ts_open": 0}, False, "C"),
        ({"ts_open": 0}, True, "C"),
    ],
)
def test_a_grade_follows_from_the_evidence(
    evidence: dict[str, Any], maker: bool, grade: str
) -> None:
    """One line for each rule."""
    made = msgspec.structs.replace(
        FILL,
        liquidity=Liquidity.ADDED if maker else Liquidity.REMOVED,
        evidence=msgspec.structs.replace(SEEN, **evidence),
    )
    assert grade_of(made).value == grade


@pytest.mark.parametrize(
    ("market", "strategy", "grade"),
    [
        (quotes_market([("99.99", "100.01"), ("98.98", "99.00")]), Rests, "A"),
        (quotes_market([("99.99", "100.01")] * 3), Once, "A"),
        (bars_market([("100", "101", "99", "100", "50")] * 3), Once, "C"),
    ],
)
async def test_a_report_tells_the_share_of_each_grade(
    market: BuiltMarket, strategy: type[Strategy], grade: str
) -> None:
    """And each fill its own."""
    report, _ = await report_of(market, strategy, latency=LatencyConfig(entry_ns=0, response_ns=0))
    assert [fill.grade for fill in report.session.fills] == [grade]
    (share,) = report.grades
    assert (share.grade, share.fills, share.share) == (grade, 1, 1.0)
    assert share.traded == report.session.traded
