"""What records of corporate actions and of money without trades leave in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from offbook.domain.action_records import (
    FlowAccrued,
    FlowPaid,
    OrderAdjusted,
    PositionDelisted,
    PositionRestated,
)
from offbook.domain.values import Amount
from offbook.engine.lists import hold
from offbook.engine.state import ZERO, PositionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from offbook.engine.ledger import LedgerState


class Restated(msgspec.Struct, kw_only=True):
    """The ratios by which the price of one row was restated, one after the other."""

    row: int
    ratios: list[tuple[int, int]]


class EventState(msgspec.Struct, kw_only=True):
    """``income`` is what came without trades, in the account's currency, ``accrued`` what of it
    waits to be paid, by currency.  ``restated``: last prices as of before a split; ``changed``:
    when open orders of a symbol were last adjusted; ``ended``: symbols that trade no more."""

    income: Amount = ZERO
    accrued: dict[str, Amount] = {}
    restated: dict[str, Restated] = {}
    changed: dict[str, int] = {}
    ended: dict[str, str] = {}

    def add_accrued(self, currency: str, amount: int) -> None:
        """More, or less, waits to be paid."""
        left = Amount(self.accrued.get(currency, ZERO) + amount)
        if left:
            self.accrued[currency] = left
        else:
            self.accrued.pop(currency, None)


def _restated(ledger: LedgerState, record: PositionRestated) -> None:
    events = ledger.events
    if record.new_symbol != record.symbol:
        events.ended[record.symbol] = record.new_symbol
        old = ledger.position(record.symbol)
        old.qty, old.cost = 0, ZERO
    known = events.restated.get(record.symbol)
    if known is None or known.row != record.last_row:
        known = events.restated[record.symbol] = Restated(row=record.last_row, ratios=[])
    known.ratios.append((record.numerator, record.denominator))
    events.changed[record.symbol] = record.ts
    if record.position_qty or record.new_symbol in ledger.positions:
        new = ledger.positions.setdefault(record.new_symbol, PositionState())
        new.qty, new.cost = record.position_qty, record.position_cost
        new.realized = Amount(new.realized + record.realized)
    ledger.realized = Amount(ledger.realized + record.worth)
    ledger.book(record.postings)


def _delisted(ledger: LedgerState, record: PositionDelisted) -> None:
    ledger.events.ended[record.symbol] = ""
    ledger.events.changed[record.symbol] = record.ts
    position = ledger.position(record.symbol)
    position.qty, position.cost = 0, ZERO
    position.realized = Amount(position.realized + record.realized)
    ledger.realized = Amount(ledger.realized + record.worth)
    ledger.book(record.postings)


def _adjusted(ledger: LedgerState, record: OrderAdjusted) -> None:
    order = ledger.orders[record.order]
    order.order_qty = record.order_qty
    order.price_px = record.price_px
    order.stop_px = record.stop_px
    order.trail_px = record.trail_px
    order.trail_ratio = record.trail_ratio
    order.reserve_px = record.reserve_px
    ledger.events.changed[order.symbol] = record.ts
    hold(ledger, order, record.reserved)


def _accrued(ledger: LedgerState, record: FlowAccrued) -> None:
    ledger.events.income = Amount(ledger.events.income + record.worth)
    ledger.events.add_accrued(record.currency, record.amount)
    ledger.book(record.postings)


def _paid(ledger: LedgerState, record: FlowPaid) -> None:
    ledger.events.add_accrued(record.currency, -record.amount)
    ledger.book(record.postings)


EVENT_FOLDS: dict[type[Any], Callable[[LedgerState, Any], None]] = {
    PositionRestated: _restated,
    PositionDelisted: _delisted,
    OrderAdjusted: _adjusted,
    FlowAccrued: _accrued,
    FlowPaid: _paid,
}
