"""Trading time of a market that rests at noon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.synthetic_rows import columns

from offbook.adapters.brokers.replay.rows import Hours
from offbook.adapters.brokers.synthetic.recipe import trading_year
from offbook.adapters.brokers.synthetic.trading_time import TradingTime
from offbook.domain.calendars import DAY_NS, TradingCalendar
from offbook.domain.config import SyntheticMarket
from offbook.domain.market_data import DataKind
from offbook.testing.markets import MINUTE, SECOND, XYZ

HOUR = 60 * MINUTE
NOON = TradingCalendar(
    name="XTKS",
    opens=tuple(day * DAY_NS for day in range(1, 30)),
    closes=tuple(day * DAY_NS + 6 * HOUR for day in range(1, 30)),
    break_starts=tuple(day * DAY_NS + 5 * HOUR // 2 for day in range(1, 30)),
    break_ends=tuple(day * DAY_NS + 7 * HOUR // 2 for day in range(1, 30)),
)


def test_a_break_is_no_trading_time_and_no_night() -> None:
    time = TradingTime(NOON, DAY_NS + HOUR)
    spent = np.array([0, HOUR, 3 * HOUR // 2, 2 * HOUR, 4 * HOUR])
    sessions = time.session_at(spent)
    ts = time.clock(spent, sessions)
    # 1:00, 2:00, after the break, half an hour later, the next day's opening.
    hours = [1, 2, 3.5, 4, 24]
    assert ((ts - DAY_NS) / HOUR).tolist() == hours
    assert time.ends_day[:4].tolist() == [False, True, False, True]
    assert (time.cells(ts, sessions, HOUR) / HOUR - 24).tolist() == [1, 2, 3.5, 3.5, 24]
    days = time.cells(ts, sessions, DAY_NS)
    assert (days / DAY_NS).tolist() == [1, 1, 1, 1, 2]
    assert (time.cell_ends(days, DAY_NS) - days == 6 * HOUR).all()
    assert time.cell_ends(np.array([DAY_NS + 2 * HOUR]), HOUR)[0] == DAY_NS + 5 * HOUR // 2
    opened = 29 * 5 * HOUR
    assert trading_year(NOON) == opened * 1461 * DAY_NS // (4 * (28 * DAY_NS + 6 * HOUR))


def test_the_bar_of_a_day_that_is_joined_after_its_break_ends_with_that_day() -> None:
    time = TradingTime(NOON, DAY_NS + 4 * HOUR)
    spent = np.array([0, 2 * HOUR])
    sessions = time.session_at(spent)
    days = time.cells(time.clock(spent, sessions), sessions, DAY_NS)
    assert (days / DAY_NS).tolist() == [1, 2]
    assert (time.cell_ends(days, DAY_NS) - days == 6 * HOUR).all()


@pytest.mark.parametrize("timeframe", [HOUR, DAY_NS])
def test_rows_and_bars_are_made_in_the_open_hours(
    timeframe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each row is of one bar."""
    monkeypatch.setattr(
        "offbook.adapters.brokers.synthetic.gateway.load_calendar", lambda _name: NOON
    )
    told: dict[str, Any] = {"instrument": XYZ, "step_ns": 10 * SECOND}
    told |= {"start_ns": DAY_NS, "duration_ns": 4 * DAY_NS}
    quotes = columns(SyntheticMarket(**told))
    bars = columns(SyntheticMarket(kind=DataKind.BARS, timeframe_ns=timeframe, **told))
    assert not Hours(NOON).closed(quotes["ts"]).any()
    assert Hours(NOON).closed(np.array([DAY_NS + 3 * HOUR, DAY_NS + 5 * HOUR // 2])).all()
    first = np.searchsorted(quotes["ts"], bars["ts_open"], side="left")
    after = np.searchsorted(quotes["ts"], bars["ts"], side="left")
    assert first.tolist() == [0, *after[:-1].tolist()]
    assert bool(np.all(after > first))
    assert len(bars["ts"]) >= (4 if timeframe == DAY_NS else 20) - 1
