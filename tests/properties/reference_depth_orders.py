"""Orders of the plain venue with books."""

from __future__ import annotations

import msgspec


class PlainOrder(msgspec.Struct):
    """A market order, or a limit.

    ``display`` is what an iceberg shows at once, 0 of a hidden one; the part that it shows now came
    in its ``shown_turn``.  ``told`` is by how much smaller levels have brought it forward, the last
    at the venue's time ``told_at``.  ``least`` is what may trade at once.  A peg follows
    ``PRIMARY``, ``MARKET`` or ``MIDPOINT``.
    """

    name: str
    buying: bool
    px: int | None
    left: int
    taker: bool = True
    place: bool = False
    ahead: int | None = None
    seen: int = 0
    printed: int = 0
    told: int = 0
    told_at: int | None = None
    display: int | None = None
    slice_left: int = 0
    least: int = 0
    immediate: bool = False
    peg: str = ""
    offset: int = 0
    cap: int | None = None
    turn: int = 0
    shown_turn: int = 0

    @property
    def hidden(self) -> bool:
        return self.display == 0
