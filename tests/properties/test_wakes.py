"""A session sleeps until something can change it: a wake that is declared is never missed."""

from functools import partial
from random import Random
from typing import Any

import pytest
from tests.properties.calm_books import Quoter, calm_book, calm_orders, with_prints
from tests.properties.gambler import Dozer, Gambler, Sleeper
from tests.properties.random_markets import MAKERS, Kind
from tests.properties.random_sessions import Improvised, again, carry_on, fresh, improvise

from offbook.domain import row_index
from offbook.domain.book_orders import BookOrderUpdate
from offbook.domain.depth import DepthUpdate
from offbook.domain.market_data import DataKind, MarketInfo, MarketSlice, MergedSlice
from offbook.domain.records import Record
from offbook.engine.inputs import Advance, EndOfData, Take
from offbook.engine.market import stretches
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.rows import searching
from offbook.engine.rows.rows import merged_rows, rows_of
from offbook.engine.venue.book import Book
from offbook.engine.wake import Wake
from offbook.services.market_hub.followed_books import FollowedBooks
from offbook.services.market_hub.wake_index import WakeIndex

KINDS: list[Kind] = list(MAKERS)
ACTORS: list[type[Gambler] | None] = [None, Sleeper, Dozer, Gambler]
SEEDS = range(8)


class Checked:
    """An engine that is asked before each row, or passing of time, whether that concerns it; if
    not, nothing may come of it."""

    def __init__(self, engine: ProcessingEngine, market: MarketInfo) -> None:
        self._engine = engine
        self._books = FollowedBooks(market)
        self._followed = 0
        self._symbols = [instrument.symbol for instrument in market.instruments]
        self.slept = 0
        self.slept_with_orders = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def process(self, inputs: list[Any]) -> list[Record]:
        """As the engine's."""
        (item,) = inputs
        sleeps = self._sleeps(item)
        before = self._state()
        made = self._engine.process(inputs)
        if sleeps:
            self.slept += 1
            assert not made, f"{item} was not asked for and made {made}"
            assert self._state() == before
        return made

    def _sleeps(self, item: Any) -> bool:
        wake = self._engine.wake()
        if isinstance(item, Advance):
            return item.ts < wake.at
        if not isinstance(item, MarketSlice):
            return False
        row = the_row(item)
        if not isinstance(row, DepthUpdate | BookOrderUpdate):
            return not wake.concerns(row)
        return self._sleeps_through(row, item, wake)

    def _sleeps_through(
        self, row: DepthUpdate | BookOrderUpdate, item: MarketSlice, wake: Wake
    ) -> bool:
        """Whether a hub would let it sleep through one row of a book."""
        symbol = row.instrument.symbol
        if item.start >= self._followed:
            self._books.take(item)
            self._followed = item.start + 1
        index, sleeper = WakeIndex(self._symbols), Asleep()
        index.sleep(sleeper, wake)
        awaited = index.is_awaited(symbol)
        index.rows_came(symbol, self._books.reach(symbol))
        assert awaited or sleeper.asleep
        self.slept_with_orders += awaited and sleeper.asleep > 0
        return sleeper.asleep > 0 and row.ts < wake.at

    def _state(self) -> Any:
        engine, strategy = self._engine, self._engine._strategy
        summary = engine.summary()
        seen = (
            None if strategy is None else (vars(strategy).get("seen"), vars(strategy).get("calls"))
        )
        return summary.cash, summary.positions, engine.order_views(), seen


class Asleep:
    """Who is asleep in an index."""

    asleep = 0

    def wake_up(self) -> None:
        """Nothing else is done."""


def the_row(piece: MarketSlice) -> Any:
    """The only row of a slice as an object."""
    if isinstance(piece, MergedSlice):
        ((_, row),) = merged_rows(piece)
        return row
    (row,) = rows_of(piece)
    return row


def row_by_row(done: Improvised) -> Checked:
    """Run a session again, asking at every row; it must be the same session."""
    engine = Checked(fresh(done), done.rehearsal.attach.market)
    made = len(engine.process([done.rehearsal.attach]))
    tail = carry_on(done, engine, 0, made, lambda: 1)  # type: ignore[arg-type]  # acts as an engine
    assert tail == done.rehearsal.raws[made:]
    return engine


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_not_asked_for_changes_nothing(seed: int, kind: Kind) -> None:
    """Neither records nor orders nor money, and the strategy is not called."""
    for actor in ACTORS:
        row_by_row(improvise(3000 + seed, kind, strategy=actor))


