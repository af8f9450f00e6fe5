"""What the messages of venues' websockets say of books and trades, in one form.

Known are Kraken (v1 and v2), OKX, Bitget, Bybit, Bitfinex, Coinbase (Exchange and Advanced Trade),
Bitstamp, dYdX (v4) and Hyperliquid, and those of ``contract_venues`` and ``asked_venues``; Binance
has a module of its own (``captures``).  Numbers stay the venue's text.
Where a venue tells who made a price, the other took it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from offbook.adapters.brokers.replay.asked_venues import decode_asked
from offbook.adapters.brokers.replay.contract_venues import ContractVenues
from offbook.adapters.brokers.replay.venue_message import (
    MS,
    US,
    Level,
    VenueMessage,
    iso,
    pairs,
    seconds,
    told_depth,
    traded,
)

KRAKEN_DEPTHS: Final = (10, 25, 100, 500, 1000)
"""So many levels can be subscribed to."""


class Decoder:
    """Reads the messages of one capture; remembers what the numbers of Bitfinex's channels stand
    for and how deep Kraken's books are, which is told once, when they are subscribed to, and the
    numbers of BitMEX's levels."""

    def __init__(self) -> None:
        self._bitfinex: dict[str, tuple[str, str]] = {}
        self._depths: dict[str, int] = {}
        self._contracts = ContractVenues()

    def decode(self, text: bytes) -> list[VenueMessage]:
        """What a message says; nothing where it is of another kind.

        Raises ValueError (no JSON) and LookupError or TypeError (it lacks what such a message has).
        """
        said = json.loads(text, parse_float=str, parse_int=str)
        if isinstance(said, list):
            known = self._bitfinex.get(said[0]) if said and isinstance(said[0], str) else None
            return _kraken_v1(said) if known is None else _bitfinex(said, *known)
        return self._named(said)

    def _named(self, said: dict[str, Any]) -> list[VenueMessage]:
        """What a message says whose parts have names."""
        if said.get("event") == "subscribed" and "chanId" in said:
            is_of_orders = str(said.get("prec", "")).startswith("R")
            channel = "" if is_of_orders else said["channel"]
            self._bitfinex[said["chanId"]] = channel, said["symbol"]
            return []
        if said.get("method") == "subscribe":
            self._depths |= told_depth(said, "book")
        others = self._contracts.decode(said)
        others = decode_asked(said) if others is None else others
        if others is not None:
            return others
        if "topic" in said:
            return _bybit(said)
        if "instId" in said and "action" in said:  # of OKX's archives
            arg = {"channel": "books", "instId": said["instId"]}
            return _okx_or_bitget({"arg": arg, "action": said["action"], "data": [said]})
        if "arg" in said and "data" in said:
            return _okx_or_bitget(said)
        channel = said.get("channel")
        if channel == "book":
            return _kraken_v2(said, self._depths)
        if isinstance(channel, str) and channel in _BY_CHANNEL:
            return _BY_CHANNEL[channel](said)
        if isinstance(channel, str) and isinstance(said.get("data"), dict):
            return _bitstamp(said, channel)
        return _coinbase(said) if "product_id" in said else []


def _bitfinex(said: list[Any], channel: str, symbol: str) -> list[VenueMessage]:
    """Levels are price, count and amount, below 0 for asks; a count of 0 takes them away."""
    told = said[1]
    symbol = symbol.removeprefix("t")
    if channel == "book" and told == "cs":
        return [VenueMessage(venue="bitfinex", symbol=symbol, checksum=int(said[2]))]
    if channel == "trades" and told == "te":
        return [_bitfinex_trade(symbol, said[2])]
    if channel != "book" or not isinstance(told, list):
        return []
    is_snapshot = not told or isinstance(told[0], list)
    levels = told if is_snapshot else [told]
    sides: tuple[list[Level], list[Level]] = [], []
    for price, count, amount in levels:
        size = "0" if count == "0" else amount.removeprefix("-")
        sides[amount.startswith("-")].append((price, size))
    return [
        VenueMessage(
            venue="bitfinex",
            symbol=symbol,
            is_snapshot=is_snapshot,
            bids=sides[0],
            asks=sides[1],
            ts=int(said[-1]) * MS
            if len(said) > 2 and len(said[-1]) == len("1704205800000")
            else None,
        )
    ]


def _bitfinex_trade(symbol: str, trade: list[str]) -> VenueMessage:
    _, ms, amount, price = trade[:4]
    side = "sell" if amount.startswith("-") else "buy"
    return traded("bitfinex", symbol, price, amount.removeprefix("-"), side, int(ms) * MS)


def _kraken_v1(said: list[Any]) -> list[VenueMessage]:
    if len(said) < 4 or not str(said[-2]).startswith("book-"):
        return []
    parts = {name: part for one in said[1:-2] for name, part in one.items()}
    levels = [level for name in ("a", "b", "as", "bs") for level in parts.get(name, ())]
    return [
        VenueMessage(
            venue="kraken",
            symbol=said[-1],
            channel=said[-2],
            is_snapshot="as" in parts or "bs" in parts,
            bids=pairs(parts.get("bs", parts.get("b", ()))),
            asks=pairs(parts.get("as", parts.get("a", ()))),
            ts=max((seconds(level[2]) for level in levels), default=None),
            depth=int(said[-2].removeprefix("book-")),
            checksum=int(parts["c"]) if "c" in parts else None,
        )
    ]


