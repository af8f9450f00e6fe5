"""A configuration worked out into the integers that the rows are made of."""

from __future__ import annotations

import hashlib
import math
from typing import Final

import msgspec

from offbook.adapters.brokers.synthetic.powers import MOST_LEVEL, PER_NATURAL, level_of
from offbook.domain.calendars import DAY_NS, TradingCalendar
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import (
    CHANCE_PRECISION,
    FACTOR_PRECISION,
    MAX_SIZE_UNITS,
    RATE_PRECISION,
    STRETCH_ROWS,
    BadMoment,
    SyntheticMarket,
    VolumeShape,
)

GENERATOR_VERSION: Final = 1
"""Part of every data identity; raised when the same configuration would give other rows."""

SHARE_BITS: Final = 8
"""Mean sizes and spreads are in units of 2**-8 of a grain or tick."""

CHANCE_BITS: Final = 32
"""Chances are in units of 2**-32."""

CALM, NORMAL, WILD = 0, 1, 2
"""Regimes: places in the recipe's triples."""

_MOST_SIGMA: Final = 1 << 39
_DEFAULT_VALUE: Final = 20_000
_SIZE_BITS: Final = 36
_YEAR_NS: Final = 365 * DAY_NS


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the rows, and nothing else.

    Levels and moves are in units of 2**-40 of a base-2 logarithm.  Triples are by regime.
    ``size_grain`` is what sizes are multiples of, in quantity units: a lot, or so many lots that
    products fit.  ``level_most`` keeps prices inside the columns' bounds; ``drift`` is per stretch.
    """

    version: int = GENERATOR_VERSION
    seed: int
    kind: DataKind
    price_precision: int
    qty_precision: int
    tick_units: int
    rows: int | None
    duration_ns: int | None
    timeframe_ns: int | None
    step_ns: int
    start_ns: int
    calendar: str
    level: int
    level_most: int
    sigma: tuple[int, int, int]
    drift: int
    switch: int
    gap: int
    gap_move: int
    overnight_sigma: int
    bad: int
    bad_moments: tuple[BadMoment, ...]
    spread_least: int
    spread_excess: tuple[int, int, int]
    size_grain: int
    size_mean: int
    volume_shape: VolumeShape

    def identity(self) -> str:
        """SHA-256 of everything that decides the rows, in hex."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def work_out(market: SyntheticMarket, calendar: TradingCalendar) -> Recipe:
    """The recipe of a market. Raises InvalidConfig for moves that no row could make."""
    instrument = market.instrument
    tick = instrument.tick_units
    factors = (market.factor("calm_factor"), 10**FACTOR_PRECISION, market.factor("wild_factor"))
    spread_least = market.spread_min
    excess = market.factor("spread_mean") - spread_least * 10**FACTOR_PRECISION
    year = trading_year(calendar)
    size_grain, size_mean = _size(market)
    return Recipe(
        seed=market.seed,
        kind=market.kind,
        price_precision=instrument.price_precision,
        qty_precision=instrument.qty_precision,
        tick_units=tick,
        rows=market.row_limit,
        duration_ns=market.duration_ns,
        timeframe_ns=market.timeframe_ns,
        step_ns=market.mean_step_ns,
        start_ns=market.start_ns,
        calendar=calendar.digest(),
        level=level_of(market.start_price_ticks),
        level_most=_level_most(market),
        sigma=_sigmas(market, factors, year),
        drift=_drift(market, year),
        switch=_chance(market, "switch_probability"),
        gap=_chance(market, "gap_probability"),
        gap_move=_share(market, "gap_size"),
        overnight_sigma=_share(market, "overnight_gap"),
        bad=_chance(market, "bad_probability"),
        # In one order, so that the same moments named otherwise give the same rows.
        bad_moments=tuple(moment for moment in BadMoment if moment in market.bad_moments),
        spread_least=spread_least,
        spread_excess=_by_regime(excess, factors),
        size_grain=size_grain,
        size_mean=size_mean,
        volume_shape=market.volume_shape,
    )


