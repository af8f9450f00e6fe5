"""Reports across a split: equity goes on, trips are paired, returns are the instrument's own."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from tests.unit.services.reporting.acting import Deal, Played, curve_of, fill, money, play

from offbook.domain.config import AccountConfig, AccountType, Adjustment, CorporateAction
from offbook.services.paper_trading.report import make_report
from offbook.services.reporting.account_path import Restatement
from offbook.services.reporting.lines import trip_section
from offbook.services.reporting.restatements import comparable
from offbook.services.reporting.round_trips import fifo_trips, position_trips, time_held
from offbook.services.reporting.trip_statistics import Excursions
from offbook.testing.markets import (
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    BuiltMarket,
    combined,
    quotes_market,
)

ABC = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC")
ROWS = [("100", "100"), ("100", "100"), ("101", "101"), ("26", "26"), ("27", "27")]


def split_at(ts: int, ratio: str, **terms: str) -> CorporateAction:
    ex = datetime.fromtimestamp(ts // 10**9, UTC).isoformat()
    given = {"symbol": "XYZ", "kind": "split", "ex": ex, "ratio": ratio, **terms}
    return msgspec.convert(given, CorporateAction)


def market_with(*actions: CorporateAction, step: int = 2 * SECOND) -> BuiltMarket:
    rows = [(*row, "99", "99") for row in ROWS]
    market = quotes_market(rows, instrument=XYZ, step=step)
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=actions)
    return msgspec.structs.replace(market, config=config)


def beside_another(market: BuiltMarket) -> BuiltCombination:
    """With a share whose rows come in between."""
    rows = [("50", "50", "9", "9")] * 9
    return combined(market, quotes_market(rows, instrument=ABC, start=START + 500_000_000))


def played(market: BuiltMarket | BuiltCombination) -> Played:
    """Bought ten after the second row of XYZ, sold all forty after its fourth."""
    after = (2, 4) if isinstance(market, BuiltMarket) else (5, 12)
    deals = [Deal(after[0], "10", symbol="XYZ"), Deal(after[1], "-40", symbol="XYZ")]
    return play(market, deals)


@pytest.mark.parametrize("alone", [True, False])
async def test_equity_goes_on_across_a_split(alone: bool) -> None:
    """It falls to the seconds between the split and the first row after it too."""
    split = split_at(START + 5 * SECOND, "4:1")
    market = market_with(split)
    whole = market if alone else beside_another(market)
    session = played(whole)
    curve = await curve_of(whole, session, points=9)
    found = [(point.ts - START) // SECOND for point in curve.even]
    assert found == list(range(9))
    equity = [point.equity for point in curve.even]
    wanted = ["10000"] * 4 + ["10010"] * 2 + ["10040"] * 3
    assert equity == [money(text) for text in wanted]
    assert curve.market_returns["XYZ"] == pytest.approx(4 * 27 / 100 - 1)
    assert curve.drawdown is None


async def test_the_two_sides_of_a_split_make_one_trip() -> None:
    split = split_at(START + 5 * SECOND, "4:1")
    market = market_with(split)
    session = played(market)
    paired = comparable(session.path.executions, session.path.restated)
    assert [execution.qty for execution in paired] == [40, -40]
    (trip,) = position_trips(paired)
    assert (trip.qty, trip.gross) == (40, money("40"))
    assert [trip.gross for trip in fifo_trips(paired).trips] == [money("40")]
    curve = await curve_of(market, session)
    assert Excursions(session.path, curve).of(trip) is None


def test_what_is_held_after_a_split_is_closed_in_parts() -> None:
    """Ten become forty, of which each sale of twenty closes a half."""
    deals = [Deal(2, "10"), Deal(4, "-20"), Deal(5, "-20")]
    session = play(market_with(split_at(START + 5 * SECOND, "4:1")), deals)
    report = make_report(session.session, session.records)
    assert (len(report.fills), report.trades, report.trades_won) == (3, 2, 2)


def test_fills_before_a_reverse_split_add_up_to_what_is_held() -> None:
    """Three times five shares are seven new ones and half of one."""
    half = Restatement(ts=50, symbol="XYZ", new_symbol="XYZ", numerator=1, denominator=2)
    fills = [fill(10, 5, 100), fill(20, 5, 100), fill(30, 5, 100), fill(60, -7, 200)]
    found = comparable(fills, [half])
    assert [one.qty for one in found] == [2, 3, 2, -7]
    assert [one.notional for one in found] == [one.notional for one in fills]
    assert fifo_trips(found).open_cost == 0


def test_a_report_tells_of_splits_and_of_what_came_without_trades() -> None:
    """And what is unrealized does not hold the dividend."""
    dividend = msgspec.convert(
        {
            "symbol": "XYZ",
            "kind": "dividend",
            "ex": datetime.fromtimestamp(START // 10**9 + 5, UTC).isoformat(),
            "amount": "0.25",
        },
        CorporateAction,
    )
    session = play(market_with(split_at(START + 5 * SECOND, "4:1"), dividend), [Deal(2, "10")])
    report = make_report(session.session, session.records)
    assert [(moment.event, moment.reason) for moment in report.moments[1:3]] == [
        ("split", "XYZ 4:1"),
        ("dividend", "10 USD on 40 XYZ"),
    ]
    assert (report.income, report.unrealized, report.equity) == ("10", "80", "10090")


@pytest.mark.parametrize(
    ("qty", "gross", "won", "side"), [("10", "-480", 0, "LONG"), ("-10", "480", 1, "SHORT")]
)
async def test_a_delisting_closes_the_trip(qty: str, gross: str, won: int, side: str) -> None:
    """Opened at 100 after two seconds, ended for 52 each after five."""
    ends = datetime.fromtimestamp(START // 10**9 + 5, UTC).isoformat()
    given = {"symbol": "XYZ", "kind": "delisting", "ex": ends, "amount": "52"}
    market = market_with(msgspec.convert(given, CorporateAction))
    account = AccountConfig(currency="USD", type=AccountType.MARGIN, initial_cash="10000")
    result = play(market, [Deal(2, qty)], account=account)
    report = make_report(result.session, result.records)
    assert (report.trades, report.trades_won) == (1, won)
    (trip,) = position_trips(comparable(result.path.dealings, result.path.restated))
    assert (trip.exit_ts, trip.exit_reason, trip.exit_order) == (
        START + 5 * SECOND,
        "delisting",
        None,
    )
    assert trip.gross == money(gross)
    (pair,) = fifo_trips(result.path.dealings).trips
    assert (pair.gross, pair.exit_reason) == (money(gross), "delisting")
    section = trip_section([trip], result.path, await curve_of(market, result))
    (line,) = section.trips
    assert (line.side, line.entry_px, line.exit_px) == (side, "100.000000", "52.000000")
    assert section.statistics.won == won
    assert time_held(result.path.dealings, START + 8 * SECOND) == 3 * SECOND
