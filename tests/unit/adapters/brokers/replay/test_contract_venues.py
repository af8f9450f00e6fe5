"""Raw captures of Deribit, BitMEX, Kraken's futures and Crypto.com: the examples of their
documentation, and what follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.captures import books, capture, trades

from offbook.domain.errors import BadMarketData


def deribit(channel: str, data: Any) -> dict[str, Any]:
    params = {"channel": channel, "data": data}
    return {"jsonrpc": "2.0", "method": "subscription", "params": params}


def changed(number: int, before: int | None, bids: Any, asks: Any) -> dict[str, Any]:
    """A message of Deribit's book; without one before it a snapshot."""
    data = {
        "type": "snapshot" if before is None else "change",
        "timestamp": 1554373962454 + number,
        "instrument_name": "BTC-PERPETUAL",
        "change_id": number,
        "bids": bids,
        "asks": asks,
        **({} if before is None else {"prev_change_id": before}),
    }
    return deribit("book.BTC-PERPETUAL.100ms", data)


def test_deribit_s_example_and_a_message_that_is_missing(tmp_path: Path) -> None:
    """The numbers of its messages show the gap; the next snapshot ends it."""
    bids = [["new", 5042.34, 30], ["new", 5041.94, 20]]
    asks = [["new", 5042.64, 40], ["new", 5043.3, 40]]
    path = capture(
        tmp_path,
        {"jsonrpc": "2.0", "id": 1, "result": ["book.BTC-PERPETUAL.100ms"]},
        changed(297217, None, bids, asks),
        changed(297218, 297217, [["delete", 5041.94, 0], ["delete", 5042.34, 0]], []),
        changed(297221, 297218, [["new", 5.0e-4, 7]], [["change", 5042.64, 50]]),
        changed(297230, 297229, [["new", 5000, 1]], []),
        changed(297231, None, bids, asks),
    )
    both = {"5042.34": "30", "5041.94": "20"}, {"5042.64": "40", "5043.3": "40"}
    assert books(path) == [
        ("live", *both),
        ("live", {}, both[1]),
        ("live", {"0.0005": "7"}, {"5042.64": "50", "5043.3": "40"}),
        ("stale", {"5000": "1", "0.0005": "7"}, {"5042.64": "50", "5043.3": "40"}),
        ("live", *both),
    ]


def test_deribit_s_groups_are_whole_books_and_its_trades_say_who_took(tmp_path: Path) -> None:
    data = {"timestamp": 1554375447971, "instrument_name": "ETH-PERPETUAL", "change_id": 109615,
            "bids": [[160, 40]], "asks": [[161, 20]]}  # fmt: skip
    trade = {"trade_id": "1", "timestamp": 1590484156350, "price": 9030.5, "amount": 20.0,
             "instrument_name": "ETH-PERPETUAL", "direction": "sell"}  # fmt: skip
    path = capture(
        tmp_path,
        deribit("book.ETH-PERPETUAL.none.1.100ms", data),
        deribit("book.ETH-PERPETUAL.none.1.100ms", {**data, "change_id": 109616, "bids": []}),
        deribit("trades.ETH-PERPETUAL.100ms", [trade]),
        deribit("ticker.ETH-PERPETUAL.100ms", {"mark_price": 1}),
    )
    assert books(path) == [("live", {"160": "40"}, {"161": "20"}), ("live", {}, {"161": "20"})]
    assert trades(path) == ["1590484156350000000,9030.5,20.0,sell"]


def bitmex(action: str, *levels: tuple[int, str, int | None, float | None]) -> dict[str, Any]:
    """A message of BitMEX's book: number, side, size and price, as far as they are told."""
    names = ("id", "side", "size", "price")
    rows = [
        {"symbol": "XBTUSD", **{k: v for k, v in zip(names, level, strict=True) if v is not None}}
        for level in levels
    ]
    return {"table": "orderBookL2_25", "action": action, "data": rows}


def test_bitmex_s_example(tmp_path: Path) -> None:
    """Levels are updated and deleted by their numbers; what comes before the whole is passed
    over, and a level that takes the other side leaves its own."""
    whole = bitmex(
        "partial",
        (17999992000, "Sell", 100, 80),
        (17999993000, "Sell", 20, 70),
        (17999994000, "Sell", 10, 60),
        (17999995000, "Buy", 10, 50),
        (17999996000, "Buy", 20, 40),
        (17999997000, "Buy", 100, 30),
    )
    path = capture(
        tmp_path,
        {"info": "Welcome to the BitMEX Realtime API.", "version": "1.1.0"},
        bitmex("update", (1, "Buy", 3, None)),
        whole,
        bitmex("update", (17999995000, "Buy", 5, None)),
        bitmex("delete", (17999995000, "Buy", None, None)),
        bitmex("insert", (17999995500, "Buy", 10, 45)),
        bitmex("update", (17999994000, "Buy", 7, None)),
    )
    asks = {"60": "10", "70": "20", "80": "100"}
    bids = {"40": "20", "30": "100"}
    assert books(path) == [
        ("live", {"50": "10", **bids}, asks),
        ("live", {"50": "5", **bids}, asks),
        ("live", bids, asks),
        ("live", {"45": "10", **bids}, asks),
        ("live", {"60": "7", "45": "10", **bids}, {"70": "20", "80": "100"}),
    ]
    path = capture(tmp_path, whole, bitmex("delete", (5, "Buy", None, None)))
    with pytest.raises(BadMarketData, match=r"line 2: .*the level 5, which was not told"):
        books(path)


