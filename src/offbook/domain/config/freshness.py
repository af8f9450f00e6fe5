"""How old the market may be that an order trades against."""

from __future__ import annotations

import enum

import msgspec

from offbook.domain.config.base import ConfigPart, settle_enum
from offbook.domain.errors import InvalidConfig

MAX_AGE_NS = 2**62


class StalePolicy(enum.Enum):
    """What becomes of an order that would take from a quote or a book that is too old: it waits for
    the next row, it is rejected, or it trades and the fill says how old the row was."""

    DEFER = "defer"
    REJECT = "reject"
    FLAG = "flag"


class FreshnessConfig(ConfigPart, frozen=True, kw_only=True):
    """The greatest age, in ns of session time, of the quote or book that an arriving order may take
    from, of all instruments and ``by_symbol`` of some; and what happens beyond it."""

    max_age_ns: int
    by_symbol: dict[str, int] = msgspec.field(default_factory=dict)
    policy: StalePolicy = StalePolicy.DEFER

    def __post_init__(self) -> None:
        settle_enum(self, "policy", StalePolicy, "venue.freshness.policy")
        ages = {"max_age_ns": self.max_age_ns}
        ages |= {f"by_symbol.{symbol}": age for symbol, age in self.by_symbol.items()}
        for name, age in ages.items():
            if not 0 < age <= MAX_AGE_NS:
                raise InvalidConfig(
                    f"venue.freshness.{name}={age}, expected 1 to 2**62 ns",
                    field=f"venue.freshness.{name}",
                )

    def limit(self, symbol: str) -> int:
        """The greatest age of an instrument's market, in ns."""
        return self.by_symbol.get(symbol, self.max_age_ns)
