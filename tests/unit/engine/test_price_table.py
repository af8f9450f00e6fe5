"""Rows made with a table of prices are those made without one."""

from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BarSlice, IntColumn, QuoteSlice, TradeSlice
from offbook.domain.orders import OrderSide
from offbook.engine.market.price_table import LEAST_ROWS, PATIENCE, REACH, WIDEST, PriceTable
from offbook.engine.rows.rows import each_bar, each_quote, each_trade
from offbook.testing.markets import XYZ

SCALE = 10**XYZ.price_precision


def walk(seed: int, rows: int, step: int) -> IntColumn:
    """Prices that move by up to so many units a row, with a jump now and then."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(-step, step + 1, rows)
    steps[rng.integers(0, rows, 4)] += rng.integers(-3000, 3000, 4)
    prices: IntColumn = np.maximum(50_000 + steps.cumsum(), 10)
    return prices


def blocks(rows: int, rng: Random) -> list[tuple[int, int]]:
    """Begin and end of pieces, some of them short."""
    cuts, place = [0], 0
    while place < rows:
        place = min(place + rng.choice([1, 100, LEAST_ROWS, 700]), rows)
        cuts.append(place)
    return list(pairwise(cuts))


@pytest.mark.parametrize("step", [0, 1, 40])
def test_rows_made_with_a_table_are_the_same(step: int) -> None:
    """Numbers and their types, of calm markets and of wild ones."""
    rows = 8_000
    px, ones = walk(step, rows, step), np.ones(rows, np.int64)
    ts = np.arange(rows)
    quotes = QuoteSlice(XYZ, 0, ts, px, px + 2, ones, ones)
    trades = TradeSlice(XYZ, 0, ts, px, ones, ones)
    bars = BarSlice(XYZ, 0, ts + 1, ts, px, px + 3, px - 1, px + 1, ones)
    made: list[Any] = []
    plain: list[Any] = []
    of_quotes, of_trades, of_bars = (PriceTable(SCALE) for _ in range(3))
    for begin, end in blocks(rows, Random(step)):
        made += each_quote(quotes.rows(begin, end), of_quotes)
        plain += each_quote(quotes.rows(begin, end))
        made += each_trade(trades.rows(begin, end), of_trades)
        plain += each_trade(trades.rows(begin, end))
        made += each_bar(bars.rows(begin, end), of_bars)
        plain += each_bar(bars.rows(begin, end))
    assert made == plain
    kinds = {type(getattr(row, name)) for row in made for name in row.__struct_fields__}
    assert kinds == {int, float, type(None), Instrument, OrderSide}


def test_a_table_is_made_for_prices_that_stay_and_not_again_at_once() -> None:
    """It costs more than it saves in one block."""
    table = PriceTable(SCALE)

    def has(px: int) -> bool:
        column = np.full(LEAST_ROWS, px, np.int64)
        found = table.numbers((column,), column, column)
        if found is not None:
            assert found == ([[px / SCALE] * LEAST_ROWS], [[px] * LEAST_ROWS])
        return found is not None

    assert has(10_000)
    assert has(10_000 - REACH)
    assert has(10_000 + REACH)
    assert [has(50_000) for _ in range(PATIENCE - 2)] == [False] * (PATIENCE - 3) + [True]
    assert not has(10_000)


def test_prices_far_apart_and_few_rows_are_not_looked_up() -> None:
    """A table for them would be as large as they are, or larger."""
    few = np.full(LEAST_ROWS - 1, 100, np.int64)
    assert PriceTable(SCALE).numbers((few,), few, few) is None
    wide = np.arange(LEAST_ROWS, dtype=np.int64) + 100
    wide[-1] = 100 + WIDEST
    assert PriceTable(SCALE).numbers((wide,), wide, wide) is not None
    wide[-1] += 1
    assert PriceTable(SCALE).numbers((wide,), wide, wide) is None
