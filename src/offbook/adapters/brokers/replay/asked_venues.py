"""What the messages of KuCoin, Gate and HTX say, whose books begin with an answer that is asked
for.

Updates have numbers; the answer by REST (of HTX: to ``req``) is a line among them, and is behind
what had come already (``late_snapshots``).

*KuCoin* (www.kucoin.com/docs: ``/market/level2``, ``/market/match``, ``/contractMarket/level2``,
``/contractMarket/execution``): a price of 0 only moves the number.

*Gate* (www.gate.com/docs: ``order_book_update``, ``order_book``, ``obu``, ``trades``; spot and
futures): an ``order_book`` of futures without an interval is told whole, then by levels whose size
is below 0 for asks.  Trades that are ``is_internal`` met no order in the book.

*HTX* (www.htx.com: ``mbp``, ``depth``, ``trade.detail``): books are whole but for those of ``mbp``
without ``refresh``, and for those of contracts whose ``event`` is ``update``: there ``version``
rises by one.  The amounts of trades of contracts (their names are in capitals) are those of both
sides, so a trade is of half as many.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from offbook.adapters.brokers.replay.venue_message import (
    MS,
    Level,
    VenueMessage,
    is_zero,
    pairs,
    traded,
)

_KUCOIN_BOOKS: Final = ("/market/level2:", "/contractMarket/level2:")


def decode_asked(said: dict[str, Any]) -> list[VenueMessage] | None:
    """What a message says, nothing where it tells of no book or trade; None where it is of another
    venue."""
    topic, channel, told = said.get("topic"), said.get("channel"), said.get("ch", said.get("rep"))
    if isinstance(topic, str) and topic.startswith("/"):
        return _kucoin(topic, said["data"]) if "data" in said else []
    if said.get("code") == "200000" and isinstance(said.get("data"), dict):
        return _kucoin_answer(said["data"])
    if isinstance(channel, str) and channel.startswith(("spot.", "futures.")):
        return _gate(channel, said["result"]) if said.get("event") in ("update", "all") else []
    if {"id", "current", "asks", "bids"} <= said.keys():
        return [_gate_answer(said)]
    if isinstance(told, str) and told.startswith("market."):
        return _htx(told, said)
    return None


def _kucoin(topic: str, data: dict[str, Any]) -> list[VenueMessage]:
    name, _, symbol = topic.partition(":")
    if name == "/market/match":
        ns = int(data["time"])
        return [traded("kucoin", symbol, data["price"], data["size"], data["side"], ns)]
    if name == "/contractMarket/execution":
        ns = int(data["ts"])
        return [traded("kucoin", symbol, data["price"], data["size"], data["side"], ns)]
    if topic.startswith(_KUCOIN_BOOKS[1]):
        seq = int(data["sequence"])
        price, side, size = data["change"].split(",")
        changes: dict[str, Any] = {"bids": [], "asks": []}
        changes["bids" if side == "buy" else "asks"] = [(price, size)]
        return [_kucoin_update(symbol, changes, (seq, seq), int(data["timestamp"]) * MS)]
    if topic.startswith(_KUCOIN_BOOKS[0]):
        span = int(data["sequenceStart"]), int(data["sequenceEnd"])
        ms = int(data["time"]) if "time" in data else None
        return [_kucoin_update(symbol, data["changes"], span, None if ms is None else ms * MS)]
    return []


def _kucoin_update(
    symbol: str, changes: dict[str, Any], span: tuple[int, int], ts: int | None
) -> VenueMessage:
    # Those of one message are in the order of their numbers on each side.
    bids, asks = (
        pairs([one for one in changes[side] if not is_zero(one[0])]) for side in ("bids", "asks")
    )
    return VenueMessage(
        venue="kucoin",
        symbol=symbol,
        bids=bids,
        asks=asks,
        ts=ts,
        first_seq=span[0],
        seq=span[1],
    )


def _kucoin_answer(data: dict[str, Any]) -> list[VenueMessage]:
    if not {"sequence", "bids", "asks"} <= data.keys():
        return []
    ns = int(data["ts"]) if "ts" in data else int(data["time"]) * MS
    return [
        VenueMessage(
            venue="kucoin",
            symbol=data.get("symbol", ""),
            is_snapshot=True,
            is_answer=True,
            bids=pairs(data["bids"]),
            asks=pairs(data["asks"]),
            ts=ns,
            seq=int(data["sequence"]),
        )
    ]


def _gate(channel: str, result: Any) -> list[VenueMessage]:
    kind = channel.partition(".")[2]
    if kind == "trades":
        rows = result if isinstance(result, list) else [result]
        return [_gate_trade(one) for one in rows if one.get("is_internal") is not True]
    if kind not in ("order_book_update", "order_book", "obu"):
        return []
    if isinstance(result, list):
        return [_gate_signed(channel, result)] if result else []
    is_whole = kind == "order_book" or result.get("full") is True
    symbol = result["s"] if "s" in result else result["contract"]
    if kind == "obu":  # "ob.BTC_USDT.50"
        channel, symbol = f"{channel} {symbol}", symbol.split(".")[1]
    return [
        VenueMessage(
            venue="gate",
            symbol=symbol,
            channel=channel,
            is_snapshot=is_whole,
            bids=_gate_levels(result.get("b", result.get("bids"))),
            asks=_gate_levels(result.get("a", result.get("asks"))),
            ts=int(result["t"]) * MS,
            first_seq=-1 if is_whole else int(result["U"]),
            seq=int(result.get("u", result.get("lastUpdateId", result.get("id", -1)))),
        )
    ]


def _gate_signed(channel: str, levels: list[dict[str, str]]) -> VenueMessage:
    """Levels of one market: a size of 0 does not tell of which side, and can be of one alone."""
    bids = [(one["p"], one["s"]) for one in levels if not one["s"].startswith("-")]
    asks = [
        (one["p"], one["s"].removeprefix("-"))
        for one in levels
        if one["s"].startswith("-") or is_zero(one["s"])
    ]
    return VenueMessage(venue="gate", symbol=levels[0]["c"], channel=channel, bids=bids, asks=asks)


def _gate_levels(levels: Any) -> list[Level]:
    return [
        (one["p"], one["s"]) if isinstance(one, dict) else (one[0], one[1]) for one in levels or ()
    ]


def _gate_trade(one: dict[str, Any]) -> VenueMessage:
    ns = int(Decimal(one["create_time_ms"]) * MS)
    if "contract" in one:
        side = "sell" if one["size"].startswith("-") else "buy"
        size = one["size"].removeprefix("-")
        return traded("gate", one["contract"], one["price"], size, side, ns)
    return traded("gate", one["currency_pair"], one["price"], one["amount"], one["side"], ns)


def _gate_answer(said: dict[str, Any]) -> VenueMessage:
    current = Decimal(said["current"])
    # Milliseconds of spot, seconds of futures.
    ns = int(current * (MS if current > 10**11 else 10**9))
    return VenueMessage(
        venue="gate",
        symbol="",
        is_snapshot=True,
        is_answer=True,
        bids=_gate_levels(said["bids"]),
        asks=_gate_levels(said["asks"]),
        ts=ns,
        seq=int(said["id"]),
    )


def _htx(channel: str, said: dict[str, Any]) -> list[VenueMessage]:
    _, symbol, kind, *more = [*channel.split("."), "", ""]
    is_answer = "rep" in said
    data = said.get("data") if is_answer else said.get("tick")
    if data is None:
        return []
    if kind == "trade":
        # An answer has trades that were told already.
        return [] if is_answer else [_htx_trade(symbol, one) for one in data["data"]]
    if kind not in ("mbp", "depth"):
        return []
    is_update = data.get("event") == "update" or (kind == "mbp" and more[0] != "refresh")
    version = int(data["version"]) if "event" in data else -1
    seq = int(data.get("seqNum", version))
    before = int(data.get("prevSeqNum", -1 if version < 0 else version - 1))
    return [
        VenueMessage(
            venue="htx",
            symbol=symbol,
            channel="" if is_answer else channel,
            is_snapshot=is_answer or not is_update,
            is_answer=is_answer,
            bids=pairs(data.get("bids") or ()),
            asks=pairs(data.get("asks") or ()),
            ts=int(said["ts"]) * MS if "ts" in said else None,
            seq=seq,
            prev_seq=before if is_update and not is_answer else -1,
        )
    ]


def _htx_trade(symbol: str, one: dict[str, Any]) -> VenueMessage:
    amount = one["amount"]
    if symbol != symbol.lower():
        amount = f"{Decimal(amount) / 2:f}"
    return traded("htx", symbol, one["price"], amount, one["direction"], int(one["ts"]) * MS)
