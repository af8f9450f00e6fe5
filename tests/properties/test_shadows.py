"""Random sessions' orders before other venues: whatever happened, they can be put through, however
the rows are cut."""

from __future__ import annotations

import msgspec
import pytest
from tests.properties.random_markets import MAKERS, Kind
from tests.properties.random_sessions import Improvised, improvise

from offbook.domain.config import VenueConfig
from offbook.domain.market_data import MarketSlice
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.row_reader import RowReader
from offbook.services.shadowing.running import Orders, ShadowRun
from offbook.services.shadowing.steps import StepReader
from offbook.services.shadowing.venues import Shadow, shadow_venue


class Rows:
    """A feed of rows in memory."""

    def __init__(self, rows: MarketSlice) -> None:
        self._rows = rows

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """At most so many from ``row`` on."""
        end = min(row + limit, len(self._rows))
        return self._rows.rows(row, end) if row < end else None

    async def close(self) -> None:
        """Nothing to give up."""


async def put_through(done: Improvised, venue: VenueConfig, block_rows: int) -> ShadowRun:
    """A session's orders before a venue."""
    reader = StepReader()
    for record in done.rehearsal.records:
        reader.take(record)
    reader.finish()
    session = done.rehearsal.session
    config = msgspec.structs.replace(session.config, venue=venue, strategy=None)
    engine = ProcessingEngine(msgspec.structs.replace(session, config=config))
    rows = RowReader(Rows(done.rehearsal.all_rows), block_rows, lambda: None)  # type: ignore[arg-type]  # as much of a feed as is read
    try:
        orders = Orders(engine, rows, done.rehearsal.attach)
        return await orders.through(reader.steps, done.rehearsal.engine.cursor)
    finally:
        await rows.close()


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [12_001, 12_035, 12_037])
async def test_any_session_has_shadows_that_depend_on_no_cut(seed: int, kind: Kind) -> None:
    """Margin calls, pauses, lists, errors, limits on losses: nothing is too odd."""
    done = improvise(seed, kind)
    for shadow in Shadow:
        venue = shadow_venue(done.rehearsal.session.config, shadow)
        run = await put_through(done, venue, 7)
        again = await put_through(done, venue, 10_000)
        assert run.summary == again.summary
        assert (run.made.orders, run.ended) == (again.made.orders, again.ended)
        assert sum(order.fills for order in run.made.orders.values()) == run.summary.fills
