"""One engine under test: its market, its inputs, and every record it makes, held to the invariants.

::

    rehearsal = rehearse(quotes_market([("100", "101"), ("101", "102")], instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "5", price="101")
    rehearsal.rest()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import (
    AccountConfig,
    BasisPointsFee,
    FeeConfig,
    LatencyConfig,
    LifecycleConfig,
    PauseOrders,
    ResumeTimers,
    RiskConfig,
    SessionConfig,
    StrategySpec,
    VenueConfig,
    instruments_of,
    sources_of,
)
from offbook.domain.instruments import ALWAYS_OPEN
from offbook.domain.market_data import MarketInfo, MarketSlice
from offbook.domain.orders import (
    CancelReason,
    OrderRequest,
    OrderSide,
    OrderType,
    OrderView,
    ReplaceRequest,
    TimeInForce,
)
from offbook.domain.receipts import Receipts
from offbook.domain.records import Record, decode_record, encode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.account.accounts import MARGIN
from offbook.engine.inputs import Advance, Attach, EndOfData, EngineInput, Take
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import BuiltCombination, BuiltMarket
from tests.fill_evidence import stays_in_its_market
from tests.reserved import reserved_by_pool

NO_FEE = BasisPointsFee(maker="0", taker="0")
AT_ONCE = LatencyConfig(entry_ns=0, response_ns=0)


def session_of(
    market: BuiltMarket | BuiltCombination,
    strategy: Strategy | None = None,
    *,
    cash: str = "10000",
    fee: FeeConfig = NO_FEE,
    latency: LatencyConfig = AT_ONCE,
    venue: dict[str, Any] | None = None,
    account: dict[str, Any] | None = None,
    risk: RiskConfig | None = None,
    lifecycle: LifecycleConfig | None = None,
    seed: int = 0,
    history_limit: int = 1000,
) -> PaperTradingSession:
    """A session that is yet to start, joined to ``market``."""
    currency = instruments_of(market.config)[0].quote_currency
    config = SessionConfig(
        market=market.config,
        account=AccountConfig(**{"currency": currency, "initial_cash": cash, **(account or {})}),
        strategy=None if strategy is None else StrategySpec(ref=f"m:{type(strategy).__name__}"),
        venue=VenueConfig(fee=fee, latency=latency, **(venue or {})),
        risk=risk or RiskConfig(),
        lifecycle=lifecycle or LifecycleConfig(),
        seed=seed,
        history_limit=history_limit,
    )
    return PaperTradingSession(
        id="00000000-0000-7000-8000-000000000000",
        config=config,
        status=SessionStatus.STARTING,
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
    )


def attach_of(
    market: BuiltMarket | BuiltCombination,
    calendar: TradingCalendar = ALWAYS_OPEN_CALENDAR,
    *,
    clock_stops: bool = True,
) -> Attach:
    """The first input of a session of ``market``; both times of its rows are told where they have
    them."""
    info = MarketInfo(
        sources=sources_of(market.config),
        instruments=instruments_of(market.config),
        data_identity="data",
        calendar_identity=calendar.digest(),
        clock_stops=clock_stops,
    )
    names = dict.fromkeys(one.calendar for one in info.instruments)
    hours = {name: msgspec.structs.replace(calendar, name=name) for name in names}
    hours |= {ALWAYS_OPEN: ALWAYS_OPEN_CALENDAR} if len(hours) > 1 else {}
    rows = market.slices[0] if len(market.slices) == 1 else None
    events = getattr(rows, "ts_event", None)
    receipts = None if rows is None or events is None else Receipts.of(events, rows.ts)
    return Attach(market=info, calendars=tuple(hours.values()), receipts=receipts)


def whole(market: BuiltMarket | BuiltCombination) -> MarketSlice:
    """All rows of a market in one slice (markets are built uncut unless asked)."""
    (one,) = market.slices
    return one


class Rehearsal:
    """Feeds one engine and checks every record against the invariants as it comes."""

    def __init__(
        self,
        market: BuiltMarket | BuiltCombination,
        session: PaperTradingSession,
        strategy: Strategy | None,
        attach: Attach,
    ) -> None:
        self.all_rows = whole(market)
        self.session = session
        self.attach = attach
        self.engine = ProcessingEngine(session, strategy, "source")
        self.records: list[Record] = []
        self.audit = Audit()
        self._commands = 0

    # -- feeding ----------------------------------------------------------------------------

    def feed(self, *inputs: EngineInput) -> list[Record]:
        """Process inputs; the records they made."""
        made = self.engine.process(inputs)
        for record in made:
            self.audit.take(record)
        self.records += made
        assert state_of(self.audit.ledger) == state_of(self.engine._kernel.ledger)
        return made

    def start(self, ts: int | None = None) -> list[Record]:
        """Join the market and start, at the first row's time unless told."""
        first = int(self.all_rows.ts[0]) if len(self.all_rows) else 1
        command = c.Start(command_id="start")
        return self.feed(self.attach, Take(command=command, ts=first if ts is None else ts))

    def rows(self, count: int) -> list[Record]:
        """Feed the next ``count`` rows."""
        begin = self.engine.cursor.row
        return self.feed(self.all_rows.rows(begin, min(begin + count, len(self.all_rows))))

    def rest(self) -> list[Record]:
        """Feed all rows that are left, up to where the session stands still."""
        return self.rows(len(self.all_rows))

    def advance(self, ts: int) -> list[Record]:
        """Let everything due up to ``ts`` happen."""
        return self.feed(Advance(ts=ts))

    def end(self) -> list[Record]:
        """The data is over."""
        return self.feed(EndOfData())

    # -- commands ---------------------------------------------------------------------------

    def take(self, make: Callable[[str], c.Command], at: int | None = None) -> list[Record]:
        """Take a command now, or at session time ``at``."""
        self._commands += 1
        command = make(f"command-{self._commands}")
        self.engine.check(command)
        return self.feed(Take(command=command, ts=self.engine.now if at is None else at))

    def send(
        self,
        name: str,
        side: OrderSide,
        qty: str,
        price: str | None = None,
        *,
        tif: TimeInForce = TimeInForce.GTC,
        reduce_only: bool = False,
        at: int | None = None,
    ) -> list[Record]:
        """Send an order from outside under a client order id."""
        order = OrderRequest(
            symbol=self.attach.market.instruments[0].symbol,
            side=side,
            order_qty=qty,
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            price=price,
            time_in_force=tif,
            reduce_only=reduce_only,
            client_order_id=name,
        )
        return self.take(lambda i: c.SubmitOrder(command_id=i, order=order), at)

    def cancel(self, name: str, at: int | None = None) -> list[Record]:
        """Cancel an order from outside."""
        return self.take(lambda i: c.CancelOrder(command_id=i, client_order_id=name), at)

    def replace(
        self, name: str, qty: str | None = None, price: str | None = None, at: int | None = None
    ) -> list[Record]:
        """Replace an order from outside."""
        terms = ReplaceRequest(order_qty=qty, price=price)
        return self.take(
            lambda i: c.ReplaceOrder(command_id=i, client_order_id=name, terms=terms), at
        )

    def pause(
        self, orders: PauseOrders = PauseOrders.CANCEL_ENTRIES, at: int | None = None
    ) -> list[Record]:
        """Pause."""
        return self.take(lambda i: c.Pause(command_id=i, orders=orders), at)

    def resume(
        self, timers: ResumeTimers = ResumeTimers.SKIP, at: int | None = None
    ) -> list[Record]:
        """Resume."""
        return self.take(lambda i: c.Resume(command_id=i, timers=timers), at)

    def stop(self, at: int | None = None, **parts: Any) -> list[Record]:
        """Stop."""
        return self.take(lambda i: c.Stop(command_id=i, **parts), at)

    # -- asking -----------------------------------------------------------------------------

    @property
    def ledger(self) -> LedgerState:
        """The ledger that the records fold to; equal to the engine's."""
        return self.audit.ledger

    @property
    def raws(self) -> list[bytes]:
        """All records in canonical bytes."""
        return [encode_record(record) for record in self.records]

    def order(self, name: str) -> OrderView:
        """An order as it stands at the venue."""
        return self.engine.order_view(name)

    def of(self, *kinds: type[Any]) -> list[Any]:
        """The records of some kinds, in order."""
        return [record for record in self.records if isinstance(record, kinds)]

    @property
    def fills(self) -> list[r.OrderFilled]:
        """All fills, in order."""
        return self.of(r.OrderFilled)

    @property
    def position(self) -> int:
        """Signed position in quantity units."""
        return self.ledger.position(self.attach.market.instruments[0].symbol).qty

    @property
    def cash(self) -> str:
        """Cash as decimal text."""
        return str(self.engine.summary().cash)


