"""Another process with a store of its own, told by its standard input what to do."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from offbook.adapters.persistence.stores import open_exact, open_for_writing
from offbook.testing.sessions import new_session, step


def tell(*words: object) -> None:
    """Write a line in one call, so that a kill leaves whole lines only."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def append_for_ever(store: Path, sessions: int) -> None:
    """Go on with every session of the store, telling each save once it is answered."""
    repository = open_exact(store)
    known = {session.id: session for session in await repository.list()}

    async def run(number: int) -> None:
        session = new_session(number)
        if session.id not in known:
            await repository.save(session, expected_version=0, epoch=0)
        session = known.get(session.id, session)
        epoch = await repository.acquire_lease(session.id, f"process {os.getpid()}")
        while True:
            before = session.version
            session, batch = step(session, 1 + before % 3)
            await repository.save(session, batch, expected_version=before, epoch=epoch)
            tell(session.id, session.last_seq, session.chain_head, epoch)

    await asyncio.gather(*(run(number) for number in range(sessions)))


async def obey(data_dir: Path) -> None:
    """Open a store of the data directory; save a step for each line that comes in."""
    repository = open_for_writing(data_dir)
    session = new_session(os.getpid())
    await repository.save(session, expected_version=0, epoch=0)
    tell(os.getpid(), repository.store)
    while await asyncio.to_thread(sys.stdin.readline):
        before = session.version
        session, batch = step(session, 2)
        await repository.save(session, batch, expected_version=before, epoch=0)
        tell(session.last_seq)
    await repository.close()


if __name__ == "__main__":
    task, where = sys.argv[1:3]
    if task == "append":
        asyncio.run(append_for_ever(Path(where), int(sys.argv[3])))
    else:
        asyncio.run(obey(Path(where)))
