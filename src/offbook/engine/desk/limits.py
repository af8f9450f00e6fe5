"""The limits of a session's own risk on orders, in the order in which they are checked.

Daily loss, allowed symbol, allowed side; order rate, open orders; order quantity, order value,
price collar; position quantity, position value.  The first that fails is the answer, with the
limit's value and the order's.  A new order passes all of them; a replace those on rate, quantity,
value, price and position, and where it asks for more those on loss and side.

An order that only makes a position smaller is never held back by limits on loss, sides and
positions: limits keep risk out, they do not keep it in.  One that would take a position through
flat opens the other side, and is held to them.
"""

from __future__ import annotations

from typing import Final

from offbook.domain.config import RATIO_PRECISION, RiskConfig
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderSide, RejectReason
from offbook.domain.values import AMOUNT_PRECISION, Amount, text_to_units
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.terms import Market, Refusal, Terms
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import OrderState

_ONE: Final = int(10**RATIO_PRECISION)


class OrderLimits:
    """Judges orders against the limits of a configuration. Changes nothing."""

    def __init__(self, config: RiskConfig, valuation: Valuation, ledger: LedgerState) -> None:
        self._config = config
        self._valuation = valuation
        self._ledger = ledger
        self._max_order = _amount(config.max_order_notional)
        self._max_position = _amount(config.max_position_notional)
        self._order_qty = _amount(config.max_order_qty)
        self._position_qty = _amount(config.max_position_qty)
        collar = config.price_collar
        self._collar = None if collar is None else text_to_units(collar, RATIO_PRECISION)
        sized = (
            self._max_order,
            self._max_position,
            self._order_qty,
            self._position_qty,
            self._collar,
        )
        self._names_allowed = bool(config.allowed_symbols or config.allowed_sides)
        self._looks_at_size = sized != (None,) * len(sized)

    def new_order(
        self, terms: Terms, instrument: Instrument, market: Market, now: int, ahead: int = 0
    ) -> Refusal | None:
        """The first limit that a new order meets, or None. ``now`` is session time (ns UTC), and
        ``ahead`` how many orders of its list leave with it before it."""
        return (
            (self._ledger.day.loss is not None and self._day_is_over(terms))
            or (self._names_allowed and self._not_allowed(terms))
            or (self._config.max_order_rate is not None and self._too_often(now, ahead))
            or (self._config.max_open_orders is not None and self._too_many(ahead))
            or (self._looks_at_size and self._too_large(terms, instrument, market, None))
            or None
        )

    def new_terms(
        self, terms: Terms, instrument: Instrument, market: Market, now: int, order: OrderState
    ) -> Refusal | None:
        """The first limit that new terms for ``order`` meet, or None."""
        more = order if terms.order_qty > order.order_qty else None
        return (
            (more and (self._day_is_over(terms, more) or self._not_allowed(terms, more)))
            or self._too_often(now)
            or self._too_large(terms, instrument, market, order)
        )

    def _day_is_over(self, terms: Terms, replaced: OrderState | None = None) -> Refusal | None:
        """After the largest loss of a day only what reduces a position is taken."""
        loss, limit = self._ledger.day.loss, self._config.daily_loss
        if loss is None or limit is None or self._only_reduces(terms, replaced):
            return None
        most = limit.amount if limit.amount is not None else f"{limit.percent} %"
        return Refusal(reason=RejectReason.DAILY_LOSS, limit=str(most), value=str(loss))

    def _not_allowed(self, terms: Terms, replaced: OrderState | None = None) -> Refusal | None:
        symbols, sides = self._config.allowed_symbols, self._config.allowed_sides
        if symbols is not None and terms.symbol not in symbols:
            return Refusal(
                reason=RejectReason.SYMBOL_NOT_ALLOWED,
                limit=", ".join(symbols),
                value=terms.symbol,
            )
        if sides is None or terms.side in sides or self._only_reduces(terms, replaced):
            return None
        return Refusal(
            reason=RejectReason.SIDE_NOT_ALLOWED,
            limit=", ".join(side.value for side in sides),
            value=terms.side.value,
        )

    def _too_often(self, now: int, ahead: int = 0) -> Refusal | None:
        most = self._config.max_order_rate
        if most is None:
            return None
        sent = self._ledger.sent_times + [now] * ahead
        if len(sent) < most.count or sent[-most.count] <= now - most.per_ns:
            return None
        return Refusal(
            reason=RejectReason.ORDER_RATE,
            limit=f"{most.count} in {most.per_ns} ns",
            value=f"{most.count + 1} in {now - sent[-most.count]} ns",
        )

    def _too_many(self, ahead: int) -> Refusal | None:
        most = self._config.max_open_orders
        count = len(self._ledger.open_orders) + ahead
        if most is None or count < most:
            return None
        return Refusal(reason=RejectReason.MAX_OPEN_ORDERS, limit=str(most), value=str(count + 1))

    def _too_large(
        self, terms: Terms, instrument: Instrument, market: Market, replaced: OrderState | None
    ) -> Refusal | None:
        price = _value_px(terms, market)
        value = self._value(terms.order_qty, price, instrument)
        return (
            _over(
                RejectReason.MAX_ORDER_QTY,
                self._order_qty,
                terms.order_qty * instrument.qty_scale,
            )
            or _over(RejectReason.MAX_ORDER_NOTIONAL, self._max_order, value)
            or self._off_market(terms, instrument, market)
            or self._position(terms, instrument, price, replaced)
        )

    def _off_market(self, terms: Terms, instrument: Instrument, market: Market) -> Refusal | None:
        """A price on the wrong side of sense: paying far more, or taking far less, than the market
        asks. An order far behind the market is harmless and passes."""
        if self._collar is None or terms.price_px is None:
            return None
        if terms.side is OrderSide.BUY:
            bound = market.ask_px * (_ONE + self._collar) // _ONE
            beyond = terms.price_px > bound
        else:
            bound = -(-market.bid_px * (_ONE - self._collar) // _ONE)
            beyond = terms.price_px < bound
        if not beyond:
            return None
        return Refusal(
            reason=RejectReason.PRICE_COLLAR,
            limit=instrument.price_text(bound),
            value=instrument.price_text(terms.price_px),
        )

    def _position(
        self, terms: Terms, instrument: Instrument, price: int, replaced: OrderState | None
    ) -> Refusal | None:
        """What would be held if everything open on this side traded, at this order's price."""
        if terms.reduce_only or (self._max_position is None and self._position_qty is None):
            return None
        held = self._ledger.position(terms.symbol).qty
        after = self._after(terms, replaced)
        size = abs(after)
        if size <= abs(held) and after * held >= 0:
            return None
        return _over(
            RejectReason.MAX_POSITION_QTY, self._position_qty, size * instrument.qty_scale
        ) or _over(
            RejectReason.MAX_POSITION_NOTIONAL,
            self._max_position,
            self._value(size, price, instrument),
        )

    def _value(self, qty: int, px: int, instrument: Instrument) -> int:
        """In the account's currency, rounded up."""
        notional = instrument.value_of(qty, px)
        return -self._valuation.worth(-notional, instrument.settle_currency)

    def _after(self, terms: Terms, replaced: OrderState | None) -> int:
        """The position if this order and all open ones of its side traded, in quantity units."""
        others = [
            order
            for order in self._ledger.working()
            if order.symbol == terms.symbol and order.side is terms.side and order is not replaced
        ]
        # Of legs that cancel each other one alone can trade.
        largest: dict[object, int] = {}
        for order in others:
            key = order.order_list_id if order.is_leg else order.ordinal
            largest[key] = max(largest.get(key, 0), order.leaves_qty)
        open_qty = sum(largest.values())
        traded = 0 if replaced is None else replaced.cum_qty
        added = open_qty + terms.order_qty - traded
        return self._ledger.position(terms.symbol).qty + terms.side.sign * added

    def _only_reduces(self, terms: Terms, replaced: OrderState | None) -> bool:
        held = self._ledger.position(terms.symbol).qty
        return terms.reduce_only or (
            held * terms.side.sign < 0 and held * self._after(terms, replaced) >= 0
        )


def _value_px(terms: Terms, market: Market) -> int:
    if terms.price_px is not None:
        return terms.price_px
    if terms.stop_px is not None:
        return terms.stop_px
    return market.ask_px if terms.side is OrderSide.BUY else market.bid_px


def _over(reason: RejectReason, most: int | None, value: int) -> Refusal | None:
    """A refusal where a value (10**-18) is above a limit."""
    if most is None or value <= most:
        return None
    return Refusal(reason=reason, limit=str(Amount(most)), value=str(Amount(value)))


def _amount(text: str | None) -> int | None:
    return None if text is None else text_to_units(text, AMOUNT_PRECISION)
