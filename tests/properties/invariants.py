"""What must hold after every record, told from the records alone.

An independent checker: it keeps its own sums and looks at nothing of the engine's.  ``I1`` to
``I4`` name money, reservations, orders and evidence; ``I5`` the sequence; ``I6`` what may only
reduce: reduce-only orders, those sent in a pause, and all in it; ``I7`` halts; ``I8`` who among the
session's own comes first; ``I9`` the end.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from tests.properties.known_orders import Known
from tests.properties.latency_cases import constant_entry
from tests.properties.market_cases import Setup
from tests.properties.reference_latency import where

from offbook.domain import records as r
from offbook.domain.config import UNLIMITED, CashCheck, NoSlippage, SlippageBound
from offbook.domain.orders import ContingencyType, Liquidity, OrderSide, Origin, TimeInForce
from offbook.domain.records import Record

EVENTS = (
    r.PositionRestated,
    r.PositionDelisted,
    r.PositionSettled,
    r.FlowAccrued,
    r.FlowPaid,
)
LIFE = (
    r.SessionPaused,
    r.SessionResumed,
    r.SessionStopping,
    r.SessionStopped,
    r.TradingStatusChanged,
)
ENDINGS = (r.OrderRejected, r.OrderCanceled, r.OrderExpired)
HOLDING = (
    r.OrderRestated,
    r.OrderAdjusted,
    r.ReplaceRequested,
    r.OrderReplaced,
    r.ReplaceRejected,
    r.OrderFilled,
)


class Invariants:
    """Takes a session's records one by one; AssertionError names the invariant that is broken."""

    def __init__(self, setup: Setup) -> None:
        self._instruments = {part.instrument.symbol: part.instrument for part in setup.parts}
        self._account = setup.account
        self._latency = setup.venue.latency
        self._arrives: dict[str | None, int] = {}
        self._in_bar = setup.venue.slippage_bound is SlippageBound.BAR
        told = setup.venue.volume_share
        self._share = None if told == UNLIMITED else int(Decimal(told) * 10**8)
        slippage = setup.venue.slippage
        self._slips = not isinstance(slippage, NoSlippage) and slippage.quotes
        self._seq = 0
        self._ts = 0
        self._over = False
        self._sums: dict[str, int] = {}
        self._own: dict[str, int] = {}
        self._charged: dict[str, int] = {}
        self._orders: dict[int, Known] = {}
        self._lists: set[str | None] = set()
        self._taken: dict[tuple[int, OrderSide | int | None], int] = {}
        self._paused = False
        self._halted: dict[str, int] = {}
        self.held = dict.fromkeys(self._instruments, 0)
        """Positions by symbol, in units of their quantities."""
        self.fills = 0

    def take(self, record: Record) -> None:
        """One more record."""
        assert record.seq == self._seq + 1, f"I5: {record} follows {self._seq}"
        assert record.ts >= self._ts, f"I5: {record} goes back in time"
        assert not self._over, f"I9: {record} after the end"
        self._seq, self._ts = record.seq, record.ts
        if isinstance(record, r.SessionAttached):
            self._post(record.opening)
        elif isinstance(record, r.OrderSubmitted):
            self._submitted(record)
        elif isinstance(record, LIFE):
            self._life(record)
        elif isinstance(record, r.ReservationsMoved):
            for ordinal, amount in record.reserved:
                assert not self._orders[ordinal].over, f"I2: {record} of an order that ended"
                self._orders[ordinal].reserved = amount
        elif isinstance(record, EVENTS):
            self._dated(record)
        elif hasattr(record, "order") and record.order in self._orders:
            self._about_order(record, self._orders[record.order])
        self._money(record)

    def _life(self, record: Record) -> None:
        """What happens to the session, or to the whole market."""
        if isinstance(record, r.SessionStopped):
            self._over = True
            for currency, cash in record.balances.items():
                known = self._own.get(f"cash|{currency}", 0)
                assert cash == known, f"I1: {record} tells {cash} of {known} {currency}"
            assert record.cash == record.balances[self._account.currency], f"I1: {record}"
            assert all(order.over for order in self._orders.values()), f"I9: {record} left orders"
        elif isinstance(record, r.TradingStatusChanged):
            known = record.symbol in self._halted
            assert record.halted is not known, f"I7: {record} changes nothing"
            if record.halted:
                self._halted[record.symbol] = record.ts
            else:
                del self._halted[record.symbol]
        else:
            self._paused = isinstance(record, r.SessionPaused)

    def _dated(self, record: Record) -> None:
        """What happens at its date to positions and money."""
        assert isinstance(record, EVENTS)
        self._post(record.postings)
        if isinstance(record, r.PositionRestated):
            self.held[record.symbol] = 0
            self.held[record.new_symbol] = record.position_qty
        elif isinstance(record, r.PositionDelisted):
            self.held[record.symbol] = 0
        elif isinstance(record, r.PositionSettled):
            held = 0 if record.expired else self.held[record.symbol]
            assert record.position_qty == held, f"I6: {record}"
            self.held[record.symbol] = record.position_qty

    def _post(self, postings: tuple[r.Posting, ...]) -> None:
        for leg in postings:
            self._sums[leg.currency] = self._sums.get(leg.currency, 0) + leg.amount
            if leg.account in {"cash", "holdings"}:
                pool = f"{leg.account}|{leg.currency}"
                self._own[pool] = self._own.get(pool, 0) + leg.amount

    def _submitted(self, record: r.OrderSubmitted) -> None:
        assert record.order not in self._orders, f"I3: {record} twice"
        at_once = record.origin is Origin.LIQUIDATION
        delay = 0 if at_once else constant_entry(self._latency, record.symbol)
        due = record.due if delay is None else record.ts + delay
        assert record.due == due >= record.ts, f"I4: {record} is due at another time"
        venue = where(self._latency, record.symbol)
        before = self._arrives.get(venue, 0)
        assert at_once or due >= before, f"I4: {record} overtakes another"
        self._arrives[venue] = max(before, due)
        is_peg = record.peg is not None
        assert is_peg or (record.price_px is not None) is record.order_type.has_limit
        assert record.reduce_only or not self._paused, f"I6: {record} may open after the pause"
        self._orders[record.order] = Known(
            symbol=record.symbol,
            side=record.side,
            qty=record.order_qty,
            price=None if is_peg else record.price_px,
            is_peg=is_peg,
            cap=record.price_px if is_peg else None,
            is_plain=self._is_plain(record),
            extended=record.extended_hours is True,
            rank=record.seq,
            due=record.due,
            pool=f"{record.reserved_account}|{record.reserved_currency}",
            reduce_only=record.reduce_only,
            waits=record.order_type.waits,
            post_only=record.post_only,
            all_or_none=record.time_in_force is TimeInForce.FOK,
            shares=self._shares(record),
            held=self._is_child(record),
            reserved=0,
        )
        self._hold(self._orders[record.order], record.reserved)

    @staticmethod
    def _is_plain(record: r.OrderSubmitted) -> bool:
        """Whether nothing but price, time and money decides what an order trades."""
        odd = record.reduce_only or record.min_qty or record.display_qty == 0
        apart = record.extended_hours or record.order_list_id or record.time_in_force.is_auction
        return not (odd or apart or record.time_in_force.is_immediate)

    def _is_child(self, record: r.OrderSubmitted) -> bool:
        """Whether an order waits for another of its list."""
        first = record.order_list_id not in self._lists
        self._lists.add(record.order_list_id)
        kind = record.contingency_type
        return not (first or kind is None or kind is ContingencyType.OCO)

    def _shares(self, record: r.OrderSubmitted) -> str | None:
        """Orders that cancel each other hold together what one of them needs."""
        kind = record.contingency_type
        exits = kind is ContingencyType.BRACKET and record.order_list_id in self._lists
        return record.order_list_id if exits or kind is ContingencyType.OCO else None

    def _hold(self, order: Known, reserved: int) -> None:
        order.reserved = 0 if order.held else reserved
        for other in self._orders.values():
            same = other.shares is not None and other.shares == order.shares
            if same and other.pool == order.pool and not (other.over or other.held):
                other.reserved = order.reserved

    def _about_order(self, record: Record, order: Known) -> None:
        late = (r.CancelRejected, r.ReplaceRejected, r.RequestDenied)
        assert not order.over or isinstance(record, late), f"I3: {record} after its end"
        if isinstance(record, r.OrderAccepted | r.OrderRejected):
            assert record.ts == order.due, f"I4: {record} did not arrive then"
        if isinstance(record, r.OrderAccepted):
            order.accepted, order.rank = True, record.seq
        if isinstance(record, r.OrderRepegged):
            self._repegged(record, order)
        if isinstance(record, r.OrderTriggered):
            assert order.accepted, f"I4: {record} before the order was accepted"
            assert order.waits, f"I3: {record} twice"
            assert record.evidence.row_ts <= record.ts, f"I4: {record} saw the future"
            order.waits, order.rank = False, record.seq
        if isinstance(record, r.OrderFilled):
            self._filled(record, order)
        self._new_terms(record, order)
        if isinstance(record, HOLDING):
            assert record.reserved >= 0, f"I2: {record} holds less than nothing"
            self._hold(order, 0 if order.over else record.reserved)
        if isinstance(record, ENDINGS):
            assert not (order.all_or_none and order.cum), f"I4: {record} of a part"
        if isinstance(record, ENDINGS) or order.cum == order.qty:
            order.over, order.reserved = True, 0
        assert 0 <= order.cum <= order.qty, f"I3: {record}"

    def _new_terms(self, record: Record, order: Known) -> None:
        if isinstance(record, r.OrderReplaced):
            order.qty, order.price = record.order_qty, record.price_px
            order.rank = order.rank if record.kept_priority else record.seq
            assert order.qty > order.cum, f"I3: {record} leaves nothing"
        if isinstance(record, r.OrderAdjusted):
            order.qty, order.price, order.cap = record.order_qty, record.price_px, record.cap_px
            assert order.qty > order.cum, f"I3: {record} leaves nothing"
        if isinstance(record, r.OrderRestated):
            order.qty, order.held = record.order_qty, order.held and not record.released
            assert order.qty > order.cum, f"I3: {record} leaves nothing"

    def _repegged(self, record: r.OrderRepegged, order: Known) -> None:
        assert record.price_px != order.price, f"I3: {record} moves nothing"
        assert order.symbol not in self._halted, f"I7: {record} in a halt"
        order.price, order.rank = record.price_px, record.seq
        if order.cap is not None:
            beyond = (order.price - order.cap) * order.side.sign
            assert beyond <= 0, f"I4: {record} is beyond its cap"

    def _comes_first(self, record: r.OrderFilled, order: Known) -> None:
        """Of quotes a limit that rests trades after all that are better, or as good and earlier;
        one for extended hours may trade in them alone."""
        seen = record.evidence
        rests = record.liquidity is Liquidity.ADDED and "reached the limit" in seen.rule
        if order.price is None or self._paused or order.extended or not rests:
            return
        for other in self._orders.values():
            works = other.accepted and not (other.over or other.waits or other.held)
            same = (other.symbol, other.side) == (order.symbol, order.side)
            if not (works and other.is_plain and same) or other is order:
                continue
            if other.price is None:
                continue
            better = (other.price - order.price) * order.side.sign
            passed = better > 0 or (better == 0 and other.rank < order.rank)
            assert not passed, f"I8: {record} before {other}"

    def _in_a_halt(self, record: r.OrderFilled) -> None:
        """Auctions alone trade, and bars that began before it."""
        seen = record.evidence
        official = seen.rule.startswith("official")
        since = self._halted.get(record.symbol)
        before = seen.ts_open is not None and seen.ts_open < (since or 0)
        assert since is None or official or before, f"I7: {record} in a halt"

    def _filled(self, record: r.OrderFilled, order: Known) -> None:
        self.fills += 1
        self._in_a_halt(record)
        self._comes_first(record, order)
        self._move(record, order)
        self._post(record.postings)
        order.cum += record.last_qty
        assert order.accepted, f"I4: {record} before the order was accepted"
        assert not order.held, f"I4: {record} before its parent traded"
        assert not order.waits, f"I4: {record} before the order was triggered"
        maker = record.liquidity is Liquidity.ADDED
        auction = record.evidence.rule == "official reopening price"  # in which nobody takes
        assert maker or auction or not order.post_only, f"I4: {record} takes"
        part = record.leaves_qty and record.evidence.level_px is None  # of a book it is a level
        assert not (order.all_or_none and part), f"I4: {record} is not all"
        assert record.ts >= order.due, f"I4: {record} too early"
        assert record.last_qty > 0, f"I3: {record} trades nothing"
        assert record.cum_qty == order.cum, f"I3: {record} counts {order.cum}"
        assert record.leaves_qty == order.qty - order.cum, f"I3: {record}"
        maker = record.liquidity is Liquidity.ADDED
        assert maker or record.fee >= 0 or record.cum_added, f"I1: {record} pays the client"
        conversion = record.conversion
        money = self._instruments[order.symbol].settle_currency
        foreign = money != self._account.currency
        assert (conversion is not None) is foreign, f"I1: {record} and its conversion"
        buying = order.side is OrderSide.BUY
        if order.price is not None:
            beyond = record.last_px - order.price
            assert (beyond <= 0) if buying else (beyond >= 0), f"I4: {record} is beyond its limit"
        self._evidence(record, buying=buying)

    def _move(self, record: r.OrderFilled, order: Known) -> None:
        """The position; what may only reduce it neither opens one nor flips it."""
        before = self.held[order.symbol]
        held = before + (record.last_qty if order.side is OrderSide.BUY else -record.last_qty)
        self.held[order.symbol] = held
        reduces = abs(held) < abs(before) and held * before >= 0
        free = not (order.reduce_only or self._paused)
        assert free or reduces, f"I6: {record} takes the position from {before} to {held}"

    def _evidence(self, record: r.OrderFilled, *, buying: bool) -> None:
        seen = record.evidence
        key: tuple[int, OrderSide | int | None]
        assert seen.row_ts <= record.ts, f"I4: {record} saw the future"
        if seen.trade_px is not None:
            assert seen.trade_qty is not None
            better = seen.trade_px - record.last_px if buying else record.last_px - seen.trade_px
            assert better <= 0, f"I4: {record} beats its print"
            key, most = (seen.row, None), seen.trade_qty
        elif seen.open_px is None:
            asks = buying is ("touched" not in seen.rule)  # else its own side showed the price
            other = seen.ask_px if asks else seen.bid_px
            shown = seen.ask_qty if asks else seen.bid_qty
            if seen.level_px is not None:  # of a book a level may be taken that is not the best
                other, shown = seen.level_px, seen.level_qty
            assert other is not None
            assert shown is not None
            better = other - record.last_px if buying else record.last_px - other
            assert better <= 0, f"I4: {record} beats its market"
            removed = record.liquidity is Liquidity.REMOVED
            same = better == 0 or self._slips
            assert same or not removed, f"I4: {record} takes at another price"
            key, most = (seen.row, OrderSide.BUY if asks else OrderSide.SELL), shown
            key = key if seen.level_px is None else (seen.row, record.side.sign * seen.level_px)
        else:
            assert seen.low_px is not None
            assert seen.high_px is not None
            assert seen.volume_qty is not None
            inside = seen.low_px <= record.last_px <= seen.high_px
            slid = not self._in_bar and record.liquidity is Liquidity.REMOVED
            assert inside or slid or "stop had its own price" in seen.rule, (
                f"I4: {record} is outside its bar"
            )
            if self._share is None:
                assert seen.available_qty == seen.volume_qty, f"I4: {record} tells another volume"
                return
            key, most = (seen.row, None), seen.volume_qty * self._share // 10**8
        self._taken[key] = self._taken.get(key, 0) + record.last_qty
        assert self._taken[key] <= most, f"I4: {record} took more than the row had"
        assert record.last_qty <= seen.available_qty <= most, f"I4: {record} took what was not left"

    def _money(self, record: Record) -> None:
        assert not any(self._sums.values()), f"I1: {record} leaves {self._sums}"
        held: dict[str, int] = {}
        counted = set()
        for order in self._orders.values():
            if not order.over and (order.shares, order.pool) not in counted and not order.held:
                held[order.pool] = held.get(order.pool, 0) + order.reserved
                if order.shares is not None:
                    counted.add((order.shares, order.pool))
        assert all(amount >= 0 for amount in held.values()), f"I2: {record} holds {held}"
        if self._account.is_margin:
            return
        if isinstance(record, r.FlowPaid) and record.amount < 0:
            pool = f"cash|{record.currency}"  # nobody is asked: orders may hold what it takes
            self._charged[pool] = self._charged.get(pool, 0) - record.amount
        for pool, amount in held.items():
            free = self._own.get(pool, 0) - amount
            charged = self._charged.get(pool, 0)
            assert free >= -charged, f"I2: {record} leaves {free} of {pool} free"
        for order in self._orders.values():
            short = order.pool in self._charged  # what was charged may be missing in what is held
            assert order.over or short or self._covers(order), (
                f"I2: {record} leaves {order} uncovered"
            )
        for pool, amount in self._own.items():
            assert amount >= -self._charged.get(pool, 0), f"I2: {record} owes"

    def _covers(self, order: Known) -> bool:
        """Whether an order holds at least what the rest of it would cost, or deliver; those that
        only reduce may hold less, and market buys beyond their collar too."""
        rest, instrument = order.qty - order.cum, self._instruments[order.symbol]
        if order.reduce_only or order.held or order.shares is not None:
            return True
        if self._account.cash_check is CashCheck.FILL:
            return True
        if order.side is OrderSide.SELL:
            return order.reserved >= rest * instrument.qty_scale
        price = order.cap or order.price or 0
        if order.cap is None and order.is_peg:
            return True  # as a market order
        value = rest * price * instrument.notional_scale
        quote = instrument.quote_currency
        if quote in self._account.rates_from:
            return True  # it was asked for at another rate
        if order.pool != f"cash|{quote}":
            return order.reserved >= int(value * Fraction(self._account.rates[quote]))
        return order.reserved >= value
