"""What the messages of venues' websockets say of books and trades, in one form.

Known are Kraken (v1 and v2), OKX, Bitget, Bybit, Coinbase (Exchange and Advanced Trade) and
Bitstamp; Binance has a module of its own (``captures``), for it joins snapshots by REST.  Numbers
stay the venue's text.  Where a venue tells who made a price, the other took it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

Level = tuple[str, str]
_MS: Final = 1_000_000
_US: Final = 1_000
_S: Final = 1_000_000_000
KRAKEN_DEPTHS: Final = (10, 25, 100, 500, 1000)
"""So many levels can be subscribed to."""


class Trade(msgspec.Struct, frozen=True):
    """A print: ``side`` is that of who took."""

    price: str
    size: str
    side: str
    ts: int | None


class VenueMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of one market.

    ``bids`` and ``asks`` are levels with their new size, of a snapshot all there are.  ``ts`` is
    the venue's time in ns, ``seq`` and ``prev_seq`` its numbers of the message and of the one
    before.
    Where ``depth`` is told, levels beyond so many of a side have left the book without a word.
    ``checksum`` is that of the book which the message leaves.
    """

    venue: str
    symbol: str
    is_snapshot: bool = False
    bids: list[Level] = []
    asks: list[Level] = []
    trades: list[Trade] = []
    ts: int | None = None
    seq: int = -1
    prev_seq: int = -1
    depth: int | None = None
    checksum: int | None = None

    @property
    def has_book(self) -> bool:
        """Whether it tells of a book."""
        return self.is_snapshot or not self.trades


def decode(text: bytes) -> list[VenueMessage]:
    """What a message says; nothing where it is of another kind.

    Raises ValueError (no JSON) and LookupError or TypeError (it lacks what such a message has).
    """
    said = json.loads(text, parse_float=str, parse_int=str)
    if isinstance(said, list):
        return _kraken_v1(said)
    if "topic" in said:
        return _bybit(said)
    if "arg" in said and "data" in said:
        return _okx_or_bitget(said)
    channel = said.get("channel")
    if channel in _BY_CHANNEL:
        return _BY_CHANNEL[channel](said)
    if isinstance(channel, str) and isinstance(said.get("data"), dict):
        return _bitstamp(said, channel)
    return _coinbase(said) if "product_id" in said else []


def _kraken_v1(said: list[Any]) -> list[VenueMessage]:
    if len(said) < 4 or not str(said[-2]).startswith("book-"):
        return []
    parts = {name: part for one in said[1:-2] for name, part in one.items()}
    levels = [level for name in ("a", "b", "as", "bs") for level in parts.get(name, ())]
    return [
        VenueMessage(
            venue="kraken",
            symbol=said[-1],
            is_snapshot="as" in parts or "bs" in parts,
            bids=_pairs(parts.get("bs", parts.get("b", ()))),
            asks=_pairs(parts.get("as", parts.get("a", ()))),
            ts=max((_seconds(level[2]) for level in levels), default=None),
            depth=int(said[-2].removeprefix("book-")),
            checksum=int(parts["c"]) if "c" in parts else None,
        )
    ]


def _kraken_v2(said: dict[str, Any]) -> list[VenueMessage]:
    made = []
    is_snapshot = said["type"] == "snapshot"
    for data in said["data"]:
        bids, asks = (
            [(level["price"], level["qty"]) for level in data[s]] for s in ("bids", "asks")
        )
        shown = max(len(bids), len(asks))
        made.append(
            VenueMessage(
                venue="kraken",
                symbol=data["symbol"],
                is_snapshot=is_snapshot,
                bids=bids,
                asks=asks,
                ts=_iso(data["timestamp"]) if "timestamp" in data else None,
                depth=next((d for d in KRAKEN_DEPTHS if shown <= d), None) if is_snapshot else None,
                checksum=int(data["checksum"]) if "checksum" in data else None,
            )
        )
    return made


def _kraken_trades(said: dict[str, Any]) -> list[VenueMessage]:
    return [
        _traded(
            "kraken", one["symbol"], one["price"], one["qty"], one["side"], _iso(one["timestamp"])
        )
        for one in said["data"]
    ]


