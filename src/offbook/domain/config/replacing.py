"""What a venue does with an order's place when its terms are replaced."""

from __future__ import annotations

import enum


class ReplacePriority(enum.Enum):
    """When an order keeps its place in time: where it becomes smaller at the same prices, or
    never, as where a replace is a cancel and a new order."""

    SMALLER = "smaller"
    LOST = "lost"
