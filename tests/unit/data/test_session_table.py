"""The shipped table of New York trading sessions, held against facts known from elsewhere."""

import itertools
import json
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

TABLE = json.loads((files("offbook") / "data" / "calendars" / "XNYS.json").read_text("ascii"))
SESSIONS: dict[str, tuple[int, int]] = {
    day: (opens, closes) for day, opens, closes in TABLE["sessions"]
}
NEW_YORK = ZoneInfo("America/New_York")


def utc(minutes: int) -> datetime:
    """Turn minutes since the epoch into a time."""
    return datetime.fromtimestamp(minutes * 60, UTC)


@pytest.mark.parametrize(
    ("day", "opens", "closes", "why"),
    [
        ("1990-01-02", "14:30", "21:00", "the first session of the table, winter time"),
        ("2024-03-08", "14:30", "21:00", "the Friday before summer time"),
        ("2024-03-11", "13:30", "20:00", "the Monday after: an hour earlier in UTC"),
        ("2024-11-01", "13:30", "20:00", "the Friday before winter time"),
        ("2024-11-04", "14:30", "21:00", "the Monday after: an hour later in UTC"),
        ("2006-04-03", "13:30", "20:00", "until 2006 summer time began in April"),
        ("2007-03-12", "13:30", "20:00", "since 2007 it begins in March"),
        ("1999-11-26", "14:30", "18:00", "early close: the day after Thanksgiving"),
        ("2013-07-03", "13:30", "17:00", "early close: the day before Independence Day"),
        ("2024-11-29", "14:30", "18:00", "early close: the day after Thanksgiving"),
        ("2024-12-24", "14:30", "18:00", "early close: Christmas Eve"),
        ("2026-11-27", "14:30", "18:00", "early close: the day after Thanksgiving"),
        ("2021-06-18", "13:30", "20:00", "Juneteenth was no exchange holiday before 2022"),
        ("2021-12-31", "14:30", "21:00", "a New Year's Day on a Saturday takes no Friday"),
    ],
)
def test_a_session_opens_and_closes_when_it_did(
    day: str, opens: str, closes: str, why: str
) -> None:
    """Regular hours, early closes and the changes of summer time stand in UTC."""
    expected = tuple(datetime.fromisoformat(f"{day}T{hour}+00:00") for hour in (opens, closes))
    assert tuple(utc(minute) for minute in SESSIONS[day]) == expected, why


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("1994-04-27", "mourning for President Nixon"),
        ("2001-09-11", "the attacks"),
        ("2001-09-12", "the attacks"),
        ("2001-09-13", "the attacks"),
        ("2001-09-14", "the attacks"),
        ("2004-06-11", "mourning for President Reagan"),
        ("2012-10-29", "Hurricane Sandy"),
        ("2012-10-30", "Hurricane Sandy"),
        ("2018-12-05", "mourning for President G. H. W. Bush"),
        ("2022-06-20", "Juneteenth, kept on the Monday"),
        ("2024-03-29", "Good Friday"),
        ("2024-11-28", "Thanksgiving"),
        ("2025-01-09", "mourning for President Carter"),
        ("2026-07-03", "Independence Day, kept on the Friday"),
        ("2024-11-30", "a Saturday"),
    ],
)
def test_a_closed_day_has_no_session(day: str, why: str) -> None:
    """Holidays, weekends and unforeseen closures are left out."""
    assert day not in SESSIONS, why


@pytest.mark.parametrize("day", ["2001-09-10", "2001-09-17", "2012-10-26", "2012-10-31"])
def test_the_days_around_an_unforeseen_closure_have_sessions(day: str) -> None:
    """The closures above are no wider than they were."""
    assert day in SESSIONS


@pytest.mark.parametrize(("year", "days"), [(1996, 254), (2001, 248), (2012, 250), (2024, 252)])
def test_a_year_has_as_many_sessions_as_it_had(year: int, days: int) -> None:
    """Counted by the exchange and by everyone who annualises returns."""
    assert sum(day.startswith(str(year)) for day in SESSIONS) == days


SHORT_DAYS = {
    2015: ("11-27", "12-24"),
    2016: ("11-25",),
    2017: ("07-03", "11-24"),
    2018: ("07-03", "11-23", "12-24"),
    2019: ("07-03", "11-29", "12-24"),
    2020: ("11-27", "12-24"),
    2021: ("11-26",),
    2022: ("11-25",),
    2023: ("07-03", "11-24"),
    2024: ("07-03", "11-29", "12-24"),
    2025: ("07-03", "11-28", "12-24"),
}


