"""The page of settings: it tells of each where it is told, and there it stands."""

import re
from pathlib import Path

import msgspec
import pytest

from offbook.domain.config import (
    AccountConfig,
    LifecycleConfig,
    RiskConfig,
    SessionConfig,
    VenueConfig,
)

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "configure.md"
REFERENCE = PAGE.parents[1] / "reference"


def names(config: type[msgspec.Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(config)]


def in_code(text: str) -> set[str]:
    """The words that stand in code, in a line or a block."""
    pieces = re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL)
    return {word for piece in pieces for word in re.findall(r"\w+", piece)}


@pytest.mark.parametrize("name", names(VenueConfig))
def test_each_setting_of_the_venue_stands_on_the_page_that_its_row_names(name: str) -> None:
    """One row has it, and the first page that this leads to tells of it."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `venue.")]
    (row,) = [row for row in rows if name in in_code(row)]
    (target,) = re.findall(r"\]\(([\w./-]+\.md)", row)
    assert name in in_code((PAGE.parent / target).resolve().read_text("utf-8"))


@pytest.mark.parametrize(
    ("config", "page"),
    [
        (AccountConfig, REFERENCE / "accounts-and-fees.md"),
        (RiskConfig, REFERENCE / "risk.md"),
        (LifecycleConfig, PAGE),
        (SessionConfig, PAGE),
    ],
)
def test_each_other_setting_stands_on_its_page(config: type[msgspec.Struct], page: Path) -> None:
    """By its name, in code."""
    assert not set(names(config)) - in_code(page.read_text("utf-8"))
