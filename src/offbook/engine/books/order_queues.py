"""Who rests in a book at which price, in the order of being served."""

from __future__ import annotations

from collections.abc import Iterator

from offbook.domain.book_states import Resting

BEFORE_ALL = -1
"""The rank of orders that nobody tells apart, and of one that the book does not know: they were
there before all that it knows."""


class OrderQueues:
    """Orders by number and by price; two books may have the same ones until either changes."""

    __slots__ = ("_is_shared", "_queues", "by_key")

    def __init__(self) -> None:
        self.by_key: dict[int, Resting] = {}
        self._queues: dict[int, dict[int, dict[int, Resting]]] = {1: {}, -1: {}}
        self._is_shared = False

    def put(self, order: Resting) -> None:
        """One more order: last at its price, or first where its rank is before all."""
        if self._is_shared:
            self._copy()
        self.by_key[order.key] = order
        queues = self._queues[order.side]
        queue = queues.get(order.px)
        if queue is None:
            queues[order.px] = {order.key: order}
        elif order.rank == BEFORE_ALL:
            queues[order.px] = {order.key: order, **queue}
        else:
            queue[order.key] = order

    def resize(self, order: Resting, qty: int) -> None:
        """An order has another size, 0 if it is gone; its place stays what it was."""
        if self._is_shared:
            self._copy()
        key, side, px = order.key, order.side, order.px
        queue = self._queues[side][px]
        if qty:
            self.by_key[key] = queue[key] = Resting(key, side, px, qty, order.rank)
            return
        del self.by_key[key]
        del queue[key]
        if not queue:
            del self._queues[side][px]

    def sort(self) -> None:
        """At each price by rank: orders were put in another order."""
        for queues in self._queues.values():
            for px, queue in queues.items():
                queues[px] = dict(sorted(queue.items(), key=lambda item: item[1].rank))

    def at(self, side: int, px: int) -> Iterator[Resting]:
        """The orders of a side (1 bids, -1 asks) at a price, first served first."""
        return iter(self._queues[side].get(px, {}).values())

    def count(self, side: int, px: int) -> int:
        """How many there are."""
        return len(self._queues[side][px])

    def share(self) -> OrderQueues:
        """Another with the same orders, without copying them."""
        other = OrderQueues()
        other.by_key, other._queues = self.by_key, self._queues
        self._is_shared = other._is_shared = True
        return other

    def _copy(self) -> None:
        self._is_shared = False
        self.by_key = self.by_key.copy()
        self._queues = {
            side: {px: queue.copy() for px, queue in queues.items()}
            for side, queues in self._queues.items()
        }
