"""Why a value does not fit its type, in plain words: held to what msgspec takes."""

from __future__ import annotations

import copy
import random
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from offbook.domain.config import RiskConfig, VenueConfig
from offbook.domain.errors import InvalidConfig
from offbook.domain.fitting import faults, spelled
from offbook.domain.orders import OrderSide

VENUE: dict[str, Any] = {
    "market_collar": "0.1",
    "fill_at": "next_open",
    "latency": {
        "entry": {"type": "empirical", "quantiles_ns": [1, 2, 3]},
        "venues": [{"name": "near", "symbols": ["A", "B"], "entry_ns": 3}],
    },
    "fee": {
        "type": "by_instrument",
        "groups": [
            {"symbols": ["A"], "fee": {"type": "flat", "per_order": "1"}},
            {
                "fee": {
                    "type": "bounded",
                    "minimum": "1",
                    "parts": [
                        {"type": "tiered", "tiers": [{"volume": "0", "maker": "1", "taker": "2"}]}
                    ],
                }
            },
        ],
    },
}


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("fee", "type"), "flt", "fee.type: expected basis_points or flat or "),
        (("fee", "type"), "flt", ", was 'flt': did you mean flat?"),
        (("market_collar",), 5, "market_collar: expected text, was 5"),
        (("fill_at",), None, ""),
        (("fill_at",), "x", "fill_at: expected next_open or this_close or "),
        (("latency", "entry", "quantiles_ns"), 5, "latency.entry.quantiles_ns: expected a list"),
        (
            ("latency", "entry", "quantiles_ns", 1),
            "x",
            "item 2 of latency.entry.quantiles_ns: expected a whole number, was 'x'",
        ),
        (
            ("fee", "groups", 1, "fee", "parts", 0, "tiers", 0, "makr"),
            "1",
            "unknown setting makr in table 1 of tiers in table 1 of fee.parts in table 2 of "
            "fee.groups: did you mean maker? Known there: ",
        ),
        (("fee", "groups", 0), 7, "item 1 of fee.groups: expected a table, was 7"),
        (("fee", "groups", 0, "fee"), {}, "fee.type in table 1 of fee.groups is missing: give "),
        (("fee", "groups", 0, "qqq"), 1, "fee.groups: known there: fee, symbols, asset_class"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    place: tuple[str | int, ...], value: object, told: str
) -> None:
    """And with what is allowed there."""
    document: Any = copy.deepcopy(VENUE)
    table = document
    for step in place[:-1]:
        table = table[step]
    table[place[-1]] = value
    found = [fault.told() for fault in faults(document, VenueConfig)]
    assert bool(found) == bool(told)
    assert all(told in one for one in found)


def test_of_a_misspelt_name_that_is_needed_only_the_spelling_is_told() -> None:
    """It is not missing too."""
    venues = [{"name": "near", "symbol": ["A"], "entry_ns": 3}]
    (fault,) = faults({"latency": {"venues": venues}}, VenueConfig)
    assert "symbol in table 1" in fault.told()


def test_wherever_msgspec_refuses_a_fault_is_found() -> None:
    """In documents that were changed at random places, strict or not."""
    rng = random.Random(20261127)
    values = ["x", "5", 5, -1, True, None, [], ["x"], {}, {"type": "flat"}, [{}]]
    wrong = 0
    for _ in range(600):
        document = copy.deepcopy(VENUE)
        _change(document, rng, values)
        strict = rng.random() < 0.5
        refused = False
        try:
            with suppress(InvalidConfig):
                msgspec.convert(document, VenueConfig, strict=strict)
        except msgspec.ValidationError:
            refused = True
        found = list(faults(document, VenueConfig, strict=strict))
        # A check of a type's own ends msgspec's reading before it comes to what stands behind.
        assert not refused or found, document
        wrong += refused
    assert 100 < wrong < 580


def test_where_types_have_no_checks_of_their_own_both_agree() -> None:
    """In both ways: there is a fault just where msgspec refuses."""
    rng = random.Random(7)
    seen = set()
    for _ in range(200):
        document: dict[str, Any] = {"a": 1, "b": ["x"], "c": {"d": [{"e": 1}]}, "f": {"k": 1}}
        _change(document, rng, [1, "x", "1", True, None, [], [1], {}, {"e": 1}])
        try:
            msgspec.convert(document, Plain)
            fits = True
        except msgspec.ValidationError:
            fits = False
        assert fits == (not list(faults(document, Plain))), document
        seen.add(fits)
    assert seen == {True, False}


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    e: int


class Middle(msgspec.Struct, forbid_unknown_fields=True):
    d: list[Inner] = []


class Plain(msgspec.Struct, forbid_unknown_fields=True):
    a: int | str
    b: tuple[str, ...]
    c: Middle | None = None
    f: dict[str, int] = {}


def _change(document: dict[str, Any], rng: random.Random, values: list[Any]) -> None:
    """Put one value somewhere, under a known name or another, or take one away."""
    table: Any = document
    while True:
        keys = list(table) if isinstance(table, dict) else list(range(len(table)))
        inner = [key for key in keys if isinstance(table[key], (dict, list)) and table[key]]
        if not inner or rng.random() < 0.4:
            break
        table = table[rng.choice(inner)]
    key = rng.choice(keys)
    what = rng.random()
    if isinstance(table, dict) and what < 0.15:
        table["other"] = rng.choice(values)
    elif isinstance(table, dict) and what < 0.3:
        del table[key]
    else:
        table[key] = rng.choice(values)


def test_whole_numbers_become_the_text_that_is_wanted() -> None:
    """Within lists of tables too, and only there."""
    given = {"fee": {"type": "tiered", "tiers": [{"volume": 0, "maker": 1, "taker": "2"}]}}
    tiers = [{"volume": "0", "maker": "1", "taker": "2"}]
    assert spelled(given, VenueConfig) == {"fee": {"type": "tiered", "tiers": tiers}}
    assert spelled({"max_open_orders": 5}, RiskConfig) == {"max_open_orders": 5}


def test_half_a_character_is_no_name_of_a_kind() -> None:
    """No decoder takes it; it is told as any other wrong value."""
    [fault] = faults({"fee": {"type": "\ud800"}}, VenueConfig)
    assert fault.told().endswith(r"was '\ud800'")
    [fault] = faults("\ud800", OrderSide)
    assert fault.told() == r"expected BUY or SELL, was '\ud800'"
