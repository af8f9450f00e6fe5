"""Records told as the reference tells its events: names, times and exact fractions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from tests.properties.row_cases import (
    BarRow,
    LevelRow,
    PriceRow,
    PrintRow,
    QueuedRow,
    QuoteRow,
)

from offbook.domain import records as r
from offbook.domain.instruments import Instrument
from offbook.domain.orders import Liquidity
from offbook.domain.record_parts import Evidence

Event = tuple[object, ...]


class Plain:
    """Tells the records of one instrument's session."""

    def __init__(self, instrument: Instrument) -> None:
        self._price_scale = 10**instrument.price_precision
        self._size_scale = 10**instrument.qty_precision

    def event(self, record: Any) -> Event:
        """One record: its kind, its time, and what matters of it."""
        return (type(record).__name__, record.ts, *_FACTS[type(record)](self, record))

    def triggers(self, record: Any) -> Event:
        """What of an order's terms tells when it is triggered."""
        ratio = record.trail_ratio
        percent = None if ratio is None else Fraction(ratio, 10**6)
        return self.price(record.stop_px), self.price(record.trail_px), percent

    def price(self, units: int | None) -> Fraction | None:
        """A price in whole units of money."""
        return None if units is None else Fraction(units, self._price_scale)

    def size(self, units: int) -> Fraction:
        """A quantity in whole units."""
        return Fraction(units, self._size_scale)

    def money(self, amount: int) -> Fraction:
        """An amount in whole units."""
        return Fraction(amount, 10**18)

    def row(self, seen: Evidence) -> PriceRow:
        """The market row that a fill shows as its evidence."""
        if seen.trade_px is not None:
            took = 0 if seen.aggressor is None else seen.aggressor.sign
            told = PrintRow(
                seen.row, seen.row_ts, self.price(seen.trade_px), self.size(seen.trade_qty or 0),
                took,
            )  # fmt: skip
            return self._beside_a_book(told, seen)
        if seen.level_px is not None:
            return LevelRow(
                seen.row, seen.row_ts, self.price(seen.bid_px), self.price(seen.ask_px),
                self.size(seen.bid_qty or 0), self.size(seen.ask_qty or 0),
                price=self.price(seen.level_px), shown=self.size(seen.level_qty or 0),
                incomplete=seen.book_incomplete,
            )  # fmt: skip
        if seen.open_px is None:
            return QuoteRow(
                seen.row, seen.row_ts, self.price(seen.bid_px), self.price(seen.ask_px),
                self.size(seen.bid_qty or 0), self.size(seen.ask_qty or 0),
            )  # fmt: skip
        return BarRow(
            seen.row, seen.row_ts, seen.ts_open or 0, self.price(seen.open_px),
            self.price(seen.high_px), self.price(seen.low_px), self.price(seen.close_px),
            self.size(seen.volume_qty or 0),
        )  # fmt: skip

    def _beside_a_book(self, told: PrintRow, seen: Evidence) -> PrintRow:
        if seen.model in {"trade-through.1", "auction-print.1"}:
            return told
        return QueuedRow(
            told.number, told.ts, told.price, told.size, told.took,
            ahead=self.ahead(seen.queue_ahead), incomplete=seen.book_incomplete,
            order_id=seen.trade_order_id,
        )  # fmt: skip

    def ahead(self, units: int | None) -> Fraction | None:
        """What is ahead of an order, where that is known."""
        return None if units is None else self.size(units)

    def _accepted(self, a: r.OrderAccepted) -> Event:
        return a.order, a.expires, self.price(a.stop_px), a.held, self.ahead(a.queue_ahead), a.due

    def _submitted(self, o: r.OrderSubmitted) -> Event:
        size, limit = self.size(o.order_qty), self.price(o.price_px)
        held = self.money(o.reserved)
        return o.order, size, limit, *self.triggers(o), o.reduce_only, held, o.due

    def _replace(self, o: r.ReplaceRequested) -> Event:
        size, limit = self.size(o.order_qty), self.price(o.price_px)
        return o.order, size, limit, *self.triggers(o), self.money(o.reserved), o.due

    def _replaced(self, o: r.OrderReplaced) -> Event:
        size, limit = self.size(o.order_qty), self.price(o.price_px)
        stop, held = self.price(o.stop_px), self.money(o.reserved)
        return o.order, size, limit, stop, held, o.kept_priority, o.due

    def _restated(self, o: r.OrderRestated) -> Event:
        sizes = (self.size(size) for size in (o.order_qty, o.given_qty, o.mates_qty))
        return o.order, *sizes, o.released, self.money(o.reserved), self.price(o.stop_px), o.due

    def _triggered(self, t: r.OrderTriggered) -> Event:
        seen = t.evidence
        available = self.size(seen.available_qty)
        return t.order, self.price(t.stop_px), available, seen.rule, self.row(seen), t.due

    def _filled(self, f: r.OrderFilled) -> Event:
        return (
            f.order, self.size(f.last_qty), self.price(f.last_px), f.liquidity is Liquidity.ADDED,
            self.money(f.fee), self.money(f.realized), self.money(f.reserved),
            self.size(f.evidence.available_qty), f.evidence.rule, self.row(f.evidence),
            self.price(f.evidence.base_px), f.evidence.stale_ns, f.due,
        )  # fmt: skip

    def _restated_position(self, o: r.PositionRestated) -> Event:
        ratio = Fraction(o.numerator, o.denominator)
        moneys = map(self.money, (o.position_cost, o.in_lieu, o.realized, o.worth))
        return ratio, self.size(o.position_qty), *moneys, o.due

    def _accrued(self, f: r.FlowAccrued) -> Event:
        return f.reason, f.currency, *map(self.money, (f.amount, f.withheld, f.worth)), f.pays

    def _adjusted(self, o: r.OrderAdjusted) -> Event:
        display = None if o.display_qty is None else self.size(o.display_qty)
        return (
            o.order, self.size(o.order_qty), self.price(o.price_px), *self.triggers(o),
            self.money(o.reserved), display, self.size(o.min_qty), self.price(o.cap_px),
            self.price(o.peg_offset_px), o.due,
        )  # fmt: skip

    def _stopped(self, s: r.SessionStopped) -> Event:
        account = self.money(s.cash), self.money(s.equity), self.money(s.margin_used)
        return s.row, s.reason, *account

    def _lost(self, d: r.DailyLossReached) -> Event:
        return *map(self.money, (d.equity, d.loss, d.limit)), d.action

    def _moved(self, m: r.ReservationsMoved) -> Event:
        return *((ordinal, self.money(amount)) for ordinal, amount in m.reserved), m.due


