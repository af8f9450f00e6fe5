"""Rows of several sources that are only shown change nothing: the same records and snapshots as
when every row is taken with everything that it may bring."""

from functools import cache
from random import Random

import pytest
from tests.properties import random_sessions
from tests.properties.gambler import Gambler
from tests.properties.random_markets import (
    Kind,
    bars_at_random,
    of_another,
    quotes_at_random,
    status_at_random,
    trades_at_random,
)
from tests.properties.random_sessions import Improvised, improvise

from offbook.domain.records import StrategyFailed
from offbook.engine.rows import running_several, showing, shown_several
from offbook.engine.rows.shown_several import ShownSeveral
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import BuiltCombination, combined

SEVERAL: Kind = "several"


class Muser(Gambler):
    """Gambles at one row in some, and leaves the engine alone at the others."""

    def _act(self) -> None:
        if self._roll(6) == 0:
            super()._act()


class OfQuotes(Muser):
    """Is shown no prints, though there are some."""

    on_trade = Strategy.on_trade


class OfPrints(Muser):
    """Is shown no quotes."""

    on_quote = Strategy.on_quote


class Startled(Muser):
    """Raises now and then at a row at which it has not turned to the engine, and at many it only
    looks at the row."""

    def _act(self) -> None:
        if self._roll(12) == 0:
            raise LookupError("out of the blue")
        super()._act()


STRATEGIES = (Gambler, Muser, OfQuotes, OfPrints)


def ticks_at_random(rng: Random, rows: int) -> BuiltCombination:
    """Quotes, prints or both of each of two instruments, with bars or a status among them; no book,
    for every row of one is taken."""
    makers = [quotes_at_random, trades_at_random]
    ticks = [maker(rng, rows // 2) for maker in rng.sample(makers, rng.choice([1, 2]))]
    others = [maker(rng, rows // 2) for maker in rng.sample(makers, rng.choice([1, 2]))]
    ticks += map(of_another, others)
    if rng.random() < 0.4:
        ticks.append(of_another(bars_at_random(rng, rows // 8)))
    if rng.random() < 0.4:
        instrument = rng.choice(ticks).config.instrument
        ticks.append(status_at_random(rng, rows // 12, instrument))
    rng.shuffle(ticks)
    return combined(*ticks)


def session(
    seed: int, strategy: type[Gambler], monkeypatch: pytest.MonkeyPatch, rows: int = 48
) -> Improvised:
    """A session at random on such a market."""
    monkeypatch.setitem(random_sessions.MAKERS, SEVERAL, ticks_at_random)
    return improvise(seed, SEVERAL, strategy=strategy, rows=rows)


@cache
def one_by_one(seed: int, strategy: type[Gambler]) -> Improvised:
    """The session of which every row is taken with everything that it may bring."""
    with pytest.MonkeyPatch.context() as reference:
        reference.setattr(ShownSeveral, "may_show", lambda *_: False)
        return session(seed, strategy, reference)


class Counted:
    """How many rows were shown in a loop that does nothing else, and in how many calls of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = self.runs = 0
        real = ShownSeveral._pass

        def counted(one: ShownSeveral, block: object, rows: object, begin: int, end: int) -> int:
            place = real(one, block, rows, begin, end)  # type: ignore[arg-type]  # what it was called with
            self.rows += place - begin
            self.runs += 1
            return place

        monkeypatch.setattr(ShownSeveral, "_pass", counted)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rows_that_are_only_shown_change_nothing(
    strategy: type[Gambler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the strategy does; records, and a snapshot after each step."""
    shown = Counted(monkeypatch)
    for seed in range(9):
        expected = one_by_one(seed, strategy)
        with monkeypatch.context() as changed:
            changed.setattr(shown_several, "LEAST_RUN", 1)
            # All that gambles asks for much, and nothing would be shown in a run any more.
            changed.setattr(shown_several, "STEPPED_BLOCKS", 0)
            done = session(seed, strategy, changed)
        assert done.rehearsal.raws == expected.rehearsal.raws, f"seed {seed}"
        assert done.steps == expected.steps, f"seed {seed}"
    assert shown.rows > shown.runs > 0, (shown.rows, shown.runs)


def test_an_error_is_told_of_the_row_that_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the strategy had not turned to the engine before: at that row, time and callback, in a
    run or row by row; the session goes on as configured, also after a resume."""
    met: list[str] = []
    for seed in range(6):
        expected = one_by_one(seed, Startled)
        for turns in (0, 16):
            with monkeypatch.context() as changed:
                changed.setattr(shown_several, "LEAST_RUN", 1)
                changed.setattr(shown_several, "STEPPED_BLOCKS", 0)
                changed.setattr(running_several, "TURNS", turns)
                done = session(seed, Startled, changed)
            assert done.rehearsal.raws == expected.rehearsal.raws, f"seed {seed}"
            assert done.steps == expected.steps, f"seed {seed}"
        met += [told.callback for told in expected.rehearsal.of(StrategyFailed)]
    assert {"on_quote", "on_trade"} <= set(met), met


@pytest.mark.parametrize("strategy", [Gambler, Muser])
@pytest.mark.parametrize(("block", "few", "turns", "stretch"), [(2, 1, 1, 1), (9, 16, 2, 64)])
def test_how_rows_are_cut_into_blocks_changes_nothing(
    block: int,
    few: int,
    turns: int,
    stretch: int,
    strategy: type[Gambler],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor whether they are made whole, nor how many are taken one by one."""
    monkeypatch.setattr(shown_several, "LEAST_RUN", 1)
    for seed in range(3):
        expected = one_by_one(seed, strategy)
        with monkeypatch.context() as changed:
            changed.setattr(shown_several, "RUN_BLOCK", block)
            changed.setattr(shown_several, "STEPPED_BLOCKS", 2)
            changed.setattr(shown_several, "STRETCH", stretch)
            changed.setattr(running_several, "FEW", few)
            changed.setattr(running_several, "TURNS", turns)
            changed.setattr(showing, "TURNS", turns)
            done = session(seed, strategy, changed)
        assert done.rehearsal.raws == expected.rehearsal.raws, f"seed {seed}"
        assert done.steps == expected.steps, f"seed {seed}"
