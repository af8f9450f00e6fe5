"""Where a resting order stands in the queue at its price, on a book."""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.config.base import ConfigPart, settle_enum
from offbook.domain.errors import InvalidConfig

MAX_EXPONENT: Final = 8


class QueueFormula(enum.Enum):
    """How likely a cancellation was behind the order: f(x) = x**exponent, or f(x) = log(1 + x)."""

    POWER = "power"
    LOG = "log"


class FifoQueue(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="fifo"):
    """First in, first out, and every cancellation behind the order: only prints at the price bring
    it forward, or a level that is smaller than what was ahead."""


class ProbabilisticQueue(
    ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="probabilistic"
):
    """First in, first out, with cancellations shared out between those ahead and those behind.

    ``formula`` and, for the power, ``exponent`` (1 to 8) say how.
    """

    formula: QueueFormula = QueueFormula.POWER
    exponent: int = 3

    def __post_init__(self) -> None:
        settle_enum(self, "formula", QueueFormula, "venue.queue.formula")
        if not 1 <= self.exponent <= MAX_EXPONENT:
            raise InvalidConfig(
                f"venue.queue.exponent={self.exponent}, expected 1 to {MAX_EXPONENT}",
                field="venue.queue.exponent",
            )


class ProRataQueue(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="pro_rata"):
    """A print is shared out over all that stands at its price, by size, rounded down."""


class ExactQueue(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="exact"):
    """First in, first out, among the orders of a book that is told order by order (L3): behind all
    that stand at the price when the order comes, and before all that come later."""


QueueConfig = FifoQueue | ProbabilisticQueue | ProRataQueue | ExactQueue
