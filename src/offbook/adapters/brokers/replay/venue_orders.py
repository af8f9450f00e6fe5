"""What the messages of venues' websockets say of orders in a book, one by one, in one form.

*Kraken* (docs.kraken.com: *L3 checksum (WebSocket v2)*), channel ``level3``: a snapshot and events
``add``, ``modify`` and ``delete``.  Levels beyond the depth that is subscribed to leave its book
without a word: their orders are deleted here.

*Bitfinex* (docs.bitfinex.com: *WebSocket: raw books*), ``book`` of precision ``R0``: an order has a
number, a price and an amount, below 0 for asks; a price of 0 takes it away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from offbook.adapters.brokers.replay.capture_faults import require_numbers, require_texts
from offbook.adapters.brokers.replay.venue_message import MS, iso, told_depth

KRAKEN_DEPTHS: Final = (10, 100, 1000)
"""So many levels of orders can be subscribed to."""
_KRAKEN_SIDES: Final = (("bids", "bid"), ("asks", "ask"))


class OrderChange(msgspec.Struct, frozen=True):
    """What became of one order: an action in offbook's words, and its name at the venue."""

    action: str
    side: str
    price: str
    size: str
    name: str


class OrderMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of one market: of a snapshot all orders, those of a price in their turn; ``ts``
    is the venue's time in ns, ``checksum`` that of the book which the message leaves."""

    venue: str
    symbol: str
    is_snapshot: bool = False
    changes: list[OrderChange] = []
    ts: int | None = None
    checksum: int | None = None

    def checked(self) -> OrderMessage:
        """Itself. Raises ValueError and TypeError where a name or a number is none."""
        require_texts(self.symbol)
        for one in self.changes:
            require_texts(one.name)
            require_numbers(one.price, one.size)
        return self


class _Order(msgspec.Struct, frozen=True):
    side: str
    price: str
    size: str


class OrderDecoder:
    """Reads the messages of one capture; remembers what is subscribed to, and the orders."""

    def __init__(self) -> None:
        self._raw_books: dict[str, str] = {}
        self._bitfinex: dict[str, dict[str, _Order]] = {}
        self._kraken: dict[str, _KrakenBook] = {}
        self._depths: dict[str, int] = {}

    def decode(self, text: bytes) -> list[OrderMessage]:
        """What a message says; nothing where it is of another kind.

        Raises ValueError (no JSON) and LookupError or TypeError (it lacks what such a message has).
        """
        said = json.loads(text, parse_float=str, parse_int=str)
        if isinstance(said, list):
            channel = said[0] if said and isinstance(said[0], str) else ""
            return self._raw_book(said, channel) if channel in self._raw_books else []
        if said.get("event") == "subscribed" and "chanId" in said:
            self._subscribed(said)
        elif said.get("method") == "subscribe":
            self._depths |= told_depth(said, "level3")
        elif said.get("channel") == "level3":
            return [self._level3(one, is_new=said["type"] == "snapshot") for one in said["data"]]
        return []

    def _subscribed(self, said: dict[str, Any]) -> None:
        """A number of a channel that stood for another one before does so no more."""
        self._raw_books.pop(said["chanId"], None)
        if str(said.get("prec", "")).startswith("R"):
            self._raw_books[said["chanId"]] = said["symbol"].removeprefix("t")

    def _level3(self, data: dict[str, Any], *, is_new: bool) -> OrderMessage:
        symbol = data["symbol"]
        book = self._kraken.setdefault(symbol, _KrakenBook())
        changes = book.begin(data, self._depths.get(symbol)) if is_new else list(book.changed(data))
        times = [one["timestamp"] for name, _ in _KRAKEN_SIDES for one in data.get(name, ())]
        return OrderMessage(
            venue="kraken",
            symbol=symbol,
            is_snapshot=is_new,
            changes=changes,
            ts=iso(data["timestamp"])
            if "timestamp" in data
            else max(map(iso, times), default=None),
            checksum=int(data["checksum"]) if "checksum" in data else None,
        )

    def _raw_book(self, said: list[Any], channel: str) -> list[OrderMessage]:
        told, symbol = said[1], self._raw_books[channel]
        if told == "cs":
            return [OrderMessage(venue="bitfinex", symbol=symbol, checksum=int(said[2]))]
        if not isinstance(told, list):
            return []
        is_new = not told or isinstance(told[0], list)
        known = self._bitfinex.setdefault(channel, {})
        if is_new:
            known.clear()
        # Of one price those with lower numbers came earlier.
        rows = sorted(told, key=lambda row: int(row[0])) if is_new else [told]
        return [
            OrderMessage(
                venue="bitfinex",
                symbol=symbol,
                is_snapshot=is_new,
                changes=[change for row in rows for change in _of_bitfinex(known, row)],
                ts=int(said[-1]) * MS if _is_time(said) else None,
            )
        ]


