"""What is laid out otherwise than recordings, made into tables that are read as these are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from offbook.config.markets import MarketDescription
from offbook.domain.errors import InvalidInput
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind

if TYPE_CHECKING:
    from offbook.adapters.brokers.replay.lean_files import LeanFiles


def lean_of(
    recording: Path, told: MarketDescription, layout: str | None, day: str | None
) -> LeanFiles | None:
    """What a file or folder is if it is of Lean, as told or by its name. Raises InvalidInput."""
    from offbook.adapters.brokers.replay.lean_files import lean_files

    return lean_files(
        recording,
        layout=layout,
        kind=told.kind,
        day=day,
        timezone=told.timezone,
        timeframe=told.timeframe,
    )


@contextmanager
def lean_table(found: LeanFiles, recording: Path) -> Iterator[Path]:
    """Lean's files as one table, in a file that is gone afterwards."""
    from offbook.adapters.brokers.replay.lean_rows import write_lean

    with TemporaryDirectory(prefix="offbook-lean-") as folder:
        table = Path(folder) / f"{recording.name}.csv"
        write_lean(found, table)
        yield table


def as_lean(found: LeanFiles, told: MarketDescription) -> MarketDescription:
    """What is told of a table that ``lean_table`` made: with what the files' names say, and without
    what was told of how they are written."""
    is_us_share = found.security.value == AssetClass.EQUITY.value and found.market in ("", "usa")
    return msgspec.structs.replace(
        told,
        symbol=told.symbol or found.ticker or None,
        asset_class=told.asset_class or (AssetClass.EQUITY if is_us_share else None),
        kind=found.kind,
        timeframe=found.resolution.value if found.kind is DataKind.BARS else None,
        label=None,
        columns={},
        header=None,
        timezone=None,
    )


@contextmanager
def as_table(
    recording: Path, told: MarketDescription, layout: str | None, day: str | None
) -> Iterator[Path]:
    """The recording itself; of what is laid out otherwise the rows of one kind, in a file that is
    gone afterwards."""
    from offbook.adapters.brokers.replay.source import require_table

    write = _writer(recording, told, layout, day)
    if write is None:
        require_table(recording)
        yield recording
        return
    with TemporaryDirectory(prefix="offbook-capture-") as folder:
        table = Path(folder) / f"{recording.name.removesuffix('.gz')}.csv"
        write(table)
        yield table


def _writer(
    recording: Path, told: MarketDescription, layout: str | None, day: str | None
) -> Callable[[Path], object] | None:
    """What makes a table of a file, None where it is one."""
    from offbook.adapters.brokers.replay.captures import is_capture, write_capture
    from offbook.adapters.brokers.replay.coinbase_orders import is_full_capture, write_full_capture
    from offbook.adapters.brokers.replay.event_arrays import is_event_array, write_events
    from offbook.adapters.brokers.replay.itch_files import itch_file, write_itch
    from offbook.adapters.brokers.replay.order_captures import (
        has_orders_alone,
        is_order_capture,
        write_order_capture,
    )
    from offbook.adapters.brokers.replay.published_files import published_file, write_published
    from offbook.adapters.brokers.replay.venue_captures import (
        is_venue_capture,
        refuse_capture,
        write_venue_capture,
    )

    if layout is not None and recording.is_dir():
        raise InvalidInput(
            f"{recording} is a folder: name a file in it, of which --layout {layout} is told",
            field="layout",
        )
    depth = told.kind or DataKind.DEPTH
    itch = itch_file(recording, layout, day, told.timezone, told.symbol)
    if itch is not None:
        return lambda table: write_itch(itch, told.kind, table)
    published = published_file(recording, layout, day, told.timezone)
    if published is not None:
        return lambda table: write_published(published, told.kind, table)
    if is_event_array(recording):
        return lambda table: write_events(recording, told.kind, table)
    is_captured = not _is_table(recording)
    if is_captured and told.kind in (None, DataKind.ORDERS) and is_full_capture(recording):
        return lambda table: write_full_capture(recording, table, told.symbol)
    names_orders = {DataKind.ORDERS: is_order_capture, None: has_orders_alone}.get(told.kind)
    if is_captured and names_orders is not None and names_orders(recording):
        return lambda table: write_order_capture(recording, table, told.symbol)
    if is_captured and is_venue_capture(recording):
        return lambda table: write_venue_capture(recording, depth, table, told.symbol)
    if is_capture(str(recording)):
        return lambda table: write_capture(recording, depth, table, told.symbol)
    if is_captured:
        refuse_capture(recording)
    return None


def _is_table(recording: Path) -> bool:
    """Whether a file is read as it is, by its name."""
    from offbook.adapters.brokers.replay.source import SUFFIXES

    return recording.name.lower().endswith(SUFFIXES) or recording.is_dir()
