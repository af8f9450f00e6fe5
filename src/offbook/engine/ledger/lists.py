"""Who belongs to whom, and what they hold: the orders of a list, as the ledger knows them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from offbook.domain.orders import ContingencyType
from offbook.domain.values import Amount, shared_amount
from offbook.engine.ledger.state import ZERO, OrderState

if TYPE_CHECKING:
    from offbook.engine.ledger.ledger import LedgerState


def join_list(ledger: LedgerState, order: OrderState) -> None:
    """An order was sent that is in a list: it is its next."""
    assert order.order_list_id is not None
    known = ledger.lists.setdefault(order.order_list_id, [])
    if known and order.contingency_type is not ContingencyType.OCO:
        order.parent = known[0]
        order.held = True
    known.append(order.ordinal)


def members(ledger: LedgerState, order: OrderState) -> list[OrderState]:
    """The orders of an order's list in the order in which they were sent, itself included; none
    where it is in no list."""
    if order.order_list_id is None:
        return []
    return [ledger.orders[ordinal] for ordinal in ledger.lists.get(order.order_list_id, ())]


def legs(ledger: LedgerState, order: OrderState) -> list[OrderState]:
    """The other orders of a list with which an order is OCO."""
    if not order.is_leg:
        return []
    return [leg for leg in members(ledger, order) if leg is not order and leg.is_leg]


def mates(ledger: LedgerState, order: OrderState) -> list[OrderState]:
    """The legs that share an order's reservation: they work, and hold of the same account."""
    if order.order_list_id is None:
        return []
    return [
        leg
        for leg in legs(ledger, order)
        if leg.reserved_account == order.reserved_account
        and leg.reserved_currency == order.reserved_currency
        and not (leg.held or leg.status.is_terminal)
    ]


def children(ledger: LedgerState, order: OrderState) -> list[OrderState]:
    """The orders that an order's trades release."""
    return [child for child in members(ledger, order) if child.parent == order.ordinal]


def spans_instruments(ledger: LedgerState, order: OrderState) -> bool:
    """Whether an order is in a list that has orders of other instruments too."""
    return any(mate.symbol != order.symbol for mate in members(ledger, order))


def split_in_list(order: OrderState, ratio: tuple[int, int]) -> None:
    """An order's instrument was split, not that of others in its list: what it has traded, or was
    given, stays the share that it was."""
    order.list_done = progress(order).as_integer_ratio()
    order.list_since = _counted(order)
    order.list_scale = (Fraction(*order.list_scale) * Fraction(*ratio)).as_integer_ratio()


def progress(order: OrderState) -> Fraction:
    """Which share of its quantity, as sent, a parent has traded, or a child was given."""
    since = _counted(order) - order.list_since
    return Fraction(*order.list_done) + since / (order.list_qty * Fraction(*order.list_scale))


def owed(child: OrderState, parent: OrderState, lot: int) -> int:
    """What a parent's trades give a child beside what it was given, in whole lots; each quantity is
    in units of its own instrument as they are now."""
    if child.list_scale == parent.list_scale == _AS_SENT:
        share = child.list_qty * parent.cum_qty // parent.list_qty
        return share - share % lot - child.given_qty
    whole = child.list_qty * Fraction(*child.list_scale)
    return int((progress(parent) - progress(child)) * whole // lot) * lot


_AS_SENT: Final = (1, 1)


def _counted(order: OrderState) -> int:
    return order.cum_qty if order.parent is None else order.given_qty


def held_by(ledger: LedgerState, order: OrderState) -> int:
    """What an order holds, together with its mates if it has any."""
    if order.order_list_id is None:
        return order.reserved
    return max([order.reserved, *(leg.reserved for leg in mates(ledger, order))])


def hold(ledger: LedgerState, order: OrderState, amount: int) -> None:
    """Let an order hold an amount; of legs that cancel each other, all of them together."""
    if order.held:
        return  # nothing until it works
    key = f"{order.reserved_account}|{order.reserved_currency}"
    held = shared_amount(amount) if amount else ZERO
    if order.order_list_id is None:
        ledger.reserved[key] = Amount(ledger.reserved.get(key, ZERO) - order.reserved + amount)
        order.reserved = held
        return
    sharing = mates(ledger, order)
    total = ledger.reserved.get(key, ZERO) - held_by(ledger, order) + amount
    ledger.reserved[key] = Amount(total)
    for leg in (order, *sharing):
        leg.reserved = held


def release(ledger: LedgerState, order: OrderState) -> None:
    """An order has ended: what it held is free, unless other legs hold it too."""
    if order.order_list_id is None and not order.reserved:
        return  # as after its last fill
    if mates(ledger, order):
        order.reserved = ZERO
    else:
        hold(ledger, order, 0)
