"""Queue models against those of hftbacktest, as its source says them, in doubles."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import localcontext
from random import Random

import pytest

from offbook.domain.config import ProbabilisticQueue, ProRataQueue, QueueBack, QueueFormula
from offbook.domain.errors import InvalidConfig
from offbook.engine.models.queues import Place, queue_model

THOUSANDTHS = 3


def log(x: float) -> float:
    return math.log(1 + x)


PUBLISHED: dict[QueueFormula, Callable[[float, float], float]] = {
    QueueFormula.POWER: lambda front, back: back**3 / (back**3 + front**3),
    QueueFormula.POWER_2: lambda front, back: back**3 / (back + front) ** 3,
    QueueFormula.POWER_3: lambda front, back: 1 - (front / (front + back)) ** 3,
    QueueFormula.LOG: lambda front, back: log(back) / (log(back) + log(front)),
    QueueFormula.LOG_2: lambda front, back: log(back) / log(back + front),
}
"""How likely a cancellation was behind (``PowerProbQueueFunc``, ``2``, ``3``, ``LogProbQueueFunc``,
``2``; hftbacktest/src/backtest/models/queue.rs)."""


def moved(front: float, level: float, printed: float, new: float, formula: QueueFormula) -> float:
    """``ProbQueueModel::depth``: prints are off the front already, and not off the level."""
    change = level - new - printed
    if change < 0:
        return min(front, new)
    back = level - front
    share = PUBLISHED[formula](front, back)
    ahead = front - (1 - share) * change + min(back - share * change, 0)
    return min(ahead, new)


@pytest.mark.parametrize("formula", list(QueueFormula))
def test_places_are_those_of_hftbacktest(formula: QueueFormula) -> None:
    """Sizes of a coin with three decimals; each change may round by a thousandth, not in the
    order's favour, so that steps are compared one by one."""
    config = ProbabilisticQueue(
        formula=formula, unit="1" if formula.is_log else None, back=QueueBack.AS_SHOWN
    )
    model = queue_model(config, THOUSANDTHS)
    told = 0
    for seed in range(40):
        rng = Random(seed)
        level = rng.randint(2_000, 30_000)
        place = Place(ordinal=1, side=1, px=1, ahead=level, shown=level)
        for _ in range(40):
            qty = rng.choice((0, 0, rng.randint(1, 600)))
            if place.ahead <= qty:
                break
            if qty:
                model.printed(place, qty, 1, 0)
                place.printed += qty
            new = max(level - qty + rng.randint(-900, 900), 1)
            front, seen = place.ahead / 1000, place.shown / 1000
            wanted = moved(front, seen, place.printed / 1000, new / 1000, formula) * 1000
            model.changed(place, new)
            assert wanted - 1e-6 <= place.ahead <= wanted + 1 + 1e-6, f"seed {seed}"
            told += min(front * 1000, new) - 1 > place.ahead > 0
            place.shown, place.printed, level = new, 0, new
    assert told > 100


def test_what_is_behind_is_after_the_prints_unless_it_is_to_be_as_shown() -> None:
    """10 ahead and 10 behind; 4 trade, 2 more vanish: 6 are ahead, and 10 behind or 14."""
    places = []
    for back in QueueBack:
        model = queue_model(ProbabilisticQueue(exponent=1, back=back))
        place = Place(ordinal=1, side=1, px=1, ahead=6, shown=20, printed=4)
        model.changed(place, 4)
        places.append(place.ahead)
    # Of 12 that vanished 12 * 10 / 16, rounded up, were behind, or 12 * 14 / 20.
    assert places == [2, 3]


def test_a_logarithm_of_small_quantities_is_fine_enough() -> None:
    """A millionth of a coin is a share of log(1 + x) that sixteen binary places do not show."""
    model = queue_model(ProbabilisticQueue(formula=QueueFormula.LOG, unit="1"), 9)
    place = Place(ordinal=1, side=1, px=1, ahead=3_000, shown=4_000)
    model.changed(place, 3_600)
    assert place.ahead in (3_000 - (400 - 100), 3_000 - (400 - 101))  # a unit may be rounded


@pytest.mark.parametrize(
    ("unit", "formula", "why"),
    [
        ("0", QueueFormula.LOG, "above 0"),
        ("x", QueueFormula.LOG_2, "above 0"),
        ("NaN", QueueFormula.LOG_2, "above 0"),
        ("1", QueueFormula.POWER, "it is for log and log_2"),
    ],
)
def test_a_unit_that_is_none_is_refused(unit: str, formula: QueueFormula, why: str) -> None:
    with pytest.raises(InvalidConfig, match=why):
        ProbabilisticQueue(formula=formula, unit=unit)


@pytest.mark.parametrize(("printed", "gives"), [(12_344, 0), (12_345, 12_345)])
def test_a_least_share_is_exact(printed: int, gives: int) -> None:
    """Whatever the context of decimals is that a strategy works in."""
    with localcontext(prec=3):
        model = queue_model(ProRataQueue(minimum="1.2345"), 4)
    alone = Place(ordinal=1, side=1, px=1, ahead=0, shown=0)
    assert model.printed(alone, printed, 100_000, 0) == gives
