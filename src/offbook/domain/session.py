"""The paper-trading session and the table of its life.

Everything that decides whether a command is allowed stands in ``LIFECYCLE``: all states and all
commands are listed, and a command that is not allowed changes nothing.
"""

from __future__ import annotations

import enum
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec

from offbook.domain.config import SessionConfig
from offbook.domain.errors import InvalidTransition
from offbook.domain.market_data import Cursor
from offbook.domain.named import Named
from offbook.domain.values import Amount


class SessionStatus(Named):
    """Where a session is in its life. Stored by name."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether the session's life is over for good."""
        return self is SessionStatus.STOPPED

    @cached_property
    def is_over(self) -> bool:
        """Whether the engine takes nothing any more."""
        return self is SessionStatus.STOPPED or self is SessionStatus.FAILED


RUNNING: Final = SessionStatus.RUNNING
PAUSED: Final = SessionStatus.PAUSED
STOPPING: Final = SessionStatus.STOPPING
"""For what is asked at every row or order: to find a member by way of its class takes Python 3.11
twenty times as long."""


class SessionHealth(enum.Enum):
    """How a session fares, apart from its status."""

    OK = "OK"
    LAGGING = "LAGGING"
    CALLBACK_STUCK = "CALLBACK_STUCK"
    STORAGE_DOWN = "STORAGE_DOWN"


class LifecycleCommand(enum.Enum):
    """What may be asked of a session."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    BOOT = "boot"


class Verdict(enum.Enum):
    """What the table says of a command in a state."""

    INVALID = "invalid"
    AWAIT_START = "await_start"
    CANCEL_START = "cancel_start"
    CARRY_ON_START = "carry_on_start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    JOIN_STOP = "join_stop"
    FINISH_STOP = "finish_stop"
    RECOVER = "recover"
    RECOVER_AND_RUN = "recover_and_run"
    STOP_BY_FOLD = "stop_by_fold"
    NOTHING = "nothing"


_S = SessionStatus
_C = LifecycleCommand
_V = Verdict
LIFECYCLE: Final[dict[SessionStatus, dict[LifecycleCommand, Verdict]]] = {
    _S.STARTING: {
        _C.PAUSE: _V.AWAIT_START,
        _C.RESUME: _V.INVALID,
        _C.STOP: _V.CANCEL_START,
        _C.BOOT: _V.CARRY_ON_START,
    },
    _S.RUNNING: {
        _C.PAUSE: _V.PAUSE,
        _C.RESUME: _V.INVALID,
        _C.STOP: _V.STOP,
        _C.BOOT: _V.RECOVER,
    },
    _S.PAUSED: {
        _C.PAUSE: _V.INVALID,
        _C.RESUME: _V.RESUME,
        _C.STOP: _V.STOP,
        _C.BOOT: _V.RECOVER,
    },
    _S.STOPPING: {
        _C.PAUSE: _V.INVALID,
        _C.RESUME: _V.INVALID,
        _C.STOP: _V.JOIN_STOP,
        _C.BOOT: _V.FINISH_STOP,
    },
    _S.STOPPED: {
        _C.PAUSE: _V.INVALID,
        _C.RESUME: _V.INVALID,
        _C.STOP: _V.INVALID,
        _C.BOOT: _V.NOTHING,
    },
    _S.FAILED: {
        _C.PAUSE: _V.INVALID,
        _C.RESUME: _V.RECOVER_AND_RUN,
        _C.STOP: _V.STOP_BY_FOLD,
        _C.BOOT: _V.NOTHING,
    },
}

STATUS_CHANGES: Final[dict[SessionStatus, frozenset[SessionStatus]]] = {
    _S.STARTING: frozenset({_S.RUNNING, _S.PAUSED, _S.STOPPED, _S.FAILED}),
    _S.RUNNING: frozenset({_S.PAUSED, _S.STOPPING, _S.STOPPED, _S.FAILED}),
    _S.PAUSED: frozenset({_S.RUNNING, _S.STOPPING, _S.STOPPED, _S.FAILED}),
    _S.STOPPING: frozenset({_S.STOPPED, _S.FAILED}),
    _S.STOPPED: frozenset(),
    _S.FAILED: frozenset({_S.STARTING, _S.STOPPED}),
}
"""Which status may follow which; a status may always be saved again unchanged."""


class SessionError(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, for people: no part of the chain."""

    code: str
    message: str
    detail: str = ""


class SessionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The account at the cursor: amounts in units of 10**-18 of the account's currency, except
    ``balances``, the cash of each currency in its own. ``income`` is what came, or was paid,
    without a trade: dividends, interest, borrow fees."""

    cash: Amount
    equity: Amount
    fees: Amount
    realized: Amount
    balances: dict[str, Amount] = {}
    margin_used: Amount = Amount(0)
    income: Amount = Amount(0)
    orders: int = 0
    fills: int = 0
    open_orders: int = 0
    denied: int = 0
    rejected: int = 0
    positions: dict[str, str] = {}


class StopParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How a session is being stopped; durable, so that a reboot finishes the same stop.

    ``deadline_ns`` is session time allowed for flattening.
    """

    flatten: bool = False
    deadline_ns: int = 86_400_000_000_000


class PaperTradingSession(msgspec.Struct, frozen=True, kw_only=True):
    """One paper-trading session; an immutable snapshot of it.

    ``version`` grows by one with every save and guards against lost updates; ``epoch`` names the
    ownership under which it was saved.  Wall times are aware UTC datetimes.  ``health`` and its
    detail, in words, are of the moment and never stored as other than OK.
    """

    id: str
    config: SessionConfig
    status: SessionStatus
    created_at: datetime
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    status_reason: str | None = None
    health: SessionHealth = SessionHealth.OK
    health_detail: str = ""
    version: int = 0
    epoch: int = 0
    cursor: Cursor = Cursor()
    last_seq: int = 0
    chain_head: str = ""
    start_command_id: str = ""
    stop_parameters: StopParameters | None = None
    summary: SessionSummary | None = None
    error: SessionError | None = None
    parent_id: str | None = None

    def verdict(self, command: LifecycleCommand) -> Verdict:
        """What the table says of a command now.

        Raises InvalidTransition, carrying this session, when the command is not allowed.
        """
        verdict = LIFECYCLE[self.status][command]
        if verdict is Verdict.INVALID:
            raise invalid_transition(self, command)
        return verdict

    def with_status(self, status: SessionStatus, reason: str | None = None) -> PaperTradingSession:
        """The same session in another status. Raises InvalidTransition for a change that cannot
        be."""
        if status is not self.status and status not in STATUS_CHANGES[self.status]:
            raise InvalidTransition(
                f"session {self.id} cannot go from {self.status.value} to {status.value}",
                session_id=self.id,
                status=self.status.value,
                command=status.value,
            )
        return msgspec.structs.replace(self, status=status, status_reason=reason)


def invalid_transition(
    session: PaperTradingSession, command: LifecycleCommand
) -> InvalidTransition:
    """The refusal of a command, with the current session in ``error.session``."""
    allowed = [c.value for c, v in LIFECYCLE[session.status].items() if v is not Verdict.INVALID]
    allowed = [name for name in allowed if name != LifecycleCommand.BOOT.value]
    hint = f"; allowed now: {', '.join(allowed)}" if allowed else "; it is final: start a new one"
    error = InvalidTransition(
        f"cannot {command.value} session {session.id}: it is {session.status.value}{hint}",
        session_id=session.id,
        status=session.status.value,
        command=command.value,
    )
    error.session = session
    return error
