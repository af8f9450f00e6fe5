"""How much worse than the data's price a taking order trades.

Slippage moves the price of taking fills against the client, is rounded against the client to a
tick, and goes neither beyond the order's limit nor, on bars, beyond the bar's range: a fill
outside the market of its moment would be a defect (``venue.slippage_bound`` lets it be one).
On quotes, where it is asked for, a price worse than the shown one stands for impact.  The evidence
of the fill shows the price without it.
"""

from __future__ import annotations

import math
from typing import Protocol

import msgspec

from offbook.domain.config import (
    RATIO_PRECISION,
    BasisPointsSlippage,
    NoSlippage,
    SlippageConfig,
    SpreadSlippage,
    SquareRootSlippage,
    VolumeShareSlippage,
)
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderSide
from offbook.domain.record_parts import Evidence
from offbook.domain.values import AMOUNT_PRECISION, ceil_div, text_to_units

_RATIO = 10**RATIO_PRECISION


class SlippageModel(Protocol):
    """Where the price of a taking fill would go."""

    name: str
    quotes: bool

    def move(
        self, side: OrderSide, px: int, qty: int, evidence: Evidence, instrument: Instrument
    ) -> tuple[int, int]:
        """By how much for ``qty`` quantity units, never negative: numerator and denominator of
        price units."""


class BasisPoints:
    """A share of the price."""

    name = "basis-points.1"

    def __init__(self, config: BasisPointsSlippage) -> None:
        self.quotes = config.quotes
        self._bps = text_to_units(config.bps, 4)

    def move(
        self, side: OrderSide, px: int, qty: int, evidence: Evidence, instrument: Instrument
    ) -> tuple[int, int]:
        """A basis point is 10**-4; with four decimals a unit of it is 10**-8."""
        return px * self._bps, 10**8


class SpreadShare:
    """A share of the shown spread, or of the assumed one where none is shown."""

    name = "spread-share.1"

    def __init__(self, config: SpreadSlippage) -> None:
        self.quotes = config.quotes
        self._share = text_to_units(config.share, RATIO_PRECISION)
        self._assumed = text_to_units(config.assumed_spread or "0", AMOUNT_PRECISION)

    def move(
        self, side: OrderSide, px: int, qty: int, evidence: Evidence, instrument: Instrument
    ) -> tuple[int, int]:
        """The spread in price units, or in 10**-18 brought to them."""
        if evidence.bid_px is not None and evidence.ask_px is not None:
            return self._share * max(evidence.ask_px - evidence.bid_px, 0), _RATIO
        finer = 10 ** (AMOUNT_PRECISION - instrument.price_precision)
        return self._share * self._assumed, int(_RATIO * finer)


class SquareRoot:
    """Basis points times the square root of the fill's share of the volume that its row shows."""

    name = "square-root.1"

    def __init__(self, config: SquareRootSlippage) -> None:
        self.quotes = config.quotes
        self._bps = text_to_units(config.bps, 4)

    def move(
        self, side: OrderSide, px: int, qty: int, evidence: Evidence, instrument: Instrument
    ) -> tuple[int, int]:
        """The root has eight decimals, rounded up; no share is above 1."""
        volume = max(_shown(side, evidence), qty)
        square = ceil_div(qty * _RATIO**2, volume)
        root = math.isqrt(square)
        root += root * root < square
        return px * self._bps * root, 10**8 * _RATIO


class VolumeShare:
    """An impact times the square of the fill's share of the volume that its row shows."""

    name = "volume-share.1"

    def __init__(self, config: VolumeShareSlippage) -> None:
        self.quotes = config.quotes
        self._impact = text_to_units(config.impact, RATIO_PRECISION)

    def move(
        self, side: OrderSide, px: int, qty: int, evidence: Evidence, instrument: Instrument
    ) -> tuple[int, int]:
        """Exact, and no share is above 1."""
        volume = max(_shown(side, evidence), qty)
        return px * self._impact * qty * qty, _RATIO * volume * volume


def _shown(side: OrderSide, evidence: Evidence) -> int:
    """The volume that a row shows: a bar's, a print's, or what stands at the price that is taken,
    whatever the session has had of it before."""
    if evidence.level_qty is not None:
        return evidence.level_qty
    quoted = evidence.ask_qty if side is OrderSide.BUY else evidence.bid_qty
    return evidence.volume_qty or evidence.trade_qty or quoted or evidence.available_qty


def slippage_model(config: SlippageConfig) -> SlippageModel | None:
    """The model that a configuration names; None where nothing slips."""
    match config:
        case NoSlippage():
            return None
        case BasisPointsSlippage():
            return BasisPoints(config)
        case SpreadSlippage():
            return SpreadShare(config)
        case SquareRootSlippage():
            return SquareRoot(config)
        case VolumeShareSlippage():
            return VolumeShare(config)


def slipped(
    model: SlippageModel,
    side: OrderSide,
    qty: int,
    px: int,
    limit_px: int | None,
    evidence: Evidence,
    instrument: Instrument,
    *,
    in_bar: bool = True,
) -> tuple[int, Evidence]:
    """The price of a taking fill after slippage, and its evidence with what slippage did.

    ``in_bar`` keeps it within the range of the bar that the evidence shows.
    """
    if evidence.bid_px is not None and not model.quotes:
        return px, evidence
    part, whole = model.move(side, px, qty, evidence, instrument)
    tick = instrument.tick_units
    high, low = (evidence.high_px, evidence.low_px) if in_bar else (None, None)
    after = px
    if part and side is OrderSide.BUY:
        after = ceil_div(px * whole + part, whole * tick) * tick
        bounds = [bound for bound in (limit_px, high) if bound is not None]
        after = max(px, min([after, *bounds]))
    elif part:
        after = (px * whole - part) // (whole * tick) * tick
        bounds = [bound for bound in (limit_px, low) if bound is not None]
        after = min(px, max([after, tick, *bounds]))
    shown = msgspec.structs.replace(
        evidence, base_px=px, slippage_px=abs(after - px), slippage_model=model.name
    )
    return after, shown
