"""A session sleeps until something can change it: a wake that is declared is never missed."""

from typing import Any

import pytest
from tests.properties.gambler import Dozer, Gambler, Sleeper
from tests.properties.random_markets import Kind
from tests.properties.random_sessions import Improvised, carry_on, fresh, improvise

from offbook.domain.market_data import DataKind, MarketSlice, MergedSlice
from offbook.domain.records import Record
from offbook.engine.inputs import Advance
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.rows import merged_rows, rows_of

KINDS: list[Kind] = [*DataKind, "several"]
ACTORS: list[type[Gambler] | None] = [None, Sleeper, Dozer]
SEEDS = range(8)


class Checked:
    """An engine that is asked before each row, or passing of time, whether that concerns it; if
    not, nothing may come of it."""

    def __init__(self, engine: ProcessingEngine) -> None:
        self._engine = engine
        self.slept = 0

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
        return isinstance(item, MarketSlice) and not wake.concerns(the_row(item))

    def _state(self) -> Any:
        engine, strategy = self._engine, self._engine._strategy
        summary = engine.summary()
        seen = (
            None if strategy is None else (vars(strategy).get("seen"), vars(strategy).get("calls"))
        )
        return summary.cash, summary.positions, engine.order_views(), seen


def the_row(piece: MarketSlice) -> Any:
    """The only row of a slice as an object."""
    if isinstance(piece, MergedSlice):
        ((_, row),) = merged_rows(piece)
        return row
    (row,) = rows_of(piece)
    return row


def row_by_row(done: Improvised) -> Checked:
    """Run a session again, asking at every row; it must be the same session."""
    engine = Checked(fresh(done))
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


@pytest.mark.parametrize("kind", [DataKind.QUOTES, DataKind.TRADES, "several"])
def test_sessions_that_look_at_no_tick_sleep_through_most(kind: Kind) -> None:
    """Else the test above would prove nothing."""
    slept = rows = 0
    for seed in SEEDS:
        done = improvise(3000 + seed, kind, strategy=Sleeper)
        slept += row_by_row(done).slept
        rows += done.rehearsal.engine.cursor.row
    assert 3 * slept > rows, f"{slept} of {rows}"
