"""Setups in which nothing but the market and money says no."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from tests.properties.eager_steps import Eager
from tests.properties.event_cases import Clockwork
from tests.properties.sources import Source

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    BasisPointsFee,
    LatencyConfig,
    RiskConfig,
    VenueConfig,
)
from offbook.domain.instruments import ALWAYS_OPEN, Instrument
from offbook.domain.market_data import DataKind
from offbook.testing.markets import SECOND

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

DAY = 86_400 * SECOND
MIDNIGHT = 1_704_153_600 * SECOND
"""2024-01-02, within the days of dated rates."""


def calm(source: Source, setup: Setup, *instruments: Instrument) -> Setup:
    """Instruments that are always open, at a venue that is at hand, with orders that are eager."""
    made = replace(
        setup,
        venue=VenueConfig(
            fee=BasisPointsFee(maker="0", taker="1"),
            volume_share="1",
            market_collar=source.pick(["0.05", "0"]),
            latency=LatencyConfig(entry_ns=0, response_ns=0),
        ),
        risk=RiskConfig(),
        hours=(),
        breaks=(),
        alone=False,
        status=False,
        marked=False,
        settlements=(),
        actions=(),
        funding=(),
        price="",
        others=(),
        eager=Eager.TO_TRADE,
    )
    parts = [
        replace(made, instrument=msgspec.structs.replace(one, calendar=ALWAYS_OPEN))
        for one in instruments
    ]
    return replace(parts[0], others=tuple(parts[1:]))


def by_days(setup: Setup) -> Setup:
    """Each row is a day."""
    listener = "on_start" if setup.listener else None
    return of_all(setup, kinds=(DataKind.BARS,), timeframe=DAY, start=MIDNIGHT, listener=listener)


def of_all(setup: Setup, **terms: Any) -> Setup:
    """The same for all instruments."""
    others = tuple(replace(one, **terms) for one in setup.others)
    return replace(setup, **terms, others=others)


def at_venue(setup: Setup, **terms: Any) -> Setup:
    """Other terms of the venue."""
    return of_all(setup, venue=msgspec.structs.replace(setup.venue, **terms))


def clock_of(setup: Setup) -> Clockwork:
    """When a setup's events may be."""
    return Clockwork(setup.start, setup.timeframe)


def lots(setup: Setup, count: object) -> str:
    """What so many lots of the first instrument are worth at first."""
    return f"{(setup.lot_worth * Decimal(str(count))).quantize(Decimal('1e-12')):f}"


def cash(setup: Setup, count: object, **terms: Any) -> AccountConfig:
    """An account for so many lots, in the first instrument's money."""
    return AccountConfig(
        currency=setup.instrument.settle_currency, initial_cash=lots(setup, count), **terms
    )


def margin(setup: Setup, count: object, **terms: Any) -> AccountConfig:
    """The same that may owe."""
    return cash(setup, count, type=AccountType.MARGIN, **terms)
