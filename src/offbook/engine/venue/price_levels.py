"""The orders of one side of a book in price-time order."""

from __future__ import annotations

from bisect import bisect_left, insort

Place = tuple[int, int, int]
"""The price, such that less is better, then the time priority, then the order's ordinal."""


class PriceLevels:
    """Prices in order, each with its orders: to enter one costs as much as there are prices, not
    as there are orders."""

    __slots__ = ("_levels", "_prices")

    def __init__(self) -> None:
        self._prices: list[int] = []
        self._levels: dict[int, list[Place]] = {}

    def best(self) -> int | None:
        """The best price; None where there is no order."""
        return self._prices[0] if self._prices else None

    def add(self, place: Place) -> None:
        """Enter an order."""
        level = self._levels.get(place[0])
        if level is None:
            insort(self._prices, place[0])
            self._levels[place[0]] = [place]
        elif level[-1] < place:
            level.append(place)  # as nearly always, for it comes last
        else:
            insort(level, place)

    def remove(self, place: Place) -> None:
        """Take an order out, which is in."""
        level = self._levels[place[0]]
        del level[bisect_left(level, place)]
        if not level:
            del self._levels[place[0]]
            del self._prices[bisect_left(self._prices, place[0])]

    def up_to(self, price: int) -> list[int]:
        """The ordinals of the orders at a price or better, best price first, then time."""
        found: list[int] = []
        for at in self._prices:
            if at > price:
                break
            found += [place[2] for place in self._levels[at]]
        return found
