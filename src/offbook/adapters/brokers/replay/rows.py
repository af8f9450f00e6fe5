"""From fetched cells to slices: exact columns, and a verdict on every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from offbook.adapters.brokers.replay.arrow import ArrowBatch
from offbook.adapters.brokers.replay.faults import CellFault, RowFault, refusal
from offbook.adapters.brokers.replay.intervals import BarIntervals
from offbook.adapters.brokers.replay.numbers import (
    BoolColumn,
    units_from_double,
    units_from_doubles,
    units_from_text,
)
from offbook.adapters.brokers.replay.query import Cell
from offbook.adapters.brokers.replay.times import iso, scale_times, time_from_text
from offbook.domain.config import BadRows, ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import BarSlice, DataKind, IntColumn, QuoteSlice, SourceSlice
from offbook.domain.values import MAX_UNITS, units_to_text

_PRICES = ("open", "high", "low", "close")


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A batch after judgement: the rows that stay, why others do not, and the refusal if any.

    ``dropped`` maps positions in the batch to reasons.  With ``error`` the rows are those before
    the one refused.
    """

    rows: SourceSlice
    dropped: dict[int, str]
    error: BadMarketData | None


class RowDecoder:
    """Judges batches of one file in order; remembers the last row that stayed."""

    def __init__(
        self, market: ReplayMarket, cells: Sequence[Cell], intervals: BarIntervals | None
    ) -> None:
        self._market = market
        self._cells = cells
        self._intervals = intervals
        self.last_ts: int | None = None

    def decode(self, batch: ArrowBatch, file_row: int, start: int) -> Decoded:
        """Judge a batch whose first row is ``file_row`` (from 0) and ``start`` of those kept."""
        judged = _Judged(self._market, self._cells, batch)
        read = self._quotes if self._market.kind is DataKind.QUOTES else self._bars
        rows: SourceSlice = read(judged, start)
        faults, error = judged.faults, None
        if faults and self._market.bad_rows is BadRows.REFUSE:
            first = min(faults)
            error = refusal(self._market.path, file_row + first + 1, faults[first])
            rows = rows.rows(0, first)
        elif faults:
            rows = _take(rows, ~judged.bad)
        if len(rows):
            self.last_ts = int(rows.ts[-1])
        dropped = {} if error is not None else {row: f.reason for row, f in faults.items()}
        return Decoded(rows=rows, dropped=dropped, error=error)

    def _quotes(self, judged: _Judged, start: int) -> QuoteSlice:
        times = {cell.ours: judged.time(cell.ours) for cell in self._cells if _is_time(cell)}
        bid, ask = judged.number("bid"), judged.number("ask")
        bid_size, ask_size = judged.number("bid_size"), judged.number("ask_size")
        judged.positive("bid", bid)
        judged.positive("ask", ask)
        judged.not_negative("bid_size", bid_size)
        judged.not_negative("ask_size", ask_size)
        judged.blame(
            bid > ask,
            "crossed",
            "bid",
            lambda row: (
                f"the quote is crossed: bid {judged.written('bid', bid[row])} is above "
                f"ask {judged.written('ask', ask[row])}"
            ),
        )
        name = "ts_init" if "ts_init" in times else "ts_event"
        judged.ascending(name, times[name], self.last_ts)
        return QuoteSlice(
            self._market.instrument,
            start,
            times[name],
            bid,
            ask,
            bid_size,
            ask_size,
            times.get("ts_event"),
        )

    def _bars(self, judged: _Judged, start: int) -> BarSlice:
        name = next(cell.ours for cell in self._cells if _is_time(cell))
        opens, closes = self._interval_columns(judged, name)
        prices = [judged.number(price) for price in _PRICES]
        volume = judged.number("volume")
        for ours, column in zip(_PRICES, prices, strict=True):
            judged.positive(ours, column)
        judged.not_negative("volume", volume)
        open_, high, low, close = prices
        for ours, wrong in (
            ("low", low > np.minimum(open_, close)),
            ("high", high < np.maximum(open_, close)),
        ):
            judged.blame(
                wrong,
                "impossible_bar",
                ours,
                lambda row: (
                    "the bar is impossible: "
                    + ", ".join(
                        f"{label} {judged.written(label, column[row])}"
                        for label, column in zip(_PRICES, prices, strict=True)
                    )
                ),
            )
        judged.ascending(name, closes, self.last_ts)
        judged.apart(name, opens, closes, self.last_ts)
        return BarSlice(
            self._market.instrument, start, closes, opens, open_, high, low, close, volume
        )

    def _interval_columns(self, judged: _Judged, name: str) -> tuple[IntColumn, IntColumn]:
        assert self._intervals is not None
        labels = judged.time(name)
        opens, closes, known = self._intervals.of(labels)
        judged.blame(
            ~known,
            self._intervals.reason,
            name,
            lambda row: self._intervals.explain(int(labels[row])) if self._intervals else "",
        )
        return opens, closes


