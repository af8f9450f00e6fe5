"""Opening and closing auctions: until when orders for them are taken, and whom they serve."""

from __future__ import annotations

import enum

from offbook.domain.config.base import ConfigPart, settle_enum
from offbook.domain.errors import InvalidConfig

MAX_CUTOFF_NS = 86_400_000_000_000


class AuctionLimit(enum.Enum):
    """Which limits an auction serves: those that are better than its price, or those at it too."""

    BETTER = "better"
    EQUAL = "equal"


class AuctionRules(ConfigPart, frozen=True, kw_only=True):
    """The rules of auctions.

    From ``open_cutoff_ns`` before the opening, and ``close_cutoff_ns`` before the close, no order
    for that auction is taken, changed or canceled any more; the defaults are Nasdaq's for its
    opening (two minutes) and NYSE's for its close (ten).  ``limit`` is ``better`` by default: at
    the very price of an auction limits are served by time, and who was is not known.
    """

    open_cutoff_ns: int = 120_000_000_000
    close_cutoff_ns: int = 600_000_000_000
    limit: AuctionLimit = AuctionLimit.BETTER

    def __post_init__(self) -> None:
        settle_enum(self, "limit", AuctionLimit, "venue.auctions.limit")
        for name in ("open_cutoff_ns", "close_cutoff_ns"):
            if not 0 <= getattr(self, name) <= MAX_CUTOFF_NS:
                raise InvalidConfig(
                    f"venue.auctions.{name}={getattr(self, name)}, expected 0 to {MAX_CUTOFF_NS} "
                    "(a day)",
                    field=f"venue.auctions.{name}",
                )
