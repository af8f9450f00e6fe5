"""The manager's one event loop, which every call hops to from wherever it comes."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from offbook.domain.errors import ManagerClosed

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]


class OwnerLoop:
    """Runs work on the loop that adopted it, in tasks that it holds strongly.

    The loop is the one of ``async with``, or of the first call.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_here(self) -> bool:
        """Whether the caller runs on the owner loop."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def adopt(self) -> None:
        """Make the running loop the owner, unless a living one is it already."""
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.get_running_loop()
            self._tasks.clear()

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run work on the owner loop (from it) in a task that nobody's cancellation reaches."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    async def call(
        self, work: Work[T], name: str, *, detached: bool = True, guarded: bool = False
    ) -> T:
        """Run work on the owner loop and give its outcome, from any loop.

        A cancelled caller takes only itself away; with ``detached=False`` (for reading) the work
        is cancelled too.  ``guarded`` work does what must not be broken off in tasks of its own,
        and so needs none from here.  Raises ManagerClosed when the owner loop is gone.
        """
        here = self.is_here
        if not here:
            self.adopt()
            here = self.is_here
        if here:
            if guarded:
                return await work()
            task = self.spawn(work(), name)
            if detached:
                return await asyncio.shield(task)
            return await task
        return await self._call_from_afar(work, name, detached)

    async def _call_from_afar(self, work: Work[T], name: str, detached: bool) -> T:
        loop = self._loop
        assert loop is not None
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        begun: list[asyncio.Task[T]] = []

        def begin() -> None:
            if not outcome.cancelled():
                task = self.spawn(work(), name)
                begun.append(task)
                task.add_done_callback(lambda done: _hand_over(done, outcome))

        def cancel() -> None:
            for task in begun:
                task.cancel()

        try:
            loop.call_soon_threadsafe(begin)
        except RuntimeError:
            raise ManagerClosed("the manager's event loop is gone") from None
        try:
            return await asyncio.wrap_future(outcome)
        except asyncio.CancelledError:
            if not detached and not loop.is_closed():
                loop.call_soon_threadsafe(cancel)
            raise

    async def drain(self) -> None:
        """Wait for all work that is under way, other than the caller's own."""
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Looked at here, for a caller who went away will not.
            task.exception()


def _hand_over(task: asyncio.Task[T], outcome: concurrent.futures.Future[T]) -> None:
    if not outcome.set_running_or_notify_cancel():
        return
    if task.cancelled():
        outcome.set_exception(ManagerClosed("the call was broken off"))
    elif (error := task.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())
