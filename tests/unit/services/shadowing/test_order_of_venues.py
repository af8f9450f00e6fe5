"""The kinder venue is as kind as the session's own in every respect, the harsher one as harsh."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import msgspec
import pytest
from tests.stage import Stage
from tests.unit.services.shadowing.test_interval import interval_of

from offbook.domain.config import (
    AuctionLimit,
    AuctionRules,
    BarReports,
    EmpiricalDelay,
    FreshnessConfig,
    LatencyConfig,
    LimitFill,
    LogNormalDelay,
    NoSlippage,
    ProbabilisticQueue,
    ProRataQueue,
    RowTimes,
    StalePolicy,
    VenueConfig,
    venue_preset,
)
from offbook.domain.config.queue import FifoQueue
from offbook.engine.strategy.strategy import Strategy
from offbook.services.shadowing.venues import Shadow, shadow_venue
from offbook.testing.markets import (
    BuiltMarket,
    bars_market,
    depth_market,
    quotes_market,
    trades_market,
)

QUOTES = quotes_market([("100.00", "100.02")] * 3)
BOOK = depth_market(["snapshot 100.00x5 / 100.02x5"] * 3)
MARKETS = {
    "quotes": QUOTES,
    "trades": trades_market([("100.00", "1")] * 3),
    "bars": bars_market([("100", "101", "99", "100", "50")] * 3),
    "depth": BOOK,
}
SLOW = LatencyConfig(entry=LogNormalDelay(median_ns=10**10, sigma="1"))
UNEVEN = LatencyConfig(response=EmpiricalDelay(quantiles_ns=(0, 5, 10**10)))
LATE = LatencyConfig(market_data_ns=10**9, row_times=RowTimes.RECEIVED)
STALE = FreshnessConfig(max_age_ns=1, policy=StalePolicy.REJECT)
CASES: list[tuple[str, dict[str, Any]]] = [
    *((kind, terms) for kind in MARKETS for terms in ({}, {"latency": SLOW}, {"latency": UNEVEN})),
    ("quotes", {"latency": LATE}),
    *((kind, {"limit_fill": LimitFill.TOUCH}) for kind in ("quotes", "trades", "bars")),
    *((kind, {"freshness": STALE}) for kind in ("quotes", "depth")),
    *(
        ("depth", {"queue": queue})
        for queue in (FifoQueue(), ProbabilisticQueue(exponent=1), ProRataQueue())
    ),
    ("bars", {"auctions": AuctionRules(limit=AuctionLimit.EQUAL)}),
    ("bars", {"bar_reports": BarReports.BEFORE, "latency": LatencyConfig(response_ns=0)}),
    ("bars", {"volume_share": "1"}),
]


def kindness(venue: VenueConfig) -> dict[str, float]:
    """How kind it is in each respect; a queue whose rule is another one's cannot be compared."""
    queue = venue.queue or FifoQueue()
    return {
        "limit_fill": venue.limit_fill is LimitFill.TOUCH,
        "auctions": venue.auctions.limit is AuctionLimit.EQUAL,
        "freshness": venue.freshness is None,
        "volume": Fraction(venue.volume_share),
        "slippage": isinstance(venue.slippage, NoSlippage),
        "seen": -venue.latency.market_data_ns,
        "at once": venue.latency == LatencyConfig(entry_ns=0, response_ns=0),
        "queue": isinstance(queue, ProbabilisticQueue),
    }


@pytest.mark.parametrize(("kind", "terms"), CASES)
def test_no_respect_is_out_of_order(kind: str, terms: dict[str, Any]) -> None:
    """Whatever the session had chosen."""
    own = VenueConfig(**terms)
    config = Stage(MARKETS[kind]).config(venue=own)
    most, least = (shadow_venue(config, shadow) for shadow in Shadow)
    mine, above, below = (kindness(venue) for venue in (own, most, least))
    for name, value in mine.items():
        assert above[name] >= value >= below[name], name
    assert above["at once"]
    if isinstance(own.queue, ProbabilisticQueue | ProRataQueue):
        assert most.queue == own.queue
    if isinstance(own.queue, ProRataQueue):
        assert least.queue == own.queue
    # And both are venues that the market can have.
    for venue in (most, least):
        msgspec.structs.replace(config, venue=venue)


