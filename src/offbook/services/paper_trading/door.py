"""What is looked at where a call comes in: the types and bounds of everything that was given.

Python checks no types.  What is refused here was never begun: no session has heard of it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Final, TypeVar

from offbook.domain.calendars import NEVER
from offbook.domain.errors import InvalidInput

E = TypeVar("E", bound=enum.Enum)
LONGEST_ID: Final = 256


def check_id(field: str, value: object) -> None:
    """An identifier is printable text. Raises InvalidInput."""
    if not isinstance(value, str):
        raise InvalidInput(f"{field} is a {type(value).__name__}: expected text", field=field)
    if not 0 < len(value) <= LONGEST_ID or not value.isprintable():
        raise InvalidInput(
            f"{field}={value[: LONGEST_ID + 1]!r}: expected 1 to {LONGEST_ID} printable characters",
            field=field,
        )


def check_whole(field: str, value: object, least: int = 0) -> None:
    """A whole number of 64 bits. Raises InvalidInput; a bool is no number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"{field} is a {type(value).__name__}: expected an int", field=field)
    if not least <= value < NEVER:
        raise InvalidInput(f"{field}: expected {least} to 2**63-2, not {value}", field=field)


def check_flag(field: str, value: object) -> None:
    """True or False. Raises InvalidInput."""
    if not isinstance(value, bool):
        raise InvalidInput(
            f"{field} is a {type(value).__name__}: expected True or False", field=field
        )


def checked_choice(field: str, value: object, kind: type[E]) -> E:
    """A member of an enum, also where its text was given. Raises InvalidInput."""
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(str(member.value) for member in kind)
        raise InvalidInput(f"{field}: expected one of {names}", field=field) from None


def check_ids(**given: object) -> None:
    """Identifiers by the names of their arguments; None is none. Raises InvalidInput."""
    for field, value in given.items():
        if value is not None:
            check_id(field, value)


def check_command(session_id: object, command_id: object = None, at: object = None) -> None:
    """What every command to a session is given. Raises InvalidInput."""
    check_id("session_id", session_id)
    if command_id is not None:
        check_id("command_id", command_id)
    if at is not None:
        check_whole("at", at)


def checked_ids(field: str, values: object) -> frozenset[str]:
    """Several identifiers. Raises InvalidInput, also for one text, which is a row of letters."""
    if isinstance(values, str) or not isinstance(values, Collection):
        raise InvalidInput(
            f"{field} is a {type(values).__name__}: expected a list or set of ids", field=field
        )
    for value in values:
        check_id(field, value)
    return frozenset(values)
