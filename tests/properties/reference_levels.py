"""What is shown at one price in the reference, and what of it is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

ZERO = Fraction(0)


@dataclass
class Level:
    """What happened at one price while it stayed the best: what was shown, what we took."""

    price: Fraction
    story: list[tuple[str, Fraction]] = field(default_factory=list)

    def available(self) -> Fraction:
        """min(shown, shown - taken + increases seen since), told again from its beginning."""
        shown = left = ZERO
        for what, size in self.story:
            if what == "took":
                left -= size
            elif what == "printed":
                left = max(ZERO, left - size)
            else:
                left = min(size, left + max(ZERO, size - shown))
                shown = size
        return left

    def missing(self) -> Fraction:
        """What is shown and cannot be had."""
        shown = [size for what, size in self.story if what == "shows"]
        return shown[-1] - self.available() if shown else ZERO

    def was_taken(self) -> bool:
        """Whether we took anything of it."""
        return any(what != "shows" for what, _ in self.story)
