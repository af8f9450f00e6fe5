"""The last rows kept for a strategy, whatever slices they came in."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.market_data import MarketSlice
from offbook.engine.market.history import History, HistoryState
from offbook.engine.rows.rows import rows_of
from offbook.testing.markets import BTCUSDT, bars_market, depth_market, quotes_market

COUNT = 24
QUOTES = [(f"{100 + i % 5}", f"{101 + i % 5}", f"{i % 3}", "1") for i in range(COUNT)]
BARS = [(f"{100 + i}", f"{102 + i}", f"{99 + i}", f"{101 + i}", "3") for i in range(COUNT)]
DEPTH = [f"{100 + i}x{i}" for i in range(COUNT - 2)]
WHOLES = {
    "quotes": quotes_market(QUOTES).slices[0],
    "timed": quotes_market(QUOTES, events=list(range(COUNT))).slices[0],
    "depth": depth_market(["snapshot 100x1 / 101x1", *DEPTH]).slices[0],
    "bars": bars_market(BARS).slices[0],
}

cuts = st.lists(st.integers(0, COUNT), max_size=8)
kinds = st.sampled_from(sorted(WHOLES))


def fed(whole: MarketSlice, cuts: list[int], limit: int, upto: int = COUNT) -> History:
    """A history that was given the first rows in pieces."""
    history = History(limit)
    edges = sorted({0, upto, *(cut for cut in cuts if cut < upto)})
    for begin, end in pairwise(edges):
        history.begin(whole.rows(begin, end))
    return history


@given(kinds, cuts, st.integers(1, 30), st.integers(1, COUNT), st.data())
def test_the_last_rows_are_the_same_however_they_were_sliced(
    kind: str, cuts: list[int], limit: int, taken: int, data: Any
) -> None:
    """The present row last, fewer at the beginning, never one that is yet to come."""
    whole = WHOLES[kind]
    count = data.draw(st.integers(1, limit), label="count")
    expected = tuple(rows_of(whole.rows(max(0, taken - count), taken)))
    assert fed(whole, cuts, limit, taken).last(count, taken) == expected
    if not cuts and taken + limit > COUNT:
        # Rows of the same slice that are not yet taken are not seen.
        assert fed(whole, cuts, limit).last(count, taken) == expected


@given(kinds, cuts, st.integers(1, 30), st.integers(0, COUNT))
def test_a_history_comes_back_from_a_snapshot_and_goes_on(
    kind: str, cuts: list[int], limit: int, taken: int
) -> None:
    """Through JSON, and with the rows that follow."""
    whole = WHOLES[kind]
    history = fed(whole, cuts, limit, taken)
    state = msgspec.json.decode(msgspec.json.encode(history.dump(taken)), type=HistoryState)
    again = History(limit)
    again.load(BTCUSDT, whole.kind, state)
    assert again.dump(taken) == history.dump(taken)
    assert again.last(limit, taken) == history.last(limit, taken)
    rest = whole.rows(taken, COUNT)
    history.begin(rest)
    again.begin(rest)
    assert again.last(limit, COUNT) == history.last(limit, COUNT)


@given(kinds, cuts, cuts, st.integers(1, 30), st.integers(0, COUNT))
def test_what_is_kept_for_a_snapshot_does_not_depend_on_slices(
    kind: str, cuts: list[int], others: list[int], limit: int, taken: int
) -> None:
    """Snapshots of equal states are equal bytes."""
    whole = WHOLES[kind]
    assert fed(whole, cuts, limit, taken).dump(taken) == fed(whole, others, limit, taken).dump(
        taken
    )


@given(kinds, st.lists(st.integers(1, 6), min_size=1, max_size=10), st.integers(1, 30))
def test_a_slice_given_again_from_where_it_was_left_is_no_repeat(
    kind: str, taken_each: list[int], limit: int
) -> None:
    """A session that stood still goes on with the rest of the same rows, cut anew."""
    whole, history, taken = WHOLES[kind], History(limit), 0
    for count in taken_each:
        history.begin(whole.rows(taken, COUNT))
        taken = min(taken + count, COUNT)
        begin = max(0, taken - limit)
        assert history.last(limit, taken) == tuple(rows_of(whole.rows(begin, taken)))


@given(kinds, st.integers(1, 6), st.integers(1, 30))
def test_before_the_first_row_of_a_slice_the_rows_before_it_are_still_all_there(
    kind: str, size: int, limit: int
) -> None:
    """A timer of that instant asks for its history before the row is taken."""
    whole, history = WHOLES[kind], History(limit)
    for begin in range(0, COUNT, size):
        history.begin(whole.rows(begin, min(begin + size, COUNT)))
        before = rows_of(whole.rows(max(0, begin - limit), begin))
        assert history.last(limit, begin) == tuple(before)


@pytest.mark.parametrize("kind", sorted(WHOLES))
def test_no_more_is_held_than_the_limit_needs(kind: str) -> None:
    """Pieces that are too old are let go, so that a long session stays small."""
    history = History(5)
    for index in range(COUNT):
        history.begin(WHOLES[kind].rows(index, index + 1))
    assert len(history._pieces) <= 6
    assert len(history.dump(COUNT).columns["ts"]) == 5


def test_nothing_taken_is_nothing_kept() -> None:
    """Also after an empty slice."""
    history = History(3)
    history.begin(WHOLES["quotes"].rows(0, 0))
    assert history.last(3, 0) == ()
    assert history.dump(0) == HistoryState()


@pytest.mark.parametrize("kind", sorted(WHOLES))
def test_snapshots_hold_plain_numbers(kind: str) -> None:
    """No numpy scalar leaves here."""
    state = fed(WHOLES[kind], [3], 10).dump(COUNT)
    assert all(type(value) is int for column in state.columns.values() for value in column)
    assert ("ts_event" in state.columns) is (kind == "timed")
