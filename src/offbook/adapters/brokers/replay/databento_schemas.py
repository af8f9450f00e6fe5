"""Databento's CSV files of other schemas than ``mbo``, in offbook's words: trades, quotes, books
of the best levels, bars and statuses.

``trades`` and ``tbbo`` have a trade in each row, ``mbp-1`` and ``mbp-10`` whatever changed the
levels that they show: of these the rows with the action ``T`` are trades.  The side of a trade is
that of who took (``A``: a seller).  ``mbp-10`` shows whole books: each row is a snapshot.
``status`` says with each change whether there is trading.  (databento.com/docs/schemas-and-data-
formats.)

Prices without a point are whole 10**-9; the largest number of 64 bits, or nothing, is no price.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn

from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind
from offbook.domain.values import units_to_text

NANOS: Final = 9
NO_PRICE: Final = str(2**63 - 1)
TRADE: Final = "T"
BARS: Final = ("open", "high", "low", "close")
_TAKERS: Final = {"B": "buy", "A": "sell", "N": "none", "": "none"}
_TRADING: Final = {"Y": "resume", "N": "halt"}
_LEVEL: Final = re.compile(r"bid_px_(\d\d)\Z", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,19}(\.\d{1,12})?\Z", re.ASCII)
Cell = Mapping[str, str]
Row = tuple[str, ...]


def is_databento(names: set[str]) -> bool:
    """Whether a header is that of such a file, or of ``mbo``."""
    return {"rtype", "publisher_id"} <= names or (
        {"ts_event", "action", "side", "price", "size", "order_id", "flags"} <= names
        and bool(names & {"sequence", "ts_recv", "channel_id"})
    )


def kinds_of(names: set[str]) -> tuple[DataKind, ...]:
    """The kinds of rows that such a file has; the first is meant where none is named."""
    if "order_id" in names:
        return (DataKind.ORDERS,)
    if "bid_px_01" in names:
        return (DataKind.DEPTH, DataKind.QUOTES, DataKind.TRADES)
    if "bid_px_00" in names:
        return (DataKind.QUOTES, DataKind.TRADES) if "action" in names else (DataKind.QUOTES,)
    if names >= {"action", "price", "size"}:
        return (DataKind.TRADES,)
    if names >= {*BARS, "volume"}:
        return (DataKind.BARS,)
    return (DataKind.STATUS,) if "is_trading" in names else ()


def schema_rows(cells: Iterator[list[str]], kind: DataKind, path: str) -> tuple[Row, Iterator[Row]]:
    """The header and the rows of one kind in a file, of one instrument."""
    reading = _Reading(next(cells, []), path)
    header, row = {
        DataKind.TRADES: (("price", "size", "aggressor"), reading.trade),
        DataKind.QUOTES: (("bid", "ask", "bid_size", "ask_size"), reading.quote),
        DataKind.DEPTH: (("book_side", "price", "size", "flags"), reading.book),
        DataKind.BARS: ((*BARS, "volume"), reading.bar),
        DataKind.STATUS: (("event",), reading.status),
    }[kind]
    return (*reading.times, *header), reading.rows(cells, row)


class _Reading:
    """One file; remembers of which instrument it is, how it writes prices, and whether there was
    trading."""

    def __init__(self, header: list[str], path: str) -> None:
        self._header = header
        self._path = path
        self._row = 0
        self._instrument: str | None = None
        self._nanos: bool | None = None
        self._event = ""
        self._levels = [match[1] for name in header if (match := _LEVEL.match(name)) is not None]
        self.times = ("ts_init", "ts_event") if "ts_recv" in header else ("ts_event",)

    def rows(
        self, cells: Iterator[list[str]], rows: Callable[[Cell], Iterator[Row]]
    ) -> Iterator[Row]:
        """All of the file."""
        for self._row, line in enumerate(cells, start=1):
            if not line:
                continue
            if len(line) != len(self._header):
                self._refuse(f"it has {len(line)} cells, the header {len(self._header)}")
            cell = {name: text.strip() for name, text in zip(self._header, line, strict=True)}
            self._require_one_instrument(cell)
            times = [cell[name] for name in ("ts_recv", "ts_event") if name in cell]
            # What was not received by itself, as a sample of each second, has no venue's time.
            times = [text if text and text != "0" else times[0] for text in times]
            for made in rows(cell):
                yield (*times, *made)

    def trade(self, cell: Cell) -> Iterator[Row]:
        """Where it is one."""
        if cell["action"] == TRADE:
            taker = _TAKERS.get(cell["side"])
            if taker is None:
                self._refuse(f"side {cell['side']!r}: expected A, B or N")
            yield self._price(cell["price"]), cell["size"], taker

    def quote(self, cell: Cell) -> Iterator[Row]:
        """The best bid and ask, where there are both."""
        bid, ask = self._price(cell["bid_px_00"]), self._price(cell["ask_px_00"])
        if bid and ask:
            yield bid, ask, cell["bid_sz_00"], cell["ask_sz_00"]

    def book(self, cell: Cell) -> Iterator[Row]:
        """All levels, as a snapshot."""
        shown = [
            (side, price, cell[f"{side}_sz_{level}"])
            for side in ("bid", "ask")
            for level in self._levels
            if (price := self._price(cell[f"{side}_px_{level}"]))
        ] or [("none", "0", "0")]
        for place, level in enumerate(shown, start=1):
            yield (*level, str(SNAPSHOT | (LAST if place == len(shown) else 0)))

    def bar(self, cell: Cell) -> Iterator[Row]:
        """A bar, labelled by its opening."""
        yield (*(self._price(cell[name]) for name in BARS), cell["volume"])

    def status(self, cell: Cell) -> Iterator[Row]:
        """Where trading stopped, or went on."""
        event = _TRADING.get(cell["is_trading"].upper(), self._event)
        if event != self._event and (self._event or event == "halt"):
            yield (event,)
        self._event = event

    def _price(self, text: str) -> str:
        if text in ("", NO_PRICE):
            return ""
        if _NUMBER.match(text) is None:
            self._refuse(f"{text!r} is no price")
        if self._nanos is None:  # the first price tells how the file writes them
            self._nanos = "." not in text
        if self._nanos is ("." in text):
            one, other = ("a point", "none") if self._nanos else ("no point", "one")
            self._refuse(f"the price {text} has {one}, and others before it had {other}")
        return units_to_text(int(text), NANOS) if self._nanos else text

    def _require_one_instrument(self, cell: Cell) -> None:
        named = cell.get("symbol") or cell.get("instrument_id")
        self._instrument = self._instrument or named
        if named != self._instrument:
            self._refuse(
                f"it is of {named}, and those before of {self._instrument}: put each instrument "
                "into a file of its own"
            )

    def _refuse(self, what: str) -> NoReturn:
        raise BadMarketData(
            f"{self._path}, row {self._row}: {what}. Mend the file",
            file=self._path,
            row=self._row,
            reason="unreadable",
        )
