"""A strategy that floods holds nobody up for long: commands come between its rows and timers."""

import asyncio
from typing import ClassVar

import pytest
from tests.stage import SECOND, Stage, Trader, chain, eventually, market_order, quiet, wave

from offbook.domain.orders import OrderStatus
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.markets import quotes_market

MS = 1_000_000
BURST = 300


class Floods(Strategy):
    """Sends hundreds of orders at every quote, which are all denied."""

    def on_quote(self, quote: object) -> None:
        for _ in range(BURST):
            self.buy("BTCUSDT", "1000000")


class Ticks(Strategy):
    """Has timers that turn every millisecond, and sees no quote for years."""

    timers: ClassVar[int] = 1

    def on_start(self) -> None:
        for number in range(self.timers):
            self.set_timer(f"t{number}", every=MS)

    def on_timer(self, name: str) -> None:
        pass


@pytest.mark.parametrize("runner", ["near", "encoded"])
async def test_a_command_comes_between_two_rows_of_a_flood(runner: str) -> None:
    """Not after the whole block of rows that a call may take."""
    stage = Stage(wave(2000), strategy=Floods, runner=runner, limits=Limits())
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        view = await manager.submit_order("a", market_order())
        assert view.order_status is OrderStatus.PENDING_NEW
        paused = await manager.pause_session("a")
        assert paused.cursor.row <= 6
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        assert (await manager.stop_session("a")).status is SessionStatus.STOPPED
        await quiet(stage, manager)


@pytest.mark.parametrize("timers", [1, 40])
async def test_a_command_comes_between_the_timers_of_a_gap(
    timers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which there are more than anybody waits for; its neighbour runs to its end meanwhile, and
    the session is suspended and taken up in the midst of it."""
    monkeypatch.setattr(Ticks, "timers", timers)
    rows = [("100.00", "100.02")] * 2
    market = quotes_market(rows, times=[SECOND, 10**9 * SECOND])
    stage = Stage(market, strategy=Ticks, limits=Limits())
    other = Stage(strategy=Trader, limits=Limits())
    async with stage.manager() as manager, other.manager() as neighbor:
        await manager.start_session(stage.config(), session_id="a")
        await neighbor.start_session(other.config(), session_id="b")
        assert (await neighbor.wait("b")).status is SessionStatus.STOPPED
        view = await manager.submit_order("a", market_order())
        assert view.submitted_ts < 1000 * SECOND
        before = (await manager.get_session("a")).last_seq
        await eventually(lambda: _past(manager, before))
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)
        stopped = await manager.stop_session("a")
        assert stopped.status is SessionStatus.STOPPED
        assert stopped.cursor.row == 1
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _past(manager: object, seq: int) -> bool:
    return (await manager.get_session("a")).last_seq > seq  # type: ignore[attr-defined]  # a manager


async def test_a_command_for_a_later_time_waits_for_the_timers_before_it() -> None:
    """However many calls these take."""
    rows = [("100.00", "100.02")] * 2
    market = quotes_market(rows, times=[SECOND, 10**9 * SECOND])
    stage = Stage(market, strategy=Ticks, limits=Limits())
    at = 2 * SECOND + 7
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order(client_order_id="later"), at=at)
        await manager.set_speed("a", None)
        await eventually(lambda: _sent(manager))
        (view,) = await manager.orders("a")
        assert view.submitted_ts == at
        await manager.stop_session("a")
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL


async def _sent(manager: object) -> bool:
    return bool(await manager.orders("a"))  # type: ignore[attr-defined]  # a manager


async def test_how_much_a_call_may_do_leaves_no_trace() -> None:
    """The chain is the same with one record a call and with all at once."""
    chains = []
    for records in (1, 50, 10**9):
        limits = Limits(call_records=records)
        stage = Stage(wave(10), strategy=Floods, limits=limits)
        async with stage.manager() as manager:
            await manager.start_session(stage.config(), session_id="a", command_id="go")
            async with asyncio.timeout(60):
                await manager.wait("a")
        chains.append(await chain(stage.repository, "a"))
    assert chains[0] == chains[1] == chains[2]
    assert len(chains[0]) > 10 * BURST
