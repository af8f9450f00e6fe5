"""Raw captures of venues' websockets (``venue_messages``) made into tables with offbook's names,
and the checksums that the venues published in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import msgspec

from offbook.adapters.brokers.replay.capture_faults import (
    UNREADABLE,
    line_fault,
    no_message,
    other_market,
    said_or_nothing,
)
from offbook.adapters.brokers.replay.capture_lines import Line, lines
from offbook.adapters.brokers.replay.late_snapshots import LateSnapshots
from offbook.adapters.brokers.replay.rising_numbers import RisingNumbers
from offbook.adapters.brokers.replay.source import SUFFIXES
from offbook.adapters.brokers.replay.venue_message import (
    Level,
    VenueMessage,
    is_zero,
    plain_market,
)
from offbook.adapters.brokers.replay.venue_messages import Decoder
from offbook.adapters.brokers.replay.venue_orders import OrderMessage
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig, InvalidInput
from offbook.domain.market_data import DataKind

LOOKED_AT: Final = 500
"""So many lines are looked at to see whether a file is a capture: subscriptions come first."""
KINDS: Final = (DataKind.DEPTH, DataKind.TRADES)
_DEPTH: Final = "book_side,price,size,flags,first_seq,last_seq,prev_seq"
_TRADES: Final = "price,size,side"
Told = tuple[int | None, VenueMessage]
Timed = TypeVar("Timed", VenueMessage, OrderMessage)
"""A message of a venue, with its time."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a capture: how many rows, of which venue; the checksums that it published by
    the last row (from 0) of their messages, and the decimals of its prices and sizes."""

    rows: int
    venue: str
    checksums: dict[int, int]
    price_decimals: int
    size_decimals: int


def is_venue_capture(path: Path) -> bool:
    """Whether a file is one, by its first lines."""
    try:
        decoder = Decoder()
        return any(
            said_or_nothing(decoder.decode, line.text) for line in islice(lines(path), LOOKED_AT)
        )
    except (BadMarketData, GatewayUnavailable):
        return False


def has_depth(path: Path) -> bool:
    """Whether the first lines of a file tell of a book by price."""
    try:
        decoder = Decoder()
        return any(
            message.has_book
            for line in islice(lines(path), LOOKED_AT)
            for message in said_or_nothing(decoder.decode, line.text)
        )
    except (BadMarketData, GatewayUnavailable):
        return False


def venue_of(path: Path) -> str:
    """Whose capture it is, by the first message of a market; empty where the first lines have none.

    Raises BadMarketData and GatewayUnavailable (it cannot be read).
    """
    decoder = Decoder()
    for line in islice(lines(path), LOOKED_AT):
        if said := said_or_nothing(decoder.decode, line.text):
            return said[0].venue
    return ""


def refuse_capture(path: Path) -> None:
    """Say why a file is no capture that can be read, and no table by its name; nothing of an empty
    one.  Raises InvalidConfig."""
    why = f"its first {LOOKED_AT} messages tell of no book, order or trade of a venue that is known"
    try:
        if not deque(islice(lines(path), LOOKED_AT), maxlen=1):
            return
    except (BadMarketData, GatewayUnavailable) as error:
        why = error.message
    raise InvalidConfig(
        f"{path.name} is neither a table, whose name ends in {', '.join(SUFFIXES)}, nor a raw "
        f"capture that can be read: {why}",
        field="market.path",
    )


def write_venue_capture(
    path: Path, kind: DataKind, target: Path, symbol: str | None = None
) -> Written:
    """Write the rows of one kind in a capture as CSV, of the one market that it has, or that
    ``symbol`` names (``BTC/USD``, ``BTC-USD`` and ``btcusd`` are the same).

    Raises InvalidInput (a kind that captures do not have), BadMarketData naming the line that
    cannot be read, or where there is no row, GatewayUnavailable (it cannot be read) and OSError
    (it cannot be written).
    """
    if kind not in KINDS:
        raise InvalidInput("a capture of this venue has depth and trades: name one with --kind")
    found = _Rows(path, symbol)
    messages = timed(found.messages(kind), path)
    first = next(messages, None)
    if first is None:
        raise BadMarketData(f"{path} has no {kind.value}{found.others()}", file=str(path))
    is_received = first[0] is not None
    times = "ts_init,ts_event" if is_received else "ts_event"
    make = found.depth if kind is DataKind.DEPTH else found.trades
    with target.open("w", encoding="ascii", newline="\n") as file:
        file.write(f"{times},{_DEPTH if kind is DataKind.DEPTH else _TRADES}\n")
        for received, message in chain((first,), messages):
            file.writelines(f"{row}\n" for row in make(received if is_received else None, message))
    return found.written()


class _Rows:
    """Makes rows of messages; remembers the market, the levels where a venue does not say which
    have left, and what was published."""

    def __init__(self, path: Path, symbol: str | None) -> None:
        self._path = path
        self._wanted = None if symbol is None else plain_market(symbol)
        self._market = ""
        self._markets: set[str] = set()
        self._is_unnamed = False
        self._channel = ""
        self._left: set[str] = set()
        self._venue = ""
        self._number = 0
        self._rows = 0
        self._reached = 0
        self._depth: int | None = None
        self._shown: tuple[dict[Decimal, str], dict[Decimal, str]] = ({}, {})
        self._checksums: dict[int, int] = {}
        self._decimals = [0, 0]
        self._snapshots = LateSnapshots()
        self._numbers = RisingNumbers()

    def messages(self, kind: DataKind) -> Iterator[Told]:
        """Those of the kind and the market, with the time of receipt."""
        decoder = Decoder()
        for line, said in messages_of(self._path, decoder.decode):
            self._number = line.number
            for message in said:
                if message.has_book is (kind is DataKind.DEPTH) and self._is_meant(message):
                    yield line.received, self._numbers.risen(self._snapshots.brought_up(message))

    def others(self) -> str:
        """In an error, which market was meant and which there are."""
        there = f": it has {', '.join(sorted(self._markets))}" if self._markets else ""
        return "" if self._wanted is None else f" of {self._wanted}{there}"

    def depth(self, received: int | None, message: VenueMessage) -> Iterator[str]:
        """The rows of a message of depth."""
        mark = SNAPSHOT if message.is_snapshot else 0
        bids, asks = self._followed(message)
        if mark:
            bids, asks = _held(bids), _held(asks)
        levels = [*((px, qty, "bid") for px, qty in bids), *((px, qty, "ask") for px, qty in asks)]
        times = self._times(received, message.ts)
        numbers = f"{message.first_seq},{message.seq},{message.prev_seq}"
        for place, (px, qty, side) in enumerate(levels or [("0", "0", "none")], start=1):
            flags = mark | (LAST if place >= len(levels) else 0)
            yield f"{times},{side},{px},{qty},{flags},{numbers}"
            self._rows += 1
            self._decimals = [
                max(most, decimals_of(text))
                for most, text in zip(self._decimals, (px, qty), strict=True)
            ]
        if message.checksum is not None:
            self._checksums[self._rows - 1] = message.checksum

    def trades(self, received: int | None, message: VenueMessage) -> Iterator[str]:
        """The rows of its trades."""
        for trade in message.trades:
            yield f"{self._times(received, trade.ts)},{trade.price},{trade.size},{trade.side}"
            self._rows += 1

    def written(self) -> Written:
        """What was made."""
        return Written(
            rows=self._rows,
            venue=self._venue,
            checksums=self._checksums,
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
        )

    def _is_meant(self, message: VenueMessage) -> bool:
        market = plain_market(message.symbol)
        if message.is_answer and not market:
            self._is_unnamed, self._venue = self._is_of_the_only_market(), message.venue
            return self._is_unnamed
        self._markets.add(market)
        if self._is_unnamed:
            self._require_one_market()
        if self._wanted is None:
            self._market = self._market or market
        if market == (self._wanted or self._market):
            self._follow_channel(message)
            self._venue = message.venue
            return True
        if self._wanted is None:
            raise other_market(self._path, self._number, message.symbol, self._market)
        return False

    def _follow_channel(self, message: VenueMessage) -> None:
        """A book may come by another channel from some line on, but not by two in turn."""
        if not message.channel or message.channel == self._channel:
            return
        if message.channel in self._left:
            self._refuse(
                f"the book of {message.symbol} comes by {self._channel} and by {message.channel}, "
                "and one book is made of it: keep the lines of one"
            )
        self._left.add(self._channel)
        self._channel = message.channel

    def _is_of_the_only_market(self) -> bool:
        """Whether an answer that names no market is of the one that is meant."""
        self._require_one_market()
        return not self._markets or self._wanted in (None, *self._markets)

    def _require_one_market(self) -> None:
        if len(self._markets) > 1:
            self._refuse(
                "a book that was asked for does not say of which market it is, and the capture has "
                f"{', '.join(sorted(self._markets))}: keep the lines of one"
            )

    def _times(self, received: int | None, event: int | None) -> str:
        """Rows are in the order in which they came, whatever times they tell."""
        if received is None:
            self._reached = max(self._reached, event or 0)
            return str(self._reached)
        self._reached = max(self._reached, received)
        return f"{self._reached},{event or self._reached}"

    def _followed(self, message: VenueMessage) -> tuple[list[Level], list[Level]]:
        """The levels of a message, and those that have left the book behind the last one."""
        if message.is_snapshot:
            self._depth, self._shown = message.depth, ({}, {})
        if self._depth is None:
            return message.bids, message.asks
        followed = []
        for sign, shown, levels in zip(
            (1, -1), self._shown, (message.bids, message.asks), strict=True
        ):
            for px, qty in levels:
                if not is_zero(qty):
                    shown[Decimal(px)] = px
                else:
                    shown.pop(Decimal(px), None)
            beyond = sorted(shown, reverse=sign > 0)[self._depth :]
            followed.append([*levels, *((shown.pop(px), "0") for px in beyond)])
        return followed[0], followed[1]

    def _refuse(self, what: str) -> NoReturn:
        raise line_fault(self._path, self._number, what)


def messages_of(
    path: Path, decode: Callable[[bytes], list[Timed]]
) -> Iterator[tuple[Line, list[Timed]]]:
    """The lines of a capture with what they say.  Raises BadMarketData and GatewayUnavailable."""
    for line in lines(path):
        try:
            said = [one.checked() for one in decode(line.text)]
        except UNREADABLE as error:
            raise no_message(path, line.number, error, "the venue's websocket") from None
        yield line, said


def timed(
    messages: Iterable[tuple[int | None, Timed]], path: Path
) -> Iterator[tuple[int | None, Timed]]:
    """Messages of which neither the receipt nor the venue's time is told take that of the last one
    that tells it, the first ones that of the next.  Raises BadMarketData where there is none."""
    waiting: list[Timed] = []
    reached: int | None = None
    for received, message in messages:
        if received is not None or message.ts is not None:
            reached = message.ts
            yield from ((received, _at(early, reached)) for early in waiting)
            waiting.clear()
            yield received, message
        elif reached is not None:
            yield None, _at(message, reached)
        else:
            waiting.append(message)
    if waiting:
        raise BadMarketData(
            f"{path}: none of its messages tells its time. Write when each was received before it: "
            "ns and a space, or seconds and a colon",
            file=str(path),
            reason="bad_time",
        )


def _at(message: Timed, ts: int | None) -> Timed:
    return msgspec.structs.replace(message, ts=ts)


def decimals_of(text: str) -> int:
    """How many a number is written with; one with an exponent has those that it would have."""
    if "e" in text or "E" in text:
        return max(0, -int(Decimal(text).as_tuple().exponent))
    return len(text.partition(".")[2])


def _held(levels: list[Level]) -> list[Level]:
    return [(px, qty) for px, qty in levels if not is_zero(qty)]
