"""Raw captures that name every order, Kraken's and Bitfinex's: what becomes of them, and whether
the book is the one of which the venue publishes a checksum."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from offbook.adapters.brokers.replay.coinbase_orders import is_full_capture
from offbook.adapters.brokers.replay.order_captures import is_order_capture, write_order_capture
from offbook.adapters.brokers.replay.venue_captures import write_venue_capture
from offbook.config.book_reading import read_book
from offbook.config.capture_checking import check_capture
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind

BIDS = {
    449394: [88968699, 45210000, 10000000, 14296323, 25000000, 10292988, 33880000, 128140860],
    449371: [3346877],
    449347: [35630000],
    449302: [22734299, 1000000, 5550000, 70000000, 15000000],
    449280: [105240],
    449196: [33870000],
    449195: [7610000],
    449120: [35630000],
    449097: [6690000],
    449019: [88982],
}
ASKS = {
    449395: [452308393, 111261, 100000, 1000000],
    449500: [10334926],
    449530: [64537],
    449550: [250000],
    449596: [35630000, 35630000],
    449601: [338072],
    449602: [88967575],
    449670: [314392283],
    449785: [6778960],
    449792: [35630000],
}
PUBLISHED = 1063832831
"""Of these orders, in tenths and 10**-8 (docs.kraken.com: *L3 checksum (WebSocket v2)*)."""


def order(name: str, px: int, qty: int, event: str | None = None, second: int = 0) -> str:
    """As Kraken writes one: numbers with all their decimals."""
    price, size = Decimal(px).scaleb(-1), format(Decimal(qty).scaleb(-8), "f")
    told = f', "event": "{event}"' if event else ""
    return (
        f'{{"order_id": "{name}", "limit_price": {price}, "order_qty": {size}{told}'
        f', "timestamp": "2024-01-08T12:26:{second:02}.5Z"}}'
    )


def level3(kind: str, bids: list[str], asks: list[str], checksum: int) -> str:
    data = f'"bids": [{", ".join(bids)}], "asks": [{", ".join(asks)}], "checksum": {checksum}'
    return f'{{"channel": "level3", "type": "{kind}", "data": [{{"symbol": "BTC/USD", {data}}}]}}'


def capture(folder: Path, *messages: str) -> Path:
    path = folder / "capture.jsonl"
    path.write_text("\n".join(messages) + "\n")
    return path


def written(path: Path) -> list[str]:
    """The rows without times and numbers of messages."""
    target = path.with_name("made.csv")
    assert is_order_capture(path)
    write_order_capture(path, target)
    lines = target.read_text().splitlines()
    return [line.split(",", 2)[2].removesuffix(",-1,-1") for line in lines]


def test_kraken_s_published_example(tmp_path: Path) -> None:
    """The book that sessions make of it has the checksum that Kraken says."""
    sides = [
        [
            order(f"{side}{px}-{n}", px, qty)
            for px, sizes in told.items()
            for n, qty in enumerate(sizes)
        ]
        for side, told in (("b", BIDS), ("a", ASKS))
    ]
    found = check_capture(str(capture(tmp_path, level3("snapshot", *sides, PUBLISHED))))
    assert (found.venue, found.checksums, found.mismatches) == ("kraken", 1, ())


class PlainKraken:
    """An exchange that keeps all orders and tells those of its ten best levels, with the checksums
    of what it keeps."""

    def __init__(self, seed: int) -> None:
        self.rng, self.count = Random(seed), 0
        self.book: dict[str, dict[int, list[list[Any]]]] = {"bids": {}, "asks": {}}
        self.known: dict[str, list[tuple[str, int, int]]] = {"bids": [], "asks": []}
        for n in range(24):
            self.add("bids", 1000 - n // 2)
            self.add("asks", 1001 + n // 2)

    def best(self, side: str) -> list[int]:
        return sorted(self.book[side], reverse=side == "bids")[:10]

    def told(self, side: str) -> list[tuple[str, int, int]]:
        return [(name, px, qty) for px in self.best(side) for name, qty in self.book[side][px]]

    def add(self, side: str, px: int) -> None:
        self.count += 1
        order = [f"O{self.count}", self.rng.randint(1, 10**9)]
        self.book[side].setdefault(px, []).append(order)

    def change(self) -> None:
        """One thing that happens: an order comes, is made smaller or larger, or goes; a level."""
        side = self.rng.choice(("bids", "asks"))
        px = self.rng.choice(self.best(side)[:3])
        queue = self.book[side][px]
        what = self.rng.choice(("add", "better", "less", "more", "gone", "level"))
        if what == "add":
            self.add(side, px)
        elif what == "better":
            self.add(side, px + (side == "asks") - (side == "bids"))
        elif what in ("less", "more"):
            one = queue.pop(0)
            one[1] = one[1] + 5 if what == "more" else max(1, one[1] // 2)
            queue.insert(0 if what == "less" else len(queue), one)
        elif len(self.book[side]) > 11:
            del queue[: 1 if what == "gone" else None]
        if not queue:
            del self.book[side][px]

    def message(self, kind: str) -> str:
        """What is known of the ten best levels after it, and was not before."""
        events = []
        for side in ("bids", "asks"):
            now, old = self.told(side), {name: (px, qty) for name, px, qty in self.known[side]}
            held = {name for queue in self.book[side].values() for name, _ in queue}
            gone = [order(name, *old[name], "delete") for name in old if name not in held]
            new = [
                order(name, px, qty, "modify" if name in old else "add")
                for name, px, qty in now
                if old.get(name) != (px, qty)
            ]
            events.append(gone + new)
            self.known[side] = now
        text = "".join(f"{px}{qty}" for side in ("asks", "bids") for _, px, qty in self.told(side))
        return level3(kind, *events, zlib.crc32(text.encode()))


@pytest.mark.parametrize("seed", range(2))
def test_orders_beyond_the_depth_leave_without_a_word(tmp_path: Path, seed: int) -> None:
    """And come back as new ones; who stands where is what the exchange's checksum proves."""
    exchange = PlainKraken(seed)
    messages = [exchange.message("snapshot")]
    for _ in range(79):
        exchange.change()
        messages.append(exchange.message("update"))
    path = capture(tmp_path, *messages)
    found = check_capture(str(path))
    assert (found.checksums, found.mismatches) == (80, ())
    lines = path.read_text().splitlines()
    left = [line for line in lines if '"delete"' not in line]
    assert len(left) < len(lines)
    assert check_capture(str(capture(tmp_path, *left))).mismatches != ()