def _okx_or_bitget(said: dict[str, Any]) -> list[VenueMessage]:
    arg, data = said["arg"], said["data"]
    venue, channel = "bitget" if "instType" in arg else "okx", arg["channel"]
    if channel.startswith("trade"):
        return [
            _traded(
                venue,
                arg["instId"],
                one["px"] if "px" in one else one["price"],
                one["sz"] if "sz" in one else one["size"],
                one["side"],
                int(one["ts"]) * _MS,
            )
            for one in data
            if isinstance(one, dict)
        ]
    if not channel.startswith(("books", "bbo-tbt")):
        return []
    # A channel of the best levels alone sends all of them each time.
    return [
        VenueMessage(
            venue=venue,
            symbol=arg["instId"],
            is_snapshot=said.get("action", "snapshot") == "snapshot",
            bids=_pairs(one["bids"]),
            asks=_pairs(one["asks"]),
            ts=int(one["ts"]) * _MS,
            seq=int(one.get("seqId", -1)),
            prev_seq=int(one.get("prevSeqId", -1)),
            checksum=int(one["checksum"]) if one.get("checksum") else None,
        )
        for one in data
    ]


def _bybit(said: dict[str, Any]) -> list[VenueMessage]:
    topic, data = said["topic"], said["data"]
    if topic.startswith("publicTrade."):
        return [
            _traded("bybit", one["s"], one["p"], one["v"], one["S"].lower(), int(one["T"]) * _MS)
            for one in data
        ]
    if not topic.startswith("orderbook."):
        return []
    return [
        VenueMessage(
            venue="bybit",
            symbol=data["s"],
            is_snapshot=said["type"] == "snapshot",
            bids=_pairs(data["b"]),
            asks=_pairs(data["a"]),
            ts=int(said.get("cts", said["ts"])) * _MS,
            seq=int(data["u"]),
        )
    ]


def _coinbase(said: dict[str, Any]) -> list[VenueMessage]:
    kind, symbol = said.get("type"), said["product_id"]
    time = _iso(said["time"]) if "time" in said else None
    if kind in ("match", "last_match"):
        taker = "sell" if said["side"] == "buy" else "buy"
        return [_traded("coinbase", symbol, said["price"], said["size"], taker, time)]
    if kind == "snapshot":
        bids, asks = _pairs(said["bids"]), _pairs(said["asks"])
    elif kind == "l2update":
        bids, asks = (
            [(px, qty) for side, px, qty in said["changes"] if side == which]
            for which in ("buy", "sell")
        )
    else:
        return []
    return [
        VenueMessage(
            venue="coinbase",
            symbol=symbol,
            is_snapshot=kind == "snapshot",
            bids=bids,
            asks=asks,
            ts=time,
        )
    ]


def _coinbase_advanced(said: dict[str, Any]) -> list[VenueMessage]:
    return [
        VenueMessage(
            venue="coinbase",
            symbol=event["product_id"],
            is_snapshot=event["type"] == "snapshot",
            bids=[_update(one) for one in event["updates"] if one["side"] == "bid"],
            asks=[_update(one) for one in event["updates"] if one["side"] != "bid"],
            ts=_iso(said["timestamp"]),
        )
        for event in said["events"]
    ]


def _bitstamp(said: dict[str, Any], channel: str) -> list[VenueMessage]:
    name, _, symbol = channel.rpartition("_")
    data = said["data"]
    if name == "live_trades" and said.get("event") == "trade":
        side = "sell" if data["type"] == "1" else "buy"
        ts = int(data["microtimestamp"]) * _US
        price, size = data.get("price_str", data["price"]), data.get("amount_str", data["amount"])
        return [_traded("bitstamp", symbol, price, size, side, ts)]
    if name not in ("diff_order_book", "order_book") or "bids" not in data:
        return []
    return [
        VenueMessage(
            venue="bitstamp",
            symbol=symbol,
            is_snapshot=name == "order_book",
            bids=_pairs(data["bids"]),
            asks=_pairs(data["asks"]),
            ts=int(data["microtimestamp"]) * _US,
        )
    ]


_BY_CHANNEL: Final[Mapping[str, Callable[[dict[str, Any]], list[VenueMessage]]]] = MappingProxyType(
    {"book": _kraken_v2, "trade": _kraken_trades, "l2_data": _coinbase_advanced}
)


def _traded(
    venue: str, symbol: str, price: str, size: str, side: str, ts: int | None
) -> VenueMessage:
    return VenueMessage(venue=venue, symbol=symbol, trades=[Trade(price, size, side, ts)], ts=ts)


def _update(one: dict[str, Any]) -> Level:
    return one["price_level"], one["new_quantity"]


def _pairs(levels: Any) -> list[Level]:
    return [(level[0], level[1]) for level in levels]


def _seconds(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole) * _S + int(fraction[:9].ljust(9, "0"))


def _iso(text: str) -> int:
    """A time of ISO 8601 in UTC, to at most nanoseconds."""
    clock, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(f"{clock}+00:00")
    return int(moment.timestamp()) * _S + int(fraction[:9].ljust(9, "0"))
