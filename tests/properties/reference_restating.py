"""Splits in the reference, and what they and dividends do to open orders."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.properties.market_cases import Setup
from tests.properties.reference_charges import CENTS
from tests.properties.reference_clock import MESSAGE_STAGE
from tests.properties.reference_common import Common
from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_loss import ReferenceLoss
from tests.properties.reference_orders import ZERO, Order
from tests.properties.row_cases import BarRow, PriceRow, PrintRow, QuoteRow

from offbook.domain.config import ActionOrders
from offbook.domain.orders import CancelReason, OrderSide, OrderType

STOPS = {OrderType.STOP, OrderType.STOP_LIMIT}


class ReferenceRestating(ReferenceLoss):
    """All quantities and prices, one after the other."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self.delisted = False

    @property
    def _tick(self) -> Fraction:
        return Fraction(self.setup.instrument.tick_size)

    @property
    def _lot(self) -> Fraction:
        return Fraction(self.setup.instrument.lot_size)

    @property
    def _finest_price(self) -> Fraction:
        return Fraction(1, 10**self.setup.instrument.price_precision)

    # -- splits -----------------------------------------------------------------------------

    def split(self, ratio: Fraction, into: str) -> None:
        """Each old share becomes so many new ones, in whole lots, perhaps of another symbol; the
        rest is paid at mid."""
        new = self.venue_of(into)
        if ratio < 1 or new is not self:
            self.end_all(CancelReason.CORPORATE_ACTION)
        account, market = self.account, self.market()
        sign = -1 if account.held < 0 else 1
        shares = abs(account.held) * ratio
        whole = shares // new._lot * new._lot
        rest = shares - whole
        in_lieu = realized = ZERO
        if rest:
            mid = sum(market or (ZERO, ZERO)) / 2
            cent = Fraction(1, 10 ** CENTS.get(self.setup.instrument.quote_currency, 8))
            in_lieu = math.floor(sign * rest * mid / ratio / cent) * cent
            part = round(account.cost * rest / shares * 10**18) / Fraction(10**18)
            part = account.cost if rest == shares else part
            realized = in_lieu - sign * part
            account.cost -= part
        account.held = sign * whole
        if isinstance(account, MarginAccount):
            account.drawn = account.held, account.drawn[1]
        if new is not self:
            realized = new.account.join(account, realized)
        new.account.realized += realized
        worth = account.worth(realized)
        account.realized_here += worth
        if in_lieu:
            change = account.changed(in_lieu) if account.converts else in_lieu
            account.purse[account.pays_in] += change
        due = self.heard()
        self.changed = self.now
        if new is self or new.priced is None:
            new.resumed = self.now
        held, cost = new.account.held, new.account.cost
        self.tell("PositionRestated", ratio, held, cost, in_lieu, realized, worth, due)
        if self.setup.listener:
            self.later(due, MESSAGE_STAGE, lambda: None)
        self.locks_follow(ratio, new)
        self._market_reads_as_after(ratio)
        if new is self:
            self._follow_split(ratio)
            self.rejoin_book()
            return
        self.account.symbol_ended = self.delisted = True
        if new.priced is None and self.priced is not None:
            new.priced = replace(self.priced, symbol=into)

    def _market_reads_as_after(self, ratio: Fraction) -> None:
        """The last price, and the bands of an exchange."""
        self.drop_book()
        if self.priced is not None:
            self.priced = self._as_after(self.priced, ratio)
        lower, upper = self.bands
        if lower is not None:
            lower = lower / ratio // self._finest_price * self._finest_price
        if upper is not None:
            upper = -(-upper / ratio // self._finest_price) * self._finest_price
        self.bands = (lower, upper)

    def locks_follow(self, ratio: Fraction, new: Any) -> None:
        """Shares that wait for their payment become others, which wait."""
        raise NotImplementedError

    def _as_after(self, row: PriceRow, ratio: Fraction) -> PriceRow:
        """The last row as it would have read, to the nearest price; sizes stay."""

        def after(price: Fraction) -> Fraction:
            return max(1, round(price / ratio / self._finest_price)) * self._finest_price

        if isinstance(row, QuoteRow):
            return replace(row, bid=after(row.bid), ask=after(row.ask))
        if isinstance(row, PrintRow):
            return replace(row, price=after(row.price))
        assert isinstance(row, BarRow)
        prices = {name: after(getattr(row, name)) for name in ("open", "high", "low", "close")}
        return replace(row, **prices)

    def _follow_split(self, ratio: Fraction) -> None:
        if self.setup.venue.action_orders is ActionOrders.CANCEL or ratio < 1:
            self.end_all(CancelReason.CORPORATE_ACTION)
            return
        for order in self.account.working():
            working = self.account.all_working()
            waits_for_it = [
                o
                for o in working
                if o.held and o.symbol == order.symbol and self.parent_of(o) is order
            ]
            if waits_for_it and not order.ended:
                self.cancel(order, CancelReason.CORPORATE_ACTION)
        for order in self.account.working():
            if order.ended:
                continue
            if order.open * ratio < self._lot:  # the venue has not refused it yet
                self.cancel(order, CancelReason.CORPORATE_ACTION)
            else:
                self._split_order(order, ratio)

    def _split_order(self, order: Order, ratio: Fraction) -> None:
        selling = order.side is OrderSide.SELL
        qty = order.filled + order.open * ratio // self._lot * self._lot
        order.limit = self._on_tick(order.limit, ratio, up=selling)
        order.cap = self._on_tick(order.cap, ratio, up=selling)
        order.trail = self._on_tick(order.trail, ratio, up=True)
        if order.trails and order.waits and order.accepted is not None and not order.held:
            unit = self._finest_price
            order.mark = max(order.mark / ratio // unit, 1) * unit
            order.stop = self.account.level(order, order.mark)
        elif not order.trails or not order.waits:  # of one that trailed: where it was triggered
            order.stop = self._on_tick(order.stop, ratio, up=selling is order.touched)
        unit = self._finest_price
        offset = order.offset / ratio / unit
        order.offset = (math.ceil(offset) if selling else math.floor(offset)) * unit
        if order.display:
            order.display = max(order.display * ratio // self._lot, 1) * self._lot
        if order.least:
            order.least = max(order.least * ratio // self._lot, 1) * self._lot
        order.reserve_price = -(-order.reserve_price / ratio // unit) * unit
        mates = order.group.orders if order.group else []
        if not order.held and any(mate.symbol != order.symbol for mate in mates):
            counted = order.filled if mates[0] is order else order.given
            order.done, order.since = order.progress(counted), counted
            order.split_by *= ratio
        self._adjusted(order, qty)

    def _on_tick(self, price: Fraction | None, ratio: Fraction, *, up: bool) -> Fraction | None:
        if price is None:
            return None
        ticks = price / ratio / self._tick
        return max(math.ceil(ticks) if up else math.floor(ticks), 1) * self._tick

    # -- dividends --------------------------------------------------------------------------

    def follow_dividend(self, amount: Fraction) -> None:
        """Of a cent or more: limits to buy, and stops to sell, fall by it, down to a tick."""
        if self.setup.venue.action_orders is not ActionOrders.ADJUST or amount < Fraction(1, 100):
            return
        for order in self.account.working():
            if order.ended:
                continue
            before = (order.limit, order.stop, order.cap)
            waits_for_a_price = order.waits and not order.trails
            if order.buying and not waits_for_a_price:
                order.limit, order.cap = (
                    self._less(order.limit, amount),
                    self._less(order.cap, amount),
                )
            elif not order.buying and order.kind in STOPS and order.waits:
                order.limit = self._less(order.limit, amount)
                order.stop = self._less(order.stop, amount)
            after = (order.limit, order.stop, order.cap)
            if after == before:
                continue
            if ZERO in after:
                order.limit, order.stop, order.cap = before
                self.cancel(order, CancelReason.CORPORATE_ACTION)
            else:
                self._adjusted(order, order.qty)

    def _less(self, price: Fraction | None, amount: Fraction) -> Fraction | None:
        return None if price is None else max((price - amount) // self._tick, 0) * self._tick

    # -- orders -----------------------------------------------------------------------------

    def end_all(self, reason: CancelReason) -> None:
        for order in self.account.working():
            if not order.ended:
                self.cancel(order, reason)

    def _adjusted(self, order: Order, qty: Fraction) -> None:
        if order.buying and order.bound is not None:
            order.reserve_price = order.bound
        held = order.held
        amount = ZERO if held else self.account.held_together(order, qty, order.reserve_price)
        order.qty = qty
        self.account.hold(order, amount)
        if held:
            order.sent_qty = qty
        self.changed = self.now
        works = order.accepted is not None and not held
        due = self.report(order.number) if works else self.heard(order.number)
        self.tell(
            "OrderAdjusted", order.number, qty, order.limit, order.stop, order.trail,
            order.percent, amount, order.display, order.least, order.cap, order.offset, due,
        )  # fmt: skip
