"""Which rows a configuration gives, held fast: they must never change without a new version."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.synthetic_rows import columns

from offbook.domain.calendars import DAY_NS
from offbook.domain.config import SyntheticMarket
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import Preset, VolumeShape, synthetic_market
from offbook.testing.markets import BTCUSDT, MINUTE, XYZ

SHARE = msgspec.structs.replace(XYZ, calendar="XNYS")

MARKETS = {
    "plain": SyntheticMarket(instrument=BTCUSDT),
    "seed": SyntheticMarket(instrument=BTCUSDT, seed=2**63 - 1, start_price="60000", drift="1"),
    "calm": synthetic_market(BTCUSDT, Preset.CALM, step_ns=1_000),
    "wild": synthetic_market(SHARE, Preset.WILD, volume_shape=VolumeShape.U),
    "minutes": SyntheticMarket(instrument=BTCUSDT, kind=DataKind.BARS, timeframe_ns=MINUTE),
    "days": SyntheticMarket(instrument=SHARE, kind=DataKind.BARS, timeframe_ns=DAY_NS, rows=500),
}
GOLDEN = {
    "plain": "8bf44372ae5eea0ef7308b33b76b02b9f87cb4311ad6ed1f0acec4804e13db28",
    "seed": "ff9df26b02beddacd4a4ae6a548d58058af3ea2e6c9e6e51f3e57a60e1273f6c",
    "calm": "d457d10d53276b7f04e12b0b8848144f238f6f2a2a7c25dba30ae993fddeb3cd",
    "wild": "97455879ab2973b2d05726b684ef4eb6366097ce71e559eef8ee4cf9c41226df",
    "minutes": "e8f3d4ede932f23ce6d4b38ccf7b8891e1c01a4ef258198099a6a62b7c7be0be",
    "days": "fb4657fd29c4de97fd7d88ff0b935933c5653f309fff5cfe0725b09b406dd45c",
}


def digest(market: SyntheticMarket) -> str:
    """SHA-256 of all columns one after another, as little-endian integers of 8 bytes."""
    sha256 = hashlib.sha256()
    for column in columns(market).values():
        sha256.update(column.astype("<i8").tobytes())
    return sha256.hexdigest()


@pytest.mark.parametrize("name", MARKETS)
def test_the_first_rows_are_what_they_were(name: str) -> None:
    assert digest(MARKETS[name]) == GOLDEN[name]


def test_another_process_makes_the_same_rows_whatever_its_hash_seed() -> None:
    program = (
        "from tests.unit.adapters.brokers.synthetic.test_golden import MARKETS, digest\n"
        "print(digest(MARKETS['plain']))"
    )
    root = Path(__file__).resolve().parents[5]
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = [sys.executable, "-c", program]
        answer = subprocess.run(
            run, cwd=root, env=environment, check=True, capture_output=True, text=True
        )
        assert answer.stdout.strip() == GOLDEN["plain"]
