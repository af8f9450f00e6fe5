"""How many decimals prices and sizes are stored with."""

from __future__ import annotations

from decimal import Decimal


def decimals_of(told: int | str | None, text: str) -> int:
    """How many decimals are stored: as told, else at least as many as a tick or lot has."""
    if isinstance(told, int):
        return told
    try:
        exponent = Decimal(text).normalize().as_tuple().exponent
    except ArithmeticError:
        return 0  # the instrument itself refuses such a text, and says which
    return max(-exponent, 0) if isinstance(exponent, int) else 0
