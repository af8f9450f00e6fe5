"""What the orders of a ledger hold, added up."""

from __future__ import annotations

from offbook.engine.ledger.ledger import LedgerState


def reserved_by_pool(ledger: LedgerState) -> dict[str, int]:
    """By account and currency; what orders that cancel each other hold together counts once."""
    most: dict[tuple[str, object], int] = {}
    for order in ledger.orders.values():
        pool = f"{order.reserved_account}|{order.reserved_currency}"
        key = (pool, order.order_list_id if order.is_leg else order.ordinal)
        most[key] = max(most.get(key, 0), order.reserved)
    held: dict[str, int] = {}
    for (pool, _), amount in most.items():
        held[pool] = held.get(pool, 0) + amount
    return held
