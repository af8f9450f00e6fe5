"""Raw captures of venues other than Binance: what becomes of them, and the checksums in them."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from offbook.adapters.brokers.replay.venue_captures import (
    Written,
    is_venue_capture,
    write_venue_capture,
)
from offbook.config.book_reading import read_book
from offbook.config.capture_checking import check_capture
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.book_checksums import BookTop, bitget_checksum, okx_checksum
from offbook.domain.errors import BadMarketData, InvalidInput
from offbook.domain.market_data import DataKind

RECEIVED = 1_704_205_800
NS = RECEIVED * 10**9
MS = RECEIVED * 1000


def capture(folder: Path, *messages: Any, stamped: bool = True) -> Path:
    """A file of messages, a second apart, with what was sent before them as cryptofeed writes it;
    or of messages alone."""
    path = folder / "capture.jsonl"
    said = [m if isinstance(m, str) else json.dumps(m) for m in messages]
    lines = [f"{RECEIVED + n}.5: {text}" for n, text in enumerate(said)] if stamped else said
    sent = ['wss://venue <- 1704205799.5: {"op": "subscribe"}'] if stamped else []
    path.write_text("\n".join([*sent, *lines]) + "\n")
    return path


def written(
    path: Path, kind: DataKind = DataKind.DEPTH, symbol: str | None = None
) -> tuple[list[str], Written]:
    """The header and the rows, those of one time by their ends alone."""
    target = path.with_name("made.csv")
    assert is_venue_capture(path)
    made = write_venue_capture(path, kind, target, symbol)
    lines = target.read_text().splitlines()
    assert made.rows == len(lines) - 1
    return lines, made


def okx(action: str, bids: Any, asks: Any, seq: int, before: int, **more: Any) -> dict[str, Any]:
    """A message of depth of OKX; sizes are followed by numbers of orders."""
    bids, asks = ([[px, qty, "0", "1"] for px, qty in side] for side in (bids, asks))
    data = {"bids": bids, "asks": asks, "ts": str(MS), "seqId": seq, "prevSeqId": before, **more}
    arg = {"channel": "books", "instId": "BTC-USDT"}
    return {"arg": arg, "action": action, "data": [data]}


def test_okx_s_books_with_their_numbers(tmp_path: Path) -> None:
    """And with the time of receipt; a channel of the best levels sends snapshots."""
    best = okx("", [["100.1", "1"]], [], 9, 9)
    best["arg"]["channel"] = "bbo-tbt"
    del best["action"]
    path = capture(
        tmp_path,
        {"event": "subscribe", "arg": {"channel": "books", "instId": "BTC-USDT"}},
        okx("snapshot", [["100", "2"]], [["101", "3"]], 5, -1),
        okx("update", [["100", "0"]], [], 7, 5),
        best,
    )
    lines, made = written(path)
    assert lines == [
        "ts_init,ts_event,book_side,price,size,flags,first_seq,last_seq,prev_seq",
        f"{NS + 1_500_000_000},{NS},bid,100,2,1,-1,5,-1",
        f"{NS + 1_500_000_000},{NS},ask,101,3,3,-1,5,-1",
        f"{NS + 2_500_000_000},{NS},bid,100,0,2,-1,7,5",
        f"{NS + 3_500_000_000},{NS},bid,100.1,1,3,-1,9,9",
    ]
    assert (made.venue, made.checksums) == ("okx", {})
    archived = {"instId": "BTC-USDT", "action": "update", "ts": str(MS), "bids": [],
                "asks": [["101", "4", "1"]]}  # fmt: skip
    path = capture(tmp_path, archived, stamped=False)
    assert written(path)[0][1:] == [f"{NS},ask,101,4,2,-1,-1,-1"]


def test_okx_s_numbers_may_begin_anew(tmp_path: Path) -> None:
    """Its own example of numbers: one that follows, no change, a reset from 15 to 3, and what
    follows that. A message that is missing is a gap then as before, also the reset itself."""
    told = [
        okx("snapshot", [["100", "1"]], [["101", "9"]], 10, -1),
        okx("update", [["100", "2"]], [], 15, 10),
        okx("update", [], [], 15, 15),
        okx("update", [["100", "3"]], [], 3, 15),
        okx("update", [["100", "4"]], [], 5, 3),
        okx("update", [["100", "5"]], [], 9, 7),
    ]

    def books(*messages: Any) -> list[tuple[str, int]]:
        target = tmp_path / "book.csv"
        path = str(capture(tmp_path, *messages))
        convert_data(path, target, MarketDescription(), replace=True)
        return [(book.phase.value, book.bids[0][1]) for book in read_book(str(target))]

    live = [("live", 1), ("live", 2), ("live", 2), ("live", 3), ("live", 4)]
    assert books(*told) == [*live, ("stale", 5)]
    assert books(*told[:3], *told[4:]) == [*live[:3], ("stale", 4), ("stale", 5)]
    assert books(*told[:5], *told[:2]) == [*live, *live[:2]]
    # Of two connections one is behind.
    twice = [*told[:2], okx("update", [["100", "6"]], [], 20, 15), told[1]]
    assert books(*twice) == [*live[:2], ("live", 6), ("live", 6)]


def test_bybit_s_books_and_trades_without_receipt(tmp_path: Path) -> None:
    """The venue's time is the only one then, and does not go back."""
    levels = {"s": "BTCUSDT", "b": [["100", "2"]], "a": [["101", "3"]], "u": 5}
    topic = "orderbook.50.BTCUSDT"
    trade = {"T": MS + 3, "s": "BTCUSDT", "S": "Sell", "v": "0.1", "p": "100"}
    path = capture(
        tmp_path,
        {"topic": topic, "type": "snapshot", "ts": MS + 9, "cts": MS + 5, "data": levels},
        {"topic": topic, "type": "delta", "ts": MS, "data": {**levels, "b": [], "u": 6}},
        {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": MS + 4, "data": [trade]},
        stamped=False,
    )
    lines, _ = written(path)
    at = NS + 5_000_000
    assert lines[0].startswith("ts_event,book_side")
    assert lines[1:] == [
        f"{at},bid,100,2,1,-1,5,-1",
        f"{at},ask,101,3,3,-1,5,-1",
        f"{at},ask,101,3,2,-1,6,-1",
    ]
    assert written(path, DataKind.TRADES)[0][1:] == [f"{NS + 3_000_000},100,0.1,sell"]


def test_coinbase_of_several_markets(tmp_path: Path) -> None:
    """One is named, however it is written; a snapshot without a time has that of what follows; who
    made the price is told, the other took it."""
    time = "2024-01-02T14:30:00.000250Z"
    messages = (
        {"type": "snapshot", "product_id": "BTC-USD", "bids": [["100", "2"]], "asks": []},
        {"type": "snapshot", "product_id": "ETH-USD", "bids": [["9", "1"]], "asks": []},
        {"type": "l2update", "product_id": "BTC-USD", "time": time,
         "changes": [["sell", "101", "3"], ["buy", "100", "0"]]},
        {"type": "match", "product_id": "BTC-USD", "time": time, "side": "buy", "size": "1",
         "price": "100"},
    )  # fmt: skip
    path = capture(tmp_path, *messages, stamped=False)
    at = NS + 250_000
    assert written(path, symbol="btc/usd")[0][1:] == [
        f"{at},bid,100,2,3,-1,-1,-1",
        f"{at},bid,100,0,0,-1,-1,-1",
        f"{at},ask,101,3,2,-1,-1,-1",
    ]
    assert written(path, DataKind.TRADES)[0][1:] == [f"{at},100,1,sell"]
    with pytest.raises(BadMarketData, match=r"line 2: it is of ETH-USD.*ETH-USD=.*capture"):
        written(path)
    # A market is not asked for in vain.
    with pytest.raises(InvalidInput, match=r"of coinbase, which publishes no checksums.*kraken"):
        check_capture(str(path))
    made, _ = convert_data(
        str(path), tmp_path / "btc.csv", MarketDescription(symbol="BTC-USD"), replace=True
    )
    assert (made.kind, made.rows) == (DataKind.DEPTH, 3)


def test_coinbase_s_advanced_trade(tmp_path: Path) -> None:
    """Its updates name their side."""
    updates = [
        {"side": "bid", "event_time": "", "price_level": "100", "new_quantity": "2"},
        {"side": "offer", "event_time": "", "price_level": "101", "new_quantity": "3"},
    ]
    event = {"type": "snapshot", "product_id": "BTC-USD", "updates": updates}
    time = "2024-01-02T14:30:00.000000001Z"
    message = {"channel": "l2_data", "timestamp": time, "sequence_num": 0, "events": [event]}
    assert written(capture(tmp_path, message, stamped=False))[0][1:] == [
        f"{NS + 1},bid,100,2,1,-1,-1,-1",
        f"{NS + 1},ask,101,3,3,-1,-1,-1",
    ]


def test_bitstamp_s_differences(tmp_path: Path) -> None:
    """Times are in microseconds; its trades tell the side of who took by a number."""
    data = {"timestamp": "1", "microtimestamp": f"{MS}007", "bids": [["1.5", "2"]], "asks": []}
    trade = {"id": 1, "type": 1, "price": 1.5, "price_str": "1.50", "amount": 2.0,
             "amount_str": "2.00000000", "microtimestamp": f"{MS}008"}  # fmt: skip
    path = capture(
        tmp_path,
        {"event": "bts:subscription_succeeded", "channel": "diff_order_book_xrpeur", "data": {}},
        {"event": "data", "channel": "diff_order_book_xrpeur", "data": data},
        {"event": "trade", "channel": "live_trades_xrpeur", "data": trade},
        stamped=False,
    )
    assert written(path)[0][1:] == [f"{NS + 7_000},bid,1.5,2,2,-1,-1,-1"]
    assert written(path, DataKind.TRADES)[0][1:] == [f"{NS + 8_000},1.50,2.00000000,sell"]


def test_bitfinex_s_channels_and_checksums(tmp_path: Path) -> None:
    """Their numbers are told when they are subscribed to; a count of 0 takes a level away; a
    checksum is a message of its own. Books of orders are passed over."""
    asks = "6100:-3:5900:2:6200:-4"  # of the tests of bfx-api-node-models
    path = capture(
        tmp_path,
        {"event": "subscribed", "channel": "book", "chanId": 7, "symbol": "tBTCUSD", "prec": "P0"},
        {"event": "subscribed", "channel": "book", "chanId": 8, "symbol": "tBTCUSD", "prec": "R0"},
        {"event": "subscribed", "channel": "trades", "chanId": 9, "symbol": "tBTCUSD"},
        [7, [[6000, 1, 1], [5900, 1, 2], [5800, 1, 1e-7], [6100, 1, -3], [6200, 1, -4]]],
        [8, [[123, 6000, 1]]],
        [7, "hb"],
        [7, [5800, 0, 1]],
        [7, "cs", int.from_bytes(zlib.crc32(b"6000:1:" + asks.encode()).to_bytes(4, "big"),
                                 "big", signed=True)],
        [9, "te", [1, MS, -0.5, 6000]],
    )  # fmt: skip
    lines, made = written(path)
    assert [line.split(",", 2)[2] for line in lines[1:]] == [
        "bid,6000,1,1,-1,-1,-1", "bid,5900,2,1,-1,-1,-1", "bid,5800,1e-07,1,-1,-1,-1",
        "ask,6100,3,1,-1,-1,-1", "ask,6200,4,3,-1,-1,-1", "bid,5800,0,2,-1,-1,-1",
        "none,0,0,2,-1,-1,-1",
    ]  # fmt: skip
    assert (made.venue, made.size_decimals, list(made.checksums)) == ("bitfinex", 7, [6])
    found = check_capture(str(path), "BTCUSD")
    assert (found.checksums, found.mismatches) == (1, ())
    assert written(path, DataKind.TRADES)[0][1].endswith(f",{NS},6000,0.5,sell")


def test_dydx_and_hyperliquid(tmp_path: Path) -> None:
    """dYdX tells no times, so they have to be written down; Hyperliquid sends whole books."""
    begun = {"bids": [{"price": "100", "size": "2"}], "asks": []}
    about = {"channel": "v4_orderbook", "id": "BTC-USD"}
    messages = (
        {"type": "subscribed", **about, "contents": begun},
        {"type": "channel_batch_data", **about, "contents": [{"asks": [["101", "3"]]}]},
    )
    assert [row.split(",", 2)[2] for row in written(capture(tmp_path, *messages))[0][1:]] == [
        "bid,100,2,3,-1,-1,-1",
        "ask,101,3,2,-1,-1,-1",
    ]
    with pytest.raises(BadMarketData, match="none of its messages tells its time"):
        written(capture(tmp_path, *messages, stamped=False))
    levels = [[{"px": "100", "sz": "2", "n": 1}], [{"px": "101", "sz": "3", "n": 1}]]
    taken = {"coin": "BTC", "side": "A", "px": "100", "sz": "1", "time": MS}
    path = capture(
        tmp_path,
        {"channel": "l2Book", "data": {"coin": "BTC", "time": MS, "levels": levels}},
        {"channel": "trades", "data": [taken]},
        stamped=False,
    )
    assert written(path)[0][1:] == [f"{NS},bid,100,2,1,-1,-1,-1", f"{NS},ask,101,3,3,-1,-1,-1"]
    assert written(path, DataKind.TRADES)[0][1:] == [f"{NS},100,1,sell"]


# Of Kraken's description of its checksum (websocket v1), with a level more that its book of ten
# has lost by then.
ASKS = [[f"0.{5005 + 5 * n:05d}", "0.00000500", "1582905487.684110"] for n in range(10)]
BIDS = [
    [f"0.0{price}", "0.00000500", "1582905487.439814"]
    for price in (5000, 4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4945)
]
PUBLISHED = 974947235


def kraken(asks: Any, bids: Any, checksum: int = PUBLISHED) -> list[Any]:
    """An update of Kraken's websocket v1, in two parts."""
    return [0, {"a": asks}, {"b": bids, "c": str(checksum)}, "book-10", "BTC/USD"]


def test_kraken_s_books_lose_the_levels_beyond_their_depth(tmp_path: Path) -> None:
    """Without a word of the venue; what it publishes proves it."""
    path = capture(
        tmp_path,
        [0, {"as": ASKS, "bs": BIDS}, "book-10", "BTC/USD"],
        kraken([], [["0.04950", "0.00000500", "1582905488.509872"]]),
        kraken(ASKS[:1], BIDS[:1], 1),
        stamped=False,
    )
    assert written(path)[0][21:23] == [
        "1582905488509872000,bid,0.04950,0.00000500,0,-1,-1,-1",
        "1582905488509872000,bid,0.04945,0,2,-1,-1,-1",
    ]
    found = check_capture(str(path))
    assert (found.venue, found.checksums) == ("kraken", 2)
    assert [(one.expected, one.found) for one in found.mismatches] == [(1, PUBLISHED)]


def test_kraken_s_second_websocket(tmp_path: Path) -> None:
    """Numbers are bare there, and their zeros count: they stay as they are written."""
    data = (
        '{"symbol": "BTC/USD", "bids": [{"price": 100.50, "qty": 0.10000000}], "asks": []'
        f', "checksum": {zlib.crc32(b"1005010000000")}, "timestamp": "2024-01-02T14:30:00.000001Z"'
        "}"
    )
    message = f'{{"channel": "book", "type": "snapshot", "data": [{data}]}}'
    trade = {"symbol": "BTC/USD", "side": "buy", "price": 100.5, "qty": 1.0, "ord_type": "limit",
             "trade_id": 1, "timestamp": "2024-01-02T14:30:00.5Z"}  # fmt: skip
    traded = {"channel": "trade", "type": "update", "data": [trade]}
    path = capture(tmp_path, message, traded, stamped=False)
    lines, made = written(path)
    assert lines[1:] == [f"{NS + 1_000},bid,100.50,0.10000000,3,-1,-1,-1"]
    assert (made.price_decimals, made.size_decimals) == (2, 8)
    assert check_capture(str(path)).mismatches == ()
    assert written(path, DataKind.TRADES)[0][1:] == [f"{NS + 500_000_000},100.5,1.0,buy"]


@pytest.mark.parametrize(("venue", "rule"), [("okx", okx_checksum), ("bitget", bitget_checksum)])
def test_checksums_after_each_message(tmp_path: Path, venue: str, rule: Any) -> None:
    """With the decimals that the capture shows."""

    def checksum(bid: int) -> int:
        book = BookTop(bids=((1000, bid),), asks=((1011, 30),), price_decimals=1, size_decimals=1)
        return int(rule(book))

    messages = [
        okx("snapshot", [["100.0", "2.0"]], [["101.1", "3.0"]], 5, -1, checksum=checksum(20)),
        okx("update", [["100.0", "2.5"]], [], 7, 5, checksum=checksum(25)),
    ]
    for message in messages:
        if venue == "bitget":
            message["arg"]["instType"] = "SPOT"
    found = check_capture(str(capture(tmp_path, *messages)))
    assert (found.venue, found.checksums, found.mismatches) == (venue, 2, ())


def test_what_cannot_be_checked_or_read_is_told(tmp_path: Path) -> None:
    """Early, with what to do."""
    path = capture(tmp_path, okx("snapshot", [["100", "2"]], [], 5, -1))
    with pytest.raises(InvalidInput, match="has no checksums"):
        check_capture(str(path))
    with pytest.raises(BadMarketData, match="has no trades"):
        written(path, DataKind.TRADES)
    with pytest.raises(InvalidInput, match="depth and trades"):
        written(path, DataKind.QUOTES)
    broken = okx("update", [["100", "2"]], [], 6, 5)
    del broken["data"][0]["bids"]
    path = capture(tmp_path, okx("snapshot", [["100", "2"]], [], 5, -1), broken)
    with pytest.raises(BadMarketData, match="line 3: it has no 'bids'; expected"):
        written(path)
    path.write_text("time,price\n1,2\n")
    assert not is_venue_capture(path)
    with pytest.raises(InvalidInput, match="no capture"):
        check_capture(str(path))


@pytest.mark.parametrize("price", ["x", "1e", "NaN"])
def test_a_level_whose_price_is_no_number_is_told_with_its_place(
    tmp_path: Path, price: str
) -> None:
    """Whether its venue's levels are followed or not."""
    levels = [[price, "0.00000500", "1582905487.439814"]]
    path = capture(
        tmp_path, [0, {"as": ASKS, "bs": BIDS}, "book-10", "BTC/USD"], kraken([], levels)
    )
    for check in (written, lambda path: check_capture(str(path))):
        with pytest.raises(BadMarketData, match=r"capture\.jsonl, line 3: .* not a number"):
            check(path)
    if price != "1e":  # whoever reads the table refuses that
        path = capture(tmp_path, okx("snapshot", [[price, "2"]], [["101", "2"]], 5, -1))
        with pytest.raises(BadMarketData, match=r"capture\.jsonl, line 2: .* not a number"):
            written(path)
