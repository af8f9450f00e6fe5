"""What is said of a store that stops answering: once, however often it comes and goes."""

from __future__ import annotations

from typing import Final

STEADY: Final = 30
"""After so many looks without trouble (a tenth of a second apart) a store answers again.  A full
disk takes a small change now and then, and refuses the next."""


class StoreNews:
    """Turns looks at a session's health into lines worth saying."""

    def __init__(self) -> None:
        self._told: str | None = None
        self._quiet = 0

    def after(self, *, down: bool, detail: str) -> str | None:
        """What to say after one more look; None when nothing is new.

        Trouble is told when it begins and when it becomes another; ``detail`` is what the store
        said, and may be empty.
        """
        if down:
            self._quiet = 0
            if detail == self._told:
                return None
            self._told = detail
            return f"the store does not answer; the session stands still and tries again: {detail}"
        if self._told is None:
            return None
        self._quiet += 1
        if self._quiet < STEADY:
            return None
        self._told = None
        return "the store answers again"
