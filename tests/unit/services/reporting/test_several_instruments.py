"""Equity and excursions of several instruments and currencies, against the engine's own."""

from itertools import accumulate
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.unit.services.reporting.acting import TEN_BP, Deal, curve_of, money, play

from offbook.domain.config import AccountConfig, AccountType
from offbook.domain.instruments import Instrument
from offbook.services.paper_trading.report import make_report
from offbook.services.reporting.round_trips import position_trips
from offbook.services.reporting.trip_statistics import Excursions
from offbook.testing.markets import (
    BTCUSDT,
    SECOND,
    START,
    XYZ,
    bars_market,
    combined,
    quotes_market,
)

ETHUSDT = msgspec.structs.replace(BTCUSDT, symbol="ETHUSDT", base="ETH", price_precision=3)
XYZ_USDT = msgspec.structs.replace(XYZ, quote_currency="USDT")


@settings(max_examples=40)
@given(
    some.lists(some.integers(-40, 40), min_size=25, max_size=25),
    some.lists(
        some.tuples(
            some.integers(1, 24),
            some.sampled_from(["0.5", "-0.5", "1"]),
            some.none(),
            some.sampled_from(["BTCUSDT", "ETHUSDT"]),
        ),
        max_size=8,
    ),
    some.integers(1, 40),
)
async def test_two_instruments_are_worth_what_the_engine_says(
    moves: list[int], deals: list[tuple[int, str, None, str]], block: int
) -> None:
    """Quotes of one coin and bars of another in one account, and bars of the first that give it no
    price: the engine's own equity, however blocks are cut; and the deepest fall of every row."""
    levels = [10_000 + move for move in accumulate(moves)]
    quotes = quotes_market([(f"{p / 100:.2f}", f"{(p + 3) / 100:.2f}") for p in levels])
    rows = [
        (f"{p / 50:.2f}", f"{p / 40:.2f}", f"{p / 60:.2f}", f"{p / 55:.2f}", "9") for p in levels
    ]
    bars = bars_market(rows[:12], instrument=ETHUSDT, timeframe_ns=2 * SECOND)
    unused = bars_market(rows[:8], timeframe_ns=3 * SECOND)
    market = combined(unused, quotes, bars)
    played = play(market, [Deal(*deal) for deal in deals], fee=TEN_BP)
    curve = await curve_of(market, played, block_rows=block, points=17)
    assert played.ledger.stopped is not None
    assert curve.last.equity == played.ledger.stopped.equity
    assert curve.last.cash == played.ledger.stopped.balances
    assert curve == await curve_of(market, played, points=17)
    assert curve.market_returns == {
        "BTCUSDT": pytest.approx((levels[-1] - levels[0]) / (levels[0] + 1.5)),
        "ETHUSDT": pytest.approx(levels[11] / levels[0] - 1, abs=1e-3),
    }
    assert sum(curve.last.marks["BTCUSDT"]) == 2 * levels[-1] + 3
    lowest = min(point.equity for point in (*curve.even, *curve.at_fills))
    fall = 0.0 if curve.drawdown is None else curve.drawdown.ratio
    assert fall >= 1 - lowest / money("10000") - 1e-15


EUR_SHARE = msgspec.structs.replace(XYZ, symbol="EURO", base="EURO", quote_currency="EUR")
EURUSD = msgspec.structs.replace(
    BTCUSDT,
    symbol="EURUSD",
    base="EUR",
    quote_currency="USD",
    price_precision=4,
    tick_size="0.0001",
)
USDEUR = msgspec.structs.replace(EURUSD, symbol="USDEUR", base="USD", quote_currency="EUR")


def margin(**options: Any) -> AccountConfig:
    """A margin account with money in dollars, and in euros unless told otherwise."""
    return AccountConfig(
        currency="USD",
        type=AccountType.MARGIN,
        leverage="3",
        initial_cash="5000",
        **{"cash": {"EUR": "700"}} | options,
    )


