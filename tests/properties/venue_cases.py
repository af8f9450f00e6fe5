"""Venues at random: how old their quotes may be, how they match bars, how far away they are."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from tests.properties.sources import Source

from offbook.domain.config import (
    UNLIMITED,
    BarPrices,
    BarReports,
    BeyondBand,
    Delay,
    EmpiricalDelay,
    FreshnessConfig,
    Intrabar,
    LatencyConfig,
    LimitFill,
    LimitGap,
    LogNormalDelay,
    MarketConfig,
    NormalDelay,
    ReplacePriority,
    RowTimes,
    SelfMatchPolicy,
    SlippageBound,
    StalePolicy,
    StopGap,
    StopLimitFill,
    VenueConfig,
    WhileClosed,
)
from offbook.domain.config.session import touch_counts, touched_by_quotes
from offbook.domain.market_data import DataKind
from offbook.testing.markets import SECOND


def pick_freshness(source: Source, timeframe: int) -> FreshnessConfig | None:
    """Limits around the time between two quotes."""
    age = source.pick([1, timeframe // 2, timeframe, 3 * timeframe])
    policy = source.pick(list(StalePolicy))
    rule = FreshnessConfig(max_age_ns=age, policy=policy)
    return source.pick([None, None, rule])


def pick_rules_of_bars(source: Source, latency: LatencyConfig) -> dict[str, Any]:
    """How bars are matched."""
    at_once = latency.response is None and latency.response_ns == 0
    return {
        "limit_gap": source.pick(list(LimitGap)),
        "stop_gap": source.pick(list(StopGap)),
        "intrabar": source.pick(list(Intrabar)),
        "stop_limit": source.pick(list(StopLimitFill)),
        "bar_prices": source.pick([BarPrices.RANGE, BarPrices.RANGE, BarPrices.CLOSE]),
        "slippage_bound": source.pick(list(SlippageBound)),
        "bar_reports": source.pick(list(BarReports)) if at_once else BarReports.AFTER,
    }


def pick_latency(source: Source, timeframe: int) -> LatencyConfig:
    """Constant delays, or drawn ones, around the time between two rows."""
    most = 60 * SECOND
    delays = [min(one, most) for one in (0, 1, timeframe // 2, timeframe, 5 * timeframe // 2)]
    entry, response = source.pick(delays), source.pick(delays)
    if source.pick([True, True, False]):
        return LatencyConfig(entry_ns=entry, response_ns=response)
    return LatencyConfig(
        entry_ns=entry,
        response_ns=response,
        entry=_pick_delay(source, delays),
        response=_pick_delay(source, delays),
    )


def _pick_delay(source: Source, delays: list[int]) -> Delay | None:
    kind = source.pick(["none", "normal", "log", "log", "seen"])
    middle, other = source.pick(delays), source.pick(delays)
    if kind == "normal":
        return NormalDelay(mean_ns=middle, deviation_ns=other, least_ns=source.pick([0, 1, other]))
    if kind == "log":
        sigma = source.pick(["0.5", "0", "3", "1.2345"])
        return LogNormalDelay(median_ns=middle, sigma=sigma, least_ns=source.pick([0, other]))
    if kind == "seen":
        return EmpiricalDelay(quantiles_ns=tuple(sorted({0, middle, other, *delays[:3]})))
    return None


def freshness_at_random(rng: Random, market: MarketConfig) -> FreshnessConfig | None:
    """None, or an age that quotes and books reach between two rows, now and then."""
    if not any(s.kind is DataKind.QUOTES or s.kind.is_book for s in market.sources):
        return None
    age = rng.choice([SECOND // 10, SECOND, 3 * SECOND])
    rule = FreshnessConfig(max_age_ns=age, policy=rng.choice(list(StalePolicy)))
    return rng.choice([None, rule])


def manners_at_random(rng: Random, market: MarketConfig) -> dict[str, object]:
    """How a venue treats orders that touch, meet old data, or meet one another."""
    found: dict[str, object] = {
        "self_match": rng.choice([SelfMatchPolicy.ALLOW, *SelfMatchPolicy]),
        "freshness": freshness_at_random(rng, market),
    }
    own = Random()
    own.setstate(rng.getstate())  # which is left where it was
    found["replace_priority"] = own.choice([ReplacePriority.SMALLER, *ReplacePriority])
    if touch_counts(market):
        found["limit_fill"] = rng.choice(list(LimitFill))
    elif touched_by_quotes(market):
        found["limit_fill"] = own.choice(list(LimitFill))
    found["while_closed"] = own.choice([WhileClosed.QUEUE, *WhileClosed])
    if has_status(market):
        found["beyond_band"] = own.choice([BeyondBand.REJECT, *BeyondBand])
    return found


def has_status(market: MarketConfig) -> bool:
    """Whether an exchange says of halts and bands."""
    return any(source.kind is DataKind.STATUS for source in market.sources)


def fitting(venue: VenueConfig, market: MarketConfig) -> VenueConfig:
    """A venue of another market of the same kind without what this one has no rows for."""
    if not (touch_counts(market) or touched_by_quotes(market)):
        venue = msgspec.structs.replace(venue, limit_fill=LimitFill.THROUGH)
    if not any(s.kind is DataKind.QUOTES or s.kind.is_book for s in market.sources):
        venue = msgspec.structs.replace(venue, freshness=None)
    if not has_status(market):
        venue = msgspec.structs.replace(venue, beyond_band=BeyondBand.WAIT)
    return venue


def sometimes_unlimited(made: VenueConfig) -> VenueConfig:
    """Bars that give whatever is asked, without another draw, so that all other cases stay what
    they were."""
    is_open = made.volume_share == "1" and made.limit_gap is LimitGap.OPEN
    return msgspec.structs.replace(made, volume_share=UNLIMITED) if is_open else made


def sometimes_late(made: VenueConfig, timeframe: int, seed: int) -> VenueConfig:
    """A market that the strategy sees late, without another draw: by as much as lies between rows,
    or by what is drawn; and rows of the venue's times, or of others."""
    some = min(timeframe // 2 + 1, 60 * SECOND)
    drawn = EmpiricalDelay(quantiles_ns=(0, 7, some, min(2 * some, 60 * SECOND)))
    received, kind = RowTimes.RECEIVED, seed % 16
    given: dict[int, dict[str, Any]] = {
        0: {"market_data_ns": some},
        1: {"market_data": drawn},
        2: {"market_data_ns": 7, "row_times": received},
        3: {"market_data": drawn, "row_times": received},
        4: {"market_data": drawn, "row_times": RowTimes.VENUE},
    }
    if kind not in given:
        return made
    latency = msgspec.structs.replace(made.latency, **given[kind])
    return msgspec.structs.replace(made, latency=latency)


def sometimes_refusing(made: VenueConfig, seed: int, *, status: bool) -> VenueConfig:
    """Refusals of what comes in closed hours, or beyond a band, without another draw."""
    closed = WhileClosed.REJECT if seed % 3 == 0 else WhileClosed.QUEUE
    beyond = BeyondBand.REJECT if status and seed % 2 == 0 else BeyondBand.WAIT
    return msgspec.structs.replace(made, while_closed=closed, beyond_band=beyond)
