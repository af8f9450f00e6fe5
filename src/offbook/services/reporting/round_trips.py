"""Round-trip trades: a position's opening and closing as one deal, in exact money.

Two ways of pairing.  *FIFO*: what is sold closes what was bought first, one trip per pair of an
opening and a closing fill (the customary tax order, for example 26 CFR 1.1012-1(c)).  *By
position*: one trip from flat to flat, however many fills lie between, its gain by average cost as
in the ledger.

Both conserve money: gains of all trips plus what is still open add up to the same, and every
fill's fee is shared out to the last unit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from offbook.domain.values import share_of
from offbook.services.reporting.account_path import Execution


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """One trip, exact: money in units of 10**-18, ``qty`` in quantity units, times in ns UTC.

    ``sign`` is +1 for a long trip.  ``qty`` is what was opened, ``closed_qty`` what of it was
    closed again: the same unless the trip is still open (``exit_ts`` is None).  Notionals are the
    values of its openings and of its closings, in the instrument's currency; all else is in the
    account's.  ``paid`` is what the openings were worth; ``gross`` is the gain of what was closed,
    at the rate of each closing as in the ledger, before ``fees``, which are all fees booked on the
    trip so far.  What an expiry or a delisting closed has no ``exit_order`` but an ``exit_reason``,
    and is no fill.
    """

    symbol: str
    sign: int
    entry_ts: int
    exit_ts: int | None
    qty: int
    closed_qty: int
    entry_notional: int
    exit_notional: int
    paid: int
    gross: int
    fees: int
    fills: int
    entry_order: str
    exit_order: str | None
    exit_reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether a part of it is still held."""
        return self.exit_ts is None

    @property
    def net(self) -> int:
        """Gain after fees."""
        return self.gross - self.fees

    @property
    def holding_ns(self) -> int | None:
        """From the first opening fill to the last closing one; None while open."""
        return None if self.exit_ts is None else self.exit_ts - self.entry_ts


class _Lot:
    """An opening fill of which some is still held."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.size = abs(execution.qty)
        self.used = 0

    @property
    def left(self) -> int:
        return self.size - self.used

    def value_of(self, qty: int) -> int:
        """What the next ``qty`` units were traded for; over all units the fill's value."""
        return _between(self.execution.notional, self.used, self.used + qty, self.size)

    def fee_of(self, qty: int) -> int:
        """The fee of the next ``qty`` units; over all units these add up to the fill's fee."""
        return _between(self.execution.fee, self.used, self.used + qty, self.size)


def _between(amount: int, begin: int, end: int, whole: int) -> int:
    """The part of ``amount`` that falls to units ``begin`` to ``end`` of ``whole``.

    Shares of neighbouring ranges add up exactly, for each is a difference of rounded totals.
    """
    return share_of(amount, end, whole) - share_of(amount, begin, whole)


class FifoResult(msgspec.Struct, frozen=True, kw_only=True):
    """Closed FIFO trips, in order of their closing, and what is still open: its signed cost (what
    was paid, negative for what a short position brought; instruments' currencies as they are) and
    its fees, in units of 10**-18."""

    trips: tuple[RoundTrip, ...]
    open_cost: int
    open_fees: int


def fifo_trips(executions: Iterable[Execution]) -> FifoResult:
    """Pair closing fills with the oldest openings. ``executions`` are in time order."""
    lots: dict[str, deque[_Lot]] = {}
    trips: list[RoundTrip] = []
    for execution in executions:
        queue = lots.setdefault(execution.symbol, deque())
        closing = _Lot(execution)
        while closing.left and queue and queue[0].execution.qty * execution.qty < 0:
            opening = queue[0]
            trips.append(_paired(opening, closing, min(opening.left, closing.left)))
            if not opening.left:
                queue.popleft()
        if closing.left:
            queue.append(closing)
    left = [lot for queue in lots.values() for lot in queue]
    return FifoResult(
        trips=tuple(trips),
        open_cost=sum(
            _sign(lot.execution) * lot.execution.gain(lot.value_of(lot.left), 0) for lot in left
        ),
        open_fees=sum(lot.fee_of(lot.left) for lot in left),
    )


