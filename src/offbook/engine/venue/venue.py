"""The simulated venue: takes messages, keeps working orders, hands market rows to be matched.

What rows do to orders is told in ``matching_depth``, ``matching_quotes``, ``matching_trades`` and
``matching_bars``; when those that wait are triggered, in ``triggers``.  Whole lots trade.
"""

from __future__ import annotations

from typing import Final

from offbook.domain import records as r
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import ReplacePriority
from offbook.domain.identifiers import VENUE_ORDER, derived_id
from offbook.domain.market_data import Bar, DataKind, Quote, Trade
from offbook.domain.orders import (
    DAY,
    TRAILING_STOP,
    CancelReason,
    ExecType,
    OrderSide,
    RejectReason,
    TimeInForce,
)
from offbook.domain.record_parts import Evidence
from offbook.domain.session import PAUSED
from offbook.domain.values import Amount
from offbook.engine.agenda import STAGE_VENUE, Expiry, ReplaceArrives
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.market.trading_times import TradingTimes
from offbook.engine.venue.acceptance import Acceptance, new_terms
from offbook.engine.venue.auctions import Auctions
from offbook.engine.venue.book import Book
from offbook.engine.venue.fills import Filler
from offbook.engine.venue.freshness import Freshness
from offbook.engine.venue.groups import Groups
from offbook.engine.venue.matching_bars import BarMatching
from offbook.engine.venue.matching_depth import DepthMatching
from offbook.engine.venue.matching_quotes import QuoteMatching
from offbook.engine.venue.matching_trades import TradeMatching
from offbook.engine.venue.pegs import Pegs
from offbook.engine.venue.reservations import Reservations
from offbook.engine.venue.self_match import SelfMatch
from offbook.engine.venue.triggers import seen_prices, stop_px_of

_ENDS: Final = {
    TimeInForce.GTD: CancelReason.EXPIRE_TIME,
    TimeInForce.OPG: CancelReason.NO_AUCTION_PRICE,
    TimeInForce.CLS: CancelReason.NO_AUCTION_PRICE,
}
_EXPIRES: Final = {CancelReason.DAY_END, CancelReason.AUCTION_OVER, *_ENDS.values()}
"""Reasons for which an order expires; for all others it is canceled."""


