"""Sessions on a shared book have it lent, and make the same records as if each had made it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.properties.calm_books import Quoter, calm_book, calm_orders, with_prints
from tests.properties.random_markets import MAKERS, depth_at_random, orders_at_random
from tests.properties.random_sessions import Improvised, again, carry_on, fresh, improvise
from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.market_data import DataKind, MarketInfo, MarketSlice
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.records import OrderFilled, Record, encode_record
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.inputs import Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.rows.looking_ahead import may_leave
from offbook.engine.wake import Band
from offbook.services.market_hub.log import MarketLog
from offbook.testing.markets import START, XYZ, combined, depth_market, trades_market

SMALL_CHUNK = 16
SEEDS = [8100, 8102, 8114, 8117, 8118]
CALM = range(8100, 8124)
BOOKS = [
    (DataKind.DEPTH, calm_book, SEEDS),
    (DataKind.DEPTH, with_prints, SEEDS),
    (DataKind.DEPTH, depth_at_random, SEEDS),
    (DataKind.ORDERS, calm_orders, CALM),
    (DataKind.ORDERS, orders_at_random, range(8106, 8118)),
]


class Logged:
    """The rows of a market as a hub gives them, while more come."""

    def __init__(self, rng: Random, info: MarketInfo, rows: MarketSlice) -> None:
        self.log = MarketLog(info)
        self._rng = rng
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, begin: int, end: int) -> MarketSlice:
        """Rows from ``begin`` on, at most up to ``end``."""
        log = self.log
        while log.rows < end:
            count = min(self._rng.choice([1, 3, 40]), len(self._rows) - log.rows)
            log.add(0, self._rows.rows(log.rows, log.rows + count))
        found = log.from_row(begin)
        assert found is not None
        return found.rows(0, min(end - begin, len(found)))


class Resting:
    """An engine that is asked what wakes it at any moment; its books are lent then."""

    def __init__(self, rng: Random, engine: ProcessingEngine) -> None:
        self._rng = rng
        self._engine = engine
        self.lent = self.apart = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def process(self, inputs: list[Any]) -> list[Record]:
        """As the engine's."""
        if self._rng.random() < 0.5:
            self._engine.wake()
        depths = self._engine._kernel.depths
        self.lent += len(depths._lent)
        self.apart += len(depths.apart()) if depths else 0
        return self._engine.process(inputs)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("chunks", "log"):
        monkeypatch.setattr(f"offbook.services.market_hub.{name}.CHUNK_ROWS", SMALL_CHUNK)


def run_again(done: Improvised, seed: int) -> tuple[int, int]:
    """Run a session on what a hub gives; how often a book was lent, and another than the hub's."""
    rng = Random(seed)
    rehearsal, plain = done.rehearsal, done.rehearsal.all_rows
    logged = Logged(rng, rehearsal.attach.market, plain)
    rehearsal.all_rows = logged  # type: ignore[assignment]  # acts as rows
    engine = Resting(rng, fresh(done))
    made = len(engine.process([rehearsal.attach]))
    cut = partial(rng.choice, [1, 2, 7, 60])
    assert carry_on(done, engine, 0, made, cut) == rehearsal.raws[made:]  # type: ignore[arg-type]  # acts as an engine
    known = {one.symbol: one for one in logged.log.books() or ()}
    if engine.cursor.row == logged.log.rows:
        start = rehearsal.session.config.venue.book_start
        for symbol in engine._kernel.depths:
            if engine._kernel.depths.is_apart(symbol):
                continue
            assert engine._kernel.depths[symbol].dump() == known[symbol].of(start)
    rehearsal.all_rows = plain
    return engine.lent, engine.apart