def test_bitmex_s_connection_begins_with_a_partial_also_after_a_reconnect(tmp_path: Path) -> None:
    """Updates before it are of levels that the connection before was not told."""
    welcome = {"info": "Welcome to the BitMEX Realtime API.", "version": "2.0.0"}
    path = capture(
        tmp_path,
        welcome,
        bitmex("partial", (1, "Buy", 5, 50), (2, "Sell", 7, 51)),
        welcome,
        {"success": True, "subscribe": "orderBookL2_25:XBTUSD", "request": {"op": "subscribe"}},
        bitmex("delete", (3, "Buy", None, None)),
        bitmex("partial", (4, "Buy", 6, 49), (2, "Sell", 7, 51)),
    )
    assert books(path)[1:] == [("live", {"49": "6"}, {"51": "7"})]


def test_bitmex_s_ten_levels_and_trades(tmp_path: Path) -> None:
    ten = {"symbol": "XBTUSD", "bids": [[100.5, 10]], "asks": [[101, 20]],
           "timestamp": "2024-01-02T14:30:00.000Z"}  # fmt: skip
    trade = {"timestamp": "2024-01-02T14:30:01.500Z", "symbol": "XBTUSD", "side": "Buy",
             "size": 100, "price": 101.0, "tickDirection": "PlusTick"}  # fmt: skip
    path = capture(
        tmp_path,
        {"table": "orderBook10", "action": "partial", "data": [ten]},
        {"table": "trade", "action": "partial", "data": [trade]},
        {"table": "trade", "action": "insert", "data": [trade]},
        {"table": "funding", "action": "insert", "data": []},
    )
    assert books(path) == [("live", {"100.5": "10"}, {"101": "20"})]
    assert trades(path) == ["1704205801500000000,101.0,100,buy"]


def test_kraken_s_futures_have_numbers_that_rise_by_one(tmp_path: Path) -> None:
    """As their documentation shows them, and one that is missing."""
    whole = {"feed": "book_snapshot", "product_id": "PI_XBTUSD", "timestamp": 1612269825817,
             "seq": 326072249, "tickSize": None, "bids": [{"price": 34892.5, "qty": 6385}],
             "asks": [{"price": 34911.5, "qty": 20598}]}  # fmt: skip
    change = {"feed": "book", "product_id": "PI_XBTUSD", "side": "sell", "seq": 326072250,
              "price": 34981, "qty": 7, "timestamp": 1612269953629}  # fmt: skip
    trade = {"feed": "trade", "product_id": "PI_XBTUSD", "side": "sell", "type": "fill",
             "seq": 653355, "time": 1612266317519, "qty": 15000, "price": 34969.5}  # fmt: skip
    path = capture(
        tmp_path,
        {"event": "subscribed", "feed": "book", "product_ids": ["PI_XBTUSD"]},
        whole,
        change,
        trade,
        {**change, "seq": 326072251, "side": "buy", "price": 34892.5, "qty": 0},
        {**change, "seq": 326072253},
    )
    both = {"34911.5": "20598", "34981": "7"}
    assert books(path) == [
        ("live", {"34892.5": "6385"}, {"34911.5": "20598"}),
        ("live", {"34892.5": "6385"}, both),
        ("live", {}, both),
        ("stale", {}, both),
    ]
    assert trades(path) == ["1612266317519000000,34969.5,15000,sell"]


def crypto_com(channel: str, *data: Any) -> dict[str, Any]:
    result = {"instrument_name": "BTCUSD-PERP", "channel": channel, "data": list(data)}
    return {"id": -1, "method": "subscribe", "code": 0, "result": result}


def test_crypto_com_s_updates_name_the_one_before(tmp_path: Path) -> None:
    levels = {"bids": [["50126.0", "0.4", "1"]], "asks": [["50127.0", "0.3", "2"]]}
    update = {"bids": [["50126.0", "0", "0"]], "asks": [["50128.0", "0.1", "1"]]}
    trade = {"d": "1", "t": 1613581138462, "p": "51327.5", "q": "0.01", "s": "SELL", "i": "X"}
    path = capture(
        tmp_path,
        {"id": 1, "method": "subscribe", "code": 0},
        {"method": "subscribe", "result": {"channel": "trade", "symbol": "BTC/USD"}},
        crypto_com("book", {**levels, "t": 1647917463000, "u": 10}),
        crypto_com("book.update", {"update": update, "t": 1647917463003, "u": 12, "pu": 10}),
        crypto_com("book.update", {"update": update, "t": 1647917463004, "u": 15, "pu": 14}),
        crypto_com("trade", trade),
    )
    asks = {"50127": "0.3", "50128": "0.1"}
    assert books(path) == [
        ("live", {"50126": "0.4"}, {"50127": "0.3"}),
        ("live", {}, asks),
        ("stale", {}, asks),
    ]
    assert trades(path) == ["1613581138462000000,51327.5,0.01,sell"]
