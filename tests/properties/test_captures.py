"""A state that was captured stays what it was, whatever the engine does before it is written."""

from random import Random

import pytest
from tests.properties.random_markets import MAKERS, Kind
from tests.properties.random_sessions import improvise

from offbook.engine import capture as capturing
from offbook.engine.capture import Captured
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.snapshots import ENCODER, state_of


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_what_is_written_later_is_what_was_captured(
    seed: int, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every step of sessions with all sorts of orders, lists and accounts: pieces that are made
    when the session is over are those that would have been made then, and those of encoding all of
    the state in one go."""
    kept: list[tuple[Captured, bytes]] = []
    capture = ProcessingEngine.capture

    def noted(engine: ProcessingEngine) -> Captured | None:
        captured = capture(engine)
        if captured is not None:
            memory = captured.whole().rpartition(b'"memory":')[2][:-1]
            row = engine.cursor.row
            naive = ENCODER.encode(state_of(engine._parts, row, memory))
            assert captured.whole() == naive, f"seed {seed}, row {row}"
            kept.append((captured, naive))
        return captured

    monkeypatch.setattr(ProcessingEngine, "capture", noted)
    monkeypatch.setattr(capturing, "PIECE", Random(seed).randint(1, 4))
    improvise(4010 + seed, kind)
    assert kept
    for step, (captured, then) in enumerate(kept):
        pieces = [piece.text() for piece in captured.pieces()]
        assert b"".join(pieces) == then, f"seed {seed}, step {step}"
        if captured.entries > 20:
            assert len(pieces) > captured.entries // 4
