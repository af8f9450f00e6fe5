"""Files of Nasdaq's ITCH 5.0: messages packed here by the tables of its specification."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from offbook.adapters.brokers.replay.itch_files import itch_file, write_itch
from offbook.config.book_reading import read_book
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.book_checksums import ShownOrder
from offbook.domain.errors import BadMarketData, InvalidConfig, InvalidInput
from offbook.domain.market_data import DataKind

NAME = "12302019.NASDAQ_ITCH50"
MIDNIGHT = int(datetime(2019, 12, 30, tzinfo=ZoneInfo("America/New_York")).timestamp()) * 10**9
OPEN = 34_200 * 10**9
LOCATES = {"": 0, "AAPL": 13, "ZXZZT": 8000}
FORMS = {
    "S": ">c", "R": ">8scciccc2scccccic", "H": ">8scc4s", "A": ">Qci8si", "F": ">Qci8si4s",
    "E": ">QiQ", "C": ">QiQci", "X": ">Qi", "D": ">Q", "U": ">QQii", "P": ">Qci8siQ",
    "Q": ">Q8siQc", "B": ">Q",
}  # fmt: skip


def message(kind: str, stock: str, at: int, *told: int | str) -> bytes:
    """One with its length: kind, locate, tracking number, time, and what it tells."""
    form = FORMS[kind]
    texts = [
        one.encode().ljust(8 if len(one) > 1 else 1) if isinstance(one, str) else one
        for one in told
    ]
    body = struct.pack(">cHH", kind.encode(), LOCATES[stock], 0) + at.to_bytes(6)
    body += struct.pack(form, *texts)
    return struct.pack(">H", len(body)) + body


def directory(stock: str) -> bytes:
    told = (stock, "Q", "N", 100, "N", "C", "Z", "P", "N", "N", "1", "N", 0, "N")
    texts = [one.encode() if isinstance(one, str) else one for one in told]
    texts[0] = stock.encode().ljust(8)
    body = struct.pack(">cHH", b"R", LOCATES[stock], 0) + (0).to_bytes(6)
    body += struct.pack(">8sccIccc2sccccIc", *texts)
    return struct.pack(">H", len(body)) + body


def a_file(folder: Path, *messages: bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(b"".join(messages))
    return path


START = message("S", "", 0, "O")


def rows(path: Path, kind: DataKind | None = None, symbol: str | None = None) -> list[str]:
    """The rows of one kind, times told after the opening."""
    file = itch_file(path, None, None, None, symbol)
    assert file is not None
    target = path.with_name("made.csv")
    count = write_itch(file, kind, target)
    lines = [line.split(",", 1) for line in target.read_text().splitlines()[1:]]
    assert count == len(lines)
    return [f"{int(ts) - MIDNIGHT - OPEN},{rest}" for ts, rest in lines]


def test_what_each_message_says_of_the_book(tmp_path: Path) -> None:
    """A replacement goes to the back as another order; executions at other prices are of the
    order's own; what is not printed is one all the same."""
    path = a_file(
        tmp_path,
        START,
        directory("AAPL"),
        message("A", "AAPL", OPEN, 1, "B", 300, "AAPL", 2_895_000),
        message("F", "AAPL", OPEN + 1, 2, "S", 100, "AAPL", 2_895_100, "MPID"[:1]),
        message("E", "AAPL", OPEN + 2, 1, 100, 7),
        message("C", "AAPL", OPEN + 3, 1, 50, 8, "Y", 2_894_950),
        message("C", "AAPL", OPEN + 4, 1, 50, 9, "N", 2_894_950),
        message("X", "AAPL", OPEN + 5, 1, 40),
        message("U", "AAPL", OPEN + 6, 2, 3, 80, 2_895_050),
        message("P", "AAPL", OPEN + 7, 0, "B", 25, "AAPL", 2_895_025, 10),
        message("B", "AAPL", OPEN + 8, 10),
        message("D", "AAPL", OPEN + 9, 3),
        message("E", "AAPL", OPEN + 10, 1, 60, 11),
        message("D", "AAPL", OPEN + 11, 77),
    )
    assert rows(path) == [
        f"{-OPEN},none,none,0,0,0,3",
        "0,add,bid,289.5000,300,1,2",
        "1,add,ask,289.5100,100,2,2",
        "2,execute,bid,289.5000,100,1,2",
        "3,execute,bid,289.5000,50,1,2",
        "4,execute,bid,289.5000,50,1,2",
        "5,cancel,bid,289.5000,40,1,2",
        "6,delete,ask,289.5100,100,2,0",
        "6,add,ask,289.5050,80,3,2",
        "7,hidden,none,289.5025,25,0,2",
        "9,delete,ask,289.5050,80,3,2",
        "10,execute,bid,289.5000,60,1,2",
    ]


