"""What a derivative contract stands for: its multiplier, what it is settled in, when it ends."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Final

import msgspec

from offbook.domain.errors import InvalidConfig
from offbook.domain.values import AMOUNT_PRECISION, text_to_units

MULTIPLIER_PRECISION: Final = 12
"""Decimals of a multiplier."""


class Settles(enum.Enum):
    """When unrealized gains become cash: at each day's settlement, or at the end alone."""

    DAILY = "daily"
    AT_EXPIRY = "at_expiry"


class ContractTerms(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The terms of one contract; nothing is paid for it when it is bought, only gains and losses
    are.

    A contract is worth ``multiplier`` (decimal text) times the price, in the quote currency; one
    that ``is_inverse`` is worth ``multiplier`` (an amount of the quote currency) divided by the
    price, in the base currency, and is settled in that.  ``expires`` is the moment (with its offset
    from UTC) from which it trades no more.  ``initial_margin`` and ``maintenance_margin`` are
    amounts for each contract, in the currency that it is settled in, and take the place of the
    account's shares of the value.
    """

    multiplier: str = "1"
    is_inverse: bool = False
    expires: str | None = None
    settles: Settles = Settles.DAILY
    initial_margin: str | None = None
    maintenance_margin: str | None = None

    def __post_init__(self) -> None:
        if self.multiplier_units <= 0:
            raise _refused("multiplier", f"multiplier={self.multiplier} is not positive")
        if self.expires is not None and self.expiry_ts is None:
            raise _refused(
                "expires",
                f"expires={self.expires!r} is no moment with its offset from UTC "
                "(2024-12-20T14:30:00Z)",
            )
        margins = (self.initial_margin, self.maintenance_margin)
        if (margins[0] is None) != (margins[1] is None):
            raise _refused(
                "initial_margin", "give initial_margin and maintenance_margin, or neither"
            )
        if self.initial_units < self.maintenance_units:
            raise _refused(
                "maintenance_margin",
                f"maintenance_margin={self.maintenance_margin} is more than initial_margin",
            )
        if margins[0] is not None and self.maintenance_units <= 0:
            raise _refused("maintenance_margin", "margins are positive amounts")

    @property
    def multiplier_units(self) -> int:
        """The multiplier in units of 10**-12."""
        return _units("multiplier", self.multiplier, MULTIPLIER_PRECISION)

    @property
    def initial_units(self) -> int:
        """The initial margin of one contract in units of 10**-18; 0 where none is told."""
        return _units("initial_margin", self.initial_margin or "0", AMOUNT_PRECISION)

    @property
    def maintenance_units(self) -> int:
        """The maintenance margin of one contract in units of 10**-18; 0 where none is told."""
        return _units("maintenance_margin", self.maintenance_margin or "0", AMOUNT_PRECISION)

    @property
    def expiry_ts(self) -> int | None:
        """When it ends, in ns UTC; None for one that does not."""
        try:
            moment = datetime.fromisoformat(self.expires or "")
        except ValueError:
            return None
        if moment.tzinfo is None:
            return None
        since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def _units(name: str, text: str, precision: int) -> int:
    try:
        return text_to_units(text, precision)
    except (ValueError, TypeError) as error:
        raise _refused(name, f"{name}: {error}") from None


def _refused(name: str, why: str) -> InvalidConfig:
    return InvalidConfig(f"instrument.contract: {why}", field=f"instrument.contract.{name}")
