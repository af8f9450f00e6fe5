"""Checks before an order leaves, and the venue's checks when it arrives.

Our own refusals are *denied*, the venue's are *rejected*.  Both run in one documented order and
the first that fails is the answer:

denied: session not trading, duplicate client order id, no market data, no exchange rate, not
reducing (while paused), the limits of ``limits.py`` in their order, margin call, holdings or buying
power;
rejected: price needed, tick size, lot size, smallest value.

A replace is checked for its closed or pending order, for not reducing (while paused), then for
limits, margin call, holdings or buying power.
"""

from __future__ import annotations

from offbook.domain.config import RiskConfig
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderType, RejectReason
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount
from offbook.engine.funds import Funds
from offbook.engine.ledger import LedgerState
from offbook.engine.limits import OrderLimits
from offbook.engine.state import OrderState
from offbook.engine.terms import Approval, Market, Refusal, Terms
from offbook.engine.valuation import Valuation


class RiskChecks:
    """Judges orders of one session against its ledger."""

    def __init__(
        self, risk: RiskConfig, valuation: Valuation, funds: Funds, ledger: LedgerState
    ) -> None:
        self._limits = OrderLimits(risk, valuation, ledger)
        self._valuation = valuation
        self._funds = funds
        self._ledger = ledger

    def new_order(
        self, terms: Terms, instrument: Instrument, market: Market | None, now: int
    ) -> Approval | Refusal:
        """Whether an order may leave at session time ``now``. Changes nothing."""
        early = self._state_refusal(terms)
        if early is not None:
            return early
        if market is None:
            return Refusal(reason=RejectReason.NO_MARKET_DATA)
        if self._valuation.rate(instrument.quote_currency) is None:
            return Refusal(reason=RejectReason.NO_RATE, limit=instrument.quote_currency)
        if self._ledger.status is SessionStatus.PAUSED and not self.reduces(terms):
            return Refusal(reason=RejectReason.NOT_REDUCING, limit="paused")
        limit = self._limits.new_order(terms, instrument, market, now)
        if limit is not None:
            return limit
        return self._funds.approve(terms, instrument, market)

    def reduces(self, terms: Terms) -> bool:
        """Whether an order is on the side that makes the position smaller."""
        return self._ledger.position(terms.symbol).qty * terms.side.sign < 0

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
        return self._funds.approve_replace(order, order_qty, reserve_px, instrument)

    def _state_refusal(self, terms: Terms) -> Refusal | None:
        status = self._ledger.status
        if status not in {SessionStatus.RUNNING, SessionStatus.PAUSED}:
            return Refusal(reason=RejectReason.SESSION_NOT_TRADING, limit=status.value)
        if terms.client_order_id in self._ledger.by_client_id:
            return Refusal(
                reason=RejectReason.DUPLICATE_CLIENT_ORDER_ID, value=terms.client_order_id
            )
        return None


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
