"""Signs of life of a recovery's worker processes, and what becomes of those that give none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from tests.stage import Stage

from offbook.adapters.recovery import crew, serving
from offbook.adapters.recovery.messages import (
    Alive,
    FromWorker,
    Leave,
    Rebuild,
    Rebuilt,
    Stuck,
    decode_from_worker,
    encode,
)
from offbook.domain.session import PaperTradingSession
from offbook.testing.sessions import new_session


class Process:
    """A worker process that is none."""

    pid = 1
    how_it_ended = "was ended by signal 9"

    def __init__(
        self, *_: object, on_message: Callable[[bytes], None], on_end: Callable[[], None], name: str
    ) -> None:
        self.says = lambda message: on_message(encode(message))
        self._on_end = on_end
        self.ended = asyncio.Event()

    def send(self, raw: bytes) -> bool:
        """Hear it."""
        return True

    def kill(self) -> None:
        """Be gone, once."""
        assert not self.ended.is_set()
        self.ended.set()
        self._on_end()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A worker as its crew sees it, which was asked for one session."""
    monkeypatch.setattr(crew, "WorkerProcess", Process)
    made: Any = crew._Worker(lambda *_: None, (), lambda *_: None, lambda: None)
    return made


def _beats(worker: Any, count: int) -> None:
    for _ in range(count):
        worker.beat()


async def test_a_worker_that_says_nothing_for_long_is_ended(worker: Any) -> None:
    session = new_session(config=Stage().config())
    answer = worker.ask(session)
    _beats(worker, crew.SILENT_BEATS - 1)
    assert not answer.done()
    worker.beat()
    assert worker.is_gone
    assert answer.result() == Rebuilt(session.id, why="process 1 was ended by signal 9")
    _beats(worker, 2 * crew.SILENT_BEATS)


async def test_a_worker_that_is_long_at_work_is_let_be(worker: Any) -> None:
    answer = worker.ask(new_session(config=Stage().config()))
    for _ in range(3):
        _beats(worker, crew.SILENT_BEATS - 1)
        worker._process.says(Alive())
    assert not worker.is_gone
    assert not answer.done()


async def test_a_worker_in_a_callback_that_does_not_return_is_let_be(worker: Any) -> None:
    """Whoever rebuilt its session next would hang as well."""
    session = new_session(config=Stage().config())
    answer = worker.ask(session)
    worker._process.says(Stuck(session.id, 3.0, "where it is"))
    worker._process.says(Alive())
    assert worker.is_stuck
    _beats(worker, 2 * crew.SILENT_BEATS)
    assert not worker.is_gone
    assert not answer.done()


async def test_a_worker_gives_signs_of_life_while_it_is_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The session is rebuilt only once two of them have been heard."""
    monkeypatch.setattr(serving, "BEAT_SECONDS", 0.001)
    pipe = Pipe()
    session = new_session(config=Stage().config())
    pipe.messages.put_nowait(Rebuild.of(session))
    pipe.messages.put_nowait(Leave())

    @asynccontextmanager
    async def open_rebuilder(_: serving.Say) -> AsyncIterator[serving.RebuildOne]:
        async def rebuild(_: PaperTradingSession) -> None:
            assert [await pipe.said.get() for _ in range(2)] == [Alive(), Alive()]

        yield rebuild

    working: Any = pipe
    await serving._serve(working, open_rebuilder, on_open=lambda: None)
    assert Rebuilt(session.id) in pipe.all


async def test_a_session_that_a_worker_cannot_read_is_left_to_its_owner() -> None:
    """And the next is made."""
    pipe = Pipe()
    session = new_session(config=Stage().config())
    asked = Rebuild.of(session)
    pipe.messages.put_nowait(Rebuild("torn", asked.stored, b"{}"))
    pipe.messages.put_nowait(asked)
    pipe.messages.put_nowait(Leave())

    @asynccontextmanager
    async def open_rebuilder(_: serving.Say) -> AsyncIterator[serving.RebuildOne]:
        async def rebuild(found: PaperTradingSession) -> None:
            assert found == session

        yield rebuild

    working: Any = pipe
    await serving._serve(working, open_rebuilder, on_open=lambda: None)
    torn, made = (message for message in pipe.all if isinstance(message, Rebuilt))
    assert (torn.session_id, torn.end) == ("torn", None)
    assert "JournalDamaged" in torn.why
    assert made == Rebuilt(session.id)


class Pipe:
    """A worker's end of a pipe that leads nowhere."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Rebuild | Leave] = asyncio.Queue()
        self.said: asyncio.Queue[FromWorker] = asyncio.Queue()
        self.all: list[FromWorker] = []
        self._loop = asyncio.get_running_loop()

    def listen(self) -> None:
        """Nobody speaks."""

    def say(self, raw: bytes) -> None:
        """Note it, from any thread."""
        message = decode_from_worker(raw)
        self.all.append(message)
        with suppress(RuntimeError):  # a last one, after the test
            self._loop.call_soon_threadsafe(self.said.put_nowait, message)
