"""Finding the answers to commands, those that are asked for at one time together.

Every command that comes with an id is looked for before it is carried out.  Alone each would cost
a hop to a thread; so what is asked for while a query runs waits for the next one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Final

from offbook.adapters.persistence import statements as sql
from offbook.adapters.persistence.reads import Reads
from offbook.domain import storing
from offbook.domain.errors import OffbookError
from offbook.domain.journal import CommandAnswer

MOST: Final = 256
"""Commands of one query: few enough for every SQLite's number of parameters."""

Named = tuple[str, str]
_Waiting = tuple[Named, "asyncio.Future[CommandAnswer | None]"]


class Lookups:
    """Looks for answers by session and command id. Usable from any event loop."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._waiting: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, session_id: str, command_id: str) -> CommandAnswer | None:
        """The durable answer to a command, or None. Raises what reading raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[CommandAnswer | None] = loop.create_future()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = []
            task = loop.create_task(self._answer_all(loop), name="find answers")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append(((session_id, command_id), future))
        return await future

    async def _answer_all(self, loop: asyncio.AbstractEventLoop) -> None:
        """Query after query until nobody waits on this loop any more."""
        try:
            while waiting := self._waiting[loop]:
                self._waiting[loop] = waiting[MOST:]
                await self._answer(waiting[:MOST])
        finally:
            for _, future in self._waiting.pop(loop):
                future.cancel()

    async def _answer(self, waiting: list[_Waiting]) -> None:
        names = [name for name, _ in waiting]
        try:
            found = await self._reads.run(lambda connection: _find(connection, names))
        except BaseException as error:
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for name, future in waiting:
            if not future.done():
                _tell(future, found.get(name))


def _tell(future: asyncio.Future[CommandAnswer | None], document: bytes | None) -> None:
    try:
        future.set_result(None if document is None else storing.decode_answer(document))
    except OffbookError as damaged:
        future.set_exception(damaged)


def _find(connection: sqlite3.Connection, names: list[Named]) -> dict[Named, bytes]:
    statement = sql.FIND_ANSWERS.replace("LIST", ", ".join(["(?, ?)"] * len(names)))
    values = tuple(value for name in names for value in name)
    rows = connection.execute(statement, values).fetchall()
    return {(session_id, command_id): document for session_id, command_id, document in rows}
