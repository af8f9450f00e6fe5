"""Raw captures of Binance's websocket: what becomes of them, and of what cannot be read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.recordings import first_slice

from offbook.adapters.brokers.replay.captures import is_capture, write_capture
from offbook.adapters.brokers.replay.converting import convert_recording
from offbook.adapters.brokers.replay.inspecting import inspect_recording
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData, InvalidInput
from offbook.domain.market_data import DataKind, DepthSlice
from offbook.testing.contracts.gateway import DEPTH, rows_of
from offbook.testing.markets import BTCUSDT, write_csv

RECEIVED = 1_723_161_255_000_000_000
EVENT = 1_723_161_256_298


def update(first: int, last: int, before: int, bids: Any = (), asks: Any = ()) -> dict[str, Any]:
    """A message of depth of USD-M futures."""
    data = {"e": "depthUpdate", "E": EVENT + 1, "T": EVENT, "U": first, "u": last, "pu": before}
    return {"stream": "btcusdt@depth@0ms", "data": {**data, "b": bids, "a": asks}}


def spot(first: int, last: int, bids: Any = (), asks: Any = ()) -> dict[str, Any]:
    """One of spot, which has fewer times and numbers."""
    data = {"e": "depthUpdate", "E": EVENT, "U": first, "u": last, "b": bids, "a": asks}
    return {"stream": "btcusdt@depth@100ms", "data": data}


def written(tmp_path: Path, messages: list[Any], kind: DataKind) -> list[str]:
    """The lines that are made of messages, a second apart."""
    path, target = tmp_path / "capture.gz", tmp_path / "made.csv"
    lines = [f"{RECEIVED + n} {json.dumps(message)}" for n, message in enumerate(messages)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert is_capture(str(path))
    count = write_capture(path, kind, target)
    _, *rows = target.read_text().splitlines()
    assert count == len(rows)
    return [row.removeprefix(str(RECEIVED)[:-2]) for row in rows]


def test_updates_become_rows_of_one_message_each(tmp_path: Path) -> None:
    """Bids, then asks, the last of them marked; one without levels has a row of no side."""
    messages = [
        update(5, 7, 4, [["100.1", "2.000"], ["100.0", "0"]], [["100.2", "1.5"]]),
        update(8, 9, 7),
    ]
    assert written(tmp_path, messages, DataKind.DEPTH) == [
        "00,1723161256298000000,100.1,2.000,0,5,7,4,bid",
        "00,1723161256298000000,100.0,0,0,5,7,4,bid",
        "00,1723161256298000000,100.2,1.5,2,5,7,4,ask",
        "01,1723161256298000000,0,0,2,8,9,7,none",
    ]


def test_a_snapshot_is_written_with_the_updates_that_came_before_it_and_are_after_it(
    tmp_path: Path,
) -> None:
    """That is what is known when it comes; updates that it has already change nothing."""
    messages = [
        spot(1, 3, [["99", "7"]]),
        spot(4, 6, [["100", "2"]], [["101", "0"]]),
        {
            "lastUpdateId": 3,
            "bids": [["100", "1"], ["99", "7"]],
            "asks": [["101", "4"], ["102", "1"]],
        },
        spot(7, 7, [["100", "0"]]),
    ]
    assert written(tmp_path, messages, DataKind.DEPTH)[3:] == [
        "02,1723161256298000000,100,2,1,-1,6,-1,bid",
        "02,1723161256298000000,99,7,1,-1,6,-1,bid",
        "02,1723161256298000000,102,1,3,-1,6,-1,ask",
        "03,1723161256298000000,100,0,2,7,7,-1,bid",
    ]


def test_updates_that_do_not_follow_a_snapshot_are_not_put_on_it(tmp_path: Path) -> None:
    """Something between them is missing: whoever reads on finds the gap."""
    messages = [
        spot(6, 7, [["100", "2"]]),
        {"lastUpdateId": 3, "bids": [["100", "1"]], "asks": [["101", "4"]]},
    ]
    assert written(tmp_path, messages, DataKind.DEPTH)[1:] == [
        "01,1723161256298000000,100,1,1,-1,3,-1,bid",
        "01,1723161256298000000,101,4,3,-1,3,-1,ask",
    ]


def test_trades_and_quotes_are_taken_from_their_streams(tmp_path: Path) -> None:
    """A buyer who made the price was hit by a seller; what was no trade in the book is left out."""
    trade = {"e": "trade", "T": EVENT, "p": "100.1", "q": "0.5", "X": "MARKET", "m": True}
    ticker = {"b": "100.0", "B": "1", "a": "100.1", "A": "2", "u": 4}
    messages = [
        {"stream": "btcusdt@trade", "data": trade},
        {"stream": "btcusdt@trade", "data": {**trade, "X": "INSURANCE_FUND"}},
        {"stream": "btcusdt@trade", "data": {**trade, "m": False}},
        {"stream": "btcusdt@bookTicker", "data": ticker},
        {"stream": "btcusdt@markPrice", "data": {}},
        {"result": None, "id": 1},
    ]
    assert written(tmp_path, messages, DataKind.TRADES) == [
        "00,1723161256298000000,100.1,0.5,sell",
        "02,1723161256298000000,100.1,0.5,buy",
    ]
    assert written(tmp_path, messages, DataKind.QUOTES) == ["03,100.0,100.1,1,2"]
    with pytest.raises(BadMarketData, match="has no depth"):
        written(tmp_path, messages, DataKind.DEPTH)
    with pytest.raises(InvalidInput, match="depth, trades and quotes"):
        written(tmp_path, messages, DataKind.BARS)
    with pytest.raises(InvalidInput, match="name one with --kind"):
        written(tmp_path, messages, DataKind.ORDERS)


@pytest.mark.parametrize(
    "line",
    [
        "no time {}",
        f'{RECEIVED} {{"stream": 5',
        f"{RECEIVED} []",
        f'{RECEIVED} {{"stream": "btcusdt", "data": {{}}}}',
    ],
)
def test_a_line_that_cannot_be_read_is_told(tmp_path: Path, line: str) -> None:
    """With its number."""
    path = tmp_path / "capture.txt"
    path.write_text(f"{RECEIVED} {json.dumps(update(1, 2, 0, [['1', '1']]))}\n{line}\n")
    with pytest.raises(BadMarketData) as caught:
        write_capture(path, DataKind.DEPTH, tmp_path / "made.csv")
    assert caught.value.fields["row"] == 2


def test_two_markets_are_not_made_one(tmp_path: Path) -> None:
    """Their levels would stand in one book; other streams of any market are passed over."""
    other = {**spot(3, 4, [["7", "1"]]), "stream": "ethusdt@depth@100ms"}
    index = {"stream": "ethusdt@markPrice", "data": {}}
    with pytest.raises(BadMarketData, match="of ETHUSDT, and those before of BTCUSDT") as caught:
        written(tmp_path, [spot(1, 2, [["1", "1"]]), index, other], DataKind.DEPTH)
    assert caught.value.fields["row"] == 3
    assert caught.value.fields["file"] == str(tmp_path / "capture.gz")
    trade = {"e": "trade", "T": EVENT, "p": "100.1", "q": "0.5", "X": "MARKET", "m": True}
    trades = [{"stream": f"{name}@trade", "data": trade} for name in ("btcusdt", "ethusdt")]
    with pytest.raises(BadMarketData, match="of ETHUSDT, and those before of BTCUSDT"):
        written(tmp_path, trades, DataKind.TRADES)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """Wherever the damage is: its bytes, its checksum, or its end."""
    lines = [f"{RECEIVED + n} {json.dumps(spot(n, n, [[str(n), '1']]))}" for n in range(3000)]
    whole = gzip.compress("\n".join(lines).encode())
    path, rows = tmp_path / "capture.gz", list[Any]()
    for raw in (
        whole + whole[:10] + b"\xff" * 40,
        whole[:-6] + b"\0\0" + whole[-4:],
        whole[:-300],
    ):
        path.write_bytes(raw)
        assert is_capture(str(path))
        with pytest.raises(BadMarketData, match="is a damaged gzip file") as caught:
            write_capture(path, DataKind.DEPTH, tmp_path / "made.csv")
        assert caught.value.fields["file"] == str(path)
        rows.append(caught.value.fields["row"])
    assert all(isinstance(row, int) and 1000 < row <= 3001 for row in rows), rows
    path.write_bytes(whole[:10] + b"\xff" * 40)
    assert not is_capture(str(path))


def test_other_files_are_no_captures(tmp_path: Path) -> None:
    """Nor are those that are not there."""
    (tmp_path / "a.csv").write_text("time,price,size\n")
    assert not is_capture(str(tmp_path / "a.csv"))
    assert not is_capture(str(tmp_path / "absent"))


@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz"])
async def test_converted_depth_is_read_back_as_the_same_rows(tmp_path: Path, name: str) -> None:
    """By the command's way: the kind is known by the columns, what was told stands beside."""
    capture = tmp_path / "btcusdt.gz"
    messages = [
        {"lastUpdateId": 3, "bids": [["100.5", "1"]], "asks": [["101", "4.25"]]},
        spot(4, 4, [["100.5", "0"], ["100", "2"]]),
        spot(5, 6),
    ]
    lines = [f"{RECEIVED + n} {json.dumps(message)}" for n, message in enumerate(messages)]
    capture.write_bytes(gzip.compress("\n".join(lines).encode()))
    made, description = convert_data(
        str(capture), tmp_path / name, MarketDescription(symbol="BTCUSDT")
    )
    assert (made.kind, made.rows) == (DataKind.DEPTH, 5)
    assert description is not None
    found = inspect_recording(str(tmp_path / name))
    assert (found.kind, found.price_decimals, found.size_decimals) == (DataKind.DEPTH, 1, 2)
    piece = await first_slice(ReplayMarket(path=made.path, kind=DataKind.DEPTH, instrument=BTCUSDT))
    assert isinstance(piece, DepthSlice)
    assert piece.side.tolist() == [1, -1, 1, 1, 0]
    assert piece.price_px.tolist() == [10050, 10100, 10050, 10000, 0]
    assert piece.flags.tolist() == [1, 3, 0, 2, 2]
    assert piece.last_seq.tolist() == [3, 3, 4, 4, 6]


