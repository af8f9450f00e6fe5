"""Where extended hours begin and end, against a plain count of every moment."""

from random import Random

import pytest

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, NEVER, TradingCalendar
from offbook.domain.config import ExtendedHours
from offbook.domain.errors import InvalidConfig
from offbook.engine.market.extended_hours import day_end, next_change, span_at

TWO = TradingCalendar(name="T", opens=(100, 200), closes=(150, 230))


def kind_at(calendar: TradingCalendar, extended: ExtendedHours, ts: int) -> str:
    """What hours a moment is of, by looking at every session."""
    sessions = list(zip(calendar.opens, calendar.closes, strict=True))
    if any(opens <= ts < closes for opens, closes in sessions):
        return "regular"
    if any(closes <= ts < closes + extended.post_ns for _, closes in sessions):
        return "after"
    before = any(opens - extended.pre_ns <= ts < opens for opens, _ in sessions)
    return "before" if before else "closed"


@pytest.mark.parametrize("seed", range(20))
def test_every_moment_is_of_the_hours_that_a_plain_count_says(seed: int) -> None:
    """And so is the moment at which others begin."""
    rng = Random(seed)
    times = sorted(rng.sample(range(20, 120), 8))
    calendar = TradingCalendar(name="T", opens=tuple(times[::2]), closes=tuple(times[1::2]))
    extended = ExtendedHours(pre_ns=rng.randint(0, 12), post_ns=rng.randint(0, 12))
    kinds = [kind_at(calendar, extended, ts) for ts in range(150)]
    for ts in range(140):
        span = span_at(calendar, extended, ts)
        assert (span is not None) == (kinds[ts] in {"after", "before"}), f"seed {seed}, {ts}"
        if span is not None:
            assert span[0] <= ts < span[1]
            assert set(kinds[span[0] : span[1]]) == {kinds[ts]}
        change = next_change(calendar, extended, ts)
        ahead = [at for at in range(ts + 1, 150) if kinds[at] != kinds[ts]]
        assert change <= (ahead[0] if ahead else NEVER)
        assert all(kinds[at] == kinds[ts] for at in range(ts, min(change, 150)))


@pytest.mark.parametrize(
    ("ts", "ends"),
    [(90, 160), (120, 160), (150, 160), (159, 160), (160, 240), (195, 240), (229, 240), (235, 240)],
)
def test_a_day_ends_with_the_hours_after_its_close(ts: int, ends: int) -> None:
    """Of an order that arrives in them, with these."""
    assert day_end(TWO, ExtendedHours(pre_ns=20, post_ns=10), ts) == ends


def test_a_day_ends_before_the_next_begins() -> None:
    """Where the hours after a close would last until the next opening, or longer."""
    for post in (50, 70):
        assert day_end(TWO, ExtendedHours(pre_ns=0, post_ns=post), 170) == 200


def test_without_extended_hours_a_day_ends_at_its_close() -> None:
    """And where nothing ever closes, at midnight."""
    assert day_end(TWO, None, 120) == 150
    assert span_at(TWO, None, 160) is None
    assert next_change(TWO, None, 160) == 200
    assert span_at(ALWAYS_OPEN_CALENDAR, ExtendedHours(), 5) is None
    assert next_change(ALWAYS_OPEN_CALENDAR, ExtendedHours(), 5) == NEVER


@pytest.mark.parametrize("name", ["pre_ns", "post_ns"])
def test_extended_hours_last_half_a_day_at_most(name: str) -> None:
    """And not less than nothing."""
    for value in (-1, 43_200 * 10**9 + 1):
        with pytest.raises(InvalidConfig) as caught:
            ExtendedHours(**{name: value})
        assert caught.value.fields["field"] == f"venue.extended_hours.{name}"


@pytest.mark.parametrize("ts", range(98, 240))
def test_a_break_at_noon_has_no_extended_hours(ts: int) -> None:
    """However long they are, and those around the day are as without it."""
    noon = TradingCalendar(
        name="T", opens=(100, 200), closes=(150, 230), break_starts=(120,), break_ends=(130,)
    )
    extended = ExtendedHours(pre_ns=90, post_ns=45)
    assert span_at(noon, extended, ts) == span_at(TWO, extended, ts)
    assert day_end(noon, extended, ts) == day_end(TWO, extended, ts)
    changes = [at for at in (120, 130, next_change(TWO, extended, ts)) if at > ts]
    assert next_change(noon, extended, ts) == min(changes)
