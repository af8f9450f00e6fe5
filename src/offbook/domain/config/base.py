"""What all parts of a configuration share: frozen, exact, nothing unknown."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Final

import msgspec

from offbook.domain.errors import InvalidConfig
from offbook.domain.values import AMOUNT_PRECISION, text_to_units

RATIO_PRECISION: Final = 8
"""Decimals of shares and ratios."""


class ConfigPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all configuration parts: immutable, named fields, nothing unknown."""


def exact_decimal(field: str, text: str, precision: int) -> Decimal:
    """Decimal text as a number. Raises InvalidConfig naming ``field``."""
    _require_text(field, text)
    try:
        text_to_units(text, precision)
    except ValueError as error:
        raise InvalidConfig(f"{field}: {error}", field=field) from None
    return Decimal(text)


def exact_amount(field: str, text: str) -> int:
    """Decimal text as an amount in units of 10**-18. Raises InvalidConfig naming ``field``."""
    _require_text(field, text)
    try:
        return text_to_units(text, AMOUNT_PRECISION)
    except ValueError as error:
        raise InvalidConfig(f"{field}: {error}", field=field) from None


def _require_text(field: str, text: object) -> None:
    if not isinstance(text, str):
        raise InvalidConfig(f"{field}={text!r}: write it as text, such as '2.5'", field=field)


def settle_enum(part: msgspec.Struct, name: str, kind: type[Enum], field: str) -> None:
    """Make a field that was given as text in Python what it is when it is read from a document.

    Raises InvalidConfig naming ``field`` for anything that is no member.
    """
    given = getattr(part, name)
    try:
        msgspec.structs.force_setattr(part, name, kind(given))
    except ValueError:
        known = ", ".join(repr(member.value) for member in kind)
        raise InvalidConfig(f"{field}={given!r}, expected {known}", field=field) from None
