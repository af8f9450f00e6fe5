"""Which command ids a session may have answered, in a few bytes each.

Every command that comes with an id must be looked for among the answers of its session, and nearly
every one is new.  Of a session that began in this process all answers were stored by it: so what is
known not to be among them need not be looked for in the store.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = 32
"""Ids in the first filter: most sessions have few, and ten thousand may be loaded."""
_GROWTH: Final = 4
_PROBES: Final = 5
_BITS_PER_ID: Final = 16


class SeenIds:
    """A set of ids that may claim to hold one it does not, never the other way round.

    Bloom filters, each four times as large as the one before (B. Bloom, "Space/time trade-offs in
    hash coding with allowable errors", CACM 13:7, 1970): a filter of 16 bits and 5 probes for each
    id is wrong about once in 700 when it is full.  Each such error is a look into the store, which
    parts its caller from those who wait for the same commit.
    """

    __slots__ = ("_filters", "_left")

    def __init__(self) -> None:
        self._filters: tuple[bytearray, ...] = ()
        self._left = 0

    def add(self, *names: str) -> None:
        """From now on these are held."""
        for name in names:
            if not self._left:
                self._left = _FIRST * _GROWTH ** len(self._filters)
                self._filters += (bytearray(self._left * _BITS_PER_ID // 8),)
            self._left -= 1
            bits = self._filters[-1]
            place, step = _probes(name)
            last = len(bits) * 8 - 1
            for _ in range(_PROBES):
                bits[(place & last) >> 3] |= 1 << (place & 7)
                place += step

    def may_hold(self, name: str) -> bool:
        """Whether the id was added, or looks as if it had been."""
        first, step = _probes(name)
        for bits in self._filters:
            place, last = first, len(bits) * 8 - 1
            for _ in range(_PROBES):
                if not bits[(place & last) >> 3] & (1 << (place & 7)):
                    break
                place += step
            else:
                return True
        return False


def _probes(name: str) -> tuple[int, int]:
    """An id's first place, and from each of its places to the next; a filter takes them modulo its
    bits, a power of two."""
    first = hash(name)  # differs from process to process, and is kept in none
    return first, first >> 32 | 1
