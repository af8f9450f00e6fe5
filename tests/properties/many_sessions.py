"""Many sessions at random on one live market, from one seed: they join at any moment, are given
commands, sleep and lag."""

import asyncio
from random import Random
from typing import Any, Literal

import msgspec
from tests.live_stage import LiveStage
from tests.properties.gambler import Dozer, Gambler, Sleeper
from tests.properties.random_actions import action
from tests.properties.random_markets import (
    ALONE,
    MAKERS,
    Kind,
    days_at_random,
    hours_at_random,
)
from tests.properties.random_sessions import session_at_random
from tests.properties.venue_cases import fitting
from tests.stage import SMALL

from offbook.domain.config import (
    ActionKind,
    Adjustment,
    PauseOrders,
    ReplayMarket,
    ResumeTimers,
    SessionConfig,
    StrategySpec,
)
from offbook.domain.errors import OffbookError, SessionFailed
from offbook.domain.orders import (
    OrderRequest,
    OrderSide,
    OrderType,
    PegType,
    ReplaceRequest,
    TimeInForce,
)
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.ports.recordings import IMarketRecordings
from offbook.services.market_hub.chunks import SHARED_KINDS
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import SECOND, BuiltCombination, BuiltMarket

ACTORS: dict[str, type[Gambler]] = {kind.__name__: kind for kind in (Gambler, Sleeper, Dozer)}
SHARED: list[Kind] = [*(kind for kind in ALONE if kind in SHARED_KINDS), "several"]


def with_actions_on_books(
    market: BuiltMarket | BuiltCombination, rng: Random
) -> BuiltMarket | BuiltCombination:
    """A split and a dividend of every instrument with a book, within the time of its market."""
    (rows,) = market.slices
    begin, end = int(rows.ts[0]), int(rows.ts[-1])

    def acting(source: ReplayMarket) -> ReplayMarket:
        if not source.kind.is_book:
            return source
        symbol = source.instrument.symbol
        split = action(symbol, ActionKind.SPLIT, rng.randint(begin, end), ratio="2:1")
        paid = action(symbol, ActionKind.DIVIDEND, rng.randint(begin, end), amount="0.03")
        return msgspec.structs.replace(source, adjustment=Adjustment.RAW, actions=(split, paid))

    config = market.config
    if isinstance(config, ReplayMarket):
        return msgspec.structs.replace(market, config=acting(config))
    sources = tuple(acting(one) if isinstance(one, ReplayMarket) else one for one in config.sources)
    return msgspec.structs.replace(market, config=msgspec.structs.replace(config, sources=sources))


