"""Where a resting order stands at its price.

All in quantity units of the instrument, in integers, rounded against the order.  ``exact`` is for
books that are told order by order (``exact_places``); the others suppose what is not told where
only the size of the whole level is shown.

``fifo`` is the conservative rule: whoever cancels stood behind.  What was shown when the order
joined is ahead of it; prints at the price bring it forward, and it is never further back than the
level is large.

``probabilistic`` shares what a level lost without a print, ``lost``, out over those ahead (front)
and behind (back): ``lost * f(back) / (f(front) + f(back))`` was behind, the rest ahead, with
``f(x) = x**n`` or ``f(x) = log(1 + x)``, and the shares of ``QueueFormula``.  The rule is Erik
Rigtorp's (*Estimating order queue position in L2 data*, 2013), the functions and the care not to
count prints twice are those of hftbacktest's queue models (``ProbQueueModel``;
``PowerProbQueueFunc``, ``PowerProbQueueFunc2``, ``PowerProbQueueFunc3``, ``LogProbQueueFunc``,
``LogProbQueueFunc2``).  It expects, and draws nothing.

``pro rata`` gives an order its share, by size, of each print at its price, in whole units rounded
down, whenever it came (*CME Globex matching algorithms*, pro rata, without levelling); less than
a ``minimum`` is nothing, unless the print takes the whole level.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, Protocol, assert_never

import msgspec

from offbook.domain.config import (
    ExactQueue,
    FifoQueue,
    ProbabilisticQueue,
    ProRataQueue,
    QueueBack,
    QueueConfig,
    QueueFormula,
)
from offbook.domain.values import AMOUNT_PRECISION, POWERS_OF_TEN, ceil_div, text_to_units

LOG_BITS: Final = 16
"""Binary places of logarithms."""
FINE_LOG_BITS: Final = 40
"""Those where x counts more than the smallest quantity, and may be a small fraction."""


class Place(msgspec.Struct, kw_only=True):
    """One resting order's place: what is ahead of it, None while that is not known.

    ``shown`` is the level's size when it was last looked at.  ``printed`` is what prints took there
    since then.  ``cut`` is by how much a smaller level brought the order forward at venue time
    ``cut_event``: late prints of that time are in it already.  ``slice_left`` is what is still
    shown of an iceberg, 0 of a hidden order, None of one that is shown whole.  ``turn`` is when it
    came among the session's own orders at its price, as the number of a record.  ``rank`` is that
    of whoever came to a book of orders next, None where that is not known.
    """

    ordinal: int
    side: int
    px: int
    ahead: int | None
    shown: int
    printed: int = 0
    cut: int = 0
    cut_event: int | None = None
    slice_left: int | None = None
    turn: int = 0
    rank: int | None = None


class QueueModel(Protocol):
    """How prints and changes of a level move a place whose ``ahead`` is known."""

    name: str
    is_by_time: bool
    """Whether what a print gave to one order is gone for those behind it."""

    def printed(self, place: Place, qty: int, leaves: int, late: int) -> int:
        """A print at the price: how much of it may be the order's, which has ``leaves`` open; so
        much of it was ``late``, for the level has told it already by being smaller."""

    def changed(self, place: Place, shown: int) -> None:
        """The level has another size; ``place.shown`` is still the old one."""


class Fifo:
    """Only prints, and the size of the level, bring an order forward."""

    name = "queue-fifo.1"
    is_by_time = True

    def printed(self, place: Place, qty: int, leaves: int, late: int) -> int:
        """What is ahead is served first; what was late has brought the order forward."""
        assert place.ahead is not None
        qty -= late
        reach = max(qty - place.ahead, 0)
        place.ahead = max(place.ahead - qty, 0)
        return reach

    def changed(self, place: Place, shown: int) -> None:
        """No more can be ahead than there is."""
        assert place.ahead is not None
        place.ahead = min(place.ahead, shown)


class Probabilistic(Fifo):
    """Cancellations are shared out over those ahead and those behind."""

    name = "queue-probabilistic.1"

    def __init__(self, config: ProbabilisticQueue, qty_precision: int = 0) -> None:
        """``qty_precision``: decimals of the instrument's quantities."""
        self._config = config
        self._unit = _units_of(config.unit, qty_precision)
        self._share = {
            QueueFormula.POWER: self._by_power,
            QueueFormula.POWER_2: self._by_power_of_all,
            QueueFormula.POWER_3: self._by_power_of_front,
            QueueFormula.LOG: self._by_log,
            QueueFormula.LOG_2: self._by_log_of_all,
        }[config.formula]

    def changed(self, place: Place, shown: int) -> None:
        """Of what the level lost beyond its prints, a part was ahead."""
        assert place.ahead is not None
        lost = place.shown - shown - place.printed
        if lost > 0 and place.ahead > 0:
            # The order stood where it does after the prints: these were taken from the front.
            behind = place.shown - place.ahead
            if self._config.back is QueueBack.AFTER_PRINTS:
                behind -= place.printed
            place.ahead = max(place.ahead - self._from_front(lost, place.ahead, max(behind, 0)), 0)
        place.ahead = min(place.ahead, shown)

    def _from_front(self, lost: int, front: int, back: int) -> int:
        part, whole = self._share(front, back)
        from_back = min(ceil_div(lost * part, whole), back)
        return max(lost - from_back, 0)

    # How likely it was behind: a part of a whole; there is something in front.

    def _by_power(self, front: int, back: int) -> tuple[int, int]:
        power = self._config.exponent
        return back**power, front**power + back**power

    def _by_power_of_all(self, front: int, back: int) -> tuple[int, int]:
        power = self._config.exponent
        return back**power, (front + back) ** power

    def _by_power_of_front(self, front: int, back: int) -> tuple[int, int]:
        whole = (front + back) ** self._config.exponent
        return whole - front**self._config.exponent, whole

    def _by_log(self, front: int, back: int) -> tuple[int, int]:
        behind = self._log(back)
        return behind, self._log(front) + behind

    def _by_log_of_all(self, front: int, back: int) -> tuple[int, int]:
        return self._log(back), self._log(front + back)

    def _log(self, qty: int) -> int:
        """log(1 + x), where x counts units of so much."""
        if self._unit == (1, 1):
            return log2_units(1 + qty)
        many, of = self._unit
        whole, more = log2_units(many, FINE_LOG_BITS), log2_units(many + qty * of, FINE_LOG_BITS)
        return max(more - whole, 1 if qty else 0)


