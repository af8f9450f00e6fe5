"""The synchronous face: plain calls, never a deadlock."""

import threading

import pytest
from tests.stage import SECOND, START, Stage, Trader, limit_order, market_order

from offbook.domain.errors import InvalidTransition, ManagerClosed, OffbookError, ReentrantCall
from offbook.domain.orders import ReplaceRequest
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.sync_manager import SyncPaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome


def face(stage: Stage) -> SyncPaperTradingSessionManager:
    """A synchronous manager on a stage."""
    return SyncPaperTradingSessionManager.over(stage.manager)


def test_a_whole_session_with_plain_calls() -> None:
    """Every method, one after the other."""
    stage = Stage()
    with face(stage) as manager:
        session = manager.start_session(stage.config(speed="1"), session_id="a")
        assert manager.list_sessions() == (manager.get_session("a"),)
        manager.submit_order("a", market_order())
        low = manager.submit_order("a", limit_order("50.00", client_order_id="low"))
        assert low in manager.orders("a")
        later = START + 50 * SECOND
        manager.cancel_order("a", "low", at=later)
        manager.replace_order("a", "low", ReplaceRequest(price="51.00"), at=later - 5)
        assert manager.pause_session("a").status is SessionStatus.PAUSED
        with pytest.raises(InvalidTransition):
            manager.pause_session("a")
        assert manager.resume_session("a").status is SessionStatus.RUNNING
        manager.set_speed("a", None)
        assert manager.wait("a").status is SessionStatus.STOPPED
        seqs = [seq for seq, _ in manager.events("a", session.last_seq)]
        assert seqs[0] == session.last_seq + 1
        assert seqs[-1] == manager.progress("a").last_seq
        assert manager.verify("a").outcome is ReplayOutcome.EQUAL
        assert manager.recover_sessions().recovered == ()
        with pytest.raises(InvalidTransition):
            manager.stop_session("a")
    assert stage.gateway.open_feeds == 0
    manager.shutdown()
    with pytest.raises(ManagerClosed):
        manager.list_sessions()
    assert "offbook sessions" not in {thread.name for thread in threading.enumerate()}


def test_a_call_from_a_callback_is_refused_and_never_deadlocks() -> None:
    """Waiting there would be for ever."""
    caught: list[BaseException] = []

    class Reenters(Strategy):
        def on_quote(self, quote: object) -> None:
            try:
                manager.pause_session("a")
            except ReentrantCall as error:
                caught.append(error)

    stage = Stage(strategy=Reenters)
    with face(stage) as manager:
        manager.start_session(stage.config(), session_id="a")
        assert manager.wait("a").status is SessionStatus.STOPPED
    assert len(caught) == stage.market.rows


def test_what_opening_raises_is_raised_on_entering() -> None:
    """And no thread stays."""

    class Broken:
        async def __aenter__(self) -> None:
            raise OffbookError("the store is owned")

        async def __aexit__(self, *_: object) -> None:
            """Never entered."""

    with pytest.raises(OffbookError, match="owned"):
        SyncPaperTradingSessionManager.over(Broken).__enter__()
    assert "offbook sessions" not in {thread.name for thread in threading.enumerate()}


def test_it_is_made_of_the_same_parts_as_the_manager() -> None:
    """Three arguments suffice; it can be used once."""
    stage = Stage(strategy=Trader)
    manager = SyncPaperTradingSessionManager(stage.gateway, stage.engine, stage.repository)
    with pytest.raises(ManagerClosed, match="enter"):
        manager.list_sessions()
    manager.shutdown()
    with manager:
        session = manager.start_session(stage.config())
        assert manager.wait(session.id).status is SessionStatus.STOPPED
    with pytest.raises(ManagerClosed, match="before"):
        manager.__enter__()
