"""The four scenarios of a session's life, with mocks for everything around the manager."""

from unittest.mock import AsyncMock, MagicMock, call, create_autospec

import pytest

from offbook.domain.errors import InvalidTransition, SessionNotFound
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.processing_engine import ProcessingEngine
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.sessions import CONFIG

STARTING, RUNNING = SessionStatus.STARTING, SessionStatus.RUNNING
PAUSED, STOPPED = SessionStatus.PAUSED, SessionStatus.STOPPED


class Mocks:
    """A manager among mocks that all report to one parent, so that their order can be told."""

    def __init__(self, runner: object | None = None) -> None:
        self.parent = MagicMock()
        self.gateway = create_autospec(IBrokerGateway, instance=True)
        self.engine = create_autospec(ProcessingEngine, instance=True)
        self.repository = create_autospec(IPaperTradingSessionRepository, instance=True)
        self.runner = runner or create_autospec(PaperTradingRunner, instance=True)
        self.factory = MagicMock(return_value=self.runner)
        for name in ("gateway", "engine", "repository", "runner"):
            self.parent.attach_mock(getattr(self, name), name)
        self.manager = PaperTradingSessionManager(
            self.gateway, self.engine, self.repository, runner_factory=self.factory
        )

    @property
    def told(self) -> list[str]:
        """What happened that matters, in order: saves by their status, runner calls by name."""
        found = []
        for name, arguments, _ in self.parent.mock_calls:
            if name == "repository.save":
                found.append(f"save {arguments[0].status.value}")
            elif name in {"runner.start", "runner.pause", "runner.resume", "runner.stop"}:
                found.append(name)
        return found

    @property
    def last_saved(self) -> PaperTradingSession:
        """The session of the last save."""
        return self.repository.save.await_args.args[0]


@pytest.fixture(params=["autospec", "plain"])
def mocks(request: pytest.FixtureRequest) -> Mocks:
    """A stage of mocks; their answers are whatever a mock answers."""
    return Mocks(None if request.param == "autospec" else AsyncMock())


async def test_start_saves_starting_before_the_runner_and_running_after_it(mocks: Mocks) -> None:
    """What is running is known to the store at every moment."""
    session = await mocks.manager.start_session(CONFIG)
    assert mocks.told == ["save STARTING", "runner.start", "save RUNNING"]
    assert session.status is RUNNING
    assert session == mocks.last_saved
    assert session.started_at is not None
    assert mocks.manager._active_sessions == {session.id: mocks.runner}


async def test_pause_asks_the_runner_and_then_saves_paused(mocks: Mocks) -> None:
    """The runner has paused before the store says so, and the store before the caller."""
    started = await mocks.manager.start_session(CONFIG)
    session = await mocks.manager.pause_session(started.id)
    assert mocks.told[-2:] == ["runner.pause", "save PAUSED"]
    assert session.status is PAUSED
    assert session.id in mocks.manager._active_sessions


async def test_resume_asks_the_runner_and_then_saves_running(mocks: Mocks) -> None:
    """As for a pause."""
    started = await mocks.manager.start_session(CONFIG)
    await mocks.manager.pause_session(started.id)
    session = await mocks.manager.resume_session(started.id)
    assert mocks.told[-2:] == ["runner.resume", "save RUNNING"]
    assert session.status is RUNNING


async def test_stop_ends_the_runner_forgets_it_and_saves_stopped(mocks: Mocks) -> None:
    """After a stop nothing of the session is left but what is stored."""
    started = await mocks.manager.start_session(CONFIG)
    active_at_save: list[bool] = []
    mocks.repository.save.side_effect = lambda *_, **__: active_at_save.append(
        started.id in mocks.manager._active_sessions
    )
    session = await mocks.manager.stop_session(started.id)
    assert mocks.told[-2:] == ["runner.stop", "save STOPPED"]
    assert active_at_save == [False]
    assert session.status is STOPPED
    assert session.stopped_at is not None
    assert session == mocks.last_saved
    assert mocks.manager._active_sessions == {}


async def test_every_save_names_the_version_that_it_replaces(mocks: Mocks) -> None:
    """So that no update can be lost."""
    started = await mocks.manager.start_session(CONFIG)
    await mocks.manager.pause_session(started.id)
    await mocks.manager.resume_session(started.id)
    await mocks.manager.stop_session(started.id)
    saves = mocks.repository.save.await_args_list
    assert [entry.kwargs["expected_version"] for entry in saves] == list(range(5))
    assert [entry.args[0].version for entry in saves] == list(range(1, 6))


async def test_what_the_table_forbids_reaches_neither_runner_nor_store(mocks: Mocks) -> None:
    """An invalid command changes nothing and shows the session as it is."""
    session = await mocks.manager.start_session(CONFIG)
    before = mocks.told
    with pytest.raises(InvalidTransition) as caught:
        await mocks.manager.resume_session(session.id)
    assert caught.value.session == session
    assert mocks.told == before


async def test_an_unknown_session_is_not_found(mocks: Mocks) -> None:
    """Whatever a mock of the store may answer."""
    for ask in (mocks.manager.pause_session, mocks.manager.stop_session):
        with pytest.raises(SessionNotFound):
            await ask("unknown")


async def test_a_failed_save_of_the_stop_leaves_the_session_to_be_stopped(mocks: Mocks) -> None:
    """What is not durable did not happen."""
    session = await mocks.manager.start_session(CONFIG)
    mocks.repository.save.side_effect = [ConnectionError("gone"), None]
    with pytest.raises(ConnectionError):
        await mocks.manager.stop_session(session.id)
    assert session.id in mocks.manager._active_sessions
    stopped = await mocks.manager.stop_session(session.id)
    assert stopped.status is STOPPED
    assert mocks.manager._active_sessions == {}


async def test_no_method_of_the_gateway_or_engine_is_used_by_the_manager(mocks: Mocks) -> None:
    """The market and the engine are the runner's."""
    session = await mocks.manager.start_session(CONFIG)
    await mocks.manager.stop_session(session.id)
    assert mocks.gateway.mock_calls == []
    assert mocks.engine.mock_calls == []


async def test_the_runner_is_given_what_it_needs(mocks: Mocks) -> None:
    """The session as saved, the gateway, engines of its own, and a host to commit through."""
    session = await mocks.manager.start_session(CONFIG)
    given = mocks.factory.call_args
    assert given.args[0].id == session.id
    assert given.args[1] is mocks.gateway
    assert given.args[2](session) is mocks.engine.for_session.return_value
    assert mocks.engine.for_session.mock_calls == [call(session)]


async def test_a_class_and_a_callable_serve_as_engine_too() -> None:
    """The class first, then an instance as prototype, then any callable."""
    from offbook.services.paper_trading.joining import engine_factory

    def make(session: PaperTradingSession) -> ProcessingEngine:
        return ProcessingEngine(session)

    assert engine_factory(ProcessingEngine) is ProcessingEngine
    assert engine_factory(make) is make


async def test_a_runner_needs_no_more_than_the_four_methods() -> None:
    """What has nothing to close need not be closed."""
    runner = AsyncMock(spec=["start", "pause", "resume", "stop"])
    mocks = Mocks(runner)
    async with mocks.manager as manager:
        session = await manager.start_session(CONFIG)
        with pytest.raises(InvalidTransition):
            await manager.resume_session(session.id)
        await manager.pause_session(session.id)
        await manager.stop_session(session.id)
        await manager.start_session(CONFIG)
