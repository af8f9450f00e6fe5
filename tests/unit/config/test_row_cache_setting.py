"""``OFFBOOK_ROW_CACHE``: of the process, and no setting of any session."""

from pathlib import Path
from typing import Any

import pytest

from offbook.bootstrap import make_gateway
from offbook.bootstrap.sweeps import _Host
from offbook.config.resolving import load_settings
from offbook.config.settings import row_cache_directory
from offbook.domain.config import ReplayMarket, SyntheticMarket
from offbook.domain.sweeps import SweepIdentity


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    """An empty variable is none."""
    for environment in ({}, {"OFFBOOK_ROW_CACHE": ""}, {"OFFBOOK_ROW_CACHE": "off"}):
        assert row_cache_directory(environment) is None


def test_a_folder_or_the_place_of_the_platform() -> None:
    """Absolute in any case."""
    assert row_cache_directory({"OFFBOOK_ROW_CACHE": "/var/rows"}) == Path("/var/rows")
    place = row_cache_directory({"OFFBOOK_ROW_CACHE": "on"})
    assert place is not None
    assert place.is_absolute()
    assert place.name == "rows"


def test_it_is_no_setting(tmp_path: Path) -> None:
    """Other variables that name none are refused; this one is not."""
    settings = load_settings(tmp_path, {"OFFBOOK_ROW_CACHE": "on", "OFFBOOK_SEED": "3"})
    assert [layer.values for layer in settings.layers if layer.values] == [{("seed",): 3}]


def test_the_gateway_keeps_rows_if_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Read when the gateway is made."""
    monkeypatch.delenv("OFFBOOK_ROW_CACHE", raising=False)
    assert cache_of(make_gateway()) is None
    monkeypatch.setenv("OFFBOOK_ROW_CACHE", str(tmp_path))
    assert cache_of(make_gateway()) is not None


def test_the_workers_of_a_sweep_keep_rows_as_any_session_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Beneath what they have in memory, and they digest no file twice."""
    monkeypatch.setenv("OFFBOOK_ROW_CACHE", str(tmp_path))
    below: Any = _Host("stores", SweepIdentity(strategy="", data="", config=""), print).gateway
    below = below._inner
    assert cache_of(below) is not None
    assert below._routes.keys() == {ReplayMarket, SyntheticMarket}
    assert below._routes[ReplayMarket]._surveys == {}


def cache_of(gateway: object) -> object:
    """The cache of the gateway to recordings."""
    return gateway._routes[ReplayMarket]._cache  # type: ignore[attr-defined]  # a RoutingGateway
