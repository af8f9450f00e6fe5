"""Channels that tell a book or trades in another way than most of their venue, as the venues'
documentation shows them, and several channels in one capture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.captures import books, capture, trades

from offbook.adapters.brokers.replay.order_captures import write_order_capture
from offbook.adapters.brokers.replay.venue_captures import is_venue_capture, write_venue_capture
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData, InvalidConfig
from offbook.domain.market_data import DataKind


def htx(channel: str, **tick: Any) -> dict[str, Any]:
    return {"ch": channel, "ts": 1573199608679, "tick": tick}


def test_htx_tells_refreshed_books_whole(tmp_path: Path) -> None:
    """What has left is not told by a size of 0."""
    channel = "market.btcusdt.mbp.refresh.20"
    path = capture(
        tmp_path,
        {"id": "id1", "status": "ok", "subbed": channel, "ts": 1489474081631},
        htx(channel, seqNum=100020142010, bids=[[618.37, 71.594]], asks=[[623.33, 21.5]]),
        htx(channel, seqNum=100020142012, bids=[[618.36, 2]], asks=[[623.33, 21.5]]),
    )
    assert books(path)[1] == ("live", {"618.36": "2"}, {"623.33": "21.5"})


def test_htx_s_books_of_contracts_say_whether_they_are_whole(tmp_path: Path) -> None:
    """Their versions rise by one: one is missing before the last."""
    channel = "market.BTC-USDT.depth.size_20.high_freq"
    told = {"mrid": 1, "id": 1, "ts": 1573199608679, "ch": channel}
    path = capture(
        tmp_path,
        htx(channel, event="snapshot", version=7, bids=[[9, 1], [8, 2]], asks=[[11, 3]], **told),
        htx(channel, event="update", version=8, bids=[[9, 0]], asks=[[12, 4]], **told),
        htx(channel, event="update", version=10, bids=[], asks=[[12, 5]], **told),
    )
    assert books(path) == [
        ("live", {"9": "1", "8": "2"}, {"11": "3"}),
        ("live", {"8": "2"}, {"11": "3", "12": "4"}),
        ("stale", {"8": "2"}, {"11": "3", "12": "5"}),
    ]


def test_htx_s_amounts_of_contracts_are_those_of_both_sides(tmp_path: Path) -> None:
    """ "Quantity(Cont.). Sum of both buy and sell sides"; an answer tells trades once more."""
    trade = {"amount": 6, "ts": 1603706947767, "id": 1, "price": 13068.4, "direction": "buy",
             "quantity": 0.006, "trade_turnover": 78.4104}  # fmt: skip
    channel = "market.BTC-USDT.trade.detail"
    path = capture(
        tmp_path,
        {"rep": channel, "id": "1", "status": "ok", "ts": 1603706947767, "data": [trade]},
        {"ch": "market.overview", "ts": 1603706947767, "data": [{"symbol": "btcusdt"}]},
        htx(channel, id=1, ts=1603706947767, data=[trade]),
    )
    assert trades(path) == ["1603706947767000000,13068.4,3,buy"]


def gate(channel: str, result: Any, event: str = "update") -> dict[str, Any]:
    return {"time": 1541500161, "channel": channel, "event": event, "result": result}


def test_gate_s_futures_tell_a_whole_book_and_then_levels_with_signs(tmp_path: Path) -> None:
    whole = {"t": 1541500161123, "contract": "BTC_USD", "id": 93973511,
             "asks": [{"p": "97.1", "s": 2245}], "bids": [{"p": "95.4", "s": 3}]}  # fmt: skip
    level = {"c": "BTC_USD", "id": 93973512}
    path = capture(
        tmp_path,
        gate("futures.order_book", whole, "all"),
        gate("futures.order_book", [{"p": "97.2", "s": -50, **level}]),
        gate("futures.order_book", [{"p": "97.1", "s": 0, **level}, {"p": "95", "s": 7, **level}]),
        gate("futures.order_book", []),
    )
    assert books(path)[1:] == [
        ("live", {"95.4": "3"}, {"97.1": "2245", "97.2": "50"}),
        ("live", {"95.4": "3", "95": "7"}, {"97.2": "50"}),
    ]


def test_gate_s_newer_books_begin_with_a_whole_one(tmp_path: Path) -> None:
    told = {"t": 1743673026995, "s": "ob.BTC_USDT.50"}
    path = capture(
        tmp_path,
        gate("spot.obu", {**told, "full": True, "u": 10, "b": [["84000", "1"]], "a": []}),
        gate("spot.obu", {**told, "U": 11, "u": 12, "b": [["84000", "0"]], "a": [["84001", "2"]]}),
        gate("spot.obu", {**told, "U": 14, "u": 14, "a": [["84001", "3"]]}),
    )
    assert books(path) == [
        ("live", {"84000": "1"}, {}),
        ("live", {}, {"84001": "2"}),
        ("stale", {}, {"84001": "3"}),
    ]


def test_trades_that_met_no_order_in_the_book_are_left_out(tmp_path: Path) -> None:
    """Gate's with its insurance fund; blocks and the like at Kraken's futures, Deribit and Bybit;
    prices of indices at BitMEX."""
    made = {"size": 3, "id": 1, "create_time_ms": 1545136464123, "price": "96.4",
            "contract": "BTC_USD"}  # fmt: skip
    path = capture(tmp_path, gate("futures.trades", [{**made, "is_internal": True}, made]))
    assert trades(path) == ["1545136464123000000,96.4,3,buy"]
    fill = {"feed": "trade", "product_id": "PI_XBTUSD", "side": "sell", "type": "liquidation",
            "seq": 653355, "time": 1612266317519, "qty": 15000, "price": 34969.5}  # fmt: skip
    path = capture(tmp_path, *({**fill, "type": kind} for kind in ("block", "liquidation")))
    assert trades(path) == ["1612266317519000000,34969.5,15000,sell"]
    bought = {"timestamp": "2024-01-02T14:30:01.500Z", "symbol": "XBTUSD", "side": "Buy",
              "size": 100, "price": 101.0}  # fmt: skip
    index = {**bought, "symbol": ".BXBT", "side": None, "size": None, "trdType": "Referential"}
    path = capture(tmp_path, {"table": "trade", "action": "insert", "data": [index, bought]})
    assert trades(path) == ["1704205801500000000,101.0,100,buy"]

    sold = {"instrument_name": "BTC-PERPETUAL", "price": 8950.0, "amount": 10.0,
            "direction": "sell", "timestamp": 1590484512188}  # fmt: skip
    data = [{**sold, "block_trade_id": "BLOCK-154"}, sold]
    params = {"channel": "trades.BTC-PERPETUAL.raw", "data": data}
    path = capture(tmp_path, {"method": "subscription", "params": params})
    assert trades(path) == ["1590484512188000000,8950.0,10.0,sell"]
    one = {"T": 1672304486865, "s": "BTCUSDT", "S": "Buy", "v": "0.001", "p": "16578.50"}
    data = [{**one, "BT": is_block} for is_block in (True, False)]
    path = capture(tmp_path, {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "data": data})
    assert trades(path) == ["1672304486865000000,16578.50,0.001,buy"]


def test_kucoin_s_futures_tell_trades_as_executions(tmp_path: Path) -> None:
    data = {"symbol": "XBTUSDM", "sequence": 36, "side": "buy", "size": 1, "price": "3600",
            "takerOrderId": "5c9dd00870744d71c43f5e25", "makerOrderId": "5c9d852070744d0976909a0c",
            "tradeId": "5c9dd00970744d6f5a3d32fc", "ts": 1545914149935808589}  # fmt: skip
    topic = "/contractMarket/execution:XBTUSDM"
    path = capture(tmp_path, {"type": "message", "topic": topic, "subject": "match", "data": data})
    assert trades(path) == ["1545914149935808589,3600,1,buy"]


def test_other_feeds_of_kraken_s_futures_stand_between(tmp_path: Path) -> None:
    """Their times are no texts, as those of Coinbase, which names its products alike."""
    whole = {"feed": "book_snapshot", "product_id": "PI_XBTUSD", "timestamp": 1612269825817,
             "seq": 1, "bids": [{"price": 34892.5, "qty": 6385}], "asks": []}  # fmt: skip
    ticker = {"time": 1612270825253, "feed": "ticker", "product_id": "PI_XBTUSD", "bid": 34832.5}
    path = capture(tmp_path, ticker, whole, {"feed": "heartbeat", "time": 1534262350627}, ticker)
    assert books(path) == [("live", {"34892.5": "6385"}, {})]


def test_a_size_that_is_deleted_or_zero_however_it_is_written(tmp_path: Path) -> None:
    level = {"type": "snapshot", "timestamp": 1554373962454, "instrument_name": "X-1",
             "change_id": 1, "bids": [["new", 5, 1], ["new", 4, 2]], "asks": []}  # fmt: skip
    gone = {**level, "type": "change", "change_id": 2, "prev_change_id": 1,
            "bids": [["delete", 5, 1]]}  # fmt: skip
    messages = [
        {"method": "subscription", "params": {"channel": "book.X-1.raw", "data": data}}
        for data in (level, gone)
    ]
    assert books(capture(tmp_path, *messages))[1] == ("live", {"4": "2"}, {})
    asked = {"rep": "market.btcusdt.mbp.150", "data": {"seqNum": 5, "bids": [[7, "1.0"]]}}
    update = htx("market.btcusdt.mbp.150", seqNum=6, prevSeqNum=5, bids=[[7, "0E-18"]])
    assert books(capture(tmp_path, update, asked))[1] == ("live", {}, {})


def okx(channel: str, action: str | None, bids: Any) -> dict[str, Any]:
    data = {"asks": [], "bids": bids, "ts": "1597026383085"}
    told = {"arg": {"channel": channel, "instId": "BTC-USDT"}, "data": [data]}
    return told if action is None else {**told, "action": action}


def test_a_book_that_comes_by_two_channels_in_turn_is_no_book(tmp_path: Path) -> None:
    """Each would undo the other. One that goes on by another channel is read."""
    first = okx("books", "snapshot", [["9", "1", "0", "1"], ["8", "1", "0", "1"]])
    best = okx("bbo-tbt", None, [["9", "1", "0", "1"]])
    change = okx("books", "update", [["8", "2", "0", "1"]])
    with pytest.raises(
        BadMarketData, match=r"line 3: the book of BTC-USDT comes by bbo-tbt and by books"
    ):
        books(capture(tmp_path, first, best, change))
    again = okx("books-l2-tbt", "snapshot", [["7", "1", "0", "1"]])
    assert books(capture(tmp_path, first, change, again))[2] == ("live", {"7": "1"}, {})


def places(said: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a message."""
    yield at
    if isinstance(said, dict | list):
        for name, one in said.items() if isinstance(said, dict) else enumerate(said):
            yield from places(one, (*at, name))


