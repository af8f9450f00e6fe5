"""What a venue charges.

A model tells exactly by how much a fill makes its order's charge grow, in units of 10**-26 of the
quote currency.  The engine books at each fill what the rounded charge of the whole order has grown
by.  So many small fills never cost more than one large one (unless the venue is said to round each
of them), and a reservation made for the whole order always suffices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from offbook.domain.config import (
    BasisPointsFee,
    BoundedFee,
    ByInstrumentFee,
    DatedFee,
    FeeConfig,
    FeeRounding,
    FlatFee,
    OneInstrumentsFee,
    PerUnitFee,
    SingleFee,
    SumFee,
    TieredFee,
    UsRegulatoryFee,
    VolumeOf,
    bounded_part,
    gives_back,
    single_fees,
)
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderSide
from offbook.domain.values import (
    ceil_div,
    round_against_client,
    round_half_up,
    share_of,
    text_to_units,
)
from offbook.engine.account.volumes import TradedVolumes
from offbook.engine.models.charging import (
    ACCRUAL,
    Chance,
    FeeModel,
    Occasion,
    Traded,
)
from offbook.engine.models.dated_fees import DatedShares, Tiered, UsRegulatory
from offbook.engine.models.plain_fees import BasisPoints, Bounds, Flat, PerUnit


class Bounded:
    """Several charges with bounds in common: what they come to without these is part of what an
    order has traded (``within``), for it depends on when it traded."""

    def __init__(self, config: BoundedFee) -> None:
        self._parts = _together(config)
        self._gives = any(map(gives_back, config.parts))
        self._bounds = Bounds(
            config.minimum, config.maximum, config.maximum_percent, config.minimum_percent
        )
        self._surcharge = text_to_units(config.surcharge_percent or "0", 4)

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """What the bounded sum has grown by."""
        return self._of(after.within, after) - self._of(before.within, before)

    def _of(self, within: int, traded: Traded) -> int:
        """The sum within its bounds, and the share of it on top: with four decimals of a percent
        10**-6 of it, never below zero where there is one, rounded up."""
        charge = self._bounds.of(within, traded)
        return charge + ceil_div(charge * self._surcharge, 10**6) if self._surcharge else charge

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """Every part at its worst: no bound falls as more trades, or as more is charged."""
        within = traded.within + self._parts.worst(traded, qty, notional, on)
        whole = Traded(traded.qty + qty, traded.notional + notional)
        return self._of(within, whole) - self._of(traded.within, traded)

    def rises(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """As with a rebate of one charge."""
        if not self._gives:
            return self.worst(traded, qty, notional, on)
        return self._parts.rises(traded, qty, notional, on) + self._bounds.rise(traded, notional)


class Sum:
    """Several charges together."""

    def __init__(self, parts: tuple[FeeModel, ...]) -> None:
        self._parts = parts

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """Their exact sum."""
        return sum(part.grows(before, after, on) for part in self._parts)

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The sum of the worst of each."""
        return sum(part.worst(traded, qty, notional, on) for part in self._parts)

    def rises(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The sum of what each can rise by."""
        return sum(_rises(part, traded, qty, notional, on) for part in self._parts)


def fee_model(config: OneInstrumentsFee) -> FeeModel:
    """The model that a configuration names."""
    if isinstance(config, SumFee):
        return Sum(tuple(map(fee_model, config.parts)))
    return Bounded(config) if isinstance(config, BoundedFee) else _single(config)


def _together(config: BoundedFee) -> Sum:
    """What has bounds in common, without these."""
    return Sum(tuple(map(_single, config.parts)))


def _single(config: SingleFee) -> FeeModel:
    match config:
        case PerUnitFee():
            return PerUnit(config)
        case FlatFee():
            return Flat(config)
        case TieredFee():
            return Tiered(config.tiers, config.volume)
        case DatedFee():
            return DatedShares(config)
        case UsRegulatoryFee():
            return UsRegulatory(config)
        case BasisPointsFee():
            return BasisPoints(config)


def _rises(model: FeeModel, traded: Traded, qty: int, notional: int, on: Chance) -> int:
    """The most that all fills which make a charge grow can add to it while so much more is traded,
    whatever others take away in between; never less than its worst end."""
    if isinstance(model, BasisPoints | Bounded | Sum):
        return model.rises(traded, qty, notional, on)
    return model.worst(traded, qty, notional, on)  # it never falls, or counts on no rebate


class Priced(NamedTuple):
    """How the instruments of one group are charged."""

    model: FeeModel
    bounded: FeeModel | None
    """The charges that have bounds in common, without these."""
    goes_by_volume: bool
    """Whether any charge depends on what was traded before."""


class PriceList:
    """How each instrument is charged, and what its tiers by volume go by."""

    def __init__(self, config: FeeConfig) -> None:
        self._config: ByInstrumentFee | None = None
        fees: tuple[OneInstrumentsFee, ...]
        if isinstance(config, ByInstrumentFee):
            self._config = config
            fees = tuple(group.fee for group in config.groups)
        else:
            fees = (config,)
        self._groups = tuple(map(_priced, fees))
        self.sole = self._groups[0] if self._config is None else None
        """How all instruments are charged, where there are no groups."""
        self._places: dict[str, int] = {}
        """Of each symbol its group, once that was asked for: what it goes by never changes."""

    def of(self, instrument: Instrument) -> Priced:
        """How an instrument is charged."""
        return self._groups[self._place(instrument)]

    def volume(
        self,
        traded: TradedVolumes,
        instrument: Instrument,
        ts: int,
        instruments: Mapping[str, Instrument],
    ) -> int:
        """What counts as traded in the 30 days before the day of ``ts``, of all ``instruments`` of
        the market or of a group; 0 where nothing goes by it."""
        place = self._place(instrument)
        if not self._groups[place].goes_by_volume:
            return 0
        config = self._config
        if config is None or config.volume_of is VolumeOf.ACCOUNT or len(instruments) == 1:
            return traded.before(ts)
        mates = (symbol for symbol in traded.symbols if self._place(instruments[symbol]) == place)
        return traded.before_of(mates, ts)

    def _place(self, instrument: Instrument) -> int:
        if self._config is None:
            return 0
        place = self._places.get(instrument.symbol)
        if place is None:
            place = self._places[instrument.symbol] = self._config.group_of(instrument)
        return place


def _priced(fee: OneInstrumentsFee) -> Priced:
    part = bounded_part(fee)
    return Priced(
        model=fee_model(fee),
        bounded=None if part is None else _together(part),
        goes_by_volume=any(isinstance(one, TieredFee | DatedFee) for one in single_fees(fee)),
    )


class Charges:
    """What fills book of the charges that a model gives, in units of 10**-18.

    ``now`` tells the time (ns UTC) before which nothing trades any more.
    """

    def __init__(
        self, config: FeeConfig, rounding: FeeRounding, now: Callable[[], int] = lambda: 0
    ) -> None:
        self._now = now
        self.prices = PriceList(config)
        self._half_up = rounding is FeeRounding.PER_FILL_HALF_UP
        self._half_even = rounding is FeeRounding.HALF_EVEN
        self._exact = rounding is FeeRounding.EXACT

    def accrue(self, before: Traded, after: Traded, on: Occasion) -> Traded:
        """What an order has traded with a fill, and was charged exactly."""
        within, priced = before.within, self.prices.of(on.instrument)
        if priced.bounded is not None:
            within += priced.bounded.grows(before, after, on)
            after = Traded(after.qty, after.notional, after.added, within=within)
        accrued = before.accrued + priced.model.grows(before, after, on)
        return Traded(after.qty, after.notional, after.added, accrued, within)

    def have_bounds(self, instrument: Instrument) -> bool:
        """Whether several charges of an instrument have bounds in common."""
        return self.prices.of(instrument).bounded is not None

    def fee(self, before: Traded, after: Traded, paid: int, of: Instrument) -> int:
        """What a fill books for an order that has ``paid`` this much before it, both sides with
        their charges; negative where a rebate is due."""
        if self._half_up:
            part = after.accrued - before.accrued
            return round_half_up(part, of.charge_unit * ACCRUAL) // ACCRUAL
        return self._rounded(after.accrued, of.charge_unit) - paid

    def most(
        self,
        traded: Traded,
        qty: int,
        notional: int,
        paid: int,
        of: Instrument,
        side: OrderSide | None = None,
    ) -> int:
        """The most that an order may still be charged while ``qty`` worth ``notional`` more is
        traded, on whichever side unless that is told.

        Rounding each fill half up at most doubles what it adds: what rounds up is half a unit or
        more.  What others take away may be rounded to nothing, and is not counted on.
        """
        model = (self.prices.sole or self.prices.of(of)).model
        on = Chance(of, side, self._now())
        if self._half_up:
            rise = _rises(model, traded, qty, notional, on)
            return round_against_client(2 * rise, of.charge_unit * ACCRUAL) // ACCRUAL
        growth = model.worst(traded, qty, notional, on)
        return self._rounded(traded.accrued + growth, of.charge_unit) - paid

    def _rounded(self, accrued: int, unit: int) -> int:
        if self._half_even:
            return share_of(accrued, 1, unit * ACCRUAL) * unit
        if self._exact:
            return ceil_div(accrued, ACCRUAL)
        return round_against_client(accrued, unit * ACCRUAL) // ACCRUAL
