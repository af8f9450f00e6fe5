"""A synchronous face of the manager, for scripts and notebooks, with a loop in its own thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from offbook.domain.config import PauseOrders, ResumeTimers, SessionConfig
from offbook.domain.errors import ManagerClosed, ReentrantCall
from offbook.domain.orders import OrderListRequest, OrderRequest, OrderView, ReplaceRequest
from offbook.domain.records import Record
from offbook.domain.session import PaperTradingSession
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.messages import Progress
from offbook.services.paper_trading.rebuilding import EngineFactory
from offbook.services.paper_trading.recovering import RecoveryReport
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import Verification

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

T = TypeVar("T")
OpenManager = Callable[[], AbstractAsyncContextManager[PaperTradingSessionManager]]


class SyncPaperTradingSessionManager:
    """The manager's methods as ordinary calls; each waits for its answer.

    ::

        with SyncPaperTradingSessionManager(gateway, engine, repository) as manager:
            session = manager.start_session(config)

    Any thread may call, except the one of the loop: a call from there (a strategy's callback, or
    code on the loop) raises ReentrantCall, for waiting would be for ever.  Methods promise and
    raise what those of ``PaperTradingSessionManager`` do.
    """

    def __init__(
        self,
        broker_gateway: IBrokerGateway,
        processing_engine: type[ProcessingEngine] | ProcessingEngine | EngineFactory,
        repository: IPaperTradingSessionRepository,
        **options: Any,
    ) -> None:
        def open_manager() -> PaperTradingSessionManager:
            return PaperTradingSessionManager(
                broker_gateway, processing_engine, repository, **options
            )

        self._prepare(open_manager)

    @classmethod
    def over(cls, open_manager: OpenManager) -> Self:
        """A face of whatever manager ``open_manager()`` gives, opened and closed on the loop."""
        face = cls.__new__(cls)
        face._prepare(open_manager)
        return face

    def _prepare(self, open_manager: OpenManager) -> None:
        self._open = open_manager
        self._manager: PaperTradingSessionManager | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._trouble: BaseException | None = None

    def __enter__(self) -> Self:
        """Start the loop's thread and open the manager. Raises what opening it raises."""
        if self._thread is not None:
            raise ManagerClosed("this manager was entered before: make a new one")
        self._thread = threading.Thread(target=self._run, name="offbook sessions", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._trouble is not None:
            self._thread.join()
            raise self._trouble
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()

    def start_session(
        self,
        config: SessionConfig,
        *,
        session_id: str | None = None,
        command_id: str | None = None,
        parent_id: str | None = None,
    ) -> PaperTradingSession:
        """Create a session, durably, and run it."""
        return self._call(
            lambda manager: manager.start_session(
                config, session_id=session_id, command_id=command_id, parent_id=parent_id
            )
        )

    def pause_session(
        self,
        session_id: str,
        *,
        orders: PauseOrders | None = None,
        command_id: str | None = None,
        at: int | None = None,
    ) -> PaperTradingSession:
        """Stop delivering market data and timers to the strategy."""
        return self._call(
            lambda manager: manager.pause_session(
                session_id, orders=orders, command_id=command_id, at=at
            )
        )

    def resume_session(
        self, session_id: str, *, timers: ResumeTimers | None = None, command_id: str | None = None
    ) -> PaperTradingSession:
        """Deliver market data and timers again; take a FAILED session up again."""
        return self._call(
            lambda manager: manager.resume_session(session_id, timers=timers, command_id=command_id)
        )

    def stop_session(
        self,
        session_id: str,
        *,
        flatten: bool = False,
        force: bool = False,
        deadline_ns: int | None = None,
        command_id: str | None = None,
        at: int | None = None,
    ) -> PaperTradingSession:
        """End a session for good."""
        return self._call(
            lambda manager: manager.stop_session(
                session_id,
                flatten=flatten,
                force=force,
                deadline_ns=deadline_ns,
                command_id=command_id,
                at=at,
            )
        )

    def submit_order(
        self,
        session_id: str,
        order: OrderRequest | OrderListRequest,
        *,
        command_id: str | None = None,
        at: int | None = None,
    ) -> OrderView:
        """Send an order, or a list of them."""
        return self._call(
            lambda manager: manager.submit_order(session_id, order, command_id=command_id, at=at)
        )

    def cancel_order(
        self,
        session_id: str,
        client_order_id: str,
        *,
        command_id: str | None = None,
        at: int | None = None,
    ) -> OrderView:
        """Ask the venue to cancel an order."""
        return self._call(
            lambda manager: manager.cancel_order(
                session_id, client_order_id, command_id=command_id, at=at
            )
        )

    def replace_order(
        self,
        session_id: str,
        client_order_id: str,
        terms: ReplaceRequest,
        *,
        command_id: str | None = None,
        at: int | None = None,
    ) -> OrderView:
        """Ask the venue for new terms of an order."""
        return self._call(
            lambda manager: manager.replace_order(
                session_id, client_order_id, terms, command_id=command_id, at=at
            )
        )

    def orders(self, session_id: str) -> tuple[OrderView, ...]:
        """All orders of a session, oldest first."""
        return self._call(lambda manager: manager.orders(session_id))

    def get_session(self, session_id: str) -> PaperTradingSession:
        """A session as last committed."""
        return self._call(lambda manager: manager.get_session(session_id))

    def list_sessions(self) -> tuple[PaperTradingSession, ...]:
        """All sessions of the store, oldest first."""
        return self._call(lambda manager: manager.list_sessions())

    def recover_sessions(self) -> RecoveryReport:
        """Take up every session of the store that is not over."""
        return self._call(lambda manager: manager.recover_sessions())

    def events(self, session_id: str, after_seq: int = 0) -> Iterator[tuple[int, Record]]:
        """Committed records, followed live until the session is over."""
        while True:
            page, over = self._call(partial(_next_page, session_id, after_seq))
            for seq, record in page:
                after_seq = seq
                yield seq, record
            if over:
                return

    def progress(self, session_id: str) -> Progress:
        """How far a session is."""
        return self._call(lambda manager: manager.progress(session_id))

    def wait(self, session_id: str) -> PaperTradingSession:
        """The session once it goes on no more by itself."""
        return self._call(lambda manager: manager.wait(session_id))

    def set_speed(self, session_id: str, speed: str | None) -> None:
        """Change the pace of a replay."""
        self._call(lambda manager: manager.set_speed(session_id, speed))

    def verify(self, session_id: str, *, slice_rows: int = 4096) -> Verification:
        """Run a session's committed part again and compare every byte."""
        return self._call(lambda manager: manager.verify(session_id, slice_rows=slice_rows))

    def shutdown(self) -> None:
        """Suspend all sessions and end the loop's thread. Doing it twice is allowed."""
        self._refuse_own_thread()
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        if thread.is_alive():
            loop.call_soon_threadsafe(self._end.set)
        thread.join()

    # -- inside -------------------------------------------------------------------------------

    def _call(self, work: Callable[[PaperTradingSessionManager], Coroutine[Any, Any, T]]) -> T:
        self._refuse_own_thread()
        manager, loop = self._manager, self._loop
        if manager is None or loop is None:
            raise ManagerClosed("enter the manager first: with SyncPaperTradingSessionManager(...)")
        coroutine = work(manager)
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:
            coroutine.close()
            raise ManagerClosed("the manager was shut down") from None
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ManagerClosed("the manager was shut down") from None

    def _refuse_own_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise ReentrantCall(
                "this call waits for the thread it was made on (a callback, or code on the "
                "manager's loop): use the strategy's own methods there, or the asynchronous manager"
            )

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:
            # Told to whoever entered; later trouble has been told by the sessions themselves.
            self._trouble = error
        finally:
            self._manager = None
            self._ready.set()

    async def _live(self) -> None:
        self._end = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        async with self._open() as manager:
            self._manager = manager
            self._ready.set()
            await self._end.wait()


async def _next_page(
    session_id: str, after_seq: int, manager: PaperTradingSessionManager
) -> tuple[Sequence[tuple[int, Record]], bool]:
    return await manager.next_events(session_id, after_seq)
