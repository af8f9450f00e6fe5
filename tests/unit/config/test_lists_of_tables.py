"""What is wrong within a list of tables is told as elsewhere: file, line, table and name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offbook.config.checking import check_file
from offbook.config.lines import lines_of

VENUES = "[[venue.latency.venues]]\nname = 'near'\nsymbols = ['A']\nentry_ns = 3\n"
GROUP = "[venue.fee]\ntype = 'by_instrument'\n[[venue.fee.groups]]\n"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (
            f"{VENUES}\n[[venue.latency.venues]]\nname = 'far'\nsymbol = ['B']\n",
            8,
            "unknown setting symbol in table 2 of venue.latency.venues: did you mean symbols? "
            "Known there: name, symbols, entry_ns,",
        ),
        (
            f"{VENUES}[[venue.latency.venues]]\nname = 'far'\nsymbols = 'B'\n",
            7,
            "symbols in table 2 of venue.latency.venues: expected a list, was 'B'",
        ),
        (
            f"{VENUES}[[venue.latency.venues]]\nname = 'far'\nsymbols = [\n  'B',\n  3.5, true]\n",
            9,
            "item 3 of symbols in table 2 of venue.latency.venues: expected text, was True",
        ),
        (
            f"{GROUP}[venue.fee.groups.fee]\ntype = 'flat'\nper_ordr = 1\n",
            6,
            "unknown setting fee.per_ordr in table 1 of venue.fee.groups: did you mean per_order?",
        ),
        (f"{GROUP}symbols = ['A']\n", 3, "fee in table 1 of venue.fee.groups is missing: give "),
        (
            "[account]\nmaintenance-tiers = [\n{above = 0, rate = '0.1'},\n{abov = 5, rate = 1}]\n",
            4,
            "unknown setting abov in table 2 of account.maintenance_tiers: did you mean above?",
        ),
        (
            "[venue.fee]\ntype = 'sum'\nparts = [ # two\n{type = 'flat', per_order = '1'},\n"
            "{type = 'basis_points', maker = '1e'}]\n",
            5,
            "venue.fee.maker: '1e' is not a plain decimal number (table 2 of venue.fee.parts)",
        ),
    ],
)
def test_the_line_the_table_and_the_name_are_told(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    """With what is allowed there and what was meant."""
    file = tmp_path / "session.toml"
    file.write_text(text)
    problem, *others = (p for p in check_file(file).problems if not told.startswith(p.field))
    assert told in problem.message
    assert (problem.line, others) == (line, [])


def test_whole_numbers_stand_for_the_text_of_amounts(tmp_path: Path) -> None:
    """As they do outside of lists."""
    file = tmp_path / "session.toml"
    file.write_text("[venue.fee]\ntype = 'tiered'\ntiers = [{volume = 0, maker = 1, taker = 2}]\n")
    assert check_file(file).problems == ()


def test_lists_of_two_kinds_of_a_table_take_what_any_takes(tmp_path: Path) -> None:
    """Fees within fees: a sum may hold bounded ones, and these hold others."""
    flat = "{type = 'flat', per_order = 1}"
    bounded = f"{{type = 'bounded', minimum = 1, parts = [{flat}]}}"
    file = tmp_path / "session.toml"
    file.write_text(f"[venue.fee]\ntype = 'sum'\nparts = [{bounded}, {flat}]\n")
    assert check_file(file).problems == ()


TOML = """
a = 1
"quoted name" = "x = 5 # [no] comment"
[one.two]
text = \"\"\"
inner = 3
\"\"\"
dotted.name = 1.5
when = 1979-05-27 07:32:00
many = [1, [2, 3],
  { deep = [
      { deeper = "]" }, {deeper = '}'}] },
] # a comment, = [
[[list]]
first = 1
[list.below]
here = 1
[[list.inner]]
x = 1
[[list.inner]]
x = 2
[[list]]
first = 2
[[list.inner]]
x = 3
"""


def test_every_setting_of_a_file_is_found_in_its_line() -> None:
    """Whatever Python's reader finds, in the order in which it stands there."""
    found, written = lines_of(TOML), TOML.splitlines()
    paths = list(_leaves(tomllib.loads(TOML)))
    assert len(paths) == 16
    for path, value in paths:
        line = written[found[path] - 1]
        name = next(step for step in reversed(path) if not step.isdigit())
        assert name in line or str(value) in line, path
    assert found["list", "2", "inner", "1", "x"] == len(written)
    assert found["one", "two", "many", "3", "deep", "2", "deeper"] == 12


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, (*path, name))
    elif isinstance(value, list):
        for number, below in enumerate(value, 1):
            yield from _leaves(below, (*path, str(number)))
    else:
        yield path, value
