"""LOBSTER's message files, row by row, in offbook's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NoReturn

from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData

HEADER: Final = ("ts_event", "action", "book_side", "price", "size", "order_id", "flags")
STATUS_HEADER: Final = ("ts_event", "event")
_TIME: Final = re.compile(r"(\d{1,5})(?:\.(\d{1,9})0*)?\Z", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,18}\Z", re.ASCII)
_ACTIONS: Final = {1: "add", 2: "cancel", 3: "delete", 4: "execute", 5: "hidden"}
_NEW, _HIDDEN, _CROSS, _HALT = 1, 5, 6, 7
_SIDES: Final = {1: "bid", -1: "ask"}
_EMPTY_LEVEL: Final = 9_999_999_999
Message = tuple[int, int, int, int, int, int]
"""Time in ns UTC, type, order, size, price in 1/10000 dollars, direction."""


def lobster_rows(
    cells: Iterator[list[str]], midnight_ns: int, shown: list[str] | None, path: str
) -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
    """The header, and a row for each message; before them the book as ``shown``, the first row of
    the orderbook file, says that it was before the first message.  Halts are passed over, and so
    are crosses: these sum up executions that messages of their own have told already."""
    return HEADER, _rows(cells, midnight_ns, shown, path)


def lobster_halts(
    cells: Iterator[list[str]], midnight_ns: int, path: str
) -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
    """The halts and resumptions of trading; that quotes were resumed is passed over."""

    def rows() -> Iterator[tuple[str, ...]]:
        for ts, kind, _, _, price, _ in _messages(cells, midnight_ns, path):
            if kind == _HALT and price in (-1, 1):
                yield str(ts), "halt" if price < 0 else "resume"

    return STATUS_HEADER, rows()


def _rows(
    cells: Iterator[list[str]], midnight_ns: int, shown: list[str] | None, path: str
) -> Iterator[tuple[str, ...]]:
    first = True
    for message in _messages(cells, midnight_ns, path):
        if first and shown is not None:
            yield from _snapshot(message, shown, path)
        first = False
        ts, kind, order, size, price, direction = message
        if kind in (_CROSS, _HALT):
            continue
        number = order if kind < _HIDDEN else 0
        yield (
            str(ts), _ACTIONS[kind], _SIDES[direction], _dollars(price), str(size), str(number),
            str(LAST),
        )  # fmt: skip


def _messages(cells: Iterator[list[str]], midnight_ns: int, path: str) -> Iterator[Message]:
    reached = midnight_ns
    for row, line in enumerate(cells, start=1):
        if not line:
            continue
        if len(line) < 6:
            _refuse(path, row, f"it has {len(line)} cells, a message has 6")
        time = _TIME.match(line[0].strip())
        if time is None:
            _refuse(path, row, f"{line[0]!r} is no time in seconds after midnight")
        for text in line[1:6]:
            if _WHOLE.match(text.strip()) is None:
                _refuse(path, row, f"{text!r} is no whole number")
        kind, order, size, price, direction = map(int, line[1:6])
        ts = midnight_ns + int(time[1]) * 1_000_000_000 + int((time[2] or "0").ljust(9, "0"))
        if ts < reached:
            _refuse(path, row, f"its time {line[0].strip()} is before that of a row above")
        reached = ts
        wrong = _wrong(kind, order, size, price, direction)
        if wrong is not None:
            _refuse(path, row, wrong)
        yield ts, kind, order, size, price, direction


def _wrong(kind: int, order: int, size: int, price: int, direction: int) -> str | None:
    """What cannot be true of a message."""
    if kind in (_CROSS, _HALT):
        return None
    if kind not in _ACTIONS:
        return f"{kind} is no type of message: expected 1 to 7"
    if direction not in _SIDES:
        return f"{direction} is no direction: expected 1 or -1"
    if size <= 0 or price <= 0:
        return "a size and a price are above 0"
    if kind < _HIDDEN and order <= 0:
        return f"{order} is no number of an order"
    return None


def _snapshot(first: Message, shown: list[str], path: str) -> Iterator[tuple[str, ...]]:
    """What the orderbook file shows after the first message, without what this did."""
    ts, kind, _, size, price, direction = first
    levels: dict[tuple[int, int], int] = {}
    try:
        numbers = [int(text) for text in shown]
    except ValueError:
        _refuse(path.replace("_message_", "_orderbook_"), 1, "it holds what is no whole number")
    for place in range(0, len(numbers) - 1, 2):
        side = -1 if place % 4 == 0 else 1
        px, qty = numbers[place], numbers[place + 1]
        if abs(px) < _EMPTY_LEVEL and qty > 0:
            levels[side, px] = qty
    if kind < _HIDDEN:
        change = -size if kind == _NEW else size
        levels[direction, price] = levels.get((direction, price), 0) + change
    rows = [
        (str(ts), "add", _SIDES[side], _dollars(px), str(qty), "0")
        for (side, px), qty in sorted(levels.items())
        if qty > 0
    ] or [(str(ts), "none", "none", "0", "0", "0")]
    for place, row in enumerate(rows, start=1):
        yield *row, str(SNAPSHOT | (LAST if place == len(rows) else 0))


def _dollars(price: int) -> str:
    return f"{price // 10_000}.{price % 10_000:04d}"


def _refuse(path: str, row: int, what: str) -> NoReturn:
    raise BadMarketData(
        f"{path}, row {row}: {what}. A row is time, type, order, size, price, direction. Mend the "
        "file",
        file=path,
        row=row,
        reason="unreadable",
    )
