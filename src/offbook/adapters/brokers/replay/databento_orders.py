"""Databento's MBO as CSV, message by message, in offbook's words.

What Databento says of its rows: databento.com/docs/schemas/mbo, .../conventions/mbo-snapshot, and
how the messages of a venue are written, such as .../datasets/xnas-itch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from offbook.domain.book_orders import MISSED
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData
from offbook.domain.values import MAX_UNITS, units_to_text

COLUMNS: Final = ("action", "book_side", "price", "size", "order_id", "flags")
F_LAST: Final = 128
F_TOB: Final = 64
F_SNAPSHOT: Final = 32
F_MBP: Final = 16
F_BAD_TS_RECV: Final = 8
F_MAYBE_BAD_BOOK: Final = 4
NANOS: Final = 9
"""Prices without a point are whole numbers of 10**-9."""
SMALLEST_NANOS: Final = 1_000_000
"""Below it a price without a point is one in whole units: a thousandth is none that is traded."""
_SIDES: Final = {"B": "bid", "A": "ask", "N": "none"}
_OTHER: Final = {"bid": "ask", "ask": "bid", "none": "none"}
_NEEDED: Final = ("ts_event", "action", "side", "price", "size", "order_id", "flags")
_WHOLE: Final = re.compile(r"\d{1,20}\Z", re.ASCII)
_DECIMAL: Final = re.compile(r"\d{1,18}(\.\d{1,12})?\Z", re.ASCII)
_INSTRUMENT: Final = ("symbol", "instrument_id")
Row = tuple[str, ...]


class Told(NamedTuple):
    """One row of the file, judged."""

    row: int
    times: tuple[str, ...]
    action: str
    side: str
    price: str
    size: int
    order: int
    flags: int


def databento_rows(cells: Iterator[list[str]], path: str) -> tuple[Row, Iterator[Row]]:
    """The header, and the rows; each message is made as its last row comes."""
    header = next(cells, [])
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise BadMarketData(
            f"{path}: no column for {', '.join(missing)}. The file has: {', '.join(header)}",
            file=path,
            reason="unreadable",
        )
    times = ("ts_init", "ts_event") if "ts_recv" in header else ("ts_event",)
    return (*times, *COLUMNS), _Messages(header, path).rows(cells)


class _Messages:
    """Makes rows of messages; remembers what was filled and not yet canceled, and how much was
    filled that no trade has told of."""

    def __init__(self, header: list[str], path: str) -> None:
        self._place = {name: place for place, name in enumerate(header)}
        self._path = path
        self._filled: dict[int, int] = {}
        self._unprinted = 0
        self._reached = ""
        self._nanos: bool | None = None
        self._instrument: str | None = None

    def rows(self, cells: Iterator[list[str]]) -> Iterator[Row]:
        """All of the file."""
        begun: list[Told] = []
        for row, line in enumerate(cells, start=1):
            if not line:
                continue
            told = self._told(row, line)
            if begun and _is_over(begun[-1], told):
                yield from self._message(begun)
                begun = []
            begun.append(told)
            if told.flags & F_LAST:
                yield from self._message(begun)
                begun = []
        if begun:
            yield from self._message(begun, ended=False)

    # -- one row ----------------------------------------------------------------------------

    def _told(self, row: int, line: list[str]) -> Told:
        if len(line) != len(self._place):
            self._refuse(row, f"it has {len(line)} cells, the header {len(self._place)}")
        cell = {name: line[place].strip() for name, place in self._place.items()}
        self._require_one_instrument(row, cell)
        action, side = cell["action"], _SIDES.get(cell["side"] or "N")
        if action not in tuple("ACMTFRN"):
            self._refuse(row, f"{action!r} is no action: expected A, C, M, T, F, R or N")
        if side is None:
            self._refuse(row, f"{cell['side']!r} is no side: expected A, B or N")
        if side == "none" and action in tuple("ACMF"):
            self._refuse(row, f"{action} is about an order, which has a side")
        about = action in tuple("ACMTF")
        flags = self._whole(row, "flags", cell["flags"])
        if flags & (F_TOB | F_MBP):
            self._refuse(
                row,
                f"flags {flags}: it is a level and no order (F_TOB or F_MBP). Take the quotes of "
                "the schema mbp-1",
            )
        return Told(
            row=row,
            times=self._times(row, cell, flags),
            action=action,
            side=side,
            price=self._price(row, cell["price"]) if about else "0",
            size=self._whole(row, "size", cell["size"]) if about else 0,
            # Of the widest numbers (64 bits) the lowest 62 tell orders apart.
            order=self._whole(row, "order_id", cell["order_id"] or "0") % MAX_UNITS if about else 0,
            flags=flags,
        )

    def _times(self, row: int, cell: dict[str, str], flags: int) -> tuple[str, ...]:
        """Receipt, if it is told, and the venue's time.  Rows are in the order in which they came,
        also where Databento says that the time of receipt is not right."""
        times = [cell["ts_recv"], cell["ts_event"]] if "ts_recv" in cell else [cell["ts_event"]]
        if len(times[0]) == len(self._reached) and times[0] < self._reached:
            if len(times) == 1 or not flags & F_BAD_TS_RECV:
                self._refuse(row, f"its time {times[0]} is before {self._reached}, reached above")
            times[0] = self._reached
        self._reached = times[0]
        return tuple(times)

    def _require_one_instrument(self, row: int, cell: dict[str, str]) -> None:
        named = next((cell[name] for name in _INSTRUMENT if cell.get(name)), None)
        if named is None:
            return
        self._instrument = self._instrument or named
        if named != self._instrument:
            self._refuse(
                row,
                f"it is of {named}, and those before of {self._instrument}: put each instrument "
                "into a file of its own",
            )

    def _whole(self, row: int, name: str, text: str) -> int:
        if _WHOLE.match(text) is None:
            self._refuse(row, f"{name} {text!r} is no whole number")
        return int(text)

    def _price(self, row: int, text: str) -> str:
        if _DECIMAL.match(text) is None:
            self._refuse(row, f"{text!r} is no price above 0")
        if self._nanos is None:  # the first price tells how the file writes them
            self._nanos = "." not in text and int(text) >= SMALLEST_NANOS
        if self._nanos and "." in text:
            self._refuse(row, f"the price {text} has a point, and those before had none")
        return units_to_text(int(text), NANOS) if self._nanos else text

    # -- one message ------------------------------------------------------------------------

    def _message(self, begun: list[Told], *, ended: bool = True) -> Iterator[Row]:
        """Its rows: those that say nothing more are left out, unless none is left."""
        mark = SNAPSHOT if begun[-1].flags & F_SNAPSHOT else 0
        if any(told.flags & F_MAYBE_BAD_BOOK for told in begun):
            mark |= MISSED
        if mark & SNAPSHOT:
            self._forget()
        rows = [
            row
            for told in _at_their_prices(begun)
            for row in self._row(told, snapshot=bool(mark & SNAPSHOT))
        ]
        rows += self._hidden(begun)
        if not rows:
            if not mark:
                return
            rows = [(*begun[-1].times, "none", "none", "0", "0", "0")]
        for place, row in enumerate(rows, start=1):
            flags = mark | (LAST if ended and place == len(rows) else 0)
            yield *row, str(flags)

    def _row(self, told: Told, *, snapshot: bool) -> Iterator[Row]:
        """What one row says, but for trades."""
        action, size, order = told.action, told.size, told.order
        about = (*told.times, "", told.side, told.price, str(size), str(order))
        at = len(told.times)
        if action == "R" and not snapshot:
            self._forget()
            yield _as(about, at, "clear", "0")
        elif action == "A":
            self._filled.pop(order, None)
            yield _as(about, at, "add", str(size))
        elif action == "M":
            self._filled.pop(order, None)
            yield _as(about, at, "modify", str(size))
        elif action == "F":
            if order:
                self._filled[order] = self._filled.get(order, 0) + size
            yield _as(about, at, "execute" if order else "hidden", str(size))
        elif action == "C":
            known = self._filled.pop(order, 0)
            filled = min(known, size)
            if known > filled:
                self._filled[order] = known - filled
            if size > filled:
                yield _as(about, at, "cancel", str(size - filled))

    def _hidden(self, begun: list[Told]) -> Iterator[Row]:
        """Of the trades of a message what no fill tells of.

        Trade and fills may differ in price, and a venue may tell fills first and print them later
        in one trade, as Nasdaq does with those of a cross: nothing of it is counted twice.
        """
        filled: Counter[str] = Counter()
        for told in begun:
            if told.action == "F":
                filled[told.price] += told.size
        trades = [told for told in begun if told.action == "T"]
        rests = []
        for told in trades:
            known = min(told.size, filled[told.price])
            filled[told.price] -= known
            rests.append(told.size - known)
        self._unprinted += filled.total()
        for told, rest in zip(trades, rests, strict=True):
            known = min(self._unprinted, rest)
            self._unprinted -= known
            if rest > known:
                side = _OTHER[told.side]
                yield (*told.times, "hidden", side, told.price, str(rest - known), "0")

    def _forget(self) -> None:
        """The book begins anew."""
        self._filled.clear()
        self._unprinted = 0

    def _refuse(self, row: int, what: str) -> NoReturn:
        raise BadMarketData(
            f"{self._path}, row {row}: {what}. Mend the file",
            file=self._path,
            row=row,
            reason="unreadable",
        )


def _as(about: Row, at: int, action: str, size: str) -> Row:
    """A row with its action, and its size in place of the one told."""
    return (*about[:at], action, *about[at + 1 : at + 3], size, about[at + 4])


def _is_over(before: Told, told: Told) -> bool:
    """Whether a message has ended without a row that says so: a snapshot is one of its own, and so
    is the clearing of the book at the beginning of a day, which is told long before what follows.
    """
    if (before.flags ^ told.flags) & F_SNAPSHOT:
        return True
    return before.action == "R" and not before.flags & F_SNAPSHOT and before.times != told.times


def _at_their_prices(begun: list[Told]) -> list[Told]:
    """A message whose fills have the prices of their orders, which the cancels after them tell: an
    order may be filled at a better one."""
    prices = {told.order: told.price for told in begun if told.action == "C"}
    return [
        told._replace(price=prices.get(told.order, told.price)) if told.action == "F" else told
        for told in begun
    ]
