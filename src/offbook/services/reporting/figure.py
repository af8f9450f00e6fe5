"""A number that a report may have to do without."""

from __future__ import annotations

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """A number, or None with the reason why there is none."""

    value: float | None
    reason: str | None = None
