"""Draws to values: the shipped quantiles as columns."""

from __future__ import annotations

from functools import cache

import numpy as np

from offbook.adapters.brokers.synthetic.hashing import UintColumn
from offbook.domain.market_data import IntColumn
from offbook.domain.quantiles import (
    EXPONENTIAL,
    NORMAL_UPPER,
    QUANTILE_BITS,
)

_ENTRY_MASK = (1 << QUANTILE_BITS) - 1


def normal(draws: UintColumn, shift: int = 64 - QUANTILE_BITS) -> IntColumn:
    """Standard normal values in units of 2**-12, chosen by ten bits of each draw."""
    return _normal_table()[bits(draws, shift, _ENTRY_MASK)]


def exponential(draws: UintColumn, shift: int = 64 - QUANTILE_BITS) -> IntColumn:
    """Exponential values of mean 1 in units of 2**-12, chosen by ten bits of each draw."""
    return _exponential_table()[bits(draws, shift, _ENTRY_MASK)]


def bits(draws: UintColumn, shift: int, mask: int) -> IntColumn:
    """Some bits of each draw as integers that are not negative; ``shift + mask`` below 2**63."""
    return (draws >> np.uint64(shift)).view(np.int64) & np.int64(mask)


@cache
def _normal_table() -> IntColumn:
    upper = np.array(NORMAL_UPPER, dtype=np.int64)
    return np.concatenate((-upper[::-1], upper))


@cache
def _exponential_table() -> IntColumn:
    return np.array(EXPONENTIAL, dtype=np.int64)
