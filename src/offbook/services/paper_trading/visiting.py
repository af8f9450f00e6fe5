"""The stay of one command with the session that it is for."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from offbook.domain.errors import OffbookError
from offbook.domain.session import LifecycleCommand

if TYPE_CHECKING:
    from offbook.services.paper_trading.session_host import SessionHost
    from offbook.services.paper_trading.transitions import Transitions


class Visit:
    """One command's stay with the session that it is for; see ``Transitions.visit``."""

    __slots__ = ("_command", "_held", "_host", "_session_id", "_transitions")

    def __init__(
        self, transitions: Transitions, session_id: str, command: LifecycleCommand | None
    ) -> None:
        self._transitions = transitions
        self._session_id = session_id
        self._command = command
        self._held = False
        self._host: SessionHost | None = None

    async def __aenter__(self) -> SessionHost:
        transitions = self._transitions
        host = transitions.at_hand(self._session_id)
        self._held = host is None and not transitions.is_run_here(self._session_id)
        try:
            if host is None:
                host = await transitions.reach(self._session_id, self._command)
            transitions.enter(host)
        except BaseException:
            if self._held:
                # Taking it up may go on without us, and then it holds back for our command.
                transitions.let_on(self._session_id)
            raise
        self._host = host
        return host

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        host = self._host
        assert host is not None
        try:
            # Of one that was refused, for the runner may wait for it.
            if self._held or isinstance(error, OffbookError):
                await self._transitions.proceed(host)
        finally:
            host.waiting -= 1
