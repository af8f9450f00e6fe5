"""Raw captures of a venue's websocket, line by line, made into tables with offbook's names.

Known are Binance's, spot and USD-M futures, as hftbacktest records them: each line is the local
receive time in ns and the venue's message (``depthUpdate``, ``bookTicker``, ``trade``; an answer
with ``lastUpdateId`` is a snapshot of the book by REST).  Numbers stay the venue's text.

A snapshot by REST may be older than updates that came before it.  It is written where it was
received, as what a client knows then that keeps Binance's rule (*How to manage a local order book
correctly*): the snapshot, with the updates after its ``lastUpdateId`` that had come already.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from offbook.domain.depth import LAST, NO_SEQ, SNAPSHOT
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidInput
from offbook.domain.market_data import DataKind

KEPT_UPDATES: Final = 20_000
"""So many updates are remembered for a snapshot to come."""

_LINE: Final = re.compile(rb"\d{19} \{")
_MS: Final = 1_000_000
_DEPTH: Final = (
    "ts_init,ts_event,price,size,flags,first_seq,last_seq,prev_seq,book_side"
)  # fmt: skip
_TRADES: Final = "ts_init,ts_event,price,size,side"
_QUOTES: Final = "ts_init,bid,ask,bid_size,ask_size"

Level = tuple[str, str]


class Update(msgspec.Struct, frozen=True):
    """What a message of depth says: the venue's names for its sequence numbers and sides."""

    U: int
    u: int
    b: list[Level]
    a: list[Level]
    E: int
    pu: int = NO_SEQ
    T: int | None = None

    @property
    def event(self) -> int:
        """The venue's time in ns: of the transaction where it is told, else of the message."""
        return (self.T or self.E) * _MS


class Print(msgspec.Struct, frozen=True):
    """What a message of a trade says. ``X`` is not MARKET for what was no trade in the book."""

    p: str
    q: str
    T: int
    m: bool
    X: str = "MARKET"


class Ticker(msgspec.Struct, frozen=True):
    """What a message of the best bid and ask says."""

    b: str
    B: str
    a: str
    A: str


class Snapshot(msgspec.Struct, frozen=True, rename={"last_update_id": "lastUpdateId"}):
    """An answer with the whole book."""

    last_update_id: int
    bids: list[Level]
    asks: list[Level]
    T: int | None = None


def is_capture(path: str) -> bool:
    """Whether a file is one, by its first line."""
    try:
        with _opened(Path(path)) as file:
            return _LINE.match(file.read(32)) is not None
    except (OSError, EOFError, zlib.error):
        return False


def write_capture(path: Path, kind: DataKind, target: Path) -> int:
    """Write the rows of one kind in a capture as CSV; how many there are.

    Raises InvalidInput (a kind that captures do not have), BadMarketData naming the line that
    cannot be read, or where there is no row, GatewayUnavailable (it cannot be read) and OSError
    (it cannot be written).
    """
    if kind is DataKind.BARS:
        raise InvalidInput("a capture has depth, trades and quotes: name one with --kind")
    header, rows = {
        DataKind.DEPTH: (_DEPTH, _depth),
        DataKind.TRADES: (_TRADES, _trades),
        DataKind.QUOTES: (_QUOTES, _quotes),
    }[kind]
    count = 0
    with target.open("w", encoding="ascii", newline="\n") as file:
        file.write(header + "\n")
        for row in rows(_messages(path)):
            file.write(row + "\n")
            count += 1
    if not count:
        raise BadMarketData(f"{path} has no {kind.value}", file=str(path))
    return count


