"""Lists of orders on their way to the venue: all leave in one message, or none does; where they are
of several venues, in one message to each."""

from __future__ import annotations

import msgspec

from offbook.domain.errors import InvalidOrder
from offbook.domain.identifiers import plain_text
from offbook.domain.orders import ContingencyType, OrderListRequest, Origin, RejectReason
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.desk.requests import check_list, terms_of
from offbook.engine.desk.terms import Approval, Refusal, Terms
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState


class ListDesk:
    """Takes requests for lists; the orders themselves go through the order desk."""

    def __init__(self, kernel: Kernel, desk: OrderDesk) -> None:
        self._kernel = kernel
        self._desk = desk

    def terms(self, request: OrderListRequest) -> list[Terms]:
        """The orders of a list in units. Raises InvalidOrder (nothing is recorded)."""
        kernel, desk = self._kernel, self._desk
        kind = check_list(request)
        if request.order_list_id in kernel.ledger.lists:
            raise InvalidOrder(
                f"order_list_id {request.order_list_id!r} was used before", field="order_list_id"
            )
        list_id = plain_text(request.order_list_id or self._next_list_id())
        taken = {order.client_order_id for order in request.orders if order.client_order_id}
        made: list[Terms] = []
        for number, order in enumerate(request.orders):
            name = desk.next_client_id(number, taken)
            terms = desk.as_sent_now(terms_of(order, kernel.instrument(order.symbol), name))
            taken.add(terms.client_order_id)
            held = number > 0 and kind is not ContingencyType.OCO
            made.append(
                msgspec.structs.replace(
                    terms, order_list_id=list_id, contingency_type=kind, held=held
                )
            )
        if kind is ContingencyType.BRACKET and len({terms.order_qty for terms in made}) > 1:
            raise InvalidOrder("exits have the quantity of their entry", field="order_qty")
        return made

    def _next_list_id(self) -> str:
        lists = self._kernel.ledger.lists
        name = f"L-{len(lists) + 1}"
        while name in lists:
            name += "'"
        return name

    def submit(
        self, request: OrderListRequest, origin: Origin, command_id: str | None = None
    ) -> list[OrderState]:
        """Check a list and send it, or deny it whole. Raises InvalidOrder for what is none.

        Where one order is refused, the others are denied with ORDER_LIST_REFUSED.
        """
        kernel, desk = self._kernel, self._desk
        desk.require_patience(origin)
        orders = self.terms(request)
        approvals: list[Approval] = []
        for number, terms in enumerate(orders):
            verdict = kernel.risk.new_order(
                terms,
                kernel.instrument(terms.symbol),
                kernel.prices(terms.symbol),
                kernel.now,
                number,
            )
            if isinstance(verdict, Refusal):
                other = Refusal(reason=RejectReason.ORDER_LIST_REFUSED, limit=verdict.reason.value)
                return [
                    desk.deny(each, verdict if each is terms else other, origin, command_id)
                    for each in orders
                ]
            approvals.append(verdict)
        sent = []
        each = zip(orders, _shared(orders, approvals), self._dues(orders), strict=True)
        for terms, approval, due in each:
            market = kernel.prices(terms.symbol)
            sent.append(desk.send(terms, approval, market, origin, command_id, due))
        return sent

    def _dues(self, orders: list[Terms]) -> list[int]:
        """When each order arrives at its venue: with the first of those that go there."""
        kernel = self._kernel
        before = len(kernel.ledger.orders)
        dues: dict[str, int] = {}
        for number, terms in enumerate(orders, before + 1):
            symbol = terms.symbol
            there = (due for other, due in dues.items() if not kernel.is_apart(other, symbol))
            due = next(there, None)
            dues[symbol] = kernel.entry_due(number, symbol) if due is None else due
        return [dues[terms.symbol] for terms in orders]


def _shared(orders: list[Terms], approvals: list[Approval]) -> list[Approval]:
    """OCO orders hold together what the dearest of them needs, of each account."""
    if orders[0].contingency_type is not ContingencyType.OCO:
        return approvals
    most: dict[tuple[str, str], int] = {}
    made = []
    for approval in approvals:
        key = (approval.account, approval.currency)
        most[key] = max(most.get(key, 0), approval.reserved)
        made.append(msgspec.structs.replace(approval, reserved=most[key]))
    return made
