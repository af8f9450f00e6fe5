"""What positions need of an account's equity, and what tells it."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Need(NamedTuple):
    """The equity that positions need, and by what share of its value (over ``denominator``) the
    need of each can grow at most as its price moves against it; less than nothing of what stands
    against another.  ``steepest`` is the largest share by which the value of any can count, where
    that is more than these say."""

    required: int
    shares: dict[str, int]
    denominator: int
    steepest: int = 0

    @property
    def most(self) -> int:
        """The largest share of any value in it, over ``denominator``."""
        return max(self.steepest, *(abs(share) for share in self.shares.values()))


class MaintenanceRule(Protocol):
    """What positions (signed quantity units by symbol) need."""

    def need(self, held: dict[str, int]) -> Need:
        """At the last prices."""

    def on(self, value: int) -> int:
        """What one position needs that is worth so much, in the account's currency."""
