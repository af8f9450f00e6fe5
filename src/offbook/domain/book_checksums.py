"""Checksums by which exchanges let everybody prove that his book is theirs.

A rule makes a number of the best levels of a book; it is the exchange's own where the book is the
same.  Whoever has another exchange's rule passes it as a function of a ``BookTop``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

Level = tuple[int, int]
"""A price and a size, in units of the decimals that a book is told with."""
KRAKEN_LEVELS: Final = 10


class BookTop(msgspec.Struct, frozen=True, kw_only=True):
    """The levels of a book, best first: ``price_decimals`` and ``size_decimals`` say what one unit
    of a price and of a size is.  They must be those with which the exchange writes its numbers, for
    the digits count."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    price_decimals: int
    size_decimals: int


BookChecksum = Callable[[BookTop], int]
"""A rule: the checksum of a book."""


def kraken_checksum(top: BookTop) -> int:
    """Kraken's, of its websocket v2 (*Spot WebSocket v2: book checksum*): CRC-32 of the prices and
    sizes of the ten best asks, lowest first, then of the ten best bids, highest first, each without
    its point and without zeros in front; unsigned.

    Written with a fixed number of decimals, a number without its point is its count of units.
    """
    levels = (*top.asks[:KRAKEN_LEVELS], *top.bids[:KRAKEN_LEVELS])
    return zlib.crc32("".join(f"{px}{qty}" for px, qty in levels).encode("ascii"))


CHECKSUMS: Final[Mapping[str, BookChecksum]] = MappingProxyType({"kraken": kraken_checksum})
"""The rules that have a name."""