def _is_time(said: list[Any]) -> bool:
    return len(said) > 2 and len(said[-1]) == len("1704205800000")


def _of_bitfinex(known: dict[str, _Order], row: list[str]) -> Iterator[OrderChange]:
    name, price, amount = row
    before = known.pop(name, None)
    after = _Order("ask" if amount.startswith("-") else "bid", price, amount.removeprefix("-"))
    is_gone = not price.strip("0.")
    if before is not None and (is_gone or before.side != after.side):
        yield OrderChange("delete", before.side, before.price, before.size, name)
        before = None
    if not is_gone:
        known[name] = after
        action = "add" if before is None else "modify"
        yield OrderChange(action, after.side, after.price, after.size, name)


class _KrakenBook:
    """The orders of a market by side and price, to know which levels have left."""

    def __init__(self) -> None:
        self._depth: int | None = None
        self._levels: dict[str, dict[Decimal, dict[str, _Order]]] = {"bid": {}, "ask": {}}

    def begin(self, data: dict[str, Any], depth: int | None) -> list[OrderChange]:
        """A snapshot: its depth is told, or the least that it can be."""
        self._levels = {"bid": {}, "ask": {}}
        changes = [
            self._put("add", side, one) for name, side in _KRAKEN_SIDES for one in data[name]
        ]
        most = max(map(len, self._levels.values()))
        self._depth = depth or next((depth for depth in KRAKEN_DEPTHS if most <= depth), None)
        return changes

    def changed(self, data: dict[str, Any]) -> Iterator[OrderChange]:
        """The events of an update, and what has left behind the last level."""
        for name, side in _KRAKEN_SIDES:
            for one in data.get(name, ()):
                yield self._put(one["event"], side, one)
            yield from self._left(side)

    def _put(self, event: str, side: str, one: dict[str, Any]) -> OrderChange:
        order, name = _Order(side, one["limit_price"], one["order_qty"]), one["order_id"]
        if event == "add":
            self._level(order).setdefault(name, order)
            return OrderChange("add", side, order.price, order.size, name)
        old = self._found(side, order, name)
        self._drop(old, name)
        if event == "delete":
            return OrderChange("delete", side, old.price, old.size, name)
        if event != "modify":
            raise LookupError(f"event {event!r}")
        self._level(order)[name] = order
        return OrderChange("modify", side, order.price, order.size, name)

    def _level(self, order: _Order) -> dict[str, _Order]:
        return self._levels[order.side].setdefault(Decimal(order.price), {})

    def _found(self, side: str, told: _Order, name: str) -> _Order:
        """The order as it was: most are at the price that is told."""
        levels = self._levels[side]
        at_price: Iterable[dict[str, _Order]] = (levels.get(Decimal(told.price), {}),)
        for level in (*at_price, *levels.values()):
            if name in level:
                return level[name]
        return told  # it is left to the book to say that it does not have it

    def _drop(self, order: _Order, name: str) -> None:
        levels, price = self._levels[order.side], Decimal(order.price)
        level = levels.get(price, {})
        level.pop(name, None)
        if not level:
            levels.pop(price, None)

    def _left(self, side: str) -> Iterator[OrderChange]:
        levels = self._levels[side]
        if self._depth is None or len(levels) <= self._depth:
            return
        for price in sorted(levels, reverse=side == "bid")[self._depth :]:
            for name, order in levels.pop(price).items():
                yield OrderChange("delete", side, order.price, order.size, name)
