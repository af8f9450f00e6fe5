"""Checks before an order leaves, and the venue's checks when it arrives.

Our own refusals are *denied*, the venue's are *rejected*.  Both run in one documented order and
the first that fails is the answer:

denied: session not trading, duplicate client order id, symbol that trades no more, no market data,
no exchange rate, not reducing (while paused), the limits of ``limits.py`` in their order, shares
that cannot be borrowed, margin call, minimum equity, holdings or buying power; where one order of a
list is refused, the others are as ORDER_LIST_REFUSED;
rejected: price needed, tick size (of the limit, then of the trigger price), lot size, smallest
value, expire time passed, no extended hours, market closed (where ``venue.while_closed`` rejects),
halted (where ``venue.while_halted`` does), no auction or after its cut-off, no price for a peg,
price band (where ``venue.beyond_band`` rejects), would take (post-only), stale market data (where
``venue.freshness`` rejects), self match (where ``venue.self_match`` is ``cancel_arriving``),
another order of the list refused.

A replace is checked for its closed or pending order, for not reducing, or asking for more of an
order that may do more than that (while paused), then for limits, margin call, minimum equity,
holdings or buying power.
"""

from __future__ import annotations

from offbook.domain.config import RiskConfig
from offbook.domain.instruments import Instrument
from offbook.domain.orders import SELL, RejectReason
from offbook.domain.session import PAUSED, RUNNING
from offbook.domain.values import Amount
from offbook.engine.account.funds import Funds
from offbook.engine.account.lending import Lending
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.limits import OrderLimits
from offbook.engine.desk.terms import Approval, Market, Refusal, Terms
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import Amendment, OrderState


class RiskChecks:
    """Judges orders of one session against its ledger."""

    def __init__(
        self,
        risk: RiskConfig,
        valuation: Valuation,
        funds: Funds,
        ledger: LedgerState,
        lending: Lending,
    ) -> None:
        self._limits = OrderLimits(risk, valuation, ledger)
        self._valuation = valuation
        self._funds = funds
        self._lending = lending
        self._ledger = ledger

    def new_order(
        self, terms: Terms, instrument: Instrument, market: Market | None, now: int, ahead: int = 0
    ) -> Approval | Refusal:
        """Whether an order may leave at session time ``now``, with ``ahead`` others of its list
        before it. Changes nothing."""
        ledger = self._ledger
        if (
            ledger.status is not RUNNING
            or terms.client_order_id in ledger.by_client_id
            or ledger.events.ended
        ):
            early = self._state_refusal(terms)
            if early is not None:
                return early
        if market is None:
            return Refusal(reason=RejectReason.NO_MARKET_DATA)
        currency = instrument.settle_currency
        if currency != self._valuation.currency and self._valuation.rate(currency) is None:
            return Refusal(reason=RejectReason.NO_RATE, limit=currency)
        if ledger.status is PAUSED and not self.reduces(terms):
            return Refusal(reason=RejectReason.NOT_REDUCING, limit="paused")
        limit = self._limits.new_order(terms, instrument, market, now, ahead)
        if limit is not None:
            return limit
        if terms.held:
            return self._funds.approve_held(terms, instrument, market)
        if terms.side is SELL and self._lacks_shares(terms, now):
            return Refusal(reason=RejectReason.NOT_BORROWABLE, limit=terms.symbol)
        return self._funds.approve(terms, instrument, market)

    def _lacks_shares(self, terms: Terms, now: int) -> bool:
        """Whether a sell would be short of shares that nobody lends; of contracts nothing is."""
        if terms.symbol in self._ledger.events.contracts:
            return False
        lent = self._lending.rate(terms.symbol, now) is not None
        return not lent and self._funds.adds(terms) > 0

    def reduces(self, terms: Terms) -> bool:
        """Whether an order is on the side that makes the position smaller."""
        return self._ledger.position(terms.symbol).qty * terms.side.sign < 0

    def new_terms(
        self,
        order: OrderState,
        new: Amendment,
        instrument: Instrument,
        market: Market,
        now: int,
    ) -> Approval | Refusal:
        """Whether a working order may ask for new terms, and what it must hold until the venue
        has answered. Changes nothing."""
        reserve_px = self._new_reserve_px(order, new, market)
        order_qty = new.order_qty
        terms = Terms(
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            order_qty=order_qty,
            price_px=new.price_px,
            reduce_only=order.reduce_only,
            client_order_id=order.client_order_id,
            stop_px=new.stop_px,
        )
        limit = self._limits.new_terms(terms, instrument, market, now, order)
        if limit is not None:
            return limit
        grows = order.side is SELL and order_qty > order.order_qty
        if grows and not order.held and self._lacks_shares(terms, now):
            return Refusal(reason=RejectReason.NOT_BORROWABLE, limit=terms.symbol)
        if order.held:
            return Approval(
                reserved=0,
                account=order.reserved_account,
                currency=order.reserved_currency,
                reserve_px=reserve_px,
            )
        return self._funds.approve_replace(order, order_qty, reserve_px, instrument)

    def _new_reserve_px(self, order: OrderState, new: Amendment, market: Market) -> int:
        """The price at which an order reserves after a replace: the old one where neither limit
        nor trigger changes."""
        stop_px = order.stop_px if order.order_type.has_stop else None
        old = (order.price_px, stop_px, order.trail_px, order.trail_ratio)
        if old == (new.price_px, new.stop_px, new.trail_px, new.trail_ratio):
            if new.price_px is None or order.peg is not None:
                return order.reserve_px
            return new.price_px
        return self._funds.amended_px(order, new, market)

    def _state_refusal(self, terms: Terms) -> Refusal | None:
        status = self._ledger.status
        if status not in (RUNNING, PAUSED):
            return Refusal(reason=RejectReason.SESSION_NOT_TRADING, limit=status.value)
        if terms.client_order_id in self._ledger.by_client_id:
            return Refusal(
                reason=RejectReason.DUPLICATE_CLIENT_ORDER_ID, value=terms.client_order_id
            )
        ended = self._ledger.events.ended
        if terms.symbol in ended:
            return Refusal(reason=RejectReason.SYMBOL_ENDED, limit=ended[terms.symbol])
        return None


def venue_refusal(
    terms: OrderState | Amendment,
    has_limit: bool,
    value_px: int,
    instrument: Instrument,
    cap_px: int | None = None,
) -> Refusal | None:
    """The venue's own rules for an order's terms, checked when they arrive there; ``value_px``
    values it, ``cap_px`` is the limit of one that is pegged."""
    if has_limit and (terms.price_px is None or terms.price_px <= 0):
        return Refusal(reason=RejectReason.PRICE_NEEDED)
    tick = instrument.tick_units
    for px in (terms.price_px, cap_px, terms.stop_px):
        if px is not None and px % tick:
            return Refusal(
                reason=RejectReason.TICK_SIZE,
                limit=instrument.tick_size,
                value=instrument.price_text(px),
            )
    if terms.order_qty % instrument.lot_units:
        return Refusal(
            reason=RejectReason.LOT_SIZE,
            limit=instrument.lot_size,
            value=instrument.qty_text(terms.order_qty),
        )
    value = instrument.value_of(terms.order_qty, value_px)
    if value < instrument.min_notional_amount:
        return Refusal(
            reason=RejectReason.MIN_NOTIONAL,
            limit=instrument.min_notional,
            value=str(Amount(value)),
        )
    return None
