"""Snapshots: what a strategy may keep, and what goes wrong when it does not keep to it."""

from decimal import Decimal
from typing import Any

import pytest
from tests.rehearsal import rehearse

from offbook.domain.errors import EngineFault, InvalidStrategy
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy import Strategy
from offbook.testing.markets import XYZ, quotes_market

ROWS = [("100", "101")] * 3


class Keeping(Strategy):
    """Keeps whatever the test wants."""

    def on_start(self) -> None:
        self.memory: Any = None

    def save_state(self) -> Any:
        return self.memory

    def load_state(self, state: Any) -> None:
        self.memory = state


@pytest.mark.parametrize(
    ("memory", "where"),
    [
        ({"ema": float("nan")}, r"state\['ema'\]"),
        ([1.0, float("inf")], r"state\[1\]"),
        ({"levels": {1: "a"}}, r"state\['levels'\]"),
        ({"seen": {1, 2}}, "set"),
        (Decimal("1"), "Decimal"),
        ({"x": 2**70}, r"state\['x'\]"),
        ("\ud800", "state"),
    ],
)
def test_memory_that_json_would_change_is_refused(memory: Any, where: str) -> None:
    """Else it would come back as something else, and the replay would differ."""
    strategy = Keeping()
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), strategy)
    strategy.memory = memory
    with pytest.raises(InvalidStrategy, match=where):
        rehearsal.engine.snapshot()


def test_plain_memory_comes_back_as_it_was() -> None:
    """Numbers, text, lists and dicts, as deep as one likes."""
    memory = {"a": [1, -2.5, None, True, "x", {"b": {}}], "c": 2**62}
    strategy = Keeping()
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), strategy)
    strategy.memory = memory
    state = rehearsal.engine.snapshot()
    assert state is not None
    again = Keeping()
    ProcessingEngine(rehearsal.session, again, "source").restore(rehearsal.attach, state)
    assert again.memory == memory


def test_a_strategy_that_can_save_but_not_load_keeps_no_memory() -> None:
    """Half of the pair is none."""

    class Half(Strategy):
        def save_state(self) -> Any:
            return {}

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Half())
    assert rehearsal.engine.snapshot() is None


def test_a_strategy_that_cannot_load_says_so_by_name() -> None:
    """Whatever load_state raises."""

    class Broken(Keeping):
        def load_state(self, state: Any) -> None:
            raise KeyError("ema")

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Broken())
    state = rehearsal.engine.snapshot()
    assert state is not None
    engine = ProcessingEngine(rehearsal.session, Broken(), "source")
    with pytest.raises(InvalidStrategy, match=r"Broken.load_state: KeyError"):
        engine.restore(rehearsal.attach, state)


@pytest.mark.parametrize("state", [b"", b"{}", b"null", b'{"format":99}', b"\xff"])
def test_bytes_that_are_no_snapshot_are_refused(state: bytes) -> None:
    """With EngineFault, before anything is taken over."""
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Keeping())
    engine = ProcessingEngine(rehearsal.session, Keeping(), "source")
    with pytest.raises(EngineFault):
        engine.restore(rehearsal.attach, state)
