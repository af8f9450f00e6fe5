"""Books told order by order, at random: mostly as a venue would, with faults now and then."""

from __future__ import annotations

from random import Random

from offbook.domain import book_orders as a
from offbook.domain.depth import SNAPSHOT

Told = tuple[int, int, int, int, int]
"""Action, side, price, size, number of the order."""
_ACTIONS = [a.ADD, a.MODIFY, a.CANCEL, a.DELETE, a.EXECUTE, a.HIDDEN]


class OrderFlow:
    """Makes messages, and knows which orders these leave in the book."""

    def __init__(self, rng: Random, mid: int = 10000) -> None:
        self._rng = rng
        self.mid = mid
        self._number = 0
        self.seq = 0
        self.known: dict[int, tuple[int, int, int]] = {}

    def message(self) -> tuple[list[Told], int, int]:
        """Rows, flags and number of the next message."""
        rng = self._rng
        self.mid += rng.choice([-1, 0, 0, 0, 1])
        self.seq += rng.choices([1, 2, 0], [96, 2, 2])[0]
        if self.seq <= 1 or rng.random() < 0.04:
            return self._snapshot(), SNAPSHOT, max(self.seq, 1)
        if rng.random() < 0.01:
            self.known = {}
            return [(a.CLEAR, 0, 0, 0, 0), *self._rows(4)], 0, self.seq
        if rng.random() < 0.02:
            return [(a.NONE, 0, 0, 0, 0)], a.MISSED * rng.randint(0, 1), self.seq
        return self._rows(rng.randint(1, 4)), 0, self.seq

    def anew(self) -> tuple[list[Told], int, int]:
        """A message that tells the whole book."""
        self.seq += 1
        return self._snapshot(), SNAPSHOT, self.seq

    def _rows(self, count: int) -> list[Told]:
        return [self._row() for _ in range(count)]

    def _snapshot(self) -> list[Told]:
        rng = self._rng
        # Of those that are known most stay; some are gone, some smaller or larger than they were.
        kept = {n: o for n, o in self.known.items() if rng.random() < 0.8}
        self.known = {}
        rows = []
        for number, (side, px, qty) in kept.items():
            size = max(qty + rng.choice([0, 0, 0, 1, -1]), 1)
            self.known[number] = side, px, size
            rows.append((a.ADD, side, px, size, number))
        while len(rows) < 6:
            rows.append(self._add())
        rng.shuffle(rows)
        return rows

    def _row(self) -> Told:
        rng = self._rng
        if rng.random() < 0.004:  # what does not fit: unknown, there already, at another price
            side, px = rng.choice([1, -1]), self.mid + rng.randint(-3, 3)
            number = rng.choice([10**9, *self.known])
            return rng.choice(_ACTIONS[:-1]), side, px, rng.randint(1, 9), number
        action = rng.choices(_ACTIONS, [40, 12, 8, 14, 20, 6])[0]
        if action == a.HIDDEN:
            return action, rng.choice([1, -1, 0]), self.mid + rng.randint(-3, 3), self._size(), 0
        if action == a.ADD or not self.known:
            return self._add()
        return self._change(action)

    def _change(self, action: int) -> Told:
        rng = self._rng
        number = self._near() if action == a.EXECUTE else rng.choice(list(self.known))
        side, px, qty = self.known[number]
        if action == a.MODIFY:
            px += rng.choice([0, 0, 1, -1])
            qty = max(qty + rng.choice([-2, -1, 1, 3]), 1)
            self.known[number] = side, px, qty
            return action, side, px, qty, number
        gone = rng.randint(1, qty)
        if action == a.DELETE or gone == qty:
            del self.known[number]
        else:
            self.known[number] = side, px, qty - gone
        return action, side, px, rng.choice([0, qty]) if action == a.DELETE else gone, number

    def _near(self) -> int:
        """An order at the best price of a side, as that is where orders trade."""
        side = self._rng.choice([1, -1])
        mine = [n for n, order in self.known.items() if order[0] == side] or list(self.known)
        return max(mine, key=lambda n: (self.known[n][1] * self.known[n][0], self._rng.random()))

    def _add(self) -> Told:
        rng = self._rng
        side, away = rng.choice([1, -1]), rng.choices([-1, 1, 2, 3, 4], [1, 30, 30, 20, 20])[0]
        px, qty = self.mid - side * away, self._size()
        if rng.random() < 0.05:
            return a.ADD, side, px, qty, 0
        self._number += 1
        self.known[self._number] = side, px, qty
        return a.ADD, side, px, qty, self._number

    def _size(self) -> int:
        return self._rng.randint(1, 9)
