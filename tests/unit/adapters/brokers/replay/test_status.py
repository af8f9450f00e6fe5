"""Recordings of a status: halts, resumptions and price bands."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.recordings import NS, csv, first_slice, parquet

from offbook.adapters.brokers.replay.converting import convert_recording
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind, StatusSlice
from offbook.domain.status import StatusEvent
from offbook.engine.rows.rows import each_status
from offbook.testing.markets import BTCUSDT

SECOND = 10**9
LINES = (
    "time,event,lower,upper",
    "1704205800,bands,99.50,100.5",
    "1704205801,Halt,,",
    "1704205802,RESUME,,",
    "1704205803,luld,,101",
)


def market(path: Path, **options: object) -> ReplayMarket:
    """A recording of a status."""
    base = ReplayMarket(path=str(path), kind=DataKind.STATUS, instrument=BTCUSDT)
    return msgspec.structs.replace(base, **options)


async def read(path: Path, **options: object) -> StatusSlice:
    """Its rows."""
    part = await first_slice(market(path, **options))
    assert isinstance(part, StatusSlice)
    part.check()
    return part


def told(part: StatusSlice) -> list[tuple[int, StatusEvent, str | None, str | None]]:
    """Seconds, event and bands of each row."""
    return [
        (
            (row.ts - NS) // SECOND,
            row.event,
            None if row.lower_price is None else str(row.lower_price),
            None if row.upper_price is None else str(row.upper_price),
        )
        for row in each_status(part)
    ]


async def test_a_status_is_read_with_its_bands(tmp_path: Path) -> None:
    part = await read(csv(tmp_path / "s.csv", *LINES))
    assert told(part) == [
        (0, StatusEvent.BANDS, "99.50", "100.50"),
        (1, StatusEvent.HALT, None, None),
        (2, StatusEvent.RESUME, None, None),
        (3, StatusEvent.BANDS, None, "101.00"),
    ]


async def test_a_status_of_halts_alone_needs_no_bands(tmp_path: Path) -> None:
    part = await read(csv(tmp_path / "s.csv", "ts,event", "1704205800,h", "1704205801,r"))
    assert [row[1] for row in told(part)] == [StatusEvent.HALT, StatusEvent.RESUME]


async def test_a_status_in_parquet_may_have_no_bands_either(tmp_path: Path) -> None:
    columns = {
        "time": ["1704205800", "1704205801"],
        "event": ["halt", "bands"],
        "lower": [None, "99.5"],
        "upper": [None, "100"],
    }
    types = {"time": "BIGINT", "event": "VARCHAR", "lower": "DOUBLE", "upper": "DECIMAL(10,2)"}
    part = await read(parquet(tmp_path / "s.parquet", columns, types))
    assert told(part)[1] == (1, StatusEvent.BANDS, "99.50", "100.00")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1704205801,stop,,", "'stop' does not say what happened: expected halt, resume or bands"),
        ("1704205801,bands,101,100", "the lower band 101 is below zero, or above the upper"),
        ("1704205801,bands,-1,100", "the lower band -1 is below zero, or above the upper"),
    ],
)
async def test_what_can_be_no_status_is_told(tmp_path: Path, line: str, words: str) -> None:
    path = csv(tmp_path / "s.csv", LINES[0], line, LINES[1])
    with pytest.raises(BadMarketData, match=words):
        await read(path)


async def test_a_status_is_converted_as_it_is(tmp_path: Path) -> None:
    path = csv(tmp_path / "s.csv", *LINES)
    convert_recording(market(path), tmp_path / "t.parquet")
    assert told(await read(tmp_path / "t.parquet")) == told(await read(path))
