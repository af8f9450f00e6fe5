"""Commands that come together are taken together."""

import asyncio

import pytest
from tests.stage import RUNNERS, Stage, chain, limit_order

from offbook.domain.records import CommandTaken, OrderSubmitted, decode_record
from offbook.services.paper_trading.verification import ReplayOutcome


@pytest.mark.parametrize("runner", RUNNERS)
async def test_commands_that_wait_together_are_taken_at_one_instant(runner: str) -> None:
    """In the order in which they came; so their orders reach the venue at one instant too. Those
    that come later have a later one, and the session verifies."""
    stage = Stage(runner=runner)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        for _ in range(2):
            stage.clock.advance(0.25)
            await asyncio.gather(
                *(manager.submit_order("a", limit_order(f"9{n}.00")) for n in range(4))
            )
        stage.clock.advance(1)
        records = [decode_record(raw) for raw in await chain(stage.repository, "a")]
        taken = [r for r in records if isinstance(r, CommandTaken)][1:]
        assert [r.command.order.price for r in taken] == 2 * [f"9{n}.00" for n in range(4)]
        first, second = {r.ts for r in taken[:4]}, {r.ts for r in taken[4:]}
        assert len(first) == len(second) == 1
        assert max(first) < min(second)
        sent = [r for r in records if isinstance(r, OrderSubmitted)]
        assert len({r.due for r in sent[:4]}) == 1
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
