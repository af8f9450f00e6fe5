"""Running the cells of a sweep, so many at a time, and putting down what they came to."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from offbook.domain.errors import CallbackHung, WorkerLost
from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, CellTask
from offbook.ports.sweeps import ICellWorker, ISweepBook

ATTEMPTS: Final = 3
"""How often a cell is tried whose worker is lost, before it counts as failed."""

OpenWorker = Callable[[int], ICellWorker]
"""Makes the worker number so and so (from 1), whose own store has that number."""


class SweepRunner:
    """Runs cells through workers; each result is put into the book before it is told.

    ``on_result`` is called on the loop with each result.  A cell whose worker was lost is run again
    by a new one; after ``ATTEMPTS``, or where a callback hung, it is told as failed and not put
    into the book, so that running the sweep again tries it again.
    """

    def __init__(
        self,
        book: ISweepBook,
        open_worker: OpenWorker,
        on_result: Callable[[CellResult], None],
    ) -> None:
        self._book = book
        self._open_worker = open_worker
        self._on_result = on_result
        self._lost: Counter[str] = Counter()
        self._free: deque[CellTask] = deque()
        self._bound: dict[int, deque[CellTask]] = {}

    async def run(self, tasks: Sequence[CellTask], bound: Mapping[str, int], jobs: int) -> None:
        """Run every task, with at most ``jobs`` workers.

        ``bound`` names, by session, the store (its number) that holds the session already: it is
        run there, and by one worker alone.  Raises what a worker raises for the whole sweep; then,
        and when the caller is cancelled, the cells under way are suspended first.
        """
        jobs = min(jobs, len(tasks))
        self._bound = {number: deque() for number in range(1, jobs + 1)}
        for task in tasks:
            slot = bound.get(task.session_id)
            if slot is None:
                self._free.append(task)
            else:
                kept = msgspec.structs.replace(task, slot=slot)
                self._bound[(slot - 1) % jobs + 1].append(kept)
        try:
            async with asyncio.TaskGroup() as lanes:
                for number in self._bound:
                    lanes.create_task(self._lane(number), name=f"sweep worker {number}")
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _lane(self, number: int) -> None:
        """One worker after another, as long as there are cells."""
        worker: ICellWorker | None = None
        try:
            while (task := self._next(number)) is not None:
                worker = worker or self._open_worker(number)
                try:
                    result = await worker.run(task)
                except WorkerLost as lost:
                    gone, worker = worker, None
                    await gone.close()
                    self._try_again(number, task, lost)
                    continue
                self._book.put(result)
                self._on_result(result)
        finally:
            if worker is not None:
                await worker.close()

    def _next(self, number: int) -> CellTask | None:
        if self._bound[number]:
            return self._bound[number].popleft()
        if self._free:
            return msgspec.structs.replace(self._free.popleft(), slot=number)
        return None

    def _try_again(self, number: int, task: CellTask, lost: WorkerLost) -> None:
        """Next, and in the same store, where what there is of its session is carried on; not one
        that would hang again."""
        self._lost[task.session_id] += 1
        hung = isinstance(lost, CallbackHung)
        if not hung and self._lost[task.session_id] < ATTEMPTS:
            self._bound[number].appendleft(task)
            return
        times = "" if hung else f"its worker process was lost {ATTEMPTS} times: "
        told = SessionError(code=lost.code, message=f"{times}{lost.message}")
        self._on_result(CellResult(session_id=task.session_id, ended=lost.code, error=told))
