"""The same command id gives the same answer: while it is carried out, afterwards, after a crash."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from offbook.domain.errors import CommandConflict
from offbook.domain.journal import CommandAnswer
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.owner_loop import OwnerLoop

T = TypeVar("T")


class CommandMemory:
    """Carries each command out once, whoever repeats it.

    Finished answers are kept in memory up to ``keep``, and in the store for ever; refusals are
    not kept, for they changed nothing.
    """

    def __init__(
        self,
        loop: OwnerLoop,
        repository: IPaperTradingSessionRepository,
        keep: int,
        *,
        is_new: Callable[[str, str], bool] | None = None,
    ) -> None:
        """``is_new`` tells, by session and command id, of a command that is known not to have been
        answered before, so that the store need not be asked."""
        self._loop = loop
        self._repository = repository
        self._keep = keep
        self._is_new = is_new
        self._known: OrderedDict[tuple[str, str], tuple[str, asyncio.Task[Any]]] = OrderedDict()

    async def once(
        self,
        session_id: str,
        command_id: str | None,
        digest: str,
        work: Callable[[], Coroutine[Any, Any, T]],
        decode: Callable[[bytes], T] | None,
    ) -> T:
        """The answer to a command. Raises CommandConflict when its id had another body.

        ``decode`` reads an answer from the store; with None the store is not asked.  A caller that
        is cancelled only stops waiting.
        """
        if command_id is None:
            # Nobody can join in. What the runner has is carried out, and a caller who is cancelled
            # then only leaves his reply alone.
            return await work()
        key = (session_id, command_id)
        known = self._known.get(key)
        if known is None:
            carried_out = self._carry_out(session_id, command_id, digest, work, decode)
            task = self._loop.spawn(carried_out, f"command {command_id}")
            self._known[key] = (digest, task)
            task.add_done_callback(lambda done: self._finished(key, done))
        else:
            self._compare(session_id, command_id, digest, known[0])
            task = known[1]
        answer: T = await asyncio.shield(task)
        return answer

    async def _carry_out(
        self,
        session_id: str,
        command_id: str,
        digest: str,
        work: Callable[[], Coroutine[Any, Any, T]],
        decode: Callable[[bytes], T] | None,
    ) -> T:
        is_new = self._is_new is not None and self._is_new(session_id, command_id)
        if decode is not None and not is_new:
            stored = await self._repository.find_answer(session_id, command_id)
            if isinstance(stored, CommandAnswer):
                self._compare(session_id, command_id, digest, stored.body_digest)
                return decode(stored.answer)
        return await work()

    def _compare(self, session_id: str, command_id: str, digest: str, known: str) -> None:
        if digest != known:
            raise CommandConflict(
                f"command id {command_id!r} was used before with another body: use a new id for "
                "a new command",
                session_id=session_id,
                command_id=command_id,
            )

    def _finished(self, key: tuple[str, str], task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._known.pop(key, None)
            return
        self._known.move_to_end(key)
        while len(self._known) > self._keep:
            oldest = next(iter(self._known))
            if not self._known[oldest][1].done():
                break
            del self._known[oldest]