@pytest.mark.parametrize(
    ("kind", "part"), [(DataKind.QUOTES, 3), (DataKind.TRADES, 3), ("several", 12)]
)
def test_sessions_that_look_at_no_tick_sleep_through_most(kind: Kind, part: int) -> None:
    """Else the test above would prove nothing."""
    slept = rows = 0
    for seed in SEEDS:
        done = improvise(3000 + seed, kind, strategy=Sleeper)
        slept += row_by_row(done).slept
        rows += done.rehearsal.engine.cursor.row
    assert part * slept > rows, f"{slept} of {rows}"


@pytest.mark.parametrize(
    ("kind", "maker"),
    [
        (DataKind.DEPTH, calm_book),
        (DataKind.DEPTH, with_prints),
        (DataKind.ORDERS, calm_orders),
    ],
)
def test_sessions_sleep_through_most_of_a_book(
    kind: DataKind, maker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while they have orders in it, or positions on which their equity turns."""
    monkeypatch.setitem(MAKERS, kind, maker)
    slept = waiting = rows = 0
    for seed in range(9):
        actor = [None, Quoter, Quoter][seed % 3]
        done = improvise(8100 + seed, kind, rows=100, strategy=actor)
        checked = row_by_row(done)
        slept += checked.slept
        waiting += checked.slept_with_orders
        rows += checked.cursor.row
    assert 3 * slept > rows, f"{slept} of {rows}"
    assert 12 * waiting > rows, f"{waiting} of {rows}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("actor", ACTORS)
def test_passing_over_rows_changes_no_byte(actor: type[Gambler] | None, kind: Kind) -> None:
    """Whatever the slices are, with an index and without."""
    for seed in range(4000, 4004):
        done = improvise(seed, kind, strategy=actor)
        raws = done.rehearsal.raws
        assert again(done, lambda: 10**9, every_row=True) == raws, f"seed {seed}: every row"
        for length in (10**9, 1, 7):
            cut = partial(int, length)
            assert again(done, cut) == raws, f"seed {seed}: in slices of {length}"
            done.rehearsal.all_rows = with_index(done.rehearsal.all_rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("actor", ACTORS)
def test_an_extra_wake_changes_no_byte(
    actor: type[Gambler] | None, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows at random are looked at although nothing asked for them."""
    rng = Random(actor.__name__ if actor else "nobody")
    declared = Book.must_see.fget
    assert declared is not None
    seen = property(lambda book: rng.random() < 0.3 or declared(book))
    for seed in range(7000, 7004):
        done = improvise(seed, kind, strategy=actor)
        with monkeypatch.context() as patch:
            patch.setattr(Book, "must_see", seen)
            made = again(done, lambda: rng.randint(1, 30))
        assert made == done.rehearsal.raws, f"seed {seed}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_taken_while_passing_over_gives_the_whole(seed: int, kind: Kind) -> None:
    """And is the one that visiting every row gives."""
    done = improvise(5000 + seed, kind, strategy=Dozer)
    for count, (fed, records, state) in enumerate(done.steps[::3]):
        assert state is not None
        engine = fresh(done, every_row=count % 2 == 0)
        engine.restore(done.rehearsal.attach, state)
        assert engine.snapshot() == state
        tail = carry_on(done, engine, fed, records, lambda: 10**9)
        assert tail == done.rehearsal.raws[records:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_does_not_tell_what_was_visited(seed: int, kind: Kind) -> None:
    """After every step both ways of taking rows have come to the same state."""
    done = improvise(6000 + seed, kind, strategy=Sleeper)
    engines = [fresh(done), fresh(done, every_row=True)]
    for engine in engines:
        engine.process([done.rehearsal.attach])
    rows = done.rehearsal.all_rows
    for entry in done.fed:
        for engine in engines:
            if engine.cursor.row < entry.row:
                engine.process([rows.rows(engine.cursor.row, entry.row)])
            take = Take(command=entry.command, ts=entry.ts) if entry.command else EndOfData()
            engine.process([take])
        assert engines[0].snapshot() == engines[1].snapshot()


def with_index(rows: MarketSlice) -> MarketSlice:
    """The same rows with an index, of small blocks."""
    if isinstance(rows, MergedSlice):
        pieces = tuple(piece.indexed() for piece in rows.pieces)
        return MergedSlice(rows.start, rows.ts, rows.which, rows.index, pieces)
    return rows.indexed()


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions at random are short: their blocks, and what is looked at first, are too."""
    for module in (row_index, searching, stretches):
        monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(row_index, "_AT_ONCE", 2)
    monkeypatch.setattr(searching, "NEAR", 3)
    monkeypatch.setattr(searching, "FIRST_BLOCKS", 2)
