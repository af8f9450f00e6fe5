"""The simulated venue: takes messages, keeps working orders, matches them against market rows.

Rules of the model ``top-of-book.1`` on quotes:

- an arriving order that crosses takes what is shown on the other side, at that side's price,
  if that quote is of the same trading hours;
- what it could not take keeps trying as a taker until the market has once moved away from it;
- a resting limit is filled at its own price when the other side reaches it; that a price was
  merely seen on its own side fills nothing;
- what was taken stays taken: available at a price is ``min(shown, shown - taken + increases seen
  at that price since)``, forgotten when the price leaves the top of the book.

Rules of the model ``bar-range.1`` on bars, whose inside is unknown:

- an order competes in bars that began at or after it was sent and ended after it arrived;
- in the first of these a market order, or a limit that the open satisfies, trades at the open;
- otherwise a limit needs a trade-through: the bar must have gone beyond its price, and it fills
  at its price, or where the whole bar lies beyond, at the price of the bar that is nearest to it;
  touching fills nothing;
- all orders together take at most ``bar_volume_share`` of the bar's volume.

The rules on trades are told in ``matching_trades``.  On all, what trades is whole lots.
"""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import RATIO_PRECISION
from offbook.domain.identifiers import VENUE_ORDER, derived_id
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.orders import (
    CancelReason,
    ExecType,
    Liquidity,
    OrderSide,
    RejectReason,
    TimeInForce,
)
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount, text_to_units
from offbook.engine.agenda import STAGE_VENUE, Expiry, ReplaceArrives
from offbook.engine.book import Book
from offbook.engine.fills import Filler, bar_evidence, quote_evidence
from offbook.engine.kernel import Kernel
from offbook.engine.matching_trades import TradeMatching
from offbook.engine.risk import venue_refusal
from offbook.engine.state import OrderState

QUOTE_MODEL = "top-of-book.1"
BAR_MODEL = "bar-range.1"