def changed(said: Any, at: tuple[Any, ...], what: Any) -> Any:
    """A message with something else at a place."""
    if not at:
        return what
    made = said.copy()
    made[at[0]] = changed(said[at[0]], at[1:], what)
    return made


WRITTEN: list[list[Any]] = [
    [gate("futures.order_book", [{"p": "97.2", "s": -50, "c": "X"}])],
    [{"id": 5, "current": 1541500161.1, "asks": [{"p": "5", "s": 1}], "bids": []}],
    [gate("futures.trades", [{"size": 3, "create_time_ms": 1, "price": "9", "contract": "X"}])],
    [htx("market.a.mbp.5", seqNum=6, prevSeqNum=5, bids=[[7, 1]])],
    [okx("books", "snapshot", [["9", "1", "0", "1"]])],
    [{"channel": "level3", "type": "snapshot", "data": [{"symbol": "X", "checksum": 5, "asks": [],
      "bids": [{"order_id": "A", "limit_price": 5, "order_qty": 1,
                "timestamp": "2024-01-02T14:30:01.5Z"}]}]}],
]  # fmt: skip


@pytest.mark.parametrize("messages", WRITTEN)
def test_whatever_stands_somewhere_else_is_read_or_told(
    tmp_path: Path, messages: list[Any]
) -> None:
    """In one line with its place; never an error of Python."""
    told = 0
    for at in places(messages[0]):
        for wrong in (None, [], float("inf"), "5\u0661"):
            path = capture(tmp_path, changed(messages[0], at, wrong))
            assert is_venue_capture(path) in (True, False)
            for write in (
                partial(write_venue_capture, path, DataKind.DEPTH),
                partial(write_venue_capture, path, DataKind.TRADES),
                partial(write_order_capture, path),
            ):
                with suppress(BadMarketData):
                    write(tmp_path / "made.csv")
                    continue
                told += 1
    assert told > 10


def test_a_line_that_breaks_off_is_told(tmp_path: Path) -> None:
    """As where a recorder was killed."""
    path = capture(tmp_path, okx("books", "snapshot", [["9", "1", "0", "1"]]), [1])
    path.write_text(path.read_text()[:-2] + "\n" + '1700000002000000000 {"arg": {"chan')
    with pytest.raises(BadMarketData, match=r"line 2: it is no JSON, or breaks off .*Mend the"):
        books(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"hello": 1}\n', "its first 500 messages tell of no book, order or trade of a venue"),
        ('nel": "book"}\n{"hello": 1}\n', "line 1: there is no message as JSON; expected"),
    ],
)
def test_a_file_that_is_no_capture_is_not_sent_round_in_a_circle(
    tmp_path: Path, text: str, why: str
) -> None:
    """Whoever converts it was told before to convert it."""
    path = tmp_path / "capture.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidConfig, match=f"neither a table, .* nor a raw capture .*{why}"):
        convert_data(str(path), tmp_path / "book.csv", MarketDescription())
