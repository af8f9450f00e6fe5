"""Rows that are only shown change nothing: the same records and snapshots as when every row is
taken with everything that it may bring."""

import pytest
from tests.properties.gambler import Gambler
from tests.properties.random_markets import ALONE
from tests.properties.random_sessions import Improvised, improvise

from offbook.domain.market_data import DataKind
from offbook.engine.rows import row_sources, showing, shown_rows
from offbook.engine.rows.shown_rows import ShownRows

SEEDS = range(8)
KINDS = [kind for kind in ALONE if not kind.is_book]
"""All but books, whose every row is taken: they are made of them."""
NERVES = (40, 4)
"""In how many rows of a hundred the strategy acts."""


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every row with everything that it may bring."""
    monkeypatch.setattr(ShownRows, "_calm", lambda *_: 0)


def raws(done: Improvised) -> list[bytes]:
    """The records of a session."""
    return done.rehearsal.raws


@pytest.mark.parametrize("nerve", NERVES)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_only_shown_change_nothing(
    kind: DataKind, nerve: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the strategy does, and however often it is let go on; step by step."""
    monkeypatch.setattr(Gambler, "nerve", nerve)
    shown = 0
    for seed in SEEDS:
        with monkeypatch.context() as reference:
            one_by_one(reference)
            expected = improvise(seed, kind)
        with monkeypatch.context() as counting:
            counting.setattr(shown_rows, "LEAST_RUN", 1 + seed % 2 * 10**9)
            done = _counted(seed, kind, counting)
            shown += done[1]
        assert raws(done[0]) == raws(expected), f"seed {seed}"
        assert done[0].steps == expected.steps, f"seed {seed}"
    assert shown > 0 or nerve > 4, "no row was ever only shown"


def _counted(seed: int, kind: DataKind, monkeypatch: pytest.MonkeyPatch) -> tuple[Improvised, int]:
    """A session, and how many of its rows were only shown."""
    rows, real = 0, ShownRows._pass

    def counted(self: ShownRows, *arguments: object) -> int:
        nonlocal rows
        count = real(self, *arguments)  # type: ignore[arg-type]  # what it was called with
        rows += count
        return count

    monkeypatch.setattr(ShownRows, "_pass", counted)
    return improvise(seed, kind), rows


@pytest.mark.parametrize("kind", ALONE)
@pytest.mark.parametrize(("block", "stretch", "turns"), [(1, 1, 16), (3, 1, 1), (7, 64, 2)])
def test_how_rows_are_cut_into_blocks_changes_nothing(
    kind: DataKind, block: int, stretch: int, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor how many are taken one by one, nor whether they are made whole or packed."""
    monkeypatch.setattr(Gambler, "nerve", 10)
    monkeypatch.setattr(shown_rows, "LEAST_RUN", 10**9)
    expected = [improvise(seed, kind) for seed in range(4)]
    monkeypatch.setattr(shown_rows, "LEAST_RUN", 1)
    monkeypatch.setattr(shown_rows, "STEPPED_BLOCKS", 2)
    monkeypatch.setattr(shown_rows, "BLOCK", block)
    monkeypatch.setattr(shown_rows, "RUN_BLOCK", block + 1)
    monkeypatch.setattr(shown_rows, "FAR", 2)
    monkeypatch.setattr(shown_rows, "STRETCH", stretch)
    monkeypatch.setattr(showing, "TURNS", turns)
    monkeypatch.setattr(row_sources, "FEW", turns)
    for seed, whole in enumerate(expected):
        done = improvise(seed, kind)
        assert raws(done) == raws(whole), f"seed {seed}"
        assert done.steps == whole.steps, f"seed {seed}"
