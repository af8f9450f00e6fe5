"""Logarithms and powers of two in integers: the walk adds, prices multiply.

A *level* is a base-2 logarithm of a price in ticks, in units of 2**-40.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np

from offbook.domain.market_data import IntColumn

LEVEL_BITS: Final = 40
FRACTION_BITS: Final = 16
"""Prices come with so many bits below one tick."""

PER_NATURAL: Final = 1_586_259_972_792
"""One unit of the natural logarithm as a level: 2**40 / ln 2, rounded."""

MOST_LEVEL: Final = 40 << LEVEL_BITS
"""Prices reach 2**40 ticks at most."""

_INDEX_BITS: Final = 11
_INDEX_MASK: Final = (1 << _INDEX_BITS) - 1
_REST_BITS: Final = LEVEL_BITS - 2 * _INDEX_BITS
_MANTISSA_BITS: Final = 31
_WORK_BITS: Final = 160
_LN2_BITS: Final = 24
_LN2: Final = 11_629_080
"""ln 2 in units of 2**-24, rounded."""


def level_of(ticks: int) -> int:
    """The level of a price, rounded down; ``ticks`` is at least 1."""
    exponent = ticks.bit_length() - 1
    fraction = (ticks << _WORK_BITS) >> exponent
    level = exponent
    for _ in range(LEVEL_BITS):
        fraction = fraction * fraction >> _WORK_BITS
        bit = fraction >> (_WORK_BITS + 1)
        fraction >>= bit
        level = level << 1 | bit
    return level


def prices_at(levels: IntColumn) -> IntColumn:
    """Prices in 2**-16 ticks at levels between 0 and ``MOST_LEVEL``.

    2**f is the product of two entries of tables and of 1 + r ln 2 for the rest r < 2**-22.
    """
    coarse, fine = _tables()
    index = levels >> _REST_BITS
    mantissa: IntColumn = fine[index & _INDEX_MASK]
    index >>= _INDEX_BITS
    mantissa *= coarse[index & _INDEX_MASK]
    mantissa >>= _MANTISSA_BITS
    rest = levels & ((1 << _REST_BITS) - 1)
    rest *= _LN2
    rest >>= _LN2_BITS
    rest *= mantissa
    rest >>= LEVEL_BITS
    mantissa += rest
    index >>= _INDEX_BITS
    # The mantissa has 31 bits below 1; it is raised as far as 2**40 ticks leave room.
    mantissa <<= 25
    np.subtract(25 + _MANTISSA_BITS - FRACTION_BITS, index, out=index)
    mantissa >>= index
    return mantissa


@cache
def _tables() -> tuple[IntColumn, IntColumn]:
    """2**(k / 2**11) and 2**(k / 2**22) with 31 bits below 1, from repeated square roots."""
    root = 2 << _WORK_BITS
    roots = []
    for _ in range(2 * _INDEX_BITS):
        root = math.isqrt(root << _WORK_BITS)
        roots.append(root)
    return _powers(roots[_INDEX_BITS - 1]), _powers(roots[-1])


def _powers(root: int) -> IntColumn:
    half = 1 << (_WORK_BITS - _MANTISSA_BITS - 1)
    entries, power = [], 1 << _WORK_BITS
    for _ in range(1 << _INDEX_BITS):
        entries.append((power + half) >> (_WORK_BITS - _MANTISSA_BITS))
        power = power * root >> _WORK_BITS
    return np.array(entries, dtype=np.int64)
