"""Extended hours: how long before the opening and after the close orders that say so trade."""

from __future__ import annotations

from offbook.domain.config.base import ConfigPart
from offbook.domain.errors import InvalidConfig

MAX_EXTENSION_NS = 43_200_000_000_000


class ExtendedHours(ConfigPart, frozen=True, kw_only=True):
    """Trading goes on for ``pre_ns`` before each opening and ``post_ns`` after each close, on short
    days as on others; US shares: from 4:00 and to 20:00 in New York, five and a half hours before
    and four after, as it is by default."""

    pre_ns: int = 19_800_000_000_000
    post_ns: int = 14_400_000_000_000

    def __post_init__(self) -> None:
        for name in ("pre_ns", "post_ns"):
            if not 0 <= getattr(self, name) <= MAX_EXTENSION_NS:
                raise InvalidConfig(
                    f"venue.extended_hours.{name}={getattr(self, name)}, expected 0 to "
                    f"{MAX_EXTENSION_NS} (twelve hours)",
                    field=f"venue.extended_hours.{name}",
                )