@pytest.mark.parametrize("year", SHORT_DAYS)
def test_these_days_of_a_year_close_early_and_no_others(year: int) -> None:
    """At one in the afternoon of New York."""
    lengths = {
        day[5:]: closes - opens for day, (opens, closes) in SESSIONS.items() if day[:4] == str(year)
    }
    short = {day: minutes for day, minutes in lengths.items() if minutes != 390}
    assert short == dict.fromkeys(SHORT_DAYS[year], 210)


def test_sessions_are_in_order_and_within_the_exchange_s_own_day() -> None:
    """Each opens at 9:30 of its date in New York, closes by 16:00, and no date comes twice."""
    assert len(SESSIONS) == len(TABLE["sessions"])
    assert list(SESSIONS) == sorted(SESSIONS)
    for day, (opens, closes) in SESSIONS.items():
        local = utc(opens).astimezone(NEW_YORK)
        assert (local.date(), local.hour, local.minute) == (date.fromisoformat(day), 9, 30)
        assert timedelta(hours=3.5) <= utc(closes) - utc(opens) <= timedelta(hours=6.5)


def test_the_table_tells_what_it_covers() -> None:
    """The bounds are dates of the calendar, so that a day outside is unknown and not closed."""
    assert (TABLE["first"], TABLE["last"]) == ("1990-01-01", "2027-12-31")
    assert (min(SESSIONS), max(SESSIONS)) == ("1990-01-02", "2027-12-31")
    assert TABLE["timezone"] == "America/New_York"
    assert TABLE["columns"] == ["date", "open", "close"]


def table_of(name: str) -> dict[str, tuple[int, int]]:
    """The sessions of another table by their dates."""
    raw = (files("offbook") / "data" / "calendars" / f"{name}.json").read_text("ascii")
    return {day: (opens, closes) for day, opens, closes in json.loads(raw)["sessions"]}


@pytest.mark.parametrize(
    ("name", "day", "opens", "closes"),
    [
        ("XLON", "2024-01-02", "08:00", "16:30"),
        ("XLON", "2024-07-03", "07:00", "15:30"),
        ("XLON", "2024-12-24", "08:00", "12:30"),
        ("XETR", "2024-01-02", "08:00", "16:30"),
        ("XETR", "2024-07-03", "07:00", "15:30"),
        ("XETR", "2024-12-30", "08:00", "13:00"),
        ("24-5", "2024-07-03", "-3:00", "21:00"),
        ("24-5", "2024-01-02", "-2:00", "22:00"),
        ("24-5", "2024-03-11", "-3:00", "21:00"),
    ],
)
def test_sessions_of_other_markets(name: str, day: str, opens: str, closes: str) -> None:
    """Winter and summer, early closes; a day of currencies begins the evening before."""
    midnight = datetime.fromisoformat(f"{day}T00:00+00:00")
    hours = [
        midnight + timedelta(hours=int(text.split(":")[0]), minutes=int(text.split(":")[1]))
        for text in (opens, closes)
    ]
    assert [utc(minute) for minute in table_of(name)[day]] == hours


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("XLON", "2024-12-25"),
        ("XLON", "2022-09-19"),
        ("XLON", "2023-05-08"),
        ("XETR", "2024-12-24"),
        ("XETR", "2024-05-01"),
        ("24-5", "2024-01-06"),
        ("24-5", "2024-01-07"),
    ],
)
def test_closed_days_of_other_markets(name: str, day: str) -> None:
    """A state funeral and a coronation in London, Labour Day in Frankfurt, weekends."""
    assert day not in table_of(name)


def test_days_of_currencies_follow_one_another_but_at_the_weekend() -> None:
    """Each ends when the next begins; Monday's begins on Sunday."""
    sessions = table_of("24-5")
    for (before, (_, ends)), (after, (begins, _)) in itertools.pairwise(sessions.items()):
        weekend = date.fromisoformat(after).weekday() == 0
        assert begins - ends == (2 * 24 * 60 if weekend else 0) + _clock_change(ends, begins)
        assert (date.fromisoformat(after) - date.fromisoformat(before)).days == (
            3 if weekend else 1
        )


def _clock_change(before: int, after: int) -> int:
    """Minutes by which New York's clock was put back between two times."""
    first, second = (utc(minute).astimezone(NEW_YORK).utcoffset() for minute in (before, after))
    assert first is not None
    assert second is not None
    return int((first - second).total_seconds()) // 60
