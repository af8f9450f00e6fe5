"""The tables of an export: orders, fills with their evidence, positions, money without a trade,
records and equity."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from offbook.adapters.reports.tables import (
    Column,
    ReportTable,
    equity_table,
    is_time,
    kind_of,
    time_name,
)
from offbook.domain.journal import StoredRecord
from offbook.domain.orders import OrderView
from offbook.domain.record_parts import Evidence
from offbook.services.paper_trading.report import FillLine
from offbook.services.reporting.flows import FlowLine
from offbook.services.reporting.formatting import iso
from offbook.services.reporting.lines import EquitySection
from offbook.services.reporting.listing import FillDetail, Listing, PositionLine

EVIDENCE: Final = "evidence_"
"""What the names of a fill's evidence begin with where they stand in one row with the fill."""

_IN_THE_LINE: Final = frozenset({"row", "row_ts", "model", "rule", "available_qty"})


class RecordRow(msgspec.Struct, frozen=True, kw_only=True):
    """A record as a row: what tells it apart, and its canonical bytes."""

    seq: int
    ts: int
    kind: str
    record: str


def listing_tables(
    listing: Listing, journal: Iterable[StoredRecord], equity: EquitySection | None
) -> tuple[ReportTable, ...]:
    """All tables of an export; every time stands twice, in ns and as ISO 8601 in UTC."""
    return (
        _table("orders", _types(OrderView), map(_fields, listing.orders)),
        _table("fills", _fill_types(), map(fill_row, listing.fills)),
        _table("positions", _types(PositionLine), map(_fields, listing.positions)),
        _table("flows", _types(FlowLine), map(_fields, listing.flows)),
        _table("journal", _types(RecordRow), map(_fields, map(_record_row, journal))),
        equity_table(equity),
    )


def fill_row(fill: FillDetail) -> dict[str, Any]:
    """A fill with its evidence in one row."""
    row = {name: getattr(fill, name) for name in FillDetail.__struct_fields__}
    line, evidence = row.pop("line"), row.pop("evidence")
    kept = {EVIDENCE + name: value for name, value in evidence.items() if name not in _IN_THE_LINE}
    return {**row, **_fields(line), **kept}


def _fill_types() -> dict[str, Any]:
    outer = {k: v for k, v in _types(FillDetail).items() if k not in ("line", "evidence")}
    own = {EVIDENCE + k: v for k, v in _types(Evidence).items() if k not in _IN_THE_LINE}
    return {**outer, **_types(FillLine), **own}


def _table(name: str, types: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> ReportTable:
    columns: list[Column] = []
    for field, kind in types.items():
        columns.append(Column(field, kind_of(field, kind)))
        if is_time(field):
            columns.append(Column(time_name(field), kind_of(time_name(field), str)))
    return ReportTable(name, tuple(columns), [tuple(_cells(row, types)) for row in rows])


def _cells(row: Mapping[str, Any], types: Mapping[str, Any]) -> Iterable[str | None]:
    for field in types:
        value = row.get(field)
        yield _text(value)
        if is_time(field):
            yield None if value is None else iso(value)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def _types(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(struct)}


def _record_row(stored: StoredRecord) -> RecordRow:
    head = msgspec.json.decode(stored.raw, type=_Head)
    return RecordRow(seq=stored.seq, ts=head.ts, kind=head.kind, record=stored.raw.decode())


class _Head(msgspec.Struct, frozen=True):
    """What every record begins with."""

    kind: str
    ts: int
