"""Where the choices of made-up cases come from: hypothesis, or a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """Where choices come from; the first of a sequence is the simplest."""

    def pick(self, values: Sequence[T]) -> T:
        """One of these."""

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""


class Seeded:
    """Choices drawn from a number that was drawn before: nothing else is drawn otherwise for them.
    Of 0 all are the simplest."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed) if seed else None

    def pick(self, values: Sequence[T]) -> T:
        """One of these."""
        return values[0 if self._random is None else int(self._random.random() * len(values))]

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""
        if self._random is None:
            return least
        return least + int(self._random.random() * (most - least + 1))
