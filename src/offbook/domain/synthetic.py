"""A made-up market as it is configured: what it looks like, never what it proves.

How the numbers become rows stands in ``docs/how-to/synthetic-market.md``.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any, Final

import msgspec

from offbook.domain.calendars import DAY_NS
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.values import text_to_units, units_to_text

STRETCH_ROWS: Final = 256
"""Regimes, gaps and bad moments are drawn once for so many rows; at most one of each in them."""

DEFAULT_ROWS: Final = 100_000
DEFAULT_STEP_NS: Final = 1_000_000_000
STEPS_PER_BAR: Final = 64
MAX_ROWS: Final = 1_000_000_000
MAX_STEPS_IN_BARS: Final = 1 << 28
MAX_DURATION_NS: Final = 40 * 365 * DAY_NS
DEFAULT_START_PRICE_TICKS: Final = 10_000
MAX_START_PRICE_TICKS: Final = 1 << 36
MAX_SPREAD_TICKS: Final = 1_000_000
MAX_SIZE_UNITS: Final = 1 << 52

RATE_PRECISION: Final = 6
FACTOR_PRECISION: Final = 4
CHANCE_PRECISION: Final = 9


class BadMoment(enum.Enum):
    """What can be wrong with a market for some rows."""

    WIDE_SPREAD = "wide_spread"
    TINY_SIZE = "tiny_size"
    LOCKED = "locked"
    BURST = "burst"
    SILENCE = "silence"


class VolumeShape(enum.Enum):
    """How sizes follow the time of the trading day."""

    FLAT = "flat"
    U = "u"


class Preset(enum.Enum):
    """Named characters of a synthetic market."""

    CALM = "calm"
    NORMAL = "normal"
    WILD = "wild"


_PRESETS: Final[dict[Preset, dict[str, Any]]] = {
    Preset.CALM: {
        "volatility": "0.2",
        "spread_mean": "1.2",
        "switch_probability": "0",
        "gap_probability": "0",
        "bad_probability": "0",
    },
    Preset.NORMAL: {},
    Preset.WILD: {
        "volatility": "1.5",
        "spread_mean": "3",
        "switch_probability": "0.002",
        "gap_probability": "0.0002",
        "gap_size": "0.01",
        "bad_probability": "0.002",
    },
}


class SyntheticMarket(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="synthetic",
):
    """A seeded market of one instrument, made of integers; the same rows on every machine.

    Length: ``rows`` (quotes or bars), or ``duration_ns`` of the clock; 100,000 rows if neither is
    given.  Bars need ``timeframe_ns``; each is made of the steps that fall into it.

    ``step_ns``: mean time between steps while the market is open (1 s; for bars a 64th of the
    timeframe).  ``start_ns``: ns UTC, or the next opening of the instrument's calendar.
    ``start_price``: decimal text (10,000 ticks).  ``size_mean``: mean size shown at each side,
    decimal text (what 20,000 of the quote currency buy).

    Decimal text per trading year, of the price's logarithm: ``volatility`` and ``drift``.  In
    ticks: ``spread_mean`` and ``spread_min``.  Volatility and mean spread are those of the normal
    regime; in a calm and a wild one volatility, and what the spread exceeds its minimum by, are
    multiplied by ``calm_factor`` and ``wild_factor``.

    Chances per row, at most 1/256 each: ``switch_probability`` of drawing the regime anew,
    ``gap_probability`` of a jump by about ``gap_size`` (a share of the price), ``bad_probability``
    of one of ``bad_moments``.  ``overnight_gap`` is the standard deviation of the move from one
    session to the next, where the calendar has sessions.

    Raises InvalidConfig naming the field.
    """

    instrument: Instrument
    kind: DataKind = DataKind.QUOTES
    seed: int = 0
    rows: int | None = None
    duration_ns: int | None = None
    timeframe_ns: int | None = None
    step_ns: int | None = None
    start_ns: int = 1_704_205_800_000_000_000
    start_price: str | None = None
    volatility: str = "0.6"
    drift: str = "0"
    spread_mean: str = "1.5"
    spread_min: int = 1
    size_mean: str | None = None
    volume_shape: VolumeShape = VolumeShape.FLAT
    calm_factor: str = "0.5"
    wild_factor: str = "3"
    switch_probability: str = "0.0005"
    gap_probability: str = "0.00002"
    gap_size: str = "0.003"
    overnight_gap: str = "0.005"
    bad_probability: str = "0.0002"
    bad_moments: tuple[BadMoment, ...] = tuple(BadMoment)

    def __post_init__(self) -> None:
        self._check_length()
        self._check_time()
        self._check_price_and_size()
        for name in ("calm_factor", "wild_factor"):
            _require(name, self.factor(name), 0, 100, FACTOR_PRECISION)
        _require("volatility", self.rate("volatility"), 0, 100, RATE_PRECISION)
        _require("drift", self.rate("drift"), -100, 100, RATE_PRECISION)
        for name in ("gap_size", "overnight_gap"):
            _require(name, self.rate(name), 0, Decimal("0.5"), RATE_PRECISION)
        for name in ("switch_probability", "gap_probability", "bad_probability"):
            most = Decimal(1) / STRETCH_ROWS
            _require(name, self.chance(name), 0, most, CHANCE_PRECISION)
        if len(set(self.bad_moments)) != len(self.bad_moments):
            raise InvalidConfig("market.bad_moments names one twice", field="market.bad_moments")

    @property
    def sources(self) -> tuple[SyntheticMarket]:
        """The market's sources: this one."""
        return (self,)

    @property
    def source(self) -> str:
        """What reports and screens call this market."""
        return f"synthetic:seed={self.seed}"

    @property
    def mean_step_ns(self) -> int:
        """Mean time between two steps of the walk, in ns of open market."""
        if self.step_ns is not None:
            return self.step_ns
        if self.timeframe_ns is not None:
            return max(self.timeframe_ns // STEPS_PER_BAR, 1)
        return DEFAULT_STEP_NS

    @property
    def row_limit(self) -> int | None:
        """How many rows there are; None when ``duration_ns`` decides."""
        if self.duration_ns is not None:
            return None
        return DEFAULT_ROWS if self.rows is None else self.rows

    @property
    def start_price_ticks(self) -> int:
        """The first price in ticks."""
        if self.start_price is None:
            return DEFAULT_START_PRICE_TICKS
        units = self._units("start_price", self.instrument.price_precision)
        ticks, rest = divmod(units, self.instrument.tick_units)
        if rest:
            raise InvalidConfig(
                f"market.start_price={self.start_price} is no multiple of the tick "
                f"{self.instrument.tick_size}",
                field="market.start_price",
            )
        return ticks

    @property
    def size_units(self) -> int | None:
        """The mean size in units of quantity; None where it is left to the price."""
        if self.size_mean is None:
            return None
        return self._units("size_mean", self.instrument.qty_precision)

    def rate(self, name: str) -> int:
        """A rate, share or drift in millionths."""
        return self._units(name, RATE_PRECISION)

    def factor(self, name: str) -> int:
        """A factor, or a number of ticks, in units of 10**-4."""
        return self._units(name, FACTOR_PRECISION)

    def chance(self, name: str) -> int:
        """A probability per row in units of 10**-9."""
        return self._units(name, CHANCE_PRECISION)

    def _check_length(self) -> None:
        if self.rows is not None and self.duration_ns is not None:
            raise InvalidConfig(
                "market.rows and market.duration_ns both say how long the market is: give one",
                field="market.duration_ns",
            )
        if self.rows is not None:
            _require("rows", self.rows, 1, MAX_ROWS)
        if self.duration_ns is not None:
            _require("duration_ns", self.duration_ns, 1, MAX_DURATION_NS)

    def _check_time(self) -> None:
        _require("seed", self.seed, 0, 2**63 - 1)
        _require("start_ns", self.start_ns, 0, 2**61)
        if self.step_ns is not None:
            _require("step_ns", self.step_ns, 1, DAY_NS)
        if self.kind is DataKind.QUOTES:
            if self.timeframe_ns is not None:
                raise InvalidConfig(
                    "market.timeframe_ns: quotes have no timeframe", field="market.timeframe_ns"
                )
        elif self.timeframe_ns is None:
            raise InvalidConfig(
                "market.timeframe_ns: bars need a timeframe (for one minute: 60000000000)",
                field="market.timeframe_ns",
            )
        else:
            _require("timeframe_ns", self.timeframe_ns, 1, 366 * DAY_NS)
            _require("step_ns", self.mean_step_ns, 1, min(self.timeframe_ns, DAY_NS))

    def _check_price_and_size(self) -> None:
        _require("start_price", self.start_price_ticks, 1, MAX_START_PRICE_TICKS, unit=" ticks")
        _require("spread_min", self.spread_min, 1, MAX_SPREAD_TICKS)
        spread = self.factor("spread_mean")
        _require("spread_mean", spread, self.spread_min, MAX_SPREAD_TICKS, FACTOR_PRECISION)
        if (size := self.size_units) is not None:
            lot = self.instrument.lot_units
            _require("size_mean", size, lot, MAX_SIZE_UNITS, unit=" units of 10**-precision")

    def _units(self, name: str, precision: int) -> int:
        try:
            return text_to_units(getattr(self, name), precision)
        except ValueError as error:
            raise InvalidConfig(f"market.{name}: {error}", field=f"market.{name}") from None


def synthetic_market(
    instrument: Instrument, preset: Preset = Preset.NORMAL, **changes: Any
) -> SyntheticMarket:
    """A synthetic market of a named character; ``changes`` are fields that win over the preset."""
    return SyntheticMarket(instrument=instrument, **{**_PRESETS[preset], **changes})


def _require(
    name: str,
    value: int,
    least: Decimal | int,
    most: Decimal | int,
    precision: int = 0,
    unit: str = "",
) -> None:
    """Hold a value in units of ``10**-precision`` against its range."""
    scale = 10**precision
    if not least * scale <= value <= most * scale:
        text = units_to_text(value, precision)
        raise InvalidConfig(
            f"market.{name}={text}, expected {least} to {most}{unit}", field=f"market.{name}"
        )
