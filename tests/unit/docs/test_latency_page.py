"""The page about latency: what it tells to write is a configuration."""

import re
import tomllib
from pathlib import Path

import msgspec

from offbook.domain.config import EmpiricalDelay, LatencyConfig, RowTimes

PAGE = Path(__file__).parents[3] / "docs/reference/latency.md"


def test_its_files_are_settings_that_there_are() -> None:
    """Each of them by its name."""
    blocks = re.findall(r"```toml\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found = {
        name: msgspec.convert(tomllib.loads(text)["venue"]["latency"], LatencyConfig)
        for name, text in blocks
    }
    assert set(found) == {"delays.toml", "late.toml", "recorded.toml", "received.toml"}
    assert found["late.toml"].market_data_ns == 100_000_000
    assert found["recorded.toml"].is_recorded
    assert found["received.toml"].row_times is RowTimes.RECEIVED
    assert isinstance(found["received.toml"].market_data, EmpiricalDelay)
