"""Execution: slippage, fill ratio, time to fill, refusals and fees, by hand."""

import msgspec
import pytest
from tests.unit.services.reporting.acting import Deal, money, play

from offbook.domain.config import BasisPointsFee, LatencyConfig
from offbook.services.paper_trading.report import make_report
from offbook.services.reporting.execution_quality import (
    execution_quality,
    quality_by_symbol,
    refusals_of,
)
from offbook.services.reporting.slippage import slippage_of
from offbook.testing.markets import BTCUSDT, SECOND, XYZ, combined, quotes_market

# Mid 100, 102, 102, 102: a spread of 2, one coin on each side.
SCALES = {"BTCUSDT": BTCUSDT.notional_scale}
QUOTES = [("99.00", "101.00"), ("101.00", "103.00"), ("101.00", "103.00"), ("101.00", "103.00")]
FEES = BasisPointsFee(maker="2", taker="5")


def test_a_delayed_order_pays_half_the_spread_and_the_move() -> None:
    """Decided at a mid of 100, filled 1.5 seconds later at the ask of 103: 3 on 100 are 300 bp.

    A fee of 5 bp on 103 is 0.0515.
    """
    delay = 3 * SECOND // 2
    latency = LatencyConfig(entry_ns=delay, response_ns=0)
    played = play(quotes_market(QUOTES), [Deal(1, "1")], fee=FEES, latency=latency)
    found = execution_quality(played.ledger, played.path.executions, SCALES)
    assert (found.slippage, found.fees, found.implementation_cost) == ("3", "0.0515", "3.0515")
    assert found.slippage_bps.value == found.worst_slippage_bps.value == pytest.approx(300)
    assert (found.removed.fills, found.removed.traded) == (1, "103")
    assert found.removed.fee_bps.value == pytest.approx(5)
    assert found.added.fee_bps.reason == "no such fill"
    assert (found.sent_orders, found.filled_orders, found.fill_ratio.value) == (1, 1, 1.0)
    assert found.first_fill is not None
    assert (found.first_fill.least, found.first_fill.most) == (delay, delay)
    assert found.first_fill == found.complete


def test_part_filled_and_resting_orders_count_by_quantity() -> None:
    """Bought 1 of 4 coins at the ask of 103 with a limit of 103, the rest as the next quotes show
    it; a bid of 50 for 1 stays open: 3 or more of 5 filled, and one order incomplete."""
    deals = [Deal(2, "4", "103.00"), Deal(2, "1", "50.00")]
    played = play(quotes_market(QUOTES), deals, fee=FEES)
    found = execution_quality(played.ledger, played.path.executions, SCALES)
    filled = sum(fill.qty for fill in played.path.executions) / 10**BTCUSDT.qty_precision
    assert found.fill_ratio.value == pytest.approx(filled / 5)
    assert (found.sent_orders, found.filled_orders, found.complete) == (2, 0, None)
    assert found.first_fill is not None
    assert found.first_fill.count == 1


def test_orders_refused_are_counted_by_reason() -> None:
    """Two coins too dear for the account are denied; they never left."""
    played = play(quotes_market(QUOTES), [Deal(2, "1"), Deal(2, "1")], cash="50")
    found = execution_quality(played.ledger, played.path.executions, SCALES)
    assert [(line.what, line.reason, line.count) for line in found.refusals] == [
        ("denied", "INSUFFICIENT_BUYING_POWER", 2)
    ]
    assert (found.sent_orders, found.fill_ratio.reason) == (0, "no order left")
    assert (found.slippage, found.slippage_bps.value) == ("0", None)


def test_only_refusals_are_listed_the_most_frequent_first() -> None:
    """What the ledger counts besides (errors of the strategy) is no refusal."""
    counted = {"denied:A": 1, "strategy_error:on_bar": 9, "rejected:B": 3, "cancel_rejected:C": 1}
    found = [(line.what, line.reason, line.count) for line in refusals_of(counted)]
    assert found == [("rejected", "B", 3), ("cancel_rejected", "C", 1), ("denied", "A", 1)]


def test_slippage_is_exact_and_its_halves_are_rounded_to_even() -> None:
    """At a scale of 1 a mid of 1.5 (bid 1, ask 2) and prices of 2 and 3 lie half a unit off."""
    fine = BTCUSDT.__class__(
        symbol="X",
        asset_class=BTCUSDT.asset_class,
        base="X",
        quote_currency="USD",
        price_precision=12,
        qty_precision=6,
        tick_size="1",
        lot_size="1",
    )
    assert fine.notional_scale == 1
    assert slippage_of(1, 1, 2, 3, fine) == 0  # 0.5
    assert slippage_of(1, 1, 3, 3, fine) == 2  # 1.5
    assert slippage_of(-1, 1, 1, 3, fine) == 0  # 0.5 worse for a sell below the mid
    assert slippage_of(-1, 4, 1, 2, fine) == 0
    assert slippage_of(1, 4, 9, 0, XYZ) == 0  # no market at the decision


def test_the_sum_is_that_of_the_report_s_fills() -> None:
    """One formula: the session's report and the quality of execution agree to the last digit."""
    played = play(quotes_market(QUOTES), [Deal(1, "0.7"), Deal(3, "-0.7")], fee=FEES)
    report = make_report(played.session, played.records)
    found = execution_quality(played.ledger, played.path.executions, SCALES)
    assert found.slippage == report.slippage
    assert sum(money(line.slippage) for line in report.fills) == money(found.slippage)
    assert (found.fees, found.traded) == (report.fees, report.traded)


def test_each_symbol_has_its_own_figures_and_all_add_up() -> None:
    """A coin bought at 103 with a middle of 102, of which the second order fills nothing; a share
    bought at 7 with a middle of 6, and one order of it denied."""
    share = msgspec.structs.replace(XYZ, quote_currency="USDT")
    market = combined(
        quotes_market(QUOTES), quotes_market([("5.00", "7.00")] * 4, instrument=share)
    )
    deals = [
        Deal(4, "1", None, "BTCUSDT"),
        Deal(4, "1", None, "XYZ"),
        Deal(4, "1000", None, "XYZ"),
        Deal(4, "1", "50.00", "BTCUSDT"),
    ]
    played = play(market, deals, fee=FEES, cash="1000")
    scales = {i.symbol: i.notional_scale for i in played.path.instruments}
    executions = played.path.executions
    whole = execution_quality(played.ledger, executions, scales)
    found = quality_by_symbol(played.ledger, executions, scales)
    assert (found["BTCUSDT"].slippage, found["XYZ"].slippage, whole.slippage) == ("1", "1", "2")
    assert found["XYZ"].slippage_bps.value == pytest.approx(10_000 / 6)
    assert whole.slippage_bps.value == pytest.approx(2 * 10_000 / 108)
    # Two coins were ordered at a middle of 102, one share at 6: 108 of 210 are filled.
    assert found["BTCUSDT"].fill_ratio.value == 0.5
    assert found["XYZ"].fill_ratio.value == 1.0
    assert whole.fill_ratio.value == pytest.approx(108 / 210)
    assert [(r.what, r.count) for r in found["XYZ"].refusals] == [("denied", 1)]
    assert found["BTCUSDT"].refusals == ()
    assert whole.refusals == found["XYZ"].refusals
    for name in ("fills", "compared", "sent_orders", "filled_orders"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in found.values())
    assert money(whole.fees) == sum(money(one.fees) for one in found.values())
