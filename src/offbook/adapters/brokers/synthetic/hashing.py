"""SplitMix64 as a counter-based hash: output ``i`` of a stream, without the outputs before it.

Guy Steele, Doug Lea, Christine Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014; constants by Sebastiano Vigna's ``splitmix64.c``.  All arithmetic is modulo 2**64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from offbook.engine.models.draws import draw

UintColumn = npt.NDArray[np.uint64]

_GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST_FACTOR: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR: Final = np.uint64(0x94D049BB133111EB)
_MASK: Final = 2**64 - 1
_SHIFTS: Final = tuple(np.uint64(bits) for bits in (30, 27, 31))


class Stream:
    """The draws of one seed for one purpose, by ordinal; nothing is kept between calls."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._state = draw(seed, f"synthetic.{purpose}", 0)

    def draws(self, first: int, count: int) -> UintColumn:
        """The draws ``first`` to ``first + count``, uniform over ``[0, 2**64)``."""
        return splitmix64(self._state, first, count)


def splitmix64(state: int, first: int, count: int) -> UintColumn:
    """Outputs ``first`` to ``first + count`` (from 0) of a generator that starts at ``state``."""
    shift_a, shift_b, shift_c = _SHIFTS
    mixed = _steps(count) + np.uint64((state + first * _GAMMA) & _MASK)
    shifted = mixed >> shift_a
    mixed ^= shifted
    mixed *= _FIRST_FACTOR
    np.right_shift(mixed, shift_b, out=shifted)
    mixed ^= shifted
    mixed *= _SECOND_FACTOR
    np.right_shift(mixed, shift_c, out=shifted)
    mixed ^= shifted
    return mixed


@lru_cache(maxsize=16)
def _steps(count: int) -> UintColumn:
    """What the state has grown by at each of the first outputs."""
    return np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GAMMA)
