"""Whole sessions on a synthetic market: the same bytes however its rows are cut."""

from __future__ import annotations

import hashlib
from itertools import cycle

import msgspec
import pytest
from tests.synthetic_rows import read_slices

from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.bootstrap import load_engine, make_gateway, make_manager
from offbook.domain import commands as c
from offbook.domain.config import AccountConfig, SessionConfig, StrategySpec, SyntheticMarket
from offbook.domain.market_data import DataKind
from offbook.domain.records import encode_record
from offbook.domain.session import SessionStatus
from offbook.domain.synthetic import Preset, synthetic_market
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.verification import ReplayOutcome, verify
from offbook.strategies.ema_cross import EmaCross
from offbook.testing.markets import BTCUSDT, MINUTE
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.sessions import new_session

WILD = synthetic_market(BTCUSDT, Preset.WILD, rows=20_000)
BARS = SyntheticMarket(instrument=BTCUSDT, kind=DataKind.BARS, timeframe_ns=MINUTE, rows=2_000)
SPEC = StrategySpec(
    ref="offbook.strategies.ema_cross:EmaCross", params={"fast": 20, "slow": 80, "size": "0.5"}
)


def config(market: SyntheticMarket) -> SessionConfig:
    return SessionConfig(market=market, account=AccountConfig(currency="USDT"), strategy=SPEC)


async def run(market: SyntheticMarket, limits: tuple[int, ...]) -> tuple[str, int]:
    """Digest and number of the records of a bare engine that is fed pieces of these lengths."""
    feed = await SyntheticGateway().open(market)
    engine = ProcessingEngine(
        new_session(config=config(market)), EmaCross(fast=20, slow=80, size="0.5"), "source"
    )
    records = engine.process([Attach(market=feed.info, calendars=feed.calendars)])
    records += engine.process([Take(command=c.Start(command_id="start"), ts=feed.extent.first_ts)])
    row = 0
    for limit in cycle(limits):
        part = await feed.read(row, limit)
        if part is None:
            break
        records += engine.process([part])
        row += len(part)
    records += engine.process([EndOfData()])
    await feed.close()
    assert engine.status is SessionStatus.STOPPED
    raw = b"\n".join(encode_record(record) for record in records)
    return hashlib.sha256(raw).hexdigest(), len(engine.order_views())


@pytest.mark.parametrize("market", [WILD, BARS], ids=["quotes", "bars"])
async def test_an_engine_makes_the_same_records_however_rows_are_cut(
    market: SyntheticMarket,
) -> None:
    whole, orders = await run(market, (65_536,))
    assert orders > 20
    assert await run(market, (1, 7, 4000, 256)) == (whole, orders)
    other = msgspec.structs.replace(market, seed=1)
    assert (await run(other, (65_536,)))[0] != whole


async def test_a_manager_runs_a_session_on_it_and_it_replays_to_the_same_bytes() -> None:
    repository = InMemoryRepository()
    async with make_manager(repository) as manager:
        started = await manager.start_session(config(WILD))
        ended = await manager.wait(started.id)
    assert (ended.status, ended.status_reason) == (SessionStatus.STOPPED, "end_of_data")
    assert ended.cursor.row == WILD.rows
    assert ended.summary is not None
    assert ended.summary.orders > 20
    found = await verify(ended, make_gateway(), load_engine, repository, Limits())
    assert found.outcome is ReplayOutcome.EQUAL


async def test_what_is_stored_of_a_session_opens_the_same_market_again() -> None:
    raw = msgspec.json.encode(config(WILD))
    again = msgspec.json.decode(raw, type=SessionConfig).market
    assert isinstance(again, SyntheticMarket)
    first, second = await read_slices(WILD), await read_slices(again)
    assert [part.ts.tolist() for part in first] == [part.ts.tolist() for part in second]