async def test_a_book_is_written_anew_as_it_was(tmp_path: Path) -> None:
    """Every column of every row; bars are not made of it."""
    market = write_csv(DEPTH, tmp_path / "book.csv")
    made = convert_recording(market, tmp_path / "book.parquet")
    again = await first_slice(ReplayMarket(path=made.path, kind=DataKind.DEPTH, instrument=BTCUSDT))
    assert rows_of(again) == [row for part in DEPTH.slices for row in rows_of(part)]
    with pytest.raises(InvalidInput, match="bars are not made of a book"):
        convert_recording(market, tmp_path / "bars.csv", timeframe_ns=10**9)


def test_messages_of_one_stream_without_receipt(tmp_path: Path) -> None:
    """As a client of one stream writes them down: the venue's time is that of receipt; a snapshot
    by REST, which has none, comes when the last message did. Trades that two streams tell of are
    taken of the first."""
    depth = {"e": "depthUpdate", "E": EVENT, "s": "BTCUSDT", "U": 5, "u": 6, "b": [], "a": []}
    traded = {
        "e": "aggTrade",
        "E": EVENT + 2,
        "s": "BTCUSDT",
        "p": "9",
        "q": "1",
        "T": EVENT,
        "m": True,
    }
    best = {"u": 7, "s": "BTCUSDT", "b": "9", "B": "1", "a": "10", "A": "2"}
    path, target = tmp_path / "capture.jsonl", tmp_path / "made.csv"
    rest = {"lastUpdateId": 6, "bids": [["9", "1"]], "asks": []}
    again = {**traded, "e": "trade"}
    path.write_text("\n".join(map(json.dumps, (depth, rest, traded, again, best))))
    assert is_capture(str(path))
    ns = 1_000_000
    rows = {}
    for kind in (DataKind.DEPTH, DataKind.TRADES, DataKind.QUOTES):
        write_capture(path, kind, target, "BTC/USDT")
        rows[kind] = target.read_text().splitlines()[1:]
    assert rows[DataKind.DEPTH] == [
        f"{EVENT * ns},{EVENT * ns},0,0,2,5,6,-1,none",
        f"{EVENT * ns},{EVENT * ns},9,1,3,-1,6,-1,bid",
    ]
    assert rows[DataKind.TRADES] == [f"{(EVENT + 2) * ns},{EVENT * ns},9,1,sell"]
    assert rows[DataKind.QUOTES] == [f"{(EVENT + 2) * ns},9,10,1,2"]
