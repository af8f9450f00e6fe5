"""The tables of a report: fills, orders, money without a trade, round trips, instruments and
equity, as columns and rows of text."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from offbook.services.paper_trading.report import FillLine, OrderLine
from offbook.services.reporting.by_instrument import InstrumentLine
from offbook.services.reporting.flows import FlowLine
from offbook.services.reporting.formatting import iso
from offbook.services.reporting.full_report import FullReport
from offbook.services.reporting.lines import EquityPoint, EquitySection, TripLine

_EXACT: Final = frozenset(
    {
        *("qty", "price", "fee", "fees", "mid", "slippage", "slippage_bps", "realized"),
        *("available", "order_qty", "cum_qty", "avg_px", "entry_px", "exit_px", "gross", "net"),
        *("equity", "equity_closing", "cash", "position", "cost", "bid", "ask", "unrealized"),
        *("positions", "prices", "value", "traded"),
        *("amount", "withheld", "basis", "rate", "worth"),
    }
)
_EXACT_ENDS: Final = ("_px", "_qty")
"""Fields of decimal text; all other text is words."""

_KEYED: Final = {"cash": "cash", "positions": "position", "prices": "price"}
"""Fields that hold a value for each currency or symbol, and the first word of their columns."""

_NO_KEYS: Final[Mapping[str, Sequence[str]]] = {}


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
    pairings = (("fifo", report.fifo.trips), ("position", report.by_position.trips))
    return (
        _table("fills", FillLine, "", (("", report.session.fills),)),
        _table("orders", OrderLine, "", (("", report.session.order_list),)),
        _table("flows", FlowLine, "", (("", report.session.flows),)),
        _table("round_trips", TripLine, "pairing", pairings),
        _table("instruments", InstrumentLine, "", (("", report.instruments),)),
        equity_table(report.equity),
    )


def equity_table(equity: EquitySection | None) -> ReportTable:
    """The samples of all grids; what a point holds by currency or symbol has a column for each
    that any point names."""
    grids: list[tuple[str, Sequence[EquityPoint]]] = []
    if equity is not None:
        grids = [("daily", equity.daily), ("even", equity.even), ("fill", equity.at_fills)]
    points = [point for _, grid in grids for point in grid]
    currencies = list(dict.fromkeys(name for point in points for name in point.cash))
    symbols = list(dict.fromkeys(s for point in points for s in (*point.prices, *point.positions)))
    keys = {"cash": currencies, "positions": symbols, "prices": symbols}
    return _table("equity", EquityPoint, "grid", grids, keys)


def columns_of(table: ReportTable) -> dict[str, list[str | int | float | Decimal | None]]:
    """A table's values by column."""
    rows = list(table.rows)
    return {
        column.name: [read_cell(row[place], column.kind) for row in rows]
        for place, column in enumerate(table.columns)
    }


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
    keys: Mapping[str, Sequence[str]] = _NO_KEYS,
) -> ReportTable:
    """A table of structs of one kind; ``label`` names a first column that tells their group."""
    columns = [Column(label, ColumnKind.TEXT)] if label else []
    for field in msgspec.structs.fields(kind):
        kind_of_field = kind_of(field.name, field.type)
        columns += [Column(column, kind_of_field) for column in _names(field.name, keys)]
        if is_time(field.name):
            columns.append(Column(time_name(field.name), ColumnKind.TIME))
    names = [field.name for field in msgspec.structs.fields(kind)]

    def rows() -> Iterator[tuple[str | None, ...]]:
        for group, lines in groups:
            for line in lines:
                yield (*((group,) if label else ()), *_cells(line, names, keys))

    return ReportTable(name, tuple(columns), list(rows()))


def _names(field: str, keys: Mapping[str, Sequence[str]]) -> list[str]:
    if field in keys:
        return [f"{_KEYED[field]} {key}" for key in keys[field]]
    return [field]


def _cells(
    line: msgspec.Struct, names: Iterable[str], keys: Mapping[str, Sequence[str]]
) -> Iterator[str | None]:
    for name in names:
        value = getattr(line, name)
        if name in keys:
            yield from (value.get(key) for key in keys[name])
            continue
        yield None if value is None else str(value)
        if is_time(name):
            yield None if value is None else iso(value)


def kind_of(name: str, declared: object) -> ColumnKind:
    """What a field's column holds, by its name and its declared type."""
    if "float" in str(declared):
        return ColumnKind.RATIO
    if name in _EXACT or name.endswith(_EXACT_ENDS):
        return ColumnKind.EXACT
    if is_time(name.removesuffix("time") + "ts") and name.endswith("time"):
        return ColumnKind.TIME
    return ColumnKind.INTEGER if "int" in str(declared) else ColumnKind.TEXT


def is_time(name: str) -> bool:
    """Whether a field is a time in ns, which stands a second time in words."""
    return name == "ts" or name.endswith("_ts")


def time_name(name: str) -> str:
    """The column of a time in words."""
    return name.removesuffix("ts") + "time"