def _messages(path: Path) -> Iterator[tuple[int, str, Any]]:
    """Receive time, kind of message and message; others are passed over."""
    number, symbol = 0, ""
    try:
        with _opened(path) as file:
            for line in file:
                number += 1
                received, _, text = line.partition(b" ")
                kind, of, message = _message(text)
                symbol = symbol or of
                if of and of != symbol:
                    raise ValueError(
                        f"the file holds messages of {symbol} and of {of}, and one book is made of "
                        "it: put each market into a file of its own"
                    )
                yield int(received), kind, message
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadMarketData(
            f"{path}, line {number}: {error}; expected the receive time in ns and a message of "
            "Binance's websocket as JSON. Mend the file",
            file=str(path),
            row=number,
            reason="unreadable",
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadMarketData(
            f"{path} is a damaged gzip file after line {number} ({error}); fetch or pack it again",
            file=str(path),
            row=number + 1,
            reason="unreadable",
        ) from None
    except OSError as error:
        raise GatewayUnavailable(f"{path} cannot be read: {error}", market=str(path)) from None


_KINDS: Final[Mapping[str, type[Any]]] = {"depth": Update, "trade": Print, "bookTicker": Ticker}


def _message(text: bytes) -> tuple[str, str, Any]:
    """The kind, the symbol where it is told, and what is said."""
    envelope = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    if "lastUpdateId" in envelope:
        return "snapshot", "", msgspec.json.decode(text, type=Snapshot)
    if "stream" not in envelope or "data" not in envelope:
        return "other", "", None
    stream = msgspec.json.decode(envelope["stream"], type=str)
    symbol, at, rest = stream.partition("@")
    if not at:
        raise ValueError(f"the stream {stream!r} does not say of what kind it is, after an @")
    name = rest.partition("@")[0]
    kind = _KINDS.get(name)
    if kind is None:
        return "other", "", None
    return name, symbol, msgspec.json.decode(envelope["data"], type=kind)


def _depth(messages: Iterable[tuple[int, str, Any]]) -> Iterator[str]:
    recent: deque[Update] = deque(maxlen=KEPT_UPDATES)
    event = 0
    for received, kind, message in messages:
        if kind == "depth":
            recent.append(message)
            event = message.event
            numbers = f"{message.U},{message.u},{message.pu}"
            yield from _rows(received, event, message.b, message.a, 0, numbers)
        elif kind == "snapshot":
            event = message.T * _MS if message.T else event or received
            bids, asks, last = _brought_up(message, recent)
            yield from _rows(received, event, bids, asks, SNAPSHOT, f"-1,{last},-1")


def _brought_up(
    snapshot: Snapshot, recent: Iterable[Update]
) -> tuple[list[Level], list[Level], int]:
    """A snapshot with the updates after it that have come before it."""
    bids, asks = dict(snapshot.bids), dict(snapshot.asks)
    last = snapshot.last_update_id
    for update in recent:
        if update.u > last:
            if last + 1 < update.U and update.pu != last:
                break  # one between them is missing: a reader will see that
            bids.update(update.b)
            asks.update(update.a)
            last = update.u
    return _shown(bids), _shown(asks), last


def _shown(levels: Mapping[str, str]) -> list[Level]:
    return [(px, qty) for px, qty in levels.items() if qty.strip("0.")]


def _rows(
    received: int,
    event: int,
    bids: Iterable[Level],
    asks: Iterable[Level],
    flag: int,
    numbers: str,
) -> Iterator[str]:
    """One message: the last of its rows says so, and one without levels has a row of no side."""
    levels = [
        *((px, qty, "bid") for px, qty in bids),
        *((px, qty, "ask") for px, qty in asks),
    ] or [("0", "0", "none")]
    for place, (px, qty, side) in enumerate(levels, start=1):
        flags = flag | (LAST if place == len(levels) else 0)
        yield f"{received},{event},{px},{qty},{flags},{numbers},{side}"


def _trades(messages: Iterable[tuple[int, str, Any]]) -> Iterator[str]:
    for received, kind, trade in messages:
        if kind == "trade" and trade.X == "MARKET":
            side = "sell" if trade.m else "buy"
            yield f"{received},{trade.T * _MS},{trade.p},{trade.q},{side}"


def _quotes(messages: Iterable[tuple[int, str, Any]]) -> Iterator[str]:
    for received, kind, ticker in messages:
        if kind == "bookTicker":
            yield f"{received},{ticker.b},{ticker.a},{ticker.B},{ticker.A}"


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        yield file
