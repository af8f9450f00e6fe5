"""A session's report, for people and as a document."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from offbook.cli.shell import Shell, near
from offbook.domain.calendars import DAY_NS
from offbook.domain.session import PaperTradingSession
from offbook.services.paper_trading.report import FillLine, SessionReport
from offbook.services.reporting.formatting import (
    clock,
    counted,
    duration,
    money,
    rows_of,
    span,
    strategy_name,
    words,
)

FILLS_SHOWN: Final = 8
_LESS_MATTERS: Final = ("rule", "had there", "row", "delay", "slip bp")
"""Columns of the fills that give way where a terminal is narrow, in this order."""

_TEXTS: Final = frozenset({" fill at", "symbol", "side", "rule"})
_ANY: Final = 10_000
STRATEGY_ERROR: Final = "strategy_error"
_DETAIL_LINES: Final = 12
_ENGINE: Final = f"{os.sep}offbook{os.sep}engine{os.sep}"
_OF_DATA: Final = frozenset({"bad_market_data", "gateway_unavailable"})
"""Errors whose message says all: where in our code they were raised tells their reader nothing."""

_STATUS_STYLES: Final = {"STOPPED": "bold green", "FAILED": "bold red", "PAUSED": "bold yellow"}
_REASONS: Final = {
    "end_of_data": "end of the data",
    "requested": "as asked",
    "strategy_error": "the strategy raised an error",
}


def report_document(
    report: SessionReport, session: PaperTradingSession, store: Path
) -> dict[str, Any]:
    """The report with the configuration it came from: what ``--json`` prints."""
    document: dict[str, Any] = msgspec.to_builtins(report)
    document["config"] = msgspec.to_builtins(session.config)
    document["store"] = str(store)
    return document


def print_report(
    report: SessionReport, shell: Shell, store: Path, *, fills: int | None = FILLS_SHOWN
) -> None:
    """The report on stdout; at most so many fills, None for all."""
    console = shell.console
    console.print()
    console.print(_title(report))
    console.print(_account(report))
    if refused := _refusals(report.refusals):
        console.print(Text.assemble((" refused  ", "dim"), (refused, "yellow")))
    if report.error is not None:
        console.print(Text(report.error.message, style="red"))
        if report.error.detail and report.error.code not in _OF_DATA:
            console.print(Text(_own_part(report.error.detail), style="dim"))
    if report.fills:
        console.print(_fills_table(report, fills, console))
        console.print()
        hidden = 0 if fills is None else len(report.fills) - fills
        if hidden > 0:
            more = shell.command("show", report.session_id[:13])
            console.print(Text(f" ... and {counted(hidden, 'more fill')}: {more}", style="dim"))
    console.print(_origin(report, store))


def _title(report: SessionReport) -> Text:
    style = _STATUS_STYLES.get(report.status, "bold")
    title = Text.assemble((report.status, style))
    if report.status_reason:
        title.append(f" ({_REASONS.get(report.status_reason, report.status_reason)})")
    title.append(f"  {strategy_name(report.strategy)} on {report.symbol}", style="bold")
    if report.name:
        title.append(f"  {report.name}", style="italic")
    return title


def _account(report: SessionReport) -> Table:
    """The figures, in two columns."""
    grid = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "right"):
        grid.add_column(justify=justify, no_wrap=True)
    coin, gain = report.currency, Decimal(report.return_pct)
    colour = "green" if gain > 0 else "red" if gain < 0 else ""
    closing = report.equity_closing
    rows: list[tuple[str, Text | str, str, str]] = [
        (
            "return",
            Text(f"{gain:+.4f} %", style=colour),
            "fees paid",
            f"{money(report.fees)} {coin}",
        ),
        (
            "equity",
            f"{money(report.equity)} {coin}",
            "slippage",
            f"{money(report.slippage)} {coin}",
        ),
        ("cash", _cash(report), "realized", money(report.realized, signed=True)),
        (
            "at closing side",
            "-" if closing is None else f"{money(closing)} {coin}",
            "unrealized",
            money(report.unrealized, signed=True),
        ),
        (
            "holds",
            ", ".join(f"{qty} {symbol}" for symbol, qty in report.positions.items()) or "nothing",
            "traded",
            f"{money(report.traded)} {coin}",
        ),
        ("orders", _orders(report), "closings", _closings(report)),
    ]
    if Decimal(report.income):
        income = f"{money(report.income, signed=True)} {coin}"
        rows.append(("", "", "dividends, interest, funding", income))
    for row in rows:
        grid.add_row(Text(f" {row[0]}", style="dim"), row[1], Text(row[2], style="dim"), row[3])
    if report.account_type == "margin":
        used = f"{money(report.margin_used)} {coin}"
        calls = sum(moment.event == "margin call" for moment in report.moments)
        dim = Text("margin calls", style="dim")
        grid.add_row(Text(" margin used", style="dim"), used, dim, f"{calls:,}")
    return grid


def _closings(report: SessionReport) -> str:
    """How often a position was closed or reduced, and how many of these gained: without fees."""
    if not report.trades:
        return "none"
    return f"{report.trades:,}, {report.trades_won:,} won before fees"


def _cash(report: SessionReport) -> str:
    """Of all currencies, the account's first."""
    others = [
        f"{money(amount)} {currency}"
        for currency, amount in report.balances.items()
        if currency != report.currency
    ]
    return ", ".join([f"{money(report.cash)} {report.currency}", *others])