_FACTS: dict[type[Any], Callable[[Plain, Any], Event]] = {
    r.CommandTaken: lambda _, t: (t.row, t.command.command_id),
    r.OrderSubmitted: Plain._submitted,
    r.OrderDenied: lambda _, d: (d.order, d.reason),
    r.CancelRequested: lambda _, q: (q.order, q.due),
    r.ReplaceRequested: Plain._replace,
    r.RequestDenied: lambda _, d: (d.order, d.replace, d.reason),
    r.OrderAccepted: Plain._accepted,
    r.OrderRestated: Plain._restated,
    r.OrderTriggered: Plain._triggered,
    r.OrderRepegged: lambda p, g: (g.order, p.price(g.price_px)),
    r.OrderRejected: lambda _, j: (j.order, j.reason, j.due),
    r.OrderFilled: Plain._filled,
    r.OrderCanceled: lambda _, x: (x.order, x.reason, x.due),
    r.OrderExpired: lambda _, x: (x.order, x.reason, x.due),
    r.OrderReplaced: Plain._replaced,
    r.CancelRejected: lambda _, j: (j.order, j.reason, j.due),
    r.ReplaceRejected: lambda p, j: (j.order, j.reason, p.money(j.reserved), j.due),
    r.ReservationsMoved: Plain._moved,
    r.PositionRestated: Plain._restated_position,
    r.PositionDelisted: lambda p, d: (*map(p.money, (d.paid, d.realized, d.worth)), d.due),
    r.OrderAdjusted: Plain._adjusted,
    r.FlowAccrued: Plain._accrued,
    r.SettlementPending: lambda p, s: (p.money(s.amount), p.size(s.qty), s.waits, s.settles),
    r.SettlementDone: lambda p, s: (p.money(s.amount), p.size(s.qty), s.waits),
    r.FlowPaid: lambda p, f: (f.reason, f.currency, p.money(f.amount), f.due),
    r.MarginCalled: lambda p, c: (p.money(c.equity), p.money(c.required), c.action),
    r.LiquidationBegan: lambda p, c: tuple(map(p.money, (c.equity, c.required, c.margin))),
    r.LiquidationEnded: lambda p, c: (),
    r.MarginDrawn: lambda p, d: (p.size(d.qty), p.money(d.amount)),
    r.PositionSettled: lambda p, s: (
        *(Fraction(s.price), s.is_given, s.expired, p.size(s.position_qty)),
        *(p.money(s.position_cost), p.money(s.realized), s.due),
    ),
    r.MarginRestored: lambda p, c: (p.money(c.equity), p.money(c.required)),
    r.DayBegan: lambda p, d: (p.money(d.equity), d.ends),
    r.DailyLossReached: Plain._lost,
    r.TradingStatusChanged: lambda _, t: (t.halted, t.row),
    r.SessionStarted: lambda _, s: (),
    r.SessionPaused: lambda _, s: (s.row, s.reason, s.orders),
    r.SessionResumed: lambda _, s: (s.missed_rows, s.missed_fills, s.missed_expiries),
    r.SessionStopping: lambda _, s: (s.deadline, s.reason),
    r.SessionStopped: Plain._stopped,
}


class PlainRecords:
    """Tells the records of a session of several instruments."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._plain = {one.symbol: Plain(one) for one in instruments}
        self._orders: dict[int, str] = {}

    def of(self, symbol: str) -> Plain:
        """What tells those of one instrument."""
        return self._plain[symbol]

    def event(self, record: Any) -> Event:
        """One record, in the units of its instrument."""
        order, symbol = getattr(record, "order", None), getattr(record, "symbol", None)
        symbol = getattr(record, "new_symbol", symbol)
        if order is not None:
            symbol = self._orders.setdefault(order, symbol or "")
        return self._plain[symbol or next(iter(self._plain))].event(record)
