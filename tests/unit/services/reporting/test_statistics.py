"""Performance figures: by hand, against empyrical's own numbers, and where there are none."""

import csv
import json
import math
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, DAY_NS
from offbook.services.reporting import statistics as st
from offbook.services.reporting.drawdown import Drawdown
from offbook.services.reporting.equity_curve import EquityCurve, EquitySample
from offbook.services.reporting.figure import Figure
from offbook.services.reporting.trading_days import days_per_year

GOLDEN = json.loads(Path(__file__).with_name("empyrical.json").read_text("ascii"))
EXAMPLES = [
    pytest.param(example, id=f"{example.get('name') or example['symbol']} by {example['per_year']}")
    for example in GOLDEN["examples"]
]


def returns_of(seed: int, days: int, mean: int, spread: int) -> list[float]:
    """The returns of an example, as scripts/make_statistics_examples.py makes them."""
    state, found = seed, []
    for _ in range(days):
        state = (1_103_515_245 * state + 12_345) % 2**31
        found.append((mean - spread + state % (2 * spread + 1)) / 1e6)
    return found


def returns_of_shares(symbol: str) -> list[float]:
    """Daily returns of real closes, in cents as an account would have them."""
    with Path(__file__).with_name("closes_2008.csv").open(encoding="ascii", newline="") as file:
        closes = [Decimal(row[symbol]) for row in csv.DictReader(file)]
    returns = st.daily_returns([int(close * 10**18) for close in closes])
    assert returns is not None
    return returns


def ours(returns: list[float], per_year: int) -> dict[str, float | None]:
    """The figures under empyrical's names."""
    end = round(10**30 * math.prod(1 + daily for daily in returns))
    return {
        "total_return": st.total_return(10**30, end).value,
        "cagr": st.cagr(returns, per_year),
        "volatility": st.volatility(returns, per_year),
        "sharpe": st.sharpe(returns, per_year),
        "downside_deviation": st.downside_deviation(returns, per_year),
        "sortino": st.sortino(returns, per_year),
        "daily_drawdown": st.daily_drawdown(returns),
        "calmar": st.calmar(returns, per_year),
    }


