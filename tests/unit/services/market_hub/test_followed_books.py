"""Books that a hub follows, held against those that sessions would make of the same rows."""

from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.properties.calm_books import calm_orders
from tests.properties.random_markets import depth_at_random, orders_at_random

from offbook.domain import book_orders as a
from offbook.domain.book_states import KnownBook, OrderBookState
from offbook.domain.config import BookStart
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.market_data import BookOrderSlice, DataKind
from offbook.engine.books.books import book_for, take_stretch
from offbook.services.market_hub.chunk_books import ChunkBooks, follow, followed
from offbook.services.market_hub.followed_orders import FollowedOrders
from offbook.testing.markets import START, XYZ


def handed_on(seed: int, kind: DataKind, piece: Any) -> int:
    """Follow a book, and hold it against those of sessions that took the same rows; how often it
    was another for those that build it anew."""
    rng, numbers = Random(seed), np.array(piece.positions())
    head = followed(kind, piece.instrument)
    own = {start: book_for(kind, piece.instrument, start) for start in BookStart}
    place, differed, since = 0, 0, 0
    while place < len(piece):
        end = min(place + rng.choice([1, 1, 3, 30]), len(piece))
        follow(head, piece.rows(place, end))
        for start, book in own.items():
            for row in range(place, end):
                before = book.clears, book.wholes
                take_stretch(book, piece, row, row + 1, numbers[row : row + 1])
                if before != (book.clears, book.wholes):
                    since = int(piece.ts[row])
            assert counted(head.known().of(start)) == counted(book.dump()), f"seed {seed}, {place}"
        assert (head.known().since or 0) == since, f"seed {seed}, {place}"
        (ends,) = (piece.flags[:end] & LAST).nonzero()
        first = int(ends[-1]) + 1 if len(ends) else 0
        begun = int(piece.ts[first]) if first < end else 0
        assert (head.known().begun or 0) == begun, f"seed {seed}, {place}"
        differed += head.rebuilt is not None
        place = end
        if rng.random() < 0.1:
            known = msgspec.json.decode(msgspec.json.encode(head.known()), type=KnownBook)
            head = followed(kind, piece.instrument)
            head.know(known)
    return differed


def faulty_orders(rng: Random, messages: int) -> BookOrderSlice:
    """Few orders, of which much is told that does not fit, twice or too late, and many clears."""
    made: list[tuple[int, ...]] = []
    number = 1
    for at in range(messages):
        number += rng.choices([1, 2, 0, -1], [70, 8, 8, 8])[0]
        whole = rng.random() < (0.08 if at else 0.7)
        for _ in range(rng.randint(1, 5)):
            action = a.ADD if whole else rng.choices(range(len(a.ACTION_WORDS)), k=1)[0]
            side = rng.choice([1, -1])
            order = (side, 10000 - side * rng.randint(1, 3), rng.randint(1, 4), rng.randint(0, 13))
            told = (0, 0, 0, 0) if action in (a.CLEAR, a.NONE) else order
            made.append((START + at, action, *told, SNAPSHOT * whole, number, -1))
        made[-1] = (*made[-1][:6], made[-1][6] | LAST, *made[-1][7:])
    return BookOrderSlice(XYZ, 0, *np.array(made, dtype=np.int64).T)


def counted(state: Any) -> Any:
    """What a book is ever asked for: how often a session's own was at fault is counted apart."""
    if isinstance(state, OrderBookState):
        return msgspec.structs.replace(state, unknown=0, duplicates=0)
    return state


@pytest.mark.parametrize("seeds", [range(10), range(10, 20)])
def test_a_book_order_by_order_is_handed_on_as_a_session_has_it(seeds: range) -> None:
    """Every order and its rank, however rows come; both books are one again after a clear."""
    differed = rows = 0
    for seed in seeds:
        maker = calm_orders if seed % 2 else orders_at_random
        (piece,) = maker(Random(seed), 120).slices
        differed += handed_on(seed, DataKind.ORDERS, piece)
        rows += len(piece)
    assert 0 < differed < rows


def test_faults_of_all_kinds_in_one_message_leave_the_books_that_sessions_have() -> None:
    """Also what it says before it clears the book, and what was known already."""
    for seed in (*range(40), 275, 406, 433, 573):
        rng = Random(seed)
        handed_on(seed, DataKind.ORDERS, faulty_orders(rng, rng.choice([4, 10, 30])))


def test_a_clear_makes_both_books_one_again() -> None:
    """What stands in them since has the same ranks, however many were lost before."""
    flow = [
        ([(1, 1, 10000, 5, 1), (1, -1, 10002, 5, 2)], 1, 1),
        ([(1, 1, 10000, 5, 3)], 0, 3),
        ([(1, 1, 9999, 5, 4)], 0, 4),
        ([(7, 0, 0, 0, 0), (1, 1, 10000, 5, 5), (1, -1, 10002, 5, 6)], 0, 5),
    ]
    rows = [
        (START + number, *row, flags, seq, -1)
        for number, (told, flags, seq) in enumerate(flow)
        for row in told
    ]
    ends = [n for n, row in enumerate(rows) if n + 1 == len(rows) or rows[n + 1][0] != row[0]]
    table = np.array(rows, dtype=np.int64)
    table[ends, 6] |= 2
    piece = BookOrderSlice(XYZ, 0, *table.T)
    head, differed = FollowedOrders(XYZ), []
    for begin, end in pairwise([0, *(n + 1 for n in ends)]):
        head.follow(piece.rows(begin, end))
        differed.append(head.rebuilt is not None)
    assert differed == [False, True, True, False]


@pytest.mark.parametrize("seed", range(12))
def test_a_book_by_price_is_handed_on_as_a_session_has_it(seed: int) -> None:
    """However rows come, and whether it waits for a snapshot or builds its book anew."""
    (piece,) = depth_at_random(Random(seed), 240).slices
    handed_on(seed, DataKind.DEPTH, piece)


@pytest.mark.parametrize(
    ("kind", "maker"), [(DataKind.DEPTH, depth_at_random), (DataKind.ORDERS, orders_at_random)]
)
def test_a_lent_book_is_that_of_a_session_at_its_row(kind: DataKind, maker: Any) -> None:
    """Whether it waits for a snapshot or builds its book anew; the newest row and those before."""
    empty = 0
    for seed in range(5):
        (piece,) = maker(Random(seed), 120).slices
        rng, numbers = Random(seed), np.array(piece.positions())
        head = followed(kind, piece.instrument)
        lent = ChunkBooks(piece, numbers.copy, head, lambda: None)
        own = {start: book_for(kind, piece.instrument, start) for start in BookStart}
        at: list[dict[BookStart, Any]] = [{start: book.dump() for start, book in own.items()}]
        for end in range(1, len(piece) + 1):
            lent.take(piece.rows(end - 1, end))
            for book in own.values():
                take_stretch(book, piece, end - 1, end, numbers[end - 1 : end])
            at.append({start: book.dump() for start, book in own.items()})
            for place in (end, rng.randint(0, end)):
                for start in BookStart:
                    found = lent.at(place, rebuilt=start is BookStart.UPDATES).dump()
                    assert counted(found) == counted(at[place][start]), f"seed {seed}, {place}"
            empty += head.rebuilt is not None and bool(head.bids) and not head.rebuilt.bids
    assert empty, "no book that was built anew held nothing yet"
