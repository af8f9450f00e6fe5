"""Tardis.dev's CSV files of books by price, in offbook's words.

*incremental_book_L2*: a row is a level and its new amount, 0 where it is gone.  Rows of one
``local_timestamp`` came at once.  Where rows begin to be ``is_snapshot``, the book begins anew.

*book_snapshot_N*: a row is the N best levels of each side, and so a snapshot of its own.

(docs.tardis.dev/downloadable-csv-files).  Times are in us since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData

HEADER: Final = ("ts_init", "ts_event", "book_side", "price", "size", "flags")
UPDATES: Final = frozenset(
    ("timestamp", "local_timestamp", "is_snapshot", "side", "price", "amount")
)
SNAPSHOTS: Final = frozenset(("timestamp", "local_timestamp", "asks[0].price", "bids[0].price"))
_LEVEL: Final = re.compile(r"(asks|bids)\[(\d+)\]\.price\Z")
_SIDES: Final = {"bid": "bid", "ask": "ask", "buy": "bid", "sell": "ask"}
_WORDS: Final = {"true": True, "false": False}
_TIME: Final = re.compile(r"\d{16}\Z", re.ASCII)
_MARKET: Final = ("exchange", "symbol")
Row = tuple[str, ...]


class Level(NamedTuple):
    """A row of the file, judged."""

    times: tuple[str, str]
    is_snapshot: bool
    side: str
    price: str
    amount: str


def tardis_rows(cells: Iterator[list[str]], path: str) -> tuple[Row, Iterator[Row]]:
    """The header, and the rows; each message is made as the one after it comes."""
    header = next(cells, [])
    names = set(header)
    if not (names >= UPDATES or names >= SNAPSHOTS):
        raise BadMarketData(
            f"{path} is none of Tardis's incremental_book_L2 and book_snapshot files: there are "
            f"{', '.join(header)}",
            file=path,
            reason="unreadable",
        )
    reading = _Reading(header, path)
    return HEADER, reading.updates(cells) if names >= UPDATES else reading.snapshots(cells)


class _Reading:
    """One file; remembers of which market it is."""

    def __init__(self, header: list[str], path: str) -> None:
        self._place = {name: place for place, name in enumerate(header)}
        self._path = path
        self._market: tuple[str, ...] | None = None
        self._reached = ""

    def updates(self, cells: Iterator[list[str]]) -> Iterator[Row]:
        """Of changes: the rows of a message are those of one time, of a snapshot those that follow
        one another."""
        begun: list[Level] = []
        for row, cell in self._cells(cells):
            level = self._level(row, cell)
            if begun and not _is_of(level, begun[-1]):
                yield from _message(begun)
                begun = []
            begun.append(level)
        if begun:
            yield from _message(begun)

    def snapshots(self, cells: Iterator[list[str]]) -> Iterator[Row]:
        """Of whole books: each is a message."""
        places = sorted(
            (match[1], int(match[2]))
            for name in self._place
            if (match := _LEVEL.match(name)) is not None
        )
        for row, cell in self._cells(cells):
            times = self._times(row, cell)
            levels = [
                Level(times, True, side[:3], px, cell[f"{side}[{place}].amount"])
                for side, place in places
                if (px := cell[f"{side}[{place}].price"])
            ]
            yield from _message(levels or [Level(times, True, "none", "0", "0")])

    def _cells(self, cells: Iterator[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
        for row, line in enumerate(cells, start=1):
            if not line:
                continue
            if len(line) != len(self._place):
                self._refuse(row, f"it has {len(line)} cells, the header {len(self._place)}")
            cell = {name: line[place].strip() for name, place in self._place.items()}
            market = tuple(cell[name] for name in _MARKET if name in cell)
            self._market = self._market or market
            if market != self._market:
                self._refuse(
                    row,
                    f"it is of {' '.join(market)}, and those before of {' '.join(self._market)}: "
                    "put each market into a file of its own",
                )
            yield row, cell

    def _level(self, row: int, cell: dict[str, str]) -> Level:
        side = _SIDES.get(cell["side"])
        if side is None:
            self._refuse(row, f"side {cell['side']!r}: expected bid or ask")
        is_snapshot = _WORDS.get(cell["is_snapshot"].lower())
        if is_snapshot is None:
            self._refuse(row, f"is_snapshot {cell['is_snapshot']!r}: expected true or false")
        return Level(self._times(row, cell), is_snapshot, side, cell["price"], cell["amount"])

    def _times(self, row: int, cell: dict[str, str]) -> tuple[str, str]:
        times = cell["local_timestamp"], cell["timestamp"]
        for text in times:
            if _TIME.match(text) is None:
                self._refuse(row, f"{text!r} is no time in us since 1970")
        if times[0] < self._reached:
            self._refuse(row, f"its local_timestamp is before {self._reached}, reached above")
        self._reached = times[0]
        return times

    def _refuse(self, row: int, what: str) -> NoReturn:
        raise BadMarketData(
            f"{self._path}, row {row}: {what}. Mend the file",
            file=self._path,
            row=row,
            reason="unreadable",
        )


def _is_of(level: Level, before: Level) -> bool:
    """Whether a row goes on with the message of the one before it."""
    if level.is_snapshot or before.is_snapshot:
        return level.is_snapshot == before.is_snapshot
    return level.times[0] == before.times[0]


def _message(levels: list[Level]) -> Iterator[Row]:
    """Its rows; those of a snapshot that hold nothing are left out, unless none is left."""
    mark = SNAPSHOT if levels[0].is_snapshot else 0
    if mark:
        held = [level for level in levels if level.amount.strip("0.")]
        levels = held or [levels[-1]._replace(side="none", price="0", amount="0")]
    for place, level in enumerate(levels, start=1):
        flags = mark | (LAST if place == len(levels) else 0)
        yield (*level.times, level.side, level.price, level.amount, str(flags))
