"""Time in the reference: instants, their rounds, and what falls due in them.

It keeps no queue: what is due is found by looking at everything again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_account import Account
from tests.properties.reference_funds import CashAccount, MarginAccount
from tests.properties.row_cases import BarRow, MadeRow, PriceRow, PrintRow

from offbook.domain.session import SessionStatus as Status

DAY = 86_400 * 10**9
VENUE_STAGE, MESSAGE_STAGE = 1, 2
SHIFTING = {
    "OrderRejected", "OrderRestated", "OrderFilled", "OrderCanceled", "OrderExpired",
    "OrderReplaced", "OrderAdjusted", "ReplaceRequested", "ReplaceRejected",
}  # fmt: skip


@dataclass
class Due:
    """Something that happens at a time; among equals the earlier noted is the earlier done."""

    at: int
    stage: int
    number: int
    do: Callable[[], None]


class ReferenceClock:
    """What happens when; ``events`` tells it, as tuples of plain values."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        kind = MarginAccount if setup.account.is_margin else CashAccount
        self.account: Account = kind(setup.instrument, setup.venue, setup.risk, setup.account)
        self.status = Status.STARTING
        self.now = 0
        self.rows = 0
        self.last: MadeRow | None = None
        self.priced: PriceRow | None = None
        self.present: PriceRow | None = None
        self.ended: BarRow | None = None
        """A bar that was matched, and after which its instant is not complete."""
        self.seen: list[int] = []
        self.dues: list[Due] = []
        self.events: list[tuple[object, ...]] = []
        self.only_commands = True
        self._numbers = 0

    @property
    def over(self) -> bool:
        return self.status in {Status.STOPPED, Status.FAILED}

    @property
    def stands_still(self) -> bool:
        return self.over or (self.status is Status.PAUSED and self.setup.clock_stops)

    def tell(self, kind: str, *facts: object) -> None:
        self.events.append((kind, self.now, *facts))
        if kind in SHIFTING:
            moved = self.account.moved()
            if moved:
                self.events.append(("ReservationsMoved", self.now, *moved, self.report()))

    def later(self, at: int, stage: int, do: Callable[[], None]) -> None:
        self._numbers += 1
        self.dues.append(Due(at, stage, self._numbers, do))

    def report(self, arrives: Callable[[], None] = lambda: None) -> int:
        """A report leaves for the strategy, if one listens; when it arrives there."""
        due = self.now + self.setup.venue.latency.response_ns
        if self.setup.listener:
            self.later(due, MESSAGE_STAGE, arrives)
        return due

    def advance(self, ts: int) -> None:
        """No row up to and including ``ts`` is still to come."""
        self.happen_before(ts + 1)

    def happen_before(self, ts: int) -> None:
        if self.ended is not None and self.now < ts:
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
            self.await_hours()
            self.await_events()
        self.now = ts

    def round(self) -> None:
        """What is due when the round begins, stage by stage; what it causes waits for the next."""
        self.only_commands = False
        mine = [due for due in self.dues if due.at <= self.now]
        self.dues = [due for due in self.dues if due.at > self.now]
        for due in sorted(mine, key=lambda due: (due.stage, due.at, due.number)):
            if due.stage > VENUE_STAGE:
                self._show_ended()
            if not self.over:
                due.do()
        self._show_ended()
        self.judge_equity()
        self.check_flat()

    def _show_ended(self) -> None:
        """A strategy is shown a bar after what the venue has to do at its end."""
        if self.ended is not None and self.status is Status.RUNNING:
            self.seen.append(self.ended.ts)
        self.ended = None

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
