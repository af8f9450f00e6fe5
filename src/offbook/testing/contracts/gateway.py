"""The contract of ``IBrokerGateway`` and its feeds, as tests for pytest with pytest-asyncio.

::

    class TestMyGateway(GatewayContract):
        async def serve(self, market, tmp_path): ...
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from offbook.domain.config import MarketConfig, instruments_of, sources_of
from offbook.domain.market_data import (
    BookOrderSlice,
    DepthSlice,
    MarketSlice,
    MergedSlice,
    QuoteSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.ports.gateway import IBrokerGateway, MarketFeed
from offbook.testing.markets import (
    MINUTE,
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    BuiltMarket,
    bars_market,
    combined,
    depth_market,
    quotes_market,
    trades_market,
)
from offbook.testing.order_markets import orders_market

ORDERING_WORDS = re.compile(
    r"order|submit|buy|sell|cancel|replace|trade_|execute|liquidat|withdraw|transfer",
    re.IGNORECASE,
)
"""What a method would be called that could move real money."""

QUOTE_ROWS = [
    (f"{100 + n // 7}.{n % 7:02d}", f"{100 + n // 7}.{n % 7 + n % 3:02d}") for n in range(53)
]
TRADE_ROWS = [
    (f"{100 + n // 7}.{n % 7:02d}", f"{1 + n % 3}", "buy" if n % 2 else "sell") for n in range(41)
]
BAR_ROWS = [(f"{n}.10", f"{n}.90", f"{n}.05", f"{n}.50", str(n)) for n in range(1, 32)]
# Several rows may share one moment.
QUOTE_TIMES = [START + (n // 2) * SECOND for n in range(53)]
TRADE_TIMES = [START + (n // 3) * 2 * SECOND for n in range(41)]

QUOTES = quotes_market(QUOTE_ROWS, times=QUOTE_TIMES, cut=20)
TRADES = trades_market(
    TRADE_ROWS, times=TRADE_TIMES, events=[t - n for n, t in enumerate(TRADE_TIMES)], cut=16
)
DEPTH = depth_market(
    ["snapshot 100.00x5 99.90x2 / 100.10x3", "100.00x0", "", "/ 100.10x1 100.20x4", "100.00x7"] * 7,
    times=[START + (n // 2) * SECOND for n in range(35)],
    cut=11,
)
ORDERS = orders_market(
    [
        "snapshot add 1 bid 100.00x5 add 2 ask 100.10x3",
        "execute 1 bid 100.00x2 hidden 0 none 100.05x1",
        "none",
        "add 3 ask 100.05x4 modify 2 ask 100.20x1 cancel 3 ask 100.05x1",
        "delete 2 ask 100.20",
    ]
    * 7,
    times=[START + (n // 2) * SECOND for n in range(35)],
    cut=11,
)
BARS = bars_market(BAR_ROWS, instrument=XYZ, cut=8)
COMBINED = combined(
    quotes_market(QUOTE_ROWS, times=QUOTE_TIMES),
    trades_market(TRADE_ROWS, times=TRADE_TIMES),
    bars_market(BAR_ROWS, timeframe_ns=SECOND),
    cut=50,
)
"""All kinds of one instrument, rows of several at most moments."""
SHARES = combined(
    bars_market(BAR_ROWS, instrument=XYZ),
    quotes_market(QUOTE_ROWS, times=[time + 20 * MINUTE for time in QUOTE_TIMES]),
)
"""Two instruments, of which one begins when the other is half over."""

AnyMarket = BuiltMarket | BuiltCombination


class GatewayContract:
    """Everything that a gateway promises: derive a test class and say how to serve a market."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        """A gateway, and the configuration by which it opens exactly these rows.

        Files may be kept under ``tmp_path``.
        """
        raise NotImplementedError

    @pytest.fixture(
        params=[QUOTES, TRADES, BARS, DEPTH, ORDERS], ids=lambda one: one.config.kind.value
    )
    def market(self, request: pytest.FixtureRequest) -> AnyMarket:
        """The market under test."""
        market: AnyMarket = request.param
        return market

    @pytest.fixture
    async def feed(self, market: AnyMarket, tmp_path: Path) -> AsyncIterator[MarketFeed]:
        """The market opened, closed afterwards."""
        gateway, config = await self.serve(market, tmp_path)
        feed = await gateway.open(config)
        yield feed
        await feed.close()

    async def test_every_row_comes_once_and_exactly(
        self, feed: MarketFeed, market: AnyMarket
    ) -> None:
        expected = [row for part in market.slices for row in rows_of(part)]
        assert await read_all(feed, 1000) == expected

    @pytest.mark.parametrize("limit", [1, 2, 7, 1000])
    async def test_cuts_mean_nothing(self, feed: MarketFeed, market: AnyMarket, limit: int) -> None:
        expected = [row for part in market.slices for row in rows_of(part)]
        assert await read_all(feed, limit) == expected

    async def test_a_position_gives_the_same_rows_whatever_was_read_before(
        self, feed: MarketFeed, market: AnyMarket
    ) -> None:
        expected = [row for part in market.slices for row in rows_of(part)]
        last = market.rows - 1
        for row in (last, 0, 5, 5, last // 2, 1, last, last // 2 + 1, 0):
            part = await feed.read(row, 3)
            assert part is not None
            assert part.start == row
            assert rows_of(part) == expected[row : row + len(part)]

    async def test_past_the_end_there_is_nothing_and_the_rest_stays_readable(
        self, feed: MarketFeed, market: AnyMarket
    ) -> None:
        assert await feed.read(market.rows, 1) is None
        assert await feed.read(market.rows + 1_000_000, 1) is None
        assert await feed.read(market.rows - 1, 10) is not None
        assert await feed.read(market.rows, 10) is None
        assert await feed.read(0, 10) is not None

    async def test_a_slice_is_no_longer_than_asked_and_keeps_its_promises(
        self, feed: MarketFeed
    ) -> None:
        row = 0
        while (part := await feed.read(row, 4)) is not None:
            assert 1 <= len(part) <= 4
            part.check()
            row += len(part)

    async def test_a_read_that_makes_no_sense_is_refused(self, feed: MarketFeed) -> None:
        for row, limit in ((-1, 1), (0, 0)):
            with pytest.raises(ValueError, match="expected row >= 0 and limit >= 1"):
                await feed.read(row, limit)

    async def test_the_feed_says_what_it_holds(self, feed: MarketFeed, market: AnyMarket) -> None:
        info = feed.info
        assert info.instruments == instruments_of(market.config)
        assert info.sources == sources_of(market.config)
        names = [calendar.name for calendar in feed.calendars]
        assert names == list(dict.fromkeys(i.calendar for i in info.instruments))
        # What is stored and compared must be plain Python, not numpy that looks like it.
        assert msgspec.convert(msgspec.to_builtins(info), type(info)) == info

    async def test_a_known_extent_is_exact_and_plain(
        self, feed: MarketFeed, market: AnyMarket
    ) -> None:
        extent = feed.extent
        if extent is None:
            return
        first, last = market.slices[0], market.slices[-1]
        assert (extent.rows, extent.first_ts, extent.last_ts) == (
            market.rows,
            first.ts[0],
            last.ts[-1],
        )
        assert {type(value) for value in msgspec.structs.astuple(extent)} == {int}

    async def test_closing_twice_is_allowed_and_ends_reading(self, feed: MarketFeed) -> None:
        await feed.read(0, 1)
        await feed.close()
        await feed.close()
        with pytest.raises(Exception, match="closed"):
            await feed.read(0, 1)

    async def test_feeds_of_one_market_do_not_disturb_each_other(
        self, market: AnyMarket, tmp_path: Path
    ) -> None:
        gateway, config = await self.serve(market, tmp_path)
        one, other = await gateway.open(config), await gateway.open(config)
        try:
            assert await one.read(3, 1) is not None
            await one.close()
            assert len(await read_all(other, 10)) == market.rows
            assert one.info == other.info
        finally:
            await other.close()

    async def test_identity_follows_the_content(self, tmp_path: Path) -> None:
        rows = [("100.00", "100.01"), ("100.00", "100.02")]
        changed = [("100.00", "100.01"), ("100.00", "100.03")]
        identities = []
        for number, content in enumerate((rows, rows, changed, rows[:1])):
            folder = tmp_path / str(number)
            folder.mkdir()
            gateway, config = await self.serve(quotes_market(content), folder)
            feed = await gateway.open(config)
            identities.append(feed.info.data_identity)
            await feed.close()
        assert identities[0] == identities[1]
        assert len(set(identities)) == 3

    async def test_nothing_here_could_send_an_order(
        self, market: AnyMarket, tmp_path: Path
    ) -> None:
        gateway, config = await self.serve(market, tmp_path)
        feed = await gateway.open(config)
        await feed.close()
        for thing in (gateway, feed, IBrokerGateway, MarketFeed):
            assert ordering_methods(thing) == []


class CombinedGatewayContract(GatewayContract):
    """The same promises, and those of a gateway that merges the sources of a market."""

    @pytest.fixture(params=[COMBINED, SHARES], ids=["kinds", "instruments"])
    def market(self, request: pytest.FixtureRequest) -> AnyMarket:
        """The market under test."""
        market: AnyMarket = request.param
        return market

    async def test_the_order_of_the_sources_is_part_of_the_identity(self, tmp_path: Path) -> None:
        bars = bars_market(BAR_ROWS, timeframe_ns=SECOND)
        quotes = quotes_market(QUOTE_ROWS)
        identities = []
        for number, markets in enumerate(((bars, quotes), (bars, quotes), (quotes, bars))):
            folder = tmp_path / str(number)
            folder.mkdir()
            gateway, config = await self.serve(combined(*markets), folder)
            feed = await gateway.open(config)
            identities.append(feed.info.data_identity)
            await feed.close()
        assert identities[0] == identities[1] != identities[2]


def ordering_methods(thing: object) -> list[str]:
    """Public callables of an object or class whose names sound as if they sent orders."""
    return [
        name
        for name, value in inspect.getmembers_static(thing)
        if not name.startswith("_") and callable(value) and ORDERING_WORDS.search(name)
    ]


async def read_all(feed: MarketFeed, limit: int) -> list[tuple[int, ...]]:
    """Every row of a feed, read ``limit`` at a time."""
    rows: list[tuple[int, ...]] = []
    while (part := await feed.read(len(rows), limit)) is not None:
        assert part.start == len(rows)
        rows += rows_of(part)
    return rows


def rows_of(part: MarketSlice) -> list[tuple[int, ...]]:
    """The rows of a slice as tuples of plain integers, session time first.

    In rows of a merged slice the source follows the time.
    """
    if isinstance(part, MergedSlice):
        pieces = [rows_of(piece) for piece in part.pieces]
        places = zip(part.which.tolist(), part.index.tolist(), strict=True)
        merged = [(which, pieces[which][index]) for which, index in places]
        return [(row[0], which, *row[1:]) for which, row in merged]
    if isinstance(part, QuoteSlice):
        columns = [part.ts, part.bid_px, part.ask_px, part.bid_qty, part.ask_qty]
        columns += [] if part.ts_event is None else [part.ts_event]
    elif isinstance(part, DepthSlice | BookOrderSlice | StatusSlice):
        columns = [getattr(part, name) for name in part.COLUMNS]
        columns += [] if part.ts_event is None else [part.ts_event]
    elif isinstance(part, TradeSlice):
        columns = [part.ts, part.price_px, part.size_qty, part.aggressor]
        columns += [] if part.ts_event is None else [part.ts_event]
    else:
        prices = [part.open_px, part.high_px, part.low_px, part.close_px]
        columns = [part.ts, part.ts_open, *prices, part.volume_qty]
    assert {column.dtype for column in columns} == {np.dtype(np.int64)}
    return list(zip(*(column.tolist() for column in columns), strict=True))
