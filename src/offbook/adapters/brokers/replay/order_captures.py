"""Raw captures that name every order (``venue_orders``) made into tables with offbook's names, and
the checksums that the venues published in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from offbook.adapters.brokers.replay.capture_faults import other_market, said_or_nothing
from offbook.adapters.brokers.replay.capture_lines import lines
from offbook.adapters.brokers.replay.venue_captures import (
    LOOKED_AT,
    Written,
    decimals_of,
    has_depth,
    messages_of,
    timed,
)
from offbook.adapters.brokers.replay.venue_message import plain_market
from offbook.adapters.brokers.replay.venue_orders import OrderChange, OrderDecoder, OrderMessage
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.errors import BadMarketData, GatewayUnavailable

_HEADER: Final = "ts_init,ts_event,action,book_side,price,size,order_id,flags,seq,prev_seq"
_NOTHING: Final = OrderChange("none", "none", "0", "0", "")
Told = tuple[int | None, OrderMessage]


def is_order_capture(path: Path) -> bool:
    """Whether a file is one, by its first lines."""
    decoder = OrderDecoder()
    try:
        return any(
            said_or_nothing(decoder.decode, line.text) for line in islice(lines(path), LOOKED_AT)
        )
    except (BadMarketData, GatewayUnavailable):
        return False


def has_orders_alone(path: Path) -> bool:
    """Whether a file is one, and its first lines have no book by price beside the orders."""
    return is_order_capture(path) and not has_depth(path)


def write_order_capture(path: Path, target: Path, symbol: str | None = None) -> Written:
    """Write the orders of a capture as CSV, of the one market that it has, or that ``symbol``
    names (as ``plain_market`` compares).

    Raises BadMarketData naming the line that cannot be read, or where there is no row,
    GatewayUnavailable (it cannot be read) and OSError (it cannot be written).
    """
    rows = _OrderRows(path, symbol)
    with target.open("w", encoding="ascii", newline="\n") as file:
        file.write(_HEADER + "\n")
        for received, message in timed(rows.messages(), path):
            file.writelines(f"{row}\n" for row in rows.of(received, message))
    made = rows.written()
    if not made.rows:
        raise BadMarketData(
            f"{path} has no orders{'' if symbol is None else f' of {symbol}'}", file=str(path)
        )
    return made


class _OrderRows:
    """Makes rows of messages; remembers the market, numbers for names, and what was published."""

    def __init__(self, path: Path, symbol: str | None) -> None:
        self._path = path
        self._wanted = None if symbol is None else plain_market(symbol)
        self._market = ""
        self._venue = ""
        self._line = 0
        self._rows = 0
        self._reached = 0
        self._numbers: dict[str, int] = {}
        self._checksums: dict[int, int] = {}
        self._decimals = [0, 0]

    def messages(self) -> Iterator[Told]:
        """Those of the market, with the time of receipt."""
        decoder = OrderDecoder()
        for line, said in messages_of(self._path, decoder.decode):
            self._line = line.number
            for message in said:
                if self._is_meant(message):
                    yield line.received, message

    def written(self) -> Written:
        """What was made."""
        return Written(
            rows=self._rows,
            venue=self._venue,
            checksums=self._checksums,
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
        )

    def of(self, received: int | None, message: OrderMessage) -> Iterator[str]:
        """The rows of a message."""
        mark = SNAPSHOT if message.is_snapshot else 0
        told = message.ts if received is None else received
        self._reached = max(self._reached, told or 0)
        times = f"{self._reached},{message.ts or self._reached}"
        changes = message.changes or [_NOTHING]
        for place, one in enumerate(changes, start=1):
            flags = mark | (LAST if place == len(changes) else 0)
            number = self._number(one.name)
            yield (f"{times},{one.action},{one.side},{one.price},{one.size},{number},{flags},-1,-1")
            self._rows += 1
            self._decimals = [
                max(most, decimals_of(text))
                for most, text in zip(self._decimals, (one.price, one.size), strict=True)
            ]
        if message.checksum is not None:
            self._checksums[self._rows - 1] = message.checksum

    def _number(self, name: str) -> int:
        """A number of the venue stays what it is; names are numbered as they are first seen."""
        if not name or name.isdigit():
            return int(name or 0)
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def _is_meant(self, message: OrderMessage) -> bool:
        self._venue = message.venue
        market = plain_market(message.symbol)
        if self._wanted is not None:
            return market == self._wanted
        self._market = self._market or market
        if market != self._market:
            raise other_market(self._path, self._line, message.symbol, self._market)
        return True