def _paired(opening: _Lot, closing: _Lot, qty: int) -> RoundTrip:
    entry, leave = opening.execution, closing.execution
    # Exact, for a fill's value is a whole number for each of its units, unless it was split since.
    paid = opening.value_of(qty)
    got = closing.value_of(qty)
    fees = opening.fee_of(qty) + closing.fee_of(qty)
    opening.used += qty
    closing.used += qty
    return RoundTrip(
        symbol=entry.symbol,
        sign=_sign(entry),
        entry_ts=entry.ts,
        exit_ts=leave.ts,
        qty=qty,
        closed_qty=qty,
        entry_notional=paid,
        exit_notional=got,
        paid=entry.worth(paid),
        gross=leave.worth(_sign(entry) * leave.gain(got, paid)),
        fees=fees,
        fills=1 + bool(leave.client_order_id),
        entry_order=entry.client_order_id,
        exit_order=leave.client_order_id or None,
        exit_reason=leave.closed_by,
    )


def _sign(execution: Execution) -> int:
    return 1 if execution.qty > 0 else -1


class _Open:
    """A position from its first fill on."""

    def __init__(self, execution: Execution) -> None:
        self.first = self.last = execution
        self.sign = _sign(execution)
        self.held = self.qty = self.closed = 0
        self.cost = self.opened = self.paid = self.got = 0
        self.gross = self.fees = self.fills = 0

    def take(self, execution: Execution) -> None:
        """A fill that does not go beyond flat."""
        size = abs(execution.qty)
        self.fills += bool(execution.client_order_id)
        self.fees += execution.fee
        self.last = execution
        if _sign(execution) == self.sign:
            self.held += size
            self.qty += size
            self.cost += execution.notional
            self.opened += execution.notional
            self.paid += execution.traded
            return
        out = share_of(self.cost, size, self.held)
        self.gross += execution.worth(self.sign * execution.gain(execution.notional, out))
        self.cost -= out
        self.got += execution.notional
        self.held -= size
        self.closed += size

    def trip(self) -> RoundTrip:
        """What it came to, or has come to so far."""
        return RoundTrip(
            symbol=self.first.symbol,
            sign=self.sign,
            entry_ts=self.first.ts,
            exit_ts=None if self.held else self.last.ts,
            qty=self.qty,
            closed_qty=self.closed,
            entry_notional=self.opened,
            exit_notional=self.got,
            paid=self.paid,
            gross=self.gross,
            fees=self.fees,
            fills=self.fills,
            entry_order=self.first.client_order_id,
            exit_order=None if self.held else self.last.client_order_id or None,
            exit_reason=None if self.held else self.last.closed_by,
        )


def position_trips(executions: Iterable[Execution]) -> tuple[RoundTrip, ...]:
    """One trip per position from flat to flat, in order of closing, then those still open.

    A fill that turns a position over is cut in two.  ``executions`` are in time order.
    """
    held: dict[str, _Open] = {}
    trips: list[RoundTrip] = []
    for execution in _cut_at_flat(executions):
        position = held.get(execution.symbol)
        if position is None:
            position = held[execution.symbol] = _Open(execution)
        position.take(execution)
        if not position.held:
            trips.append(held.pop(execution.symbol).trip())
    return (*trips, *(position.trip() for position in held.values()))


def _cut_at_flat(executions: Iterable[Execution]) -> Iterator[Execution]:
    held: dict[str, int] = {}
    for execution in executions:
        before = held.get(execution.symbol, 0)
        held[execution.symbol] = before + execution.qty
        size = abs(execution.qty)
        if before * execution.qty < 0 and size > abs(before):
            yield _part(execution, 0, abs(before))
            yield _part(execution, abs(before), size)
        else:
            yield execution


def _part(execution: Execution, begin: int, end: int) -> Execution:
    size = abs(execution.qty)
    return msgspec.structs.replace(
        execution,
        qty=_sign(execution) * (end - begin),
        notional=_between(execution.notional, begin, end, size),
        fee=_between(execution.fee, begin, end, size),
        slippage=_between(execution.slippage, begin, end, size),
    )


def time_held(executions: Iterable[Execution], end_ts: int) -> int:
    """Nanoseconds with any position, an open one counted up to ``end_ts``."""
    total = 0
    qty: dict[str, int] = {}
    since: int | None = None
    for execution in executions:
        qty[execution.symbol] = qty.get(execution.symbol, 0) + execution.qty
        holding = any(qty.values())
        if holding and since is None:
            since = execution.ts
        elif not holding and since is not None:
            total += execution.ts - since
            since = None
    return total if since is None else total + max(end_ts - since, 0)
