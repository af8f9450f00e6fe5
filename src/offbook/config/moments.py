"""Moments as people write them."""

from __future__ import annotations

from offbook.domain.errors import InvalidInput


def parse_moment(text: str) -> int:
    """A moment in ns UTC: whole s, ms, us or ns since 1970, or ISO 8601, UTC without an offset.

    Raises InvalidInput.
    """
    from offbook.adapters.brokers.replay.faults import CellFault
    from offbook.adapters.brokers.replay.times import time_from_text

    try:
        return time_from_text(text)
    except CellFault as fault:
        raise InvalidInput(
            f"{fault.what}: write 2024-01-02T14:30:00 (UTC), or ns since 1970"
        ) from None
