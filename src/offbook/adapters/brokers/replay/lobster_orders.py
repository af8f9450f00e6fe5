"""LOBSTER's message files, row by row, in offbook's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NoReturn

from offbook.adapters.brokers.replay.lobster_range import Change, OrdersInRange
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData

HEADER: Final = ("ts_event", "action", "book_side", "price", "size", "order_id", "flags")
STATUS_HEADER: Final = ("ts_event", "event")
_TIME: Final = re.compile(r"(\d{1,5})(?:\.(\d{1,9})0*)?\Z", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,18}\Z", re.ASCII)
_ACTIONS: Final = {1: "add", 2: "cancel", 3: "delete", 4: "execute", 5: "hidden"}
_HIDDEN, _CROSS, _HALT = 5, 6, 7
_SIDES: Final = {1: "bid", -1: "ask"}
Message = tuple[int, int, int, int, int, int]
"""Time in ns UTC, type, order, size, price in 1/10000 dollars, direction."""


def lobster_rows(
    cells: Iterator[list[str]], midnight_ns: int, shown: Iterator[list[str]] | None, path: str
) -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
    """The header, and what each message says; with the rows ``shown`` of the orderbook file also
    the book that was there before, and what leaves and enters the range of that file.  Halts are
    passed over, and so are crosses: these sum up executions that messages of their own have told
    already."""
    messages = _messages(cells, midnight_ns, path)
    return HEADER, _rows(messages) if shown is None else _rows_in_range(messages, shown, path)


def lobster_halts(
    cells: Iterator[list[str]], midnight_ns: int, path: str
) -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
    """The halts and resumptions of trading; that quotes were resumed is passed over."""

    def rows() -> Iterator[tuple[str, ...]]:
        for ts, kind, _, _, price, _ in _messages(cells, midnight_ns, path):
            if kind == _HALT and price in (-1, 1):
                yield str(ts), "halt" if price < 0 else "resume"

    return STATUS_HEADER, rows()


def _rows(messages: Iterator[Message]) -> Iterator[tuple[str, ...]]:
    for message in messages:
        for change in _changes(message):
            yield from _message(message[0], [change])


def _rows_in_range(
    messages: Iterator[Message], shown: Iterator[list[str]], path: str
) -> Iterator[tuple[str, ...]]:
    beside, book, is_first = path.replace("_message_", "_orderbook_"), OrdersInRange(), True
    for row, message in enumerate(messages, start=1):
        levels = _levels(next(shown, []), beside, row)
        ts, kind, order, size, price, direction = message
        if is_first:
            first = kind, order, size, price, direction
            yield from _message(ts, book.before(levels, first), SNAPSHOT)
            is_first = False
        changes = _changes(message)
        if kind < _HIDDEN:
            book.take(kind, order, size, price, direction)
        if changes:
            yield from _message(ts, [*changes, *book.follow(levels)])


def _levels(line: list[str], path: str, row: int) -> list[int]:
    try:
        levels = [int(text) for text in line]
    except ValueError:
        levels, what = [], "it holds what is no whole number"
    else:
        what = "it is missing: the file has a row for each message"
    if not levels:
        raise BadMarketData(
            f"{path}, row {row}: {what}. Mend the file, or move it away",
            file=path,
            row=row,
            reason="unreadable",
        )
    return levels


def _changes(message: Message) -> list[Change]:
    """What a message says of the book, if it does."""
    _, kind, order, size, price, direction = message
    if kind in (_CROSS, _HALT):
        return []
    return [(_ACTIONS[kind], direction, price, size, order if kind < _HIDDEN else 0)]


def _message(ts: int, changes: list[Change], mark: int = 0) -> Iterator[tuple[str, ...]]:
    """Its rows; a snapshot of nothing has one as well."""
    for place, (action, side, price, size, order) in enumerate(changes, start=1):
        flags = mark | (LAST if place == len(changes) else 0)
        yield str(ts), action, _SIDES[side], _dollars(price), str(size), str(order), str(flags)
    if not changes:
        yield str(ts), "none", "none", "0", "0", "0", str(mark | LAST)


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
