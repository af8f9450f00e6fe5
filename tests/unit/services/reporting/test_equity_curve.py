"""Equity over time: by hand, on every grid, and as the engine itself marks it."""

from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.unit.services.reporting.acting import TEN_BP, Deal, curve_of, money, play
from tests.unit.services.reporting.plain_equity import instrument, path_of

from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, DAY_NS, TradingCalendar
from offbook.domain.market_data import Cursor
from offbook.services.reporting.account_path import AccountStep
from offbook.services.reporting.equity_curve import (
    evenly,
    read_equity_curve,
    sample,
)
from offbook.services.reporting.round_trips import fifo_trips, position_trips
from offbook.services.reporting.trading_days import day_ends, days_per_year
from offbook.services.reporting.trip_statistics import Excursions
from offbook.services.reporting.worth import Worth
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    SECOND,
    START,
    XYZ,
    bars_market,
    quotes_market,
)
from offbook.testing.scripted_gateway import ScriptedGateway

ONE = instrument("A", 9, 9)
"""A unit of price times a unit of quantity is a unit of money."""
QUOTES = [("99.00", "101.00"), ("100.00", "102.00"), ("103.00", "106.00"), ("90.00", "92.00")]


async def test_equity_by_hand() -> None:
    """Cash 10,000; one coin bought at 102 after the second row, with 10 bp: 0.102.

    Then cash is 9,897.898. At mid: 101, 104.5, 91; at the bid: 100, 103, 90.
    """
    market = quotes_market(QUOTES)
    played = play(market, [Deal(2, "1")], fee=TEN_BP)
    curve = await curve_of(market, played, points=4)
    assert [point.ts for point in curve.even] == [START + i * SECOND for i in range(4)]
    cash = money("9897.898")
    assert [point.equity for point in curve.even] == [
        money("10000"),
        cash + money("101"),
        cash + money("104.5"),
        cash + money("91"),
    ]
    assert [point.equity_closing for point in curve.even[1:]] == [
        cash + money("100"),
        cash + money("103"),
        cash + money("90"),
    ]
    assert curve.even[2].exposure == pytest.approx(104.5 / 10002.398)
    assert [point.equity for point in curve.at_fills] == [cash + money("101")]
    assert [point.equity for point in curve.daily] == [money("10000"), cash + money("91")]
    assert curve.market_returns == {"BTCUSDT": pytest.approx(91 / 100 - 1)}
    # From 10,002.398 at the third row down to 9,988.898 at the fourth.
    assert curve.drawdown is not None
    assert (curve.drawdown.peak, curve.drawdown.trough) == (money("10002.398"), money("9988.898"))


def test_exact_halves_are_rounded_down_and_nothing_held_needs_no_price() -> None:
    """Seven units at a mid of 0.5 units each, at scale 1: 3.5 becomes 3."""
    a, b = (msgspec.structs.replace(ONE, symbol=name, base=name) for name in "AB")
    path = path_of([a, b], [])
    worth, marks = Worth(path.account, path.market), {"A": (0, 1), "B": (0, 1)}
    point = sample(AccountStep(0, {"USD": 10}, {"A": 7}), 5, marks, worth)
    assert (point.equity, point.equity_closing, point.gross, point.net) == (13, 10, 4, 3)
    short = sample(AccountStep(0, {"USD": 10}, {"A": -7}), 5, marks, worth)
    assert (short.equity, short.equity_closing, short.gross, short.net) == (6, 3, 4, -4)
    both = sample(AccountStep(0, {"USD": 10}, {"A": 7, "B": -7}), 5, marks, worth)
    assert (both.equity, both.equity_closing, both.gross, both.net) == (9, 3, 8, -1)
    assert (both.exposure, both.net_exposure) == (8 / 9, -1 / 9)
    empty = sample(AccountStep(0, {"USD": 10}, {}), 5, {}, worth)
    assert (empty.equity, empty.exposure) == (10, 0.0)
    assert sample(AccountStep(0, {"USD": 0}, {}), 5, {}, worth).exposure is None


def test_days_end_at_midnight_where_the_market_never_closes() -> None:
    """From one evening to the second morning after: two midnights and the end."""
    begin, end = 10 * DAY_NS - 5, 11 * DAY_NS + 7
    assert day_ends([ALWAYS_OPEN_CALENDAR], begin, end) == [10 * DAY_NS, 11 * DAY_NS, end]
    assert day_ends([ALWAYS_OPEN_CALENDAR], begin, 10 * DAY_NS) == [10 * DAY_NS]


def test_days_end_at_the_close_of_an_exchange() -> None:
    """2024-01-02 14:30 UTC is New York's open: closes at 21:00 that day and the next two."""
    hour = 3600 * SECOND
    calendar = load_calendar("XNYS")
    closes = [START + 6 * hour + 30 * MINUTE + day * DAY_NS for day in range(3)]
    assert day_ends([calendar], START, closes[2]) == closes
    assert day_ends([calendar], START, closes[1] + hour) == [*closes[:2], closes[1] + hour]
    # Friday's close to Monday's: the weekend has no day of its own.
    friday, monday = closes[0] + 3 * DAY_NS, closes[0] + 6 * DAY_NS
    assert day_ends([calendar], friday, monday) == [monday]


