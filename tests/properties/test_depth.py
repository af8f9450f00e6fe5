"""Books against plain ones: every level, every fill, however rows come."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.book_pairs import compare_books
from tests.properties.random_markets import depth_at_random
from tests.properties.reference_queues import by_log

from offbook.domain.config import BookStart, ProbabilisticQueue, QueueFormula
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.engine.books.depth_book import DepthBook, DepthState
from offbook.engine.models.queues import LOG_BITS, Place, Probabilistic, log2_units
from offbook.engine.rows.rows import each_update


@pytest.mark.parametrize("start", list(BookStart))
@pytest.mark.parametrize("seed", range(30))
def test_a_book_holds_what_a_dict_holds(seed: int, start: BookStart) -> None:
    """After each message; and the same where rows come in slices, or through a snapshot."""
    rng = Random(seed)
    (piece,) = depth_at_random(rng, 150).slices
    one_by_one, in_slices = (DepthBook(piece.instrument, start) for _ in range(2))
    sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
    begun: list[tuple[int, int, int]] = []
    number, fed, numbers = -1, 0, np.array(piece.positions())
    for place, update in enumerate(each_update(piece)):
        begun.append((update.side, update.price_px, update.size_qty))
        assert one_by_one.take(update) is bool(update.flags & LAST)
        if not update.flags & LAST:
            continue
        if update.flags & SNAPSHOT or update.last_seq > number:
            gap = number >= 0 and update.first_seq > number + 1
            if update.flags & SNAPSHOT or (gap and start is BookStart.UPDATES):
                sides = {1: {}, -1: {}}
            number = update.last_seq
            for side, px, qty in begun:
                if side:
                    sides[side][px] = qty
        begun = []
        held = [{px: qty for px, qty in sides[side].items() if qty} for side in (1, -1)]
        assert [one_by_one.bids.sizes, one_by_one.asks.sizes] == held, f"seed {seed}, row {place}"
        bids, asks = (sorted(side) for side in held)
        assert [px for px, _ in one_by_one.bids.walk()] == bids[::-1]
        assert [px for px, _ in one_by_one.asks.walk()] == asks
        top = one_by_one.top()
        if top is not None:
            assert (top.bid_px, top.ask_px) == (bids[-1], asks[0])
            assert top.bid_px <= top.ask_px
        if rng.random() < 0.2:
            end = rng.randint(fed, place + 1)
            in_slices.take_all(piece, fed, end, numbers[fed:end])
            fed = end
        if rng.random() < 0.1:
            again = DepthBook(piece.instrument, start)
            raw = msgspec.json.encode(one_by_one.dump())
            again.load(msgspec.json.decode(raw, type=DepthState))
            assert again.dump() == one_by_one.dump()
            assert again.quote() == one_by_one.quote()
            one_by_one = again
    in_slices.take_all(piece, fed, len(piece), numbers[fed:])
    assert in_slices.dump() == one_by_one.dump(), f"seed {seed}"
    assert in_slices.quote() == one_by_one.quote()


OTHERS: dict[str, Sequence[int]] = {
    "power 1": range(0, 10, 2),
    "power 3": range(1, 11, 2),
    "log": (6, 7, 13, 17, 25),
    "pro_rata": (0, 14, 15, 25, 42, 86),
}
"""Books by the other models of queues: those that find rules a little wrong, tried one by one."""


@pytest.mark.parametrize("seeds", [range(at, at + 6) for at in range(0, 36, 6)], ids=str)
def test_fills_are_those_of_a_plain_venue(seeds: range) -> None:
    """After every step: messages, gaps, snapshots, prints, cancels, orders of every kind that
    rests or takes, splits and dividends, at random; and something trades after these."""
    assert sum(compare_books(seed, "fifo") for seed in seeds) > 0


@pytest.mark.parametrize("queue", OTHERS)
def test_fills_of_other_queues_are_those_of_a_plain_venue(queue: str) -> None:
    """As above, by the other models of queues."""
    assert sum(compare_books(seed, queue) for seed in OTHERS[queue]) > 0


def test_fills_on_a_book_of_updates_are_those_of_a_plain_venue() -> None:
    """As above, where a book begins with what it is told, and is built anew after a gap."""
    queues = ("fifo", "power 1", "fifo", "log", "pro_rata")
    fills = [compare_books(seed, queue, BookStart.UPDATES) for seed, queue in enumerate(queues)]
    assert sum(fills) > 0


@given(st.integers(1, 2**62))
def test_logarithms_are_those_of_two_rounded_down(value: int) -> None:
    """To a place of 2**-16; exact for powers of two."""
    log = log2_units(value)
    assert -1e-9 < log2(value) * 2**LOG_BITS - log < 1 + 1e-3
    assert log2_units(1 << value.bit_length()) == value.bit_length() << LOG_BITS


@given(st.integers(1, 300), st.integers(0, 300), st.data())
def test_the_share_by_logarithms_is_the_exact_one_or_a_unit_against_the_order(
    front: int, back: int, data: st.DataObject
) -> None:
    """A unit where the exact share is whole, for logarithms are rounded."""
    lost = data.draw(st.integers(1, front + back))
    model = Probabilistic(ProbabilisticQueue(formula=QueueFormula.LOG))
    place = Place(ordinal=1, side=1, px=100, ahead=front, shown=front + back)
    model.changed(place, front + back - lost)
    behind = min(by_log("log", lost, front, back), back)
    exact = min(max(front - (lost - behind), 0), front + back - lost)
    assert place.ahead is not None
    assert 0 <= place.ahead - exact <= 1