def _kraken_v2(said: dict[str, Any], depths: Mapping[str, int]) -> list[VenueMessage]:
    """Where no depth was told for a market it is the least that it can be."""
    made = []
    is_snapshot = said["type"] == "snapshot"
    for data in said["data"]:
        bids, asks = (
            [(level["price"], level["qty"]) for level in data[s]] for s in ("bids", "asks")
        )
        shown = max(len(bids), len(asks))
        least = next((depth for depth in KRAKEN_DEPTHS if shown <= depth), None)
        made.append(
            VenueMessage(
                venue="kraken",
                symbol=data["symbol"],
                is_snapshot=is_snapshot,
                bids=bids,
                asks=asks,
                ts=iso(data["timestamp"]) if "timestamp" in data else None,
                depth=depths.get(data["symbol"], least) if is_snapshot else None,
                checksum=int(data["checksum"]) if "checksum" in data else None,
            )
        )
    return made


def _kraken_trades(said: dict[str, Any]) -> list[VenueMessage]:
    return [
        traded(
            "kraken", one["symbol"], one["price"], one["qty"], one["side"], iso(one["timestamp"])
        )
        for one in said["data"]
    ]


def _okx_or_bitget(said: dict[str, Any]) -> list[VenueMessage]:
    arg, data = said["arg"], said["data"]
    venue, channel = "bitget" if "instType" in arg else "okx", arg["channel"]
    if channel.startswith("trade"):
        return [
            traded(
                venue,
                arg["instId"],
                one["px"] if "px" in one else one["price"],
                one["sz"] if "sz" in one else one["size"],
                one["side"],
                int(one["ts"]) * MS,
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
            channel=f"{arg.get('instType', '')} {channel}".strip(),
            is_snapshot=said.get("action", "snapshot") == "snapshot",
            bids=pairs(one["bids"]),
            asks=pairs(one["asks"]),
            ts=int(one["ts"]) * MS,
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
            traded("bybit", one["s"], one["p"], one["v"], one["S"].lower(), int(one["T"]) * MS)
            for one in data
            if one.get("BT") is not True  # a block, agreed on outside of the book
        ]
    if not topic.startswith("orderbook."):
        return []
    return [
        VenueMessage(
            venue="bybit",
            symbol=data["s"],
            channel=topic,
            is_snapshot=said["type"] == "snapshot",
            bids=pairs(data["b"]),
            asks=pairs(data["a"]),
            ts=int(said.get("cts", said["ts"])) * MS,
            seq=int(data["u"]),
        )
    ]


def _coinbase(said: dict[str, Any]) -> list[VenueMessage]:
    kind, symbol = said.get("type"), said["product_id"]
    time = iso(said["time"]) if "time" in said else None
    if kind in ("match", "last_match"):
        taker = "sell" if said["side"] == "buy" else "buy"
        return [traded("coinbase", symbol, said["price"], said["size"], taker, time)]
    if kind == "snapshot":
        bids, asks = pairs(said["bids"]), pairs(said["asks"])
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
            ts=iso(said["timestamp"]),
        )
        for event in said["events"]
    ]


def _bitstamp(said: dict[str, Any], channel: str) -> list[VenueMessage]:
    name, _, symbol = channel.rpartition("_")
    data = said["data"]
    if name == "live_trades" and said.get("event") == "trade":
        side = "sell" if data["type"] == "1" else "buy"
        ts = int(data["microtimestamp"]) * US
        price, size = data.get("price_str", data["price"]), data.get("amount_str", data["amount"])
        return [traded("bitstamp", symbol, price, size, side, ts)]
    if name not in ("diff_order_book", "order_book") or "bids" not in data:
        return []
    return [
        VenueMessage(
            venue="bitstamp",
            symbol=symbol,
            is_snapshot=name == "order_book",
            bids=pairs(data["bids"]),
            asks=pairs(data["asks"]),
            ts=int(data["microtimestamp"]) * US,
        )
    ]


def _dydx(said: dict[str, Any]) -> list[VenueMessage]:
    """A snapshot when it is subscribed to, then levels; no message tells its time."""
    told = said.get("contents", ())
    return [
        VenueMessage(
            venue="dydx",
            symbol=said["id"],
            is_snapshot=said["type"] == "subscribed",
            bids=_named(one.get("bids", ())),
            asks=_named(one.get("asks", ())),
        )
        for one in (told if isinstance(told, list) else [told])
    ]


def _hyperliquid(said: dict[str, Any]) -> list[VenueMessage]:
    """The best levels, all of them each time."""
    data = said["data"]
    bids, asks = ([(one["px"], one["sz"]) for one in side] for side in data["levels"])
    return [
        VenueMessage(
            venue="hyperliquid",
            symbol=data["coin"],
            is_snapshot=True,
            bids=bids,
            asks=asks,
            ts=int(data["time"]) * MS,
        )
    ]


def _hyperliquid_trades(said: dict[str, Any]) -> list[VenueMessage]:
    takers = {"A": "sell", "B": "buy"}
    return [
        traded(
            "hyperliquid",
            one["coin"],
            one["px"],
            one["sz"],
            takers[one["side"]],
            int(one["time"]) * MS,
        )
        for one in said["data"]
    ]


def _named(levels: Any) -> list[Level]:
    return [
        (level["price"], level["size"]) if isinstance(level, dict) else (level[0], level[1])
        for level in levels
    ]


_BY_CHANNEL: Final[Mapping[str, Callable[[dict[str, Any]], list[VenueMessage]]]] = MappingProxyType(
    {
        "trade": _kraken_trades,
        "l2_data": _coinbase_advanced,
        "v4_orderbook": _dydx,
        "l2Book": _hyperliquid,
        "trades": _hyperliquid_trades,
    }
)


def _update(one: dict[str, Any]) -> Level:
    return one["price_level"], one["new_quantity"]
