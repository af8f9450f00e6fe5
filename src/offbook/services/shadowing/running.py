"""One run of a session's own orders before another venue, without its strategy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from offbook.domain import commands as c
from offbook.domain.config import VenueConfig
from offbook.domain.market_data import Cursor
from offbook.domain.orders import OrderListRequest, OrderRequest
from offbook.domain.session import PaperTradingSession, SessionStatus, SessionSummary
from offbook.engine.inputs import Advance, Attach, EndOfData, EngineInput, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.ports.gateway import MarketFeed
from offbook.services.paper_trading.opening import attach_to
from offbook.services.paper_trading.row_reader import RowReader
from offbook.services.shadowing.made import Made
from offbook.services.shadowing.steps import Step

BLOCK_ROWS: Final = 65_536
CALL_RECORDS: Final = 256
"""After so many records others on the loop have their turn."""
_S = SessionStatus
_OVER: Final = (_S.STOPPED, _S.FAILED)
_TAKES: Final[dict[type[object], tuple[SessionStatus, ...]]] = {
    c.Start: (_S.STARTING,),
    c.Pause: (_S.RUNNING,),
    c.Resume: (_S.PAUSED,),
    c.Stop: (_S.STARTING, _S.RUNNING, _S.PAUSED),
    c.ForceStop: (_S.STOPPING,),
}
"""When a command of the session's life means something to a shadow: its life may be another."""


class ShadowRun(msgspec.Struct, frozen=True, kw_only=True):
    """How the orders fared.

    ``ended`` says why it was over before the session was: a limit on losses of its own, or None.
    ``reducing`` orders were to close more than it held and could only reduce.
    """

    made: Made
    summary: SessionSummary
    reducing: int
    ended: str | None


async def run_shadow(
    session: PaperTradingSession, steps: Sequence[Step], venue: VenueConfig, feed: MarketFeed
) -> ShadowRun:
    """Put a session's orders through another venue, up to the session's cursor.

    The same session, steps, venue and rows give the same outcome.  The feed is closed.  Raises
    what the feed raises.
    """
    config = msgspec.structs.replace(session.config, venue=venue, strategy=None)
    engine = ProcessingEngine(msgspec.structs.replace(session, config=config))
    rows = RowReader(feed, BLOCK_ROWS, lambda: None)
    try:
        run = Orders(engine, rows, attach_to(feed))
        return await run.through(steps, session.cursor)
    finally:
        await rows.close()


