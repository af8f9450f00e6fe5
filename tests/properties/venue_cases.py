"""Venues at random: how old their quotes may be."""

from __future__ import annotations

from random import Random

import msgspec
from tests.properties.sources import Source

from offbook.domain.config import (
    UNLIMITED,
    FreshnessConfig,
    LimitFill,
    LimitGap,
    MarketConfig,
    ReplacePriority,
    SelfMatchPolicy,
    StalePolicy,
    VenueConfig,
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
    return found


def fitting(venue: VenueConfig, market: MarketConfig) -> VenueConfig:
    """A venue of another market of the same kind without what this one has no rows for."""
    if not (touch_counts(market) or touched_by_quotes(market)):
        venue = msgspec.structs.replace(venue, limit_fill=LimitFill.THROUGH)
    if not any(s.kind is DataKind.QUOTES or s.kind.is_book for s in market.sources):
        venue = msgspec.structs.replace(venue, freshness=None)
    return venue


def sometimes_unlimited(made: VenueConfig) -> VenueConfig:
    """Bars that give whatever is asked, without another draw, so that all other cases stay what
    they were."""
    is_open = made.volume_share == "1" and made.limit_gap is LimitGap.OPEN
    return msgspec.structs.replace(made, volume_share=UNLIMITED) if is_open else made
