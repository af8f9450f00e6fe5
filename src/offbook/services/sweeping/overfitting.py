"""How far to believe the best of many trials.

The best of many tries looks good by luck alone.  Bailey and López de Prado, *The Deflated Sharpe
Ratio* (Journal of Portfolio Management, 2014), say how high the best Sharpe ratio of N trials
without any skill would be expected, and how likely it is that the one found is above that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, stdev
from typing import Final

import msgspec

from offbook.services.reporting.statistics import LEAST_DAYS
from offbook.services.sweeping.ranking import RankedCell, SweepTable

EULER: Final = 0.5772156649015329
"""The constant of Euler and Mascheroni."""


class Overfitting(msgspec.Struct, frozen=True, kw_only=True):
    """What many trials do to the best of them.

    ``lucky_sharpe`` is the Sharpe ratio (annual) that the best of ``trials`` is expected to have
    without any skill, ``deflated`` the deflated Sharpe ratio of the best cell, a probability; both
    None where days or cells are too few to say.  ``text`` says it in a sentence or two.
    """

    trials: int
    lucky_sharpe: float | None
    deflated: float | None
    text: str


def judge(table: SweepTable, *, is_tried: bool = False) -> Overfitting | None:
    """What to think of a table's best cell; None for a single trial, or without a best. One that
    ``is_tried`` on data that no trial has seen is not to be tried there."""
    best = table.best
    if best is None or table.trials < 2:
        return None
    found = _deflated(best, [cell for cell in table.cells if cell.error is None], table.trials)
    text = (
        f"best of {table.trials:,} trials on the same data: the best of many looks good by luck "
        "alone."
    )
    if not is_tried:
        text += " Judge it on data that no trial has seen."
    if found is None:
        return Overfitting(trials=table.trials, lucky_sharpe=None, deflated=None, text=text)
    lucky, deflated = found
    text += (
        f" Luck alone would give a best Sharpe of about {lucky:.2f}; the chance that this one is "
        f"more than luck is {100 * deflated:.0f} % (deflated Sharpe ratio; 95 % is usual to ask)."
    )
    return Overfitting(trials=table.trials, lucky_sharpe=lucky, deflated=deflated, text=text)


def _deflated(
    best: RankedCell, cells: Sequence[RankedCell], trials: int
) -> tuple[float, float] | None:
    """The lucky annual Sharpe ratio, and the probability."""
    ratios = [ratio for cell in cells if (ratio := _daily_sharpe(cell)) is not None]
    own, days = _daily_sharpe(best), best.statistics.get("days")
    if own is None or len(ratios) < 2 or not isinstance(days, int) or days < LEAST_DAYS:
        return None
    lucky = expected_best(stdev(ratios), trials)
    skewness, kurtosis = (_float(best, f"daily_{name}") for name in ("skewness", "kurtosis"))
    deflated = deflated_sharpe(own, lucky, days, skewness, kurtosis)
    annual = best.statistics.get("sharpe")
    yearly = annual / own if isinstance(annual, float) and own else None
    return None if deflated is None or yearly is None else (lucky * yearly, deflated)


def expected_best(deviation: float, trials: int) -> float:
    """The largest of ``trials`` Sharpe ratios that is expected where all are zero in truth and are
    measured with this standard deviation (equation 1 of the paper)."""
    normal = NormalDist()
    first = normal.inv_cdf(1 - 1 / trials)
    second = normal.inv_cdf(1 - 1 / (trials * math.e))
    return deviation * ((1 - EULER) * first + EULER * second)


def deflated_sharpe(
    ratio: float, lucky: float, days: int, skewness: float, kurtosis: float
) -> float | None:
    """The probability that a daily Sharpe ratio over ``days`` is in truth above ``lucky``
    (equation 2): ``P((SR - SR0) sqrt(T - 1) / sqrt(1 - skew SR + (kurt - 1) / 4 SR^2))``.

    None where the moments allow none.
    """
    variance = 1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2
    if variance <= 0:
        return None
    return NormalDist().cdf((ratio - lucky) * math.sqrt(days - 1) / math.sqrt(variance))


def _daily_sharpe(cell: RankedCell) -> float | None:
    mean, deviation = (cell.statistics.get(f"daily_{name}") for name in ("mean", "deviation"))
    if not isinstance(mean, (int, float)) or not isinstance(deviation, (int, float)):
        return None
    return mean / deviation if deviation > 0 else None


def _float(cell: RankedCell, name: str) -> float:
    value = cell.statistics.get(name)
    return float(value) if isinstance(value, (int, float)) else math.nan
