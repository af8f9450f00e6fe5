"""The tables of a report: fills, orders, round trips and equity, as columns and rows of text."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from offbook.services.paper_trading.report import FillLine, OrderLine
from offbook.services.reporting.formatting import iso
from offbook.services.reporting.full_report import EquityPoint, FullReport, TripLine

_EXACT: Final = frozenset(
    {
        *("qty", "price", "fee", "fees", "mid", "slippage", "slippage_bps", "realized"),
        *("available", "order_qty", "cum_qty", "avg_px", "entry_px", "exit_px", "gross", "net"),
        *("equity", "equity_closing", "cash", "position", "cost", "bid", "ask", "unrealized"),
    }
)
_EXACT_ENDS: Final = ("_px", "_qty")
"""Fields of decimal text; all other text is words."""


class ColumnKind(enum.Enum):
    """What a column holds; the value is its type in Parquet."""

    TEXT = "VARCHAR"
    INTEGER = "BIGINT"
    EXACT = "DECIMAL(38, 18)"
    RATIO = "DOUBLE"
    TIME = "TIMESTAMP_NS"


class Column(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    kind: ColumnKind


class ReportTable(msgspec.Struct, frozen=True):
    """A named table; rows hold text, None where there is no value."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[str | None, ...]]


def tables(report: FullReport) -> tuple[ReportTable, ...]:
    """All tables of a report. Every time stands twice: in ns, and as ISO 8601 in UTC."""
    grids: tuple[tuple[str, Iterable[EquityPoint]], ...] = ()
    if report.equity is not None:
        found = report.equity
        grids = (("daily", found.daily), ("even", found.even), ("fill", found.at_fills))
    pairings = (("fifo", report.fifo.trips), ("position", report.by_position.trips))
    return (
        _table("fills", FillLine, "", (("", report.session.fills),)),
        _table("orders", OrderLine, "", (("", report.session.order_list),)),
        _table("round_trips", TripLine, "pairing", pairings),
        _table("equity", EquityPoint, "grid", grids),
    )


def read_cell(text: str | None, kind: ColumnKind) -> str | int | float | Decimal | None:
    """A cell's value by the kind of its column."""
    if text is None or kind in {ColumnKind.TEXT, ColumnKind.TIME}:
        return text
    if kind is ColumnKind.EXACT:
        return Decimal(text)
    return int(text) if kind is ColumnKind.INTEGER else float(text)


def _table(
    name: str,
    kind: type[msgspec.Struct],
    label: str,
    groups: Iterable[tuple[str, Iterable[msgspec.Struct]]],
) -> ReportTable:
    """A table of structs of one kind; ``label`` names a first column that tells their group."""
    columns = [Column(label, ColumnKind.TEXT)] if label else []
    for field in msgspec.structs.fields(kind):
        columns.append(Column(field.name, kind_of(field.name, field.type)))
        if is_time(field.name):
            columns.append(Column(time_name(field.name), ColumnKind.TIME))
    names = [field.name for field in msgspec.structs.fields(kind)]

    def rows() -> Iterator[tuple[str | None, ...]]:
        for group, lines in groups:
            for line in lines:
                yield (*((group,) if label else ()), *_cells(line, names))

    return ReportTable(name, tuple(columns), list(rows()))


def _cells(line: msgspec.Struct, names: Iterable[str]) -> Iterator[str | None]:
    for name in names:
        value = getattr(line, name)
        yield None if value is None else str(value)
        if is_time(name):
            yield None if value is None else iso(value)


def kind_of(name: str, declared: object) -> ColumnKind:
    """What a field's column holds, by its name and its declared type."""
    if name in _EXACT or name.endswith(_EXACT_ENDS):
        return ColumnKind.EXACT
    if is_time(name.removesuffix("time") + "ts") and name.endswith("time"):
        return ColumnKind.TIME
    if "float" in str(declared):
        return ColumnKind.RATIO
    return ColumnKind.INTEGER if "int" in str(declared) else ColumnKind.TEXT


def is_time(name: str) -> bool:
    """Whether a field is a time in ns, which stands a second time in words."""
    return name == "ts" or name.endswith("_ts")


def time_name(name: str) -> str:
    """The column of a time in words."""
    return name.removesuffix("ts") + "time"
