"""The engine and the reference, fed the same, compared after every step."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest

import msgspec
from tests.properties.eager_steps import made_eager
from tests.properties.invariants import Invariants
from tests.properties.level_checks import compare_books, kinds_of_fill
from tests.properties.liquidation_checks import check_levels
from tests.properties.made_market import MadeMarket
from tests.properties.made_session import LISTENERS, Silent, attach_of, merged, session_of
from tests.properties.market_cases import Setup
from tests.properties.money_told import check_money_told
from tests.properties.plain_records import PlainRecords
from tests.properties.reference_session import ReferenceSession
from tests.properties.step_cases import Ask, Change, Rows, Send, SendList, Step, Wait
from tests.properties.tags import tags_of
from tests.properties.venue_alone import as_wished
from tests.properties.wishes import Wishes

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import (
    ResumeTimers,
)
from offbook.domain.errors import InvalidOrder, OrderConflict, OrderNotFound
from offbook.domain.instruments import Instrument
from offbook.domain.orders import (
    ContingencyType,
    OrderListRequest,
    OrderSide,
    ReplaceRequest,
)
from offbook.domain.records import Record, encode_record
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Advance, EndOfData, EngineInput, Take
from offbook.engine.processing_engine import ProcessingEngine

SEVERAL = r.MarginCalled | r.LiquidationBegan | r.DailyLossReached | r.SessionStopped
"""Records that are counted apart where several things are held."""


class Divergence(AssertionError):
    """The engine and the reference disagree."""


class SideBySide:
    """One session, twice."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.market = MadeMarket(setup)
        self.reference = ReferenceSession(setup)
        self.wishes = [
            Wishes(part.setup, part, venue)
            for part, venue in zip(self.market.parts, self.reference.common.venues, strict=True)
        ]
        self.plain = PlainRecords(part.instrument for part in setup.parts)
        self.listener = self._new_listener()
        self.engine = ProcessingEngine(session_of(setup), self.listener)
        self.checker = Invariants(setup)
        self.records: list[Record] = []
        self.inputs: list[EngineInput] = []
        self.counts: Counter[str] = Counter()
        self._names: list[str] = []
        self._tags = tags_of(setup)
        self._settled: set[int] = set()
        self._commands = 0
        self._ended = False
        self._feed(attach_of(setup))
        self._command(c.Start(command_id="start"), -1)

    def _new_listener(self) -> Silent | None:
        return None if self.setup.listener is None else LISTENERS[self.setup.listener]()

    # -- steps ------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """Feed one step to both and compare. Raises Divergence, or AssertionError of an
        invariant."""
        if self.reference.over:
            return
        step = made_eager(as_wished(self.setup, step), self.setup.eager)
        if isinstance(step, Rows):
            self._rows(step)
        elif isinstance(step, Wait):
            self._wait(self.setup.timeframe * step.tenths // 10)
        elif isinstance(step, Send):
            self._send(step)
        elif isinstance(step, SendList):
            self._send_list(step)
        elif isinstance(step, Ask):
            self._ask(step)
        elif isinstance(step, Change):
            self._change(step)
        else:
            self._end()

    def _rows(self, step: Rows) -> None:
        if self._ended:
            return
        rows = self.market.rows(step.moves)
        for row in rows:
            if not self.reference.venue_of(row.symbol).row(row):
                break
            self.market.took(row)
        self._feed(self.market.slice_of(rows, self.engine.cursor.row))

    def _wait(self, ns: int) -> None:
        ts = max(self.reference.now, self.market.ts, self.market.from_ts - 1) + ns
        self.market.from_ts = ts + 1
        self.reference.advance(ts)
        self._feed(Advance(ts=ts))

    def _end(self) -> None:
        self._ended = True
        self.reference.end_of_data()
        self._feed(EndOfData())

    def _send(self, step: Send) -> None:
        name: str | None = f"order-{len(self._names)}"
        if step.name == "old" and self._names:
            name = self._names[len(self._names) // 2]
        elif step.name == "none":
            name = None
        else:
            self._names.append(str(name))
        request = self._wishes_of(step).request(step, name)
        command = c.SubmitOrder(command_id=self._id(), order=request)
        if step.flaw:
            self._refused(command, InvalidOrder)
        elif name in [order.name for order in self.reference.account.orders]:
            self._refused(command, OrderConflict)
            self._command(command, step.when)  # as when two with one name are on their way
        else:
            self.engine.check(command)
            self._command(command, step.when)

    def _wishes_of(self, step: Send) -> Wishes:
        return self.wishes[step.place % len(self.wishes)]

    def _send_list(self, step: SendList) -> None:
        requests = []
        for send in step.sends:
            self._names.append(f"order-{len(self._names)}")
            name = None if send.name == "none" else self._names[-1]
            requests.append(self._wishes_of(send).request(send, name))
        if step.kind is ContingencyType.BRACKET:
            qty = requests[0].order_qty
            requests = [msgspec.structs.replace(request, order_qty=qty) for request in requests]
        orders = OrderListRequest(contingency_type=step.kind, orders=tuple(requests))
        command = c.SubmitOrderList(command_id=self._id(), orders=orders)
        self.engine.check(command)
        self._command(command, step.when)

    def _ask(self, step: Ask) -> None:
        account = self.reference.account
        orders = (not step.ended and account.working()) or account.orders
        if not orders:
            unknown = c.CancelOrder(command_id=self._id(), client_order_id="none such")
            self._refused(unknown, OrderNotFound)
            return
        order = self.reference.find(orders[-1 - step.which % len(orders)].name)
        command: c.Command = c.CancelOrder(command_id=self._id(), client_order_id=order.name)
        if step.replace:
            venues = self.reference.common.venues
            wishes = self.wishes[venues.index(self.reference.venue_of(order.symbol))]
            price = None if step.price is None else wishes.price_text(step.price, 0)
            qty = None if step.qty is None else wishes.qty_text(step.qty, 0, "")
            command = c.ReplaceOrder(
                command_id=self._id(),
                client_order_id=order.name,
                terms=ReplaceRequest(order_qty=qty, price=price, **wishes.new_trigger(step, order)),
            )
            empty = qty is None and price is None and step.stop is None
            unfit = price is not None and not order.kind.has_limit
            if empty or unfit or (step.stop is not None and not order.kind.waits):
                self._refused(command, InvalidOrder)
                return
        self.engine.check(command)
        self._command(command, step.when)

    def _refused(self, command: c.Command, error: type[Exception]) -> None:
        """A malformed command is told apart before anything is recorded of it."""
        try:
            self.engine.check(command)
        except error:
            self.counts["refused"] += 1
        else:
            raise Divergence(f"{command} was not refused with {error.__name__}")

    def _change(self, step: Change) -> None:
        status = self.reference.status
        command: c.Command
        if step.to == "pause" and status is SessionStatus.RUNNING:
            command = c.Pause(command_id=self._id(), orders=step.policy)
        elif step.to == "resume" and status is SessionStatus.PAUSED:
            command = c.Resume(command_id=self._id(), timers=ResumeTimers.SKIP)
        elif step.to == "force" and status is SessionStatus.STOPPING:
            command = c.ForceStop(command_id=self._id())
        elif step.to in {"stop", "flatten"} and status is not SessionStatus.STOPPING:
            command = c.Stop(
                command_id=self._id(),
                flatten=step.to == "flatten",
                deadline_ns=step.deadline * self.setup.timeframe,
            )
        else:
            return
        self._command(command, step.when)

    # -- feeding ----------------------------------------------------------------------------

    def _id(self) -> str:
        self._commands += 1
        return f"command-{self._commands}"

    def _command(self, command: c.Command, when: int) -> None:
        ts = self.reference.now
        if when and not self.reference.stands_still:
            ts = max(ts + 1, self.market.from_ts)
            ts = self._come_to(ts + (0 if when < 0 else when * self.setup.timeframe // 10))
        if self.reference.over:
            return
        self.reference.command(command, ts)
        self._feed(Take(command=command, ts=ts))
        self.market.from_ts = max(self.market.from_ts, self.reference.now)

    def _come_to(self, ts: int) -> int:
        """When a command for a time can be taken: a day's loss may have stopped the clock before
        it, as whoever feeds an engine must look."""
        if self.setup.risk.daily_loss is None:
            return ts
        self.reference.advance(ts - 1)
        self._feed(Advance(ts=ts - 1))
        return self.reference.now if self.reference.stands_still else ts

    def _feed(self, item: EngineInput) -> None:
        self.inputs.append(item)
        made = self.engine.process([item])
        told = self.reference.events
        self.reference.events = []
        for record in made:
            self.checker.take(record)
            self._count(record)
        self.records += made
        self._compare(made, told)

    def _count(self, record: Record) -> None:
        """What a campaign was about."""
        self.counts[type(record).__name__] += 1
        if isinstance(record, r.OrderFilled):
            if record.evidence.model.startswith("auction"):
                noon = "noon" if self.setup.breaks else "no noon"
                self.counts[f"fills:{record.evidence.model} {noon}"] += 1
            for tag in self._tags:
                self.counts[f"fills:{tag}"] += 1
            for kind in kinds_of_fill(record.evidence):
                self.counts[f"fills:{kind}"] += 1
            if record.symbol != self.setup.instrument.symbol:
                self.counts["fills:others"] += 1
        if isinstance(record, r.PositionRestated) and record.new_symbol != record.symbol:
            self.counts["symbol-change"] += 1
        if isinstance(record, SEVERAL):
            several = sum(qty != 0 for qty in self.checker.held.values()) > 1
            self.counts[f"{type(record).__name__}-several"] += several
        if isinstance(record, r.OrderDenied | r.OrderRejected):
            self.counts[f"{record.reason.value}"] += 1

    # -- comparing --------------------------------------------------------------------------

    def _compare(self, made: list[Record], told: list[tuple[object, ...]]) -> None:
        events = [self.plain.event(m) for m in made if not isinstance(m, r.SessionAttached)]
        self._same("records", events, told)
        reference = self.reference
        real = (self.engine.status, self.engine.now, self.engine.cursor.row)
        self._same("status, time, rows", real, (reference.status, reference.now, reference.rows))
        for venue in reference.common.venues:
            self._same("account", self._account(venue.setup.instrument), venue.account.told())
            self._levels(venue)
        self._orders()
        if self.listener is not None and self.setup.listener != "on_start":
            self._same("shown", self.listener.seen, reference.seen)

    def _levels(self, venue: ReferenceSession) -> None:
        """Of the best bid and ask: what the session has had of them, and they do not show again."""
        if venue.book is not None:
            compare_books(self.engine, venue, self._same)
            return
        instrument = venue.setup.instrument
        book, scale = self.engine._venue.book(instrument.symbol), 10**instrument.price_precision
        plain = self.plain.of(instrument.symbol)
        for side, level in ((OrderSide.BUY, venue.asks), (OrderSide.SELL, venue.bids)):
            missing = plain.size(book.missing(side, int(level.price * scale)))
            self._same(f"taken of what a {side.value} meets", missing, level.missing())

    def _account(self, instrument: Instrument) -> dict[str, object]:
        """The engine's account, in whole units."""
        ledger, plain = self.engine._kernel.ledger, self.plain.of(instrument.symbol)
        base = instrument.held_as
        position = ledger.position(instrument.symbol)
        amounts = {
            **{f"cash {name}": amount for name, amount in ledger.cash().items() if amount},
            "holdings": ledger.balance("holdings", base),
            "cost": position.cost,
            "realized": position.realized,
            "realized here": ledger.realized,
            "fees": ledger.fees,
            "reserved": sum(ledger.reserved.values()),
        }
        exact = {name: plain.money(amount) for name, amount in amounts.items()}
        return exact | {"position": plain.size(position.qty), "open": list(ledger.open_orders)}

    def _orders(self, *, again: bool = False) -> None:
        """Every order; those that ended and were found equal are looked at ``again`` at last."""
        real = self.engine._kernel.ledger.orders.values()
        expected = self.reference.account.orders
        self._same("number of orders", len(real), len(expected))
        for one, other in zip(real, expected, strict=True):
            if one.ordinal in self._settled and not again:
                continue
            if other.ended is not None:
                self._settled.add(one.ordinal)
            plain = self.plain.of(one.symbol)
            mine = (
                one.client_order_id, one.status, one.reason, plain.size(one.cum_qty),
                plain.size(one.order_qty), plain.price(one.price_px), plain.money(one.reserved),
                plain.money(one.fees), plain.money(one.cum_notional),
            )  # fmt: skip
            wanted = (
                other.name, other.status, other.reason, other.filled,
                other.qty, other.limit, other.reserved, other.fees, other.value,
            )  # fmt: skip
            self._same(f"order {one.ordinal}", mine, wanted)

    def _same(self, what: str, real: object, expected: object) -> None:
        if real != expected:
            if isinstance(real, list) and isinstance(expected, list):
                pairs = zip_longest(real, expected)
                real, expected = next(pair for pair in pairs if pair[0] != pair[1])
            raise Divergence(f"{what}: the engine has\n  {real}\nthe reference\n  {expected}")

    def replay(self) -> None:
        """At the end of a session: what was recorded gives the same bytes again, in one call and
        without hints, and a report of it tells where all money went, and where margin calls are."""
        session = session_of(self.setup)
        self.counts.update(check_money_told(session, self.records))
        self.counts.update(check_levels(session.config, self.records, self.reference))
        engine = ProcessingEngine(session, self._new_listener())
        self._orders(again=True)
        inputs = merged(self.inputs, self.records)
        again = [encode_record(record) for record in engine.process(inputs)]
        for real, other in zip([encode_record(m) for m in self.records], again, strict=False):
            self._same("a record made again", other, real)
        self._same("number of records made again", len(again), len(self.records))
