"""What each order of a session made: its gains when it closed something, less its charges."""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain.orders import Origin
from offbook.domain.records import OrderFilled, Record
from offbook.engine.ledger.ledger import LedgerState

_OWN: Final = (Origin.FLATTEN, Origin.LIQUIDATION)


class OrderMade(msgspec.Struct):
    """An order's fills: quantity in units, quantity times price, and realized gain less fees in
    units of 10**-18 of the account's currency."""

    symbol: str
    qty: int = 0
    value: int = 0
    made: int = 0
    fills: int = 0


class Made:
    """Folds records and adds up what each order's fills made, by the order's name in the session.

    What the session's own closing down or a liquidation sent counts together, by symbol: before
    another venue these are not the same orders.
    """

    def __init__(self) -> None:
        self.ledger = LedgerState()
        self.names: dict[str, str] = {}
        """Names in the session of those here that have another."""
        self.orders: dict[str, OrderMade] = {}

    def take(self, record: Record) -> None:
        """The next record."""
        self.ledger.apply(record)
        if not isinstance(record, OrderFilled):
            return
        name = self._name(record.order)
        order = self.orders.get(name)
        if order is None:
            order = self.orders[name] = OrderMade(record.symbol)
        conversion = record.conversion
        realized = record.realized if conversion is None else conversion.realized
        fee = record.fee if conversion is None else conversion.fee
        order.qty += record.last_qty
        order.value += record.last_qty * record.last_px
        order.made += int(realized) - int(fee)
        order.fills += 1

    def _name(self, ordinal: int) -> str:
        order = self.ledger.orders[ordinal]
        if order.origin in _OWN:
            return f"{order.origin.value} {order.symbol}"
        return self.names.get(order.client_order_id, order.client_order_id)