def test_trades_are_told_once_with_who_took_and_their_auction(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        START,
        message("A", "AAPL", OPEN, 1, "B", 300, "AAPL", 2_895_000),
        message("A", "AAPL", OPEN, 2, "S", 300, "AAPL", 2_895_100),
        message("C", "AAPL", OPEN + 1, 1, 50, 5, "N", 2_895_050),
        message("Q", "AAPL", OPEN + 1, 5_000, "AAPL", 2_895_050, 5, "O"),
        message("E", "AAPL", OPEN + 2, 1, 100, 7),
        message("C", "AAPL", OPEN + 3, 2, 50, 8, "Y", 2_895_150),
        message("P", "AAPL", OPEN + 4, 0, "B", 25, "AAPL", 2_895_025, 10),
        message("P", "AAPL", OPEN + 5, 0, "S", 26, "AAPL", 2_895_025, 10),
        message("Q", "AAPL", OPEN + 6, 0, "AAPL", 0, 0, "C"),
    )
    assert rows(path, DataKind.TRADES) == [
        "1,289.5050,5000,,open",
        "2,289.5000,100,sell,",
        "3,289.5150,50,buy,",
        "4,289.5025,25,,",
        "5,289.5025,26,buy,",
    ]


def test_halts_are_changes_of_whether_it_trades(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        message("H", "AAPL", OPEN, "AAPL", "T", " ", "    "[:1]),
        message("H", "AAPL", OPEN + 1, "AAPL", "H", " ", "T"),
        message("H", "AAPL", OPEN + 2, "AAPL", "Q", " ", "T"),
        message("H", "AAPL", OPEN + 3, "AAPL", "T", " ", "T"),
    )
    assert rows(path, DataKind.STATUS) == ["1,halt", "3,resume"]


