"""Snapshots of a session that makes many records take a small part of its time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.stage import Stage, market_order, settle, wave

from offbook.engine.processing_engine import ProcessingEngine


@pytest.mark.parametrize(
    ("took", "wait"), [(0.0, 0.0), (0.002, 0.4), (0.02, 1.0)], ids=["none", "its share", "bounded"]
)
async def test_the_next_waits_as_long_as_the_last_one_costs(
    monkeypatch: pytest.MonkeyPatch, took: float, wait: float
) -> None:
    """However many records come meanwhile."""
    stage = Stage(wave(), None)
    captured: list[int] = []
    capture = ProcessingEngine.capture

    def slow(engine: ProcessingEngine, since: Any = None) -> Any:
        stage.clock.advance(took)
        captured.append(engine.last_seq)
        return capture(engine, since)

    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        monkeypatch.setattr(ProcessingEngine, "capture", slow)

        async def orders(count: int) -> None:
            for _ in range(count):
                await manager.submit_order("a", market_order())
            await settle()

        await orders(12)  # snapshots fall due after ten records
        if not wait:
            assert len(captured) > 1
            return
        assert len(captured) == 1
        stage.clock.advance(wait - 0.01)
        await orders(12)
        assert len(captured) == 1
        stage.clock.advance(0.02)
        await orders(12)
        assert len(captured) == 2
        monkeypatch.undo()
