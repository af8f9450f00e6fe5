"""Books told order by order against plain ones: every level, place and fill, however rows come."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec
import numpy as np
import pytest
from tests.properties.book_pairs import (
    Pair,
    events_at_random,
    order_at_random,
    text,
    words_of,
)
from tests.properties.random_markets import orders_at_random
from tests.properties.random_order_flow import OrderFlow
from tests.properties.reference_order_book import PlainOrderVenue
from tests.properties.reference_updates import PlainOrdersOfUpdates
from tests.properties.test_looking_ahead import band_near

from offbook.domain import book_orders as a
from offbook.domain.config import BookStart
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.market_data import BookOrderSlice
from offbook.engine.books.order_book import OrderBook, OrderBookState
from offbook.engine.rows.book_rows import OrderRows
from offbook.engine.rows.rows import each_order_update
from offbook.engine.venue.book import Book
from offbook.testing.markets import SECOND

STEPS = 150
_SIDES = {1: "bid", -1: "ask", 0: "any"}


def words(rows: list[tuple[int, int, int, int, int]], flags: int, seq: int) -> list[str]:
    """A message as a scenario tells it."""
    told = ["orders"]
    for action, side, px, qty, number in rows:
        told.append(a.ACTION_WORDS[action])
        if action not in (a.CLEAR, a.NONE):
            told += [str(number), _SIDES[side], f"{text(px)}x{qty}"]
    return [*told, f"#{seq}", *["snapshot"] * (flags & 1), *["missed"] * (flags >> 2)]


@pytest.mark.parametrize(
    ("start", "seeds"),
    [
        *((BookStart.SNAPSHOT, range(at, at + 6)) for at in (0, 6, 12, 18)),
        (BookStart.UPDATES, (1, 5, 9, 11, 14, 17)),
    ],
    ids=str,
)
def test_fills_and_places_are_those_of_a_plain_venue(
    start: BookStart, seeds: Sequence[int]
) -> None:
    """After every step: messages, faults, gaps, snapshots, cancels, orders of every kind that rests
    or takes, splits and dividends, at random; and places let orders fill, or this would prove
    nothing."""
    records = [record for seed in seeds for record in side_by_side(seed, start)]
    filled = [record for record in records if b'"OrderFilled' in record]
    assert any(b'"queue_ahead":' in record for record in filled)
    assert any(b'"trade_order_id":' in record for record in filled)


def side_by_side(seed: int, start: BookStart) -> list[bytes]:
    """The records of one session at random."""
    plain = PlainOrderVenue() if start is BookStart.SNAPSHOT else PlainOrdersOfUpdates()
    rng, own = Random(seed), Random(f"events {seed}")
    rules = f"queue exact; begins {start.value}"
    pair = Pair(plain, rules, "orders", events_at_random(own))
    flow = OrderFlow(Random(1000 + seed))
    if start is BookStart.UPDATES and seed % 2:
        flow.seq = 1  # and no snapshot is the first
    for step in range(STEPS):
        plain.fills, plain.moves, pair.moves = [], [], []
        kind = rng.choices(["message", "order", "cancel"], [70, 22, 4])[0]
        pair.come(pair.now + (SECOND if kind == "message" else SECOND // 2))
        if step == 0 or kind == "message":
            anew = plain.dropped and own.random() < 0.3
            rows, flags, seq = flow.anew() if anew else flow.message()
            got = pair.row(words(rows, flags, seq))
            plain.told(rows, flags, seq)
        elif kind == "order" and plain.last is not None:
            wish = order_at_random(rng, f"o{step}")
            got = pair.command("buy" if wish.buying else "sell", words_of(wish))
            plain.new(wish)
        elif plain.orders:
            name = rng.choice(plain.orders).name
            got = pair.command("cancel", [name])
            plain.cancel(name)
        else:
            continue
        assert got == plain.fills, f"seed {seed}, step {step}, {kind}"
        assert pair.moves == plain.moves, f"seed {seed}, step {step}, {kind}"
        check(pair, plain, f"seed {seed}, step {step}, {kind}")
    assert pair.run_again() == pair.records, f"seed {seed}"
    return pair.records


@pytest.mark.parametrize(
    "rules", ["queue exact; begins updates", "queue fifo", "queue power 2; begins updates"]
)
def test_records_are_the_same_however_rows_come(rules: str) -> None:
    """Also where a book is built of updates, and where places are supposed by the levels alone; and
    orders trade, or this would prove nothing."""
    fills = 0
    for seed in range(6):
        rng, own = Random(seed), Random(f"events {seed}")
        pair = Pair(PlainOrderVenue(), rules, "orders", events_at_random(own))
        flow, names = OrderFlow(Random(2000 + seed)), list[str]()
        for step in range(STEPS):
            kind = rng.choices(["message", "order", "cancel"], [70, 22, 4])[0]
            if step < 4 or kind == "message":
                fills += len(pair.row(words(*flow.message())))
            elif kind == "order":
                names.append(f"o{step}")
                side, px = rng.choice(["buy", "sell"]), text(flow.mid + rng.randint(-4, 4))
                qty = str(rng.randint(1, 12))
                fills += len(pair.command(side, [names[-1], qty, "@", px]))
            elif names:
                pair.command("cancel", [rng.choice(names)])
        assert pair.run_again() == pair.records, f"seed {seed}"
    assert fills > 20


def check(pair: Pair, plain: PlainOrderVenue, where: str) -> None:
    """Levels, soundness and places are the same."""
    symbol = pair.setting.instrument.symbol
    depth = pair.engine._kernel.depths[symbol]
    assert (dict(depth.bids.sizes), dict(depth.asks.sizes)) == (plain.bids, plain.asks), where
    assert depth.is_sound is plain.sound, where
    places = pair.engine._venue.depth.places(symbol)
    for order in plain.orders:
        if order.place:
            found = places.place(pair.engine._kernel.ledger.by_client_id[order.name])
            assert found is not None, where
            assert found.ahead == plain.ahead(order), f"{where}: {order}"


@pytest.mark.parametrize("start", BookStart)
def test_a_book_is_the_same_row_by_row_in_stretches_and_from_a_snapshot(start: BookStart) -> None:
    """And what does not fit, and gaps, are among the rows."""
    unknown = duplicates = gaps = 0
    for seed in range(60):
        rng = Random(seed)
        (piece,) = orders_at_random(rng, 120).slices
        assert isinstance(piece, BookOrderSlice)
        one, many = OrderBook(piece.instrument, start), OrderBook(piece.instrument, start)
        updates, at = list(each_order_update(piece)), 0
        while at < len(piece):
            end = min(at + rng.randint(1, 20), len(piece))
            for update in updates[at:end]:
                one.take(update)
            many.take_all(piece, at, end, np.arange(at, end))
            at = end
            state = msgspec.json.encode(many.dump())
            assert msgspec.json.encode(one.dump()) == state, f"seed {seed}, row {at}"
            assert one.quote() == many.quote(), f"seed {seed}, row {at}"
            many = OrderBook(piece.instrument, start)
            many.load(msgspec.json.decode(state, type=OrderBookState))
            assert msgspec.json.encode(many.dump()) == state, f"seed {seed}, row {at}"
        unknown, duplicates = unknown + one.unknown, duplicates + one.duplicates
        gaps += one.gaps
    assert unknown > 5
    assert duplicates > 0
    assert gaps > 5


def test_no_best_price_leaves_a_band_before_the_row_that_is_named() -> None:
    """And rows are passed over, and some bands are left, or this would prove nothing."""
    passed = left = 0
    for seed in range(300):
        rng = Random(seed)
        (piece,) = orders_at_random(rng, 240).slices
        assert isinstance(piece, BookOrderSlice)
        begin = rng.randint(10, len(piece) // 2)
        book = OrderBook(piece.instrument)
        book.take_all(piece, 0, begin, np.arange(begin))
        top = book.top()
        if top is None or book.is_within:
            continue
        waits = Book()
        band = band_near(rng, top)
        waits.guard(band)
        rest = piece.rows(begin, len(piece))
        rows = OrderRows(rest, np.arange(len(rest)))
        hits = rows.hits(book, waits, [], [], (rest.flags & LAST) != 0)
        count = int(hits.argmax()) if hits.any() else len(rest)
        for update in each_order_update(rest.rows(0, count)):
            book.take(update)
            price = book.quote()
            assert price is not None
            assert price.bid_px > band.bid_falls, f"seed {seed}, row {update.row}"
            assert price.ask_px < band.ask_rises, f"seed {seed}, row {update.row}"
        passed += count
        left += bool(hits.any()) and not rest.flags[count] & SNAPSHOT
    assert passed > 300, passed
    assert left > 30, left


def test_no_best_price_leaves_a_band_unnamed_though_rows_are_cut_within_a_message() -> None:
    """What rows told that came before the cut is reckoned with, as far as the same band is
    waited for; prices leave bands at rows that are named, or this would prove nothing."""
    cut = left = 0
    for seed in range(400):
        rng = Random(seed)
        (piece,) = orders_at_random(rng, 240).slices
        assert isinstance(piece, BookOrderSlice)
        within = ((piece.flags & LAST) == 0).nonzero()[0] + 1
        begin = rng.choice([int(row) for row in within if row >= 10])
        book = OrderBook(piece.instrument)
        book.take_all(piece, 0, begin, np.arange(begin))
        top = book.top()
        if top is None:
            continue
        waits, band = Book(), band_near(rng, top)
        waits.guard(band)
        rest = piece.rows(begin, len(piece))
        rows = OrderRows(rest, np.arange(len(rest)))
        hits = rows.hits(book, waits, [], [], (rest.flags & LAST) != 0)
        cut += 1
        for place, update in enumerate(each_order_update(rest)):
            book.take(update)
            price = book.quote()
            assert price is not None
            if price.bid_px <= band.bid_falls or price.ask_px >= band.ask_rises:
                assert hits[place], f"seed {seed}, row {update.row}"
                left += not hits[: place + 1].all()
                break
    assert cut > 150, cut
    assert left > 60, left
