"""The kinder and the harsher venue that a session's orders are put through."""

from __future__ import annotations

import enum
from fractions import Fraction
from typing import Any

import msgspec

from offbook.domain.config import SessionConfig, VenueConfig, venue_preset
from offbook.domain.config.latency import (
    Delay,
    EmpiricalDelay,
    LatencyConfig,
    LogNormalDelay,
    NormalDelay,
)
from offbook.domain.config.queue import FifoQueue, ProbabilisticQueue
from offbook.domain.config.session import touch_counts
from offbook.domain.config.slippage import BasisPointsSlippage, NoSlippage, SlippageConfig
from offbook.domain.config.venue import LimitFill
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind


class Shadow(enum.Enum):
    """Which of the two it is."""

    OPTIMISTIC = "optimistic"
    PESSIMISTIC = "pessimistic"


_BY_PRESET = ("fee", "fee_rounding", "slippage", "latency", "volume_share", "market_collar")
"""What a preset decides here; the rest says how this market's rows are read, and stays."""


def shadow_venue(config: SessionConfig, shadow: Shadow, preset: str | None = None) -> VenueConfig:
    """A session's venue as it is at its kindest or its harshest; or that of a preset.

    Optimistic: no delay, no slippage, the whole volume of bars, a queue that moves by its
    cancellations too, and limits filled by a print or a bar at their price.  Pessimistic: delay,
    slippage and volume of the ``harsh`` preset where they are worse than the session's own, a queue
    that moves by prints alone, and limits filled by what goes through their price.  Charges are the
    session's own, for they are known.  Raises InvalidConfig for a preset there is not.
    """
    own = config.venue
    if preset is not None:
        return _of_preset(own, preset, shadow)
    if shadow is Shadow.OPTIMISTIC:
        return _kind(config)
    return _harsh(config)


def _of_preset(own: VenueConfig, preset: str, shadow: Shadow) -> VenueConfig:
    try:
        named = venue_preset(preset)
    except ValueError:
        raise InvalidConfig(
            f"{shadow.value}={preset}: there is no such preset of a venue; "
            "'offbook config preset' names them",
            field=shadow.value,
        ) from None
    taken = {name: getattr(named, name) for name in _BY_PRESET}
    return msgspec.structs.replace(own, **taken)


def _kind(config: SessionConfig) -> VenueConfig:
    own = config.venue
    touch = touch_counts(config.market)
    return msgspec.structs.replace(
        own,
        latency=LatencyConfig(entry_ns=0, response_ns=0),
        slippage=NoSlippage(),
        volume_share="1",
        queue=ProbabilisticQueue() if _is_by_price(config) else own.queue,
        limit_fill=LimitFill.TOUCH if touch else own.limit_fill,
    )


def _is_by_price(config: SessionConfig) -> bool:
    """Whether places have to be supposed: the market has books, and none that tells its orders."""
    return {s.kind for s in config.market.sources if s.kind.is_book} == {DataKind.DEPTH}


def _harsh(config: SessionConfig) -> VenueConfig:
    own = config.venue
    harsh = venue_preset("harsh")
    return msgspec.structs.replace(
        own,
        latency=_slower(own.latency, harsh.latency),
        slippage=_worse(own.slippage, harsh.slippage),
        volume_share=min(own.volume_share, harsh.volume_share, key=Fraction),
        queue=FifoQueue() if _is_by_price(config) else own.queue,
        limit_fill=LimitFill.THROUGH,
    )


def _slower(own: LatencyConfig, other: LatencyConfig) -> LatencyConfig:
    """Each way as slow as the slower of both is half of the time."""
    ways: dict[str, Any] = {}
    for way in ("entry", "response"):
        slower = max(own, other, key=lambda latency: _usual(latency, way))
        ways[way] = getattr(slower, way)
        ways[f"{way}_ns"] = getattr(slower, f"{way}_ns")
    return LatencyConfig(**ways)


def _usual(latency: LatencyConfig, way: str) -> int:
    """The delay that is not exceeded half of the time, in ns."""
    delay: Delay | None = getattr(latency, way)
    constant: int = getattr(latency, f"{way}_ns")
    match delay:
        case None:
            return constant
        case NormalDelay():
            return max(delay.mean_ns, delay.least_ns)
        case LogNormalDelay():
            return delay.median_ns + delay.least_ns
        case EmpiricalDelay():
            return delay.quantiles_ns[(len(delay.quantiles_ns) - 1) // 2]


def _worse(own: SlippageConfig, other: SlippageConfig) -> SlippageConfig:
    """The larger of two in basis points; another model is kept, for it was chosen, and is applied
    to quotes too."""
    if isinstance(own, NoSlippage):
        return other
    if isinstance(own, BasisPointsSlippage) and isinstance(other, BasisPointsSlippage):
        worse = max(own, other, key=lambda slippage: Fraction(slippage.bps))
        return msgspec.structs.replace(worse, quotes=True)
    return msgspec.structs.replace(own, quotes=True)


def changed(own: VenueConfig, other: VenueConfig) -> dict[str, Any]:
    """The settings in which a venue is not the session's own, as JSON values."""
    return {
        name: msgspec.to_builtins(getattr(other, name))
        for name in VenueConfig.__struct_fields__
        if getattr(own, name) != getattr(other, name)
    }
