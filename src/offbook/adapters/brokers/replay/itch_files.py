"""Files of Nasdaq's TotalView-ITCH 5.0 made into tables with offbook's names: one stock's orders,
trades or halts.

An order is added (``A``, ``F``), executed (``E``; ``C`` at another price than its own), made
smaller (``X``), deleted (``D``) or replaced by another, which goes to the back (``U``).  ``P`` is
an execution that was not shown; since 2014 it does not tell its side.  Crosses (``Q``) sum up
executions that are told one by one, and are trades with their auction.  The book of a day is empty
at the start of its messages (``S``, ``O``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from offbook.adapters.brokers.replay.itch_messages import (
    number,
    only_stock,
    stock_messages,
    time_of,
)
from offbook.adapters.brokers.replay.opening import DAMAGED, DAMAGED_GZIP, opened
from offbook.adapters.brokers.replay.zones import load_zone
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidInput, system_reason
from offbook.domain.market_data import DataKind

NEW_YORK: Final = "America/New_York"
KINDS: Final = (DataKind.ORDERS, DataKind.TRADES, DataKind.STATUS)
_NAMES: Final = (
    (re.compile(r"(\d{8})\.NASDAQ_ITCH50(\.gz)?\Z"), "%m%d%Y"),
    (re.compile(r"(\d{8})\.(?:BX|PSX)_ITCH_?50(\.gz)?\Z"), "%Y%m%d"),
    (re.compile(r"S(\d{6})-v50(?:-\w+)?\.txt(\.gz)?\Z"), "%m%d%y"),
)
_NUMBER_BITS: Final = (1 << 62) - 1
_SIDES: Final = {b"B": "bid", b"S": "ask"}
_TAKERS: Final = {"bid": "sell", "ask": "buy"}
_AUCTIONS: Final = {b"O": "open", b"C": "close", b"H": "reopen"}
_HEADERS: Final = {
    DataKind.ORDERS: "ts_event,action,book_side,price,size,order_id,flags",
    DataKind.TRADES: "ts_event,price,size,side,auction",
    DataKind.STATUS: "ts_event,event",
}


class ItchFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file, the day that it is of, in which zone, and the stock that is meant."""

    path: Path
    day: date
    timezone: str
    symbol: str | None


def itch_file(
    path: Path, layout: str | None, day: str | None, timezone: str | None, symbol: str | None
) -> ItchFile | None:
    """What a file is, as told, else by its name, as Nasdaq gives it; None if it is another.

    Raises InvalidInput for a day that is none, or is missing.
    """
    named = next(((m, form) for name, form in _NAMES if (m := name.match(path.name))), None)
    if layout != "itch" and (layout is not None or named is None):
        return None
    if day is None and named is None:
        raise InvalidInput(
            f"{path.name}: times are ns after midnight; name the day with --date 2019-12-30"
        )
    try:
        if day is not None:
            of = date.fromisoformat(day)
        else:
            assert named is not None
            of = datetime.strptime(named[0][1], named[1]).replace(tzinfo=UTC).date()
    except ValueError:
        raise InvalidInput(
            f"date {day or path.name!r}: expected one like 2019-12-30; name it with --date"
        ) from None
    return ItchFile(path=path, day=of, timezone=timezone or NEW_YORK, symbol=symbol)


def write_itch(file: ItchFile, kind: DataKind | None, target: Path) -> int:
    """Write the rows of one kind, its orders where none is named, as CSV; how many there are.

    Raises InvalidInput (a kind that it does not have, or several stocks and none is named),
    BadMarketData (it cannot be read, or has no row), GatewayUnavailable and OSError.
    """
    kind = kind or DataKind.ORDERS
    if kind not in KINDS:
        names = ", ".join(known.value for known in KINDS)
        raise InvalidInput(f"{file.path.name} has {names}: name one of them with --kind")
    count = 0
    with _bytes_of(file.path) as raw, target.open("w", encoding="ascii", newline="\n") as out:
        stock = file.symbol or only_stock(raw, str(file.path))
        day = _Day(_midnight(file))
        make = {
            DataKind.ORDERS: day.by_number,
            DataKind.TRADES: day.trades,
            DataKind.STATUS: day.halts,
        }[kind]
        out.write(_HEADERS[kind] + "\n")
        for message in stock_messages(raw, stock, str(file.path)):
            try:
                rows = list(make(message))
            except KeyError as error:
                raise BadMarketData(
                    f"{file.path}: the side of an order of {stock} is {error}, neither b'B' nor "
                    "b'S'; fetch it again",
                    file=str(file.path),
                    reason="unreadable",
                ) from None
            out.writelines(f"{row}\n" for row in rows)
            count += len(rows)
    if not day.told:
        raise BadMarketData(f"{file.path} has no {kind.value} of {stock}", file=str(file.path))
    return count