class Venue:
    """Matching for the instruments of a market, each with a book of its own."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._filler = Filler(kernel)
        self._trades = TradeMatching(kernel, self, self._filler)
        self._share = text_to_units(kernel.config.venue.bar_volume_share, RATIO_PRECISION)
        self.books: dict[str, Book] = {}
        self.hours: dict[str, bool] = {}
        """Whether trading is open now, by calendar."""

    def book(self, symbol: str) -> Book:
        """The working orders of an instrument."""
        found = self.books.get(symbol)
        if found is None:
            found = self.books[symbol] = Book()
        return found

    def is_open(self, instrument: Instrument) -> bool:
        """Whether an instrument trades now."""
        return self.hours.get(instrument.calendar, True)

    # -- messages that arrive ---------------------------------------------------------------

    def new_order(self, ordinal: int) -> None:
        """A new order has reached the venue."""
        kernel = self._kernel
        order = kernel.ledger.orders[ordinal]
        if order.status.is_terminal:
            return
        instrument = kernel.instrument(order.symbol)
        prices = kernel.prices(order.symbol)
        value_px = 0 if prices is None else prices.bid_px
        refusal = venue_refusal(
            order.order_type, order.order_qty, order.price_px, value_px, instrument
        )
        due = kernel.response_due(ordinal)
        if refusal is not None:
            kernel.emit(
                r.OrderRejected,
                order=ordinal,
                reason=refusal.reason,
                limit=refusal.limit,
                value=refusal.value,
                due=due,
            )
            kernel.report(order, ExecType.REJECTED, due, refusal.reason.value)
            return
        expires = None
        if order.time_in_force is TimeInForce.DAY:
            expires = kernel.calendar_of(instrument).day_end(kernel.now)
        kernel.emit(
            r.OrderAccepted,
            order=ordinal,
            venue_order_id=derived_id(kernel.config.seed, VENUE_ORDER, ordinal),
            expires=expires,
            due=due,
        )
        kernel.report(order, ExecType.NEW, due)
        if expires is not None:
            kernel.agenda.add(expires, STAGE_VENUE, Expiry(ordinal))
        self.book(order.symbol).add(order)
        self._try_now(order)

    def cancel(self, ordinal: int) -> None:
        """A cancel request has reached the venue."""
        kernel = self._kernel
        order = kernel.ledger.orders[ordinal]
        if order.status.is_terminal:
            due = kernel.response_due(ordinal)
            reason = RejectReason.ORDER_CLOSED
            kernel.emit(r.CancelRejected, order=ordinal, reason=reason, due=due)
            kernel.report(order, ExecType.CANCEL_REJECTED, due, reason.value)
            return
        self.end(order, CancelReason.REQUESTED)

    def replace(self, request: ReplaceArrives) -> None:
        """A replace request has reached the venue."""
        kernel = self._kernel
        order = kernel.ledger.orders[request.order]
        due = kernel.response_due(order.ordinal)
        reason = self._replace_refusal(order, request)
        if reason is not None:
            held = self._reserve_of(order, order.order_qty, order.reserve_px)
            kernel.emit(
                r.ReplaceRejected, order=order.ordinal, reason=reason, reserved=held, due=due
            )
            kernel.report(order, ExecType.REPLACE_REJECTED, due, reason.value)
            return
        keeps = request.price_px == order.price_px and request.order_qty <= order.order_qty
        book = self.book(order.symbol)
        fresh = not keeps or book.is_fresh(order)
        book.remove(order)
        kernel.emit(
            r.OrderReplaced,
            order=order.ordinal,
            order_qty=request.order_qty,
            price_px=request.price_px,
            reserve_px=request.reserve_px,
            reserved=self._reserve_of(order, request.order_qty, request.reserve_px),
            sent=request.sent,
            kept_priority=keeps,
            due=due,
        )
        kernel.report(order, ExecType.REPLACED, due)
        book.add(order, fresh=fresh)
        if not keeps:
            self._try_now(order)

    def _replace_refusal(self, order: OrderState, request: ReplaceArrives) -> RejectReason | None:
        if order.status.is_terminal:
            return RejectReason.ORDER_CLOSED
        if request.order_qty <= order.cum_qty:
            return RejectReason.QTY_BELOW_FILLED
        prices = self._kernel.prices(order.symbol)
        value_px = 0 if prices is None else prices.bid_px
        refusal = venue_refusal(
            order.order_type,
            request.order_qty,
            request.price_px,
            value_px,
            self._kernel.instrument(order.symbol),
        )
        return None if refusal is None else refusal.reason

    def _reserve_of(self, order: OrderState, order_qty: int, reserve_px: int) -> Amount:
        """What an order must hold, as far as there is anything to hold: a trimmed reduce-only
        order, and a market order beyond its collar, hold less."""
        instrument = self._kernel.instrument(order.symbol)
        return Amount(self._kernel.funds.settled(order, order_qty, reserve_px, instrument))

    # -- endings ----------------------------------------------------------------------------

    def end(self, order: OrderState, reason: CancelReason) -> None:
        """Take the rest of an order away."""
        kernel = self._kernel
        self.book(order.symbol).remove(order)
        due = kernel.response_due(order.ordinal)
        if reason is CancelReason.DAY_END:
            kernel.emit(r.OrderExpired, order=order.ordinal, reason=reason, due=due)
            kernel.report(order, ExecType.EXPIRED, due, reason.value)
        else:
            kernel.emit(r.OrderCanceled, order=order.ordinal, reason=reason, due=due)
            kernel.report(order, ExecType.CANCELED, due, reason.value)

    def expire(self, ordinal: int) -> None:
        """An order's time in force is over."""
        order = self._kernel.ledger.orders[ordinal]
        if not order.status.is_terminal:
            self.end(order, CancelReason.DAY_END)

    # -- matching on quotes -----------------------------------------------------------------

    def match_quote(self, quote: Quote) -> None:
        """Match working orders against a new quote."""
        book = self.book(quote.instrument.symbol)
        book.see(quote)
        if self.is_open(quote.instrument):
            if quote.ask_px <= book.top_buy:
                self._sweep(book.buys_crossing(quote.ask_px), quote)
            if quote.bid_px >= book.top_sell:
                self._sweep(book.sells_crossing(quote.bid_px), quote)
        book.settle(quote)

    def _sweep(self, ordinals: list[int], quote: Quote) -> None:
        for ordinal in ordinals:
            order = self._kernel.ledger.orders[ordinal]
            if not order.status.is_terminal:
                self._take_shown(order, quote)

    def _try_now(self, order: OrderState) -> None:
        """Match an order that has just arrived against the market as last seen."""
        last = self._kernel.pricing_row(order.symbol)
        if isinstance(last, Trade):
            self._trades.arrive(order, last)
        elif isinstance(last, Quote):
            book, instrument = self.book(order.symbol), last.instrument
            calendar = self._kernel.calendar_of(instrument)
            present = calendar.is_same_session(last.ts, self._kernel.now)
            if self.is_open(instrument) and present and book.crosses(order, last):
                self._take_shown(order, last)
            if not book.crosses(order, last):
                book.rest(order)
            if order.time_in_force is TimeInForce.IOC and not order.status.is_terminal:
                self.end(order, CancelReason.IOC)

    def _take_shown(self, order: OrderState, quote: Quote) -> None:
        book = self.book(order.symbol)
        buying = order.side is OrderSide.BUY
        available = book.available(order.side, quote)
        qty = self.tradable(order, available)
        if qty <= 0:
            self.drop_if_not_reducing(order)
            return
        if order.price_px is None or book.is_fresh(order):
            px, liquidity = (quote.ask_px if buying else quote.bid_px), Liquidity.REMOVED
            rule = "took the shown ask" if buying else "took the shown bid"
        else:
            px, liquidity = order.price_px, Liquidity.ADDED
            rule = "ask reached the limit" if buying else "bid reached the limit"
        evidence = quote_evidence(quote, QUOTE_MODEL, rule, available)
        if self._filler.fill(order, qty, px, liquidity, evidence):
            book.take(order.side, quote, qty)
            if order.status.is_terminal:
                book.remove(order)
        else:
            self.end(order, self._filler.unpaid)

    # -- matching on trades -----------------------------------------------------------------

    def match_trade(self, trade: Trade) -> None:
        """Match working orders against a print."""
        self._trades.match(trade)

    # -- matching on bars -------------------------------------------------------------------

    def match_bar(self, bar: Bar) -> None:
        """Match working orders against a bar that has just ended."""
        if not self._bar_counts(bar):
            return
        left = bar.volume_qty * self._share // int(10**RATIO_PRECISION)
        book = self.book(bar.instrument.symbol)
        for ordinal in book.by_priority():
            order = self._kernel.ledger.orders[ordinal]
            if order.status.is_terminal or not _competes(order, bar):
                continue
            left -= self._take_from_bar(order, bar, left, first=book.is_fresh(order))
            book.rest(order)
            if order.time_in_force is TimeInForce.IOC and not order.status.is_terminal:
                self.end(order, CancelReason.IOC)

    def _bar_counts(self, bar: Bar) -> bool:
        """Bars of a day or more span closed hours; shorter ones must begin in market hours."""
        calendar = self._kernel.calendar_of(bar.instrument)
        return bar.ts - bar.ts_open >= DAY_NS or calendar.is_open(bar.ts_open)

    def _take_from_bar(self, order: OrderState, bar: Bar, left: int, *, first: bool) -> int:
        deal = _bar_deal(order, bar, first=first)
        if deal is None:
            return 0
        qty = self.tradable(order, left)
        if qty <= 0:
            self.drop_if_not_reducing(order)
            return 0
        px, liquidity, rule = deal
        evidence = bar_evidence(bar, BAR_MODEL, rule, left)
        if not self._filler.fill(order, qty, px, liquidity, evidence):
            self.end(order, self._filler.unpaid)
            return 0
        if order.status.is_terminal:
            self.book(order.symbol).remove(order)
        return qty

    # -- limits at match time ---------------------------------------------------------------

    def tradable(self, order: OrderState, available: int) -> int:
        """How much of what is available an order may trade, in whole lots."""
        qty = min(order.leaves_qty, available, self._allowed(order))
        return qty - qty % self._kernel.instrument(order.symbol).lot_units

    def _allowed(self, order: OrderState) -> int:
        """How much may trade: reducing orders, and all orders while paused, never increase, nor
        do they take what another order holds."""
        ledger = self._kernel.ledger
        if not order.reduce_only and ledger.status is not SessionStatus.PAUSED:
            return order.leaves_qty
        held = max(ledger.position(order.symbol).qty * -order.side.sign, 0)
        instrument = self._kernel.instrument(order.symbol)
        return self._kernel.funds.reducible(order, held, instrument)

    def drop_if_not_reducing(self, order: OrderState) -> None:
        """Take away a reducing order that has nothing left to reduce."""
        least = self._kernel.instrument(order.symbol).lot_units
        if order.reduce_only and self._allowed(order) < least:
            self.end(order, CancelReason.NOT_REDUCING)


def _competes(order: OrderState, bar: Bar) -> bool:
    """The time inside a bar is unknown, so an order takes part in whole bars only."""
    arrived = order.accepted_ts
    return arrived is not None and order.sent_ts <= bar.ts_open and arrived < bar.ts


def _bar_deal(order: OrderState, bar: Bar, *, first: bool) -> tuple[int, Liquidity, str] | None:
    limit = order.price_px
    if limit is None:
        return bar.open_px, Liquidity.REMOVED, "market order at the open"
    buying = order.side is OrderSide.BUY
    if first and (bar.open_px <= limit if buying else bar.open_px >= limit):
        return bar.open_px, Liquidity.REMOVED, "open satisfied the limit"
    if order.time_in_force is TimeInForce.IOC:
        return None
    if bar.low_px < limit if buying else bar.high_px > limit:
        px = min(limit, bar.high_px) if buying else max(limit, bar.low_px)
        return px, Liquidity.ADDED, "bar traded through the limit"
    return None
