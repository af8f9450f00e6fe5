"""Where a resting order stands at its price.

All in quantity units of the instrument, in integers, rounded against the order.  ``exact`` is for
books that are told order by order (``exact_places``); the others suppose what is not told where
only the size of the whole level is shown.

``fifo`` is the conservative rule: whoever cancels stood behind.  What was shown when the order
joined is ahead of it; prints at the price bring it forward, and it is never further back than the
level is large.

``probabilistic`` shares what a level lost without a print, ``lost``, out over those ahead (front)
and behind (back): ``lost * f(back) / (f(front) + f(back))`` was behind, the rest ahead, with
``f(x) = x**n`` or ``f(x) = log(1 + x)``.  The rule is Erik Rigtorp's (*Estimating order queue
position in L2 data*, 2013), the functions and the care not to count prints twice are those of
hftbacktest's queue models (``ProbQueueModel``; ``PowerProbQueueFunc``, ``LogProbQueueFunc``).  It
expects, and draws nothing.

``pro rata`` gives an order its share, by size, of each print at its price, in whole units rounded
down, whenever it came (*CME Globex matching algorithms*, pro rata, without minimum or levelling).
"""

from __future__ import annotations

from typing import Final, Protocol, assert_never

import msgspec

from offbook.domain.config import (
    ExactQueue,
    FifoQueue,
    ProbabilisticQueue,
    ProRataQueue,
    QueueConfig,
    QueueFormula,
)
from offbook.domain.values import ceil_div

LOG_BITS: Final = 16
"""Binary places of logarithms."""


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

    def __init__(self, config: ProbabilisticQueue) -> None:
        self._config = config

    def changed(self, place: Place, shown: int) -> None:
        """Of what the level lost beyond its prints, a part was ahead."""
        assert place.ahead is not None
        lost = place.shown - shown - place.printed
        if lost > 0 and place.ahead > 0:
            # The order stood where it does after the prints: these were taken from the front.
            back = max(place.shown - place.printed - place.ahead, 0)
            place.ahead = max(place.ahead - self._from_front(lost, place.ahead, back), 0)
        place.ahead = min(place.ahead, shown)

    def _from_front(self, lost: int, front: int, back: int) -> int:
        behind, ahead = self._weight(back), self._weight(front)
        from_back = min(ceil_div(lost * behind, ahead + behind), back)
        return lost - from_back

    def _weight(self, qty: int) -> int:
        if self._config.formula is QueueFormula.POWER:
            return int(qty**self._config.exponent)
        return log2_units(1 + qty)


class ProRata:
    """Each print is shared out by size."""

    name = "queue-pro-rata.1"
    is_by_time = False

    def printed(self, place: Place, qty: int, leaves: int, late: int) -> int:
        """The order's share of the level with it and with what was late."""
        assert place.ahead is not None
        return qty * leaves // (place.shown + late + leaves)

    def changed(self, place: Place, shown: int) -> None:
        """All that is shown shares with it."""
        place.ahead = shown


class Exact(Fifo):
    """Every order at the price is told: only those that stood there before are ahead."""

    name = "queue-exact.1"


def queue_model(config: QueueConfig) -> QueueModel:
    """The model that a configuration names."""
    if isinstance(config, ExactQueue):
        return Exact()
    if isinstance(config, FifoQueue):
        return Fifo()
    if isinstance(config, ProbabilisticQueue):
        return Probabilistic(config)
    if isinstance(config, ProRataQueue):
        return ProRata()
    assert_never(config)


def log2_units(value: int) -> int:
    """``log2(value)`` in units of 2**-LOG_BITS, rounded down; the same everywhere.

    Binary places one by one, by squaring (C. S. Turner, *A fast binary logarithm algorithm*, 2010),
    on 64 bits beyond the point.
    """
    whole = value.bit_length() - 1
    part = (value << 64) >> whole  # 1 <= part < 2, with 64 binary places
    log = whole
    for _ in range(LOG_BITS):
        part = part * part >> 64
        log <<= 1
        if part >> 65:
            part >>= 1
            log += 1
    return log