def _midnight(file: ItchFile) -> int:
    wall = datetime(file.day.year, file.day.month, file.day.day, tzinfo=UTC)
    zone = load_zone(file.timezone)
    return zone.utc_of(int(wall.timestamp()) * 1_000_000_000, f"{file.day} 00:00")


@contextmanager
def _bytes_of(path: Path) -> Iterator[IO[bytes] | Any]:
    try:
        with opened(path) as file:
            yield file
    except DAMAGED:
        raise BadMarketData(f"{path} {DAMAGED_GZIP}", file=str(path), reason="unreadable") from None
    except FileNotFoundError as error:
        raise GatewayUnavailable(
            f"{path} cannot be read: {system_reason(error)}", market=str(path)
        ) from None


class _Order(msgspec.Struct):
    side: str
    price: int
    left: int


class _Day:
    """Follows the orders of a stock through a day; what its file does not tell the beginning of is
    passed over."""

    def __init__(self, midnight_ns: int) -> None:
        self._midnight = midnight_ns
        self._live: dict[int, _Order] = {}
        self._trades = True
        self.told = 0
        """How many rows are of the stock itself."""

    def by_number(self, message: bytes) -> Iterator[str]:
        """What a message says of the orders in the book."""
        kind, ts = message[:1], self._midnight + time_of(message)
        if kind == b"S":
            if message[11:12] == b"O":
                yield f"{ts},none,none,0,0,0,{SNAPSHOT | LAST}"
            return
        changes = self._changes(message)
        self.told += len(changes)
        for place, (action, side, price, size, name) in enumerate(changes, start=1):
            flags = LAST if place == len(changes) else 0
            yield f"{ts},{action},{side},{_dollars(price)},{size},{name & _NUMBER_BITS},{flags}"

    def trades(self, message: bytes) -> Iterator[str]:
        """What it says was traded, once: what is part of a cross is told by that."""
        kind, ts = message[:1], self._midnight + time_of(message)
        side, auction = "", ""
        if kind in (b"E", b"C"):
            found = self._live.get(number(message, 11, 8))
            side = "" if found is None else _TAKERS[found.side]
        changes = self._changes(message)
        if kind == b"Q":
            price, size = number(message, 27, 4), number(message, 11, 8)
            auction = _AUCTIONS.get(message[39:40], "")
        elif kind == b"C" and message[31:32] == b"Y":
            price, size = number(message, 32, 4), number(message, 19, 4)
        elif changes and (kind == b"E" or kind == b"P"):
            _, shown, price, size, _ = changes[0]
            side = side or _TAKERS.get(shown, "")
        else:
            return
        if size:
            self.told += 1
            yield f"{ts},{_dollars(price)},{size},{side},{auction}"

    def halts(self, message: bytes) -> Iterator[str]:
        """When its trading stops and goes on; that quotes may be sent again is no trading."""
        if message[:1] != b"H":
            return
        trades = message[19:20] == b"T"
        if trades != self._trades:
            self._trades = trades
            self.told += 1
            yield f"{self._midnight + time_of(message)},{'resume' if trades else 'halt'}"

    def _changes(self, message: bytes) -> list[tuple[str, str, int, int, int]]:
        """Action, side, price, size and order of each."""
        kind = message[:1]
        if kind in (b"A", b"F"):
            order = _Order(_SIDES[message[19:20]], number(message, 32, 4), number(message, 20, 4))
            return [self._added(number(message, 11, 8), order)]
        if kind == b"P":
            side = "ask" if message[19:20] == b"S" else "none"
            return [("hidden", side, number(message, 32, 4), number(message, 20, 4), 0)]
        name = number(message, 11, 8)
        found = self._live.get(name) if kind in (b"E", b"C", b"X", b"D", b"U") else None
        if found is None:
            return []
        if kind in (b"D", b"U"):
            del self._live[name]
            gone = ("delete", found.side, found.price, found.left, name)
            if kind == b"D":
                return [gone]
            after = _Order(found.side, number(message, 31, 4), number(message, 27, 4))
            return [gone, self._added(number(message, 19, 8), after)]
        size = number(message, 19, 4)
        found.left -= size
        if found.left <= 0:
            del self._live[name]
        return [("cancel" if kind == b"X" else "execute", found.side, found.price, size, name)]

    def _added(self, name: int, order: _Order) -> tuple[str, str, int, int, int]:
        self._live[name] = order
        return "add", order.side, order.price, order.left, name


def _dollars(price: int) -> str:
    return f"{price // 10_000}.{price % 10_000:04d}"
