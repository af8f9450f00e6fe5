"""Delays of a recording's own times, named in a session's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from offbook.config.checking import check_file
from offbook.config.resolving import Settings, read_session_file
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.config import EmpiricalDelay, LatencyConfig, SessionConfig, chain_config
from offbook.domain.errors import InvalidConfig

MS = 1_000_000
T = 1_704_205_800_000_000_000
DELAYED = [i % 7 * MS for i in range(700)]
"""From the venue to the recorder, as many rows of each."""


def recorded(file: Path, delays: Sequence[int], *, header: str = "ts_event,ts_init") -> Path:
    rows = [f"{T + n * 10**9},{T + n * 10**9 + ns},100.00,1" for n, ns in enumerate(delays)]
    file.write_text("\n".join([f"{header},price,size", *rows]) + "\n")
    return file


def session(entry: Any) -> SessionConfig:
    request = SessionRequest(strategy="offbook.strategies.quoter:Quoter", data=("demo",))
    return build_config(request, {"venue": {"latency": {"entry": entry}}})


def test_a_session_keeps_the_delays_and_not_the_place(tmp_path: Path) -> None:
    """So it is the same session as one in which they are written down, and stays so when the file
    is gone."""
    file = recorded(tmp_path / "trades.csv", DELAYED)
    made = session({"type": "recording", "file": str(file)})
    delays = made.venue.latency.entry
    assert isinstance(delays, EmpiricalDelay)
    assert len(delays.quantiles_ns) == 64
    assert set(delays.quantiles_ns) == {n * MS for n in range(7)}
    written = {"type": "empirical", "quantiles_ns": list(delays.quantiles_ns)}
    assert session(written) == made
    assert b"trades.csv" not in chain_config(made)
    file.unlink()
    assert session(written) == made


def test_a_file_is_named_from_where_it_is_written(tmp_path: Path) -> None:
    """And looked over with the rest; what is measured is read anew when it has changed."""
    recorded(tmp_path / "trades.csv", [5 * MS])
    file = tmp_path / "delays.toml"
    file.write_text('[venue.latency.response]\ntype = "recording"\nfile = "trades.csv"\n')
    assert check_file(file).problems == ()
    settings = Settings((read_session_file(file),))
    request = SessionRequest(strategy="offbook.strategies.quoter:Quoter", data=("demo",))
    expected = LatencyConfig(response=EmpiricalDelay(quantiles_ns=(5 * MS,) * 64))
    assert build_config(request, settings=settings).venue.latency == expected


@pytest.mark.parametrize(
    ("delays", "header", "said"),
    [
        ([1], "ts_init,unknown", "do not have two times"),
        ([5, -1_500], "ts_event,ts_init", "by 1,500 ns: the clocks disagree"),
        ([60 * 10**9 + 1], "ts_event,ts_init", "took 60,000,000,001 ns, more than"),
    ],
)
def test_a_recording_that_tells_no_delays_is_refused(
    tmp_path: Path, delays: list[int], header: str, said: str
) -> None:
    """Before anything runs, and with the setting's name."""
    file = recorded(tmp_path / "trades.csv", delays, header=header)
    with pytest.raises(InvalidConfig, match=said) as caught:
        session({"type": "recording", "file": str(file)})
    assert caught.value.fields["field"] == "venue.latency.entry.file"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"type": "recording"}, r'entry: type = "recording" takes a file, the recording'),
        ({"type": "recording", "file": "a.csv", "mean_ns": 5}, "takes a file, not mean_ns"),
        (
            {"type": "empirical", "file": "a.csv", "quantiles_ns": [1]},
            r'entry\.file is for type = "recording"',
        ),
        ({"type": "recording", "file": "no-such-file.csv"}, "there is no file"),
    ],
)
def test_a_table_that_says_something_else_is_refused(entry: dict[str, Any], said: str) -> None:
    """With what to write."""
    with pytest.raises(InvalidConfig, match=said):
        session(entry)


def test_a_bad_table_is_found_by_looking_a_file_over(tmp_path: Path) -> None:
    """With its line."""
    file = tmp_path / "delays.toml"
    file.write_text('[venue.latency.entry]\ntype = "recording"\nfile = "none.csv"\nleast_ns = 1\n')
    (problem,) = check_file(file).problems
    assert "takes a file, not least_ns" in problem.message
    assert problem.line == 3
