"""Rows that are kept: read once, given often, and let go where they are too many."""

from __future__ import annotations

import asyncio
from collections import Counter

from offbook.adapters.brokers.remembering import RememberingGateway
from offbook.domain.config import MarketConfig
from offbook.ports.gateway import MarketFeed
from offbook.testing.markets import XYZ, BuiltMarket, quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway

MARKET = quotes_market([(f"{n}.00", f"{n}.50") for n in range(1, 101)], cut=10)
OTHER = quotes_market([(f"{n}.00", f"{n}.50") for n in range(1, 21)], instrument=XYZ, cut=10)


class Counting:
    """A gateway that counts how often it is asked."""

    def __init__(self, market: BuiltMarket) -> None:
        self._inner = ScriptedGateway(market.slices)
        self.opened = Counter[str]()

    async def open(self, market: MarketConfig) -> MarketFeed:
        self.opened[market.source] += 1
        await asyncio.sleep(0)
        return await self._inner.open(market)


async def read_all(gateway: RememberingGateway, market: BuiltMarket, limit: int) -> list[int]:
    """The first bid of every piece, spread over its rows."""
    feed = await gateway.open(market.config)
    bids: list[int] = []
    while (piece := await feed.read(len(bids), limit)) is not None:
        bids += piece.bid_px.tolist()  # type: ignore[union-attr]  # the market has quotes alone
    await feed.close()
    return bids


async def test_a_market_is_opened_once_and_gives_every_session_the_same() -> None:
    counting = Counting(MARKET)
    gateway = RememberingGateway(counting)
    first = await read_all(gateway, MARKET, 7)
    assert len(first) == 100
    assert await read_all(gateway, MARKET, 33) == first
    assert counting.opened.total() == 1
    await gateway.close()


async def test_a_session_that_left_early_leaves_its_rows_to_the_next() -> None:
    counting = Counting(MARKET)
    gateway = RememberingGateway(counting)
    feed = await gateway.open(MARKET.config)
    await feed.read(0, 5)
    await feed.close()
    assert len(await read_all(gateway, MARKET, 50)) == 100
    assert counting.opened.total() == 1
    await gateway.close()


async def test_two_at_a_time_do_not_mix_their_rows() -> None:
    gateway = RememberingGateway(Counting(MARKET))
    one, two = await gateway.open(MARKET.config), await gateway.open(MARKET.config)
    for row in range(0, 100, 10):
        for feed in (one, two):
            piece = await feed.read(row, 10)
            assert piece is not None
            assert piece.start == row
    for feed in (one, two):
        assert await feed.read(100, 1) is None
        await feed.close()
    await gateway.close()


async def test_two_that_open_a_market_at_once_open_it_once() -> None:
    counting = Counting(MARKET)
    gateway = RememberingGateway(counting)
    one, two = await asyncio.gather(*(gateway.open(MARKET.config) for _ in range(2)))
    assert counting.opened.total() == 1
    first, second = await one.read(0, 10), await two.read(0, 10)
    assert first is not None
    assert second is not None
    assert first.ts is second.ts or first.ts.base is second.ts.base
    await gateway.close()


async def test_one_that_cannot_be_opened_is_no_reason_not_to_try_again() -> None:
    counting = Counting(MARKET)
    gateway = RememberingGateway(counting)
    inner, counting._inner = counting._inner, None  # type: ignore[assignment]  # it is away
    opening = [gateway.open(MARKET.config) for _ in range(2)]
    found = await asyncio.gather(*opening, return_exceptions=True)
    assert [type(one) for one in found] == [AttributeError] * 2
    counting._inner = inner
    assert len(await read_all(gateway, MARKET, 50)) == 100
    await gateway.close()


async def test_the_venues_times_take_room_too() -> None:
    rows = [(f"{n}.00", f"{n}.50") for n in range(1, 101)]
    market = quotes_market(rows, cut=10, events=list(range(100)))
    counting = Counting(market)
    gateway = RememberingGateway(counting, memory_bytes=100 * 8 * 6 - 1)
    await read_all(gateway, market, 10)
    await read_all(gateway, market, 10)
    assert counting.opened.total() == 3  # it is six columns, and does not fit
    await gateway.close()


async def test_more_than_the_memory_takes_is_read_anew_each_time() -> None:
    counting = Counting(MARKET)
    gateway = RememberingGateway(counting, memory_bytes=3000)  # 75 rows of five columns
    first = await read_all(gateway, MARKET, 10)
    assert first == await read_all(gateway, MARKET, 10)
    assert counting.opened.total() == 3  # tried, then by each session
    await gateway.close()


async def test_what_cannot_fit_by_its_number_of_rows_is_not_tried() -> None:
    """Or each process of a sweep would fill its memory for nothing first."""
    counting = Counting(MARKET)
    gateway = RememberingGateway(counting, memory_bytes=100 * 24 - 1)
    first = await read_all(gateway, MARKET, 10)
    assert first == await read_all(gateway, MARKET, 10)
    assert counting.opened.total() == 2  # by each session
    await gateway.close()


async def test_what_is_let_go_makes_room_for_another() -> None:
    gateway = RememberingGateway(ScriptedGateway(MARKET.slices), memory_bytes=3000)
    await read_all(gateway, MARKET, 10)
    gateway._inner = small = Counting(OTHER)
    await read_all(gateway, OTHER, 10)
    await read_all(gateway, OTHER, 10)
    assert small.opened.total() == 1
    await gateway.close()