class ManySessions:
    """One market with its sessions; ``play`` goes through all of it."""

    def __init__(
        self, seed: int, kind: Kind, *, rows: int, recordings: IMarketRecordings | None = None
    ) -> None:
        self.rng = Random(seed)
        self.kind = kind
        hours = days_at_random if kind == "several" else hours_at_random
        self.stage = LiveStage(
            with_actions_on_books(MAKERS[kind](self.rng, rows), Random(f"actions {seed}")),
            recordings=recordings,
            calendar=hours(self.rng),
            # Half of them leave out what they are too slow for.
            limits=msgspec.structs.replace(SMALL, lag_rows=[2**62, 4][seed % 2]),
        )
        self.stage.engine = self.engine  # type: ignore[method-assign]  # strategies come from configs
        self.stage.repository.hook = self.slowly
        self.slow: set[str] = set()
        self.ids: list[str] = []
        self._commands: list[asyncio.Task[Any]] = []

    def engine(self, session: PaperTradingSession) -> ProcessingEngine:
        """An engine with the strategy that the configuration names."""
        spec = session.config.strategy
        actor = None if spec is None else ACTORS[spec.ref.partition(":")[2]](**spec.params)
        return ProcessingEngine(session, actor, None if spec is None else "source")

    async def play(
        self, manager: PaperTradingSessionManager, sessions: int, *, until: int | None = None
    ) -> None:
        """Let the market run, to the end or up to a row, and so many sessions join it."""
        rng, stage = self.rng, self.stage
        await self.join(manager)
        while stage.pushed < (len(stage.rows) if until is None else until):
            roll = rng.random()
            if roll < 0.3:
                stage.push(min(rng.choice([1, 1, 2, 9]), len(stage.rows) - stage.pushed))
            elif roll < 0.6 and len(self.ids) < sessions:
                await self.join(manager)
            elif roll < 0.7:
                self._pass_time()
            elif roll < 0.9 and self.ids:
                self._commands.append(asyncio.ensure_future(self._command(manager)))
            await stage.rest(rng.choice([0, 0, 1, 5, 40]))
        if until is None:
            await stage.rest(1000)
        for command in self._commands:
            # A stop that closes positions first may wait for rows that do not come any more.
            command.cancel()
        for ended in await asyncio.gather(*self._commands, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        self._commands.clear()

    async def join(self, manager: PaperTradingSessionManager) -> None:
        """One more session."""
        config = self.config()
        try:
            session = await manager.start_session(config)
        except SessionFailed:
            return  # its strategy failed to start: bad luck
        self.ids.append(session.id)
        if self.rng.random() < 0.3:
            self.slow.add(session.id)

    def config(self) -> SessionConfig:
        """A session at random."""
        name = self.rng.choice([None, *ACTORS])
        made = session_at_random(
            self.rng,
            self.kind,
            rows=3,
            strategy=None if name is None else ACTORS[name],
            contracts=False,  # the market is one for all of them, and runs
            recorded=False,
        )
        spec, actor = None, made.engine._strategy
        if isinstance(actor, Gambler):
            params = {"luck": actor.luck, "symbols": actor.symbols}
            spec = StrategySpec(ref=f"m:{name}", params=params)
        market, found = self.stage.market.config, made.session.config
        venue = fitting(found.venue, market)
        return msgspec.structs.replace(found, market=market, strategy=spec, venue=venue)

    def _pass_time(self) -> None:
        """Some of the time until the next row passes, with nothing else."""
        stage = self.stage
        now, following = stage.gateway.time, int(stage.rows.ts[stage.pushed])
        if following > now + 1:
            stage.gateway.advance(self.rng.randint(now, following - 1))

    async def slowly(
        self, operation: str, phase: Literal["before", "after"], session_id: str
    ) -> None:
        """Some sessions' saves take their time."""
        if operation == "save" and session_id in self.slow:
            for _ in range(Random(session_id).randrange(300)):
                await asyncio.sleep(0)

    async def _command(self, manager: PaperTradingSessionManager) -> None:
        rng = self.rng
        session_id = rng.choice(self.ids)
        roll = rng.random()
        try:
            if roll < 0.08:
                await manager.pause_session(session_id, orders=rng.choice(list(PauseOrders)))
            elif roll < 0.2:
                await manager.resume_session(session_id, timers=rng.choice(list(ResumeTimers)))
            elif roll < 0.23:
                await manager.stop_session(session_id, flatten=rng.random() < 0.5)
            elif roll < 0.3:
                await manager.progress(session_id)
            else:
                await self._order(manager, session_id)
        except OffbookError:
            pass  # refused, as it may be

    async def _order(self, manager: PaperTradingSessionManager, session_id: str) -> None:
        rng = self.rng
        known = [view.client_order_id for view in await manager.orders(session_id)]
        price = f"{100 + rng.randint(-4, 4) / 100:.2f}"
        if known and rng.random() < 0.2:
            await manager.cancel_order(session_id, rng.choice(known))
            return
        if known and rng.random() < 0.2:
            terms = ReplaceRequest(order_qty=str(rng.randint(1, 12)), price=price)
            await manager.replace_order(session_id, rng.choice(known), terms)
            return
        kind = rng.choice(list(OrderType))
        now = self.stage.gateway.time
        force = rng.choice([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD])
        order = OrderRequest(
            symbol=rng.choice(self.stage.shared.info.instruments).symbol,
            side=rng.choice(list(OrderSide)),
            order_qty=str(rng.randint(1, 20)),
            order_type=kind,
            price=price if kind.has_limit else None,
            stop_px=f"{100 + rng.randint(-4, 4) / 100:.2f}" if kind.has_stop else None,
            trail_amount="0.03" if kind is OrderType.TRAILING_STOP else None,
            time_in_force=force,
            expire_time=now + rng.randint(1, 90) * SECOND if force is TimeInForce.GTD else None,
            **({"peg": PegType.PRIMARY} if kind is OrderType.PEGGED else {}),
        )
        at = now + rng.randint(1, 20) * SECOND if rng.random() < 0.2 else None
        await manager.submit_order(session_id, order, at=at)
