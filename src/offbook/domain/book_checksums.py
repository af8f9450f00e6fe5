"""Checksums by which exchanges let everybody prove that his book is theirs.

A rule makes a number of the best levels of a book; it is the exchange's own where the book is the
same.  Whoever has another exchange's rule passes it as a function of a ``BookTop``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

import msgspec

from offbook.domain.values import units_to_text

Level = tuple[int, int]
"""A price and a size, in units of the decimals that a book is told with."""
KRAKEN_LEVELS: Final = 10
PAIRED_LEVELS: Final = 25
"""Of each side: so many do OKX, Bitget and Bitfinex pair up."""
SMALLEST_PLAIN: Final = 6
"""JavaScript writes a number below 10**-6 with an exponent."""


class ShownOrder(msgspec.Struct, frozen=True, gc=False):
    """One order of a book: the venue's number, its price and its size, in the units of a level; 0
    stands for those that nobody tells apart."""

    order_id: int
    px: int
    qty: int


class BookTop(msgspec.Struct, frozen=True, kw_only=True):
    """The levels of a book, best first: ``price_decimals`` and ``size_decimals`` say what one unit
    of a price and of a size is.  They must be those with which the exchange writes its numbers, for
    the digits count.

    ``bid_orders`` and ``ask_orders`` are the orders of these levels, first served first, where the
    book is told order by order and they were asked for."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    price_decimals: int
    size_decimals: int
    bid_orders: tuple[ShownOrder, ...] = ()
    ask_orders: tuple[ShownOrder, ...] = ()


BookChecksum = Callable[[BookTop], int]
"""A rule: the checksum of a book."""


def kraken_checksum(top: BookTop) -> int:
    """Kraken's, of its websockets v1 and v2 (*Spot WebSocket v2: book checksum*): CRC-32 of the
    prices and sizes of the ten best asks, lowest first, then of the ten best bids, highest first,
    each without its point and without zeros in front; unsigned.

    Written with a fixed number of decimals, a number without its point is its count of units.
    """
    levels = (*top.asks[:KRAKEN_LEVELS], *top.bids[:KRAKEN_LEVELS])
    return zlib.crc32("".join(f"{px}{qty}" for px, qty in levels).encode("ascii"))


def kraken_orders_checksum(top: BookTop) -> int:
    """Kraken's of books order by order (*L3 checksum (WebSocket v2)*): as that of levels, of the
    price and the size of each order of the ten best levels of a side, first served first."""
    orders = (*_of_levels(top.ask_orders, top.asks), *_of_levels(top.bid_orders, top.bids))
    return zlib.crc32("".join(f"{one.px}{one.qty}" for one in orders).encode("ascii"))


def _of_levels(orders: tuple[ShownOrder, ...], levels: tuple[Level, ...]) -> Iterator[ShownOrder]:
    best = {px for px, _ in levels[:KRAKEN_LEVELS]}
    return (one for one in orders if one.px in best)


def okx_checksum(top: BookTop) -> int:
    """OKX's and OKCoin's (*WebSocket API v5: order book channel, checksum*): CRC-32, signed, of
    ``price:size`` of the best bid, the best ask, the second best bid, and so on, 25 of each side as
    far as there are so many, joined by colons.

    Numbers are without zeros at their end, as OKX writes them.
    """
    return _signed(_paired(_trimmed(top, top.bids), _trimmed(top, top.asks)))


def bitget_checksum(top: BookTop) -> int:
    """Bitget's (*WebSocket API: depth channel, checksum*): as OKX's, but of the numbers with all
    their decimals, zeros at the end too, and below 10**-6 with an exponent, in the way in which
    Java writes them (``1.450E-9``; *BigDecimal.toString*, as Python's ``Decimal`` does)."""
    return _signed(_paired(_full(top, top.bids), _full(top, top.asks)))


def bitfinex_checksum(top: BookTop) -> int:
    """Bitfinex's of books by price (*WebSocket v2: checksum*; ``checksum`` of its
    bfx-api-node-models): as OKX's, of prices and amounts, which are negative for asks, and which
    JavaScript writes: below 10**-6 with an exponent (``1e-7``).  Prices have none."""
    return _signed(_paired(_amounts(top, top.bids, 1), _amounts(top, top.asks, -1)))


def bitfinex_orders_checksum(top: BookTop) -> int:
    """Bitfinex's of raw books (*WebSocket v2: checksum*, R0): as that by price, of the numbers of
    orders in place of prices; those of one price by their numbers, lowest first."""
    bids = sorted(top.bid_orders, key=lambda one: (-one.px, one.order_id))[:PAIRED_LEVELS]
    asks = sorted(top.ask_orders, key=lambda one: (one.px, one.order_id))[:PAIRED_LEVELS]
    return _signed(_paired(_numbered(top, bids, ""), _numbered(top, asks, "-")))


def _numbered(top: BookTop, orders: list[ShownOrder], sign: str) -> Iterator[str]:
    for one in orders:
        yield f"{one.order_id}:{sign}{_as_script(one.qty, top.size_decimals)}"


def _paired(bids: Iterator[str], asks: Iterator[str]) -> str:
    """Bid and ask in turns; where one side has no more levels the other goes on."""
    pairs = zip_longest(bids, asks)
    return ":".join(text for pair in pairs for text in pair if text is not None)


def _trimmed(top: BookTop, levels: tuple[Level, ...]) -> Iterator[str]:
    for px, qty in levels[:PAIRED_LEVELS]:
        price, size = units_to_text(px, top.price_decimals), units_to_text(qty, top.size_decimals)
        yield f"{price}:{size}"


def _full(top: BookTop, levels: tuple[Level, ...]) -> Iterator[str]:
    for px, qty in levels[:PAIRED_LEVELS]:
        price, size = (
            Decimal(px).scaleb(-top.price_decimals),
            Decimal(qty).scaleb(-top.size_decimals),
        )
        yield f"{price}:{size}"


def _amounts(top: BookTop, levels: tuple[Level, ...], sign: int) -> Iterator[str]:
    for px, qty in levels[:PAIRED_LEVELS]:
        amount = _as_script(qty, top.size_decimals)
        yield f"{units_to_text(px, top.price_decimals)}:{'-' if sign < 0 else ''}{amount}"


def _as_script(units: int, decimals: int) -> str:
    """A number above 0 as JavaScript writes it (ECMA-262, *Number::toString*)."""
    digits = str(units)
    if len(digits) + SMALLEST_PLAIN > decimals:
        return units_to_text(units, decimals)
    first, rest = digits[0], digits[1:].rstrip("0")
    return f"{first}{'.' if rest else ''}{rest}e-{decimals - len(digits) + 1}"


def _signed(text: str) -> int:
    """CRC-32 of a text as a whole number of 32 bits with a sign."""
    found = zlib.crc32(text.encode("ascii"))
    return found - (1 << 32) if found >> 31 else found


CHECKSUMS: Final[Mapping[str, BookChecksum]] = MappingProxyType(
    {
        "kraken": kraken_checksum,
        "okx": okx_checksum,
        "bitget": bitget_checksum,
        "bitfinex": bitfinex_checksum,
        "kraken_orders": kraken_orders_checksum,
        "bitfinex_orders": bitfinex_orders_checksum,
    }
)
"""The rules that have a name."""
OF_ORDERS: Final = frozenset({"kraken_orders", "bitfinex_orders"})
"""Those that are made of a book's orders, one by one."""
