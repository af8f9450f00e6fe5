"""The kinder and the harsher venue that a session's orders are put through."""

from __future__ import annotations

import enum
from fractions import Fraction
from typing import Any

import msgspec

from offbook.domain.config import (
    AuctionLimit,
    AuctionRules,
    BarReports,
    SessionConfig,
    VenueConfig,
    sources_of,
    venue_preset,
)
from offbook.domain.config.latency import (
    WAYS,
    Delay,
    EmpiricalDelay,
    LatencyConfig,
    LogNormalDelay,
    NormalDelay,
    VenueLatency,
)
from offbook.domain.config.queue import FifoQueue, ProbabilisticQueue, QueueConfig
from offbook.domain.config.session import touch_counts, touched_by_quotes
from offbook.domain.config.slippage import BasisPointsSlippage, NoSlippage, SlippageConfig
from offbook.domain.config.venue import UNLIMITED, LimitFill
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
    cancellations too, limits filled by a quote, a print or a bar at their price and by an auction
    at it, quotes and books of any age.  Pessimistic: delay, slippage and volume of the ``harsh``
    preset where they are worse than the session's own, and its delay of market data, which no
    preset has, a queue that moves by prints alone, and limits filled by what goes through their
    price.  In none of these is the one harsher than the
    session's own, or the other kinder.  Charges are the session's own, for they are known; so are a
    venue's rules, as that of sharing prints out pro rata.  Raises InvalidConfig for a preset there
    is not.
    """
    # Nobody is there to be told before a bar or after it; and the one rule asks for no delay.
    own = msgspec.structs.replace(config.venue, bar_reports=BarReports.AFTER)
    if preset is not None:
        return _of_preset(own, preset, shadow)
    if shadow is Shadow.OPTIMISTIC:
        return _kind(config, own)
    return _harsh(config, own)


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
    if shadow is Shadow.PESSIMISTIC:
        taken["latency"] = _seen_as_late(named.latency, own.latency)
    return msgspec.structs.replace(own, **taken)


def _kind(config: SessionConfig, own: VenueConfig) -> VenueConfig:
    touch = touch_counts(config.market) or touched_by_quotes(config.market)
    return msgspec.structs.replace(
        own,
        latency=LatencyConfig(entry_ns=0, response_ns=0),
        slippage=NoSlippage(),
        volume_share=own.volume_share if own.volume_share == UNLIMITED else "1",
        queue=ProbabilisticQueue() if _is_fifo(config) else own.queue,
        limit_fill=LimitFill.TOUCH if touch else own.limit_fill,
        auctions=_auctions(config, AuctionLimit.EQUAL),
        freshness=None,
    )


def _auctions(config: SessionConfig, limit: AuctionLimit) -> AuctionRules:
    """Other limits served, where the market shows auctions at all: by marks, or by bars."""
    own = config.venue.auctions
    shows = any(
        source.kind is DataKind.BARS or source.auctions is True
        for source in sources_of(config.market)
    )
    return msgspec.structs.replace(own, limit=limit) if shows else own


def _is_fifo(config: SessionConfig, *others: type[QueueConfig]) -> bool:
    """Whether places have to be supposed, and are by the queue that moves by prints alone, or by
    one of ``others``: the market has books, and none that tells its orders."""
    by_price = {s.kind for s in config.market.sources if s.kind.is_book} == {DataKind.DEPTH}
    return by_price and isinstance(config.venue.queue, (type(None), FifoQueue, *others))


def _harsh(config: SessionConfig, own: VenueConfig) -> VenueConfig:
    harsh = venue_preset("harsh")
    return msgspec.structs.replace(
        own,
        latency=_slower(own.latency, harsh.latency),
        slippage=_worse(own.slippage, harsh.slippage),
        volume_share=harsh.volume_share
        if own.volume_share == UNLIMITED
        else min(own.volume_share, harsh.volume_share, key=Fraction),
        queue=FifoQueue() if _is_fifo(config, ProbabilisticQueue) else own.queue,
        limit_fill=LimitFill.THROUGH,
        auctions=_auctions(config, AuctionLimit.BETTER),
    )


def _slower(own: LatencyConfig, other: LatencyConfig) -> LatencyConfig:
    """Each way as slow as the slower of both is half of the time; so of each venue that has
    latencies of its own."""
    venues = tuple(_slower_venue(venue, own.of(venue), other) for venue in own.venues)
    ways: dict[str, Any] = {}
    for way in WAYS:
        slower = _slower_one(own, other, way)
        ways[way] = getattr(slower, way)
        ways[f"{way}_ns"] = getattr(slower, f"{way}_ns")
    return _seen_as_late(LatencyConfig(**ways, venues=venues), own)


def _slower_venue(venue: VenueLatency, own: LatencyConfig, other: LatencyConfig) -> VenueLatency:
    """Of each way the slower one's constant, or its distribution."""
    ways: dict[str, Any] = {}
    for way in WAYS:
        slower = _slower_one(own, other, way)
        drawn: Delay | None = getattr(slower, way)
        if drawn is None:
            ways[f"{way}_ns"] = getattr(slower, f"{way}_ns")
        else:
            ways[way] = drawn
    return VenueLatency(name=venue.name, symbols=venue.symbols, **ways)


def _slower_one(own: LatencyConfig, other: LatencyConfig, way: str) -> LatencyConfig:
    return max(own, other, key=lambda latency: _usual(latency, way))


def _seen_as_late(latency: LatencyConfig, own: LatencyConfig) -> LatencyConfig:
    """The same with the session's own delay of market data."""
    return msgspec.structs.replace(
        latency,
        market_data=own.market_data,
        market_data_ns=own.market_data_ns,
        row_times=own.row_times,
    )


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