class Venue:
    """Matching for the instruments of a market, each with a book of its own."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._filler = Filler(kernel)
        self.freshness = Freshness(kernel)
        self._reserves = Reservations(kernel)
        self.self_match = SelfMatch(kernel, self, self._reserves)
        self._groups = Groups(kernel, self, self._reserves)
        self._quotes = QuoteMatching(kernel, self, self._filler)
        self._trades = TradeMatching(kernel, self, self._filler)
        self._bars = BarMatching(kernel, self, self._filler)
        self.depth = DepthMatching(kernel, self, self._filler)
        self.auctions = Auctions(kernel, self, self._filler)
        self._accepts = Acceptance(kernel, self)
        self.books: dict[str, Book] = {}
        self.times = TradingTimes(kernel)
        self.pegs = Pegs(kernel, self)
        self._may_keep = kernel.config.venue.replace_priority is ReplacePriority.SMALLER

    def book(self, symbol: str) -> Book:
        """The working orders of an instrument."""
        found = self.books.get(symbol)
        if found is None:
            found = self.books[symbol] = Book(touches=symbol in self._kernel.touched)
        return found

    def ask_hours(self, calendar: TradingCalendar) -> int:
        """What hours it is for a calendar's markets, and when they change next. An auction's price
        may come from now on."""
        for symbol, book in self.books.items():
            if book.auctions and self._kernel.instrument(symbol).calendar == calendar.name:
                book.expect(self._kernel.now)
        return self.times.ask(calendar)

    # -- messages that arrive ---------------------------------------------------------------

    def new_order(self, ordinal: int) -> None:
        """A new order has reached the venue."""
        kernel = self._kernel
        order = kernel.ledger.orders[ordinal]
        if order.status.is_terminal:
            return
        refusal = self._accepts.new_order(order)
        due = kernel.response_due(ordinal, order.symbol)
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
            self.settle(order)
            return
        auction, expires = None, order.expire_time
        if order.time_in_force is DAY:
            expires = self.times.day_end(order)
        elif order.time_in_force.is_auction:
            auction, expires = self.auctions.times_of(order)
        held = order.held
        mark = self._first_mark(order) if order.order_type is TRAILING_STOP else None
        record = r.OrderAccepted(
            kernel.ledger.seq + 1,
            kernel.now,
            order=ordinal,
            venue_order_id=derived_id(kernel.config.seed, VENUE_ORDER, ordinal),
            expires=expires,
            stop_px=order.stop_px if held or mark is None else stop_px_of(order, order, mark),
            held=held,
            queue_ahead=self.depth.queue_ahead(order) if kernel.depths else None,
            auction_ts=auction,
            due=due,
        )
        kernel.enter(record)
        if kernel.reports:
            kernel.report(order, ExecType.HELD if held else ExecType.NEW, due)
        if expires is not None:
            kernel.agenda.add(expires, STAGE_VENUE, Expiry(ordinal))
        if order.order_list_id is None:
            self._enter(order, mark)
            return
        self.settle(order)  # first: an order of its list may have traded already
        if not (held or order.status.is_terminal):
            self._enter(order, mark)
            self.settle(order)

    def _first_mark(self, order: OrderState) -> int | None:
        """Where a trailing stop begins to follow: the last price of its side of the market."""
        trails = order.order_type is TRAILING_STOP
        prices = self._kernel.prices(order.symbol) if trails else None
        if prices is None:
            return None
        return prices.ask_px if order.side is OrderSide.BUY else prices.bid_px

    def first_stop_px(self, order: OrderState) -> int | None:
        """Where an order that begins to work now is triggered."""
        return stop_px_of(order, order, self._first_mark(order))

    def _enter(self, order: OrderState, mark: int | None) -> None:
        """An order, or its new terms, meet the market as last seen."""
        book = self.book(order.symbol)
        if order.peg is not None:
            self.pegs.place(order)
        elif order.waits:
            book.wait(order, mark)
            self._ask_trigger(order, book)
        elif self.self_match.allows_all or self.self_match.admits(order):
            book.add(order, fresh=not order.post_only)
            self._meet_last(order)

    def enter_released(self, order: OrderState) -> None:
        """An order of a list begins to work, its parent having traded."""
        if self._accepts.would_take(order, order.price_px) is not None:
            self.end(order, CancelReason.WOULD_TAKE)
        elif self.auctions.is_locked(order):
            self.end(order, CancelReason.AUCTION_CUTOFF)
        else:
            self._enter(order, self._first_mark(order))

    def settle(self, order: OrderState) -> None:
        """What follows for an order's list from what happened to it."""
        self._groups.settle(order)

    def cancel(self, ordinal: int) -> None:
        """A cancel request has reached the venue."""
        kernel = self._kernel
        order = kernel.ledger.orders[ordinal]
        if order.status.is_terminal or self.auctions.is_locked(order):
            due, over = kernel.response_due(ordinal, order.symbol), order.status.is_terminal
            reason = RejectReason.ORDER_CLOSED if over else RejectReason.AUCTION_CUTOFF
            kernel.emit(r.CancelRejected, order=ordinal, reason=reason, due=due)
            kernel.report(order, ExecType.CANCEL_REJECTED, due, reason.value)
            return
        self.end(order, CancelReason.REQUESTED)

    def replace(self, request: ReplaceArrives) -> None:
        """A replace request has reached the venue."""
        kernel = self._kernel
        order = kernel.ledger.orders[request.order]
        due = kernel.response_due(order.ordinal, order.symbol)
        reason = self._replace_refusal(order, request)
        if reason is not None:
            held = self._held(order, order.order_qty, order.reserve_px)
            kernel.emit(
                r.ReplaceRejected, order=order.ordinal, reason=reason, reserved=held, due=due
            )
            kernel.report(order, ExecType.REPLACE_REJECTED, due, reason.value)
            return
        new, book = new_terms(order, request), self.book(order.symbol)
        mark = book.triggers.mark(order.ordinal) if order.ordinal in book.triggers else None
        stop_px = stop_px_of(order, new, mark)
        old_px = order.stop_px if mark is None else book.triggers.stop_px(order.ordinal)
        same = (new.price_px, stop_px) == (order.price_px, old_px)
        keeps = self._may_keep and same and new.order_qty <= order.order_qty
        fresh = not keeps or book.is_fresh(order)
        book.remove(order)
        kernel.emit(
            r.OrderReplaced,
            order=order.ordinal,
            order_qty=new.order_qty,
            price_px=new.price_px,
            stop_px=stop_px,
            trail_px=new.trail_px,
            trail_ratio=new.trail_ratio,
            reserve_px=request.reserve_px,
            reserved=self._held(order, new.order_qty, request.reserve_px),
            sent=request.sent,
            kept_priority=keeps,
            due=due,
        )
        kernel.report(order, ExecType.REPLACED, due)
        if order.held:
            return
        if keeps and order.waits:
            book.wait(order, mark)  # no new price that the market may have reached already
        elif keeps:
            book.add(order, fresh=fresh)
        else:
            self._enter(order, mark)

    def _replace_refusal(self, order: OrderState, request: ReplaceArrives) -> RejectReason | None:
        if order.status.is_terminal:
            return RejectReason.ORDER_CLOSED
        if self.auctions.is_locked(order):
            return RejectReason.AUCTION_CUTOFF
        new = new_terms(order, request)
        if new.order_qty <= order.cum_qty:
            return RejectReason.QTY_BELOW_FILLED
        if order.triggered and (new.trail_px, new.trail_ratio, new.stop_px) != (
            order.trail_px,
            order.trail_ratio,
            order.stop_px if order.order_type.has_stop else None,
        ):
            return RejectReason.ALREADY_TRIGGERED
        refusal = self._accepts.terms(order, new)
        lacks = self._reserves.lacking(order, new.order_qty, request)
        return lacks if refusal is None else refusal.reason

    def _held(self, order: OrderState, order_qty: int, reserve_px: int) -> Amount:
        """What an order holds on settled terms."""
        return Amount(0) if order.held else self._reserves.after(order, order_qty, reserve_px)

    # -- endings ----------------------------------------------------------------------------

    def end(self, order: OrderState, reason: CancelReason) -> None:
        """Take the rest of an order away."""
        kernel = self._kernel
        self.book(order.symbol).remove(order)
        self.depth.forget(order)
        due = kernel.response_due(order.ordinal, order.symbol)
        if reason in _EXPIRES:
            kernel.emit(r.OrderExpired, order=order.ordinal, reason=reason, due=due)
            kernel.report(order, ExecType.EXPIRED, due, reason.value)
        else:
            kernel.emit(r.OrderCanceled, order=order.ordinal, reason=reason, due=due)
            kernel.report(order, ExecType.CANCELED, due, reason.value)
        self.settle(order)

    def expire(self, ordinal: int) -> None:
        """An order's time in force is over."""
        order = self._kernel.ledger.orders[ordinal]
        if not order.status.is_terminal:
            self.end(order, _ENDS.get(order.time_in_force, CancelReason.DAY_END))

    def end_rest(self, order: OrderState) -> None:
        """What an immediate order could not trade at once is canceled."""
        if order.time_in_force.is_immediate and not order.status.is_terminal:
            filled = order.time_in_force is TimeInForce.FOK
            self.end(order, CancelReason.FOK if filled else CancelReason.IOC)

    # -- triggers ---------------------------------------------------------------------------

    def activate(self, order: OrderState, evidence: Evidence) -> bool:
        """The market has triggered an order: it acts from here on, unless one of the session's own
        was in its way; then it is gone, or they are."""
        kernel, book = self._kernel, self.book(order.symbol)
        stop_px = book.triggers.stop_px(order.ordinal)
        book.remove(order)
        due = kernel.response_due(order.ordinal, order.symbol)
        kernel.emit(
            r.OrderTriggered, order=order.ordinal, stop_px=stop_px, evidence=evidence, due=due
        )
        kernel.report(order, ExecType.TRIGGERED, due)
        if not self.self_match.admits(order):
            return False
        book.add(order)
        return True

    # -- market rows ------------------------------------------------------------------------

    def match_quote(self, quote: Quote) -> None:
        """Match working orders against a new quote, unless a book gives the price."""
        if quote.instrument.symbol in self._kernel.depths:
            return
        self._kernel.present = quote
        self._quotes.match(quote)
        if self.book(quote.instrument.symbol).pegs:
            self.pegs.follow(quote)
        self._kernel.present = None

    def match_trade(self, trade: Trade) -> None:
        """Match working orders against a print."""
        kernel = self._kernel
        if trade.instrument.symbol in kernel.depths:
            taken = 0 if trade.auction is None else self.auctions.print(trade)
            self.depth.print(trade, taken)
            return
        alone = kernel.pricing[trade.instrument.symbol].kind is DataKind.TRADES
        kernel.present = trade if alone else None
        taken = 0 if trade.auction is None else self.auctions.print(trade)
        self._trades.match(trade, taken)
        kernel.present = None

    def match_bar(self, bar: Bar) -> None:
        """Match working orders against a bar that has just ended."""
        self._kernel.present = bar
        self._bars.match(bar)
        self._kernel.present = None

    def _meet_last(self, order: OrderState) -> None:
        """An order that has just arrived meets the market as last seen: bars as they end, or by
        their close where ``fill_at`` lets them be."""
        last = self._kernel.pricing_row(order.symbol)
        if last is None or order.auction_ts is not None:
            return
        if isinstance(last, Quote):
            self._by_quotes(order).arrive(order, last)
        elif isinstance(last, Trade):
            self._trades.arrive(order, last)
        else:
            self._bars.arrive(order, last)

    def _ask_trigger(self, order: OrderState, book: Book) -> None:
        """An order that waits is triggered at once where its price is reached already."""
        last = self._kernel.pricing_row(order.symbol)
        if last is None or isinstance(last, Bar):
            return
        reached = book.triggers.reached(*seen_prices(last))
        is_open = self.times.is_open(last.instrument)  # nothing is triggered in extended hours
        if order.ordinal in reached and is_open and self.times.is_present(last):
            self._trigger(order, last)

    def meet(self, order: OrderState, top: Quote) -> None:
        """An order meets the bid and ask that brought it where it stands now."""
        self._by_quotes(order).arrive(order, top)

    def _trigger(self, order: OrderState, row: Quote | Trade) -> None:
        if isinstance(row, Quote):
            self._by_quotes(order).trigger(order, row)
        else:
            self._trades.trigger(order, row)

    def _by_quotes(self, order: OrderState) -> QuoteMatching | DepthMatching:
        """What matches an order where a bid and an ask give the price."""
        return self.depth if order.symbol in self._kernel.depths else self._quotes

    # -- limits at match time ---------------------------------------------------------------

    def tradable(self, order: OrderState, available: int) -> int:
        """How much of what is available an order may trade, in whole lots."""
        qty = min(order.leaves_qty, available, self._allowed(order))
        qty -= qty % self._kernel.instrument(order.symbol).lot_units
        all_or_none = order.time_in_force is TimeInForce.FOK
        least = order.leaves_qty if all_or_none else min(order.min_qty, order.leaves_qty)
        return 0 if qty < least else qty

    def _allowed(self, order: OrderState) -> int:
        """How much may trade: reducing orders, and all orders while paused, never increase, nor
        do they take what another order holds."""
        ledger = self._kernel.ledger
        if not order.reduce_only and ledger.status is not PAUSED:
            return order.leaves_qty
        held = max(ledger.position(order.symbol).qty * -order.side.sign, 0)
        return self._kernel.funds.reducible(order, held, self._kernel.instrument(order.symbol))

    def drop_if_not_reducing(self, order: OrderState) -> None:
        """Take away a reducing order that has nothing left to reduce."""
        least = self._kernel.instrument(order.symbol).lot_units
        if order.reduce_only and self._allowed(order) < least:
            self.end(order, CancelReason.NOT_REDUCING)
