"""When a venue had the rows of a recording, and when they were received, for all of them."""

from __future__ import annotations

from typing import Self

import numpy as np

from offbook.domain.columns import IntColumn


class Receipts:
    """Of each row both times (ns UTC), immutable by convention: ``received`` as it is, ``had`` as
    the latest that a row up to there has. Neither decreases, and no row was received before the
    venue had it; there is one at least."""

    __slots__ = ("__weakref__", "had", "received")

    def __init__(self, had: IntColumn, received: IntColumn) -> None:
        self.had = had
        self.received = received

    @classmethod
    def of(cls, events: IntColumn, received: IntColumn) -> Self:
        """Those of rows in the order of their reception; ``events`` are the venue's times."""
        return cls(np.maximum.accumulate(events), received)
