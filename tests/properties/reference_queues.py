"""Queues at a price, written for obviousness, by the table of ``docs/reference/depth.md``."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

QUEUES = ("fifo", "power 1", "power 3", "log", "pro_rata")
"""As a scenario names them."""


def left_ahead(queue: str, lost: int, front: int, back: int) -> int:
    """What is still ahead of an order once a level has lost so much beyond its prints: there were
    ``front`` before and ``back`` behind it."""
    if lost <= 0 or front == 0 or queue == "fifo":
        return front
    behind = by_log(lost, front, back) if queue == "log" else by_power(queue, lost, front, back)
    return max(0, front - (lost - min(behind, back)))


def by_power(queue: str, lost: int, front: int, back: int) -> int:
    """``lost * f(back) / (f(front) + f(back))`` with ``f(x) = x**n``, rounded up."""
    n = int(queue.removeprefix("power "))
    return ceil(Fraction(lost * back**n, front**n + back**n))


def by_log(lost: int, front: int, back: int) -> int:
    """The same with ``f(x) = log(1 + x)``: the least integer that is not below it.

    ``behind >= lost * log(b) / (log(a) + log(b))`` is ``(a * b)**behind >= b**lost``, and that is
    one of integers, exact.
    """
    behind = 0
    while ((1 + front) * (1 + back)) ** behind < (1 + back) ** lost:
        behind += 1
    return behind


def share(size: int, leaves: int, shown: int) -> int:
    """What an order has of a print where each has as much as it is of the whole, rounded down."""
    return floor(Fraction(size * leaves, shown + leaves))
