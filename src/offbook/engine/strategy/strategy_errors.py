"""What a strategy raised, in words for people; no part of any record."""

from __future__ import annotations

import traceback

from offbook.domain.session import SessionError


def session_error(strategy: object, callback: str, error: BaseException) -> SessionError:
    """An exception that came out of a callback of a strategy."""
    return SessionError(
        code="strategy_error",
        message=f"{type(strategy).__name__}.{callback} raised "
        + _storable(traceback.format_exception_only(error)[-1].strip()),
        detail=_storable("".join(traceback.format_exception(error))),
    )


def _storable(text: str) -> str:
    """Text that can be written as UTF-8, whatever a strategy put into its error."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
