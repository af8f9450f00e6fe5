"""Opening and closing auctions: until when orders for them are taken, and whom they serve."""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.config.base import ConfigPart, settle_enum
from offbook.domain.errors import InvalidConfig

MAX_CUTOFF_NS = 86_400_000_000_000


class AuctionLimit(enum.Enum):
    """Which limits an auction serves: those that are better than its price, or those at it too."""

    BETTER = "better"
    EQUAL = "equal"


class AtBreak(enum.Enum):
    """Whether a break at noon has auctions of its own: none, an opening one when trading goes on,
    or a closing one before it too; or as the exchange of the calendar has it."""

    CALENDAR = "calendar"
    NONE = "none"
    OPEN = "open"
    BOTH = "both"


OF_CALENDARS: Final[dict[str, AtBreak]] = {"XTKS": AtBreak.BOTH}
"""Calendars of exchanges whose breaks have auctions; those of all others have none."""


class AuctionRules(ConfigPart, frozen=True, kw_only=True):
    """The rules of auctions.

    From ``open_cutoff_ns`` before the opening, and ``close_cutoff_ns`` before the close, no order
    for that auction is taken, changed or canceled any more; the defaults are Nasdaq's for its
    opening (two minutes) and NYSE's for its close (ten).  ``at_break`` says whether orders for
    auctions may also be for one at a break at noon.  ``limit`` is ``better`` by default: at
    the very price of an auction limits are served by time, and who was is not known.
    """

    open_cutoff_ns: int = 120_000_000_000
    close_cutoff_ns: int = 600_000_000_000
    limit: AuctionLimit = AuctionLimit.BETTER
    at_break: AtBreak = AtBreak.CALENDAR

    def __post_init__(self) -> None:
        settle_enum(self, "limit", AuctionLimit, "venue.auctions.limit")
        settle_enum(self, "at_break", AtBreak, "venue.auctions.at_break")
        for name in ("open_cutoff_ns", "close_cutoff_ns"):
            if not 0 <= getattr(self, name) <= MAX_CUTOFF_NS:
                raise InvalidConfig(
                    f"venue.auctions.{name}={getattr(self, name)}, expected 0 to {MAX_CUTOFF_NS} "
                    "(a day)",
                    field=f"venue.auctions.{name}",
                )

    def of_break(self, calendar: str) -> AtBreak:
        """What auctions the breaks of a calendar have."""
        if self.at_break is not AtBreak.CALENDAR:
            return self.at_break
        return OF_CALENDARS.get(calendar, AtBreak.NONE)
