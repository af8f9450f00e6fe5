"""hftbacktest's arrays of events (``.npz``), made into tables with offbook's names.

A row is an event: ``ev`` says what it is, of which side, and whether the exchange's or the local
clock comes to it; ``exch_ts`` and ``local_ts`` are ns (hftbacktest.readthedocs.io: *Data*).  Rows
of the local clock are taken, in their order: what the exchange's clock comes to in another order
stands there a second time.  Prices and sizes are doubles, and written as the shortest decimals that
give them back.

A run of snapshot levels, with the rows before it that clear a side, is a snapshot: levels that
clearing has spared, beyond those of the snapshot, are not in it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidInput, system_reason
from offbook.domain.market_data import DataKind

DEPTH, TRADE, CLEAR, LEVEL, BEST = 1, 2, 3, 4, 5
ADD, CANCEL, MODIFY, FILL = 10, 11, 12, 13
LOCAL, BUY, SELL = 1 << 30, 1 << 29, 1 << 28
COLUMNS: Final = ("ev", "exch_ts", "local_ts", "px", "qty", "order_id")
_ORDERS: Final = {ADD: "add", CANCEL: "delete", MODIFY: "modify", FILL: "execute"}
_BLOCK: Final = 65_536
Row = tuple[str, ...]


class Event(NamedTuple):
    """A row of the local clock."""

    what: int
    side: int
    times: tuple[int, int]
    price: str
    size: str
    order: int


def is_event_array(path: Path) -> bool:
    """Whether a file is one, by its name."""
    return path.name.lower().endswith(".npz")


def write_events(path: Path, kind: DataKind | None, target: Path) -> int:
    """Write the rows of one kind as CSV, how many there are; where none is named, orders if it has
    them, else depth.

    Raises InvalidInput (a kind that it does not have), BadMarketData (it is none, or has no such
    row), GatewayUnavailable (it cannot be read) and OSError (it cannot be written).
    """
    events = _load(path)
    if kind is None:
        kind = DataKind.ORDERS if _has_orders(events) else DataKind.DEPTH
    header, rows = {
        DataKind.DEPTH: (("book_side", "price", "size", "flags"), _depth),
        DataKind.TRADES: (("price", "size", "side"), _trades),
        DataKind.ORDERS: (("action", "book_side", "price", "size", "order_id", "flags"), _orders),
    }.get(kind, (None, None))
    if header is None or rows is None:
        raise InvalidInput(f"{path.name} has depth, orders and trades: name one with --kind")
    count = 0
    with target.open("w", encoding="ascii", newline="\n") as file:
        file.write(",".join(("ts_init", "ts_event", *header)) + "\n")
        for row in rows(_events(events)):
            file.write(",".join(row) + "\n")
            count += 1
    if not count:
        raise BadMarketData(f"{path} has no {kind.value}", file=str(path))
    return count


def _load(path: Path) -> Any:
    """The array, of the name ``data`` or the only one. Nothing in the file is run."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            name = "data" if "data" in arrays.files else (arrays.files or [""])[0]
            events = arrays[name]
    except FileNotFoundError as error:
        raise GatewayUnavailable(
            f"{path} cannot be read: {system_reason(error)}", market=str(path)
        ) from None
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise BadMarketData(
            f"{path} cannot be read: {error}; fetch it again", file=str(path)
        ) from None
    names = events.dtype.names or ()
    if not set(COLUMNS) <= set(names):
        raise BadMarketData(
            f"{path} is no array of hftbacktest's events: it has {', '.join(names) or 'no names'}, "
            f"and these have {', '.join(COLUMNS)}",
            file=str(path),
        )
    return events


def _has_orders(events: Any) -> bool:
    what = events["ev"] & 0xFF
    return bool(((what >= ADD) & (what <= FILL)).any())


def _events(array: Any) -> Iterator[Event]:
    for begin in range(0, len(array), _BLOCK):
        block = array[begin : begin + _BLOCK]
        cells = [block[name].tolist() for name in COLUMNS]
        for ev, exchange, local, px, qty, order in zip(*cells, strict=True):
            if ev & LOCAL:
                side = 1 if ev & BUY else -1 if ev & SELL else 0
                yield Event(ev & 0xFF, side, (local, exchange), _text(px), _text(qty), order)


def _depth(events: Iterator[Event]) -> Iterator[Row]:
    """Rows of one time are a message; of a snapshot those that follow one another."""
    told = (one for one in events if one.what in (DEPTH, CLEAR, LEVEL, BEST))
    for key, group in groupby(told, key=_message):
        levels = [one for one in group if one.what != CLEAR]
        if key[0]:
            levels = [one for one in levels if one.size != "0"]
        mark = SNAPSHOT if key[0] else 0
        for place, one in enumerate(levels, start=1):
            flags = mark | (LAST if place == len(levels) else 0)
            yield *_times(one), _side(one.side), one.price, one.size, str(flags)


def _message(one: Event) -> tuple[bool, tuple[int, int] | None]:
    is_snapshot = one.what in (CLEAR, LEVEL)
    return is_snapshot, None if is_snapshot else one.times


def _trades(events: Iterator[Event]) -> Iterator[Row]:
    takers = {1: "buy", -1: "sell", 0: "none"}
    for one in events:
        if one.what == TRADE:
            yield *_times(one), one.price, one.size, takers[one.side]


def _orders(events: Iterator[Event]) -> Iterator[Row]:
    """Each row is a message; a clearing is one too.  What a fill took is not taken once more by the
    cancel or the modification that some venues send after it."""
    known: dict[int, tuple[str, Decimal | None]] = {}
    for one in events:
        if one.what == CLEAR:
            known.clear()
            yield *_times(one), "clear", "none", "0", "0", "0", str(LAST)
        elif one.what in _ORDERS and (row := _changed(one, known)) is not None:
            price, size = row
            about = (_ORDERS[one.what], _side(one.side), price, size, str(one.order), str(LAST))
            yield *_times(one), *about


def _changed(one: Event, known: dict[int, tuple[str, Decimal | None]]) -> tuple[str, str] | None:
    """Price and size of what a row does to an order; None where that was done by a fill.

    ``known`` are prices and what is left, None where that is not known.
    """
    price, left = known.get(one.order, (one.price, None))
    size = Decimal(one.size)  # whoever reads what is written refuses one that is not finite
    if one.what in (ADD, MODIFY):
        known[one.order] = one.price, size if size.is_finite() else None
        return None if one.what == MODIFY and (one.price, size) == (price, left) else one[3:5]
    if one.what == FILL:
        known[one.order] = price, None if left is None or not size.is_finite() else left - size
        return price, one.size
    known.pop(one.order, None)
    return None if left is not None and left <= 0 else (price, one.size)


def _times(one: Event) -> tuple[str, str]:
    return str(one.times[0]), str(one.times[1])


def _side(side: int) -> str:
    return "bid" if side > 0 else "ask" if side < 0 else "none"


def _text(number: float) -> str:
    """The shortest decimals of a double, without a point where it is whole."""
    text = repr(number)
    return text.removesuffix(".0")