def agree(found: dict[str, float | None], expected: dict[str, float | None]) -> None:
    """Equal to 1e-9, and undefined where the other is."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        mine = found[name]
        if value is None or mine is None:
            assert mine is value, f"{name}: {mine}, expected {value}"
        else:
            assert math.isclose(mine, value, rel_tol=1e-9, abs_tol=1e-12), f"{name}: {mine}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_figures_are_those_of_empyrical(example: dict) -> None:
    """The numbers in empyrical.json were printed by empyrical-reloaded; of made-up returns, and of
    three shares in the year 2008."""
    if "symbol" in example:
        returns = returns_of_shares(example["symbol"])
        assert len(returns) == example["days"]
    else:
        returns = returns_of(example["seed"], *example["shape"])
    agree(ours(returns, example["per_year"]), example["expected"])


def test_figures_are_those_of_the_empyrical_that_is_installed() -> None:
    """The same comparison live, where the package is there."""
    empyrical = pytest.importorskip("empyrical", reason="empyrical-reloaded is not installed")
    numpy = pytest.importorskip("numpy")
    for seed in range(20, 30):
        returns = returns_of(seed, 60, -100, 20_000)
        array = numpy.array(returns)
        expected = {
            "total_return": empyrical.cum_returns_final(array),
            "cagr": empyrical.cagr(array, annualization=252),
            "volatility": empyrical.annual_volatility(array, annualization=252),
            "sharpe": empyrical.sharpe_ratio(array, annualization=252),
            "downside_deviation": empyrical.downside_risk(array, annualization=252),
            "sortino": empyrical.sortino_ratio(array, annualization=252),
            "daily_drawdown": -empyrical.max_drawdown(array),
            "calmar": empyrical.calmar_ratio(array, annualization=252),
        }
        agree(ours(returns, 252), {name: float(value) for name, value in expected.items()})


def test_two_days_by_hand() -> None:
    """+10 % then -10 %: 100, 110, 99."""
    returns = st.daily_returns([100, 110, 99])
    assert returns == [0.1, -0.1]
    # mean 0; each is 0.1 from it, squares 0.01 + 0.01 over (2 - 1): sqrt(0.02).
    assert st.volatility(returns, 252) == pytest.approx(math.sqrt(0.02) * math.sqrt(252))
    assert st.sharpe(returns, 252) == pytest.approx(0.0, abs=1e-12)
    # Only the second counts below zero: sqrt(0.01 / 2) over both days.
    assert st.downside_deviation(returns, 1) == pytest.approx(math.sqrt(0.005))
    assert st.daily_drawdown(returns) == pytest.approx(0.1)
    # 0.99 over 2 days of a year of 4: squared.
    assert st.cagr(returns, 4) == pytest.approx(0.99**2 - 1)
    assert st.calmar(returns, 4) == pytest.approx((0.99**2 - 1) / 0.1)


def test_what_is_not_defined_has_no_number() -> None:
    """Equal returns have no Sharpe, gains alone no Sortino and no Calmar."""
    assert st.sharpe([0.01] * 40, 365) is None
    assert st.sharpe([0.0] * 40, 365) is None
    assert st.sortino([0.01, 0.0], 365) is None
    assert st.calmar([0.01, 0.0], 365) is None
    assert st.daily_returns([100, 0, 50]) is None
    assert st.total_return(0, 5) == Figure(None, "the account began without money")
    assert st.cagr([0.5, -1.0], 365) == -1.0


def curve_of(equity: list[int]) -> EquityCurve:
    """A curve that is flat in the market: one sample a day, 100 units of price."""
    points = tuple(
        EquitySample(
            ts=day * DAY_NS,
            cash={"USD": amount},
            positions={},
            marks={"A": (100, 100)},
            equity=amount,
            equity_closing=amount,
            gross=0,
            net=0,
        )
        for day, amount in enumerate(equity)
    )
    return EquityCurve(
        begin_ts=points[0].ts,
        end_ts=points[-1].ts,
        daily=points,
        even=points,
        at_fills=(),
        excursions={},
        drawdown=None,
        underwater=None,
        market_returns={"A": 0.5, "B": 0.0},
    )


@pytest.mark.parametrize(("days", "told"), [(29, False), (30, True)])
def test_nothing_is_annualised_under_thirty_days(days: int, told: bool) -> None:
    """Twenty-nine daily returns give reasons, thirty give numbers."""
    equity = [10_000 + (-1) ** day * day for day in range(days + 1)]
    found = st.compute_statistics(curve_of(equity), 365, traded=0, held_ns=0)
    assert found.days == days
    for name in ("cagr", "volatility", "sharpe", "sortino", "calmar"):
        figure = getattr(found, name)
        assert (figure.value is not None) is told
        assert figure.reason == (None if told else f"fewer than 30 days ({days})")


def test_figures_of_a_whole_session() -> None:
    """100 to 110 to 99, traded 206 on a mean equity of 103, half the time with a position."""
    found = st.compute_statistics(curve_of([100, 110, 99]), 365, traded=206, held_ns=DAY_NS)
    assert found.total_return.value == pytest.approx(-0.01)
    assert found.turnover.value == 2.0
    assert found.time_in_market.value == 0.5
    assert found.exposure_max.value == 0.0
    assert found.market_return.value == 0.25  # of 0.5 and 0.0, held in equal parts
    assert {s: f.value for s, f in found.market_returns.items()} == {"A": 0.5, "B": 0.0}
    assert found.best_day == st.DayReturn(DAY_NS, 0.1)
    assert found.worst_day == st.DayReturn(2 * DAY_NS, -0.1)
    assert found.max_drawdown.value == 0.0  # told by the rows, of which this curve has none


def test_a_drawdown_has_a_length_from_its_peak_until_it_is_made_good() -> None:
    """From day 1 to day 4; one that is not made good lasts to the end on day 9."""
    fall = Drawdown(
        peak=10, peak_ts=DAY_NS, trough=5, trough_ts=2 * DAY_NS, recovered_ts=4 * DAY_NS
    )
    curve = msgspec.structs.replace(curve_of([10] * 10), drawdown=fall)
    found = st.compute_statistics(curve, 365, traded=0, held_ns=0)
    assert (found.max_drawdown.value, found.drawdown_ns) == (0.5, 3 * DAY_NS)
    lasting = msgspec.structs.replace(fall, recovered_ts=None)
    curve = msgspec.structs.replace(curve, drawdown=lasting)
    assert st.compute_statistics(curve, 365, traded=0, held_ns=0).drawdown_ns == 8 * DAY_NS


def test_exposure_counts_what_is_owed_gross_and_takes_it_off_net() -> None:
    """Long 60 and short 20 on an equity of 100, then short 50 alone, then nothing."""
    shares = ((80, 40), (50, -50), (0, 0))
    curve = curve_of([100, 100, 100])
    points = tuple(
        msgspec.structs.replace(point, gross=gross, net=net)
        for point, (gross, net) in zip(curve.even, shares, strict=True)
    )
    found = st.compute_statistics(
        msgspec.structs.replace(curve, even=points), 365, traded=0, held_ns=0
    )
    assert found.exposure_mean.value == pytest.approx(1.3 / 3)
    assert found.exposure_max.value == 0.8
    assert found.net_exposure_mean.value == pytest.approx(-0.1 / 3)
    assert (found.net_exposure_least.value, found.net_exposure_most.value) == (-0.5, 0.4)


def test_an_account_without_equity_has_reasons() -> None:
    """An account that began with nothing divides by nothing."""
    found = st.compute_statistics(curve_of([0, 0]), 365, traded=0, held_ns=0)
    for name in ("total_return", "cagr", "turnover", "exposure_mean", "max_drawdown_daily"):
        assert getattr(found, name).value is None
        assert getattr(found, name).reason
    assert found.best_day is None


def test_equal_days_have_reasons() -> None:
    """A month of nothing: volatility zero, and no ratio to it."""
    found = st.compute_statistics(curve_of([5] * 40), 365, traded=0, held_ns=0)
    assert found.volatility.value == 0.0
    assert found.cagr.value == 0.0
    assert found.sharpe == Figure(None, "the returns do not vary")
    assert found.sortino == Figure(None, "no day lost")
    assert found.calmar == Figure(None, "no day ended below a peak")


def test_a_moment_has_no_share_of_time() -> None:
    """One sample, no time."""
    curve = msgspec.structs.replace(curve_of([5, 5]), end_ts=0, market_returns={})
    found = st.compute_statistics(curve, 365, traded=0, held_ns=0)
    assert found.time_in_market.reason == "no time has passed"
    assert found.market_return.reason == "no market row was taken"


def test_years_are_the_market_s() -> None:
    """365 days where it never closes, 252 on an exchange."""
    assert days_per_year([ALWAYS_OPEN_CALENDAR]) == 365
    assert days_per_year([load_calendar("XNYS")]) == 252
