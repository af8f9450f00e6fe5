"""Exact numbers from cells: every way ends in integer units, and none rounds.

The usual cells are converted in whole columns; what those ways leave open (signs, exponents, more
than 18 digits, and everything wrong) is decided here, one cell at a time, in integers.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.domain.market_data import IntColumn
from offbook.domain.values import MAX_UNITS

BoolColumn = npt.NDArray[np.bool_]
FloatColumn = npt.NDArray[np.float64]

PLAIN_DECIMAL_SQL: Final = "[0-9]+([.][0-9]{{0,{precision}}}0*)?"
"""Text that duckdb may cast to a DECIMAL of that precision: nothing in it can be rounded away."""

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
_COMMAS = re.compile(r"[+-]?\d[\d.,]*,[\d.,]*\Z", re.ASCII)
_LONGEST: Final = 1000
_UNIQUE: Final = 10**15
"""Decimals of up to 15 digits each have a double of their own."""


def units_from_text(text: str, precision: int) -> int:
    """Decimal text, also with sign or exponent, to units of ``10**-precision``.

    Raises CellFault.
    """
    stripped = text.strip()
    if not stripped:
        raise CellFault("empty", "the cell is empty")
    if len(stripped) > _LONGEST or _DECIMAL.match(stripped) is None:
        raise CellFault("not_a_number", f"{text!r} is not a number{_comma_hint(stripped)}")
    sign, digits, exponent = Decimal(stripped).as_tuple()
    assert isinstance(exponent, int)
    units = int("".join(map(str, digits)))
    shift = exponent + precision
    if shift >= 0:
        units *= int(10**shift)
    else:
        units, rest = divmod(units, 10**-shift)
        if rest:
            raise CellFault("too_many_decimals", f"{stripped!r} has more than {precision} decimals")
    if units >= MAX_UNITS:
        raise CellFault("too_large", f"{stripped!r} is too large for {precision} decimals")
    return -units if sign else units


def _comma_hint(text: str) -> str:
    """What to do about commas in a number: what they stand for, its writer knows."""
    if _COMMAS.match(text) is None:
        return ""
    return (
        ": write the decimal point as a point, and leave out what parts the thousands "
        "(1234.5, not 1234,5 or 1,234.5), as offbook data convert --numbers 1,234.56 does"
    )


def units_from_double(value: float, precision: int) -> int:
    """A double to units, where rounding to ``precision`` decimals gives the double back.

    Raises CellFault, also where several decimals have that same double, so that none is meant.
    """
    if not np.isfinite(value):
        raise CellFault("not_a_number", f"{value!r} is not a number")
    numerator, denominator = value.as_integer_ratio()
    scale = 10**precision
    quotient, rest = divmod(numerator * scale, denominator)
    units = int(quotient + (2 * rest > denominator))
    if abs(units) >= MAX_UNITS:
        raise CellFault("too_large", f"{value!r} is too large for {precision} decimals")
    # Division of two Python integers is rounded correctly, so this is the nearest double.
    if units / scale != value:
        raise CellFault(
            "inexact_float", f"the double {value!r} is not a number of {precision} decimals"
        )
    if value in ((units - 1) / scale, (units + 1) / scale):
        raise CellFault(
            "inexact_float", f"the double {value!r} is too coarse to tell {precision} decimals"
        )
    return units


def units_from_doubles(values: FloatColumn, precision: int) -> tuple[IntColumn, BoolColumn]:
    """Doubles to units, and where that is certain; the rest goes to ``units_from_double``.

    Below ``10**15`` units both they and ``10**precision`` are exact doubles, so that their quotient
    is the double nearest to the decimal, and no other decimal of that precision has the same one.
    """
    scale = float(10**precision)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.rint(values * scale)
        sure = (np.abs(rounded) < _UNIQUE) & (rounded / scale == values)
    return np.where(sure, rounded, 0.0).astype(np.int64), sure