@pytest.mark.parametrize(("kind", "maker", "seeds"), BOOKS)
def test_a_book_that_is_lent_changes_no_byte(
    kind: DataKind, maker: Any, seeds: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However rows come and are cut, asleep at any moment; as visiting every row."""
    monkeypatch.setitem(MAKERS, kind, maker)
    lent = apart = 0
    for seed in seeds:
        actor = [Quoter, None, Quoter][seed % 3]
        done = improvise(seed, kind, rows=60 if maker is orders_at_random else 100, strategy=actor)
        found = run_again(done, seed)
        lent, apart = lent + found[0], apart + found[1]
        assert again(done, lambda: 10**9, every_row=True) == done.rehearsal.raws, f"seed {seed}"
    assert lent > 60, (lent, apart)
    assert apart > 0, (lent, apart)


QUEUES = {
    "a snapshot without its level brings an order forward": [
        "snapshot 100.00x5 99.99x7 99.98x9 / 100.02x3",
        "/ 100.03x4",
        "snapshot 100.00x5 99.98x9 / 100.02x3",
        "/ 100.03x5",
        "99.97x3 /",
    ],
    "a level beyond it that is soon gone tells that there is none any more at its price": [
        "snapshot 100.00x5 99.99x7 / 100.02x3",
        "/ 100.03x4",
        "99.99x0 /",
        "/ 100.03x5",
        "99.98x3 /",
        "99.98x0 /",
        "/ 100.03x6",
    ],
    "a level beyond it tells that there is none at its price": [
        "snapshot 100.00x5 / 100.02x3",
        "/ 100.03x4",
        "99.98x3 /",
        "/ 100.03x5",
        "99.97x3 /",
    ],
    "an empty side tells that there is none at its price": [
        "snapshot 100.00x5 99.99x7 / 100.02x3",
        "/ 100.03x4",
        "99.99x0 /",
        "/ 100.03x5",
        "100.00x0 /",
        "100.00x5 /",
        "/ 100.03x6",
    ],
}


@pytest.mark.parametrize("messages", QUEUES.values(), ids=list(QUEUES))
def test_a_queue_is_followed_through_messages_that_are_passed_over(messages: list[str]) -> None:
    """An order at 99.99 has all of the print there, which it had not before."""
    book = depth_market(messages, instrument=XYZ)
    times = [int(book.slices[0].ts[-1]) + 1]
    prints = trades_market([("99.99", "2", "sell")], instrument=XYZ, times=times)
    market = combined(book, prints)
    (rows,) = market.slices
    session, attach = session_of(market), attach_of(market, clock_stops=False)
    order = OrderRequest(
        symbol="XYZ",
        side=OrderSide.BUY,
        order_qty="2",
        order_type=OrderType.LIMIT,
        price="99.99",
    )
    submit = c.SubmitOrder(command_id="o", order=order)
    made = []
    shared = Logged(Random(1), attach.market, rows)
    for source, every_row in ((rows, True), (rows, False), (shared, False)):
        engine = ProcessingEngine(session, every_row=every_row)
        first = int((rows.ts == rows.ts[0]).sum())
        raws = [*engine.process([attach, Take(command=c.Start(command_id="s"), ts=START)])]
        raws += engine.process([source.rows(0, first)])
        raws += engine.process([Take(command=submit, ts=engine.now + 1)])
        # The instant that the command has begun is taken row by row; what follows is passed over.
        raws += engine.process([source.rows(engine.cursor.row, engine.cursor.row + 1)])
        while engine.cursor.row < len(rows):
            raws += engine.process([source.rows(engine.cursor.row, len(rows))])
        made.append([encode_record(one) for one in raws])
        assert any(isinstance(one, OrderFilled) for one in raws)
    assert made[0] == made[1] == made[2]


def test_a_message_that_has_begun_counts_where_equity_turns_on_it() -> None:
    """What it takes away is not there any more, though it has not ended where rows are cut."""
    (piece,) = depth_market(
        ["snapshot 100.00x5 99.99x7 99.98x9 / 100.02x3", "100.00x0 99.99x0 /"], instrument=XYZ
    ).slices
    depth, numbers = DepthBook(XYZ), piece.ts * 0
    depth.take_all(piece, 0, 5, numbers[:5])
    assert depth.is_within
    rest = slice(5, None)
    columns = piece.side[rest], piece.price_px[rest], piece.size_qty[rest]
    assert may_leave(*columns, depth, Band(bid_falls=9998)).tolist() == [True]
    assert may_leave(*columns, depth, Band(bid_falls=9997)).tolist() == [False]


def test_a_snapshot_of_a_session_holds_what_is_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another engine goes on from it alone."""
    monkeypatch.setitem(MAKERS, DataKind.DEPTH, calm_book)
    done = improvise(8101, DataKind.DEPTH, rows=100, strategy=Quoter)
    rehearsal = done.rehearsal
    alone, engine = fresh(done), fresh(done)
    alone.process([rehearsal.attach])
    carry_on(done, alone, 0, 1, lambda: 9)
    rehearsal.all_rows = Logged(Random(1), rehearsal.attach.market, rehearsal.all_rows)  # type: ignore[assignment]  # acts as rows
    engine.process([rehearsal.attach])
    carry_on(done, engine, 0, 1, lambda: 9)
    engine.wake()
    assert engine.snapshot() == alone.snapshot()


def test_whoever_changes_a_book_leaves_that_of_others() -> None:
    """Levels are copied by the first who changes his."""
    (piece,) = calm_book(Random(3), 60).slices
    one, other = DepthBook(piece.instrument), DepthBook(piece.instrument)
    numbers = piece.ts * 0
    one.take_all(piece, 0, 40, numbers[:40])
    other.become(one)
    state = other.dump()
    one.take_all(piece, 40, len(piece), numbers[40:])
    assert other.dump() == state != one.dump()
    other.take_all(piece, 40, len(piece), numbers[40:])
    assert other.dump() == one.dump()