def _units_of(unit: str | None, qty_precision: int) -> tuple[int, int]:
    """A quantity in the smallest ones, as a fraction."""
    if unit is None:
        return 1, 1
    units = text_to_units(unit, AMOUNT_PRECISION) * POWERS_OF_TEN[qty_precision]
    return Fraction(units, POWERS_OF_TEN[AMOUNT_PRECISION]).as_integer_ratio()


class ProRata:
    """Each print is shared out by size."""

    name = "queue-pro-rata.1"
    is_by_time = False

    def __init__(self, config: ProRataQueue, qty_precision: int = 0) -> None:
        """``qty_precision``: decimals of the instrument's quantities."""
        many, of = _units_of(config.minimum, qty_precision)
        self._least = ceil_div(many, of)

    def printed(self, place: Place, qty: int, leaves: int, late: int) -> int:
        """The order's share of the level with it and with what was late."""
        assert place.ahead is not None
        share = qty * leaves // (place.shown + late + leaves)
        return share if share >= min(self._least, leaves) else 0

    def changed(self, place: Place, shown: int) -> None:
        """All that is shown shares with it."""
        place.ahead = shown


class Exact(Fifo):
    """Every order at the price is told: only those that stood there before are ahead."""

    name = "queue-exact.1"


def queue_model(config: QueueConfig, qty_precision: int = 0) -> QueueModel:
    """The model that a configuration names, for an instrument whose quantities have so many
    decimals."""
    if isinstance(config, ExactQueue):
        return Exact()
    if isinstance(config, FifoQueue):
        return Fifo()
    if isinstance(config, ProbabilisticQueue):
        return Probabilistic(config, qty_precision)
    if isinstance(config, ProRataQueue):
        return ProRata(config, qty_precision)
    assert_never(config)


def log2_units(value: int, bits: int = LOG_BITS) -> int:
    """``log2(value)`` in units of 2**-``bits``, rounded down; the same everywhere.

    Binary places one by one, by squaring (C. S. Turner, *A fast binary logarithm algorithm*, 2010),
    on 64 bits beyond the point.
    """
    whole = value.bit_length() - 1
    part = (value << 64) >> whole  # 1 <= part < 2, with 64 binary places
    log = whole
    for _ in range(bits):
        part = part * part >> 64
        log <<= 1
        if part >> 65:
            part >>= 1
            log += 1
    return log
