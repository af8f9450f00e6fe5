"""Venues with latencies of their own, as files and flags tell them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.config.test_measured import MS, recorded

from offbook.config.checking import check_file
from offbook.config.known import session_catalogue
from offbook.config.resolving import Settings, read_session_file, session_parts
from offbook.config.schema import json_schema
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.config import EmpiricalDelay, SessionConfig, StrategySpec, VenueLatency
from offbook.domain.errors import InvalidConfig

MINE = StrategySpec(ref="mine:Mine", params={})
NEAR = {"name": "near", "symbols": ["BTCUSDT"], "entry_ns": 3}
FILE = """
[[venue.latency.venues]]
name = "near"
symbols = ["BTCUSDT"]
entry_ns = 3
response = {{ type = "recording", file = "{file}" }}
"""


def built(venues: Any, *settings: Settings, **request: Any) -> SessionConfig:
    parts = {"venue": {"latency": {"venues": venues}}} if venues else None
    asked = SessionRequest(data=("demo",), **request)
    return build_config(asked, parts, strategy=MINE, settings=next(iter(settings), None))


def test_a_venue_may_have_the_delays_of_a_recording(tmp_path: Path) -> None:
    """Named from where it is written, looked over with the rest, and read again when it has
    changed."""
    recorded(tmp_path / "trades.csv", [5 * MS])
    file = tmp_path / "delays.toml"
    file.write_text(FILE.format(file="trades.csv"))
    assert check_file(file).problems == ()
    settings = Settings((read_session_file(file),))
    response = EmpiricalDelay(quantiles_ns=(5 * MS,) * 64)
    near = VenueLatency(name="near", symbols=("BTCUSDT",), entry_ns=3, response=response)
    assert built((), settings).venue.latency.venues == (near,)
    recorded(tmp_path / "trades.csv", [7 * MS, 7 * MS])
    (again,) = built((), settings).venue.latency.venues
    assert again.response == EmpiricalDelay(quantiles_ns=(7 * MS,) * 64)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ({"type": "recording", "file": "none.csv"}, "there is no file"),
        ({"type": "recording", "file": ""}, r"venues: near: response: .* takes a file"),
    ],
)
def test_a_recording_that_tells_none_is_refused(response: dict[str, Any], said: str) -> None:
    """With the venue's name."""
    with pytest.raises(InvalidConfig, match=said):
        built([{**NEAR, "response": response}])


def test_a_venue_that_is_written_wrong_is_found_by_looking_a_file_over(tmp_path: Path) -> None:
    """With its place, whether its type or its meaning is wrong."""
    file = tmp_path / "delays.toml"
    told = {
        '"BTCUSDT"]\nentrance_ns = 3': "unknown setting entrance_ns in table 1 of ",
        '"BTCUSDT"]': "near gives no delay, so it would change nothing",
        '"BTCUSDT", "BTCUSDT"]\nentry_ns = 3': "name BTCUSDT twice",
    }
    for written, said in told.items():
        file.write_text(f'[[venue.latency.venues]]\nname = "near"\nsymbols = [{written}\n')
        (problem,) = check_file(file).problems
        assert problem.field == "venue.latency.venues"
        assert said in problem.message


def test_what_is_not_traded_is_refused() -> None:
    """As the session is made, which has the market."""
    with pytest.raises(InvalidConfig, match="name ETHUSDT in near; this market has BTCUSDT"):
        built([{**NEAR, "symbols": ["ETHUSDT"]}])


def test_a_flag_gives_one_delay_to_all_venues() -> None:
    """As it takes the place of the session's own; a preset names the whole venue too."""
    assert len(built([NEAR]).venue.latency.venues) == 1
    latency = built([NEAR], latency_ms="7").venue.latency
    assert (latency.entry_ns, latency.response_ns, latency.venues) == (7 * MS, 7 * MS, ())
    assert built([NEAR], preset="harsh").venue.latency.venues == ()
    parts = {"venue": {"preset": "harsh", "latency": {"venues": [NEAR]}}}
    both = built((), Settings((session_parts(parts),)))
    assert len(both.venue.latency.venues) == 1
    assert both.venue.latency.entry is not None


def test_the_schema_has_what_is_written() -> None:
    """The kinds of delays, that of a recording too."""
    schema = json_schema(session_catalogue(), "a session")
    latency = schema["properties"]["venue"]["properties"]["latency"]
    listed = latency["properties"]["venues"]
    assert list(listed["default"]) == []
    parts = listed["items"]["properties"]
    assert set(parts) == {"name", "symbols", "entry_ns", "response_ns", "entry", "response"}
    assert "'recording'" in str(parts["response"])
