"""Commands that come together are taken together."""

import asyncio

import msgspec
import pytest
from tests.stage import RUNNERS, SMALL, START, Stage, chain, limit_order, wave

from offbook.domain.market_data import Quote
from offbook.domain.records import CommandTaken, OrderSubmitted, decode_record
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
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


class Chatty(Strategy):
    """At each quote a timer rings at once, again and again, and sends an order each time."""

    def on_quote(self, quote: Quote) -> None:
        self.left = 6
        self.set_timer("ring", after=0)

    def on_timer(self, name: str) -> None:
        self.buy("BTCUSDT", "1", price="1.00", time_in_force="IOC")
        self.left -= 1
        if self.left:
            self.set_timer("ring", after=0)


async def test_nothing_is_stored_of_an_instant_that_is_not_complete() -> None:
    """However many calls it takes: whoever goes on from the cursor would complete it."""
    limits = msgspec.structs.replace(SMALL, commit_records=1)
    stage = Stage(wave(20), strategy=Chatty, limits=limits)
    stored: set[int] = set()

    async def note(operation: str, phase: str, session_id: str) -> None:
        if operation == "save" and phase == "after":
            stored.add((await stage.repository.get(session_id)).last_seq)

    stage.repository.hook = note
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        while (await manager.get_session("a")).status is SessionStatus.RUNNING:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0)
        times = [decode_record(raw).ts for raw in await chain(stage.repository, "a")]
        assert len(times) > 200
        cut = [seq for seq in stored if START < times[seq - 1] < times[-1]]
        assert len(cut) > 10
        assert [seq for seq in cut if times[seq - 1] == times[seq]] == []
