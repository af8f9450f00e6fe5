"""Orders for the opening and the closing auction (OPG and CLS): ``auction-print.1`` on prints that
are marked as official prices, ``auction-bar.1`` on bars.

- an order is for the next opening, or close, of its calendar after it arrives; from the cut-off on
  none is taken for it, and none canceled or replaced (AUCTION_CUTOFF);
- a print that is marked as the price of a reopening serves, while trading is halted, the orders of
  the book by the same rule;
- where the exchange holds auctions at its break at noon too (``venue.auctions.at_break``), the next
  one may be there, unless the data has only bars of a day, which show none;
- it stands apart from the book: no other row fills it;
- it trades at the price of the auction: a market order, and a limit that is better than that price
  (``venue.auctions.limit``), market orders first, then by limit, then by time, all of them together
  at most the size of the print, or the share of the bar that the session may take;
- what is left after the auction has expired (AUCTION_OVER); so has all of it where the recording
  shows no price (NO_AUCTION_PRICE): of an opening by that day's close, of a close by the next
  opening;
- in bars the opening price is the open of the bar that begins with the session, or of a day's bar,
  the closing price the close of the one that ends with it;
- markets that never close, or that open as they close, have no auctions, nor have markets whose
  data cannot show one (quotes, prints that are not marked, bars longer than a day): NO_AUCTION.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.config import AtBreak, AuctionLimit
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, DataKind, Trade
from offbook.domain.orders import Auction, CancelReason, Liquidity, RejectReason, TimeInForce
from offbook.domain.record_parts import Evidence
from offbook.engine.desk.terms import Refusal
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.market.auction_times import AuctionTimes
from offbook.engine.venue.book import by_limit
from offbook.engine.venue.fills import Filler, bar_evidence, print_evidence

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue

PRINT_MODEL: Final = "auction-print.1"
BAR_MODEL: Final = "auction-bar.1"
_FORCES: Final = {Auction.OPENING: TimeInForce.OPG, Auction.CLOSING: TimeInForce.CLS}


class Auctions:
    """The auctions of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._venue = venue
        self._filler = filler
        self._rules = kernel.config.venue.auctions
        self._known: dict[str, bool] = {}
        self._at: dict[tuple[str, AtBreak], AuctionTimes] = {}

    # -- orders -----------------------------------------------------------------------------

    def refusal(self, order: OrderState) -> Refusal | None:
        """Why the venue does not take an order for an auction as it arrives."""
        if not order.time_in_force.is_auction:
            return None
        instrument = self._kernel.instrument(order.symbol)
        lacks = self._lacks(instrument)
        if lacks is not None:
            return Refusal(reason=RejectReason.NO_AUCTION, limit=lacks)
        at, _ = self.times_of(order)
        if at == NEVER:
            return Refusal(reason=RejectReason.NO_AUCTION, limit="the calendar's last session")
        until, now = at - self._cutoff(order), self._kernel.now
        if now < until:
            return None
        return Refusal(reason=RejectReason.AUCTION_CUTOFF, limit=str(until), value=str(now))

    def times_of(self, order: OrderState) -> tuple[int, int]:
        """When the auction is that an order which arrives now is for, and when it has waited long
        enough for its price."""
        times = self._times(self._kernel.instrument(order.symbol))
        if order.time_in_force is TimeInForce.OPG:
            return times.opening(self._kernel.now)
        return times.close(self._kernel.now)

    def _times(self, instrument: Instrument) -> AuctionTimes:
        """When the auctions of an instrument are that its data shows."""
        calendar = self._kernel.calendar_of(instrument)
        rule = self._rules.of_break(calendar.name)
        if self._shows_days(instrument.symbol):
            rule = AtBreak.NONE
        known = self._at.get((calendar.name, rule))
        if known is None:
            known = self._at[calendar.name, rule] = AuctionTimes(calendar, rule)
        return known

    def _shows_days(self, symbol: str) -> bool:
        """Whether only the open and the close of days are known."""
        kernel = self._kernel
        assert kernel.market is not None
        if any(source.auctions is True for source in kernel.market.sources_of(symbol)):
            return False
        return (kernel.pricing[symbol].timeframe_ns or 0) >= DAY_NS

    def is_locked(self, order: OrderState) -> bool:
        """Whether an order can no longer be taken out of its auction."""
        at = order.auction_ts
        return at is not None and self._kernel.now >= at - self._cutoff(order)

    def _cutoff(self, order: OrderState) -> int:
        rules, opening = self._rules, order.time_in_force is TimeInForce.OPG
        return rules.open_cutoff_ns if opening else rules.close_cutoff_ns

    def _lacks(self, instrument: Instrument) -> str | None:
        """Why there are no auctions of an instrument, or none that its data shows."""
        calendar = self._kernel.calendar_of(instrument)
        if not self._known.setdefault(calendar.name, _closes_daily(calendar)):
            return calendar.name
        kernel, symbol = self._kernel, instrument.symbol
        assert kernel.market is not None
        if any(source.auctions is True for source in kernel.market.sources_of(symbol)):
            return None
        pricing = kernel.pricing[symbol]
        if pricing.kind is not DataKind.BARS:
            return f"{pricing.kind.value} show no auction"
        longer = (pricing.timeframe_ns or 0) > DAY_NS
        return "bars longer than a day show no auction" if longer else None

    # -- prices -----------------------------------------------------------------------------

    def print(self, trade: Trade) -> int:
        """A print that is the official price of an auction; how much of it was taken."""
        if trade.auction is Auction.REOPENING:
            return self._reopens(trade)
        force = None if trade.auction is None else _FORCES.get(trade.auction)
        orders = self._venue.book(trade.instrument.symbol).for_auction(trade.ts)
        mine = [order for order in orders if order.time_in_force is force]
        rule = f"official {trade.auction.value} price" if trade.auction else ""
        left = trade.size_qty
        for order in mine:
            evidence = print_evidence(trade, PRINT_MODEL, rule, left)
            left -= self._serve(order, trade.price_px, left, evidence)
        return trade.size_qty - left

    def _reopens(self, trade: Trade) -> int:
        """The auction that ends a halt serves the orders of the book that are for these hours; what
        it leaves of them stays there."""
        symbol, left = trade.instrument.symbol, trade.size_qty
        if symbol not in self._kernel.halted:
            return 0  # then it is a print like others
        book, orders = self._venue.book(symbol), self._kernel.ledger.orders
        for order in sorted((orders[one] for one in book.by_priority()), key=by_limit):
            if order.status.is_terminal or not self._venue.times.would_take_part(order):
                continue
            if self._satisfies(order, trade.price_px):
                evidence = print_evidence(trade, PRINT_MODEL, "official reopening price", left)
                left -= self._trade(order, trade.price_px, left, evidence)
        return trade.size_qty - left

    def opens(self, bar: Bar, came: Bar, left: int) -> int:
        """A bar, of which so much may be taken, may begin with an opening auction; how much was
        taken there. Evidence is the bar as it ``came``, whatever orders see of it."""
        calendar = self._kernel.calendar_of(bar.instrument)
        spans = bar.ts - bar.ts_open >= DAY_NS and not calendar.is_within_day(bar.ts_open)
        before = left
        for order in self._venue.book(bar.instrument.symbol).for_auction(bar.ts):
            at = order.auction_ts or 0
            within = bar.ts_open == at or (bar.ts_open < at < bar.ts and spans)
            if order.time_in_force is TimeInForce.OPG and within:
                evidence = bar_evidence(came, BAR_MODEL, "open of the session's first bar", left)
                left -= self._serve(order, bar.open_px, left, evidence)
        return before - left

    def closes(self, bar: Bar, came: Bar, left: int) -> int:
        """The same for a bar that may end with a closing auction."""
        calendar = self._kernel.calendar_of(bar.instrument)
        before = left
        for order in self._venue.book(bar.instrument.symbol).for_auction(bar.ts):
            at = order.auction_ts or 0
            spans = bar.ts - bar.ts_open >= DAY_NS and calendar.next_open(at) >= bar.ts
            last = bar.ts == at or (bar.ts_open < at < bar.ts and spans)
            if order.time_in_force is TimeInForce.CLS and last:
                evidence = bar_evidence(came, BAR_MODEL, "close of the session's last bar", left)
                left -= self._serve(order, bar.close_px, left, evidence)
        return before - left

    def _serve(self, order: OrderState, px: int, left: int, evidence: Evidence) -> int:
        """An order in its auction; how much it traded. Whatever is left is over."""
        if order.status.is_terminal:
            return 0
        taken = self._trade(order, px, left, evidence) if self._satisfies(order, px) else 0
        if order.leaves_qty:
            self._venue.end(order, CancelReason.AUCTION_OVER)
        return taken

    def _trade(self, order: OrderState, px: int, left: int, evidence: Evidence) -> int:
        """Trade what an order may have of what is left; how much that was."""
        venue = self._venue
        qty = venue.tradable(order, left)
        if qty <= 0:
            return 0
        if not self._filler.fill(order, qty, px, Liquidity.REMOVED, evidence):
            venue.end(order, self._filler.unpaid)
            return 0
        if not order.leaves_qty:
            venue.book(order.symbol).remove(order)
            venue.depth.forget(order)
        venue.settle(order)
        return qty

    def _satisfies(self, order: OrderState, px: int) -> bool:
        if order.price_px is None:
            return True
        better = (order.price_px - px) * order.side.sign
        return better > 0 or (better == 0 and self._rules.limit is AuctionLimit.EQUAL)


def _closes_daily(calendar: TradingCalendar) -> bool:
    """Whether every session is apart from the next, so that it opens and closes by an auction."""
    return not calendar.always_open and all(map(operator.lt, calendar.closes, calendar.opens[1:]))
