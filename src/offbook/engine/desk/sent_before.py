"""New orders from outside that are sent again under ids which they had before."""

from __future__ import annotations

from offbook.domain.commands import Command, SubmitOrder, SubmitOrderList, new_orders, order_body
from offbook.domain.errors import OrderConflict
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.lists import members
from offbook.engine.ledger.state import OrderState


def sent_before(ledger: LedgerState, command: Command) -> OrderState | None:
    """The order that a command has sent before under the same client order ids; the first of a
    list. None for anything new.

    Raises OrderConflict where one of the ids belongs to another order.
    """
    if isinstance(command, SubmitOrder):
        if command.order.client_order_id not in ledger.by_client_id:
            return None  # as nearly always
    elif not isinstance(command, SubmitOrderList):
        return None
    names = [order.client_order_id for order in new_orders(command)]
    known = [name for name in names if name is not None and name in ledger.by_client_id]
    body = order_body(command)
    for name in known:
        if ledger.bodies.get(name) != body:
            raise conflict(name)
    if not known:
        return None
    order = ledger.orders[ledger.by_client_id[known[0]]]
    return [*members(ledger, order), order][0]


def conflict(client_order_id: str) -> OrderConflict:
    """An id that another order has already."""
    return OrderConflict(
        f"client_order_id {client_order_id!r} was used before by another order; ids are unique "
        "for ever within a session: give a new one",
        order_id=client_order_id,
        field="client_order_id",
    )
