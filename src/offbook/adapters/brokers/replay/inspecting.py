"""What is in a recording: one look at every row, before anything is known of its instrument."""

from __future__ import annotations

from collections import Counter
from threading import Event
from typing import Final

import msgspec
import numpy as np

from offbook.adapters.brokers.replay.decimals import find_precision
from offbook.adapters.brokers.replay.delays import Delays
from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.files import ChainedReader, find_files
from offbook.adapters.brokers.replay.gateway import open_recording
from offbook.adapters.brokers.replay.peeking import peek
from offbook.adapters.brokers.replay.query import Cell
from offbook.adapters.brokers.replay.reader import RecordingReader
from offbook.adapters.brokers.replay.source import cells_of
from offbook.adapters.brokers.replay.times import time_from_text, unit_of
from offbook.domain.config import BadRows, ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import (
    BarSlice,
    DataKind,
    IntColumn,
    QuoteSlice,
    SourceSlice,
    TradeSlice,
)
from offbook.domain.values import AMOUNT_PRECISION, units_to_text

GAPS: Final = 3
"""So many of the longest gaps are told."""


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that cannot be true: its place (from 1), and why."""

    file: str
    row: int
    column: str
    reason: str


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch without a row, from one row's time to that of the next (ns UTC)."""

    begins: int
    ends: int


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds.

    ``rows`` are those that can be true, ``bad`` counts the others by reason.  ``columns`` maps our
    names to the file's, ``unused`` are the file's other columns.  ``duplicates`` are rows in all
    like the one before, ``simultaneous`` those of the same time as it.  ``step_ns`` is the
    commonest time between bars, ``median_spread`` decimal text, ``delays_ns`` equally likely times
    from the venue to the recorder.  Times are ns UTC.
    """

    path: str
    files: tuple[str, ...]
    kind: DataKind
    kinds: tuple[DataKind, ...]
    columns: dict[str, str]
    unused: tuple[str, ...]
    rows: int
    bad: dict[str, int]
    examples: tuple[BadRow, ...]
    first_ts: int
    last_ts: int
    time_unit: str
    price_decimals: int
    size_decimals: int
    gaps: tuple[Gap, ...]
    duplicates: int
    simultaneous: int
    median_spread: str | None
    step_ns: int | None
    sides_known: int | None
    delays_ns: tuple[int, ...] | None


def unnamed_market(
    path: str,
    kind: DataKind,
    columns: dict[str, str],
    header: tuple[str, ...],
    timezone: str | None,
) -> ReplayMarket:
    """A recording of an unknown instrument, at the precision that its numbers have.

    Bars are taken to be as short as can be, so that none overlap.  Rows that cannot be true are
    left out.  Raises InvalidConfig and BadMarketData.
    """
    market = ReplayMarket(
        path=path,
        kind=kind,
        instrument=_unknown(0, 0),
        timeframe_ns=1 if kind is DataKind.BARS else None,
        columns=columns,
        header=header,
        timezone=timezone,
        bad_rows=BadRows.DROP,
    )
    return msgspec.structs.replace(market, instrument=_unknown(*find_precision(market)))


def inspect_recording(
    path: str,
    kind: DataKind | None = None,
    *,
    columns: dict[str, str] | None = None,
    header: tuple[str, ...] = (),
    timezone: str | None = None,
) -> Inspection:
    """Read a recording from its first row to its last, and say what is in it.

    Without ``kind`` it is the first that the columns make.  Raises InvalidConfig, BadMarketData
    and GatewayUnavailable.
    """
    seen = peek(path, columns or {}, header, kind)
    if kind is None and not seen.kinds:
        told = f"; {seen.nearest}" if seen.nearest else ""
        raise BadMarketData(
            f"{path}: its columns ({', '.join(seen.columns)}) make neither quotes (time, bid, ask, "
            "bid_size, ask_size), trades (time, price, size) nor bars (time, open, high, low, "
            f"close, volume){told}. Say which is which with --column OURS=THEIRS",
            file=path,
        )
    if kind is None and seen.doubt:
        raise BadMarketData(f"{path}: {seen.doubt}", file=path)
    market = unnamed_market(path, kind or seen.kinds[0], columns or {}, header, timezone)
    try:
        return _read(market, seen.kinds)
    except BadMarketData as error:
        raise _with_first_fault(market, error) from None


def _read(market: ReplayMarket, kinds: tuple[DataKind, ...]) -> Inspection:
    opened = open_recording(market, Event())
    try:
        counted = _Counted(market.instrument)
        while (piece := opened.reader.next()) is not None:
            counted.take(piece)
        return _told(market, kinds, opened.reader, counted)
    finally:
        opened.reader.close()


def _with_first_fault(market: ReplayMarket, error: BadMarketData) -> BadMarketData:
    """Where no row can be true, what is wrong with the first says more than how many there are."""
    try:
        _read(msgspec.structs.replace(market, bad_rows=BadRows.REFUSE), ())
    except BadMarketData as first:
        if "reason" in first.fields and "reason" not in error.fields:
            return BadMarketData(f"{error.message}. The first: {first.message}", **first.fields)
    return error


class _Counted:
    """What the rows say, counted as they pass."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self.rows = self.duplicates = self.simultaneous = self.sides = 0
        self.first_ts = self.last_ts = 0
        self.gaps: list[tuple[int, int]] = []
        self._spreads: Counter[int] = Counter()
        self._steps: Counter[int] = Counter()
        self.delays = Delays()
        self._last: SourceSlice | None = None

    def take(self, piece: SourceSlice) -> None:
        """Count the rows of a piece, the first of them against the last of the piece before."""
        times = piece.ts_open if isinstance(piece, BarSlice) else piece.ts
        if not self.rows:
            self.first_ts = int(times[0])
        else:
            assert self._last is not None
            last = self._last.ts_open if isinstance(self._last, BarSlice) else self._last.ts
            times = np.concatenate((last, times))
        self._count_alike(piece, times)
        self._count_steps(times, bars=isinstance(piece, BarSlice))
        if isinstance(piece, QuoteSlice):
            self._spreads.update(_counts(piece.ask_px - piece.bid_px))
        if isinstance(piece, TradeSlice):
            self.sides += int(np.count_nonzero(np.abs(piece.aggressor) == 1))
        self.delays.take(piece)
        self.rows += len(piece)
        self.last_ts = int(times[-1])
        self._last = piece.rows(len(piece) - 1, len(piece))

    def _count_alike(self, piece: SourceSlice, times: IntColumn) -> None:
        alike = np.diff(times) == 0
        self.simultaneous += int(np.count_nonzero(alike))
        for name in piece.COLUMNS[1:]:
            column = getattr(piece, name)
            if self._last is not None:
                column = np.concatenate((getattr(self._last, name), column))
            alike &= np.diff(column) == 0
        self.duplicates += int(np.count_nonzero(alike))

    def _count_steps(self, times: IntColumn, *, bars: bool) -> None:
        steps = np.diff(times)
        if bars:
            self._steps.update(_counts(steps))
        for place in np.argsort(-steps, kind="stable")[:GAPS].tolist():
            self.gaps.append((int(steps[place]), int(times[place])))
        self.gaps = sorted(self.gaps, key=lambda gap: (-gap[0], gap[1]))[:GAPS]

    @property
    def median_spread(self) -> str | None:
        """The spread that half of the quotes do not exceed."""
        half, passed = (self._spreads.total() + 1) // 2, 0
        for spread, count in sorted(self._spreads.items()):
            passed += count
            if passed >= half:
                return units_to_text(spread, self._instrument.price_precision)
        return None

    @property
    def step_ns(self) -> int | None:
        """The commonest time from one bar to the next, of equals the shortest."""
        steps = sorted(self._steps.items(), key=lambda step: (-step[1], step[0]))
        return steps[0][0] if steps else None


