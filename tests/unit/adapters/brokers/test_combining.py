"""Several sources read as one market: order, jumps, bounded windows, and trouble in one of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from offbook.adapters.brokers import combining
from offbook.adapters.brokers.combining import CombinedFeed
from offbook.adapters.brokers.routing import RoutingGateway
from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.domain.config import CombinedMarket, ReplayMarket, SyntheticMarket
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig
from offbook.domain.market_data import MarketSlice, QuoteSlice
from offbook.ports.gateway import MarketFeed
from offbook.testing.contracts.gateway import read_all, rows_of
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    SECOND,
    START,
    XYZ,
    BuiltMarket,
    bars_market,
    combined,
    quotes_market,
    trades_market,
)
from offbook.testing.scripted_gateway import ScriptedFeed, ScriptedGateway


def built(seed: int, rows: int) -> list[BuiltMarket]:
    """Three sources whose rows crowd at few moments."""
    draw = random.Random(seed)
    times = [sorted(START + draw.randrange(rows) * SECOND for _ in range(rows)) for _ in "ab"]
    return [
        quotes_market([("1.00", "1.01")] * rows, times=times[0]),
        trades_market([(f"1.{n % 90:02d}", "1", "buy") for n in range(rows)], times=times[1]),
        bars_market([("1", "2", "1", "2", str(n)) for n in range(rows // 3)], timeframe_ns=SECOND),
    ]


async def opened(
    markets: Sequence[BuiltMarket], gateways: Sequence[ScriptedGateway] = ()
) -> CombinedFeed:
    gateways = gateways or [ScriptedGateway(market.slices) for market in markets]
    pairs = zip(gateways, markets, strict=True)
    feeds: list[MarketFeed] = [await gateway.open(market.config) for gateway, market in pairs]
    return CombinedFeed(CombinedMarket(sources=tuple(m.config for m in markets)), feeds)


@pytest.mark.parametrize("window", [1, 2, 5, 64])
async def test_any_window_gives_the_rows_in_the_one_order(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combining, "WINDOW", window)
    monkeypatch.setattr(combining, "CHECKPOINT_ROWS", 7)
    for seed in range(3):
        markets = built(seed, 40)
        expected = [row for part in combined(*markets).slices for row in rows_of(part)]
        feed = await opened(markets)
        assert await read_all(feed, 6) == expected
        draw = random.Random(seed)
        for _ in range(30):
            row = draw.randrange(len(expected))
            part = await feed.read(row, draw.randrange(1, 9))
            assert part is not None
            part.check()
            assert part.start == row
            assert rows_of(part) == expected[row : row + len(part)]
        await feed.close()


async def test_more_rows_at_one_moment_than_a_window_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combining, "WINDOW", 3)
    quotes = quotes_market([("1.00", "1.01")] * 20, times=[START] * 20)
    trades = trades_market([("1.00", "1")] * 20, times=[START] * 20)
    feed = await opened([quotes, trades])
    assert [row[1] for row in await read_all(feed, 7)] == [0] * 20 + [1] * 20


async def test_a_jump_over_a_long_way_reads_no_more_than_from_the_nearest_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(combining, "WINDOW", 10)
    monkeypatch.setattr(combining, "CHECKPOINT_ROWS", 20)
    markets = built(1, 200)
    feed = await opened(markets)
    await read_all(feed, 1000)
    asked: list[int] = []
    read = ScriptedFeed.read

    async def counted(self: ScriptedFeed, row: int, limit: int) -> MarketSlice | None:
        asked.append(row)
        return await read(self, row, limit)

    monkeypatch.setattr(ScriptedFeed, "read", counted)
    assert await feed.read(300, 1) is not None
    assert 0 < len(asked) < 20


async def test_rows_that_are_certain_come_before_the_trouble_of_a_source() -> None:
    markets = [
        quotes_market([("1.00", "1.01")] * 10, cut=4),
        trades_market([("1.00", "1")] * 10),
    ]
    gateways = [ScriptedGateway(market.slices) for market in markets]
    gateways[0].fail_at(8, BadMarketData("row 9 is bad", row=9), times=2)
    feed = await opened(markets, gateways)
    rows: list[tuple[int, ...]] = []
    for _ in range(2):
        with pytest.raises(BadMarketData, match="row 9 is bad"):
            await read_rest(feed, rows)
        assert rows[-1][0] == START + 6 * SECOND
        assert len(rows) == 14
    # A trouble that passes is over.
    await read_rest(feed, rows)
    assert len(rows) == 20
    await feed.close()


async def read_rest(feed: MarketFeed, rows: list[tuple[int, ...]]) -> None:
    """Read on after ``rows``, into them."""
    while (part := await feed.read(len(rows), 3)) is not None:
        rows += rows_of(part)


async def test_a_reader_that_is_cancelled_leaves_the_feed_as_it_was() -> None:
    markets = built(2, 30)
    gateways = [ScriptedGateway(market.slices) for market in markets]
    gate = gateways[1].block_at(0)
    feed = await opened(markets, gateways)
    reading = asyncio.ensure_future(feed.read(0, 5))
    await gate.reached.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    gate.release()
    expected = [row for part in combined(*markets).slices for row in rows_of(part)]
    assert await read_all(feed, 1000) == expected


async def test_closing_closes_every_source() -> None:
    markets = built(0, 9)
    gateways = [ScriptedGateway(market.slices) for market in markets]
    feed = await opened(markets, gateways)
    await feed.close()
    assert [gateway.open_feeds for gateway in gateways] == [0, 0, 0]
    with pytest.raises(GatewayUnavailable, match="closed"):
        await feed.read(0, 1)


async def test_an_extent_is_known_when_every_sources_is() -> None:
    markets = built(0, 9)
    known = [ScriptedGateway(market.slices) for market in markets]
    feed = await opened(markets, known)
    assert feed.extent is not None
    assert (feed.extent.rows, feed.extent.first_ts) == (
        21,
        min(int(market.slices[0].ts[0]) for market in markets),
    )
    known[1].known_extent = False
    assert (await opened(markets, known)).extent is None


async def test_when_one_source_cannot_be_opened_the_others_are_closed() -> None:
    good = quotes_market([("1.00", "1.01")])
    scripted = ScriptedGateway(good.slices)
    gateway = RoutingGateway({ReplayMarket: scripted})
    other = SyntheticMarket(instrument=XYZ, seed=1, rows=10)
    with pytest.raises(InvalidConfig, match="no gateway opens a market of kind 'synthetic'"):
        await gateway.open(CombinedMarket(sources=(good.config, other)))
    assert (scripted.opened, scripted.open_feeds) == (1, 0)


async def test_recordings_and_made_up_markets_mix() -> None:
    recorded = trades_market([("100", "1")] * 50, instrument=XYZ)
    synthetic = SyntheticMarket(instrument=BTCUSDT, seed=3, rows=60, start_ns=START - MINUTE)
    routes = {ReplayMarket: ScriptedGateway(recorded.slices), SyntheticMarket: SyntheticGateway()}
    feed = await RoutingGateway(routes).open(CombinedMarket(sources=(synthetic, recorded.config)))
    rows = await read_all(feed, 1000)
    assert rows == sorted(rows, key=lambda row: row[0])
    assert sorted({row[1] for row in rows}) == [0, 1]
    assert len(rows) == 110
    await feed.close()


async def test_a_market_of_one_source_gives_plain_slices() -> None:
    only = quotes_market([("1.00", "1.01")] * 3)
    gateway = RoutingGateway({ReplayMarket: ScriptedGateway(only.slices)})
    feed = await gateway.open(CombinedMarket(sources=(only.config,)))
    assert isinstance(await feed.read(0, 9), QuoteSlice)