def test_a_preset_that_is_harsher_sees_the_market_as_late_as_the_session() -> None:
    """No preset has a delay of market data; one that is kinder has none."""
    config = Stage(QUOTES).config(venue=VenueConfig(latency=LATE))
    harsh = shadow_venue(config, Shadow.PESSIMISTIC, "harsh").latency
    assert (harsh.market_data_ns, harsh.row_times) == (10**9, RowTimes.RECEIVED)
    assert harsh.entry == venue_preset("harsh").latency.entry
    retail = shadow_venue(config, Shadow.OPTIMISTIC, "retail").latency
    assert retail == venue_preset("retail").latency


@pytest.mark.parametrize(
    ("kind", "columns", "shows"),
    [("bars", {}, True), ("trades", {"auction": "auction"}, True), ("trades", {}, False)],
)
def test_auctions_serve_other_limits_where_a_market_shows_any(
    kind: str, columns: dict[str, str], shows: bool
) -> None:
    """Elsewhere the rule would change nothing, and stays the session's own."""
    market = MARKETS[kind]
    source = msgspec.structs.replace(market.config, columns=columns)
    config = Stage(msgspec.structs.replace(market, config=source)).config()
    limits = [shadow_venue(config, shadow).auctions.limit for shadow in Shadow]
    own = config.venue.auctions.limit
    assert limits == ([AuctionLimit.EQUAL, AuctionLimit.BETTER] if shows else [own, own])


class Bids(Strategy):
    """One bid for three at 99.90 on the first row."""

    def on_start(self) -> None:
        self.sent = False

    def on_quote(self, row: object) -> None:
        if not self.sent:
            self.sent = True
            self.buy("BTCUSDT", "3", price="99.90")

    on_trade = on_quote


async def test_quotes_that_touch_a_limit_fill_it_before_the_kinder_venue() -> None:
    """The bid comes to 99.90 and goes no further: nobody sold to those who were first there."""
    quotes = [("100.00", "100.02"), ("99.90", "99.92", "2", "9"), ("100.00", "100.02")]
    stage = Stage(quotes_market(quotes), Bids)
    async with stage.manager() as manager:
        session = await manager.wait((await manager.start_session(stage.config())).id)
    report, interval = await interval_of(stage, session)
    assert not report.session.fills
    assert interval.optimistic.positions == {"BTCUSDT": "2"}
    assert interval.pessimistic.positions == {}


@pytest.mark.parametrize("kind", ["quotes", "trades"])
async def test_more_of_a_resting_order_trades_before_a_kinder_venue(kind: str) -> None:
    """Wherever the prices go."""
    rng = Random(f"{kind} 31")
    traded = set()
    for _ in range(8):
        stage = Stage(_walk(rng, kind), Bids)
        config = stage.config(venue=VenueConfig(latency=LatencyConfig(entry_ns=0, response_ns=0)))
        async with stage.manager() as manager:
            session = await manager.wait((await manager.start_session(config)).id)
        report, interval = await interval_of(stage, session)
        most, least = (
            Fraction(one.positions.get("BTCUSDT", "0"))
            for one in (interval.optimistic, interval.pessimistic)
        )
        own = Fraction(report.session.positions.get("BTCUSDT", "0"))
        assert most >= own >= least
        traded.add((most > own, own > 0))
    assert len(traded) > 1


def _walk(rng: Random, kind: str) -> BuiltMarket:
    cents = 10_000
    rows = []
    for _ in range(14):
        cents += rng.choice([-4, -3, -2, 0, 1, 2, 3])
        size = f"{rng.choice([1, 5])}"
        if kind == "trades":
            rows.append((f"{cents / 100:.2f}", size))
        else:
            rows.append((f"{cents / 100:.2f}", f"{(cents + 2) / 100:.2f}", size, size))
    return trades_market(rows) if kind == "trades" else quotes_market(rows)
