"""Whole sessions at random from one seed: a market, a configuration, a strategy that gambles, and
commands from outside at any moment.

``improvise`` runs one and writes down what it was fed, as a journal would; ``again`` feeds a fresh
engine from that alone, cut into slices as one likes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec
import numpy as np
from tests.properties.gambler import Gambler
from tests.properties.random_actions import with_actions
from tests.properties.random_conditions import (
    ACCOUNTS,
    AUCTIONS,
    EXTENDED,
    FEES,
    SLIPPAGES,
    as_other_engines,
    delays_at_random,
    rules_of_bars,
    venues_at_random,
)
from tests.properties.random_contracts import with_contracts
from tests.properties.random_markets import MAKERS, Kind, days_at_random, hours_at_random
from tests.properties.venue_cases import manners_at_random
from tests.rehearsal import Rehearsal, attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import (
    AtEnd,
    DailyLoss,
    LifecycleConfig,
    OnDailyLoss,
    OnStrategyError,
    PauseOrders,
    RecordedDelay,
    ResumeTimers,
    RiskConfig,
    instruments_of,
)
from offbook.domain.errors import OffbookError
from offbook.domain.market_data import BarSlice, DataKind, IntColumn, MarketSlice
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, ReplaceRequest, TimeInForce
from offbook.domain.receipts import Receipts
from offbook.domain.records import CommandTaken, encode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.inputs import Advance, Attach, EndOfData, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import SECOND, BuiltCombination, BuiltMarket

OVER = {SessionStatus.STOPPED, SessionStatus.FAILED}


def session_at_random(
    rng: Random,
    kind: Kind,
    *,
    rows: int,
    strategy: type[Gambler] | None,
    accounts: Sequence[tuple[str, dict[str, Any]]] = ACCOUNTS,
    events: bool = True,
    contracts: bool = True,
    recorded: bool = True,
) -> Rehearsal:
    """An engine, not yet started; without ``contracts`` the market's instruments stay as they are
    made, and without ``recorded`` none is seen as late as its rows tell."""
    market = MAKERS[kind](rng, rows)
    cash, account = rng.choice(accounts)
    slow = rng.choice([0, 0, SECOND // 5, 2 * SECOND])
    symbols = " ".join(instrument.symbol for instrument in instruments_of(market.config))
    actor = None if strategy is None else strategy(luck=rng.randrange(10**6), symbols=symbols)
    session = session_of(
        market,
        actor,
        cash=cash,
        account=account,
        fee=rng.choice(FEES),
        latency=delays_at_random(rng, slow),
        venue={
            "volume_share": rng.choice(["0.1", "0.5"]),
            "slippage": rng.choice(SLIPPAGES),
            "auctions": rng.choice(AUCTIONS),
            "extended_hours": rng.choice(EXTENDED),
            **(rules_of_bars(rng) if kind is DataKind.BARS else {}),
            **manners_at_random(rng, market.config),
        },
        risk=rng.choice(
            [
                RiskConfig(),
                RiskConfig(max_position_notional="3000", max_open_orders=4),
                RiskConfig(daily_loss=DailyLoss(percent="0.05")),
                RiskConfig(daily_loss=DailyLoss(amount="2", action=OnDailyLoss.STOP)),
            ]
        ),
        lifecycle=LifecycleConfig(
            on_strategy_error=rng.choices(list(OnStrategyError), [8, 1, 1])[0],
            at_end=rng.choice(list(AtEnd)),
        ),
        seed=rng.randrange(10**6),
        history_limit=rng.choice([5, 6, 1000]),
    )
    if kind is DataKind.BARS:
        config = as_other_engines(session.config, rng)
        session = msgspec.structs.replace(session, config=config)
    if events:
        session, market = _with_events(session, market, rng, contracts=contracts)
    hours = days_at_random(rng) if kind == "several" else hours_at_random(rng)
    attach = attach_of(market, hours, clock_stops=rng.random() < 0.6)
    if recorded:
        session, attach = sometimes_recorded(session, attach, market.slices[0].ts, rng)
    config = venues_at_random(session.config, rng)
    session = msgspec.structs.replace(session, config=config)
    return Rehearsal(market, session, actor, attach)


def sometimes_recorded(
    session: PaperTradingSession, attach: Attach, times: IntColumn, rng: Random
) -> tuple[PaperTradingSession, Attach]:
    """A market that is seen late, at times as late as its rows tell; ``rng`` is left where it
    was."""
    own, config = Random(), session.config
    own.setstate(rng.getstate())
    kinds = {source.kind for source in attach.market.sources}
    may = len(attach.market.instruments) == 1 and DataKind.BARS not in kinds
    if not (may and config.venue.latency.shows_late and own.random() < 0.4):
        return session, attach
    latency = msgspec.structs.replace(
        config.venue.latency, market_data=RecordedDelay(), market_data_ns=0, row_times=None
    )
    most = own.choice([1, SECOND // 3, 5 * SECOND])
    events = times - np.array([own.randint(0, most) for _ in times], np.int64)
    venue = msgspec.structs.replace(config.venue, latency=latency)
    config = msgspec.structs.replace(config, venue=venue)
    return (
        msgspec.structs.replace(session, config=config),
        msgspec.structs.replace(attach, receipts=Receipts.of(events, times)),
    )


def _with_events(
    session: PaperTradingSession,
    market: BuiltMarket | BuiltCombination,
    rng: Random,
    *,
    contracts: bool,
) -> tuple[PaperTradingSession, BuiltMarket | BuiltCombination]:
    """What happens at its date within the time of a market, and its contracts."""
    times = [ts for piece in market.slices for ts in (int(piece.ts[0]), int(piece.ts[-1]))]
    config = session.config
    if contracts:
        config = with_contracts(config, rng, min(times), max(times))
    if config is session.config:
        config = with_actions(config, rng, min(times), max(times))
    else:
        market = msgspec.structs.replace(market, config=config.market)
    return msgspec.structs.replace(session, config=config), market


class Fed(msgspec.Struct, frozen=True):
    """An input besides rows: where it was taken, and what (None for the end of the data)."""

    row: int
    ts: int
    command: c.Command | None


class Improvised(msgspec.Struct, frozen=True):
    """A session as it went: what it was fed, and after each step its records and a snapshot."""

    rehearsal: Rehearsal
    fed: list[Fed]
    steps: list[tuple[int, int, bytes | None]]
    """(inputs fed, records made, snapshot)"""


def improvise(
    seed: int,
    kind: Kind,
    *,
    rows: int = 60,
    strategy: type[Gambler] | None = Gambler,
    accounts: Sequence[tuple[str, dict[str, Any]]] = ACCOUNTS,
    events: bool = True,
) -> Improvised:
    """Run a session at random, with commands at any moment, hints and empty calls in between;
    with ``events`` every other one has dated ones too, such as splits and interest."""
    rng = Random(seed)
    rehearsal = session_at_random(
        rng, kind, rows=rows, strategy=strategy, accounts=accounts, events=events
    )
    done = Improvised(rehearsal, [], [])
    engine, stage = rehearsal.engine, _Outside(rng, rehearsal, done.fed)
    rehearsal.start()
    stage.note(c.Start(command_id="start"))
    for _ in range(10 * rows):
        if engine.status in OVER:
            break
        done.steps.append((len(done.fed), len(rehearsal.records), engine.snapshot()))
        if rng.random() < 0.3 or stage.stands_still():
            stage.command()
        elif engine.cursor.row < len(rehearsal.all_rows):
            rehearsal.rows(rng.choice([1, 1, 2, 7, 30]))
        else:
            rehearsal.end()
            done.fed.append(Fed(engine.cursor.row, engine.now, None))
        if rng.random() < 0.3:
            stage.hint()
    return done


class _Outside:
    """Whoever feeds the engine: chooses commands that are allowed, and hints that are true."""

    def __init__(self, rng: Random, rehearsal: Rehearsal, fed: list[Fed]) -> None:
        self._rng = rng
        self._rehearsal = rehearsal
        self._engine = rehearsal.engine
        self._fed = fed
        self._count = 0

    def stands_still(self) -> bool:
        """Whether only a command gets the session on."""
        stops = self._rehearsal.attach.market.clock_stops
        return self._engine.status is SessionStatus.PAUSED and stops

    def next_ts(self) -> int:
        """When the next row comes."""
        rows, row = self._rehearsal.all_rows, self._engine.cursor.row
        return int(rows.ts[row]) if row < len(rows) else self._engine.now

    def hint(self) -> None:
        """An empty call, or a promise that holds."""
        if self._rng.random() < 0.3:
            self._rehearsal.feed()
        elif self.next_ts() > self._engine.now:
            self._rehearsal.advance(self._rng.randint(self._engine.now, self.next_ts() - 1))

    def note(self, command: c.Command) -> None:
        """Write down where a command was taken, as its record tells."""
        for record in reversed(self._rehearsal.records):
            if isinstance(record, CommandTaken) and record.command == command:
                self._fed.append(Fed(record.row, record.ts, command))
                return

    def command(self) -> None:
        """Something from outside, now or a little later."""
        rng, engine = self._rng, self._engine
        ts = engine.now
        if not self.stands_still() and self.next_ts() > ts and rng.random() < 0.5:
            ts = rng.choice([self.next_ts(), rng.randint(ts, self.next_ts())])
            self._rehearsal.advance(ts - 1)
            if engine.status in OVER or self.stands_still():
                return
        self._count += 1
        command = self._choose(f"c{self._count}")
        if command is None:
            return
        try:
            engine.check(command)
        except OffbookError:
            return
        self._rehearsal.feed(Take(command=command, ts=max(ts, engine.now)))
        self.note(command)

    def _choose(self, name: str) -> c.Command | None:
        rng, status = self._rng, self._engine.status
        roll = rng.random()
        if status is SessionStatus.STOPPING:
            return c.ForceStop(command_id=name) if roll < 0.1 else None
        if status is SessionStatus.PAUSED and roll < 0.4:
            return c.Resume(command_id=name, timers=rng.choice(list(ResumeTimers)))
        if status is SessionStatus.RUNNING and roll < 0.15:
            return c.Pause(command_id=name, orders=rng.choice(list(PauseOrders)))
        if roll > 0.97:
            deadline = rng.choice([0, 30 * SECOND, 10**15])
            return c.Stop(command_id=name, flatten=rng.random() < 0.7, deadline_ns=deadline)
        return self._order_command(name)

    def _order_command(self, name: str) -> c.Command:
        rng = self._rng
        ids = [view.client_order_id for view in self._engine.order_views()]
        price = f"{100 + rng.randint(-4, 4) / 100:.2f}"
        roll = rng.random()
        if ids and roll < 0.25:
            return c.CancelOrder(command_id=name, client_order_id=rng.choice(ids[-6:]))
        if ids and roll < 0.5:
            terms = ReplaceRequest(
                order_qty=rng.choice([None, str(rng.randint(1, 12))]),
                price=rng.choice([None, price]),
            )
            chosen = rng.choice(ids[-6:])
            return c.ReplaceOrder(command_id=name, client_order_id=chosen, terms=terms)
        kinds = [kind for kind in OrderType if kind is not OrderType.PEGGED]
        kind = rng.choice([*kinds, OrderType.LIMIT, OrderType.LIMIT])
        force = rng.choice(list(TimeInForce))
        if force.is_auction and kind.waits:
            kind = OrderType.LIMIT
        instruments = self._rehearsal.attach.market.instruments
        order = OrderRequest(
            symbol=rng.choice(instruments).symbol,
            side=rng.choice(list(OrderSide)),
            order_qty=str(rng.randint(1, 20)),
            order_type=kind,
            price=price if kind.has_limit else None,
            stop_px=f"{100 + rng.randint(-4, 4) / 100:.2f}" if kind.has_stop else None,
            trail_amount="0.03" if kind is OrderType.TRAILING_STOP else None,
            time_in_force=force,
            expire_time=self._engine.now + rng.randint(1, 90) * SECOND
            if force is TimeInForce.GTD
            else None,
            reduce_only=rng.random() < 0.2,
            post_only=kind is OrderType.LIMIT and not force.is_immediate and rng.random() < 0.3,
            client_order_id=rng.choice([None, name]),
        )
        return c.SubmitOrder(command_id=name, order=order)


Cut = Callable[[], int]


def fresh(done: Improvised, *, every_row: bool = False) -> ProcessingEngine:
    """An engine for the same session, with a strategy that knows nothing yet."""
    old = done.rehearsal
    strategy = old.engine._strategy
    actor = None
    if isinstance(strategy, Gambler):
        actor = type(strategy)(luck=strategy.luck, symbols=strategy.symbols)
    return ProcessingEngine(old.session, actor, "source", every_row=every_row)


def again(done: Improvised, cut: Cut, *, every_row: bool = False) -> list[bytes]:
    """All records of a second engine that is fed what is written down, rows cut by ``cut``."""
    engine = fresh(done, every_row=every_row)
    made = list(map(encode_record, engine.process([done.rehearsal.attach])))
    return made + carry_on(done, engine, 0, len(made), cut)


def carry_on(
    done: Improvised, engine: ProcessingEngine, fed: int, records: int, cut: Cut
) -> list[bytes]:
    """The records of an engine that has had ``fed`` inputs and made ``records`` records, and goes
    on with the rest."""
    rows, last = done.rehearsal.all_rows, done.rehearsal.engine.cursor
    made: list[bytes] = []
    for entry in done.fed[fed:]:
        made += _rows_to(engine, rows, entry.row, cut)
        item = EndOfData() if entry.command is None else Take(command=entry.command, ts=entry.ts)
        made += map(encode_record, engine.process([item]))
    made += _rows_to(engine, rows, last.row, cut)
    missing = records + len(made) < len(done.rehearsal.records)
    if (missing or engine.now < last.ts) and engine.status not in OVER:
        # What fell due after the last row and the last command, as far as time had gone.
        made += map(encode_record, engine.process([Advance(ts=last.ts)]))
    return made


def _rows_to(engine: ProcessingEngine, rows: MarketSlice, row: int, cut: Cut) -> list[bytes]:
    made: list[bytes] = []
    while (begin := engine.cursor.row) < row and engine.status not in OVER:
        piece = rows.rows(begin, min(begin + cut(), row))
        made += map(encode_record, engine.process([piece]))
        assert engine.cursor.row > begin or engine.status in OVER, "the rows do not go on"
    return made


__all__ = ["BarSlice", "Fed", "Improvised", "again", "carry_on", "fresh", "improvise"]
