"""The market of ``bench_recovery.py``, for it and for its worker processes, which import this."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from offbook.adapters.recovery.serving import RebuildOne, Say, serve
from offbook.adapters.workers.process import PipeEnd
from offbook.bootstrap.engines import load_engine
from offbook.bootstrap.recovery import rebuilder
from offbook.testing.markets import BuiltMarket, quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway


def market_of(rows: int) -> BuiltMarket:
    """Quotes that go up and down, one a second, as many as the commands need."""
    prices = [100 + (place % 40 - 20) / 100 for place in range(rows)]
    return quotes_market([(f"{bid:.2f}", f"{bid + 0.01:.2f}") for bid in prices])


def gateway_of(market: BuiltMarket) -> ScriptedGateway:
    """A live market whose last row has passed."""
    gateway = ScriptedGateway(market.slices, known_extent=False, clock_stops=False)
    gateway.block_at(market.rows)
    return gateway


def serve_bench(connection: PipeEnd, store: str, rows: int) -> None:
    """What a worker process runs: as offbook's own, on this market."""

    @asynccontextmanager
    async def open_rebuilder(say: Say) -> AsyncIterator[RebuildOne]:
        gateway = gateway_of(market_of(rows))
        async with rebuilder(Path(store), gateway, load_engine, say) as rebuild:
            yield rebuild

    serve(connection, open_rebuilder)
