"""Whether an account can pay, and what its orders hold until they have.

The funds of a cash account hold cash for buys and holdings for sells, so that whatever was let
through can be paid for.  Those of a margin account are in ``margin.py``; both answer to ``Funds``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from offbook.domain.config import RATIO_PRECISION, AccountConfig, CashCheck, VenueConfig
from offbook.domain.instruments import Instrument
from offbook.domain.orders import BUY, CancelReason, OrderSide, RejectReason
from offbook.domain.values import Amount, ceil_div, text_to_units
from offbook.engine.account.need import Need
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.terms import Approval, Market, Refusal, Terms
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import Amendment, OrderState, PositionState
from offbook.engine.models.charging import NOTHING, Traded
from offbook.engine.models.fees import Charges
from offbook.engine.strategy.view import ReportedPosition
from offbook.engine.venue.triggers import trail_level


class Deal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fill that is about to be booked: quantity and price in units, ``notional`` and ``fee`` in
    10**-18 of the instrument's currency; ``cash`` is how much the cash changes of the currency that
    pays for it, ``traded`` what the order has traded with it.  One that was ``granted`` was asked
    for before, with all that trades at once: an account that may owe does not judge it again."""

    qty: int
    px: int
    notional: int
    fee: int
    cash: int
    traded: Traded
    granted: bool = False


Positions = Mapping[str, PositionState] | Mapping[str, ReportedPosition]
"""Positions by symbol, as they are or as they were reported."""

Priced = Terms | Amendment | OrderState
"""What has a limit, or a price at which it is triggered."""


class Funds(Protocol):
    """The money side of one account. Nothing here changes anything."""

    may_owe: bool
    """Whether cash may go below zero: else a sell pays its charges out of what it brings."""

    shifts: bool
    """Whether what one order holds can depend on others, and so on any event of theirs."""

    def approve(self, terms: Terms, instrument: Instrument, market: Market) -> Approval | Refusal:
        """Whether the account can pay for a new order, and what it holds."""

    def approve_held(self, terms: Terms, instrument: Instrument, market: Market) -> Approval:
        """An order that waits for its parent holds nothing yet."""

    def can_release(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> bool:
        """Whether an order of a list can work with a quantity that its parent's trades give."""

    def amended_px(self, order: OrderState, new: Amendment, market: Market) -> int:
        """The price at which the new terms of an order reserve."""

    def order_px(self, side: OrderSide, terms: Priced, market: Market) -> int:
        """The price at which an order reserves that begins to work."""

    def approve_replace(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> Approval | Refusal:
        """Whether it can pay for new terms, and what the order holds until they are settled."""

    def approve_closing(self, instrument: Instrument, qty: int) -> Approval:
        """What an order holds that closes a position, whatever the limits."""

    def settled(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> int:
        """What an order holds on settled terms, as far as there is anything to hold."""

    def reducible(self, order: OrderState, held: int, instrument: Instrument) -> int:
        """How much of a position of ``held`` (quantity units) a reducing order may close."""

    def after_fill(
        self, order: OrderState, deal: Deal, instrument: Instrument
    ) -> int | CancelReason:
        """What stays held after a fill, or why the account cannot pay for it."""

    def moved(self, symbol: str) -> tuple[tuple[int, Amount], ...]:
        """Orders of an instrument that should hold something else than they do, and what."""

    def adding(self) -> tuple[int, ...]:
        """Working orders that would add to a position of a margin account."""

    def adds(self, terms: Terms) -> int:
        """How much a new order would add to a position of a margin account, in quantity units."""

    def margin_used(self, held: dict[str, int], of: Positions | None = None) -> int:
        """What positions bind of the equity; nothing in a cash account. ``of`` are the positions
        themselves, where they are others than the ledger's."""

    def initial(self, held: dict[str, int]) -> Need:
        """The same, and how it grows with prices."""

    def maintenance(self, held: dict[str, int]) -> Need:
        """The equity below which positions bring a margin call."""

    def most_lost(self, symbol: str) -> int | None:
        """What a position may lose at most from here, in the currency that it is settled in: the
        margin of an isolated one; None where all of the account stands for it."""

    def step(self, symbol: str, qty: int) -> int:
        """How much of a position a liquidation closes at once, in quantity units."""

    def buying_power(
        self,
        cash: int,
        equity: int,
        held: dict[str, int],
        reserved: int,
        of: Positions | None = None,
    ) -> int:
        """What may still be bought for, given an account."""


class BaseFunds:
    """What the funds of all accounts share."""

    def __init__(
        self,
        account: AccountConfig,
        venue: VenueConfig,
        charges: Charges,
        valuation: Valuation,
        ledger: LedgerState,
    ) -> None:
        self._charges = charges
        self._valuation = valuation
        self._ledger = ledger
        self._at_fill = account.cash_check is CashCheck.FILL
        self._collar = text_to_units(venue.market_collar, RATIO_PRECISION)

    def most_lost(self, symbol: str) -> int | None:
        """All."""
        return None

    def with_collar(self, amount: int) -> int:
        """A price or an amount and the market collar above it."""
        scale = int(10**RATIO_PRECISION)
        return ceil_div(amount * (scale + self._collar), scale)

    def reserve_px(self, side: OrderSide, terms: Priced, market: Market) -> int:
        """The price at which an order reserves: its limit, else the collar above the ask or above
        where it will be triggered, whichever is worse."""
        if terms.price_px is not None:
            return terms.price_px
        worst = market.ask_px
        if terms.stop_px is not None:
            worst = max(worst, terms.stop_px)
        elif side is BUY and not terms.trail_px is terms.trail_ratio is None:
            worst = trail_level(side, worst, terms.trail_px, terms.trail_ratio)
        return self.with_collar(worst)

    def amended_px(self, order: OrderState, new: Amendment, market: Market) -> int:
        """As if they were those of a new order."""
        return self.reserve_px(order.side, new, market)

    def costs(
        self,
        traded: Traded,
        qty: int,
        notional: int,
        paid: int,
        instrument: Instrument,
        side: OrderSide | None = None,
    ) -> int:
        """What ``qty`` (quantity units) worth ``notional`` may cost with all charges on it, on
        whichever side unless that is told."""
        rest = qty * instrument.qty_scale
        return notional + self._charges.most(traded, rest, notional, paid, instrument, side)


def traded_by(order: OrderState, instrument: Instrument) -> Traded:
    """What an order has traded so far."""
    if not order.cum_qty:
        return NOTHING
    return Traded(
        order.cum_qty * instrument.qty_scale,
        int(order.cum_notional),
        int(order.cum_added),
        int(order.fee_accrued),
        int(order.fee_within),
    )


def short_of(reason: RejectReason, have: int, need: int) -> Refusal:
    return Refusal(reason=reason, limit=str(Amount(have)), value=str(Amount(need)))
