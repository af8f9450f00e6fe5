"""Made-up trading hours, of one market and of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from tests.properties.sources import Source

from offbook.domain.instruments import ALWAYS_OPEN

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

Hours = tuple[tuple[int, int], ...]


def pick_hours(source: Source, start: int, timeframe: int) -> Hours:
    """When a market opens and closes, again and again."""
    length, pause = source.number(1, 12) * timeframe, source.number(1, 6) * timeframe
    first = start + source.number(-3, 3) * timeframe
    opens = range(first, first + 600 * (length + pause), length + pause)
    return tuple((at, at + length) for at in opens)


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
    instrument = msgspec.structs.replace(setup.instrument, calendar=calendar)
    return replace(setup, instrument=instrument, hours=hours, marked=setup.marked and bool(hours))
