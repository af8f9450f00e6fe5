"""Bookings, both legs at a time."""

from __future__ import annotations

from offbook.domain.record_parts import Posting
from offbook.domain.values import Amount


def moved(giver: str, taker: str, currency: str, amount: int) -> tuple[Posting, Posting]:
    """Both legs of what one account gets from another."""
    return (
        Posting(taker, currency, Amount(amount)),
        Posting(giver, currency, Amount(-amount)),
    )