def test_rows_of_kraken(tmp_path: Path) -> None:
    """An order that moves is deleted from where it was by what is modified; a subscription tells
    how many levels there are."""
    result = {"channel": "level3", "depth": 10, "symbol": "BTC/USD"}
    subscribed = {"method": "subscribe", "result": result}
    path = capture(
        tmp_path,
        json.dumps(subscribed),
        level3("snapshot", [order("A", 1000, 10**8)], [order("B", 1002, 10**8)], 1),
        level3("update", [order("A", 999, 10**7, "modify", 2)], [], 2),
        level3("update", [], [order("B", 1002, 0, "delete", 3)], 3),
    )
    assert written(path)[1:] == [
        "add,bid,100.0,1.00000000,1,1",
        "add,ask,100.2,1.00000000,2,3",
        "modify,bid,99.9,0.10000000,1,2",
        "delete,ask,100.2,1.00000000,2,2",
    ]
    convert_data(str(path), tmp_path / "book.csv", MarketDescription())
    *_, last = read_book(str(tmp_path / "book.csv"), with_orders=True)
    assert [(one.order_id, one.px, one.qty) for one in last.bid_orders] == [(1, 999, 1)]
    assert (last.ask_orders, last.unknown) == ((), 0)


def test_bitfinex_s_raw_books(tmp_path: Path) -> None:
    """A price of 0 takes an order away; the checksum is of numbers and amounts, as it is written
    with a text in between by hand here."""
    told = [[3, 99.5, 0.25], [7, 100, -0.5], [5, 99.5, 1e-7]]
    text = "3:0.25:7:-0.5:5:1e-7"
    signed = zlib.crc32(text.encode())
    signed -= (signed >> 31) << 32
    book = {"event": "subscribed", "channel": "book", "symbol": "tBTCUSD", "prec": "R0"}
    path = capture(
        tmp_path,
        json.dumps({**book, "chanId": 9}),
        json.dumps([9, told, 1704205800000]),
        json.dumps([9, "cs", signed]),
        json.dumps([9, [3, 99.5, 0.125], 1704205801000]),
        json.dumps([9, [7, 0, 1], 1704205802000]),
        json.dumps([9, "hb"]),
        json.dumps([9, [8, 99, -1], 1704205802500]),
        json.dumps([9, [5, 98, -2], 1704205803000]),
        json.dumps([9, "cs", 1]),
    )
    assert written(path)[1:] == [
        "add,bid,99.5,0.25,3,1",
        "add,bid,99.5,1e-07,5,1",
        "add,ask,100,0.5,7,3",
        "none,none,0,0,0,2",
        "modify,bid,99.5,0.125,3,2",
        "delete,ask,100,0.5,7,2",
        "add,ask,99,1,8,2",
        "delete,bid,99.5,1e-07,5,0",
        "add,ask,98,2,5,2",
        "none,none,0,0,0,2",
    ]
    found = check_capture(str(path))
    assert (found.venue, found.checksums) == ("bitfinex", 2)
    assert [(one.row, one.expected) for one in found.mismatches] == [(9, 1)]