class _Judged:
    """One batch: its columns in exact units, and the first fault of every row that has one."""

    def __init__(self, market: ReplayMarket, cells: Sequence[Cell], batch: ArrowBatch) -> None:
        self._market = market
        self._cells = {cell.ours: cell for cell in cells}
        self._batch = batch
        self._refuse = market.bad_rows is BadRows.REFUSE
        self.faults: dict[int, RowFault] = {}
        self.bad: BoolColumn = np.zeros(batch.rows, dtype=np.bool_)
        ragged, _ = batch.integers("ragged")
        self.blame(ragged < 0, "ragged", "", lambda _: "the line has fewer cells than the header")
        self.blame(ragged > 0, "ragged", "", lambda _: "the line has more cells than the header")

    def number(self, ours: str) -> IntColumn:
        """A price or size column in units."""
        cell = self._cells[ours]
        precision = cell.precision or 0
        if cell.is_double:
            units, valid = self._doubles(ours, precision)
        else:
            units, valid, huge = self._batch.decimals(f"v_{ours}")
            for row, value in huge.items():
                text = units_to_text(value, precision)
                self._settle(units, row, ours, text, lambda t: units_from_text(t, precision))
        texts = self._batch.texts(f"x_{ours}")
        for row in np.flatnonzero(~valid).tolist():
            text = texts.get(row, "")
            self._settle(units, row, ours, text, lambda t: units_from_text(t, precision))
        self.blame(
            np.abs(units) >= MAX_UNITS,
            "too_large",
            ours,
            lambda row: f"{self.written(ours, units[row])} is too large for {precision} decimals",
        )
        return units

    def _doubles(self, ours: str, precision: int) -> tuple[IntColumn, BoolColumn]:
        doubles, valid = self._batch.doubles(f"v_{ours}")
        units, sure = units_from_doubles(doubles, precision)
        for row in np.flatnonzero(valid & ~sure).tolist():
            text = repr(float(doubles[row]))
            self._settle(units, row, ours, text, lambda t: units_from_double(float(t), precision))
        return units, valid

    def time(self, ours: str) -> IntColumn:
        """A time column in ns."""
        numbers, counted = self._batch.integers(f"n_{ours}")
        stamps, stamped = self._batch.integers(f"t_{ours}")
        times, known = scale_times(numbers)
        known &= counted
        times = np.where(known, times, stamps)
        known |= stamped & (stamps >= 0) & (stamps < MAX_UNITS)
        texts = self._batch.texts(f"x_{ours}") if not bool(known.all()) else {}
        for row in np.flatnonzero(~known).tolist():
            if counted[row]:
                text = str(int(numbers[row]))
            elif stamped[row]:
                text = iso(int(stamps[row]))
            else:
                text = texts.get(row, "")
            self._settle(times, row, ours, text, time_from_text)
        return times

    def positive(self, ours: str, column: IntColumn) -> None:
        """Blame rows whose price is not above zero."""
        self.blame(
            column <= 0,
            "not_positive",
            ours,
            lambda row: f"the price {self.written(ours, column[row])} is not positive",
        )

    def not_negative(self, ours: str, column: IntColumn) -> None:
        """Blame rows whose size is below zero."""
        self.blame(
            column < 0,
            "negative_size",
            ours,
            lambda row: f"the size {self.written(ours, column[row])} is negative",
        )

    def ascending(self, ours: str, times: IntColumn, last: int | None) -> None:
        """Blame rows whose time lies before that of a good row above."""
        good = np.flatnonzero(~self.bad)
        before = np.maximum.accumulate(np.concatenate(([last or 0], times[good])))[:-1]
        late = times[good] < before
        previous = dict(zip(good[late].tolist(), before[late].tolist(), strict=True))
        mask = np.zeros_like(self.bad)
        mask[good[late]] = True
        self.blame(
            mask,
            "out_of_order",
            ours,
            lambda row: (
                f"{iso(int(times[row]))} is before {iso(previous[row])}, the time reached above"
            ),
        )

    def apart(self, ours: str, opens: IntColumn, closes: IntColumn, last: int | None) -> None:
        """Blame bars that begin before the last good bar above has ended."""
        good = np.flatnonzero(~self.bad)
        ends = np.concatenate(([last or 0], closes[good]))[:-1]
        if not bool(np.any(opens[good] < ends)):
            return
        # Whether a bar overlaps depends on which of those above stay, so they are taken in turn.
        end, overlapping = last or 0, np.zeros_like(self.bad)
        reached: dict[int, int] = {}
        for row in good.tolist():
            if opens[row] < end:
                overlapping[row] = True
                reached[row] = end
            else:
                end = int(closes[row])
        self.blame(
            overlapping,
            "overlap",
            ours,
            lambda row: (
                f"the bar begins at {iso(int(opens[row]))}, before the one above ends "
                f"at {iso(reached[row])}"
            ),
        )

    def blame(self, mask: BoolColumn, reason: str, ours: str, what: Callable[[int], str]) -> None:
        """Note a fault of every row in ``mask`` that has none yet."""
        fresh = mask & ~self.bad
        if not bool(fresh.any()):
            return
        self.bad |= fresh
        rows = np.flatnonzero(fresh).tolist()
        if self._refuse:
            # Only the first bad row of all will be told, and no row after the first of these is it.
            self.faults[rows[0]] = RowFault(reason, self._theirs(ours), "", what(rows[0]))
            return
        for row in rows:
            self.faults[row] = RowFault(reason, self._theirs(ours), "", "")

    def written(self, ours: str, units: int | np.int64) -> str:
        """Units of a column as decimal text."""
        return units_to_text(int(units), self._cells[ours].precision or 0)

    def _settle(
        self, column: IntColumn, row: int, ours: str, text: str, convert: Callable[[str], int]
    ) -> None:
        """Convert one cell that the quick way left open, or note its fault."""
        column[row] = 0
        if self.bad[row]:
            return
        try:
            column[row] = convert(text)
        except CellFault as fault:
            self.bad[row] = True
            self.faults[row] = RowFault(fault.reason, self._theirs(ours), text, fault.what)

    def _theirs(self, ours: str) -> str:
        return self._cells[ours].theirs if ours else ""


def _is_time(cell: Cell) -> bool:
    return cell.precision is None


def _take(rows: SourceSlice, keep: BoolColumn) -> SourceSlice:
    columns = {name: getattr(rows, name)[keep] for name in rows.COLUMNS}
    if not isinstance(rows, BarSlice) and rows.ts_event is not None:
        columns["ts_event"] = rows.ts_event[keep]
    return type(rows)(rows.instrument, rows.start, **columns)
