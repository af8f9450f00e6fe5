"""A plain venue: the documented rules, one row and one message at a time.

It shares no code with the engine and keeps no book: for every row it looks at every order again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.market_cases import BarRow, MadeRow, PrintRow, QuoteRow, Setup
from tests.properties.reference_account import ZERO, Order
from tests.properties.reference_clock import DAY, VENUE_STAGE, ReferenceClock

from offbook.domain.config import BasisPointsSlippage, NoSlippage
from offbook.domain.orders import CancelReason, OrderStatus, RejectReason, TimeInForce
from offbook.domain.session import SessionStatus as Status


@dataclass
class Level:
    """What happened at one price while it stayed the best: what was shown, what we took."""

    price: Fraction
    story: list[tuple[str, Fraction]] = field(default_factory=list)

    def available(self) -> Fraction:
        """min(shown, shown - taken + increases seen since), told again from its beginning."""
        shown = left = ZERO
        for what, size in self.story:
            if what == "took":
                left -= size
            elif what == "printed":
                left = max(ZERO, left - size)
            else:
                left = min(size, left + max(ZERO, size - shown))
                shown = size
        return left

    def missing(self) -> Fraction:
        """What is shown and cannot be had."""
        shown = [size for what, size in self.story if what == "shows"]
        return shown[-1] - self.available() if shown else ZERO

    def was_taken(self) -> bool:
        """Whether we took anything of it."""
        return any(what != "shows" for what, _ in self.story)


class ReferenceVenue(ReferenceClock):
    """Takes messages and rows, and matches."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.asks = Level(ZERO)
        self.bids = Level(ZERO)
        self.seen: list[int] = []
        self.fills_while_paused = self.expired_while_paused = 0

    # -- messages that arrive ---------------------------------------------------------------

    def _venue_refuses(
        self, order: Order, qty: Fraction, limit: Fraction | None
    ) -> RejectReason | None:
        instrument, market = self.setup.instrument, self.market()
        if limit is not None and limit % Fraction(instrument.tick_size):
            return RejectReason.TICK_SIZE
        if qty % Fraction(instrument.lot_size):
            return RejectReason.LOT_SIZE
        price = limit if limit is not None else market[0] if market else ZERO
        small = qty * price < Fraction(instrument.min_notional)
        return RejectReason.MIN_NOTIONAL if small else None

    def new_arrives(self, order: Order) -> None:
        if order.ended:
            return
        refusal = self._venue_refuses(order, order.qty, order.limit)
        if refusal:
            self.account.end(order, OrderStatus.REJECTED, refusal.value)
            self.tell("OrderRejected", order.number, refusal, self.report())
            return
        order.accepted, order.rank = self.now, self._next_rank()
        expires = self.day_end(self.now) if order.tif is TimeInForce.DAY else None
        self.tell("OrderAccepted", order.number, expires, self.report())
        if expires is not None:
            self.later(expires, VENUE_STAGE, lambda: self._expire(order))
        self._try_now(order)

    def _next_rank(self) -> int:
        return max((order.rank for order in self.account.orders), default=0) + 1

    def cancel_arrives(self, order: Order) -> None:
        order.asked_cancel = False
        if order.ended:
            self.tell("CancelRejected", order.number, RejectReason.ORDER_CLOSED, self.report())
        else:
            self.cancel(order, CancelReason.REQUESTED)

    def replace_arrives(
        self,
        order: Order,
        qty: Fraction,
        limit: Fraction | None,
        reserve_price: Fraction,
        sent: int,
    ) -> None:
        order.asked_replace = False
        order.asked_qty = order.asked_price = ZERO

        def heard() -> None:
            order.unheard_replace = False

        due = self.report(heard)
        reason = None
        if order.ended:
            reason = RejectReason.ORDER_CLOSED
        elif qty <= order.filled:
            reason = RejectReason.QTY_BELOW_FILLED
        else:
            reason = self._venue_refuses(order, qty, limit)
        if reason:
            order.reserved = self.account.held_for(order, order.qty, order.reserve_price)
            self.tell("ReplaceRejected", order.number, reason, order.reserved, due)
            return
        keeps = limit == order.limit and qty <= order.qty
        order.reserved = self.account.held_for(order, qty, reserve_price)
        order.qty, order.limit, order.reserve_price = qty, limit, reserve_price
        self.tell("OrderReplaced", order.number, qty, limit, order.reserved, keeps, due)
        if not keeps:
            order.rank, order.sent, order.taker, order.bars = self._next_rank(), sent, True, 0
            self._try_now(order)

    def cancel(self, order: Order, reason: CancelReason) -> None:
        self.account.end(order, OrderStatus.CANCELED, reason.value)
        self.tell("OrderCanceled", order.number, reason, self.report())

    def _expire(self, order: Order) -> None:
        if not order.ended:
            self.expired_while_paused += self.status is Status.PAUSED
            self.account.end(order, OrderStatus.EXPIRED, CancelReason.DAY_END.value)
            self.tell("OrderExpired", order.number, CancelReason.DAY_END, self.report())

    # -- rows -------------------------------------------------------------------------------

    def row(self, row: MadeRow) -> bool:
        """Take a row; False where the session stands still before it."""
        if not self.stands_still:
            self.happen_before(row.ts)
        if self.stands_still:
            return False
        if isinstance(row, BarRow):
            self._take_bar(row)
        else:
            self._begin(row.ts)
            if self.stands_still:
                return False
            if isinstance(row, PrintRow):
                self.match_print(row)
            else:
                self._match_quote(row)
            self._took(row)
            self.check_flat()
        return True

    def _begin(self, ts: int) -> None:
        """The first round of an instant comes before its first row; later rows follow at once."""
        if ts > self.now or self.only_commands:
            self.move_to(ts)
            self.only_commands = False
            if any(due.at <= ts for due in self.dues):
                self.round()

    def _took(self, row: MadeRow) -> None:
        self.last = row
        if not isinstance(row, PrintRow) or len(self.setup.kinds) == 1:
            self.priced = row
        self.rows += 1
        self.judge_margin()
        if self.status is Status.RUNNING:
            self.seen.append(row.ts)

    def _allowed(self, order: Order) -> Fraction:
        """Reducing orders, and all while paused, never increase a position, nor take what another
        order holds."""
        if not order.reduce_only and self.status is not Status.PAUSED:
            return order.open
        return max(ZERO, self.account.reducible(order))

    def tradable(self, order: Order, available: Fraction) -> Fraction:
        """What trades is whole lots."""
        lot = Fraction(self.setup.instrument.lot_size)
        return min(order.open, available, self._allowed(order)) // lot * lot

    def nothing_to_trade(self, order: Order) -> None:
        if order.reduce_only and self._allowed(order) < Fraction(self.setup.instrument.lot_size):
            self.cancel(order, CancelReason.NOT_REDUCING)

    def fill(
        self,
        order: Order,
        qty: Fraction,
        deal: tuple[Fraction, str],
        available: Fraction,
        row: MadeRow,
    ) -> bool:
        price, rule = deal
        maker = "reached" in rule or "through" in rule
        slip = None if maker else self._slipped(order, price, row)
        if slip is not None:
            slip, price = price, slip
        done = self.account.trade(order, qty, price, self.market(), maker=maker)
        if isinstance(done, CancelReason):
            self.cancel(order, done)
            return False
        if self.status is Status.PAUSED:
            self.fills_while_paused += 1
        fee, realized = done
        self.tell(
            "OrderFilled", order.number, qty, price, maker, fee, realized, order.reserved,
            available, rule, row, slip, self.report(),
        )  # fmt: skip
        return True

    def match_print(self, row: PrintRow) -> None:
        raise NotImplementedError

    def try_prints(self, order: Order, last: PrintRow) -> None:
        raise NotImplementedError

    def meet(self, quote: QuoteRow) -> None:
        raise NotImplementedError

    def _slipped(self, order: Order, price: Fraction, row: MadeRow) -> Fraction | None:
        """Where a taker's price goes: to the next tick against it, within its limit and its bar;
        None where nothing slips."""
        config = self.setup.venue.slippage
        quoted = isinstance(row, QuoteRow)
        if isinstance(config, NoSlippage) or (quoted and not config.quotes):
            return None
        if isinstance(config, BasisPointsSlippage):
            move = price * Fraction(config.bps) / 10_000
        else:
            spread = (
                row.ask - row.bid
                if isinstance(row, QuoteRow)
                else Fraction(config.assumed_spread or "0")
            )
            move = Fraction(config.share) * max(spread, ZERO)
        tick = Fraction(self.setup.instrument.tick_size)
        if not move:
            return price
        if order.buying:
            most = [] if order.limit is None else [order.limit]
            most += [row.high] if isinstance(row, BarRow) else []
            return max(price, min([-(-(price + move) // tick) * tick, *most]))
        least = [tick] if order.limit is None else [tick, order.limit]
        least += [row.low] if isinstance(row, BarRow) else []
        return min(price, max([(price - move) // tick * tick, *least]))

    # -- quotes -----------------------------------------------------------------------------

    def _match_quote(self, quote: QuoteRow) -> None:
        """Buys, then sells, best price first and then in time priority."""
        self.meet(quote)
        if self.asks.price != quote.ask:
            self.asks = Level(quote.ask)
        if self.bids.price != quote.bid:
            self.bids = Level(quote.bid)
        self.asks.story.append(("shows", quote.ask_size))
        self.bids.story.append(("shows", quote.bid_size))
        if self.is_open(self.now):
            for buying in (True, False):
                for order in self.by_price(buying=buying):
                    if _crosses(order, quote):
                        self._take_shown(order, quote)
        for order in self.account.working():
            if order.accepted is not None and not _crosses(order, quote):
                order.taker = False

    def by_price(self, *, buying: bool) -> list[Order]:
        mine = [o for o in self.account.working() if o.buying is buying and o.accepted is not None]
        markets = [o for o in mine if o.limit is None]
        limits = [o for o in mine if o.limit is not None]
        markets.sort(key=lambda o: o.rank)
        limits.sort(key=lambda o: ((-o.limit if buying else o.limit) or ZERO, o.rank))
        return markets + limits

    def _try_now(self, order: Order) -> None:
        """An order that has arrived meets the market as last seen; in bars it waits for one."""
        quote = self.priced
        if isinstance(quote, PrintRow):
            self.try_prints(order, quote)
        if not isinstance(quote, QuoteRow):
            return
        if not _crosses(order, quote):
            order.taker = False
        elif self.are_same_hours(quote.ts, self.now):
            self._take_shown(order, quote)
        if order.tif is TimeInForce.IOC and not order.ended:
            self.cancel(order, CancelReason.IOC)

    def _take_shown(self, order: Order, quote: QuoteRow) -> None:
        level = self.asks if order.buying else self.bids
        available = level.available()
        qty = self.tradable(order, available)
        if qty <= 0:
            self.nothing_to_trade(order)
            return
        other = "ask" if order.buying else "bid"
        if order.limit is None or order.taker:
            price, rule = level.price, f"took the shown {other}"
        else:
            price, rule = order.limit, f"{other} reached the limit"
        if self.fill(order, qty, (price, rule), available, quote):
            level.story.append(("took", qty))

    # -- bars -------------------------------------------------------------------------------

    def _take_bar(self, bar: BarRow) -> None:
        """A bar is matched before everything else that happens at its end."""
        self.move_to(bar.ts)
        if bar.ts - bar.opened >= DAY or self.is_open(bar.opened):
            self._match_bar(bar)
        self._took(bar)
        self.round()

    def _match_bar(self, bar: BarRow) -> None:
        units = 10**self.setup.instrument.qty_precision
        share = bar.volume * Fraction(self.setup.venue.bar_volume_share)
        left = Fraction(int(share * units), units)
        for order in sorted(self.account.working(), key=lambda o: o.rank):
            if order.accepted is None or order.accepted >= bar.ts or order.sent > bar.opened:
                continue
            order.bars += 1
            deal = self._bar_deal(order, bar)
            if deal is not None:
                left -= self._take_from_bar(order, left, deal, bar)
            if order.tif is TimeInForce.IOC and not order.ended:
                self.cancel(order, CancelReason.IOC)

    def _bar_deal(self, order: Order, bar: BarRow) -> tuple[Fraction, str] | None:
        limit = order.limit
        if limit is None:
            return bar.open, "market order at the open"
        first = order.bars == 1
        if first and (bar.open <= limit if order.buying else bar.open >= limit):
            return bar.open, "open satisfied the limit"
        if order.tif is TimeInForce.IOC:
            return None
        if bar.low < limit if order.buying else bar.high > limit:
            nearest = min(limit, bar.high) if order.buying else max(limit, bar.low)
            return nearest, "bar traded through the limit"
        return None

    def _take_from_bar(
        self, order: Order, left: Fraction, deal: tuple[Fraction, str], bar: BarRow
    ) -> Fraction:
        qty = self.tradable(order, left)
        if qty <= 0:
            self.nothing_to_trade(order)
            return ZERO
        return qty if self.fill(order, qty, deal, left, bar) else ZERO


def _crosses(order: Order, quote: QuoteRow) -> bool:
    """Whether the other side of a quote satisfies an order."""
    if order.limit is None:
        return True
    return quote.ask <= order.limit if order.buying else quote.bid >= order.limit
