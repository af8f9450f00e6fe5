"""The scripted gateway waits, fails and counts as it is told."""

import asyncio

import numpy as np
import pytest

from offbook.domain.errors import GatewayUnavailable, InvalidConfig
from offbook.ports.gateway import IBrokerGateway
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    START,
    XYZ,
    BuiltMarket,
    bars_market,
    csv_text,
    quotes_market,
)
from offbook.testing.scripted_gateway import ScriptedGateway

QUOTES = quotes_market([("100.00", f"100.0{n}") for n in range(1, 8)], cut=3)


async def test_reads_run_over_the_slices_and_end_with_none() -> None:
    feed = await ScriptedGateway(QUOTES.slices).open(QUOTES.config)
    lengths, row = [], 0
    while (part := await feed.read(row, 100)) is not None:
        lengths.append(len(part))
        row += len(part)
    assert (lengths, row) == ([3, 3, 1], 7)
    assert feed.extent is not None
    assert (feed.extent.rows, feed.extent.first_ts) == (7, START)


async def test_opens_and_closes_are_counted_once() -> None:
    gateway = ScriptedGateway(QUOTES.slices)
    feed = await gateway.open(QUOTES.config)
    assert gateway.open_feeds == 1
    await feed.close()
    await feed.close()
    assert (gateway.opened, gateway.closed, gateway.open_feeds) == (1, 1, 0)
    with pytest.raises(RuntimeError):
        await feed.read(0, 1)


async def test_open_fails_as_often_as_told_and_leaves_nothing_open() -> None:
    gateway = ScriptedGateway(QUOTES.slices)
    gateway.fail_open(GatewayUnavailable("down"), times=1)
    with pytest.raises(GatewayUnavailable):
        await gateway.open(QUOTES.config)
    assert gateway.open_feeds == 0
    await gateway.open(QUOTES.config)
    assert gateway.markets == [QUOTES.config, QUOTES.config]


async def test_open_waits_at_its_gate() -> None:
    gateway = ScriptedGateway(QUOTES.slices)
    gate = gateway.block_open()
    opening = asyncio.create_task(gateway.open(QUOTES.config))
    await gate.reached.wait()
    assert gateway.opened == 0
    gate.release()
    await opening
    assert gateway.opened == 1


async def test_rows_before_a_failure_are_given() -> None:
    gateway = ScriptedGateway(QUOTES.slices)
    gateway.fail_at(2, GatewayUnavailable("lost"), times=1)
    feed = await gateway.open(QUOTES.config)
    part = await feed.read(0, 100)
    assert part is not None
    assert len(part) == 2
    with pytest.raises(GatewayUnavailable, match="lost"):
        await feed.read(2, 100)
    assert await feed.read(2, 100) is not None


async def test_rows_before_a_gate_are_given_and_the_end_can_wait_too() -> None:
    gateway = ScriptedGateway(QUOTES.slices)
    gate = gateway.block_at(7)
    feed = await gateway.open(QUOTES.config)
    reading = asyncio.create_task(feed.read(7, 1))
    await gate.reached.wait()
    assert not reading.done()
    gate.release()
    assert await reading is None


async def test_identity_depends_on_rows_and_not_on_cuts() -> None:
    async def identity(market: BuiltMarket) -> str:
        feed = await ScriptedGateway(market.slices).open(market.config)
        return feed.info.data_identity

    rows = [("100.00", "100.01"), ("100.00", "100.02")]
    assert await identity(quotes_market(rows)) == await identity(quotes_market(rows, cut=1))
    assert await identity(quotes_market(rows)) != await identity(quotes_market(rows[:1]))
    assert await identity(quotes_market(rows)) != await identity(
        quotes_market(rows, events=[START, START])
    )


async def test_the_configuration_must_fit_the_rows() -> None:
    with pytest.raises(InvalidConfig, match="quotes of BTCUSDT"):
        await ScriptedGateway(QUOTES.slices).open(quotes_market([], instrument=XYZ).config)


async def test_no_rows_are_an_empty_market() -> None:
    market = quotes_market([])
    feed = await ScriptedGateway(market.slices).open(market.config)
    assert feed.extent is None
    assert await feed.read(0, 10) is None


def test_slices_must_be_consecutive() -> None:
    with pytest.raises(ValueError, match="row 3 is missing"):
        ScriptedGateway((QUOTES.slices[0], QUOTES.slices[2]))


def test_bars_become_known_at_their_close() -> None:
    market = bars_market([("1.00", "2.00", "0.50", "1.50", "3")] * 2, instrument=XYZ)
    (part,) = market.slices
    assert part.ts.tolist() == [START + MINUTE, START + 2 * MINUTE]
    assert (market.rows, market.config.timeframe_ns) == (2, MINUTE)


def test_csv_text_is_exact() -> None:
    market = quotes_market([("61837.63", "61837.64", "3.78826", "0")], start=1)
    assert csv_text(market) == (
        "ts_init,bid,ask,bid_size,ask_size\n1,61837.63,61837.64,3.78826,0.00000\n"
    )
    assert np.array_equal(market.slices[0].ts, [1])
    assert market.config.instrument == BTCUSDT


def test_it_is_a_gateway() -> None:
    assert isinstance(ScriptedGateway(), IBrokerGateway)
