"""The page about latency: what it tells to write is a configuration."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from offbook.config.measured import resolve_measured
from offbook.domain.config import EmpiricalDelay, LatencyConfig, RowTimes

PAGE = Path(__file__).parents[3] / "docs/reference/latency.md"


def test_its_files_are_settings_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them by its name, and the recording that one of them names is one that tells."""
    page = PAGE.read_text(encoding="utf-8")
    for name, text in re.findall(r"```csv\n# (\S+)\n(.*?)```", page, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = {}
    for name, text in re.findall(r"```toml\n# (\S+)\n(.*?)```", page, re.DOTALL):
        document = tomllib.loads(text)
        resolve_measured(document)
        found[name] = msgspec.convert(document["venue"]["latency"], LatencyConfig)
    assert set(found) == {
        "delays.toml",
        "venues.toml",
        "measured.toml",
        "late.toml",
        "each-row.toml",
        "received.toml",
    }
    measured = found["measured.toml"].entry
    assert isinstance(measured, EmpiricalDelay)
    assert set(measured.quantiles_ns) == {3_000_000, 4_000_000, 9_000_000}
    near, far = found["venues.toml"].venues
    assert found["venues.toml"].of(near).entry_ns == 5_000_000
    assert found["venues.toml"].of(far).response_ns == 20_000_000
    assert found["late.toml"].market_data_ns == 100_000_000
    assert found["each-row.toml"].is_recorded
    assert found["received.toml"].row_times is RowTimes.RECEIVED
    assert isinstance(found["received.toml"].market_data, EmpiricalDelay)
