"""Choosing a store under a data directory.

The default store is ``<data>/store``.  While another process has it open, a process that wants to
write makes itself a new one, ``<data>/stores/<n>``; it keeps its sessions there, and whoever wants
to carry them on later opens that store by its path.  Listings are the union of all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from offbook.adapters.persistence.connections import DATABASE_FILE, check_database
from offbook.adapters.persistence.locks import holder_of
from offbook.adapters.persistence.sqlite_repository import (
    ReadOnlySqliteRepository,
    SqliteRepository,
    make_directory,
    read_revision,
)
from offbook.domain.errors import OffbookError, SessionNotFound, StorageUnavailable, StoreOwned
from offbook.domain.session import PaperTradingSession

DEFAULT_STORE: Final = "store"
OTHER_STORES: Final = "stores"


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session, and the directory of the store that holds it."""

    session: PaperTradingSession
    store: Path


@dataclass(frozen=True, slots=True)
class UnionListing:
    """Sessions of all stores, oldest first; ``unreadable`` names stores that could not be read,
    with the reason."""

    sessions: tuple[ListedSession, ...]
    unreadable: tuple[tuple[Path, OffbookError], ...] = ()


def open_for_writing(data_dir: Path) -> SqliteRepository:
    """Open the default store, or, while another process has it, a new one of this process.

    Blocks for the disk.  Raises StorageUnavailable.
    """
    try:
        return SqliteRepository.open(data_dir / DEFAULT_STORE)
    except StoreOwned:
        return _open_new(data_dir / OTHER_STORES)


def open_exact(path: Path) -> SqliteRepository:
    """Open, or create, the store in the directory ``path``. Blocks for the disk.

    Raises StoreOwned, StorageUnavailable.
    """
    return SqliteRepository.open(path)


def store_paths(data_dir: Path) -> tuple[Path, ...]:
    """The directories of all stores, the default one first, then by age."""
    if data_dir.exists() and not data_dir.is_dir():
        raise StorageUnavailable(f"{data_dir} is not a folder: name one that keeps sessions")
    others = data_dir / OTHER_STORES
    found = sorted(others.iterdir(), key=_number) if others.is_dir() else []
    return tuple(
        path for path in (data_dir / DEFAULT_STORE, *found) if (path / DATABASE_FILE).exists()
    )


async def list_union(data_dir: Path) -> UnionListing:
    """The sessions of all stores, also of those that other processes are writing.

    Each store is seen at one moment of its own.  Nothing is migrated or changed.
    """
    sessions: list[ListedSession] = []
    unreadable: list[tuple[Path, OffbookError]] = []
    for path in await asyncio.to_thread(store_paths, data_dir):
        try:
            async with _onlooker(path) as repository:
                found = () if repository is None else await repository.list()
            sessions += [ListedSession(session, path) for session in found]
        except OffbookError as error:
            unreadable.append((path, error))
    sessions.sort(key=lambda listed: (listed.session.created_at, listed.session.id))
    return UnionListing(tuple(sessions), tuple(unreadable))


async def find_store(data_dir: Path, session_id: str) -> Path:
    """The directory of the store that holds a session.

    Raises SessionNotFound, naming stores that could not be read.
    """
    unreadable: list[str] = []
    for path in await asyncio.to_thread(store_paths, data_dir):
        try:
            async with _onlooker(path) as repository:
                if repository is not None:
                    await repository.get(session_id)
                    return path
        except SessionNotFound:
            continue
        except OffbookError as error:
            unreadable.append(f"{path}: {error}")
    blind = f"; not readable: {'; '.join(unreadable)}" if unreadable else ""
    raise SessionNotFound(
        f"there is no session {session_id} under {data_dir}{blind}", session_id=session_id
    )


@contextlib.asynccontextmanager
async def _onlooker(path: Path) -> AsyncIterator[ReadOnlySqliteRepository | None]:
    """A store to read; None while its process is still making it. Raises StorageUnavailable."""
    if await asyncio.to_thread(_is_being_made, path):
        yield None
        return
    repository = await asyncio.to_thread(ReadOnlySqliteRepository.open, path)
    try:
        yield repository
    finally:
        await repository.close()


def check_store(path: Path) -> None:
    """Read the whole database and hold it to its own rules. Blocks for the disk.

    Raises StorageUnavailable, with ``reason`` damaged where it breaks them.
    """
    check_database(path / DATABASE_FILE)


def _is_being_made(path: Path) -> bool:
    if read_revision(path) is not None:
        return False
    if holder_of(path) is not None:
        return True
    if read_revision(path) is not None:  # it was finished just now
        return False
    raise StorageUnavailable(
        f"{path / DATABASE_FILE} is empty: if it was emptied, restore it from a copy; if its "
        "making was broken off, it can be deleted",
        path=str(path / DATABASE_FILE),
        reason="empty",
    )


def _open_new(folder: Path) -> SqliteRepository:
    make_directory(folder)
    number = max((_number(path)[0] for path in folder.iterdir()), default=0)
    while True:
        number += 1
        path = folder / str(number)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue  # another process was faster
        except OSError as error:
            raise StorageUnavailable(
                f"no store can be made in {folder}: {error}", path=str(folder)
            ) from error
        return SqliteRepository.open(path)


def _number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdecimal() else 0, path.name)
