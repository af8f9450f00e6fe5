"""Bars in the plain venue: the documented rules, and those of other engines to compare with.

A path through a bar is written out price by price, and an order's moment is the place in it at
which the order is first reached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_auctions import ReferenceAuctions
from tests.properties.reference_clock import DAY
from tests.properties.reference_common import Common
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_slippage import is_maker, slipped
from tests.properties.reference_told import NO_LIMIT
from tests.properties.row_cases import BarRow, PriceRow

from offbook.domain.config import (
    UNLIMITED,
    BarPrices,
    FillAt,
    Intrabar,
    LimitFill,
    LimitGap,
    StopGap,
    StopLimitFill,
    Unpaid,
)
from offbook.domain.orders import CancelReason, ContingencyType, OrderType, TimeInForce

AT_THE_CLOSE = "market order at the close"
OVER_A_GAP = "stop had its own price, which the open was beyond"
Deal = tuple[Fraction, str]


@dataclass
class Held:
    """An order that is held against a bar from a price on; a stop that was released ``inside`` the
    bar from that of its entry."""

    order: Order
    begin: Fraction
    inside: bool = False


class ReferenceBars(ReferenceAuctions):
    """Matches bars."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self._left = ZERO
        self._came: BarRow | None = None
        """The bar as it came, which fills show as their evidence."""
        self._trying: Order | None = None

    def _as_seen(self, bar: BarRow) -> BarRow:
        """What orders are held against."""
        self._came = bar
        if self.setup.venue.bar_prices is BarPrices.RANGE:
            return bar
        return replace(bar, open=bar.close, high=bar.close, low=bar.close)

    def fill(
        self,
        order: Order,
        qty: Fraction,
        deal: Deal,
        available: Fraction,
        row: PriceRow,
    ) -> bool:
        return super().fill(order, qty, deal, available, self._evidence(row))

    def triggered(self, order: Order, row: PriceRow, rule: str, available: Fraction) -> bool:
        return super().triggered(order, self._evidence(row), rule, available)

    def _evidence(self, row: PriceRow) -> PriceRow:
        return self._came if isinstance(row, BarRow) and self._came is not None else row

    def not_paid(self, order: Order, reason: CancelReason) -> None:
        """In a bar it is for whoever tried to say what becomes of it."""
        if order is self._trying:
            self._short_of = reason
        else:
            super().not_paid(order, reason)

    def _counts(self, bar: BarRow) -> bool:
        """Bars of a day or more span closed hours; shorter ones must begin in open ones. Of a halt
        a bar that began in it knows nothing else."""
        if self.halted is not None and self.halted <= bar.opened:
            return False
        regular = bar.ts - bar.opened >= DAY or self.is_open(bar.opened)
        return regular or self.extra_at(bar.opened) is not None

    def _is_for(self, order: Order, bar: BarRow) -> bool:
        """A bar that begins in extended hours is for orders alone that say so."""
        return order.extended or bar.ts - bar.opened >= DAY or self.is_open(bar.opened)

    def take_bar(self, bar: BarRow) -> None:
        """A bar is matched before everything else that happens at its end."""
        self.move_to(bar.ts)
        if self.setup.bars and self._counts(bar):
            self._match_bar(bar)
        self.took(bar)
        self.ended, self.only_commands = [*self.ended, bar], False
        several = len(self.setup.sources) > 1 or len(self.common.venues) > 1
        if not several:  # else another row may be of this instant
            self.round()

    def try_close(self, order: Order, bar: BarRow) -> None:
        """An order that arrives may have the close of the bar that ended last; else it waits for
        the next."""
        if self.setup.venue.fill_at is not FillAt.THIS_CLOSE or order.waits:
            return
        matching = any(isinstance(venue.present, BarRow) for venue in self.common.venues)
        if matching or not self._counts(bar) or not self._is_for(order, bar):
            return
        if self.halted is not None or bar.ts <= self.resumed:
            return  # what was seen before a halt is over
        if order.sent != bar.ts and not self.are_same_hours(bar.opened, self.now):
            return  # nobody trades there any more
        bar = self._as_seen(bar)
        limit, close = order.limit, bar.close
        if limit is not None and (close > limit if order.buying else close < limit):
            return
        self._take_from_bar(order, (close, "had the close of the bar that had just ended"), bar)
        self.end_rest(order)

    def _match_bar(self, bar: BarRow) -> None:
        units = 10**self.setup.instrument.qty_precision
        self._left = NO_LIMIT
        if self.setup.venue.volume_share != UNLIMITED:
            share = bar.volume * Fraction(self.setup.venue.volume_share)
            self._left = Fraction(int(share * units), units)
        self.present, bar = bar, self._as_seen(bar)
        follow = []
        self._left -= self.auction_of_bar(bar, TimeInForce.OPG, self._left)
        for order in self._turns(bar):
            if order.ended or not _competes(order, bar) or not self._is_for(order, bar):
                continue
            moment = self._moment(order, bar)
            order.bars += 1
            deal = self._meet_bar(Held(order, bar.open), bar)
            if deal is not None and deal[1] != AT_THE_CLOSE:
                for stop in self._stops_of(order):
                    if self._is_ahead(stop, moment, bar):
                        stop.bars += 1
                        self._meet_bar(Held(stop, self._stood_at(deal, bar), inside=True), bar)
            if order.waits and order.trails:
                follow.append(order)
        self._left -= self.auction_of_bar(bar, TimeInForce.CLS, self._left)
        for order in follow:
            if not order.ended:
                self.follow(order, bar.low if order.buying else bar.high)

    @staticmethod
    def _stood_at(deal: tuple[Fraction, str], bar: BarRow) -> Fraction:
        """Where the market stood when an order traded: who had its own price did so at the open."""
        return bar.open if deal[1] == OVER_A_GAP else deal[0]

    # -- in which order ---------------------------------------------------------------------

    def _turns(self, bar: BarRow) -> list[Order]:
        """The worst first: stops, then everything else; or as a path reaches them."""
        working = sorted(self.account.working(), key=lambda o: o.rank)
        working = [o for o in working if o.is_in_book]
        if self.setup.venue.intrabar is Intrabar.WORST_FIRST:
            stops = [o for o in working if o.waits and not o.touched]
            return stops + [o for o in working if o not in stops]
        moments = {o.number: self._moment(o, bar) for o in working}
        reached = [o for o in working if moments[o.number] is not None]
        reached.sort(key=lambda o: (moments[o.number] or 0, o.rank))
        return reached + [o for o in working if o not in reached]

    def _walk(self, bar: BarRow) -> list[Fraction]:
        """All prices of a bar in the order that is supposed, each that can be written once on the
        way between two of them."""
        corners = [bar.open, bar.high, bar.low, bar.close]
        if self.setup.venue.intrabar is Intrabar.OLHC:
            corners = [bar.open, bar.low, bar.high, bar.close]
        unit = Fraction(1, 10**self.setup.instrument.price_precision)
        walk = corners[:1]
        for corner in corners[1:]:
            while walk[-1] != corner:
                walk.append(walk[-1] + (unit if corner > walk[-1] else -unit))
        return walk

    def _moment(self, order: Order, bar: BarRow) -> int | None:
        """The place in the walk at which an order is triggered or trades, if it is."""
        walk = self._walk(bar)
        if order.waits:
            return _first_reached(order, walk)
        deal = self._bar_deal(order, bar, first=order.bars == 0)
        if deal is None:
            return None
        if deal[1] == AT_THE_CLOSE:
            return len(walk) - 1
        if "through" not in deal[1] and "touched" not in deal[1]:
            return 0
        limit = order.limit
        assert limit is not None
        if self.setup.venue.limit_fill is LimitFill.TOUCH:
            return [px <= limit if order.buying else px >= limit for px in walk].index(True)
        beyond = [px < limit if order.buying else px > limit for px in walk]
        return beyond.index(True)

    def _is_ahead(self, stop: Order, moment: int | None, bar: BarRow) -> bool:
        """Whether a stop was released just now and may be reached in what is left of the bar."""
        if stop.released != bar.ts or stop.ended or not stop.waits:
            return False
        if self.setup.venue.intrabar is Intrabar.WORST_FIRST:
            return True
        return _first_reached(stop, self._walk(bar)[moment or 0 :]) is not None

    @staticmethod
    def _stops_of(parent: Order) -> list[Order]:
        """Stops of a fixed price that an order's trades release."""
        group = parent.group
        if group is None or group.kind is ContingencyType.OCO or group.orders[0] is not parent:
            return []
        kinds = {OrderType.STOP, OrderType.STOP_LIMIT}
        return [o for o in group.orders[1:] if o.kind in kinds and o.symbol == parent.symbol]

    # -- at which price ---------------------------------------------------------------------

    def _meet_bar(self, held: Held, bar: BarRow) -> Deal | None:
        """Hold an order against a bar; what the bar offered it, slippage apart."""
        order = held.order
        if order.waits:
            fair = self._trigger_price(held, bar)
            if fair is None:
                return None
            price = self._given_price(held, fair)
            where = "open" if price == bar.open else "bar"
            rule = f"{where} reached the trigger price"
            if not self.triggered(order, bar, rule, self._left):
                return None
            limit = order.limit
            deal = None
            if limit is None or (price <= limit if order.buying else price >= limit):
                deal = (price, "triggered in the bar" if price == fair else OVER_A_GAP)
            elif self.setup.venue.stop_limit is not StopLimitFill.NEXT_BAR:
                deal = self._came_back(order, bar, whole=where == "open")
        else:
            deal = self._bar_deal(order, bar, first=order.bars == 1)
        if deal is not None:
            self._take_from_bar(order, deal, bar)
        self.end_rest(order)
        return deal

    def _came_back(self, order: Order, bar: BarRow, *, whole: bool) -> Deal | None:
        """A stop's limit that its trigger did not satisfy, after it: where the open was that, in
        the whole bar, and else at its close; or wherever it lies in the bar."""
        limit = order.limit
        assert limit is not None
        if order.tif in {TimeInForce.IOC, TimeInForce.FOK}:
            return None
        best = bar.close
        if whole or self.setup.venue.stop_limit is StopLimitFill.RANGE:
            best = bar.low if order.buying else bar.high
        through = best < limit if order.buying else best > limit
        touched = best == limit and self.setup.venue.limit_fill is LimitFill.TOUCH
        return (limit, "came back to the limit after the trigger") if through or touched else None

    def _trigger_price(self, held: Held, bar: BarRow) -> Fraction | None:
        """Where a bar triggers an order that waits: at its price, or beyond it where the bar begins
        for the order."""
        order, stop = held.order, held.order.stop
        assert stop is not None
        rises = order.buying is not order.touched
        if bar.high < stop if rises else bar.low > stop:
            return None
        return max(stop, held.begin) if rises else min(stop, held.begin)

    def _given_price(self, held: Held, fair: Fraction) -> Fraction:
        """A stop that a gap leaps over may be given its own price."""
        stop = held.order.stop
        assert stop is not None
        gift = self.setup.venue.stop_gap is StopGap.STOP
        return stop if gift and not held.inside and not held.order.touched else fair

    def _bar_deal(self, order: Order, bar: BarRow, *, first: bool) -> Deal | None:
        limit = order.limit
        if limit is None:
            if self.setup.venue.fill_at in {FillAt.THIS_CLOSE, FillAt.NEXT_CLOSE}:
                return bar.close, AT_THE_CLOSE
            return bar.open, "market order at the open"
        fresh = first and not order.post_only
        if fresh and (bar.open <= limit if order.buying else bar.open >= limit):
            return bar.open, "open satisfied the limit"
        if order.tif in {TimeInForce.IOC, TimeInForce.FOK}:
            return None
        beyond = bar.open < limit if order.buying else bar.open > limit
        if beyond and self.setup.venue.limit_gap is LimitGap.OPEN:
            return bar.open, "open was beyond the limit"
        if bar.low < limit if order.buying else bar.high > limit:
            nearest = min(limit, bar.high) if order.buying else max(limit, bar.low)
            return nearest, "bar traded through the limit"
        touched = (bar.low if order.buying else bar.high) == limit
        if touched and self.setup.venue.limit_fill is LimitFill.TOUCH:
            return limit, "bar touched the limit"
        return None

    def _take_from_bar(self, order: Order, deal: Deal, bar: BarRow) -> None:
        if not self.within_bands(deal[0]):
            return
        qty = self.tradable(order, self._left)
        if qty <= 0:
            self.nothing_to_trade(order)
            return
        self._trying = order
        done = self.fill(order, qty, deal, self._left, bar)
        self._trying = None
        if not done:
            qty = self._instead(order, qty, deal, bar)
        if qty:
            self._left -= qty
            self.settle(order)

    def _instead(self, order: Order, qty: Fraction, deal: Deal, bar: BarRow) -> Fraction:
        """An order that cannot be paid for ends; or waits; or trades as many lots as can be, and
        its rest ends. How much traded."""
        reason, rule = self._short_of, self.setup.account.unpaid
        if rule is Unpaid.WAIT:
            return ZERO
        paid = self._affordable(order, qty, deal, bar) if rule is Unpaid.CUT else ZERO
        if paid:
            self.fill(order, paid, deal, self._left, bar)
        if not order.ended:
            self.cancel(order, reason)
        return paid

    def _affordable(self, order: Order, qty: Fraction, deal: Deal, bar: BarRow) -> Fraction:
        """The most whole lots that can be paid for, unless that is less than may trade at once."""
        lot, maker = Fraction(self.setup.instrument.lot_size), is_maker(deal[1])
        least = order.open if order.tif is TimeInForce.FOK else min(order.least, order.open)
        row = self._evidence(bar)
        for lots in range(int(qty / lot) - 1, 0, -1):
            part = lots * lot
            price = None if maker else slipped(self.setup, order, deal[0], part, row, self.bands)
            price = deal[0] if price is None else price
            if self.account.can_pay(order, part, price, self.market(), maker=maker):
                return ZERO if part < least else part
        return ZERO


def _competes(order: Order, bar: BarRow) -> bool:
    """The time inside a bar is unknown, so an order takes part in whole bars only."""
    early = order.accepted is not None and order.accepted < bar.ts
    return early and order.sent <= bar.opened and not order.held


def _first_reached(order: Order, walk: list[Fraction]) -> int | None:
    """The place in a walk at which an order that waits is triggered."""
    stop = order.stop
    assert stop is not None
    rises = order.buying is not order.touched
    reached = [px >= stop if rises else px <= stop for px in walk]
    return reached.index(True) if any(reached) else None
