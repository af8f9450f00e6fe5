"""Which orders have changed since a state was taken hold of, so that the others need not be looked
at again.

An order changes by records alone: by those that name it or another order of its list, and where
reservations move.  Their ordinals are written down, one after the other, from the first large state
that is taken; a *mark* is a place in what was written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from offbook.domain.margin_records import ReservationsMoved

if TYPE_CHECKING:
    from offbook.domain.records import Record
    from offbook.engine.ledger.ledger import LedgerState

MOST_NOTED: Final = 1_000_000
"""Changes beyond which it is no longer noted which order they were of."""


class Mark:
    """A moment: ``at`` is how many changes had been noted by then, of one engine."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


class ChangedOrders:
    """Notes changes of orders, back to the older of the two marks that were used last."""

    __slots__ = ("_forgotten", "_marks", "_noted", "watches")

    def __init__(self) -> None:
        self.watches = False
        """Whether anybody wants to know."""
        self._noted: list[int] = []
        self._forgotten = 0
        self._marks: tuple[Mark, ...] = ()

    def note(self, record: Record, ledger: LedgerState) -> None:
        """A record was taken in."""
        if len(self._noted) >= MOST_NOTED:
            self._forget()
            return
        ordinal = getattr(record, "order", None)
        if ordinal is not None:
            self._note(ordinal, ledger)
        elif isinstance(record, ReservationsMoved):
            for moved, _ in record.reserved:
                self._note(moved, ledger)

    def _note(self, ordinal: int, ledger: LedgerState) -> None:
        self._noted.append(ordinal)
        list_id = ledger.orders[ordinal].order_list_id
        if list_id is not None:
            self._noted += ledger.lists.get(list_id, ())

    def _forget(self) -> None:
        """Nobody has asked for long, as where states can be taken no more: all may have changed."""
        self._forgotten += len(self._noted)
        self._noted.clear()
        self._marks, self.watches = (), False

    def begin(self, since: Mark | None) -> tuple[Mark, set[int] | None]:
        """A mark for now, and the ordinals of what changed after ``since``; None, that is maybe
        all, where that is not known: the mark of another engine, or of long ago."""
        self.watches = True
        changed = None
        kept = since if since in self._marks else None
        if kept is not None:
            changed = set(self._noted[kept.at - self._forgotten :])
        mark = Mark(self._forgotten + len(self._noted))
        self._marks = (mark,) if kept is None else (kept, mark)
        oldest = self._marks[0].at
        del self._noted[: oldest - self._forgotten]
        self._forgotten = oldest
        return mark, changed
