"""What falls due when: messages on their way, timers, expiries, openings and closings.

Everything due at one instant is taken in rounds.  A round takes what was due when it began, stage
by stage, within a stage by (due, ordinal); what it causes at the same instant waits for the next
round, so that each stage completes before the next and nothing re-enters.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Final

import msgspec

from offbook.domain.account_events import AccountEvent
from offbook.domain.calendars import NEVER
from offbook.domain.orders import ExecType
from offbook.domain.values import Amount
from offbook.engine.ledger.state import ZERO, Amendment

STAGE_VENUE: Final = 2
STAGE_TIMER: Final = 4
STAGE_MESSAGE: Final = 5
PRUNE_AT: Final = 4096
_STAGE_BY_STAGE: Final = itemgetter(1, 0, 2)


class Expiry(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """An order's time in force ends."""

    order: int


class HoursChange(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """The markets of a calendar open or close."""

    calendar: str


class StopDeadline(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """Closing positions has taken as long as it may."""


class DayEnds(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """A trading day ends and the next begins, where a day's loss is limited."""


class TimerDue(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """A strategy's timer."""

    name: str


class NewArrives(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """A new order reaches the venue."""

    order: int


class CancelArrives(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """A cancel request reaches the venue."""

    order: int


class ReplaceArrives(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """A replace request, sent at ``sent``, reaches the venue."""

    order: int
    terms: Amendment
    reserve_px: int
    sent: int


class ReportArrives(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """An execution report reaches the strategy; numbers as they were at the venue.

    ``at`` is when the venue sent it; fills carry ``last_*``, ``fee``, the change of cash
    by currency, and the position after it.
    ``denied`` marks our own refusal of a cancel or a replace: it changes nothing that is known.
    """

    order: int
    exec_type: ExecType
    at: int
    reason: str | None = None
    cum_qty: int = 0
    cum_notional: Amount = ZERO
    order_qty: int = 0
    price_px: int | None = None
    reserved: Amount = ZERO
    last_qty: int = 0
    last_px: int = 0
    fee: Amount = ZERO
    cash: tuple[tuple[str, Amount], ...] = ()
    position_qty: int = 0
    position_cost: Amount = ZERO
    maker: bool = False
    denied: bool = False
    stop_px: int | None = None
    trail_px: int | None = None
    trail_ratio: int | None = None


class ReservesArrive(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """What orders of a margin account hold now becomes known: (order, amount)."""

    reserved: tuple[tuple[int, Amount], ...]


class AccountArrives(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What changed in the account without a trade becomes known: cash by currency, and positions
    (symbol, quantity units, cost), what is owed to it by currency,
    what of its cash may not be used yet, and what event that was, for a strategy."""

    cash: tuple[tuple[str, Amount], ...] = ()
    positions: tuple[tuple[str, int, Amount], ...] = ()
    owed: tuple[tuple[str, Amount], ...] = ()
    unsettled: tuple[tuple[str, Amount], ...] = ()
    event: AccountEvent | None = None


class ActionDue(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A corporate action takes effect, of those of the market the so-many-th."""

    number: int


class FlowDue(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A dividend is paid."""

    symbol: str
    currency: str
    amount: Amount


class AccrualDue(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A trading day ends, and interest and borrow fees accrue."""


class SettlementDue(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Proceeds of a sale settle, or shares (quantity units) that such money bought may be sold;
    ``waits`` where either may not be used before."""

    symbol: str
    currency: str
    amount: Amount
    qty: int
    waits: bool


class FundingDue(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Funding is exchanged, of a symbol's rates the so-many-th."""

    symbol: str
    number: int


class ContractSettles(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A future is settled for the day, at the so-many-th price given, -1 where none is."""

    symbol: str
    number: int


class ContractExpires(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A contract trades no more."""

    symbol: str


AgendaItem = (
    Expiry
    | HoursChange
    | StopDeadline
    | DayEnds
    | TimerDue
    | NewArrives
    | CancelArrives
    | ReplaceArrives
    | ReportArrives
    | ReservesArrive
    | AccountArrives
    | ActionDue
    | FlowDue
    | AccrualDue
    | SettlementDue
    | FundingDue
    | ContractSettles
    | ContractExpires
)


class AgendaEntry(msgspec.Struct, frozen=True, array_like=True, order=False, gc=False):
    """One entry as kept in a snapshot."""

    due: int
    stage: int
    ordinal: int
    item: AgendaItem


class Agenda:
    """A queue of what falls due, ordered by (due, stage, ordinal)."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, AgendaItem]] = []
        self._ordinal = 0
        self._bars_end = NEVER
        self.next_due = NEVER

    def add(self, due: int, stage: int, item: AgendaItem) -> None:
        """Put an item in; among equals the earlier put is the earlier taken."""
        self._ordinal += 1
        heappush(self._heap, (due, stage, self._ordinal, item))
        if due < self.next_due:
            self.next_due = due

    def await_bars(self, end: int) -> None:
        """Wait for the end of the next bar that is being built; NEVER for none."""
        self._bars_end = end
        self._look()

    def _look(self) -> None:
        first = self._heap[0][0] if self._heap else NEVER
        self.next_due = first if first < self._bars_end else self._bars_end

    def take_due(self, ts: int) -> list[tuple[int, AgendaItem]]:
        """Take out all that is due at or before ``ts``: (stage, item), stage by stage, each by
        (due, ordinal)."""
        heap = self._heap
        taken = []
        while heap and heap[0][0] <= ts:
            taken.append(heappop(heap))
        self._look()
        if len(taken) == 1:  # as mostly
            _, stage, _, item = taken[0]
            return [(stage, item)]
        taken.sort(key=_STAGE_BY_STAGE)
        return [(entry[1], entry[3]) for entry in taken]

    def take_out(self, wanted: Callable[[AgendaItem], bool]) -> list[tuple[int, AgendaItem]]:
        """Take out items whenever they are due, and give them with their time, in order."""
        found = sorted([entry for entry in self._heap if wanted(entry[3])], key=_place)
        if found:
            self._heap = [entry for entry in self._heap if not wanted(entry[3])]
            heapify(self._heap)
            self._look()
        return [(entry[0], entry[3]) for entry in found]

    def prune(self, lives: Callable[[int, AgendaItem], bool]) -> None:
        """Forget items that mean nothing any more; called as items come in, it does something
        only at every ``PRUNE_AT``-th of them waiting, so that it costs next to nothing."""
        if len(self._heap) % PRUNE_AT:
            return
        self._heap = [entry for entry in self._heap if lives(entry[0], entry[3])]
        heapify(self._heap)
        self._look()

    def clear(self) -> None:
        """Forget everything: the session is over."""
        self._heap.clear()
        self.await_bars(NEVER)

    def dump(self) -> tuple[int, list[AgendaEntry]]:
        """The ordinal reached and all entries, for a snapshot."""
        return self._ordinal, [AgendaEntry(*entry) for entry in sorted(self._heap, key=_place)]

    def load(self, ordinal: int, entries: list[AgendaEntry]) -> None:
        """Take a snapshot's entries back."""
        self._ordinal = ordinal
        self._heap = [(e.due, e.stage, e.ordinal, e.item) for e in entries]
        heapify(self._heap)
        self._look()


def _place(entry: tuple[int, int, int, AgendaItem]) -> tuple[int, int, int]:
    return entry[:3]
