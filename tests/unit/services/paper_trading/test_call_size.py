"""How many rows one call of an engine is given."""

from offbook.services.paper_trading.call_size import AIM, FIRST, LEAST, CallSize

CALL_SECONDS = 0.003
MOST = 65_536


def settled(seconds_a_row: float, *, calls: int = 40, most: int = MOST) -> CallSize:
    """After some calls at a pace."""
    size = CallSize(CALL_SECONDS)
    for _ in range(calls):
        size.learn(size.rows, size.rows * seconds_a_row, was_cut=False, most=most)
    return size


def test_calls_come_to_take_nearly_what_they_may() -> None:
    """Whatever a row takes; never more than are of use, nor fewer than a few."""
    for ns in (100, 400, 5_000, 100_000):
        took = settled(ns / 1e9).rows * ns / 1e9
        assert CALL_SECONDS * AIM * 0.95 < took <= CALL_SECONDS, ns
    assert settled(1e-9).rows == MOST
    assert settled(1.0).rows == LEAST


def test_a_slow_call_or_one_that_was_cut_short_halves_it_at_most() -> None:
    """One stroke of bad luck is not taken for the rule."""
    size = settled(400 / 1e9)
    rows = size.rows
    size.learn(rows, 10.0, was_cut=False, most=MOST)
    assert size.rows == rows // 2
    size.learn(10, 1e-9, was_cut=True, most=MOST)
    assert size.rows == rows // 4


def test_a_call_of_fewer_rows_than_it_may_have_tells_nothing_of_more() -> None:
    """As at the end of what has been read, or of a live market."""
    size = CallSize(CALL_SECONDS)
    size.learn(1, 0.0, was_cut=False, most=MOST)
    assert size.rows == FIRST
    size.learn(1, CALL_SECONDS * 2, was_cut=False, most=MOST)
    assert size.rows == FIRST // 2


def test_it_does_not_shrink_where_fewer_rows_are_of_use_for_a_while() -> None:
    """A strategy that is shown ticks again soon passes over them again."""
    size = settled(1e-9)
    size.learn(size.rows, 1e-6, was_cut=False, most=10)
    assert size.rows == MOST
