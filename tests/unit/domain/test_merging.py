"""The one order of a market's rows, however much of its sources has been read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.market_data import BarSlice, MergedSlice, QuoteSlice, SourceSlice, TradeSlice
from offbook.domain.merging import merge, rows_by_source, safe_horizon
from offbook.testing.markets import BTCUSDT, XYZ


def quotes(times: list[int]) -> QuoteSlice:
    ones = np.ones(len(times), np.int64)
    return QuoteSlice(BTCUSDT, 0, np.array(times, np.int64), ones, ones, ones, ones)


def trades(times: list[int]) -> TradeSlice:
    ones = np.ones(len(times), np.int64)
    return TradeSlice(XYZ, 0, np.array(times, np.int64), ones, ones, ones)


def bars(times: list[int]) -> BarSlice:
    ends, ones = np.array(times, np.int64), np.ones(len(times), np.int64)
    return BarSlice(XYZ, 0, ends, ends - 1, ones, ones, ones, ones, ones)


def places(merged: MergedSlice) -> list[tuple[int, int, int]]:
    return list(zip(merged.ts.tolist(), merged.which.tolist(), merged.index.tolist(), strict=True))


def test_rows_come_by_time_then_ended_bars_then_the_order_of_sources_then_their_own() -> None:
    merged = merge(7, [quotes([1, 3, 3]), trades([3]), bars([3, 5])])
    merged.check()
    assert merged.start == 7
    assert places(merged) == [(1, 0, 0), (3, 2, 0), (3, 0, 1), (3, 0, 2), (3, 1, 0), (5, 2, 1)]
    assert rows_by_source(merged) == (3, 1, 2)


def test_rows_at_the_horizon_wait() -> None:
    pieces: list[SourceSlice] = [quotes([1, 3, 3]), trades([2, 9])]
    assert safe_horizon(pieces, [False, True]) == 3
    assert places(merge(0, pieces, 3)) == [(1, 0, 0), (2, 1, 0)]
    assert safe_horizon(pieces, [True, True]) is None
    assert safe_horizon([quotes([]), trades([2])], [False, False]) == 0


times = st.lists(st.integers(1, 12), max_size=12).map(sorted)
ends = st.lists(st.integers(1, 12), max_size=6, unique=True).map(sorted)


@given(times, times, ends, st.lists(st.integers(1, 13), max_size=4))
def test_merging_part_by_part_gives_what_merging_all_at_once_gives(
    one: list[int], two: list[int], three: list[int], horizons: list[int]
) -> None:
    whole: list[SourceSlice] = [quotes(one), trades(two), bars(three)]
    wanted = places(merge(0, whole))
    found: list[tuple[int, int, int]] = []
    reached = [0, 0, 0]
    for horizon in [*sorted(horizons), None]:
        rest = [piece.rows(at, len(piece)) for piece, at in zip(whole, reached, strict=True)]
        part = merge(len(found), rest, horizon)
        part.check()
        found += [(ts, source, reached[source] + index) for ts, source, index in places(part)]
        counts = rows_by_source(part)
        reached = [at + more for at, more in zip(reached, counts, strict=True)]
    assert found == wanted
