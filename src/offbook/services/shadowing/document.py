"""The interval of a session's result as plain data: what a report shows of its two shadows.

Money, prices and quantities are decimal text; money is in the account's currency.
"""

from __future__ import annotations

from typing import Any

import msgspec


class ShadowLedger(msgspec.Struct, frozen=True, kw_only=True):
    """The account after the session's orders met another venue.

    Money is decimal text in the account's currency.  ``result`` is ``equity`` less the session's
    initial equity.  ``venue`` holds the settings that are not the session's own, ``preset`` the
    name that they came by, if any.  ``refused`` orders were denied or rejected here; ``reducing``
    ones were to close a position that was another here and could only reduce it.  ``ended`` says
    why it was over before the session was, None where it was not.
    """

    shadow: str
    preset: str | None
    venue: dict[str, Any]
    result: str
    equity: str
    fees: str
    fills: int
    positions: dict[str, str]
    refused: int
    reducing: int
    ended: str | None


class OrderFate(msgspec.Struct, frozen=True, kw_only=True):
    """How an order fared before one venue: what was filled, at which average price (None: nothing),
    and the realized gain of its fills less their fees, in the account's currency."""

    qty: str
    avg_px: str | None
    made: str


class HangingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that the two venues treat differently.  ``difference`` is what it made before the
    optimistic less what it made before the pessimistic one."""

    client_order_id: str
    symbol: str
    difference: str
    optimistic: OrderFate
    session: OrderFate
    pessimistic: OrderFate


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A session's result and what it would have been before two other venues.

    ``least`` and ``most`` are of all three results.  ``orders`` are those whose gains differ most,
    largest first; ``others`` is how many more differ, ``others_difference`` what they come to and
    ``open_difference`` what is left: the gain of positions still open, and of money of other
    currencies.  All differences together are the optimistic result less the pessimistic.
    """

    currency: str
    result: str
    least: str
    most: str
    optimistic: ShadowLedger
    pessimistic: ShadowLedger
    orders: tuple[HangingOrder, ...]
    others: int
    others_difference: str
    open_difference: str
