"""Parts of records: what they have in common, one leg of a booking, the evidence of a fill, the
last prices."""

from __future__ import annotations

import msgspec

from offbook.domain.orders import ContingencyType, OrderSide, PegType
from offbook.domain.values import Amount


class RecordBase(msgspec.Struct, frozen=True, tag_field="kind", gc=False):
    """Base of all records: ``seq`` is dense from 1, ``ts`` never decreases.

    They are made by the million and point at nothing that could point back, so the collector of
    cycles need not look at them.
    """

    seq: int
    ts: int


class TriggerFields(RecordBase, frozen=True, kw_only=True, omit_defaults=True):
    """When an order that waits is triggered: at ``stop_px``; a trailing stop follows at
    ``trail_px``, or at ``trail_ratio`` (10**-8) of the best price."""

    stop_px: int | None = None
    trail_px: int | None = None
    trail_ratio: int | None = None


class OrderFields(TriggerFields, frozen=True, kw_only=True, omit_defaults=True):
    """Terms that few orders have; what is not given is not written. The first of an OTO or BRACKET
    list is the parent of those that follow it."""

    expire_time: int | None = None
    post_only: bool = False
    order_list_id: str | None = None
    contingency_type: ContingencyType | None = None
    display_qty: int | None = None
    min_qty: int = 0
    extended_hours: bool = False
    peg: PegType | None = None
    peg_offset_px: int = 0


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One leg of a booking. Over a record, the legs of each currency sum to zero."""

    account: str
    currency: str
    amount: Amount


class Conversion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a fill in another currency is in the account's.

    One unit of the other is worth ``numerator / denominator``; ``fee`` and ``realized`` are the
    fill's at that rate, rounded against the client.  Where the cash was changed too, the fill's
    postings go through the clearing accounts at this rate.
    """

    currency: str
    numerator: int
    denominator: int
    fee: Amount
    realized: Amount


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The market row that a fill traded against, copied from the market, and why it was allowed.

    ``row`` and ``row_ts`` say which row.  Quotes give ``bid_px`` to ``ask_qty``; trades give
    ``trade_px``, ``trade_qty`` and, where known, the side that took; bars give ``ts_open`` to
    ``volume_qty``.  Books give best bid and ask and the level that was taken, ``level_px`` and the
    ``level_qty`` shown there, or the print and the ``queue_ahead`` of the order before it, with
    the number of the order that traded in it, ``trade_order_id``, where that is told;
    ``book_incomplete`` tells that the book had not begun with a snapshot.  ``available_qty`` is
    what could be taken before this fill, after what was taken already.  ``rule`` names the clause
    of the fill model.  Where slippage was applied, ``base_px`` is the price without it,
    ``slippage_px`` how much it cost (price units, never negative) and ``slippage_model`` its model.
    ``stale_ns`` is the age of a quote or book that was older than it should have been.
    """

    row: int
    row_ts: int
    model: str
    rule: str
    available_qty: int
    ts_event: int | None = None
    bid_px: int | None = None
    ask_px: int | None = None
    bid_qty: int | None = None
    ask_qty: int | None = None
    trade_px: int | None = None
    trade_qty: int | None = None
    aggressor: OrderSide | None = None
    ts_open: int | None = None
    open_px: int | None = None
    high_px: int | None = None
    low_px: int | None = None
    close_px: int | None = None
    volume_qty: int | None = None
    level_px: int | None = None
    level_qty: int | None = None
    queue_ahead: int | None = None
    trade_order_id: int | None = None
    book_incomplete: bool = False
    base_px: int | None = None
    slippage_px: int | None = None
    slippage_model: str | None = None
    stale_ns: int | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The last prices of an instrument and what is held of it."""

    symbol: str
    bid_px: int
    ask_px: int
    position_qty: int
