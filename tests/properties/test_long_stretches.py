"""Sessions of a campaign with long stretches of rows between their steps, which are passed over:
every model that the reference knows is held against one that looks at each row, whatever is slept
through, looked at without need, or taken up from a snapshot in the middle."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from tests.properties.campaign import Drawn, case_of, case_on_books
from tests.properties.made_session import attach_of, merged, session_of
from tests.properties.row_cases import Move, pick_move
from tests.properties.side_by_side import SideBySide
from tests.properties.sources import Source
from tests.properties.step_cases import Change, Rows, Step

from offbook.domain.records import encode_record
from offbook.engine.inputs import EngineInput
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.venue.book import Book

SEED = 77
STRETCHES, LEAST, MOST = 9, 12, 40
"""How many stretches a session has, and how many rows one has."""


def calm_move(source: Source) -> Move:
    """Mostly where the last one was, or a tick beside it, and soon after it."""
    move = pick_move(source)
    shift = source.pick([0, 0, 0, 0, 1, -1, 1, -1, 2, -2, move.shift])
    return replace(move, shift=shift, gap=source.pick([0, -1, 1, 3, move.gap]))


def lengthened(source: Source, steps: list[Step]) -> list[Step]:
    """The steps up to so many stretches of rows, each of which is made long; nothing pauses the
    session before the last."""
    made: list[Step] = []
    stretches = 0
    for step in steps:
        if isinstance(step, Change) and stretches < STRETCHES - 2:
            continue
        if isinstance(step, Rows):
            stretches += 1
            count = source.number(LEAST, MOST)
            made.append(Rows(tuple(calm_move(source) for _ in range(count))))
        else:
            made.append(step)
        if stretches == STRETCHES:
            break
    return [*made, steps[-1]]


def played(number: int, *, on_books: bool) -> SideBySide:
    """A session beside the reference, compared after each step."""
    setup, steps = (case_on_books if on_books else case_of)(SEED, number)
    pair = SideBySide(setup)
    for step in lengthened(Drawn(f"long {number} {on_books}"), steps):
        pair.step(step)
    return pair


def raws(
    pair: SideBySide, inputs: list[EngineInput], *, at: int = 0, every_row: bool = False
) -> list[bytes]:
    """What another engine makes of inputs; with ``at`` one that has it from a snapshot there."""
    session = session_of(pair.setup)
    engine = ProcessingEngine(session, pair._new_listener(), every_row=every_row)
    made = engine.process(inputs[:at])
    state = engine.snapshot() if at > 1 else None
    if state is not None:
        engine = ProcessingEngine(session, pair._new_listener(), every_row=not every_row)
        engine.restore(attach_of(pair.setup), state)
        assert engine.snapshot() == state
    made += engine.process(inputs[at:])
    return [encode_record(one) for one in made]


@pytest.mark.parametrize("on_books", [False, True])
def test_long_stretches_are_those_of_the_reference(
    on_books: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with every row looked at, some at random, and from a snapshot between any two inputs."""
    told: Counter[str] = Counter()
    declared = Book.must_see.fget
    assert declared is not None
    for number in range(8):
        try:
            pair = played(number, on_books=on_books)
            wanted = [encode_record(one) for one in pair.records]
            inputs, rng = merged(pair.inputs, pair.records), Random(number)
            assert raws(pair, inputs, every_row=True) == wanted, "every row"
            for at in rng.sample(range(2, len(inputs)), min(2, len(inputs) - 2)):
                assert raws(pair, inputs, at=at) == wanted, f"a snapshot after {at} inputs"
            seen = property(lambda book, rng=rng: rng.random() < 0.2 or declared(book))
            with monkeypatch.context() as patch:
                patch.setattr(Book, "must_see", seen)
                assert raws(pair, inputs) == wanted, "rows looked at without need"
        except Exception as error:
            error.add_note(f"case {number} of seed {SEED}, on books: {on_books}")
            raise
        told += pair.counts
    assert min(told["OrderFilled"], told["OrderTriggered"], told["OrderReplaced"]) > 0, told
