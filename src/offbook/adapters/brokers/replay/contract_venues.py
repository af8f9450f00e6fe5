"""What the messages of venues of contracts say of books and trades: Deribit, BitMEX, Kraken's
futures, Crypto.com.

*Deribit* (docs.deribit.com: ``book.{instrument}.{interval}``, ``trades``): levels are an action, a
price and an amount; each message names the one before it (``prev_change_id``).  Books of a group
and a depth are told whole each time.

*BitMEX* (www.bitmex.com/app/wsAPI: ``orderBookL2``, ``orderBookL2_25``, ``orderBook10`` and
``trade``): a level has a number, by which it is updated and deleted; only those that begin it have
to tell its price.  What comes before the first ``partial`` of a connection is to be passed over.

*Kraken Futures* (docs.kraken.com: ``book``, ``trade``): a snapshot, then one level a message, with
numbers that rise by one.

*Crypto.com* (exchange-docs.crypto.com: ``book.{instrument}.{depth}``, ``trade``): a snapshot, then
updates that name the number before their own.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from offbook.adapters.brokers.replay.venue_message import (
    MS,
    Level,
    VenueMessage,
    iso,
    pairs,
    traded,
)

KRAKEN_FEEDS: Final = ("book_snapshot", "book", "trade")
OUTSIDE: Final = ("assignment", "termination", "block")
"""Types of trades that were not made in the book."""
CRYPTO_COM_CHANNELS: Final = ("book", "book.update", "trade")
BITMEX_BOOKS: Final = ("orderBookL2", "orderBookL2_25")


class ContractVenues:
    """Reads the messages of one capture; remembers what the numbers of BitMEX's levels stand
    for."""

    def __init__(self) -> None:
        self._bitmex = BitmexBooks()

    def decode(self, said: dict[str, Any]) -> list[VenueMessage] | None:
        """What a message says, nothing where it tells of no book or trade; None where it is of
        another venue."""
        if "table" in said and "action" in said:
            return self._bitmex.decode(said)
        if "info" in said and "version" in said:  # BitMEX's welcome to a connection
            self._bitmex = BitmexBooks()
            return []
        if said.get("method") == "subscription":
            return deribit(said)
        if "feed" in said:
            return kraken_futures(said) if "event" not in said else []
        result = said.get("result")
        if isinstance(result, dict) and result.get("channel") in CRYPTO_COM_CHANNELS:
            # An answer to Kraken's subscription has a channel too, and no data.
            return crypto_com(result) if "data" in result else []
        return None


def deribit(said: dict[str, Any]) -> list[VenueMessage]:
    """A notification of a subscription."""
    told = said["params"]
    channel, data = told["channel"], told["data"]
    if channel.startswith("trades."):
        return [
            traded(
                "deribit",
                one["instrument_name"],
                one["price"],
                one["amount"],
                one["direction"],
                int(one["timestamp"]) * MS,
            )
            for one in data
            if one.get("block_trade_id") is None  # agreed on outside of the book
        ]
    if not channel.startswith("book."):
        return []
    is_whole = "type" not in data
    return [
        VenueMessage(
            venue="deribit",
            symbol=data["instrument_name"],
            channel=channel,
            is_snapshot=is_whole or data["type"] == "snapshot",
            bids=pairs(data["bids"]) if is_whole else _deribit_levels(data["bids"]),
            asks=pairs(data["asks"]) if is_whole else _deribit_levels(data["asks"]),
            ts=int(data["timestamp"]) * MS,
            seq=int(data["change_id"]),
            prev_seq=int(data.get("prev_change_id", -1)),
        )
    ]


def _deribit_levels(levels: list[list[str]]) -> list[Level]:
    return [(px, "0" if action == "delete" else qty) for action, px, qty in levels]


def kraken_futures(said: dict[str, Any]) -> list[VenueMessage]:
    """A message of a feed."""
    feed = said["feed"]
    if feed not in KRAKEN_FEEDS:
        return []
    symbol = said["product_id"]
    if feed == "trade":
        if said.get("type") in OUTSIDE:
            return []
        side, ts = said["side"], int(said["time"]) * MS
        return [traded("kraken_futures", symbol, said["price"], said["qty"], side, ts)]
    seq, ts = int(said["seq"]), int(said["timestamp"]) * MS
    if feed == "book_snapshot":
        bids, asks = (
            [(one["price"], one["qty"]) for one in said[side]] for side in ("bids", "asks")
        )
        before = -1
    else:
        level = [(said["price"], said["qty"])]
        bids, asks = (level, []) if said["side"] == "buy" else ([], level)
        before = seq - 1
    return [
        VenueMessage(
            venue="kraken_futures",
            symbol=symbol,
            is_snapshot=feed == "book_snapshot",
            bids=bids,
            asks=asks,
            ts=ts,
            seq=seq,
            prev_seq=before,
        )
    ]


def crypto_com(result: dict[str, Any]) -> list[VenueMessage]:
    """What a message of a subscription tells."""
    channel, symbol = result["channel"], result["instrument_name"]
    if channel == "trade":
        return [
            traded("crypto.com", symbol, one["p"], one["q"], one["s"].lower(), int(one["t"]) * MS)
            for one in result["data"]
        ]
    made = []
    for one in result["data"]:
        levels = one.get("update", one)
        made.append(
            VenueMessage(
                venue="crypto.com",
                symbol=symbol,
                channel=result.get("subscription", ""),
                is_snapshot=channel == "book",
                bids=pairs(levels["bids"]),
                asks=pairs(levels["asks"]),
                ts=int(one["t"]) * MS,
                seq=int(one["u"]),
                prev_seq=int(one.get("pu", -1)),
            )
        )
    return made


class NumberedLevel(msgspec.Struct, frozen=True):
    """What a number of BitMEX stands for."""

    side: str
    price: str


class BitmexBooks:
    """Remembers of each market which level is meant by a number."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str], dict[str, NumberedLevel]] = {}

    def decode(self, said: dict[str, Any]) -> list[VenueMessage]:
        """What a message of a table says, of each market in it."""
        table, rows = said["table"], said["data"]
        if table == "trade":
            # Prices of indices come as trades of no size.
            made = [_bitmex_trade(one) for one in rows if one.get("side") and one.get("size")]
            return made if said["action"] == "insert" else []
        if table == "orderBook10":
            return [_whole(one) for one in rows]
        if table not in BITMEX_BOOKS:
            return []
        by_market: dict[str, list[dict[str, Any]]] = {}
        for one in rows:
            by_market.setdefault(one["symbol"], []).append(one)
        books = (self._book(table, said["action"], one) for one in by_market.values())
        return [message for message in books if message is not None]

    def _book(self, table: str, action: str, rows: list[dict[str, Any]]) -> VenueMessage | None:
        is_snapshot, symbol = action == "partial", rows[0]["symbol"]
        if is_snapshot:
            self._levels[table, symbol] = {}
        known = self._levels.get((table, symbol))
        if known is None:
            return None
        sides: dict[str, list[tuple[str, str]]] = {"Buy": [], "Sell": []}
        for one in rows:
            before = known.get(one["id"])
            if action in ("update", "delete") and before is None:
                raise LookupError(f"{action} of the level {one['id']}, which was not told")
            price = one["price"] if before is None else one.get("price", before.price)
            if before is not None and before != NumberedLevel(one["side"], price):
                sides[before.side].append((before.price, "0"))
            if action == "delete":
                del known[one["id"]]
                sides[one["side"]].append((price, "0"))
            else:
                known[one["id"]] = NumberedLevel(one["side"], price)
                sides[one["side"]].append((price, one["size"]))
        return VenueMessage(
            venue="bitmex",
            symbol=symbol,
            channel=table,
            is_snapshot=is_snapshot,
            bids=sides["Buy"],
            asks=sides["Sell"],
            ts=max((iso(one["timestamp"]) for one in rows if "timestamp" in one), default=None),
        )


def _whole(one: dict[str, Any]) -> VenueMessage:
    return VenueMessage(
        venue="bitmex",
        symbol=one["symbol"],
        channel="orderBook10",
        is_snapshot=True,
        bids=pairs(one["bids"]),
        asks=pairs(one["asks"]),
        ts=iso(one["timestamp"]),
    )


def _bitmex_trade(one: dict[str, Any]) -> VenueMessage:
    side = one["side"].lower()
    return traded("bitmex", one["symbol"], one["price"], one["size"], side, iso(one["timestamp"]))
