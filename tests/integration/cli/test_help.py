"""Help comes at once and tells the truth."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from offbook.cli import options
from offbook.cli.main import app, run_cli
from offbook.config.markets import Label
from offbook.domain.config import AtEnd, OffHours, OnStrategyError
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind
from offbook.domain.orders import OrderSide
from offbook.services.reporting.listing import EXPORT_FORMATS

HEAVY = ("numpy", "duckdb", "sqlalchemy", "rich", "structlog", "msgspec", "sqlite3", "asyncio")
COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]
COMMANDS += [
    f"{group.typer_instance.info.name} {command.callback.__name__}"
    for group in app.registered_groups
    if group.typer_instance
    for command in group.typer_instance.registered_commands
    if command.callback
]


def test_help_loads_nothing_heavy() -> None:
    """Nor does completion, which asks at every press of the tab key."""
    code = (
        "import sys; from offbook.cli.main import run_cli; run_cli(['run', '--help']);"
        f"print([n for n in {HEAVY!r} if n in sys.modules], file=sys.stderr)"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stderr.strip() == "[]"
    assert "--data" in out.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_every_option_is_explained(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Within 80 columns."""
    assert run_cli([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Usage: offbook {command}")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        (options.AssetClassChoice, AssetClass),
        (options.KindChoice, DataKind),
        (options.LabelChoice, Label),
        (options.OffHoursChoice, OffHours),
        (options.AtEndChoice, AtEnd),
        (options.OnErrorChoice, OnStrategyError),
    ],
)
def test_choices_are_those_of_the_domain(choice: object, kind: type) -> None:
    """They are written twice, so that help need not load the domain."""
    assert set(get_args(choice)) == {member.value for member in kind}


def test_names_in_other_cases_are_those_of_the_domain() -> None:
    """Sides are written small, and formats are the export's."""
    assert {side.upper() for side in get_args(options.SideChoice)} == {s.value for s in OrderSide}
    assert get_args(options.FormatChoice) == EXPORT_FORMATS


@pytest.mark.parametrize("words", [[], ["config"]])
def test_no_command_shows_the_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And is a usage error for scripts."""
    assert run_cli(words) == 2
    assert "Commands:" in capsys.readouterr().out
