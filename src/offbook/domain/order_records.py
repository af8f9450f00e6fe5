"""What the venue does to orders that have arrived: it takes them, triggers those that wait, and
restates those of lists.

They stand among the other records in ``records``.
"""

from __future__ import annotations

from offbook.domain.record_parts import Evidence, RecordBase
from offbook.domain.values import Amount


class OrderAccepted(
    RecordBase, frozen=True, kw_only=True, omit_defaults=True, tag="OrderAccepted.1"
):
    """The venue took the order. ``expires`` is when a DAY or GTD order ends; reports due at
    ``due``. ``stop_px`` is where an order that waits is triggered, as things stand. One that is
    ``held`` does not work before its parent has traded. ``queue_ahead`` is the size shown at the
    price of a limit on a book when it arrived, None where that is not known; ``auction_ts`` is when
    the auction is that an OPG or CLS order is for."""

    order: int
    venue_order_id: str
    expires: int | None
    due: int
    stop_px: int | None = None
    held: bool = False
    queue_ahead: int | None = None
    auction_ts: int | None = None


class OrderRepegged(RecordBase, frozen=True, kw_only=True, tag="OrderRepegged.1"):
    """The market that a pegged order follows has moved, and the order to ``price_px``, behind all
    that stand there. Nothing is reported of it."""

    order: int
    price_px: int


class OrderTriggered(RecordBase, frozen=True, kw_only=True, tag="OrderTriggered.1"):
    """The market reached ``stop_px``: from this row on the order acts as a market order or a limit
    and stands behind those that wait already."""

    order: int
    stop_px: int
    evidence: Evidence
    due: int


class OrderRestated(
    RecordBase, frozen=True, kw_only=True, omit_defaults=True, tag="OrderRestated.1"
):
    """The venue changed an order of a list by itself: its parent traded, so that it works with (so
    much more of) its quantity, or another leg traded, so that it has so much less.

    ``given_qty`` is all that the parent's trades have given it, ``mates_qty`` all that its other
    legs have traded. ``reserved`` is what the legs of a list hold together.
    """

    order: int
    order_qty: int
    given_qty: int
    mates_qty: int
    released: bool
    reserve_px: int
    reserved: Amount
    due: int
    stop_px: int | None = None