def _orders(report: SessionReport) -> str:
    by_status = report.orders_by_status.items()
    return ", ".join(f"{count:,} {words(status)}" for status, count in by_status) or "none"


def _refusals(refusals: dict[str, int]) -> str:
    told = []
    for key, count in refusals.items():
        what, _, why = key.partition(":")
        if what == STRATEGY_ERROR:
            continue
        told.append(f"{count:,} {words(what)} ({words(why)})")
    return ", ".join(told)


def _fills_table(report: SessionReport, limit: int | None, console: Console) -> Table:
    """The fills, without the columns that matter less where not all have room."""
    lines = report.fills if limit is None else report.fills[:limit]
    days = report.ended_ts - (report.started_ts or 0) > DAY_NS
    columns: dict[str, list[str | Text]] = {
        " fill at": [
            f" {clock(f.ts)[:16]}" if days else f" {clock(f.ts, date=False)}" for f in lines
        ],
        "symbol": [f.symbol for f in lines],
        "side": [_side(f) for f in lines],
        "size": [f.qty for f in lines],
        "price": [f.price for f in lines],
        "fee": [money(f.fee) for f in lines],
        "slip bp": ["-" if f.mid is None else f"{Decimal(f.slippage_bps):+.2f}" for f in lines],
        "delay": [duration(f.delay_ns) for f in lines],
        "row": [f"{f.row:,}" for f in lines],
        "had there": [f.available for f in lines],
        "rule": [f.rule for f in lines],
    }
    if len(report.symbol.split(", ")) == 1:
        del columns["symbol"]
    table = _columns(columns)
    for name in _LESS_MATTERS:
        if Measurement.get(console, console.options.update(width=_ANY), table).maximum <= (
            console.width
        ):
            break
        del columns[name]
        table = _columns(columns)
    return table


def _columns(columns: Mapping[str, Sequence[str | Text]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    for name in columns:
        table.add_column(
            name,
            no_wrap=True,
            justify="left" if name in _TEXTS else "right",
            style="dim" if name == "rule" else "",
        )
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*cells)
    return table


def _side(fill: FillLine) -> Text:
    if fill.origin == "liquidation":
        return Text(f"{fill.side.lower()}, liquidated", style="bold red")
    return Text(fill.side.lower(), style="green" if fill.side == "BUY" else "magenta")


def _market(report: SessionReport) -> str:
    """Its sources, each as seen from here; of many the first."""
    names = [near(name) for name in report.market.split(", ")]
    return ", ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"


def _origin(report: SessionReport, store: Path) -> Text:
    lines = [
        f" market   {_market(report)}",
        f" from     {span(report.started_ts, report.ended_ts)}",
        f" rows     {rows_of(report.rows, report.kind)}",
        f" session  {report.session_id}, {counted(report.records, 'record')}",
        f" chain    {report.chain_head or '-'}",
        f" store    {near(str(store))}",
    ]
    return Text("\n".join(lines), style="dim", overflow="fold", no_wrap=True)


def _own_part(detail: str) -> str:
    """A traceback without our own frames: where in the author's code it happened, and what."""
    kept, own = [], True
    for line in detail.strip().splitlines()[1:]:
        if line.startswith("  File "):
            own = _ENGINE not in line
        elif not line.startswith(" "):
            own = True
        if own:
            kept.append(line)
    return "\n".join(kept[-_DETAIL_LINES:])
