"""Where a resting order stands in the queue at its price, on a book."""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.config.base import ConfigPart, settle_enum
from offbook.domain.errors import InvalidConfig
from offbook.domain.values import AMOUNT_PRECISION, text_to_units

MAX_EXPONENT: Final = 8
_TOO_MUCH: Final[int] = 10 ** (18 + AMOUNT_PRECISION)


class QueueFormula(enum.Enum):
    """How likely a cancellation was behind the order, with f(x) = x**exponent for the powers and
    f(x) = log(1 + x) for the logarithms: f(back) / (f(front) + f(back)); ``_2``: f(back) /
    f(front + back); ``_3``: 1 - f(front / (front + back))."""

    POWER = "power"
    POWER_2 = "power_2"
    POWER_3 = "power_3"
    LOG = "log"
    LOG_2 = "log_2"

    @property
    def is_log(self) -> bool:
        """Whether it is one of the logarithms."""
        return self in (QueueFormula.LOG, QueueFormula.LOG_2)


class QueueBack(enum.Enum):
    """What is behind the order when its level is smaller: what the level showed last, less what is
    ahead and, ``after_prints``, less what was printed there since; ``as_shown`` leaves that in, as
    hftbacktest does."""

    AFTER_PRINTS = "after_prints"
    AS_SHOWN = "as_shown"


class FifoQueue(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="fifo"):
    """First in, first out, and every cancellation behind the order: only prints at the price bring
    it forward, or a level that is smaller than what was ahead."""


class ProbabilisticQueue(
    ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="probabilistic"
):
    """First in, first out, with cancellations shared out between those ahead and those behind.

    ``formula`` and, for the powers, ``exponent`` (1 to 8) say how; ``unit`` is, for the logarithms,
    the quantity that x counts, None the instrument's smallest; ``back`` what is behind.
    """

    formula: QueueFormula = QueueFormula.POWER
    exponent: int = 3
    unit: str | None = None
    back: QueueBack = QueueBack.AFTER_PRINTS

    def __post_init__(self) -> None:
        settle_enum(self, "formula", QueueFormula, "venue.queue.formula")
        settle_enum(self, "back", QueueBack, "venue.queue.back")
        if self.unit is not None:
            _check_unit(self.unit, self.formula)
        if not 1 <= self.exponent <= MAX_EXPONENT:
            raise InvalidConfig(
                f"venue.queue.exponent={self.exponent}, expected 1 to {MAX_EXPONENT}",
                field="venue.queue.exponent",
            )


def _is_quantity(text: str, *, zero: bool = False) -> bool:
    try:
        units = text_to_units(text, AMOUNT_PRECISION)
    except (TypeError, ValueError):
        return False
    return (0 if zero else 1) <= units < _TOO_MUCH


def _check_unit(unit: str, formula: QueueFormula) -> None:
    if not _is_quantity(unit) or not formula.is_log:
        why = "a quantity above 0" if formula.is_log else "none: it is for log and log_2"
        raise InvalidConfig(f"venue.queue.unit={unit!r}, expected {why}", field="venue.queue.unit")


class ProRataQueue(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="pro_rata"):
    """A print is shared out over all that stands at its price, by size, rounded down.

    ``minimum``: a share of less than so much is none, unless the print takes all that stands there
    (CME's pro rata allocates 2 contracts or more).
    """

    minimum: str = "0"

    def __post_init__(self) -> None:
        if not _is_quantity(self.minimum, zero=True):
            raise InvalidConfig(
                f"venue.queue.minimum={self.minimum!r}, expected a quantity, 0 for none",
                field="venue.queue.minimum",
            )


class ExactQueue(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="exact"):
    """First in, first out, among the orders of a book that is told order by order (L3): behind all
    that stand at the price when the order comes, and before all that come later."""


QueueConfig = FifoQueue | ProbabilisticQueue | ProRataQueue | ExactQueue
