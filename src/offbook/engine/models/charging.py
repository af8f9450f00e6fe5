"""What charges are told from: what an order has traded, and the occasion of a fill."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderSide

ACCRUAL: Final = 10**8
"""Accrued charges count units of 10**-18 / ACCRUAL."""


class Traded(msgspec.Struct, frozen=True, gc=False):
    """What an order has traded so far: quantity and value, how much of the value as a maker, all in
    units of 10**-18; and what that was charged exactly, in units of 10**-26. ``within`` is what the
    charges that have bounds in common came to without these."""

    qty: int = 0
    notional: int = 0
    added: int = 0
    accrued: int = 0
    within: int = 0


NOTHING: Final = Traded()
"""What a new order has traded."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When and of what an order trades: ``ts`` in ns UTC, ``volume`` what the session traded in the
    30 days before that day, in units of 10**-18 of the account's currency."""

    side: OrderSide
    instrument: Instrument
    ts: int
    volume: int


class Chance(msgspec.Struct, frozen=True, gc=False):
    """Of what an order is that may trade, and on which side, where that is known; it trades no
    earlier than at ``ts``, in ns UTC."""

    instrument: Instrument
    side: OrderSide | None = None
    ts: int = 0


class FeeModel(Protocol):
    """The exact charges of an order, in units of 10**-26 of its currency."""

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """By how much a fill makes an order's charge grow; never less for more traded, except by a
        maker's rebate."""

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The most by which an order's charge can grow while ``qty`` and ``notional`` (10**-18)
        more are traded, however split, whenever, and wherever it ends."""
