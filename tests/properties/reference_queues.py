"""Queues at a price, written for obviousness, by the table of ``docs/reference/depth.md``."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from offbook.domain.config import ProbabilisticQueue, ProRataQueue, QueueConfig, QueueFormula

QUEUES = ("fifo", "power 1", "power 3", "log", "pro_rata")
"""As a scenario names them."""
OTHER_SHARES = ("power_2 2", "power_3 2", "log_2", "power 2 as_shown", "pro_rata 2")
"""Other formulas of hftbacktest, and what it takes for the back; a least share."""


def left_ahead(queue: str, lost: int, front: int, back: int) -> int:
    """What is still ahead of an order once a level has lost so much beyond its prints: there were
    ``front`` before and ``back`` behind it."""
    if lost <= 0 or front == 0 or queue == "fifo":
        return front
    by = by_log if queue.startswith("log") else by_power
    behind = by(queue, lost, front, back)
    return max(0, front - (lost - min(behind, back)))


def by_power(queue: str, lost: int, front: int, back: int) -> int:
    """``lost`` times the share, rounded up, with ``f(x) = x**n``: ``f(back) / (f(front) +
    f(back))``; of the second ``f(back) / f(front + back)``, of the third
    ``1 - f(front / (front + back))``."""
    name, power, *_ = queue.split()
    n = int(power)
    share = {
        "power": Fraction(back**n, front**n + back**n),
        "power_2": Fraction(back, front + back) ** n,
        "power_3": 1 - Fraction(front, front + back) ** n,
    }[name]
    return ceil(lost * share)


def by_log(queue: str, lost: int, front: int, back: int) -> int:
    """The same with ``f(x) = log(1 + x)``: the least integer that is not below it.

    ``behind >= lost * log(b) / (log(a) + log(b))`` is ``(a * b)**behind >= b**lost``, and that is
    one of integers, exact; of the second ``(front + back + 1)**behind >= b**lost``.
    """
    whole = (1 + front) * (1 + back) if queue == "log" else 1 + front + back
    behind = 0
    while whole**behind < (1 + back) ** lost:
        behind += 1
    return behind


def share(queue: str, size: int, leaves: int, shown: int) -> int:
    """What an order has of a print where each has as much as it is of the whole, rounded down;
    less than the least is nothing, unless all that stands there trades."""
    _, *least = queue.split()
    found = floor(Fraction(size * leaves, shown + leaves))
    if size < shown + leaves and least and found < int(*least):
        return 0
    return found


def name_of(queue: QueueConfig | None) -> str:
    """A model of queues as a scenario names it."""
    if isinstance(queue, ProRataQueue):
        return "pro_rata"
    if not isinstance(queue, ProbabilisticQueue):
        return "fifo"
    return "log" if queue.formula is QueueFormula.LOG else f"power {queue.exponent}"
