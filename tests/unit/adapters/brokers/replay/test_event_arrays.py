"""hftbacktest's arrays of events: what becomes of them, and of what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from offbook.adapters.brokers.replay.event_arrays import write_events
from offbook.adapters.brokers.replay.peeking import peek
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig, InvalidInput
from offbook.domain.market_data import DataKind

T = 1_704_205_800_000_000_000
EXCH, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
DEPTH, TRADE, CLEAR, LEVEL, ADD, CANCEL, MODIFY, FILL = 1, 2, 3, 4, 10, 11, 12, 13
FIELDS = [("ev", "u8"), ("exch_ts", "i8"), ("local_ts", "i8"), ("px", "f8"), ("qty", "f8"),
          ("order_id", "u8"), ("ival", "i8"), ("fval", "f8")]  # fmt: skip


def saved(
    path: Path, *rows: tuple[int, int, float, float, int], clocks: int = EXCH | LOCAL
) -> Path:
    """A file of events: what and which side, ns after the beginning, price, size, order."""
    events = [
        (ev | clocks, T + at - 1, T + at, px, qty, order, 0, 0.0) for ev, at, px, qty, order in rows
    ]
    np.savez_compressed(path, data=np.array(events, dtype=np.dtype(FIELDS, align=True)))
    return path


def written(path: Path, kind: DataKind | None = None) -> list[str]:
    """The rows that are made, without what their times have in common."""
    target = path.with_name("made.csv")
    count = write_events(path, kind, target)
    lines = target.read_text().splitlines()
    assert count == len(lines) - 1
    return [line.replace(str(T)[:-2], "") for line in lines[1:]]


def test_a_book_by_price_and_its_trades(tmp_path: Path) -> None:
    """A clearing with the levels after it is a snapshot; rows of one time are a message."""
    path = saved(
        tmp_path / "xyz.npz",
        (CLEAR | BUY, 1, 99.0, 0.0, 0),
        (LEVEL | BUY, 1, 100.0, 5.0, 0),
        (CLEAR | SELL, 1, 102.0, 0.0, 0),
        (LEVEL | SELL, 1, 100.1, 1e-7, 0),
        (DEPTH | BUY, 3, 100.0, 0.0, 0),
        (DEPTH | SELL, 3, 100.1, 2.5, 0),
        (TRADE | SELL, 4, 100.0, 1.5, 0),
        (DEPTH | SELL, 5, 100.2, 2.0, 0),
    )
    assert written(path) == [
        "01,00,bid,100,5,1", "01,00,ask,100.1,1e-07,3", "03,02,bid,100,0,0",
        "03,02,ask,100.1,2.5,2", "05,04,ask,100.2,2,2",
    ]  # fmt: skip
    assert written(path, DataKind.TRADES) == ["04,03,100,1.5,sell"]
    made, _ = convert_data(str(path), tmp_path / "depth.csv.gz", MarketDescription())
    assert (made.kind, made.rows) == (DataKind.DEPTH, 5)


def test_what_only_the_exchange_s_clock_comes_to_is_there_a_second_time(tmp_path: Path) -> None:
    """And not taken."""
    path = saved(tmp_path / "xyz.npz", (DEPTH | BUY, 1, 100.0, 5.0, 0), clocks=EXCH)
    with pytest.raises(BadMarketData, match="has no depth"):
        written(path)


def test_a_book_order_by_order(tmp_path: Path) -> None:
    """What a fill took no cancel takes once more, nor does the modification that tells what is
    left; a fill is at its order's price."""
    path = saved(
        tmp_path / "xyz.npz",
        (CLEAR, 0, 0.0, 0.0, 0),
        (ADD | BUY, 1, 100.0, 5.0, 7),
        (ADD | BUY, 2, 100.0, 3.0, 8),
        (FILL | BUY, 3, 99.9, 2.0, 7),
        (MODIFY | BUY, 3, 100.0, 3.0, 7),
        (MODIFY | BUY, 4, 100.1, 3.0, 7),
        (FILL | BUY, 5, 100.0, 3.0, 8),
        (CANCEL | BUY, 5, 100.0, 3.0, 8),
        (CANCEL | BUY, 6, 100.1, 3.0, 7),
        (CANCEL | SELL, 7, 101.0, 3.0, 9),
    )
    assert [row.split(",", 2)[2] for row in written(path)] == [
        "clear,none,0,0,0,2", "add,bid,100,5,7,2", "add,bid,100,3,8,2", "execute,bid,100,2,7,2",
        "modify,bid,100.1,3,7,2", "execute,bid,100,3,8,2", "delete,bid,100.1,3,7,2",
        "delete,ask,101,3,9,2",
    ]  # fmt: skip


def test_what_is_left_of_an_order_is_exact(tmp_path: Path) -> None:
    """As doubles 0.3 - 0.1 is not 0.2, and 0.8 - 0.1 - 0.7 is not 0."""
    path = saved(
        tmp_path / "xyz.npz",
        (ADD | BUY, 1, 100.0, 0.3, 7),
        (FILL | BUY, 2, 100.0, 0.1, 7),
        (MODIFY | BUY, 2, 100.0, 0.2, 7),
        (ADD | BUY, 3, 100.0, 0.8, 8),
        (FILL | BUY, 4, 100.0, 0.1, 8),
        (FILL | BUY, 5, 100.0, 0.7, 8),
        (CANCEL | BUY, 5, 100.0, 0.8, 8),
        (FILL | BUY, 6, 100.0, 0.7, 9),
        (CANCEL | BUY, 7, 100.0, 0.1, 9),
    )
    assert [row.split(",")[2] for row in written(path)] == [
        "add", "execute", "add", "execute", "execute", "execute", "delete",
    ]  # fmt: skip


def test_what_is_no_such_array_is_told(tmp_path: Path) -> None:
    """And what to do with one where a recording is wanted."""
    path = saved(tmp_path / "xyz.npz", (DEPTH | BUY, 1, 100.0, 5.0, 0))
    with pytest.raises(InvalidInput, match="name one with --kind"):
        written(path, DataKind.BARS)
    with pytest.raises(InvalidConfig, match=r"offbook data convert .*xyz\.npz"):
        peek(str(path), {})
    np.savez(path, data=np.zeros(3))
    with pytest.raises(BadMarketData, match="it has no names"):
        written(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(BadMarketData, match="cannot be read"):
        written(path)
    path.unlink()
    with pytest.raises(GatewayUnavailable, match="cannot be read"):
        written(path)
