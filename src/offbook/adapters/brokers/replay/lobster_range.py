"""The orders of a LOBSTER book within the range that its orderbook file shows.

A message file of N levels tells only of what happens within the N best prices of a side.  An order
whose price is beyond them may be canceled, and others may come there, without a message.  So orders
leave the book where their price leaves the range, and what a level shows as its price comes into
the range, beyond the orders that are known there, is orders that nobody tells apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from offbook.domain.book_orders import UNKNOWN_ORDER

Change = tuple[str, int, int, int, int]
"""Action, side, price, size and number of the order."""
NEW: Final = 1
DELETED: Final = 3
HIDDEN: Final = 5
_EMPTY_LEVEL: Final = 9_999_999_999


def levels_of(shown: list[int], side: int) -> tuple[list[tuple[int, int]], bool]:
    """Price and size of the levels of a side in a row of an orderbook file, best first, and whether
    there may be more of them than the row shows."""
    first = 0 if side < 0 else 2
    pairs = list(zip(shown[first::4], shown[first + 1 :: 4], strict=False))
    levels = [(px, qty) for px, qty in pairs if abs(px) < _EMPTY_LEVEL and qty > 0]
    return levels, len(levels) == len(pairs)


class OrdersInRange:
    """Which orders a book has, and how it follows the range."""

    def __init__(self) -> None:
        self._levels: dict[int, dict[int, dict[int, int]]] = {1: {}, -1: {}}
        self._edges: dict[int, int | None] = {1: None, -1: None}

    def before(self, shown: list[int], first: tuple[int, int, int, int, int]) -> list[Change]:
        """The book before the first message, of which an orderbook file has what it left."""
        kind, _, size, px, side = first
        for of in (-1, 1):
            levels, is_cut = levels_of(shown, of)
            self._edges[of] = levels[-1][0] if is_cut and levels else None
            self._levels[of] = {at: {UNKNOWN_ORDER: qty} for at, qty in levels}
        if kind < HIDDEN:
            level = self._levels[side].setdefault(px, {})
            level[UNKNOWN_ORDER] = level.get(UNKNOWN_ORDER, 0) + (-size if kind == NEW else size)
            if level[UNKNOWN_ORDER] <= 0:
                del self._levels[side][px]
        return [
            ("add", of, at, level[UNKNOWN_ORDER], UNKNOWN_ORDER)
            for of in (-1, 1)
            for at, level in sorted(self._levels[of].items())
        ]

    def take(self, kind: int, order: int, size: int, px: int, side: int) -> None:
        """What a message does."""
        level = self._levels[side].setdefault(px, {})
        if kind == NEW:
            level[order] = level.get(order, 0) + size
        elif kind < HIDDEN:
            known = order if order in level else UNKNOWN_ORDER
            left = level.get(known, 0) - size
            if left > 0 and (kind != DELETED or known == UNKNOWN_ORDER):
                level[known] = left
            else:
                level.pop(known, None)
        if not level:
            del self._levels[side][px]

    def follow(self, shown: list[int]) -> Iterator[Change]:
        """What leaves the book and what comes into it with the range after a message."""
        for side in (-1, 1):
            levels, is_cut = levels_of(shown, side)
            edge = levels[-1][0] if is_cut and levels else None
            if edge == self._edges[side]:
                continue
            self._edges[side] = edge
            if edge is not None:
                yield from self._leave(side, edge)
            for px, qty in levels:
                level = self._levels[side].setdefault(px, {})
                lacking = qty - sum(level.values())
                if lacking > 0:
                    level[UNKNOWN_ORDER] = level.get(UNKNOWN_ORDER, 0) + lacking
                    yield "add", side, px, lacking, UNKNOWN_ORDER

    def _leave(self, side: int, edge: int) -> Iterator[Change]:
        mine = self._levels[side]
        for px in sorted(px for px in mine if (edge - px) * side > 0):
            for order, qty in mine.pop(px).items():
                yield "delete", side, px, qty, order
