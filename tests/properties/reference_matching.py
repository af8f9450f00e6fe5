"""A plain matching of orders: the documented rules, one row at a time.

It shares no code with the engine and keeps no book: for every row it looks at every order again.
"""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_common import Common
from tests.properties.reference_crossing import crosses, seen_prices, shows_bid_and_ask
from tests.properties.reference_groups import ReferenceGroups
from tests.properties.reference_levels import Level
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_slippage import is_maker, slipped
from tests.properties.reference_told import told_of
from tests.properties.row_cases import (
    BarRow,
    MadeRow,
    MessageRow,
    PriceRow,
    PrintRow,
    QuoteRow,
    StatusRow,
    rows_in,
)

from offbook.domain.config import LimitFill, StalePolicy
from offbook.domain.market_data import DataKind
from offbook.domain.orders import (
    CancelReason,
    OrderStatus,
    TimeInForce,
)
from offbook.domain.session import SessionStatus as Status


class ReferenceMatching(ReferenceGroups):
    """Takes rows and matches."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self.asks = Level(ZERO)
        self.bids = Level(ZERO)
        self.changed = -1
        """When open orders were last adjusted, or a position restated."""

    def cancel(self, order: Order, reason: CancelReason) -> None:
        """At the venue of its instrument."""
        self.venue_of(order.symbol).cancel_here(order, reason)

    def cancel_here(self, order: Order, reason: CancelReason) -> None:
        self.account.end(order, OrderStatus.CANCELED, reason.value)
        self.tell("OrderCanceled", order.number, reason, self.report(order.number))
        self.settle(order)

    # -- rows -------------------------------------------------------------------------------

    def row(self, row: MadeRow) -> bool:
        """Take a row; False where the session stands still before it."""
        if not self.stands_still:
            self.happen_before(row.ts)
        if self.stands_still:
            return False
        if isinstance(row, BarRow):
            self.take_bar(row)
        else:
            self._begin(row.ts)
            if self.stands_still:
                return False
            if isinstance(row, StatusRow):
                self.take_status(row)
            elif isinstance(row, MessageRow):
                self.take_message(row)
            elif isinstance(row, PrintRow):
                self.present = row if self.setup.kinds[0] is DataKind.TRADES else None
                taken = self.print_of_auction(row)
                self.match_print(row, row.size - taken)
            else:
                self._match_quote(row)
            self.took(row)
            self.check_flat()
        return True

    def _begin(self, ts: int) -> None:
        """The first round of an instant comes before its first row; later rows follow at once."""
        if ts == self.now and self.ended:
            self.round()
        elif ts > self.now or self.only_commands:
            self.move_to(ts)
            self.only_commands = False
            if any(due.at <= ts for due in self.dues):
                self.round()

    def took(self, row: MadeRow) -> None:
        self.last, self.present = row, None
        beside = isinstance(row, PrintRow) and shows_bid_and_ask(self.setup)
        beside = beside or (isinstance(row, BarRow) and not self.setup.bars)
        if not (beside or isinstance(row, StatusRow | MessageRow)):
            self.priced = row
        self.rows += rows_in(row)
        self.judge_equity()
        if self.status is Status.RUNNING and not isinstance(row, BarRow):
            self.seen.append(self.shown_at(row))

    def shown_at(self, row: MadeRow) -> int:
        """The time of what a strategy is shown because of a row."""
        return row.ts

    def _allowed(self, order: Order) -> Fraction:
        """Reducing orders, and all while paused, never increase a position, nor take what another
        order holds."""
        if not order.reduce_only and self.status is not Status.PAUSED:
            return order.open
        return max(ZERO, self.account.reducible(order))

    def tradable(self, order: Order, available: Fraction) -> Fraction:
        """What trades is whole lots."""
        lot = Fraction(self.setup.instrument.lot_size)
        qty = min(order.open, available, self._allowed(order)) // lot * lot
        least = order.open if order.tif is TimeInForce.FOK else min(order.least, order.open)
        return ZERO if qty < least else qty

    def nothing_to_trade(self, order: Order) -> None:
        if order.reduce_only and self._allowed(order) < Fraction(self.setup.instrument.lot_size):
            self.cancel(order, CancelReason.NOT_REDUCING)

    def fill(
        self,
        order: Order,
        qty: Fraction,
        deal: tuple[Fraction, str],
        available: Fraction,
        row: PriceRow,
    ) -> bool:
        price, rule = deal
        available = told_of(available, row)
        maker = is_maker(rule)
        slip = None if maker else slipped(self.setup, order, price, qty, row, self.bands)
        if slip is not None:
            slip, price = price, slip
        before = self.account.purse[self.account.pays_in]
        done = self.account.trade(order, qty, price, self.market(), maker=maker)
        if isinstance(done, CancelReason):
            self.not_paid(order, done)
            return False
        if self.status is Status.PAUSED:
            self.common.fills_while_paused += 1
        fee, realized = done
        due = self.report(order.number, lambda: self.seen.append(order.name))
        self.tell(
            "OrderFilled", order.number, qty, price, maker, fee, realized, order.reserved,
            available, rule, row, slip, self._age(row), due,
        )  # fmt: skip
        change = self.account.purse[self.account.pays_in] - before
        self.await_settlement(order, qty, change, due)
        if order.liquidates:
            self.charge_for_liquidation(self.account.value(qty, price))
        self.redraw()
        return True

    def redraw(self) -> None:
        raise NotImplementedError

    def not_paid(self, order: Order, reason: CancelReason) -> None:
        """An order that cannot be paid for ends."""
        self.cancel(order, reason)

    def await_settlement(self, order: Order, qty: Fraction, change: Fraction, due: int) -> None:
        raise NotImplementedError

    def charge_for_liquidation(self, value: Fraction) -> None:
        raise NotImplementedError

    def is_old(self, row: object) -> bool:
        """Whether a quote that stands is older than it may be."""
        rule = self.setup.venue.freshness
        if rule is None or not isinstance(row, QuoteRow):
            return False
        most = rule.by_symbol.get(self.setup.instrument.symbol, rule.max_age_ns)
        return self.now - row.ts > most

    def may_take(self, row: QuoteRow | PrintRow) -> bool:
        """Whether a row that stands is of these hours and not too old to take from."""
        rule = self.setup.venue.freshness
        waits = rule is not None and rule.policy is not StalePolicy.FLAG and self.is_old(row)
        return self.is_of_these_hours(row.ts) and not waits and row.ts >= self.resumed

    def stands_before(self, order: Order, other: Order) -> Fraction:
        """Of quotes the best price alone is known, and who is first at one price is not."""
        row = self.present or self.priced
        if not isinstance(row, QuoteRow) or not (self.may_take(row) and self.may_trade(order)):
            return ZERO
        level, best = (self.asks, row.ask) if order.buying else (self.bids, row.bid)
        if not best < (other.limit or ZERO) if order.buying else not best > (other.limit or ZERO):
            return ZERO
        if not self.within_bands(best):
            return ZERO
        lot = Fraction(self.setup.instrument.lot_size)
        return level.available() // lot * lot

    def _age(self, row: PriceRow) -> int | None:
        return self.now - row.ts if self.is_old(row) else None

    def take_message(self, row: MessageRow) -> None:
        raise NotImplementedError

    def follow_pegs(self, quote: QuoteRow) -> None:
        raise NotImplementedError

    def print_of_auction(self, row: PrintRow) -> Fraction:
        raise NotImplementedError

    def match_print(self, row: PrintRow, left: Fraction) -> None:
        raise NotImplementedError

    def try_prints(self, order: Order, last: PrintRow) -> None:
        raise NotImplementedError

    def meet(self, quote: QuoteRow) -> None:
        raise NotImplementedError

    def take_bar(self, bar: BarRow) -> None:
        raise NotImplementedError

    def try_close(self, order: Order, bar: BarRow) -> None:
        raise NotImplementedError

    # -- quotes -----------------------------------------------------------------------------

    def _match_quote(self, quote: QuoteRow) -> None:
        """Buys, then sells, best price first and then in time priority."""
        self.present = quote
        self.meet(quote)
        if self.asks.price != quote.ask:
            self.asks = Level(quote.ask)
        if self.bids.price != quote.bid:
            self.bids = Level(quote.bid)
        self.asks.story.append(("shows", quote.ask_size))
        self.bids.story.append(("shows", quote.bid_size))
        if self.trades_now():
            self.pull(quote)
        for buying in (True, False):
            for order in self.by_price(buying=buying):
                if not order.ended and crosses(order, quote) and self.may_trade(order):
                    self._take_shown(order, quote)
        self._touch(quote)
        for order in self.account.working():
            if order.is_in_book and not order.waits and not crosses(order, quote):
                order.taker = False
        self.follow_pegs(quote)

    def _touch(self, quote: QuoteRow) -> None:
        """Where that is asked for, a quote that shows a resting limit's price on its own side fills
        it, as far as the size goes, and before it those that offer more."""
        touch = self.setup.venue.limit_fill is LimitFill.TOUCH
        if not touch or DataKind.TRADES in self.setup.kinds:
            return
        for buying, level, side in ((True, self.bids, "bid"), (False, self.asks, "ask")):
            mine = [o for o in self.by_price(buying=buying) if o.limit is not None and not o.taker]
            if not any(o.limit == level.price and self._may_rest(o) for o in mine):
                continue
            for order in mine:
                price = order.limit
                if price is None or not self._may_rest(order):
                    continue
                if price < level.price if buying else price > level.price:
                    continue
                available = level.available()
                qty = self.tradable(order, available)
                if qty <= 0:
                    self.nothing_to_trade(order)
                    continue
                what = "the limit" if price == level.price else "a limit behind"
                deal = (price, f"{side} touched {what}")
                if self.fill(order, qty, deal, available, quote):
                    level.story.append(("took", qty))
                    self.settle(order)

    def _may_rest(self, order: Order) -> bool:
        assert order.limit is not None
        in_bands = self.within_bands(order.limit)
        return not order.ended and self.may_trade(order) and bool(in_bands)

    def pull(self, row: QuoteRow | PrintRow) -> None:
        """Stops that a row triggers, then those it touches; then trailing stops follow it."""
        for order in self._waiting():
            if not order.ended and self.reached(order, row):
                self.trigger(order, row)
        ask, bid = seen_prices(row)
        for order in self._waiting():
            if order.trails:
                self.follow(order, ask if order.buying else bid)

    def reached(self, order: Order, row: QuoteRow | PrintRow) -> bool:
        """Whether a row triggers an order that waits."""
        ask, bid = seen_prices(row)
        assert order.stop is not None
        if order.touched:
            return ask <= order.stop if order.buying else bid >= order.stop
        return ask >= order.stop if order.buying else bid <= order.stop

    def _waiting(self) -> list[Order]:
        waiting = [o for o in self.account.working() if o.is_in_book and o.waits]
        return sorted(waiting, key=lambda o: (o.touched, o.rank))

    def follow(self, order: Order, price: Fraction) -> None:
        if price < order.mark if order.buying else price > order.mark:
            order.mark = price
            order.stop = self.account.level(order, price)

    def trigger(self, order: Order, row: QuoteRow | PrintRow) -> None:
        """A row triggers an order, which meets a quote at once, and of prints the next."""
        if isinstance(row, PrintRow):
            if self.triggered(order, row, "print reached the trigger price", row.size):
                self.try_prints(order, row)
            return
        level = self.asks if order.buying else self.bids
        side = "ask" if order.buying else "bid"
        rule = f"{side} reached the trigger price"
        if self.triggered(order, row, rule, level.available()):
            self.meet_quote(order, row)

    def triggered(self, order: Order, row: PriceRow, rule: str, available: Fraction) -> bool:
        """An order is triggered; whether it then acts."""
        available = told_of(available, row)
        order.waits, order.taker, order.rank = False, True, self.next_rank()
        self.tell(
            "OrderTriggered",
            order.number,
            order.stop,
            available,
            rule,
            row,
            self.report(order.number),
        )
        return self.keeps_off_itself(order)

    def by_price(self, *, buying: bool) -> list[Order]:
        working = [o for o in self.account.working() if o.is_in_book and not o.waits]
        mine = [o for o in working if o.buying is buying]
        markets = [o for o in mine if o.limit is None]
        limits = [o for o in mine if o.limit is not None]
        markets.sort(key=lambda o: o.rank)
        limits.sort(key=lambda o: ((-o.limit if buying else o.limit) or ZERO, o.hidden, o.rank))
        return markets + limits

    def meet_last(self, order: Order) -> None:
        """An order that has arrived meets the market as last seen."""
        row = self.present or self.priced
        if row is None:
            return
        if isinstance(row, BarRow):
            self.try_close(order, row)
            return
        if order.waits:
            if self.reached(order, row) and self.may_take(row) and self.trades_now():
                self.trigger(order, row)
        elif isinstance(row, QuoteRow):
            self.meet_quote(order, row)
        else:
            self.try_prints(order, row)

    def meet_quote(self, order: Order, quote: QuoteRow) -> None:
        if not crosses(order, quote):
            order.taker = False
        elif self.may_take(quote) and self.may_trade(order):
            self._take_shown(order, quote)
        self.end_rest(order)

    def end_rest(self, order: Order) -> None:
        if not order.ended and order.tif in {TimeInForce.IOC, TimeInForce.FOK}:
            self.cancel(order, CancelReason[order.tif.value])

    def _take_shown(self, order: Order, quote: QuoteRow) -> None:
        level = self.asks if order.buying else self.bids
        if not self.within_bands(level.price):
            return
        available = level.available()
        qty = self.tradable(order, available)
        if qty <= 0:
            self.nothing_to_trade(order)
            return
        other = "ask" if order.buying else "bid"
        if order.limit is None or order.taker:
            price, rule = level.price, f"took the shown {other}"
        else:
            price, rule = self.into_bands(order.limit), f"{other} reached the limit"
        if self.fill(order, qty, (price, rule), available, quote):
            level.story.append(("took", qty))
            self.settle(order)
