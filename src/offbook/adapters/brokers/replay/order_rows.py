"""Rows of a book that is told order by order: their columns, and what cannot be true of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from offbook.adapters.brokers.replay.columns import ACTION, BOOK_SIDE
from offbook.adapters.brokers.replay.verdicts import Judged
from offbook.domain.book_orders import ACTION_WORDS, ORDER_FLAGS, wrong_places
from offbook.domain.columns import IntColumn
from offbook.domain.depth import LAST

NO_MESSAGE: Final = -1


def order_columns(judged: Judged, begun: int = NO_MESSAGE) -> dict[str, IntColumn]:
    """What happened, to which order, of which side, price and size; without flags in the file each
    row is a message of its own.  ``begun`` is what ``begun_by`` says of the rows before."""
    action, side = judged.word(ACTION), judged.word(BOOK_SIDE)
    price, size = judged.number("price", blank=True), judged.number("size", blank=True)
    order_id = judged.number("order_id", blank=True)
    no_price, no_size, no_side = wrong_places(action, side, price, size)

    def word(row: int) -> str:
        return ACTION_WORDS[int(action[row])]

    judged.blame(
        no_side,
        "bad_side",
        BOOK_SIDE,
        lambda row: (
            f"the action {word(row)} is "
            + ("about no order, and has no side" if side[row] else "of a bid or an ask: say which")
        ),
    )
    judged.blame(
        no_price,
        "bad_order",
        "price",
        lambda row: (
            f"the price {judged.written('price', price[row])} cannot be that of {word(row)}"
        ),
    )
    judged.blame(
        no_size,
        "bad_order",
        "size",
        lambda row: f"the size {judged.written('size', size[row])} cannot be that of {word(row)}",
    )
    judged.blame(
        order_id < 0, "bad_order", "order_id", lambda row: f"{int(order_id[row])} is no order"
    )
    return {
        "action": action,
        "side": side,
        "price_px": price,
        "size_qty": size,
        "order_id": order_id,
        "flags": _flags(judged, len(action), begun),
    }


def begun_by(flags: IntColumn, begun: int) -> int:
    """What the flags of a message say that rows begin and do not end, but for its end."""
    if not len(flags):
        return begun
    last = int(flags[-1])
    return NO_MESSAGE if last & LAST else last


def _flags(judged: Judged, rows: int, begun: int) -> IntColumn:
    if not judged.has("flags"):
        return np.full(rows, LAST, dtype=np.int64)
    flags = judged.number("flags")
    judged.blame(
        (flags < 0) | (flags > ORDER_FLAGS),
        "bad_order_flags",
        "flags",
        lambda row: f"{int(flags[row])} are no flags",
    )
    said = flags & ~LAST
    before = np.append(begun, np.where(flags & LAST, NO_MESSAGE, said))[:-1]
    judged.blame(
        (before != NO_MESSAGE) & (before != said),
        "bad_order_flags",
        "flags",
        lambda row: (
            f"the flags are {int(flags[row])}, and the row belongs to a message that began with "
            f"{int(before[row])}: but for 2 all rows of a message have the same"
        ),
    )
    return flags
