"""When the money of a sale may be used."""

from __future__ import annotations

import enum

from offbook.domain.config.base import ConfigPart, settle_enum
from offbook.domain.errors import InvalidConfig

MOST_DAYS = 5


class UnsettledCash(enum.Enum):
    """What may be done with the proceeds of a sale before they settle: nothing; or they buy, and
    what they bought is not sold before they have settled (so no sale is a good faith violation)."""

    WAIT = "wait"
    GOOD_FAITH = "good_faith"


class SettlementConfig(ConfigPart, frozen=True, kw_only=True):
    """Proceeds of sales settle ``days`` trading days later (1 in the United States since
    2024-05-28, 2 before), before the session of that day opens."""

    days: int = 1
    unsettled: UnsettledCash = UnsettledCash.WAIT

    def __post_init__(self) -> None:
        settle_enum(self, "unsettled", UnsettledCash, "account.settlement.unsettled")
        if not 1 <= self.days <= MOST_DAYS:
            raise InvalidConfig(
                f"account.settlement.days={self.days}, expected 1 to {MOST_DAYS}",
                field="account.settlement.days",
            )
