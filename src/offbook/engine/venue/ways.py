"""The ways to the venue and back: on each, no message overtakes an earlier one."""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import margin_records as m
from offbook.domain import order_records as o
from offbook.domain import records as r

_ENTRIES: Final = (r.OrderSubmitted, r.CancelRequested, r.ReplaceRequested)
_RESPONSES: Final = (
    o.OrderAccepted,
    o.OrderTriggered,
    o.OrderRestated,
    m.ReservationsMoved,
    r.OrderRejected,
    r.OrderFilled,
    r.OrderCanceled,
    r.OrderExpired,
    r.OrderReplaced,
    r.CancelRejected,
    r.ReplaceRejected,
    r.OrderAdjusted,
    r.PositionRestated,
    r.PositionDelisted,
    r.PositionSettled,
    r.FlowPaid,
)
TRAVELS: Final[dict[object, bool]] = {kind: kind in _ENTRIES for kind in _ENTRIES + _RESPONSES}
"""Records that tell of a message, and whether it is on its way to the venue, not back."""


class Ways(msgspec.Struct, kw_only=True):
    """When the last message on each way arrives (ns UTC)."""

    entry: int = 0
    response: int = 0

    def take(self, record: r.Record) -> None:
        """A message left that a record tells of, one of ``TRAVELS``."""
        due: int = record.due  # type: ignore[union-attr]  # all of them have it
        if TRAVELS[type(record)]:
            if due > self.entry:
                self.entry = due
        elif due > self.response:
            self.response = due
