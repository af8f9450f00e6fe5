"""What a session took of the levels that one side of a book shows.

Available at a price is ``min(shown, shown - taken + increases seen at that price since)``,
forgotten when a book that is followed tells that the level is gone.  Where the book itself was
lost, for it was cleared or is built anew, that a level is not there tells nothing: what was taken
of it is *held*, and missing in what is shown at its price next, until that is as large as the level
was, or the whole book is told and has none.  What comes until then may be the same orders.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from offbook.engine.venue.book import Taken, carry


class Held(msgspec.Struct, array_like=True):
    """What was taken at a price of a book that was lost: so much is ``missing`` there until at
    least ``until`` is shown (quantity units)."""

    px: int
    missing: int
    until: int


class TakenLevels:
    """The memory of one side."""

    def __init__(self) -> None:
        self._levels: dict[int, Taken] = {}
        self._held: dict[int, Held] = {}

    def __len__(self) -> int:
        return len(self._levels) + len(self._held)

    def prices(self) -> list[int]:
        """Where anything is remembered."""
        return [*self._levels, *self._held]

    def available(self, px: int, shown: int) -> int:
        """How much of a level is left."""
        held = self._held.get(px)
        if held is not None:
            return max(shown - held.missing, 0)
        taken = self._levels.get(px)
        return shown if taken is None else taken.available

    def missing(self, px: int) -> int:
        """How much of one was taken."""
        held = self._held.get(px)
        if held is not None:
            return held.missing
        taken = self._levels.get(px)
        return 0 if taken is None else taken.shown - taken.available

    def take(self, px: int, shown: int, qty: int) -> None:
        """So much was taken of a level."""
        held = self._held.get(px)
        if held is not None:
            held.missing += qty
            held.until = max(held.until, held.missing)
        else:
            self._levels[px] = Taken(px, shown, max(self.available(px, shown) - qty, 0))

    def lose(self) -> None:
        """The book was lost, and is told anew by and by."""
        for px, taken in self._levels.items():
            if taken.available < taken.shown:
                self._held[px] = Held(px, taken.shown - taken.available, taken.shown)
        self._levels = {}

    def follow(self, sizes: Mapping[int, int], *, is_whole: bool) -> None:
        """The book is followed and shows these sizes now, all that there are where a message has
        told it as a whole."""
        levels = [carry(one, px, sizes.get(px, 0)) for px, one in self._levels.items()]
        self._levels = {one.px: one for one in levels if one is not None and one.shown}
        for px, held in list(self._held.items()):
            shown = sizes.get(px, 0)
            if is_whole or shown >= held.until:
                del self._held[px]
                if shown:
                    self._levels[px] = Taken(px, shown, max(shown - held.missing, 0))

    def clear(self) -> None:
        """Remember nothing."""
        self._levels, self._held = {}, {}

    def dump(self) -> tuple[list[Taken], list[Held]]:
        """All of it."""
        return list(self._levels.values()), list(self._held.values())

    def load(self, levels: list[Taken], held: list[Held]) -> None:
        """Become what was dumped."""
        self._levels = {one.px: one for one in levels}
        self._held = {one.px: one for one in held}
