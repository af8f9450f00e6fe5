"""Rows of made-up markets, in whole units, and the moves from which they are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.sources import Source


@dataclass(frozen=True)
class QuoteRow:
    """A quote in whole units; ``number`` counts rows."""

    number: int
    ts: int
    bid: Fraction
    ask: Fraction
    bid_size: Fraction
    ask_size: Fraction
    symbol: str = field(default="", compare=False)


@dataclass(frozen=True)
class BarRow:
    """A bar in whole units: ``[opened, ts)``."""

    number: int
    ts: int
    opened: int
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction
    volume: Fraction
    symbol: str = field(default="", compare=False)


@dataclass(frozen=True)
class PrintRow:
    """A print in whole units; ``took`` is the side that did, 0 for unknown."""

    number: int
    ts: int
    price: Fraction
    size: Fraction
    took: int
    symbol: str = field(default="", compare=False)
    mark: str = field(default="", compare=False)
    """``open``, ``close`` or ``reopen`` for the official price of an auction."""
    event: int | None = field(default=None, compare=False)
    """When it was at the venue, where that is told."""

    @property
    def code(self) -> int:
        """What its column says of it."""
        return {"open": 2, "close": 3, "reopen": 4}.get(self.mark, self.took)


@dataclass(frozen=True)
class LineRow:
    """A level as a message of a book tells it: ``side`` 1 for a bid, -1 for an ask, 0 for none."""

    ts: int
    side: int
    price: Fraction
    size: Fraction
    flags: int
    first: int
    last: int
    prev: int = -1
    symbol: str = field(default="", compare=False)
    event: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class OrderLine:
    """What a message tells of one order of a book; ``side`` as above."""

    ts: int
    action: int
    side: int
    price: Fraction
    size: Fraction
    order_id: int
    flags: int
    last: int
    prev: int = -1
    symbol: str = field(default="", compare=False)


@dataclass(frozen=True)
class MessageRow:
    """All rows of one message of a book, the first of which is the row ``number``; ``first`` and
    ``last`` are the venue's numbers."""

    number: int
    ts: int
    lines: tuple[LineRow, ...] | tuple[OrderLine, ...]
    snapshot: bool
    first: int
    last: int
    bid: Fraction
    """Where the best bid is meant to be."""
    after: object = field(default=None, compare=False)
    """What the market's own book is then."""
    symbol: str = field(default="", compare=False)
    event: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class StatusRow:
    """What an exchange says: ``halt``, ``resume``, or ``bands`` with their ends."""

    number: int
    ts: int
    event: str
    lower: Fraction | None
    upper: Fraction | None
    symbol: str = field(default="", compare=False)

    @property
    def code(self) -> int:
        """What its column says of it."""
        return {"halt": 1, "resume": 2, "bands": 3}[self.event]


@dataclass(frozen=True)
class LevelRow(QuoteRow):
    """The best bid and ask of a book, and the level of it that was taken."""

    price: Fraction = Fraction(0)
    shown: Fraction = Fraction(0)
    incomplete: bool = False
    """Whether the book had not begun with a snapshot."""


@dataclass(frozen=True)
class QueuedRow(PrintRow):
    """A print beside a book, and what was ahead of the order that had of it, if it stood there."""

    ahead: Fraction | None = None
    incomplete: bool = False
    order_id: int | None = None
    """The venue's order that traded, where the book tells it."""


PriceRow = QuoteRow | BarRow | PrintRow
MadeRow = PriceRow | StatusRow | MessageRow


def rows_in(row: MadeRow) -> int:
    """How many rows of the market it is."""
    return len(row.lines) if isinstance(row, MessageRow) else 1


@dataclass(frozen=True)
class Move:
    """A row told by its difference from the last: gap in tenths of a timeframe (-1: one
    nanosecond), prices in ticks, sizes in lots; ``odd`` puts it beside ticks and lots.
    ``mark`` is that of a print, and ``event`` makes it a status where the market has one."""

    gap: int
    shift: int
    spread: int
    size: int
    other: int
    reach: int
    odd: int
    mark: str = ""
    event: str = ""
    place: int = 0
    """Of which of several instruments."""


def pick_move(source: Source) -> Move:
    return Move(
        gap=source.pick([10, 10, 5, 0, -1, 25]),
        shift=source.pick(
            [0, 0, 0, 0, 0, 1, -1, 1, -1, 1, -1, 3, -3, 3, -3, 13, -13, 170, -170, 900, -900]
        ),
        spread=source.pick([1, 0, 1, 2]),
        size=source.pick([5, 0, 1, 2, 3, 9, 20]),
        other=source.pick([5, 0, 1, 2, 3, 9, 20]),
        reach=source.pick([0, 1, 2, 3]),
        odd=source.pick([0, 0, 0, 1]),
        mark=source.pick(["", "", "", "open", "close", "reopen"]),
        event=source.pick([""] * 15 + ["halt", "resume", "resume", "bands", "bands"]),
        place=source.number(0, 5),
    )