class Orders:
    """A session's orders on their way through an engine that has no strategy, over rows that are
    read as they are needed."""

    def __init__(self, engine: ProcessingEngine, rows: RowReader, attach: Attach) -> None:
        self._engine = engine
        self._rows = rows
        self._clock_stops = attach.market.clock_stops
        self._names: dict[str, str] = {}
        """Orders' names here by those of the session: one that closes down here may have taken a
        name."""
        self._reducing = 0
        self._told_to_end = False
        self.made = Made()
        self._process(attach)

    async def through(self, steps: Sequence[Step], until: Cursor) -> ShadowRun:
        """Ask what the steps ask, each in its place, and go on to the session's cursor."""
        engine, over = self._engine, False
        for step, most_row in zip(steps, _bounds(steps, until.row), strict=True):
            if not (await self._come_to(step, most_row) and await self._ask(step)):
                over = True
                break
        if not over:
            await self._rows_to(until.row)
            await self._finish(until)
        if over or (engine.cursor.row < until.row and not self._told_to_end):
            ended = engine.status_reason or engine.status.value
        else:
            ended = None
        return ShadowRun(
            made=self.made, summary=engine.summary(), reducing=self._reducing, ended=ended
        )

    async def _come_to(self, step: Step, most_row: int) -> bool:
        """Take the rows before a step; False where this run stands still before them."""
        engine = self._engine
        if step.row is None:
            await self._rows_until(step.ts, most_row)
            stuck = engine.status is _S.PAUSED and self._is_loss(engine.status_reason)
            return not (stuck and self._clock_stops) and engine.status not in _OVER
        await self._rows_to(step.row)
        return engine.cursor.row >= step.row and engine.status not in _OVER

    @staticmethod
    def _is_loss(reason: str | None) -> bool:
        return reason is not None and reason not in ("requested", "strategy_error", "end_of_data")

    async def _finish(self, until: Cursor) -> None:
        """What is due at the session's last moment; what closes positions here may take longer."""
        engine = self._engine
        if engine.status not in _OVER and engine.now < until.ts:
            await self._feed(Advance(ts=until.ts))
        while engine.status is _S.STOPPING:
            block = await self._rows.at(engine.cursor.row)
            if block is None:
                await self._feed(EndOfData())
                return
            self._process(block)

    async def _ask(self, step: Step) -> bool:
        """Ask what a step asks, if that means something here; False where time stands still before
        it."""
        engine, command = self._engine, step.command
        if command is None or isinstance(command, c.Stop | c.ForceStop):
            self._told_to_end = True
        if command is None:
            await self._feed(EndOfData())
            return True
        takes = _TAKES.get(type(command), (_S.RUNNING, _S.PAUSED))
        if engine.status not in takes or not self._knows(command):
            return True
        ts = engine.now if self._stands_still() else max(step.ts, engine.now)
        if ts > engine.now and not engine.is_quiet_before(ts):
            await self._feed(Advance(ts=ts - 1))
            if self._stands_still():
                return False
        await self._feed(Take(command=self._as_here(step, command), ts=ts))
        return True

    def _knows(self, command: c.Command) -> bool:
        """Whether a request is about an order that was sent here too."""
        if isinstance(command, c.CancelOrder | c.ReplaceOrder):
            return command.client_order_id in self._names
        return True

    def _stands_still(self) -> bool:
        return self._clock_stops and self._engine.status is _S.PAUSED

    def _as_here(self, step: Step, command: c.Command) -> c.Command:
        """The command with the names of here; what closes more than is held only reduces."""
        match command:
            case c.SubmitOrder(order=order):
                return msgspec.structs.replace(command, order=self._order(step, order))
            case c.SubmitOrderList(orders=several):
                orders = tuple(self._order(step, order) for order in several.orders)
                made: OrderListRequest = msgspec.structs.replace(several, orders=orders)
                return msgspec.structs.replace(command, orders=made)
            case c.CancelOrder(client_order_id=name) | c.ReplaceOrder(client_order_id=name):
                return msgspec.structs.replace(command, client_order_id=self._names[name])
            case _:
                return command

    def _order(self, step: Step, order: OrderRequest) -> OrderRequest:
        ledger = self.made.ledger
        name = str(order.client_order_id)
        here = name
        while here in ledger.by_client_id:
            here += "'"
        self._names[name] = here
        self.made.names[here] = name
        reduces = step.closes and ledger.position(step.symbol).qty != step.held
        self._reducing += reduces and not order.reduce_only
        return msgspec.structs.replace(
            order, client_order_id=here, reduce_only=order.reduce_only or reduces
        )

    # -- rows -------------------------------------------------------------------------------

    async def _rows_to(self, row: int) -> None:
        """All rows before ``row``, as far as they are there and time does not stand still."""
        engine = self._engine
        while (before := engine.cursor.row) < row and engine.status not in _OVER:
            block = await self._rows.at(before)
            if block is None:
                return
            self._process(block.rows(0, min(len(block), row - before)))
            if engine.cursor.row == before and not engine.cut_short:
                return
            await asyncio.sleep(0)

    async def _rows_until(self, ts: int, row: int) -> None:
        """All rows up to and including the moment ``ts``, but none from ``row`` on."""
        engine = self._engine
        while (before := engine.cursor.row) < row and engine.status not in _OVER:
            block = await self._rows.at(before)
            count = 0 if block is None else int(np.searchsorted(block.ts, ts, side="right"))
            count = min(count, row - before)
            if block is None or not count:
                return
            self._process(block.rows(0, count))
            if engine.cursor.row == before and not engine.cut_short:
                return
            await asyncio.sleep(0)

    async def _feed(self, item: EngineInput) -> None:
        """One input, taken whole."""
        self._process(item)
        while self._engine.cut_short:
            await asyncio.sleep(0)
            self._process(item)

    def _process(self, item: EngineInput) -> None:
        for record in self._engine.process([item], max_records=CALL_RECORDS):
            self.made.take(record)


def _bounds(steps: Sequence[Step], end: int) -> list[int]:
    """For each step the row of the first from there on that tells one: what comes before it took
    no row beyond."""
    found = []
    for step in reversed(steps):
        end = end if step.row is None else step.row
        found.append(end)
    return found[::-1]
