"""Where the choices of made-up cases come from: hypothesis, or a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """Where choices come from; the first of a sequence is the simplest."""

    def pick(self, values: Sequence[T]) -> T:
        """One of these."""

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""