def test_of_several_markets_one_is_named_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    one = level3("snapshot", [order("A", 1000, 10**8)], [], 1)
    path = capture(tmp_path, one, one.replace("BTC/USD", "ETH/USD"))
    with pytest.raises(BadMarketData, match=r"line 2: it is of ETH/USD.*ETH/USD="):
        write_order_capture(path, tmp_path / "made.csv")
    made = write_order_capture(path, tmp_path / "made.csv", "ETHUSD")
    assert (made.rows, made.price_decimals, made.size_decimals) == (1, 1, 8)
    with pytest.raises(BadMarketData, match="has no orders of XRPUSD"):
        write_order_capture(path, tmp_path / "made.csv", "XRPUSD")
    broken = capture(tmp_path, one, one.replace("limit_price", "price"))
    with pytest.raises(BadMarketData, match="line 2: it has no 'limit_price'; expected"):
        write_order_capture(broken, tmp_path / "made.csv")
    assert not is_full_capture(path)


def subscribed(channel: str, depth: int) -> str:
    result = {"channel": channel, "symbol": "BTC/USD", "depth": depth, "snapshot": True}
    return json.dumps({"method": "subscribe", "result": result, "success": True})


def test_a_depth_is_that_of_its_own_channel(tmp_path: Path) -> None:
    """A book by price of ten levels beside one by order of a hundred; of a thousand levels by
    price, of which there are few."""
    ten = [order(f"A{n}", 1000 + n, 10**8) for n in range(10)]
    more = level3("update", [], [order("B", 1100, 10**8, "add")], 1)
    told = [subscribed("level3", 100), subscribed("book", 10)]
    path = capture(tmp_path, *told, level3("snapshot", [], ten, 1), more)
    assert [row.split(",")[0] for row in written(path)[1:]] == ["add"] * 11
    levels = [{"price": 1000 + n, "qty": 1} for n in range(11)]
    book = [
        {"channel": "book", "type": kind, "data": [{"symbol": "BTC/USD", "bids": [], "asks": one}]}
        for kind, one in (("snapshot", levels[:10]), ("update", levels[10:]))
    ]
    path = capture(tmp_path, subscribed("book", 1000), *map(json.dumps, book))
    target = tmp_path / "depth.csv"
    stamped = path.with_name("stamped.jsonl")
    stamped.write_text("".join(f"{10**18} {line}\n" for line in path.read_text().splitlines()))
    assert write_venue_capture(stamped, DataKind.DEPTH, target).rows == 11


def test_the_number_of_a_channel_may_stand_for_another_after_a_reconnect(tmp_path: Path) -> None:
    raw = {"event": "subscribed", "channel": "book", "chanId": 7, "symbol": "tBTCUSD", "prec": "R0"}
    trades = {"event": "subscribed", "channel": "trades", "chanId": 7, "symbol": "tBTCUSD"}
    history = [[401597395, 1574694478808, 0.005, 7245]]
    messages: list[Any] = [raw, [7, [[1, 100, 1]], 1704205800000], trades, [7, history]]
    assert written(capture(tmp_path, *map(json.dumps, messages)))[1:] == ["add,bid,100,1,1,3"]