class PlainNasdaq:
    """Two stocks, and of one the orders at each price in their turns."""

    def __init__(self, seed: int) -> None:
        self.rng, self.count = Random(seed), 0
        self.queues: dict[tuple[str, int], list[list[int]]] = {}

    def messages(self) -> Iterator[tuple[bytes, bool]]:
        """Messages, and whether each is of the stock that is followed."""
        for step in range(300):
            at = OPEN + step
            if self.rng.random() < 0.3:
                yield message("A", "ZXZZT", at, 10**6 + step, "B", 1, "ZXZZT", 10_000), False
            else:
                yield self._step(at), True

    def _step(self, at: int) -> bytes:
        side = self.rng.choice("BS")
        at_side = [key for key in self.queues if key[0] == side]
        if len(at_side) < 3 or self.rng.random() < 0.4:
            return self._add(side, at)
        key = self.rng.choice(at_side)
        queue = self.queues[key]
        what = self.rng.choice("ECXDU")
        place = 0 if what in "EC" else self.rng.randrange(len(queue))
        name, left = queue[place]
        size = self.rng.choice((left, max(1, left // 2)))
        if what in "DU":
            size = left
        queue[place][1] -= size
        if not queue[place][1]:
            del queue[place]
        if not queue:
            del self.queues[key]
        if what == "U":
            self.count += 1
            px, qty = key[1], self.rng.randint(1, 400)
            self.queues.setdefault(key, []).append([self.count, qty])
            return message("U", "AAPL", at, name, self.count, qty, px)
        told: dict[str, tuple[int | str, ...]] = {
            "E": (name, size, at),
            "C": (name, size, at, "Y", key[1] + 1),
            "X": (name, size),
            "D": (name,),
        }
        return message(what, "AAPL", at, *told[what])

    def _add(self, side: str, at: int) -> bytes:
        self.count += 1
        px = self.rng.randint(995, 999) if side == "B" else self.rng.randint(1001, 1005)
        qty = self.rng.randint(1, 400)
        self.queues.setdefault((side, px * 100), []).append([self.count, qty])
        return message("A", "AAPL", at, self.count, side, qty, "AAPL", px * 100)

    def orders(self, side: str) -> list[tuple[int, int, int]]:
        keys = sorted(
            (key for key in self.queues if key[0] == side), key=lambda k: k[1], reverse=side == "B"
        )
        return [(name, key[1], left) for key in keys for name, left in self.queues[key]]


@pytest.mark.parametrize("seed", range(2))
def test_the_book_is_the_exchange_s_after_every_message(tmp_path: Path, seed: int) -> None:
    """Who stands where included, of one stock of several, from a packed file."""
    exchange, told, wanted = PlainNasdaq(seed), [START, directory("ZXZZT"), directory("AAPL")], []
    for one, is_meant in exchange.messages():
        told.append(one)
        if is_meant:
            wanted.append((exchange.orders("B"), exchange.orders("S")))
    path = tmp_path / f"{NAME}.gz"
    path.write_bytes(gzip.compress(b"".join(told)))
    with pytest.raises(InvalidInput, match=r"2 stocks \(AAPL, ZXZZT, \.\.\.\): name one"):
        rows(path)
    made, _ = convert_data(str(path), tmp_path / "book.csv", MarketDescription(symbol="AAPL"))
    assert made.kind is DataKind.ORDERS
    found = list(read_book(str(tmp_path / "book.csv"), with_orders=True))

    def plain(orders: tuple[ShownOrder, ...], decimals: int) -> list[tuple[int, int, int]]:
        return [(one.order_id, one.px * 10 ** (4 - decimals), one.qty) for one in orders]

    precision = found[0].instrument.price_precision
    books = [(plain(one.bid_orders, precision), plain(one.ask_orders, precision)) for one in found]
    assert books[1:] == wanted
    assert (found[-1].phase.value, found[-1].unknown) == ("live", 0)


def test_what_it_is_of_has_to_be_told_and_what_it_is_not_is(tmp_path: Path) -> None:
    """Early, with what to do."""
    whole = (START, directory("AAPL"), message("D", "AAPL", OPEN, 1))
    other = a_file(tmp_path, *whole, name="sample.bin")
    assert itch_file(other, None, None, None, None) is None
    assert itch_file(other, "lobster", None, None, None) is None
    with pytest.raises(InvalidInput, match="name the day with --date"):
        itch_file(other, "itch", None, None, None)
    with pytest.raises(InvalidInput, match="expected one like"):
        itch_file(other, "itch", "yesterday", None, None)
    with pytest.raises(InvalidInput, match="expected one like"):
        itch_file(tmp_path / "13402019.NASDAQ_ITCH50", None, None, None, None)
    names = ("20190130.BX_ITCH_50.gz", "20190130.PSX_ITCH50", "S013019-v50.txt.gz")
    days = {str(file.day) for name in names if (file := itch_file(tmp_path / name, *[None] * 4))}
    assert days == {"2019-01-30"}
    path = a_file(tmp_path, *whole)
    with pytest.raises(BadMarketData, match="has no orders of MSFT"):
        rows(path, symbol="MSFT")
    with pytest.raises(BadMarketData, match="has no orders of AAPL"):
        rows(path)
    with pytest.raises(InvalidInput, match="orders, trades, status"):
        rows(path, DataKind.QUOTES)
    with pytest.raises(InvalidInput, match="tells of no stock"):
        rows(a_file(tmp_path, START))
    with pytest.raises(BadMarketData, match="at byte 55 is a message that breaks off"):
        rows(a_file(tmp_path, whole[0], whole[1], whole[2][:-1]))
    with pytest.raises(BadMarketData, match="at byte 14 is a message of 5 bytes"):
        rows(a_file(tmp_path, START, b"\0\5AXXXX"))
    with pytest.raises(BadMarketData, match="the side of an order of AAPL is b'Z'"):
        rows(a_file(tmp_path, START, message("A", "AAPL", OPEN, 5, "Z", 100, "AAPL", 1_000_000)))
    with pytest.raises(BadMarketData, match="has no orders of ÄPL"):
        rows(path, symbol="ÄPL")
    with pytest.raises(InvalidConfig):
        convert_data(str(other), tmp_path / "made.csv", MarketDescription())


def test_the_end_of_a_file_is_a_length_of_nothing(tmp_path: Path) -> None:
    """As Nasdaq's BinaryFILE has it; the stock may be named in small letters."""
    added = message("A", "AAPL", OPEN, 5, "B", 100, "AAPL", 1_000_000)
    path = a_file(tmp_path, START, directory("AAPL"), added, bytes(2))
    for symbol in (None, "AAPL", "aapl"):
        assert rows(path, symbol=symbol)[1:] == ["0,add,bid,100.0000,100,5,2"]
