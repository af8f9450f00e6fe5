"""Dated rates in the reference."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from offbook.domain.config import AccountConfig, Unlisted


def borrow_rate(account: AccountConfig, symbol: str, ts: int) -> Fraction | None:
    """The yearly rate of borrowing the share, None where nobody lends it."""
    config = account.financing
    if config is None:
        return Fraction(0)
    mine = [one for one in config.borrow if one.symbol == symbol]
    told = [one for one in mine if date_ns(one.since) <= ts]
    if told:
        return None if told[-1].rate is None else Fraction(told[-1].rate)
    return Fraction(0) if config.unlisted is Unlisted.FREE else None


def date_ns(text: str) -> int:
    """A date's midnight UTC."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days * 86_400 * 10**9
