"""Raw captures of a venue's websocket, line by line, made into tables with offbook's names.

Known are Binance's, spot and USD-M futures: each line (``capture_lines``) is the venue's message
(``depthUpdate``, ``bookTicker``, ``trade``, ``aggTrade``), of a combined stream or of one; an
answer with ``lastUpdateId`` is a snapshot of the book by REST.  Numbers stay the venue's text.
Where no time of receipt stands before a message, that of the venue is taken for it, and for a
message without any that of the last.

A snapshot by REST may be older than updates that came before it.  It is written where it was
received, as what a client knows then that keeps Binance's rule (*How to manage a local order book
correctly*): the snapshot, with the updates after its ``lastUpdateId`` that had come already.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from offbook.adapters.brokers.replay.capture_lines import lines
from offbook.adapters.brokers.replay.opening import DAMAGED, opened
from offbook.adapters.brokers.replay.venue_message import Level, plain_market
from offbook.domain.depth import LAST, NO_SEQ, SNAPSHOT
from offbook.domain.errors import BadMarketData, InvalidInput, OffbookError
from offbook.domain.market_data import DataKind

KEPT_UPDATES: Final = 20_000
"""So many updates are remembered for a snapshot to come."""

_STAMPED: Final = re.compile(rb"\d{19} \{")
_KNOWN: Final = (b'"depthUpdate"', b'"lastUpdateId"', b'"bookTicker"', b'"aggTrade"', b"@depth")
_LOOKED_AT: Final = 200
_MS: Final = 1_000_000
_DEPTH: Final = (
    "ts_init,ts_event,price,size,flags,first_seq,last_seq,prev_seq,book_side"
)  # fmt: skip
_TRADES: Final = "ts_init,ts_event,price,size,side"
_QUOTES: Final = "ts_init,bid,ask,bid_size,ask_size"


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
    E: int = 0


class Ticker(msgspec.Struct, frozen=True):
    """What a message of the best bid and ask says."""

    b: str
    B: str
    a: str
    A: str
    E: int = 0


class Snapshot(msgspec.Struct, frozen=True, rename={"last_update_id": "lastUpdateId"}):
    """An answer with the whole book."""

    last_update_id: int
    bids: list[Level]
    asks: list[Level]
    T: int | None = None


def is_capture(path: str) -> bool:
    """Whether a file is one, by its first lines."""
    try:
        with opened(Path(path)) as file:
            if _STAMPED.match(file.read(32)) is not None:
                return True
        first = islice(lines(Path(path)), _LOOKED_AT)
        return any(known in line.text for line in first for known in _KNOWN)
    except (OSError, *DAMAGED, OffbookError):
        return False


def write_capture(path: Path, kind: DataKind, target: Path, symbol: str | None = None) -> int:
    """Write the rows of one kind in a capture as CSV, of the one market that it has, or of that
    which ``symbol`` names; how many there are.

    Raises InvalidInput (a kind that captures do not have), BadMarketData naming the line that
    cannot be read, or where there is no row, GatewayUnavailable (it cannot be read) and OSError
    (it cannot be written).
    """
    header, rows = {
        DataKind.DEPTH: (_DEPTH, _depth),
        DataKind.TRADES: (_TRADES, _trades),
        DataKind.QUOTES: (_QUOTES, _quotes),
    }.get(kind, (None, None))
    if header is None or rows is None:
        raise InvalidInput("a capture has depth, trades and quotes: name one with --kind")
    count, wanted = 0, None if symbol is None else plain_market(symbol)
    with target.open("w", encoding="ascii", newline="\n") as file:
        file.write(header + "\n")
        for row in rows(_messages(path, wanted)):
            file.write(row + "\n")
            count += 1
    if not count:
        raise BadMarketData(
            f"{path} has no {kind.value}: none of its messages is one of Binance that tells of it, "
            "and its first lines have none of another venue that is known",
            file=str(path),
        )
    return count


def _messages(path: Path, wanted: str | None) -> Iterator[tuple[int, str, Any]]:
    """Receive time, kind of message and message; others are passed over."""
    number, symbol, reached = 0, "", 0
    try:
        for line in lines(path):
            number, received = line.number, line.received
            kind, of, message = _message(line.text)
            if wanted is not None and of and plain_market(of) != wanted:
                continue
            symbol = symbol or of
            if of and of != symbol:
                raise _mixed(path, number, symbol, of)
            reached = max(reached, _told(message)) if received is None else received
            yield reached, kind, message
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadMarketData(
            f"{path}, line {number}: {error}; expected a message of Binance's websocket as JSON, "
            "with the receive time in ns before it if that is known. Mend the file",
            file=str(path),
            row=number,
            reason="unreadable",
        ) from None


def _mixed(path: Path, number: int, symbol: str, of: str) -> BadMarketData:
    return BadMarketData(
        f"{path}, line {number}: it is of {of.upper()}, and those before of {symbol.upper()}: name "
        f"the one that is meant before the file, {symbol.upper()}={path}",
        file=str(path),
        row=number,
        reason="unreadable",
    )


_KINDS: Final[Mapping[str, type[Any]]] = {
    "depth": Update,
    "trade": Print,
    "aggTrade": Print,
    "bookTicker": Ticker,
}
_STREAMS: Final[Mapping[str, str]] = {"depthUpdate": "depth"}
"""Events that have another name than their stream."""


def _message(text: bytes) -> tuple[str, str, Any]:
    """The kind, the symbol where it is told, and what is said."""
    envelope = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    if "lastUpdateId" in envelope:
        return "snapshot", "", msgspec.json.decode(text, type=Snapshot)
    if "stream" not in envelope or "data" not in envelope:
        return _alone(text, envelope)
    stream = msgspec.json.decode(envelope["stream"], type=str)
    symbol, at, rest = stream.partition("@")
    if not at:
        raise ValueError(f"the stream {stream!r} does not say of what kind it is, after an @")
    name = rest.partition("@")[0]
    kind = _KINDS.get(name)
    if kind is None:
        return "other", "", None
    return name, symbol, msgspec.json.decode(envelope["data"], type=kind)


def _told(message: Any) -> int:
    """The venue's time of a message in ns, 0 where it tells none."""
    told = getattr(message, "E", None) or getattr(message, "T", None) or 0
    return int(told) * _MS


def _alone(text: bytes, envelope: Mapping[str, msgspec.Raw]) -> tuple[str, str, Any]:
    """A message that names no stream, as one of a single stream is."""
    names = [envelope.get(name) for name in ("e", "s")]
    event, symbol = ("" if raw is None else msgspec.json.decode(raw, type=str) for raw in names)
    if not event and {"b", "B", "a", "A", "u"} <= envelope.keys():
        event = "bookTicker"  # that of spot has no event
    name = _STREAMS.get(event, event)
    kind = _KINDS.get(name)
    if kind is None:
        return "other", "", None
    return name, symbol.lower(), msgspec.json.decode(text, type=kind)


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
    stream = ""  # of both streams the first that is there: the other tells the same trades
    for received, kind, trade in messages:
        if kind not in ("trade", "aggTrade") or (stream or kind) != kind:
            continue
        stream = kind
        if trade.X == "MARKET":
            side = "sell" if trade.m else "buy"
            yield f"{received},{trade.T * _MS},{trade.p},{trade.q},{side}"


def _quotes(messages: Iterable[tuple[int, str, Any]]) -> Iterator[str]:
    for received, kind, ticker in messages:
        if kind == "bookTicker":
            yield f"{received},{ticker.b},{ticker.a},{ticker.B},{ticker.A}"
