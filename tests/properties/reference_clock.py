"""Time in the reference: instants, their rounds, and what falls due in them.

It keeps no queue: what is due is found by looking at everything again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
from tests.properties.market_cases import Setup
from tests.properties.reference_account import Account
from tests.properties.reference_cash import CashAccount
from tests.properties.reference_common import Common, Due, common
from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_late_view import LateView
from tests.properties.reference_latency import delay, where
from tests.properties.row_cases import BarRow, PriceRow, PrintRow

from offbook.domain.config import BarReports
from offbook.domain.session import SessionStatus as Status

if TYPE_CHECKING:
    from tests.properties.reference_orders import Order
    from tests.properties.reference_session import ReferenceSession

DAY = 86_400 * 10**9
VENUE_STAGE, MESSAGE_STAGE = 1, 2
SHIFTING = {
    "OrderRejected", "OrderRestated", "OrderFilled", "OrderCanceled", "OrderExpired",
    "OrderReplaced", "OrderAdjusted", "ReplaceRequested", "ReplaceRejected",
}  # fmt: skip


class ReferenceClock:
    """What happens when; ``events`` tells it, as tuples of plain values."""

    status = common("status")
    now = common("now")
    rows = common("rows")
    last = common("last")
    ended = common("ended")
    seen = common("seen")
    dues = common("dues")
    events = common("events")
    only_commands = common("only_commands")

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        self.setup = setup = traded_in_whole_units(setup)
        self.common = Common() if of is None else of
        kind = MarginAccount if setup.account.is_margin else CashAccount
        self.account: Account = kind(
            setup.instrument, setup.venue, setup.risk, setup.account, self.common, self.market
        )
        self.common.accounts.append(self.account)
        self.priced: PriceRow | None = None
        self.present: PriceRow | None = None

    def venue_of(self, symbol: str) -> ReferenceSession:
        """Where an instrument trades."""
        return next(v for v in self.common.venues if v.setup.instrument.symbol == symbol)

    @property
    def over(self) -> bool:
        return self.status in {Status.STOPPED, Status.FAILED}

    @property
    def stands_still(self) -> bool:
        return self.over or (self.status is Status.PAUSED and self.setup.clock_stops)

    def tell(self, kind: str, *facts: object) -> None:
        self.events.append((kind, self.now, *facts))
        self.common.told += 1
        if kind in SHIFTING:
            moved = self.account.moved()
            if moved:
                self.tell("ReservationsMoved", *moved, self.report(facts[0]))

    def later(self, at: int, stage: int, do: Callable[[], None]) -> None:
        self.common.numbers += 1
        self.dues.append(Due(at, stage, self.common.numbers, do))

    def sent(self, number: object, symbol: str | None = None) -> int:
        """When a message about an order (of an instrument) that leaves now arrives there."""
        return self._travels("entry", number, symbol or self._about(number))

    def heard(self, number: object = 0) -> int:
        """When a report about an order, or about what is held of the instrument here, that leaves
        now arrives."""
        return self._travels("response", number, self._about(number))

    def heard_of_all(self) -> int:
        """The same of what concerns no instrument."""
        return self._travels("response", 0, None)

    def would_be_heard(self) -> int:
        """When a message about the account arrives of which no record tells."""
        before = dict(self.common.ways)
        due = self.heard()
        self.common.ways = before
        return due

    def _about(self, number: object) -> str:
        """The instrument of an order, or that which trades here."""
        symbols = [order.symbol for order in self.account.orders if order.number == number]
        return symbols[0] if symbols else self.setup.instrument.symbol

    def _travels(self, way: str, number: object, symbol: str | None) -> int:
        """As long as is drawn for it; it overtakes none that left before for the same venue."""
        ways, record, seed = self.common.ways, self.common.told, self.setup.seed
        latency = self.setup.venue.latency
        took = delay(latency, way, seed, number, record, symbol)
        view = LateView(latency, seed, is_live=not self.setup.clock_stops)
        arrives = view.arrives if way == "entry" else view.told
        place = way, where(latency, symbol)
        ways[place] = max(arrives(self.now, took), ways.get(place, 0))
        return ways[place]

    def is_apart(self, order: Order, other: Order) -> bool:
        """Whether two orders go to different venues, of which each has ways of its own."""
        latency = self.setup.venue.latency
        return where(latency, order.symbol) != where(latency, other.symbol)

    def report(self, number: object, arrives: Callable[[], None] = lambda: None) -> int:
        """A report leaves for the strategy, if one listens; when it arrives there."""
        due = self.heard(number)
        if self.setup.listener:
            self.later(due, MESSAGE_STAGE, arrives)
            self.dues[-1].report = True
        return due

    def advance(self, ts: int) -> None:
        """No row up to and including ``ts`` is still to come."""
        self.happen_before(ts + 1)

    def happen_before(self, ts: int) -> None:
        if self.ended and self.now < ts:
            self.round()
        while self.dues and not self.over:
            first = min(due.at for due in self.dues)
            if first >= ts or (first > self.now and self.stands_still):
                return
            if first > self.now:
                self.move_to(first)
            self.round()

    def move_to(self, ts: int) -> None:
        """Session time goes on; from the first time on, openings and closings fall due."""
        if self.now == 0:
            self.now = ts
            calendars = {one.setup.instrument.calendar: one for one in self.common.venues}
            for venue in calendars.values():
                venue.await_hours()
            self.common.venues[0].await_events()
        self.now = ts

    def round(self) -> None:
        """What is due when the round begins, stage by stage; what it causes waits for the next."""
        self.only_commands = False
        mine = [due for due in self.dues if due.at <= self.now]
        self.dues = [due for due in self.dues if due.at > self.now]
        early = [due for due in mine if due.report and self._reports_first()]
        mine = [due for due in mine if due not in early]
        early.sort(key=lambda due: (due.at, due.number))
        mine.sort(key=lambda due: (due.stage, due.at, due.number))
        first = [due for due in mine if due.stage == VENUE_STAGE]
        for due in [*first, *early, *mine[len(first) :]]:
            if due.stage > VENUE_STAGE and due not in early:
                self._show_ended()
            if not self.over:
                due.do()
        self._show_ended()
        self.judge_equity()
        self.check_flat()

    def _reports_first(self) -> bool:
        """Whether what is reported now reaches the strategy before bars that ended."""
        return bool(self.ended) and self.setup.venue.bar_reports is BarReports.BEFORE

    def _show_ended(self) -> None:
        """A strategy is shown bars after what the venue has to do at their end."""
        if self.status is Status.RUNNING:
            self.seen += [bar.ts for bar in self.ended]
        self.ended = []

    def market(self) -> tuple[Fraction, Fraction] | None:
        row = self.present or self.priced
        if row is None:
            return None
        if isinstance(row, BarRow):
            return row.close, row.close
        if isinstance(row, PrintRow):
            return row.price, row.price
        return row.bid, row.ask

    def await_hours(self) -> None:
        """Note when the hours change next."""

    def await_events(self) -> None:
        """Note what happens at its date."""

    def judge_equity(self) -> None:
        """After a round, and after a row: a margin account's equity may not suffice, and a day's
        loss may be too much."""

    def check_flat(self) -> None:
        """After a round: a session that closes its positions may be done."""


def traded_in_whole_units(setup: Setup) -> Setup:
    """Where the venue asks for it, a lot is the fewest lots that make whole units."""
    lot = Fraction(setup.instrument.lot_size)
    if not setup.venue.whole_shares or lot.denominator == 1:
        return setup
    whole = msgspec.structs.replace(setup.instrument, lot_size=str(lot * lot.denominator))
    return replace(setup, instrument=whole)
