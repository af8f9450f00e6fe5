"""Checks before an order leaves, and the venue's checks when it arrives.

Our own refusals are *denied*, the venue's are *rejected*.  Both run in one documented order and
the first that fails is the answer:

denied: session not trading, duplicate client order id, no market data, not reducing (while
paused), the limits of ``limits.py`` in their order, holdings or buying power;
rejected: price needed, tick size, lot size, smallest value.

A replace is checked for its closed or pending order, for not reducing (while paused), then for
limits, holdings or buying power.
"""

from __future__ import annotations

from offbook.domain.config import RATIO_PRECISION, RiskConfig, VenueConfig
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderSide, OrderType, RejectReason
from offbook.domain.session import SessionStatus
from offbook.domain.values import (
    Amount,
    ceil_div,
    text_to_units,
)
from offbook.engine.ledger import LedgerState
from offbook.engine.limits import OrderLimits
from offbook.engine.models.fees import FeeModel, booked
from offbook.engine.state import OrderState
from offbook.engine.terms import Approval, Market, Refusal, Terms


class RiskChecks:
    """Judges orders of one session against its ledger."""

    def __init__(
        self, risk: RiskConfig, venue: VenueConfig, fees: FeeModel, ledger: LedgerState
    ) -> None:
        self._limits = OrderLimits(risk, ledger)
        self._fees = fees
        self._ledger = ledger
        self._collar = text_to_units(venue.market_collar, RATIO_PRECISION)

    def new_order(
        self, terms: Terms, instrument: Instrument, market: Market | None, now: int
    ) -> Approval | Refusal:
        """Whether an order may leave at session time ``now``. Changes nothing."""
        early = self._state_refusal(terms)
        if early is not None:
            return early
        if market is None:
            return Refusal(reason=RejectReason.NO_MARKET_DATA)
        if self._ledger.status is SessionStatus.PAUSED and not self.reduces(terms):
            return Refusal(reason=RejectReason.NOT_REDUCING, limit="paused")
        limit = self._limits.new_order(terms, instrument, market, now)
        if limit is not None:
            return limit
        return self._funds(terms, instrument, market)

    def reduces(self, terms: Terms) -> bool:
        """Whether an order is on the side that makes the position smaller."""
        return self._ledger.position(terms.symbol).qty * terms.side.sign < 0

    def cash_reserve(
        self, open_qty: int, reserve_px: int, instrument: Instrument, accrued: int, paid: int
    ) -> int:
        """Cash that a buy may still cost: its open value at ``reserve_px`` and the charges on it.

        ``accrued`` (10**-26) is what the order was charged so far and ``paid`` (10**-18) what of
        it was booked.
        """
        notional = open_qty * reserve_px * instrument.notional_scale
        return self.cash_for(notional, instrument, accrued, paid)

    def cash_for(self, notional: int, instrument: Instrument, accrued: int, paid: int) -> int:
        """Cash for a value still to be bought, and the charges on it, as ``cash_reserve``."""
        worst = accrued + self._fees.worst(notional, accrued)
        return notional + booked(worst, instrument.charge_unit) - paid

    def new_terms(
        self,
        order: OrderState,
        order_qty: int,
        price_px: int | None,
        reserve_px: int,
        instrument: Instrument,
        market: Market,
        now: int,
    ) -> Approval | Refusal:
        """Whether a working order may ask for new terms, and what it must hold until the venue
        has answered. Changes nothing."""
        terms = Terms(
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            order_qty=order_qty,
            price_px=price_px,
            reduce_only=order.reduce_only,
            client_order_id=order.client_order_id,
        )
        limit = self._limits.new_terms(terms, instrument, market, now, order)
        if limit is not None:
            return limit
        have = self._ledger.available(order.reserved_currency) + order.reserved
        need = self._need(order, max(0, order_qty - order.cum_qty), reserve_px, instrument)
        if order.reduce_only:
            need = min(need, have)
        if need > have:
            buying = order.side is OrderSide.BUY
            return Refusal(
                reason=RejectReason.INSUFFICIENT_BUYING_POWER
                if buying
                else RejectReason.INSUFFICIENT_HOLDINGS,
                limit=str(Amount(have)),
                value=str(Amount(need)),
            )
        return Approval(
            reserved=max(order.reserved, need),
            currency=order.reserved_currency,
            reserve_px=reserve_px,
        )

    def _need(
        self, order: OrderState, open_qty: int, reserve_px: int, instrument: Instrument
    ) -> int:
        """What new terms need, whatever of the old ones trades before they arrive."""
        if order.side is OrderSide.SELL:
            return open_qty * instrument.qty_scale
        if order.reduce_only:
            return 0
        either = min(open_qty, order.order_qty - order.cum_qty)
        value = either * max(reserve_px, order.reserve_px) + (open_qty - either) * reserve_px
        return self.cash_for(
            value * instrument.notional_scale, instrument, int(order.fee_accrued), order.fees
        )

    def collar_px(self, market: Market) -> int:
        """The price at which a market buy reserves: the ask and the collar above it."""
        scale = int(10**RATIO_PRECISION)
        return ceil_div(market.ask_px * (scale + self._collar), scale)

    def _state_refusal(self, terms: Terms) -> Refusal | None:
        status = self._ledger.status
        if status not in {SessionStatus.RUNNING, SessionStatus.PAUSED}:
            return Refusal(reason=RejectReason.SESSION_NOT_TRADING, limit=status.value)
        if terms.client_order_id in self._ledger.by_client_id:
            return Refusal(
                reason=RejectReason.DUPLICATE_CLIENT_ORDER_ID, value=terms.client_order_id
            )
        return None

    def _funds(self, terms: Terms, instrument: Instrument, market: Market) -> Approval | Refusal:
        if terms.side is OrderSide.SELL:
            return self._holdings(terms, instrument)
        reserve_px = self.collar_px(market) if terms.price_px is None else terms.price_px
        need = self.cash_reserve(terms.order_qty, reserve_px, instrument, accrued=0, paid=0)
        if terms.reduce_only:
            need = 0  # never fills in a cash account: there is nothing short to reduce
        have = self._ledger.available(instrument.quote_currency)
        if need > have:
            return Refusal(
                reason=RejectReason.INSUFFICIENT_BUYING_POWER,
                limit=str(Amount(have)),
                value=str(Amount(need)),
            )
        return Approval(reserved=need, currency=instrument.quote_currency, reserve_px=reserve_px)

    def _holdings(self, terms: Terms, instrument: Instrument) -> Approval | Refusal:
        need = terms.order_qty * instrument.qty_scale
        have = self._ledger.available(instrument.base)
        if terms.reduce_only:
            need = min(need, have)
        if need > have or need == 0:
            return Refusal(
                reason=RejectReason.INSUFFICIENT_HOLDINGS,
                limit=str(Amount(have)),
                value=str(Amount(terms.order_qty * instrument.qty_scale)),
            )
        return Approval(reserved=need, currency=instrument.base, reserve_px=0)


def venue_refusal(
    order_type: OrderType,
    order_qty: int,
    price_px: int | None,
    value_px: int,
    instrument: Instrument,
) -> Refusal | None:
    """The venue's own rules for an order's terms, checked when they arrive there."""
    if order_type is OrderType.LIMIT and (price_px is None or price_px <= 0):
        return Refusal(reason=RejectReason.PRICE_NEEDED)
    if price_px is not None and price_px % instrument.tick_units:
        return Refusal(
            reason=RejectReason.TICK_SIZE,
            limit=instrument.tick_size,
            value=instrument.price_text(price_px),
        )
    if order_qty % instrument.lot_units:
        return Refusal(
            reason=RejectReason.LOT_SIZE,
            limit=instrument.lot_size,
            value=instrument.qty_text(order_qty),
        )
    value = order_qty * (value_px if price_px is None else price_px) * instrument.notional_scale
    if value < instrument.min_notional_amount:
        return Refusal(
            reason=RejectReason.MIN_NOTIONAL,
            limit=instrument.min_notional,
            value=str(Amount(value)),
        )
    return None