@pytest.mark.parametrize(
    ("pair", "account"),
    [
        (EURUSD, {"rates": {"EUR": "1.0713"}}),
        (EURUSD, {"rates_from": {"EUR": "EURUSD"}}),
        (USDEUR, {"rates_from": {"EUR": "USDEUR"}}),
        (EURUSD, {"rates_from": {"EUR": "EURUSD"}, "cash": {}}),
    ],
    ids=["stated", "pair", "other way", "changed at each fill"],
)
async def test_two_currencies_long_and_short_are_worth_what_the_engine_says(
    pair: Instrument, account: dict
) -> None:
    """Shares in dollars and euros, bought, sold short and turned over on margin, with a rate that
    stands or moves: equity and cash are the engine's, gains by position and fees the ledger's."""
    wave = [100 + 7 * (i % 11) - 5 * (i % 6) for i in range(60)]
    dollars = quotes_market([(f"{p}.00", f"{p}.05") for p in wave], instrument=XYZ)
    euros = quotes_market(
        [(f"{p / 2:.2f}", f"{p / 2 + 0.1:.2f}") for p in wave[::-1]],
        instrument=EUR_SHARE,
        start=START + SECOND // 2,
    )
    rates = quotes_market(
        [(f"1.0{p % 50 + 10}0", f"1.0{p % 50 + 10}3") for p in wave], instrument=pair
    )
    market = combined(rates, dollars, euros)
    deals = [
        Deal(9, "1", None, "EURO"),
        Deal(20, "-1", None, "XYZ"),
        Deal(33, "-1", None, "EURO"),
        Deal(34, "-1", None, "EURO"),
        Deal(60, "1", None, "XYZ"),
        Deal(61, "1", None, "XYZ"),
        Deal(99, "1", None, "EURO"),
        Deal(120, "-1", None, "EURO"),
    ]
    played = play(market, deals, fee=TEN_BP, account=margin(**account))
    assert len(played.path.executions) == len(deals)
    curve = await curve_of(market, played, block_rows=13)
    stopped = played.ledger.stopped
    assert stopped is not None
    assert curve.last.equity == stopped.equity
    assert curve.last.cash == stopped.balances
    assert curve == await curve_of(market, played)
    trips = position_trips(played.path.executions)
    assert {trip.sign for trip in trips} == {1, -1}
    assert sum(trip.gross for trip in trips) == played.ledger.realized
    assert sum(fill.fee for fill in played.path.executions) == played.ledger.fees
    assert curve.drawdown is not None
    points = [point.equity for point in (*curve.even, *curve.at_fills)]
    assert curve.drawdown.ratio >= 1 - min(points) / max(points[0], curve.daily[0].equity) - 1e-12
    report = make_report(played.session, played.records)
    assert report.equity_closing is not None
    assert money(report.equity_closing) == curve.last.equity_closing
    assert sum(money(fill.realized) for fill in report.fills) == played.ledger.realized


async def test_the_opening_counts_foreign_cash_at_the_first_rate() -> None:
    """700 euros at a first mid of 1.10, then 1.20: the account gains 70 dollars on 5,770."""
    rates = quotes_market([("1.0999", "1.1001"), ("1.1999", "1.2001")], instrument=EURUSD)
    account = margin(rates_from={"EUR": "EURUSD"})
    market = combined(rates, quotes_market([("5.00", "5.02")] * 2, instrument=XYZ))
    played = play(market, [], account=account)
    curve = await curve_of(market, played)
    assert [point.equity for point in curve.daily] == [money("5770"), money("5840")]


async def test_a_trip_s_excursion_is_of_its_own_instrument() -> None:
    """A share is held while a coin is bought and its price goes up tenfold: 5.01 to 5.51 at most.

    The share's prices between the fills of the coin count as well.
    """
    share = quotes_market(
        [("5.00", "5.02"), ("5.50", "5.52"), ("4.90", "4.92"), ("5.00", "5.02")],
        instrument=XYZ_USDT,
        step=2 * SECOND,
    )
    coin = quotes_market([("10.00", "10.02"), ("100.00", "100.02")] * 3, start=START + SECOND)
    market = combined(share, coin)
    deals = [
        Deal(1, "1", None, "XYZ"),
        Deal(3, "1", None, "BTCUSDT"),
        Deal(5, "-1", None, "BTCUSDT"),
        Deal(len(market.slices[0]) - 1, "-1", None, "XYZ"),
    ]
    played = play(market, deals)
    curve = await curve_of(market, played)
    found = {
        trip.symbol: Excursions(played.path, curve).of(trip)
        for trip in position_trips(played.path.executions)
    }
    assert found["XYZ"] is not None
    assert found["XYZ"].favourable == pytest.approx(5.51 / 5.02 - 1)
    assert found["XYZ"].adverse == pytest.approx(4.91 / 5.02 - 1)