def test_days_of_several_markets_end_with_the_last_of_them() -> None:
    """An exchange that closes three hours later gives the day its end; one that is always open
    gives it midnight, and a year all its days."""
    new_york = load_calendar("XNYS")
    hour = 3600 * SECOND
    later = TradingCalendar(
        name="LATER",
        opens=tuple(open_ + 3 * hour for open_ in new_york.opens),
        closes=tuple(close + 2 * hour for close in new_york.closes),
    )
    first = START + 6 * hour + 30 * MINUTE
    both = [new_york, later]
    assert day_ends(both, START, START + DAY_NS) == [first + 2 * hour, START + DAY_NS]
    assert days_per_year(both) == 252
    mixed = [new_york, ALWAYS_OPEN_CALENDAR]
    assert day_ends(mixed, START, START + DAY_NS) == [
        (START // DAY_NS + 1) * DAY_NS,
        START + DAY_NS,
    ]
    assert days_per_year(mixed) == 365


def test_even_moments_hold_both_ends_and_none_twice() -> None:
    """Also where there are fewer moments than are asked for."""
    assert evenly(10, 20, 3) == [10, 15, 20]
    assert evenly(10, 12, 500) == [10, 11, 12]
    assert evenly(10, 10, 500) == [10]
    assert evenly(0, 7, 1) == [0, 7]


@given(
    some.lists(some.integers(-40, 40), min_size=30, max_size=30),
    some.lists(some.tuples(some.integers(1, 29), some.sampled_from(["0.5", "-0.5", "1.7"]))),
    some.integers(1, 40),
)
async def test_the_last_sample_is_the_engine_s_own_equity(
    moves: list[int], deals: list[tuple[int, str]], block: int
) -> None:
    """The equity that the engine wrote into its last record; the same however blocks are cut."""
    levels = [10_000 + move for move in accumulate(moves)]
    market = quotes_market([(f"{p / 100:.2f}", f"{(p + 3) / 100:.2f}") for p in levels])
    played = play(market, [Deal(*deal) for deal in deals], fee=TEN_BP)
    curve = await curve_of(market, played, block_rows=block, points=17)
    assert played.ledger.stopped is not None
    assert curve.last.equity == played.ledger.stopped.equity
    assert curve.last.cash == played.ledger.stopped.balances
    assert curve == await curve_of(market, played, points=17)


async def test_a_bar_at_midnight_belongs_to_the_day_that_ends() -> None:
    """Three one-minute bars, the second ends at midnight: its close is that day's last price."""
    rows = [("10", "10", "10", str(price), "1000") for price in (10, 10, 10)]
    market = bars_market(
        [("10", "12", "9", "10", "1000"), ("10", "20", "10", "20", "1000"), *rows[:1]],
        instrument=XYZ,
        start=10 * DAY_NS - 2 * MINUTE,
    )
    played = play(market, [Deal(1, "5")])
    curve = await curve_of(market, played)
    # Five shares bought at the second bar's open of 10, worth 20 each at its close.
    assert [point.equity for point in curve.daily] == [
        money("10000"),
        money("10050"),
        money("10000"),
    ]
    assert curve.daily[1].ts == 10 * DAY_NS


async def test_excursions_by_hand() -> None:
    """Bought at 102 when the mid is 101; mids 104.5 and 91 follow; sold at 90.

    For it: 104.5 / 102 - 1; against it: the sale itself at 90 / 102 - 1, below the mid of 91.
    What the price does after the sale is no part of it.
    """
    market = quotes_market([*QUOTES, ("10.00", "12.00"), ("500.00", "502.00")])
    played = play(market, [Deal(2, "1"), Deal(4, "-1")])
    curve = await curve_of(market, played)
    (trip,) = position_trips(played.path.executions)
    found = Excursions(played.path, curve).of(trip)
    assert found is not None
    assert found.favourable == pytest.approx(104.5 / 102 - 1)
    assert found.adverse == pytest.approx(90 / 102 - 1)
    (pair,) = fifo_trips(played.path.executions).trips
    assert Excursions(played.path, curve).of(pair) == found


async def test_an_open_trip_reaches_to_the_end() -> None:
    """Bought at 102 and held: the lowest mid is 91."""
    market = quotes_market(QUOTES)
    played = play(market, [Deal(2, "1")])
    curve = await curve_of(market, played)
    (trip,) = position_trips(played.path.executions)
    found = Excursions(played.path, curve).of(trip)
    assert found is not None
    assert found.adverse == pytest.approx(91 / 102 - 1)


async def test_a_session_that_took_no_rows_stands_at_its_opening() -> None:
    """No price, no move: the opening cash throughout."""
    market = quotes_market(QUOTES)
    played = play(market, [])
    feed = await ScriptedGateway(market.slices).open(market.config)
    curve = await read_equity_curve(feed, played.path, Cursor())
    await feed.close()
    assert {point.equity for point in (*curve.daily, *curve.even)} == {money("10000")}
    assert (curve.drawdown, curve.underwater) == (None, None)
    assert curve.market_returns == {"BTCUSDT": None}


async def test_a_trip_whose_rows_are_not_there_has_no_excursion() -> None:
    """A path with a fill, and none of the market's rows."""
    market = quotes_market(QUOTES)
    played = play(market, [Deal(2, "1")])
    feed = await ScriptedGateway(market.slices).open(market.config)
    curve = await read_equity_curve(feed, played.path, Cursor())
    await feed.close()
    (trip,) = position_trips(played.path.executions)
    assert Excursions(played.path, curve).of(trip) is None


def test_the_account_of_any_moment() -> None:
    """Before the first fill the opening, from a fill's own moment on what it left."""
    played = play(quotes_market(QUOTES), [Deal(2, "1"), Deal(3, "-1")])
    held = [played.path.at(START + i * SECOND).positions for i in range(4)]
    assert held == [{}, {"BTCUSDT": 10**BTCUSDT.qty_precision}, {}, {}]
    assert played.path.steps[0].ts == played.records[0].ts - 1
    assert played.path.at(0).cash == {"USDT": money("10000")}
