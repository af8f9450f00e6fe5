"""The same command id gives the same answer: while it is carried out, afterwards, after a crash."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

from offbook.domain.errors import CommandConflict
from offbook.domain.journal import CommandAnswer
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.owner_loop import OwnerLoop

T = TypeVar("T")
Key: TypeAlias = tuple[str, str]
"""A session's id and the id of a command to it."""


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
        self._known: OrderedDict[Key, tuple[str, asyncio.Future[Any]]] = OrderedDict()

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
        future = self.known(key, digest)
        if future is None:
            carried_out = self._carry_out(session_id, command_id, digest, work, decode)
            future = self._loop.spawn(carried_out, f"command {command_id}")
            self.hold(key, digest, future)
            future.add_done_callback(lambda done: self.finished(key, done))
        answer: T = await asyncio.shield(future)
        return answer

    def known(self, key: Key, digest: str) -> asyncio.Future[Any] | None:
        """What will give, or gave, the answer to a command that is being carried out, or was
        lately. Raises CommandConflict."""
        known = self._known.get(key)
        if known is None:
            return None
        self._compare(*key, digest, known[0])
        return known[1]

    def is_new(self, key: Key) -> bool:
        """Whether the store need not be asked for a command's answer: it holds none."""
        return self._is_new is not None and self._is_new(*key)

    def hold(self, key: Key, digest: str, future: asyncio.Future[Any]) -> None:
        """Whoever repeats the command waits for ``future`` too, until it is ``finished``."""
        self._known[key] = (digest, future)

    def finished(self, key: Key, future: asyncio.Future[Any]) -> None:
        """A command has been carried out: its answer is kept for a while, a refusal is not."""
        known = self._known.get(key)
        if known is None or known[1] is not future:
            return  # it was done, and went to make room before this was told
        if future.cancelled() or future.exception() is not None:
            del self._known[key]
            return
        self._known.move_to_end(key)
        while len(self._known) > self._keep:
            oldest = next(iter(self._known))
            if not self._known[oldest][1].done():
                break
            del self._known[oldest]

    async def _carry_out(
        self,
        session_id: str,
        command_id: str,
        digest: str,
        work: Callable[[], Coroutine[Any, Any, T]],
        decode: Callable[[bytes], T] | None,
    ) -> T:
        if decode is not None and not self.is_new((session_id, command_id)):
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
