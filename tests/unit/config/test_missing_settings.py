"""A setting that is missing is named whole, with what it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import offbook
from offbook import SessionRequest, build_config
from offbook.config.checking import check_file
from offbook.domain.errors import InvalidConfig
from offbook.strategies.ema_cross import EmaCross

KINDS = "give normal or log_normal or empirical"


@pytest.mark.parametrize(
    ("venue", "field", "told"),
    [
        (
            {"latency": {"entry": {"mean_ns": 5}}},
            "venue.latency.entry.type",
            f"is missing: {KINDS}",
        ),
        ({"fee": {"type": "tiered"}}, "venue.fee.tiers", "is missing"),
        ({"fee": {"type": "bounded"}}, "venue.fee.parts", "is missing"),
    ],
)
def test_a_run_names_what_is_missing(venue: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        offbook.run(EmaCross, "synthetic:timeframe=1m,rows=5", config={"venue": venue})
    assert caught.value.fields["field"] == field
    assert str(caught.value).endswith(f"{field} {told}")


def test_a_file_that_is_looked_over_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "late.toml"
    file.write_text("[venue.latency.entry]\nmean_ns = 5\n")
    (problem,) = check_file(file).problems
    assert problem.field == "venue.latency.entry.type"
    assert problem.message == f"venue.latency.entry.type is missing: {KINDS}"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("s.json", '{"name": "\\ud800"}', r"'\ud800' is half a character"),
        ("s.json", "[" * 100_000, "is no JSON: too many lists or tables within one another"),
        ("s.toml", "a = " + "[" * 5000, "is no TOML: too many lists or tables within one another"),
        ("s.toml", "seed = " + "9" * 5000, "is no TOML: a number has more than 4,300 digits"),
    ],
)
def test_what_readers_choke_on_is_told_in_our_words(
    name: str, text: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        check_file(file)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (
            {"venue": {"latency": {"entry_ns": np.int64(5)}}},
            "configuration: venue.latency.entry_ns: expected plain text, a number, a list",
        ),
        ({"venue": {5: 1}}, "configuration: expected text as a name in venue, was 5"),
        ([1], "configuration: expected a table of settings, was [1]"),
    ],
)
def test_parts_that_no_file_could_say_are_told_with_their_place(parts: Any, told: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        build_config(SessionRequest(), parts)
    assert str(caught.value).startswith(told)
