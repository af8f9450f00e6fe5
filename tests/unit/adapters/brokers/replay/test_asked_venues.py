"""Raw captures of KuCoin, Gate and HTX, whose books are asked for while updates come: the book
is that of an exchange written for obviousness, before an update is missing and after the next
answer."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from offbook.adapters.brokers.replay import late_snapshots
from offbook.adapters.brokers.replay.late_snapshots import LateSnapshots
from offbook.adapters.brokers.replay.venue_captures import is_venue_capture, write_venue_capture
from offbook.adapters.brokers.replay.venue_message import VenueMessage
from offbook.config.book_reading import read_book
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind

SECOND = 10**9
RECEIVED = 1_700_000_000 * SECOND
MS = RECEIVED // 10**6
Side = dict[int, int]
Change = tuple[str, int, int, int]
"""Side, price, size and number."""


def texts(levels: Side) -> list[list[str]]:
    return [[str(px), str(qty)] for px, qty in levels.items()]


def sides(changes: list[Change], *, numbered: bool = False) -> tuple[list[Any], list[Any]]:
    """The changes of bids and of asks as texts; those of one message in their order."""
    made: dict[str, list[Any]] = {"bid": [], "ask": []}
    for side, px, qty, number in changes:
        made[side].append([str(px), str(qty), *([str(number)] if numbered else [])])
    return made["bid"], made["ask"]


class Kucoin:
    @staticmethod
    def update(changes: list[Change], first: int, last: int, before: int) -> Any:
        bids, asks = sides(changes, numbered=True)
        data = {"changes": {"bids": bids, "asks": asks}, "sequenceStart": first,
                "sequenceEnd": last, "symbol": "BTC-USDT", "time": MS}  # fmt: skip
        return {"topic": "/market/level2:BTC-USDT", "subject": "trade.l2update", "data": data}

    @staticmethod
    def answer(bids: Side, asks: Side, number: int) -> Any:
        data = {"time": MS, "sequence": str(number), "bids": texts(bids), "asks": texts(asks)}
        return {"code": "200000", "data": data}


class Gate:
    @staticmethod
    def update(changes: list[Change], first: int, last: int, before: int) -> Any:
        bids, asks = sides(changes)
        result = {"t": MS, "e": "depthUpdate", "E": MS // 1000, "s": "BTC_USDT", "U": first,
                  "u": last, "b": bids, "a": asks}  # fmt: skip
        channel = "spot.order_book_update"
        return {"time": MS // 1000, "channel": channel, "event": "update", "result": result}

    @staticmethod
    def answer(bids: Side, asks: Side, number: int) -> Any:
        return {"id": number, "current": MS, "update": MS, "bids": texts(bids), "asks": texts(asks)}


class GateFutures(Gate):
    @staticmethod
    def update(changes: list[Change], first: int, last: int, before: int) -> Any:
        said = Gate.update(changes, first, last, before)
        result = said["result"]
        for side in ("b", "a"):
            result[side] = [{"p": px, "s": int(qty)} for px, qty in result[side]]
        return {**said, "channel": "futures.order_book_update"}


class Htx:
    @staticmethod
    def update(changes: list[Change], first: int, last: int, before: int) -> Any:
        bids, asks = sides(changes)
        tick = {"seqNum": last, "prevSeqNum": before, "bids": bids, "asks": asks}
        return {"ch": "market.btcusdt.mbp.150", "ts": MS, "tick": tick}

    @staticmethod
    def answer(bids: Side, asks: Side, number: int) -> Any:
        data = {"seqNum": number, "bids": texts(bids), "asks": texts(asks)}
        return {"id": "1", "rep": "market.btcusdt.mbp.150", "status": "ok", "data": data}


class Exchange:
    """Changes of a book with numbers that rise by one, some of them in one message."""

    def __init__(self, seed: int) -> None:
        self.rng, self.number = Random(seed), 1000
        self.book: dict[str, Side] = {"bid": {99: 5, 98: 5}, "ask": {101: 5, 102: 5}}

    def changes(self) -> list[Change]:
        made = []
        for _ in range(self.rng.randint(1, 4)):
            self.number += 1
            side = self.rng.choice(("bid", "ask"))
            px = self.rng.randint(*((94, 99) if side == "bid" else (101, 106)))
            qty = self.rng.choice((0, self.rng.randint(1, 50)))
            self.book[side][px] = qty
            if not qty:
                del self.book[side][px]
            made.append((side, px, qty, self.number))
        return made

    def copy(self) -> tuple[Side, Side]:
        return dict(self.book["bid"]), dict(self.book["ask"])


@pytest.mark.parametrize("venue", [Kucoin, Gate, GateFutures, Htx])
@pytest.mark.parametrize("seed", range(2))
def test_an_answer_is_brought_up_to_what_had_come(
    tmp_path: Path, venue: type[Kucoin] | type[Gate] | type[Htx], seed: int
) -> None:
    """It is of the middle of the fourth update, and comes after the sixth; the twelfth is lost, and
    another answer comes after the sixteenth."""
    exchange, lines, wanted, at = Exchange(seed), [], [], RECEIVED
    answer: Any = None
    for turn in range(1, 21):
        before = exchange.number
        changes = exchange.changes()
        if turn == 4 and venue is Kucoin and len(changes) > 1:
            # What a client sees that asks while the changes of a message are made.
            half = Exchange(seed)
            for _ in range(3):
                half.changes()
            bids, asks = half.copy()
            for side, px, qty, _ in changes[:1]:
                (bids if side == "bid" else asks)[px] = qty
            answer = Kucoin.answer(_held(bids), _held(asks), before + 1)
        elif turn in (4, 16):
            answer = venue.answer(*exchange.copy(), exchange.number)
        at += SECOND
        if turn != 12:
            message = venue.update(changes, before + 1, exchange.number, before)
            lines.append(f"{at} {json.dumps(message)}")
            phase = "incomplete" if turn < 7 else "live" if turn < 12 or turn > 16 else "stale"
            wanted.append((at, phase, exchange.copy()))
        if turn in (6, 16):
            lines.append(f"{at + 1} {json.dumps(answer)}")
            wanted.append((at + 1, "live", exchange.copy()))
    path = tmp_path / "capture.jsonl"
    path.write_text("\n".join(lines) + "\n")
    convert_data(str(path), tmp_path / "book.csv", MarketDescription())
    books = {book.at: book for book in read_book(str(tmp_path / "book.csv"))}
    found = [(one, books[one].phase.value) for one, _, _ in wanted]
    assert found == [(one, phase) for one, phase, _ in wanted]
    for one, phase, told in wanted:
        if phase == "live":
            book = books[one]
            scale = 10**book.instrument.price_precision, 10**book.instrument.qty_precision
            shown = [
                {px // scale[0]: qty // scale[1] for px, qty in levels}
                for levels in (book.bids, book.asks)
            ]
            assert shown == list(told), f"seed {seed}, {one - RECEIVED}"


def _held(levels: Side) -> Side:
    return {px: qty for px, qty in levels.items() if qty}


def rows(path: Path, kind: DataKind, symbol: str | None = None) -> list[str]:
    """Without the time of receipt."""
    target = path.with_name("made.csv")
    assert is_venue_capture(path)
    write_venue_capture(path, kind, target, symbol)
    return [line.split(",", 1)[1] for line in target.read_text().splitlines()[1:]]


def capture(folder: Path, *messages: Any) -> Path:
    path = folder / "capture.jsonl"
    path.write_text("".join(f"{RECEIVED} {json.dumps(one)}\n" for one in messages))
    return path


def test_their_trades_say_who_took(tmp_path: Path) -> None:
    match = {"sequence": "1", "type": "match", "symbol": "BTC-USDT", "side": "buy",
             "price": "100.5", "size": "0.1", "time": str(RECEIVED)}  # fmt: skip
    spot = {"id": 1, "create_time": MS // 1000, "create_time_ms": f"{MS}.25", "side": "sell",
            "currency_pair": "BTC_USDT", "amount": "2", "price": "100"}  # fmt: skip
    futures = {"size": -3, "id": 1, "create_time": MS // 1000, "create_time_ms": MS,
               "price": "101", "contract": "BTC_USDT"}  # fmt: skip
    htx = {"id": 1, "ts": MS, "tradeId": 1, "amount": 0.5, "price": 99.5, "direction": "buy"}
    for message, row in (
        ({"topic": "/market/match:BTC-USDT", "data": match}, f"{RECEIVED},100.5,0.1,buy"),
        (
            {"channel": "spot.trades", "event": "update", "result": spot},
            f"{RECEIVED + 250_000},100,2,sell",
        ),
        (
            {"channel": "futures.trades", "event": "update", "result": [futures]},
            f"{RECEIVED},101,3,sell",
        ),
        (
            {"ch": "market.btcusdt.trade.detail", "ts": MS, "tick": {"data": [htx]}},
            f"{RECEIVED},99.5,0.5,buy",
        ),
    ):
        assert rows(capture(tmp_path, message), DataKind.TRADES) == [row]


def test_whole_books_and_single_changes(tmp_path: Path) -> None:
    """Gate's and HTX's channels of whole books, and KuCoin's futures with a change a message; a
    price of 0 moves the number alone."""
    whole = {"t": MS, "lastUpdateId": 7, "s": "BTC_USDT", "bids": [["99", "1"]], "asks": []}
    ask = {"channel": "spot.order_book", "event": "update", "result": whole}
    assert rows(capture(tmp_path, ask), DataKind.DEPTH) == [f"{RECEIVED},bid,99,1,3,-1,7,-1"]
    htx = {"ch": "market.btcusdt.depth.step0", "ts": MS, "tick": {"bids": [[99, 1.5]], "asks": []}}
    assert rows(capture(tmp_path, htx), DataKind.DEPTH) == [f"{RECEIVED},bid,99,1.5,3,-1,-1,-1"]
    changes = [
        {"topic": "/contractMarket/level2:XBTUSDTM", "data": {"sequence": n, "change": change,
         "timestamp": MS}} for n, change in ((8, "5000.0,sell,83"), (9, "0,buy,0"))
    ]  # fmt: skip
    assert rows(capture(tmp_path, *changes), DataKind.DEPTH) == [
        f"{RECEIVED},ask,5000.0,83,2,8,8,-1",
        f"{RECEIVED},none,0,0,2,9,9,-1",
    ]


def test_an_answer_without_a_market_is_of_the_only_one(tmp_path: Path) -> None:
    update = Gate.update([("bid", 99, 1, 5)], 5, 5, 4)
    other = json.loads(json.dumps(update).replace("BTC_USDT", "ETH_USDT"))
    answer = Gate.answer({98: 2}, {101: 3}, 5)
    assert len(rows(capture(tmp_path, update, answer), DataKind.DEPTH, "BTCUSDT")) == 3
    assert len(rows(capture(tmp_path, answer, update), DataKind.DEPTH, "BTCUSDT")) == 3
    with pytest.raises(BadMarketData, match=r"line 3: a book .* has BTCUSDT, ETHUSDT: keep"):
        rows(capture(tmp_path, update, other, answer), DataKind.DEPTH, "BTCUSDT")
    with pytest.raises(BadMarketData, match=r"line 3: a book .* has BTCUSDT, ETHUSDT: keep"):
        rows(capture(tmp_path, answer, update, other), DataKind.DEPTH, "BTCUSDT")
    with pytest.raises(BadMarketData, match="has no depth of XRPUSDT: it has BTCUSDT, ETHUSDT"):
        rows(capture(tmp_path, update, other), DataKind.DEPTH, "XRP_USDT")


def test_so_many_levels_are_remembered_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no more: updates come for days where no answer does."""
    monkeypatch.setattr(late_snapshots, "KEPT_LEVELS", 5)
    late = LateSnapshots()
    for seq in range(10, 16):
        late.brought_up(
            VenueMessage(venue="gate", symbol="X", bids=[(str(seq), "1")], first_seq=seq, seq=seq)
        )
    answer = VenueMessage(venue="gate", symbol="X", is_snapshot=True, is_answer=True)
    assert late.brought_up(msgspec.structs.replace(answer, seq=13)).seq == 15
    assert late.brought_up(msgspec.structs.replace(answer, seq=12)).seq == 12
