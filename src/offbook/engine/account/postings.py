"""Bookings, both legs at a time."""

from __future__ import annotations

from collections.abc import Mapping

from offbook.domain.record_parts import Posting
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CAPITAL, CASH


def moved(giver: str, taker: str, currency: str, amount: int) -> tuple[Posting, Posting]:
    """Both legs of what one account gets from another."""
    return (
        Posting(taker, currency, Amount(amount)),
        Posting(giver, currency, Amount(-amount)),
    )


def paid_in(cash: Mapping[str, Amount]) -> tuple[Posting, ...]:
    """What an account is opened with: cash of each currency, given by the capital."""
    return tuple(
        posting
        for currency, amount in cash.items()
        for posting in moved(CAPITAL, CASH, currency, amount)
    )
