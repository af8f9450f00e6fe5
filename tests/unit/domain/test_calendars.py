"""Trading hours: sessions as a table, asked at any moment."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, DAY_NS, NEVER, TradingCalendar
from offbook.domain.errors import InvalidConfig

NEW_YORK = ZoneInfo("America/New_York")
HOUR = 3_600_000_000_000


def local(day: int, hour: int, minute: int = 0, month: int = 3) -> int:
    """A time of New York in 2026 as ns UTC."""
    moment = datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)
    return int(moment.timestamp()) * 1_000_000_000


def days(*numbers: int) -> TradingCalendar:
    """Regular sessions, 9:30 to 16:00 in New York, on some days of March 2026."""
    return TradingCalendar(
        name="XNYS",
        opens=tuple(local(day, 9, 30) for day in numbers),
        closes=tuple(local(day, 16) for day in numbers),
    )


# Clocks go forward in the night to Sunday the 8th; the 10th is left out, as a holiday is.
WEEK = days(5, 6, 9, 11)


@pytest.mark.parametrize(
    ("day", "hour", "minute", "is_open", "change", "end"),
    [
        (5, 9, 29, False, (5, 9, 30), (5, 16)),
        (5, 9, 30, True, (5, 16), (5, 16)),
        (5, 15, 59, True, (5, 16), (5, 16)),
        (5, 16, 0, False, (6, 9, 30), (6, 16)),
        (6, 12, 0, True, (6, 16), (6, 16)),
        (7, 12, 0, False, (9, 9, 30), (9, 16)),
        (9, 9, 30, True, (9, 16), (9, 16)),
        (10, 12, 0, False, (11, 9, 30), (11, 16)),
        (11, 15, 0, True, (11, 16), (11, 16)),
    ],
)
def test_hours_follow_the_table_over_clock_changes_and_holidays(
    day: int,
    hour: int,
    minute: int,
    is_open: bool,
    change: tuple[int, ...],
    end: tuple[int, ...],
) -> None:
    """Open is [open, close); a DAY order ends at this session's close, else at the next one's."""
    ts = local(day, hour, minute)
    assert WEEK.is_open(ts) is is_open
    assert WEEK.next_change(ts) == local(*change)
    assert WEEK.day_end(ts) == local(*end)


def test_clocks_that_go_forward_move_the_opening_by_an_hour_of_utc() -> None:
    """Friday opens at 14:30 UTC, Monday at 13:30."""
    assert WEEK.opens[2] - WEEK.opens[1] == 3 * DAY_NS - HOUR
    assert [open_ % DAY_NS for open_ in WEEK.opens[1:3]] == [14.5 * HOUR, 13.5 * HOUR]


def test_past_the_end_of_the_table_nothing_is_guessed() -> None:
    """Closed, no change to come, and no day to end: a newer table is needed."""
    ts = local(11, 16)
    assert not WEEK.is_open(ts)
    assert WEEK.next_change(ts) == NEVER
    with pytest.raises(InvalidConfig, match="a newer session table is needed") as caught:
        WEEK.day_end(ts)
    assert caught.value.fields["field"] == "instrument.calendar"


def test_before_the_table_begins_the_first_session_is_awaited() -> None:
    """The market is shut, not unknown."""
    assert not WEEK.is_open(0)
    assert WEEK.next_change(0) == WEEK.opens[0]
    assert WEEK.day_end(0) == WEEK.closes[0]


def test_two_sessions_on_one_day_are_two_sessions() -> None:
    """Each ends DAY orders, which a break of one session does not."""
    split = TradingCalendar(name="XTKS", opens=(0, 4), closes=(3, 7))
    assert [split.is_open(ts) for ts in range(8)] == [True] * 3 + [False] + [True] * 3 + [False]
    assert [split.day_end(ts) for ts in (2, 3)] == [3, 7]
    assert [split.next_change(ts) for ts in (0, 3, 4)] == [3, 4, 7]


NOON = TradingCalendar(
    name="XTKS", opens=(0, 20), closes=(9, 27), break_starts=(3,), break_ends=(5,)
)
"""A day with a break at noon, and one without."""


@pytest.mark.parametrize("ts", range(30))
def test_a_break_shuts_the_market_and_ends_no_day(ts: int) -> None:
    """Open hours are those of the spans; days are those of the sessions."""
    opens, closes = NOON.spans()
    assert (opens, closes) == ((0, 5, 20), (3, 9, 27))
    spans = TradingCalendar(name="XTKS", opens=opens, closes=closes)
    whole = TradingCalendar(name="XTKS", opens=NOON.opens, closes=NOON.closes)
    assert whole.spans() == (NOON.opens, NOON.closes)
    assert NOON.is_open(ts) is spans.is_open(ts)
    assert NOON.next_change(ts) == spans.next_change(ts)
    for other in range(30):
        assert NOON.is_same_session(ts, other) is spans.is_same_session(ts, other)
    assert NOON.is_within_day(ts) is whole.is_open(ts)
    assert NOON.next_open(ts) == whole.next_open(ts)
    assert NOON.last_close(ts) == whole.last_close(ts)
    if ts < 27:
        assert NOON.day_end(ts) == whole.day_end(ts)


@pytest.mark.parametrize(
    ("starts", "ends"),
    [((3,), ()), ((3,), (9,)), ((0,), (3,)), ((5,), (3,)), ((10,), (12,)), ((1, 5), (2, 6)),
     ((21, 3), (22, 5)), ((8,), (21,))],
)  # fmt: skip
def test_a_break_that_is_not_inside_a_session_of_its_own_is_refused(
    starts: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    """Nor one without an end."""
    with pytest.raises(InvalidConfig, match="break"):
        msgspec.structs.replace(NOON, break_starts=starts, break_ends=ends)


def test_sessions_that_overlap_are_named_before_their_breaks() -> None:
    with pytest.raises(InvalidConfig, match="sessions overlap or run backwards"):
        msgspec.structs.replace(NOON, opens=(20, 0), closes=(27, 9))


def test_breaks_are_part_of_the_digest() -> None:
    """Two calendars that differ in their breaks are two."""
    none = msgspec.structs.replace(NOON, break_starts=(), break_ends=())
    longer = msgspec.structs.replace(NOON, break_ends=(6,))
    assert len({NOON.digest(), none.digest(), longer.digest()}) == 3
    assert longer.digest() == msgspec.structs.replace(NOON, break_ends=(6,)).digest()


def test_sessions_that_touch_change_at_one_instant() -> None:
    """The close of one is the opening of the next."""
    touching = TradingCalendar(name="X", opens=(0, 3), closes=(3, 6))
    assert touching.next_change(0) == 3
    assert touching.is_open(3)
    assert touching.day_end(3) == 6


@given(st.integers(0, 2**62))
def test_a_market_that_never_closes_has_days_of_utc(ts: int) -> None:
    """The day ends strictly after any moment of it, at most a day later."""
    calendar = ALWAYS_OPEN_CALENDAR
    assert calendar.always_open
    assert calendar.is_open(ts)
    assert calendar.next_change(ts) == NEVER
    end = calendar.day_end(ts)
    assert end % DAY_NS == 0
    assert ts < end <= ts + DAY_NS


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=20, unique=True).filter(
        lambda times: len(times) % 2 == 0
    ),
    st.integers(0, 420),
)
def test_any_table_answers_as_a_slow_look_through_it(times: list[int], ts: int) -> None:
    """Whatever the holes are."""
    times.sort()
    calendar = TradingCalendar(name="X", opens=tuple(times[::2]), closes=tuple(times[1::2]))
    sessions = list(zip(times[::2], times[1::2], strict=True))
    assert calendar.is_open(ts) is any(begin <= ts < end for begin, end in sessions)
    assert calendar.next_change(ts) == min((t for t in times if t > ts), default=NEVER)
    if ts < times[-1]:
        assert calendar.day_end(ts) == min(end for _, end in sessions if end > ts)


def test_equal_digests_mean_equal_hours() -> None:
    """One time or the name changes it; loading it again does not."""
    assert WEEK.digest() == days(5, 6, 9, 11).digest()
    others = [
        days(5, 6, 9),
        msgspec.structs.replace(WEEK, name="XNAS"),
        msgspec.structs.replace(WEEK, closes=(*WEEK.closes[:-1], WEEK.closes[-1] + 1)),
        msgspec.structs.replace(WEEK, opens=(*WEEK.opens[:-1], WEEK.opens[-1] - 1)),
        ALWAYS_OPEN_CALENDAR,
    ]
    assert len({WEEK.digest(), *(other.digest() for other in others)}) == len(others) + 1


def test_the_digest_of_a_calendar_is_as_it_has_always_been() -> None:
    """It stands in every session's first record."""
    assert ALWAYS_OPEN_CALENDAR.digest() == (
        "938e7d7f171072e750924c85f9f983b1d49e2abebccf0d7a355577968ec20ec1"
    )


@pytest.mark.parametrize(
    ("name", "opens", "closes", "message"),
    [("X", (1, 3), (2,), "differ in number"), ("X", (), (), "has no sessions")],
)
def test_a_table_that_cannot_be_is_refused(
    name: str, opens: tuple[int, ...], closes: tuple[int, ...], message: str
) -> None:
    """At once, not when it is first asked."""
    with pytest.raises(InvalidConfig, match=message):
        TradingCalendar(name=name, opens=opens, closes=closes)