def trading_year(calendar: TradingCalendar) -> int:
    """How many ns of a year a market is open: by its whole table, all 365 days if it never shuts.

    A year of sessions is counted as 365.25 days of the calendar.
    """
    if calendar.always_open:
        return _YEAR_NS
    opens, closes = calendar.spans()
    opened = sum(closes) - sum(opens)
    spanned = calendar.closes[-1] - calendar.opens[0]
    return max(opened * (365 * 4 + 1) * DAY_NS // (4 * spanned), 1)


def _level_most(market: SyntheticMarket) -> int:
    """The highest level at which price and spread still fit their columns."""
    highest = level_of((1 << 60) // market.instrument.tick_units)
    level = min(highest, MOST_LEVEL)
    if level_of(market.start_price_ticks) > level - (1 << 40):
        raise InvalidConfig(
            "market.start_price is too large for the instrument's precision",
            field="market.start_price",
        )
    return level


def _sigmas(
    market: SyntheticMarket, factors: tuple[int, int, int], year: int
) -> tuple[int, int, int]:
    """Standard deviation of one row's move: volatility times the root of its share of a year."""
    per_row = market.rate("volatility") * PER_NATURAL
    variance = per_row * per_row * market.mean_step_ns // year
    calm, normal, wild = (
        math.isqrt(variance * factor * factor) // 10 ** (RATE_PRECISION + FACTOR_PRECISION)
        for factor in factors
    )
    if max(calm, normal, wild) > _MOST_SIGMA:
        raise InvalidConfig(
            f"market.volatility={market.volatility} with steps of {market.mean_step_ns} ns would "
            "move the price by more than 40 % in one row: shorten step_ns or lower it",
            field="market.volatility",
        )
    return calm, normal, wild


def _drift(market: SyntheticMarket, year: int) -> int:
    drift = market.rate("drift") * PER_NATURAL * market.mean_step_ns * STRETCH_ROWS
    per_stretch = drift // (year * 10**RATE_PRECISION)
    if abs(per_stretch) > _MOST_SIGMA:
        raise InvalidConfig(
            f"market.drift={market.drift} with steps of {market.mean_step_ns} ns would move the "
            f"price by more than 40 % in {STRETCH_ROWS} rows",
            field="market.drift",
        )
    return per_stretch


def _chance(market: SyntheticMarket, name: str) -> int:
    """The chance per stretch in units of 2**-32."""
    return (market.chance(name) * STRETCH_ROWS << CHANCE_BITS) // 10**CHANCE_PRECISION


def _share(market: SyntheticMarket, name: str) -> int:
    return market.rate(name) * PER_NATURAL // 10**RATE_PRECISION


def _by_regime(value: int, factors: tuple[int, int, int]) -> tuple[int, int, int]:
    """A number of ticks in units of 10**-4, times each factor, in units of 2**-8."""
    calm, normal, wild = (
        (value * factor << SHARE_BITS) // 10 ** (2 * FACTOR_PRECISION) for factor in factors
    )
    return calm, normal, wild


def _size(market: SyntheticMarket) -> tuple[int, int]:
    """The quantity units that all sizes are multiples of, and the mean size in 2**-8 of them."""
    instrument = market.instrument
    lot = instrument.lot_units
    units = market.size_units
    # A bar's volume is a sum over its steps.
    steps = (market.timeframe_ns or 0) // market.mean_step_ns
    most = MAX_SIZE_UNITS // max(steps >> 3, 1)
    if units is None:
        scale: int = 10 ** (instrument.price_precision + instrument.qty_precision)
        price = market.start_price_ticks * instrument.tick_units
        # At least ten lots, so that a size can be shared; at most what the columns hold.
        units = min(max(_DEFAULT_VALUE * scale // price, 10 * lot), most)
    elif units > most:
        raise InvalidConfig(
            f"market.size_mean={market.size_mean} is too large for the volume of a bar",
            field="market.size_mean",
        )
    if units < lot:
        raise InvalidConfig(
            f"market.instrument.lot_size={instrument.lot_size} is too large to be stored with "
            f"{instrument.qty_precision} decimals",
            field="market.instrument.lot_size",
        )
    # Very many lots are counted in powers of two, so that products stay in 64 bits.
    grain = lot << max((units // lot).bit_length() - _SIZE_BITS, 0)
    return grain, (units << SHARE_BITS) // grain
