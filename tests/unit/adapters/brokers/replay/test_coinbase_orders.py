"""Captures of Coinbase's full channel: the book order by order that is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from offbook.adapters.brokers.replay.coinbase_orders import is_full_capture, write_full_capture
from offbook.config.book_reading import read_book
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.config import BookStart
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind

SECOND = 1_704_205_800
NS = SECOND * 10**9


def said(kind: str, seq: int, **more: Any) -> dict[str, Any]:
    """A message, of a time that its number tells."""
    time = f"2024-01-02T14:30:{seq:02d}.000000Z"
    return {"type": kind, "product_id": "BTC-USD", "sequence": seq, "time": time, **more}


def opened(seq: int, name: str, side: str, price: str, size: str) -> dict[str, Any]:
    """An order that begins to rest."""
    return said("open", seq, order_id=name, side=side, price=price, remaining_size=size)


def done(seq: int, name: str, reason: str = "canceled") -> dict[str, Any]:
    """An order that is over, whether it rested or not."""
    return said("done", seq, order_id=name, side="buy", reason=reason)


def match(seq: int, maker: str, size: str) -> dict[str, Any]:
    """A trade with an order that rests."""
    return said(
        "match", seq, maker_order_id=maker, taker_order_id="t", side="sell", size=size, price="101"
    )


REST = {"sequence": 3, "bids": [["100.00", "2", "a"]], "asks": [["101.00", "5", "b"]]}
STORY = (
    {"type": "subscriptions", "channels": []},
    opened(3, "a", "buy", "100.00", "2"),
    opened(4, "c", "buy", "100.00", "1"),
    REST,
    said("received", 5, order_id="t", side="buy", price="101", size="2", order_type="limit"),
    match(6, "b", "1.5"),
    done(7, "t", "filled"),
    said("change", 8, order_id="a", side="buy", price="100.00", new_size="1", old_size="2"),
    match(9, "b", "3.5"),
    done(10, "b", "filled"),
    done(11, "c"),
    {**opened(12, "x", "buy", "9", "1"), "product_id": "ETH-USD"},
)


def capture(folder: Path, messages: Any = STORY) -> Path:
    """A file of messages alone."""
    path = folder / "full.jsonl"
    path.write_text("\n".join(map(json.dumps, messages)) + "\n")
    return path


def written(path: Path) -> list[str]:
    """The rows, without their times."""
    target = path.with_name("made.csv")
    assert is_full_capture(path)
    count = write_full_capture(path, target, "BTC/USD")
    lines = target.read_text().splitlines()
    assert count == len(lines) - 1
    return [line.split(",", 2)[2] for line in lines[1:]]


def test_orders_rest_trade_change_and_go(tmp_path: Path) -> None:
    """The snapshot by REST is written where it came, with what had come after it; what is passed
    over is no gap; what was filled is not deleted once more."""
    assert written(capture(tmp_path)) == [
        "add,bid,100.00,2,1,2,3,-1",
        "add,bid,100.00,1,2,2,4,3",
        "add,bid,100.00,2,1,1,4,-1",
        "add,ask,101.00,5,3,1,4,-1",
        "add,bid,100.00,1,2,3,4,-1",
        "execute,ask,101.00,1.5,3,2,6,4",
        "modify,bid,100.00,1,1,2,8,6",
        "execute,ask,101.00,3.5,3,2,9,8",
        "delete,bid,100.00,1,2,2,11,9",
    ]


def test_of_several_markets_one_is_named(tmp_path: Path) -> None:
    """However it is written; their orders would stand in one book."""
    path, target = capture(tmp_path), tmp_path / "made.csv"
    with pytest.raises(BadMarketData, match="line 12: it is of ETH-USD, and those before of BTC-"):
        write_full_capture(path, target)
    for name in ("BTC/USD", "btcusd"):
        assert write_full_capture(path, target, name) == 9


def test_a_number_that_is_missing_is_a_gap(tmp_path: Path) -> None:
    """Until the next snapshot; the message that shows it may change nothing itself."""
    path = capture(tmp_path, [*STORY[:4], done(9, "nobody"), {**REST, "sequence": 20}])
    assert written(path)[5:7] == ["none,none,0,0,0,2,9,8", "add,bid,100.00,2,1,1,20,-1"]
    convert_data(str(path), tmp_path / "book.csv", MarketDescription(symbol="BTC-USD"))
    phases = [book.phase.value for book in read_book(str(tmp_path / "book.csv"))]
    assert phases[-2:] == ["stale", "live"]


def test_what_is_converted_is_the_book(tmp_path: Path) -> None:
    """Orders unless trades are asked for."""
    path = capture(tmp_path)
    told = MarketDescription(symbol="BTC-USD")
    made, _ = convert_data(str(path), tmp_path / "book.csv", told)
    assert made.kind is DataKind.ORDERS
    last = list(read_book(str(tmp_path / "book.csv"), book_start=BookStart.UPDATES))[-1]
    assert (last.bids, last.asks, last.unknown) == (((100, 10),), (), 0)
    assert last.at == NS + 11 * 10**9
    told = MarketDescription(symbol="BTC-USD", kind=DataKind.TRADES)
    assert convert_data(str(path), tmp_path / "trades.csv", told)[0].rows == 2


def test_a_message_that_lacks_something_is_told(tmp_path: Path) -> None:
    """With its line."""
    broken = said("open", 5, order_id="a")
    with pytest.raises(BadMarketData, match="line 5: it has no 'remaining_size'; expected"):
        written(capture(tmp_path, [*STORY[:4], broken]))
