"""The commands that list what a session did."""

from __future__ import annotations

import typer

from offbook.cli import options as o
from offbook.cli.context import shell_of


def orders(
    ctx: typer.Context,
    session: o.Session,
    status: o.Status = None,
    symbol: o.Symbols = None,
    side: o.Side = None,
    since: o.Since = None,
    until: o.Until = None,
    last: o.Last = None,
    json: o.Json = False,
    jsonl: o.JsonLines = False,
    data_dir: o.DataDir = None,
) -> None:
    """List a session's orders as they stand, oldest first."""
    shell = shell_of(ctx, json, data_dir=data_dir, jsonl=jsonl)
    from offbook.cli.filters import wanted
    from offbook.cli.listing import list_orders

    asked = wanted(
        statuses=status or (),
        symbols=symbol or (),
        side=side,
        since=since,
        until=until,
        last=last,
    )
    raise typer.Exit(list_orders(shell, session, asked))


def fills(
    ctx: typer.Context,
    session: o.Session,
    symbol: o.Symbols = None,
    side: o.Side = None,
    since: o.Since = None,
    until: o.Until = None,
    last: o.Last = None,
    json: o.Json = False,
    jsonl: o.JsonLines = False,
    data_dir: o.DataDir = None,
) -> None:
    """List a session's fills: price, cost, and the market row and rule that allowed each."""
    shell = shell_of(ctx, json, data_dir=data_dir, jsonl=jsonl)
    from offbook.cli.filters import wanted
    from offbook.cli.listing import list_fills

    asked = wanted(symbols=symbol or (), side=side, since=since, until=until, last=last)
    raise typer.Exit(list_fills(shell, session, asked))


def positions(
    ctx: typer.Context,
    session: o.Session,
    closed: o.Flat = False,
    json: o.Json = False,
    jsonl: o.JsonLines = False,
    data_dir: o.DataDir = None,
) -> None:
    """List what a session holds, at what cost, and what it is worth."""
    shell = shell_of(ctx, json, data_dir=data_dir, jsonl=jsonl)
    from offbook.cli.listing import list_positions

    raise typer.Exit(list_positions(shell, session, flat=closed))


def journal(
    ctx: typer.Context,
    session: o.Session,
    after: o.After = 0,
    limit: o.Limit = None,
    kind: o.RecordKinds = None,
    since: o.Since = None,
    until: o.Until = None,
    last: o.Last = None,
    json: o.Json = False,
    jsonl: o.JsonLines = False,
    data_dir: o.DataDir = None,
) -> None:
    """List a session's records as they are chained; with --jsonl, byte for byte."""
    shell = shell_of(ctx, json, data_dir=data_dir, jsonl=jsonl)
    from offbook.cli.filters import wanted
    from offbook.cli.listing import list_journal

    asked = wanted(since=since, until=until, last=last)
    code = list_journal(shell, session, asked, after=after, limit=limit, kinds=kind or ())
    raise typer.Exit(code)


def export(
    ctx: typer.Context,
    session: o.Session,
    to: o.To,
    form: o.Format = None,
    table: o.Tables = None,
    force: o.Force = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Write a session's orders, fills, positions, flows, journal and equity as files.

    Into a directory as CSV unless --format says otherwise, or into one .json file; with one
    --table also into one .csv or .parquet file. Files that exist are replaced with --force alone.
    """
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.exporting import export_session

    raise typer.Exit(export_session(shell, session, to, form, table or (), force=force))


def strategies(
    ctx: typer.Context,
    place: o.StrategyPlace = None,
    json: o.Json = False,
    jsonl: o.JsonLines = False,
    quiet: o.Quiet = False,
) -> None:
    """List strategies with their parameters: those that ship, or those of a place."""
    shell = shell_of(ctx, json, quiet, jsonl=jsonl)
    from offbook.cli.listing import list_strategies

    raise typer.Exit(list_strategies(shell, place))
