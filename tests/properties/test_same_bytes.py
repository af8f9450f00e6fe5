"""Promise 2: the same inputs give the same bytes, however they are fed."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from tests.properties.random_markets import MAKERS, Kind
from tests.properties.random_sessions import again, carry_on, fresh, improvise
from tests.rehearsal import state_of

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.records import decode_record, encode_record
from offbook.engine.ledger.folding import fold

KINDS: list[Kind] = list(MAKERS)
SEEDS = range(12)
EVERY = 3
"""Of so many steps one is taken up again, with every seed another."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_session_runs_again_from_what_its_journal_says(seed: int, kind: Kind) -> None:
    """Whatever the cuts, hints and empty calls were, and wherever commands came."""
    done = improvise(seed, kind)
    raws = done.rehearsal.raws
    rng = Random(seed)
    assert again(done, lambda: 10**9) == raws, f"seed {seed}: one slice"
    assert again(done, lambda: 1) == raws, f"seed {seed}: row by row"
    assert again(done, lambda: rng.randint(1, 9)) == raws, f"seed {seed}: cut at random"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_a_snapshot_and_the_tail_give_the_whole(seed: int, kind: Kind) -> None:
    """From any step: running, paused, stopping, with commands and reports on their way."""
    done = improvise(1000 + seed, kind)
    raws = done.rehearsal.raws
    for count, (fed, records, state) in list(enumerate(done.steps))[seed % EVERY :: EVERY]:
        assert state is not None
        engine = fresh(done)
        engine.restore(done.rehearsal.attach, state)
        assert engine.snapshot() == state, f"seed {seed}, step {count}: the snapshot changes"
        tail = carry_on(done, engine, fed, records, lambda: 10**9)
        assert tail == raws[records:], f"seed {seed}, step {count}"
        assert engine.summary() == done.rehearsal.engine.summary()
        assert engine.order_views() == done.rehearsal.engine.order_views()


@pytest.mark.parametrize("kind", KINDS)
def test_records_read_back_chain_and_fold_to_the_same(kind: Kind) -> None:
    """Decoding loses nothing: bytes, chain and ledger agree."""
    for seed in range(8):
        rehearsal = improvise(2000 + seed, kind).rehearsal
        back = [decode_record(raw) for raw in rehearsal.raws]
        assert [encode_record(record) for record in back] == rehearsal.raws, f"seed {seed}"
        assert state_of(fold(back)) == state_of(rehearsal.engine._kernel.ledger), f"seed {seed}"


HEADS = """
from offbook.domain.chain import GENESIS, extend_all
from tests.properties.random_markets import MAKERS
from tests.properties.random_sessions import improvise
for seed in range(3):
    for kind in MAKERS:
        print(extend_all(GENESIS, improvise(seed, kind).rehearsal.raws).hex())
"""


def test_the_order_of_hashing_changes_nothing() -> None:
    """Sets and dicts of text are ordered otherwise in every process; records are not."""
    root = Path(__file__).resolve().parents[2]
    heads = {
        subprocess.run(
            [sys.executable, "-c", HEADS],
            cwd=root,
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{root}:{root / 'src'}"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "4242")
    }
    here = [
        extend_all(GENESIS, improvise(seed, kind).rehearsal.raws).hex()
        for seed in range(3)
        for kind in KINDS
    ]
    assert heads == {"\n".join(here) + "\n"}
