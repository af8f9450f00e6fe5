"""The options that every command has, wherever on the line they stood."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer

from offbook.cli.failures import USAGE
from offbook.cli.shell import Shell


def shell_of(
    ctx: typer.Context,
    json: bool = False,
    quiet: bool = False,
    data_dir: Path | None = None,
    *,
    jsonl: bool = False,
) -> Shell:
    """How this call speaks: what stood before the command, and what stood after it."""
    shell = ctx.ensure_object(Shell)
    shell.lines |= jsonl
    shell.json |= json or jsonl
    shell.quiet |= quiet
    shell.given_data_dir = data_dir or shell.given_data_dir
    return shell


def show_commands(ctx: typer.Context) -> NoReturn:
    """No command was named: say which there are; with ``json`` that is a document, too."""
    if ctx.ensure_object(Shell).json:
        ctx.fail("name a command")
    print(ctx.get_help())
    raise typer.Exit(USAGE)
