"""``offbook config`` and what is below it."""

from __future__ import annotations

from typing import Final

import typer

from offbook.cli import options as o
from offbook.cli.context import shell_of, show_commands

config_app: Final = typer.Typer(
    name="config",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@config_app.callback()
def config(ctx: typer.Context) -> None:
    """See what is set and where it comes from; check files."""
    if ctx.invoked_subcommand is None:
        show_commands(ctx)


@config_app.command()
def show(
    ctx: typer.Context,
    table: o.Table = None,
    given: o.GivenOnly = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Print every setting, its value and where it comes from.

    A flag wins over an environment variable, that over offbook.toml, that over the user's own file.
    """
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.configuring import show_config

    raise typer.Exit(show_config(shell, table, given=given))


@config_app.command()
def check(
    ctx: typer.Context, file: o.CheckedFile = None, json: o.Json = False, quiet: o.Quiet = False
) -> None:
    """Look a file over: offbook.toml, or a session's document.

    Without a file: those that are in force here. Exit code 2 when something is wrong.
    """
    shell = shell_of(ctx, json, quiet)
    from offbook.cli.configuring import check_config

    raise typer.Exit(check_config(shell, file))


@config_app.command()
def preset(ctx: typer.Context, name: o.PresetName, json: o.Json = False) -> None:
    """Print what a preset of the venue stands for, as TOML to be kept and changed."""
    shell = shell_of(ctx, json)
    from offbook.cli.configuring import print_preset

    raise typer.Exit(print_preset(shell, name))


@config_app.command()
def schema(ctx: typer.Context, which: o.SchemaOf = "settings", json: o.Json = False) -> None:
    """Print a JSON Schema, for editors and other tools."""
    shell = shell_of(ctx, json)
    from offbook.cli.configuring import print_schema

    raise typer.Exit(print_schema(shell, which))
