"""What goes wrong, in the words that are stored and told."""

from __future__ import annotations

import asyncio

from offbook.domain.errors import (
    CommitOutcomeUnknown,
    ManagerClosed,
    NotComparable,
    OffbookError,
    SessionFailed,
    SessionStopped,
    StorageUnavailable,
    anew,
)
from offbook.domain.session import PaperTradingSession, SessionError, SessionStatus


class Faulted(Exception):
    """The engine raised where it must not; the cause says what."""


def failure_reason(error: BaseException) -> str:
    """The reason stored with FAILED."""
    if isinstance(error, Faulted):
        return "engine_fault"
    if isinstance(error, NotComparable):
        return f"{error.fields.get('what')}_changed"
    if isinstance(error, SessionFailed):
        return str(error.fields.get("reason") or error.code)
    if isinstance(error, OffbookError):
        return error.code
    return "runner_crash"


def unavailable(session_id: str, error: OffbookError) -> StorageUnavailable:
    """What waiting commands are told when a commit failed."""
    if isinstance(error, CommitOutcomeUnknown):
        return error
    return StorageUnavailable(
        f"session {session_id}: the store did not take the change, it did not happen ({error})",
        session_id=session_id,
    )


def stopped(session_id: str) -> SessionStopped:
    """What a command is told whose session stopped first."""
    return SessionStopped(f"session {session_id} has stopped", session_id=session_id)


def failed(session_id: str, reason: str) -> SessionFailed:
    """What a command is told whose session failed first."""
    return SessionFailed(
        f"session {session_id} failed: {reason}", session_id=session_id, reason=reason
    )


def ended(session: PaperTradingSession) -> OffbookError:
    """What a command is told that comes when the session's runner has done its work."""
    if session.status is SessionStatus.STOPPED:
        return stopped(session.id)
    if session.status is SessionStatus.FAILED:
        return failed(session.id, session.status_reason or "failed")
    return ManagerClosed(f"session {session.id} is suspended")


def not_now(session_id: str, refusal: OffbookError | None) -> OffbookError:
    """What a command is told that comes while a runner refuses all, or before it runs."""
    return (
        ManagerClosed(f"session {session_id} does not run yet")
        if refusal is None
        else anew(refusal)
    )


def session_error(error: BaseException, detail: str = "") -> SessionError:
    """What went wrong, for people."""
    if isinstance(error, SessionFailed):
        detail = detail or str(error.fields.get("detail", ""))
    code = error.code if isinstance(error, OffbookError) else type(error).__name__
    return SessionError(code=code, message=str(error) or type(error).__name__, detail=detail)


def is_for_the_process(error: BaseException) -> bool:
    """Whether what ended the pump is no trouble of its session: we were told to end, or the whole
    process was.  A CancelledError that nobody asked for is trouble like any other."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, (KeyboardInterrupt, SystemExit))
