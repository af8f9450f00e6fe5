"""One batch of fetched cells: exact columns, and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

import numpy as np

from offbook.adapters.brokers.replay.arrow import ArrowBatch
from offbook.adapters.brokers.replay.columns import AUCTION, SIZES, WORDS
from offbook.adapters.brokers.replay.faults import CellFault, RowFault
from offbook.adapters.brokers.replay.numbers import (
    BoolColumn,
    units_from_double,
    units_from_doubles,
    units_from_text,
)
from offbook.adapters.brokers.replay.query import Cell
from offbook.adapters.brokers.replay.sides import expected
from offbook.adapters.brokers.replay.times import iso, scale_times, time_from_text
from offbook.domain.market_data import IntColumn
from offbook.domain.values import MAX_UNITS, units_to_text


class WallClocks(Protocol):
    """What makes UTC of local times, all in ns."""

    def utc(self, walls: IntColumn) -> tuple[IntColumn, BoolColumn]:
        """The times of readings, and where there is exactly one."""

    def utc_of(self, wall: int, text: str) -> int:
        """The time of one reading. Raises CellFault."""


class Judged:
    """One batch: its columns in exact units, and the first fault of every row that has one.

    ``local`` makes UTC of wall clocks' readings; ``refuses`` says for which reasons a row is told
    rather than left out.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        batch: ArrowBatch,
        local: WallClocks,
        refuses: Callable[[str], bool],
    ) -> None:
        self._cells = {cell.ours: cell for cell in cells}
        self._batch = batch
        self._local = local
        self._refuses = refuses
        self.faults: dict[int, RowFault] = {}
        self.bad: BoolColumn = np.zeros(batch.rows, dtype=np.bool_)
        ragged, _ = batch.integers("ragged")
        self.blame(ragged < 0, "ragged", "", lambda _: "the line has fewer cells than the header")
        self.blame(ragged > 0, "ragged", "", lambda _: "the line has more cells than the header")

    def number(self, ours: str, *, blank: bool = False) -> IntColumn:
        """A price or size column in units; where it may be ``blank``, that is 0."""
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
            if blank and not (text or "").strip():
                units[row] = 0
                continue
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
        walls, walled = self._batch.integers(f"w_{ours}")
        if bool(walled.any()):
            local, certain = self._local.utc(walls)
            times = np.where(walled, local, times)
            known |= walled & certain & (times >= 0) & (times < MAX_UNITS)
        texts = self._batch.texts(f"x_{ours}") if not bool(known.all()) else {}
        for row in np.flatnonzero(~known).tolist():
            if counted[row]:
                text = str(int(numbers[row]))
            elif stamped[row] or walled[row]:
                text = iso(int(stamps[row] if stamped[row] else walls[row]))
                text = text.removesuffix("Z") if walled[row] else text
            else:
                text = texts.get(row, "")
            self._settle(times, row, ours, text, self._one_time)
        return times

    def _one_time(self, text: str) -> int:
        return time_from_text(text, self._local.utc_of)

    def side(self) -> IntColumn:
        """Who took: 1 a buyer, -1 a seller, 0 where the file does not say; of a level of a book 1
        for bids, -1 for asks, 0 for neither."""
        ours = next((name for name in WORDS if name in self._cells and name != AUCTION), None)
        if ours is None:
            return np.zeros(self._batch.rows, dtype=np.int64)
        return self.word(ours)

    def word(self, ours: str) -> IntColumn:
        """What a column of few words says, as its numbers."""
        sides, known = self._batch.integers(f"v_{ours}")
        texts = self._batch.texts(f"x_{ours}") if not bool(known.all()) else {}
        for row in np.flatnonzero(~known).tolist():
            self._settle(sides, row, ours, texts.get(row, ""), lambda text: _no_side(ours, text))
        return sides

    def positive(self, ours: str, column: IntColumn) -> None:
        """Blame rows whose price, or size of a print, is not above zero."""
        what = "size" if ours in SIZES else "price"
        self.blame(
            column <= 0,
            "not_positive",
            ours,
            lambda row: f"the {what} {self.written(ours, column[row])} is not positive",
        )

    def not_negative(self, ours: str, column: IntColumn) -> None:
        """Blame rows whose size is below zero."""
        self.blame(
            column < 0,
            "negative_size",
            ours,
            lambda row: f"the size {self.written(ours, column[row])} is negative",
        )

    def has(self, ours: str) -> bool:
        """Whether the file has a column."""
        return ours in self._cells

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
        if self._refuses(reason):
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


def _no_side(ours: str, text: str) -> NoReturn:
    raise CellFault("bad_side", f"{text!r} does not say {expected(ours)}")
