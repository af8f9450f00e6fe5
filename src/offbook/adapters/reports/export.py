"""A session as files for other programs: one JSON document, or tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from offbook.adapters.reports.files import whole, write_table
from offbook.adapters.reports.listing_tables import listing_tables
from offbook.domain.journal import StoredRecord
from offbook.services.reporting.lines import EquitySection
from offbook.services.reporting.listing import EXPORT_TABLES, Listing, document_of, export_paths


def write_export(
    listing: Listing,
    journal: Collection[StoredRecord],
    equity: EquitySection | None,
    *,
    to: Path,
    form: str,
    names: Collection[str],
) -> list[Path]:
    """Write the named tables: to the file ``to`` where it ends in a format's name, else into that
    directory; all paths written.

    Raises InvalidInput when several tables shall go into one file that holds one; OSError.
    """
    targets = export_paths(to, form, names)
    if form == "json":
        return [_write_json(listing, journal, equity, targets["session"], names)]
    tables = [table for table in listing_tables(listing, journal, equity) if table.name in names]
    return [write_table(table, targets[table.name]) for table in tables]


def _write_json(
    listing: Listing,
    journal: Iterable[StoredRecord],
    equity: EquitySection | None,
    path: Path,
    names: Collection[str],
) -> Path:
    parts: dict[str, object] = {
        "orders": listing.orders,
        "fills": [document_of(fill) for fill in listing.fills],
        "positions": listing.positions,
        "flows": listing.flows,
        "journal": [msgspec.Raw(stored.raw) for stored in journal],
        "equity": equity,
    }
    session = listing.session
    document = {
        "session_id": session.id,
        "name": session.config.name,
        "status": session.status,
        "chain_head": session.chain_head,
        "config": session.config,
        **{name: parts[name] for name in EXPORT_TABLES if name in names},
    }
    raw = msgspec.json.format(msgspec.json.encode(document), indent=2)
    with whole(path) as unfinished:
        unfinished.write_bytes(raw + b"\n")
    return path
