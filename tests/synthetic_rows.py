"""Synthetic markets read whole, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.domain.config import SyntheticMarket
from offbook.domain.market_data import BarSlice, IntColumn, MarketSlice, QuoteSlice

COLUMNS = {
    QuoteSlice: ("ts", "bid_px", "ask_px", "bid_qty", "ask_qty"),
    BarSlice: ("ts", "ts_open", "open_px", "high_px", "low_px", "close_px", "volume_qty"),
}


async def read_slices(
    market: SyntheticMarket, limits: Sequence[int] = (65_536,)
) -> list[MarketSlice]:
    """Every slice of a market, each held against its promises; the limits are used in turn."""
    feed = await SyntheticGateway().open(market)
    parts: list[MarketSlice] = []
    row = 0
    while (part := await feed.read(row, limits[len(parts) % len(limits)])) is not None:
        part.check()
        assert part.start == row
        parts.append(part)
        row += len(part)
    assert feed.extent.rows == row
    assert (feed.extent.first_ts, feed.extent.last_ts) == (parts[0].ts[0], parts[-1].ts[-1])
    await feed.close()
    return parts


def columns(market: SyntheticMarket, limits: Sequence[int] = (65_536,)) -> dict[str, IntColumn]:
    """A whole market by column."""
    parts = asyncio.run(read_slices(market, limits))
    names = COLUMNS[type(parts[0])]
    return {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
