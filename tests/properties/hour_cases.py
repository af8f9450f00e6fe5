"""Made-up trading hours, of one market and of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from tests.properties.sources import Source

from offbook.domain.config import AtBreak
from offbook.domain.instruments import ALWAYS_OPEN

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

HOUR, DAY = 3600 * 10**9, 86_400 * 10**9
Hours = tuple[tuple[int, int], ...]


def pick_hours(source: Source, start: int, timeframe: int) -> Hours:
    """When a market opens and closes, again and again."""
    length, pause = source.number(1, 12) * timeframe, source.number(1, 6) * timeframe
    first = start + source.number(-3, 3) * timeframe
    opens = range(first, first + 600 * (length + pause), length + pause)
    return tuple((at, at + length) for at in opens)


def with_breaks(source: Source, setup: Setup, lengths: Sequence[int] = (0, 0, 1, 2, 4)) -> Setup:
    """Markets that rest at noon for so many timeframes, with the auctions of their exchange or by
    another rule."""
    length, rule = source.pick(lengths), source.pick([AtBreak.CALENDAR, *AtBreak])
    after, name = source.pick([1, 2, 3]), source.pick(["", "XTKS"])
    if not (length and setup.hours):
        return setup
    auctions = msgspec.structs.replace(setup.venue.auctions, at_break=rule)
    venue = msgspec.structs.replace(setup.venue, auctions=auctions)
    here = setup.instrument.calendar
    parts = []
    for part in setup.parts:
        rests = _breaks(part, after, length)
        part = replace(part, venue=venue, breaks=rests, others=())
        parts.append(_called(part, name) if name and part.instrument.calendar == here else part)
    return replace(parts[0], others=tuple(parts[1:]))


def _breaks(setup: Setup, after: int, length: int) -> Hours:
    """So many timeframes, or hours, after the opening of each day that is longer; short days have
    none."""
    short = any(closes - opens < DAY for opens, closes in setup.hours)
    unit = min(setup.timeframe, HOUR) if short else setup.timeframe
    begins = [(opens + after * unit, closes) for opens, closes in setup.hours]
    return tuple((at, at + length * unit) for at, closes in begins if at + length * unit < closes)


def _called(setup: Setup, calendar: str) -> Setup:
    """With its hours known by another name."""
    instrument = msgspec.structs.replace(setup.instrument, calendar=calendar)
    return replace(setup, instrument=instrument)


def with_other_hours(source: Source, setup: Setup) -> Setup:
    """Now and then the other instruments trade at hours of their own, or always."""
    if not setup.others or source.pick([True, True, False]):
        return setup
    hours = source.pick([(), pick_hours(source, setup.start, setup.timeframe)])
    others = tuple(_at(one, "ELSEWHERE", hours) for one in setup.others)
    return replace(_at(setup, "HERE", setup.hours), others=others)


def _at(setup: Setup, name: str, hours: Hours) -> Setup:
    """Without hours there are no auctions."""
    calendar = name if hours else ALWAYS_OPEN
    return replace(_called(setup, calendar), hours=hours, marked=setup.marked and bool(hours))