def rehearse(
    market: BuiltMarket | BuiltCombination,
    strategy: Strategy | None = None,
    *,
    calendar: TradingCalendar = ALWAYS_OPEN_CALENDAR,
    clock_stops: bool = True,
    start: bool = True,
    **parts: Any,
) -> Rehearsal:
    """An engine joined to a market and, unless told otherwise, started."""
    session = session_of(market, strategy, **parts)
    attach = attach_of(market, calendar, clock_stops=clock_stops)
    rehearsal = Rehearsal(market, session, strategy, attach)
    if start:
        rehearsal.start()
    return rehearsal


def state_of(ledger: LedgerState) -> dict[str, Any]:
    """A ledger as plain values, to be compared."""
    parts = {name: getattr(ledger, name) for name in LedgerState.__struct_fields__}
    parts["attached"] = None if ledger.attached is None else encode_record(ledger.attached)
    return parts


class Audit:
    """Folds records one by one and holds the ledger to its invariants after each."""

    def __init__(self) -> None:
        self.ledger = LedgerState()
        self._arrivals: dict[int, int] = {}

    def take(self, record: Record) -> None:
        """One more record: raises AssertionError naming the invariant it breaks."""
        assert self.ledger.status not in {SessionStatus.STOPPED, SessionStatus.FAILED}, (
            f"I9: {record} came after the session was over"
        )
        again, raw = decode_record(encode_record(record)), encode_record(record)
        assert encode_record(again) == raw, f"{record} does not decode to itself"
        before = {o.ordinal: o.status for o in self.ledger.orders.values()}
        self.ledger.apply(again)
        self._check_orders(before, record)
        self._check_money(record)
        if isinstance(record, r.OrderSubmitted):
            self._arrivals[record.order] = record.due
        if isinstance(record, r.OrderFilled):
            self._check_fill(record)
        if isinstance(record, r.OrderCanceled) and record.reason is CancelReason.COLLAR_EXCEEDED:
            order = self.ledger.orders[record.order]
            unbounded = order.price_px is None if order.peg is None else order.cap_px is None
            assert unbounded, f"I2: {record} held too little for its limit"

    def _check_orders(self, before: dict[int, Any], record: Record) -> None:
        for order in self.ledger.orders.values():
            old = before.get(order.ordinal)
            final = old is not None and old.is_terminal
            assert not final or old is order.status, f"I3: {record} moved a final order"
            assert 0 <= order.cum_qty <= order.order_qty, f"I3: {record}"
            open_now = order.ordinal in self.ledger.open_orders
            assert open_now is not order.status.is_terminal, f"I3: {record}"

    def _check_money(self, record: Record) -> None:
        ledger = self.ledger
        assert not any(ledger.sums().values()), f"I1: {record} leaves {ledger.sums()}"
        for order in ledger.orders.values():
            assert order.reserved >= 0, f"I2: {record}"
            assert not (order.reserved and order.status.is_terminal), f"I2: {record} leaks"
        held = reserved_by_pool(ledger)
        for pool in {*held, *ledger.reserved}:
            assert ledger.reserved.get(pool, 0) == held.get(pool, 0), f"I2: {record} of {pool}"
            free = ledger.balances.get(pool, 0) - held.get(pool, 0)
            assert free >= 0 or pool.startswith(MARGIN), f"I2: {record} of {pool}"
        if b'"type":"margin"' in bytes(getattr(ledger.attached, "config", b"")):
            return
        least = min(ledger.held_positions().values(), default=0)
        assert least >= 0, f"{record} sells short in a cash account"

    def _check_fill(self, record: r.OrderFilled) -> None:
        order = self.ledger.orders[record.order]
        seen = record.evidence
        assert 0 < record.last_qty <= seen.available_qty, f"I4: {record} took more than there was"
        assert record.ts >= self._arrivals[record.order], f"I4: {record} came before its order"
        if order.price_px is not None:
            assert (order.price_px - record.last_px) * order.side.sign >= 0, f"I4: {record}"
        stays_in_its_market(record, order.side)


class Snapshotting(Strategy):
    """Base of strategies whose whole memory is plain attributes."""

    def save_state(self) -> Any:
        """Every attribute that is no parameter."""
        hidden = {"_context", *self.parameters()}
        return {name: value for name, value in vars(self).items() if name not in hidden}

    def load_state(self, state: Any) -> None:
        """Take them back."""
        vars(self).update(state)


def restored(rehearsal: Rehearsal, strategy: Strategy | None, state: bytes) -> ProcessingEngine:
    """A fresh engine that became what ``state`` keeps."""
    engine = ProcessingEngine(rehearsal.session, strategy, "source")
    engine.restore(rehearsal.attach, state)
    return engine


def one_by_one(rows: MarketSlice) -> Iterator[MarketSlice]:
    """A slice cut into its rows."""
    return (rows.rows(index, index + 1) for index in range(len(rows)))
