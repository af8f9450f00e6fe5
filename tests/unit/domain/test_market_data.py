"""Market rows in columns: the promises of a slice, and what its rows become."""

from typing import Any

import numpy as np
import pytest

from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import Bar, BarSlice, MarketSlice, Quote, QuoteSlice
from offbook.domain.values import MAX_UNITS, Price, Quantity
from offbook.engine.rows.rows import rows_of
from offbook.testing.markets import BTCUSDT, MINUTE, SECOND, START, bars_market, quotes_market

EDGE = MAX_UNITS


def quotes() -> QuoteSlice:
    """Three quotes with venue times."""
    (piece,) = quotes_market(
        [("100", "101", "1", "2"), ("100", "100"), ("99", "102", "0", "0")],
        events=[START, START + 1, START - 5],
    ).slices
    assert isinstance(piece, QuoteSlice)
    return piece


def bars() -> BarSlice:
    """Three bars, the last one of a single price and no volume."""
    (piece,) = bars_market(
        [("10", "12", "9", "11", "5"), ("11", "11", "8", "9", "1"), ("9", "9", "9", "9", "0")]
    ).slices
    assert isinstance(piece, BarSlice)
    return piece


def broken(piece: MarketSlice, column: str, row: int, value: int) -> MarketSlice:
    """The slice with one cell changed."""
    values = getattr(piece, column).copy()
    values[row] = value
    setattr(piece, column, values)
    return piece


def test_what_keeps_its_promises_passes() -> None:
    """Locked quotes, sizes of zero, bars without a trade, equal times, no rows at all."""
    quotes().check()
    bars().check()
    quotes().rows(0, 0).check()
    bars().rows(0, 0).check()
    broken(quotes(), "ts", 1, START).check()
    broken(quotes(), "ask_qty", 0, EDGE - 1).check()


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("ts", 1, START - 1),
        ("ts", 2, EDGE),
        ("bid_px", 0, 0),
        ("bid_px", 0, -1),
        ("bid_px", 1, 10_001),
        ("ask_px", 0, 9_999),
        ("ask_px", 2, EDGE),
        ("bid_qty", 0, -1),
        ("ask_qty", 2, -1),
        ("bid_qty", 1, EDGE),
        ("ask_qty", 1, -EDGE),
        ("bid_px", 0, -(2**63)),
        ("bid_qty", 0, -(2**63)),
    ],
)
def test_a_quote_that_cannot_be_is_refused(column: str, row: int, value: int) -> None:
    """Wherever in the slice it stands."""
    with pytest.raises(BadMarketData):
        broken(quotes(), column, row, value).check()


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("ts", 0, START + 2 * MINUTE + 1),
        ("ts", 1, START + MINUTE),
        ("ts_open", 0, START + MINUTE),
        ("ts_open", 1, START + MINUTE - 1),
        ("low_px", 0, 0),
        ("low_px", 0, 1001),
        ("low_px", 1, 901),
        ("high_px", 0, 1099),
        ("high_px", 1, 1099),
        ("open_px", 2, 901),
        ("close_px", 2, 899),
        ("volume_qty", 1, -1),
        ("volume_qty", 1, EDGE),
        ("high_px", 0, EDGE),
    ],
)
def test_a_bar_that_cannot_be_is_refused(column: str, row: int, value: int) -> None:
    """Low under open and close, high above, time forward, no overlap, nothing negative."""
    with pytest.raises(BadMarketData):
        broken(bars(), column, row, value).check()


@pytest.mark.parametrize("piece", [quotes(), bars()], ids=["quotes", "bars"])
def test_columns_are_int64_and_of_one_length(piece: MarketSlice) -> None:
    """Floats, narrower integers and a missing cell are refused, in whichever column."""
    for name in type(piece).COLUMNS:
        good = getattr(piece, name)
        if name in {"instrument", "start", "ts_event"}:
            continue
        for bad in (good.astype(np.float64), good.astype(np.uint64), good[:-1]):
            setattr(piece, name, bad)
            with pytest.raises(BadMarketData, match="int64 and of one length"):
                piece.check()
        setattr(piece, name, good)
    piece.check()


@pytest.mark.parametrize(
    "column", [np.array([1.5, 2, 3]), np.array([1], dtype=np.int64)], ids=["floats", "short"]
)
def test_venue_times_are_int64_and_of_one_length(column: Any) -> None:
    """They are handed out row by row like the rest, and copied into evidence."""
    piece = quotes()
    piece.ts_event = column
    with pytest.raises(BadMarketData):
        piece.check()


@pytest.mark.parametrize("piece", [quotes(), bars()], ids=["quotes", "bars"])
@pytest.mark.parametrize(("begin", "end"), [(0, 3), (0, 1), (1, 3), (2, 2), (3, 3)])
def test_a_part_of_a_slice_is_the_same_rows(piece: MarketSlice, begin: int, end: int) -> None:
    """With their places in the market, and without copying."""
    part = piece.rows(begin, end)
    assert len(part) == end - begin
    assert part.start == piece.start + begin
    assert rows_of(part) == rows_of(piece)[begin:end]
    assert not len(part) or np.shares_memory(part.ts, piece.ts)
    assert part.rows(0, len(part)).start == part.start


def test_a_part_of_a_part_keeps_its_place() -> None:
    """Positions are within the slice, ordinals within the market."""
    piece = quotes().rows(1, 3).rows(1, 2)
    (row,) = rows_of(piece)
    assert (piece.start, row.row) == (2, 2)


@pytest.mark.parametrize("piece", [quotes(), bars()], ids=["quotes", "bars"])
def test_no_numpy_scalar_leaves_a_slice(piece: MarketSlice) -> None:
    """Every leaf is an int, a float, None or the instrument."""
    for row in rows_of(piece):
        for name in row.__struct_fields__:
            leaf = getattr(row, name)
            assert type(leaf) in {int, float, type(None), type(BTCUSDT)}, name


def test_a_quote_shows_floats_beside_exact_numbers() -> None:
    """The float is for indicators; Price and Quantity go into orders."""
    first, second, _ = rows_of(quotes())
    assert isinstance(first, Quote)
    assert (first.bid, first.ask, first.mid) == (100.0, 101.0, 100.5)
    assert (first.bid_price, first.ask_price) == (Price(10_000, 2), Price(10_100, 2))
    assert (first.bid_size, first.ask_size) == (Quantity(100_000, 5), Quantity(200_000, 5))
    assert (first.ts, first.ts_event, second.ts) == (START, START, START + SECOND)


def test_a_bar_shows_floats_beside_exact_numbers() -> None:
    """It is known when it has ended."""
    first = rows_of(bars())[0]
    assert isinstance(first, Bar)
    assert (first.open, first.high, first.low, first.close) == (10.0, 12.0, 9.0, 11.0)
    assert (first.open_px, first.high_px, first.low_px, first.close_px) == (1000, 1200, 900, 1100)
    assert (first.volume, first.volume_qty) == (5.0, 500_000)
    assert first.close_price == Price(1100, 2)
    assert (first.ts_open, first.ts, first.ts_close) == (START, START + MINUTE, START + MINUTE)


def test_a_quote_without_a_venue_time_says_so() -> None:
    """None, not zero."""
    (piece,) = quotes_market([("1", "2")]).slices
    assert rows_of(piece)[0].ts_event is None  # type: ignore[union-attr]  # these are quotes
