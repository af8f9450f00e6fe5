"""How an order command gets to its session and its answer back to the caller.

Nearly always the session runs here and takes orders.  Then the command is put into its runner's
mailbox within the caller's own turn of the event loop, and the caller waits for the reply itself:
no task and no coroutine stands in between.  Everything else (a session that must be taken up first,
a runner that is elsewhere, an id that may have been answered before) goes the long way round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from offbook.domain.commands import OrderCommand
from offbook.domain.errors import OffbookError, SessionFailed
from offbook.domain.orders import OrderView
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.digests import command_digest, decode_order_answer
from offbook.services.paper_trading.memory_of_commands import CommandMemory, Key
from offbook.services.paper_trading.messages import Message, TakeCommand, Taken
from offbook.services.paper_trading.registry import Registry, outcome_of
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.session_host import SessionHost
from offbook.services.paper_trading.transitions import Transitions, not_running

_TAKES_ORDERS: Final = (SessionStatus.RUNNING, SessionStatus.PAUSED, SessionStatus.STOPPING)


class OrderCalls:
    """Carries order commands out. Used on the owner loop alone."""

    def __init__(self, registry: Registry, transitions: Transitions, memory: CommandMemory) -> None:
        self._registry = registry
        self._transitions = transitions
        self._memory = memory

    def begin(
        self, session_id: str, command: OrderCommand, command_id: str | None, at: int | None
    ) -> Coroutine[Any, Any, OrderView]:
        """What carries a command out; ``command_id`` is the caller's, who may repeat it."""
        if command_id is None:
            return self._unnamed(session_id, TakeCommand(command=command, digest="", at=at))
        digest = command_digest(command, at)
        message = TakeCommand(command=command, digest=digest, at=at)
        return self._named(session_id, message, (session_id, command_id))

    async def _unnamed(self, session_id: str, message: TakeCommand) -> OrderView:
        """Of a command without an id, which nobody can join in, or find again."""
        host = self._transitions.at_hand(session_id)
        reply = None if host is None else self._posted(host, message)
        if host is None or reply is None:
            return await self._the_long_way(session_id, message)
        try:
            return _order_in(await reply, session_id)
        except OffbookError:
            await self._transitions.proceed(host)
            raise
        finally:
            host.waiting -= 1

    async def _named(self, session_id: str, message: TakeCommand, key: Key) -> OrderView:
        """A caller who is cancelled goes away alone: others may wait for the same."""
        known = self._memory.known(key, message.digest)
        if known is None and self._memory.is_new(key):
            host = self._transitions.at_hand(session_id)
            known = None if host is None else self._posted(host, message)
            if host is not None and known is not None:
                self._memory.hold(key, message.digest, known)
                known.add_done_callback(partial(self._left, host, key))
        if known is None:
            work = partial(self._the_long_way, session_id, message)
            return await self._memory.once(*key, message.digest, work, decode_order_answer)
        answer = await asyncio.shield(known)
        return answer if isinstance(answer, OrderView) else _order_in(answer, session_id)

    def _posted(self, host: SessionHost, message: TakeCommand) -> asyncio.Future[Any] | None:
        """The reply to come, with a place taken among those who wait; None if the command must go
        the long way, and nothing is done then."""
        session = host.committed
        runner = self._registry.active.get(session.id)
        if type(runner) is not PaperTradingRunner or session.status not in _TAKES_ORDERS:
            return None
        if not runner.is_open:
            return None
        self._transitions.enter(host)
        try:
            return runner.post(message)
        except BaseException:
            host.waiting -= 1
            raise

    def _left(self, host: SessionHost, key: Key, reply: asyncio.Future[Message]) -> None:
        """The command has been answered, or refused: maybe the runner waits for it."""
        host.waiting -= 1
        self._memory.finished(key, reply)
        if not reply.cancelled() and isinstance(reply.exception(), OffbookError):
            _ = self._registry.loop.spawn(self._transitions.proceed(host), "proceed")

    async def _the_long_way(self, session_id: str, message: TakeCommand) -> OrderView:
        async with self._transitions.visit(session_id, None) as host:
            if host.committed.status not in _TAKES_ORDERS:
                raise not_running(host.session)
            reply = await outcome_of(self._registry.runner_of(host).take(message))
            return _order_in(reply, session_id)


def _order_in(reply: object, session_id: str) -> OrderView:
    if not isinstance(reply, Taken) or reply.order is None:
        raise SessionFailed("the runner gave no order", session_id=session_id)
    return reply.order
