"""Rows that cannot be true: the reasons, and how each is told."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from offbook.domain.errors import BadMarketData

_LEAVE = 'leave such rows out with --drop-bad-rows (bad_rows = "drop").'
_MEND = f"Mend the file, or {_LEAVE}"
_ELSE = f"Otherwise mend the file, or {_LEAVE}"
TURN_ROUND: Final = " (offbook data convert --newest-first turns one round)"
"""Part of what is said of rows out of order; no advice for a file that has been turned round."""
_SORT = (
    f"Sort the file by time, oldest first{TURN_ROUND}; of a file of several instruments write one "
    f"into a file (offbook data convert --only COLUMN=TEXT), or {_LEAVE}"
)

HINTS: Final = MappingProxyType(
    {
        "ragged": "In a file parted by commas, a number with a decimal comma is two cells. "
        + _MEND,
        "empty": _MEND,
        "bad_time": "Times are whole s, ms, us or ns since 1970 (1990 to 2099), or ISO 8601 text; "
        "other ways to write them are read by offbook data convert --time-format %d/%m/%Y. "
        + _MEND,
        "ambiguous_time": "Write such times with their offset, or in UTC. " + _ELSE,
        "bad_side": _MEND,
        "not_a_number": _MEND,
        "too_many_decimals": "Raise that precision of the instrument (at most 12), or have it "
        "found: --price-decimals auto, --size-decimals auto. " + _ELSE,
        "inexact_float": "Write the column as DECIMAL or as text, or give the instrument the "
        "precision that the numbers have (at most 12). " + _ELSE,
        "too_large": _MEND,
        "not_positive": _MEND,
        "negative_size": _MEND,
        "crossed": _MEND,
        "impossible_bar": _MEND,
        "bad_level": "Mend the file.",
        "bad_flags": "1 says that the row is of a snapshot, 2 that it is the last of its message, "
        "3 both. Mend the file.",
        "bad_order": "Mend the file.",
        "bad_order_flags": "Flags are the sum of 1 (the row is of a snapshot), 2 (it is the last "
        "of its message) and 4 (something is missing before it). Mend the file.",
        "bad_bands": "What is blank is no band. Mend the file.",
        "bad_sequence": "Sequence numbers are whole; -1 says that there is none. Mend the file.",
        "no_trading_day": "Check instrument.calendar. " + _ELSE,
        "off_hours": "Check instrument.calendar and the time zone, or leave such rows out with "
        '--off-hours drop (off_hours = "drop").',
        "out_of_order": _SORT,
        "overlap": "Check timeframe_ns, and look for bars that are there twice. " + _ELSE,
    }
)
"""Reason -> what to do. The reasons are also the keys under which dropped rows are counted."""


def reasons(dropped: Mapping[str, int]) -> str:
    """How many rows were dropped for what, in words."""
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(dropped.items()))


class CellFault(Exception):
    """One cell cannot be read: ``reason`` is a key of HINTS, ``what`` completes a sentence."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what


class RowFault(NamedTuple):
    """Why one row is refused; ``column`` is the file's name for it, empty for the whole row."""

    reason: str
    column: str
    text: str
    what: str


def refusal(file: str, row: int, fault: RowFault) -> BadMarketData:
    """The error that refuses a row; ``row`` counts data rows from 1, without header and blanks."""
    place = f"{file}, row {row}"
    if fault.column:
        place += f", column {fault.column}"
    return BadMarketData(
        f"{place}: {fault.what}. {HINTS[fault.reason]}",
        file=file,
        row=row,
        column=fault.column,
        text=fault.text,
        reason=fault.reason,
    )
