"""Raw captures of Coinbase Exchange's ``full`` channel, order by order, in offbook's words.

An order is in the book from ``open`` on (what is ``received`` may trade and be gone before), loses
what a ``match`` says of its ``maker_order_id``, is changed by ``change``, and gone with ``done``.
A snapshot is the answer by REST (``/products/ID/book?level=3``, with its ``sequence``) on a line of
its own; as in ``captures`` it is written where it was received, with what had come after it.
(docs.cdp.coinbase.com/exchange: *full channel*.)

Every message of a market has the number after the one before: what is passed over here is no gap.
Orders have texts for names there, and are numbered here in the order in which they are first seen.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from offbook.adapters.brokers.replay.capture_faults import UNREADABLE, no_message, other_market
from offbook.adapters.brokers.replay.capture_lines import Line, lines
from offbook.adapters.brokers.replay.venue_message import iso, plain_market
from offbook.domain.depth import LAST, NO_SEQ, SNAPSHOT
from offbook.domain.errors import BadMarketData, GatewayUnavailable

KEPT: Final = 100_000
"""So many messages are remembered for a snapshot to come."""
LOOKED_AT: Final = 500
TYPES: Final = ("received", "open", "done", "match", "change")
_OF_ORDERS: Final = ("received", "open", "done", "change")
_SIDES: Final = {"buy": "bid", "sell": "ask"}
_HEADER: Final = "ts_init,ts_event,action,book_side,price,size,order_id,flags,seq,prev_seq"


class Order(msgspec.Struct):
    """One that is in the book."""

    side: str
    price: str
    left: Decimal


Change = tuple[str, str, str, str, str]
"""Action, side, price, size, order."""


def is_full_capture(path: Path) -> bool:
    """Whether a file is one, by its first lines."""
    try:
        return any(
            f'"type":"{kind}"'.encode() in line.text.replace(b" ", b"")
            for line in islice(lines(path), LOOKED_AT)
            if b'"product_id"' in line.text  # other venues have changes too
            for kind in _OF_ORDERS
        )
    except (BadMarketData, GatewayUnavailable):
        return False


def write_full_capture(path: Path, target: Path, symbol: str | None = None) -> int:
    """Write the orders of a capture as CSV, of the one market that it has, or that ``symbol``
    names (as ``plain_market`` compares); how many rows there are.

    Raises BadMarketData naming the line that cannot be read, or where there is no row,
    GatewayUnavailable (it cannot be read) and OSError (it cannot be written).
    """
    book, count = _Book(path, symbol), 0
    with target.open("w", encoding="ascii", newline="\n") as file:
        file.write(_HEADER + "\n")
        for row in book.rows(lines(path)):
            file.write(row + "\n")
            count += 1
    if not count:
        raise BadMarketData(f"{path} has no orders", file=str(path))
    return count


class _Book:
    """Follows the orders of one market."""

    def __init__(self, path: Path, symbol: str | None) -> None:
        self._path = path
        self._wanted = None if symbol is None else plain_market(symbol)
        self._market = ""
        self._numbers: dict[str, int] = {}
        self._orders: dict[str, Order] = {}
        self._recent: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._line = 0
        self._reached = 0
        self._event = 0
        self._seen = NO_SEQ
        self._written = NO_SEQ

    def rows(self, told: Iterable[Line]) -> Iterator[str]:
        """What each message says of the orders in the book."""
        for line in told:
            self._line = line.number
            try:
                said = json.loads(line.text, parse_float=str, parse_int=str)
                if not isinstance(said, dict):
                    continue
                if "bids" in said and "sequence" in said:
                    yield from self._snapshot(line, said)
                elif said.get("type") in TYPES and self._is_meant(said):
                    yield from self._message(line, said)
            except UNREADABLE as error:
                source = "Coinbase's full channel"
                raise no_message(self._path, line.number, error, source) from None

    def _is_meant(self, said: dict[str, Any]) -> bool:
        market = said["product_id"]
        if self._wanted is not None:
            return plain_market(market) == self._wanted
        self._market = self._market or market
        if market != self._market:
            raise other_market(self._path, self._line, market, self._market)
        return True

    def _message(self, line: Line, said: dict[str, Any]) -> Iterator[str]:
        seq = int(said["sequence"])
        self._recent.append(said)
        self._event = iso(said["time"])
        if seq <= self._seen:
            return
        is_next = self._seen in (NO_SEQ, seq - 1)
        self._seen = seq
        changes = self._apply(said)
        if changes or not is_next:
            before = self._written if is_next else seq - 1
            yield from self._written_as(line, changes, 0, seq, before)

    def _snapshot(self, line: Line, said: dict[str, Any]) -> Iterator[str]:
        seq = int(said["sequence"])
        self._orders = {
            name: Order(side, price, Decimal(size))
            for side, levels in (("bid", said["bids"]), ("ask", said["asks"]))
            for price, size, name in levels
        }
        for later in self._recent:
            if int(later["sequence"]) > seq:
                seq = int(later["sequence"])
                self._apply(later)
        self._seen = seq
        changes = [
            ("add", order.side, order.price, str(order.left), name)
            for name, order in self._orders.items()
        ]
        yield from self._written_as(line, changes, SNAPSHOT, seq, NO_SEQ)

    def _apply(self, said: dict[str, Any]) -> list[Change]:
        kind = said["type"]
        name = said["maker_order_id" if kind == "match" else "order_id"]
        if kind == "open":
            left = Decimal(said["remaining_size"])
            order = self._orders[name] = Order(_SIDES[said["side"]], said["price"], left)
            return [("add", order.side, order.price, str(left), name)]
        found = self._orders.get(name)
        if found is None:
            return []  # it never rested, or was there before the capture began
        if kind == "match":
            found.left -= Decimal(said["size"])
            return [("execute", found.side, found.price, said["size"], name)]
        if kind == "done":
            del self._orders[name]
            gone = ("delete", found.side, found.price, str(found.left), name)
            return [gone] if found.left > 0 else []
        if kind == "change" and (said.get("new_size") or said.get("new_price")):
            found.left = Decimal(said.get("new_size") or found.left)
            found.price = said.get("new_price") or found.price
            return [("modify", found.side, found.price, str(found.left), name)]
        return []

    def _written_as(
        self, line: Line, changes: list[Change], mark: int, seq: int, before: int
    ) -> Iterator[str]:
        self._written = seq
        told = self._event if line.received is None else line.received
        self._reached = max(self._reached, told)
        times = f"{self._reached},{self._event or self._reached}"
        for place, (action, side, price, size, name) in enumerate(
            changes or [("none", "none", "0", "0", "")], start=1
        ):
            number = self._numbers.setdefault(name, len(self._numbers) + 1) if name else 0
            flags = mark | (LAST if place >= len(changes) else 0)
            yield f"{times},{action},{side},{price},{size},{number},{flags},{seq},{before}"