def _told(
    market: ReplayMarket,
    kinds: tuple[DataKind, ...],
    reader: RecordingReader | ChainedReader,
    counted: _Counted,
) -> Inspection:
    first = reader if isinstance(reader, RecordingReader) else reader.first
    read = {cell.ours: cell.theirs for cell in first.cells}
    used = {name for theirs in read.values() for name in (theirs, *theirs.split("+"))}
    step = counted.step_ns
    has_both_times = {"ts_init", "ts_event"} <= read.keys()
    return Inspection(
        path=market.path,
        files=tuple(find_files(market.path)),
        kind=market.kind,
        kinds=kinds,
        columns=read,
        unused=tuple(name for name in first.names if name not in used),
        rows=counted.rows,
        bad=dict(sorted(reader.dropped.items())),
        examples=tuple(
            BadRow(file=file, row=row, column=fault.column, reason=fault.reason)
            for file, row, fault in reader.examples
        ),
        first_ts=counted.first_ts,
        last_ts=counted.last_ts,
        time_unit=_time_unit(first, market.timezone),
        price_decimals=market.instrument.price_precision,
        size_decimals=market.instrument.qty_precision,
        gaps=tuple(
            Gap(begins=begins, ends=begins + length)
            for length, begins in counted.gaps
            if length > (step or 0)
        ),
        duplicates=counted.duplicates,
        simultaneous=counted.simultaneous,
        median_spread=counted.median_spread,
        step_ns=step,
        sides_known=counted.sides if market.kind is DataKind.TRADES else None,
        delays_ns=counted.delays.quantiles() if has_both_times else None,
    )


def _time_unit(reader: RecordingReader, timezone: str | None) -> str:
    """In what the file counts time, by its first row."""
    cell = next(cell for cell in reader.cells if cell.is_time)
    if not reader.source.is_parquet:
        return unit_of(_first_text(reader, cell), timezone)
    kind = cell.sql_type
    if "TIMESTAMP" in kind or kind == "DATE":
        has_zone = "ZONE" in kind or "TZ" in kind
        return kind if has_zone else f"{kind}, taken as {timezone or 'UTC'}"
    return unit_of(reader.first_text(cell), timezone)


def _first_text(reader: RecordingReader, cell: Cell) -> str:
    for cells in cells_of(reader.source):
        text = " ".join(cells[place] for place in cell.places if place < len(cells))
        try:
            time_from_text(text)
        except CellFault:
            continue
        return text
    return ""


def _counts(column: IntColumn) -> dict[int, int]:
    values, counts = np.unique(column, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _unknown(price_precision: int, qty_precision: int) -> Instrument:
    # Of numbers too fine for exact values the sizes give way, and are told as such.
    qty_precision = min(qty_precision, AMOUNT_PRECISION - price_precision)
    return Instrument(
        symbol="?",
        asset_class=AssetClass.EQUITY,
        base="?",
        quote_currency="money",
        price_precision=price_precision,
        qty_precision=qty_precision,
        tick_size="1",
        lot_size="1",
    )
