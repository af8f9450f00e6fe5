"""What it costs to hold: borrowed shares, cash and debt."""

from __future__ import annotations

import enum
from datetime import date
from typing import Final

from offbook.domain.calendars import DAY_NS
from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_decimal, settle_enum
from offbook.domain.errors import InvalidConfig

_EPOCH: Final = date(1970, 1, 1)


class Unlisted(enum.Enum):
    """Whether a share without a rate can be borrowed: for nothing, or not at all."""

    FREE = "free"
    DENY = "deny"


class BorrowValue(enum.Enum):
    """What borrow fees are a share of: the ``market`` value of a short position at the last mid, or
    the ``collateral`` that lies for it, 102 % of that price a share, up to a whole unit of the
    currency, as lenders of US shares reckon."""

    MARKET = "market"
    COLLATERAL = "collateral"


class BorrowRate(ConfigPart, frozen=True, kw_only=True, omit_defaults=True):
    """What borrowing ``symbol`` costs a year from a day on (``YYYY-MM-DD``), as a share of its
    value (``"0.3"`` is 30 %); without a ``rate`` it cannot be borrowed."""

    symbol: str
    since: str
    rate: str | None = None


class InterestRate(ConfigPart, frozen=True, kw_only=True, omit_defaults=True):
    """What cash of a currency earns (``credit``) and debt costs (``debit``) a year from a day on,
    as shares; a negative ``credit`` costs."""

    currency: str
    since: str
    credit: str = "0"
    debit: str = "0"


class FinancingConfig(ConfigPart, frozen=True, kw_only=True, omit_defaults=True):
    """Borrow fees and interest, accrued at the end of each trading day for the days until the next,
    booked to the cash once a month.

    Rates rise in time for each symbol and currency; before the first a symbol is ``unlisted``, and
    a currency bears nothing.  ``borrow_year`` and ``interest_year`` are the days of a year (360
    for most money, 365 for sterling).
    """

    borrow: tuple[BorrowRate, ...] = ()
    unlisted: Unlisted = Unlisted.FREE
    borrow_year: int = 360
    borrow_value: BorrowValue = BorrowValue.MARKET
    interest: tuple[InterestRate, ...] = ()
    interest_year: int = 360

    def __post_init__(self) -> None:
        settle_enum(self, "unlisted", Unlisted, "account.financing.unlisted")
        settle_enum(self, "borrow_value", BorrowValue, "account.financing.borrow_value")
        for name in ("borrow_year", "interest_year"):
            if getattr(self, name) not in (360, 365):
                raise InvalidConfig(
                    f"account.financing.{name}={getattr(self, name)}, expected 360 or 365",
                    field=f"account.financing.{name}",
                )
        for one in self.borrow:
            if one.rate is not None and rate_units(one.rate, "borrow") < 0:
                raise InvalidConfig(
                    f"account.financing.borrow: {one.symbol} at {one.rate} is negative",
                    field="account.financing.borrow",
                )
        for two in self.interest:
            rate_units(two.credit, "interest")
            if rate_units(two.debit, "interest") < 0:
                raise InvalidConfig(
                    f"account.financing.interest: debt of {two.currency} at {two.debit} would earn",
                    field="account.financing.interest",
                )
        _check_rising([(one.symbol, one.since) for one in self.borrow], "borrow")
        _check_rising([(one.currency, one.since) for one in self.interest], "interest")


def rate_units(text: str, name: str) -> int:
    """A yearly rate in units of 10**-8. Raises InvalidConfig."""
    scale = 10**RATIO_PRECISION
    return int(exact_decimal(f"account.financing.{name}", text, RATIO_PRECISION) * scale)


def day_of(text: str, name: str) -> int:
    """A date's midnight UTC in ns. Raises InvalidConfig."""
    try:
        return (date.fromisoformat(text) - _EPOCH).days * DAY_NS
    except ValueError:
        raise InvalidConfig(
            f"account.financing.{name}: since={text!r}, expected a date such as 2024-01-02",
            field=f"account.financing.{name}",
        ) from None


def _check_rising(entries: list[tuple[str, str]], name: str) -> None:
    last: dict[str, int] = {}
    for key, since in entries:
        day = day_of(since, name)
        if day <= last.get(key, day - 1):
            raise InvalidConfig(
                f"account.financing.{name}: the days of {key} must rise from rate to rate",
                field=f"account.financing.{name}",
            )
        last[key] = day
