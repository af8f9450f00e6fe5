"""Sessions of one live market, each of which sees it as late as it says."""

from __future__ import annotations

import pytest
from tests.live_sessions import MINE, attached, verified
from tests.live_stage import LiveStage
from tests.stage import SECOND, START, chain, kinds, market_order, wave

from offbook.domain.config import EmpiricalDelay, LatencyConfig, RowTimes, VenueConfig
from offbook.domain.session import SessionStatus

DRAWN = EmpiricalDelay(quantiles_ns=(SECOND // 3, SECOND, 5 * SECOND))
EVENTS = [START + place * SECOND - SECOND // 5 for place in range(120)]


@pytest.mark.parametrize(
    "latency",
    [
        LatencyConfig(market_data_ns=3 * SECOND // 2),
        LatencyConfig(market_data=DRAWN),
        LatencyConfig(market_data=DRAWN, row_times=RowTimes.VENUE),
    ],
)
@pytest.mark.parametrize("name", ["trader", "builder"])
async def test_a_session_that_sees_it_late_comes_back_and_replays_alone(
    latency: LatencyConfig, name: str
) -> None:
    """One that joins later, is paused, killed with messages on their way, and taken up again."""
    stage = LiveStage(wave(events=EVENTS), strategies=MINE)
    asked = stage.config(name, venue=VenueConfig(latency=latency))
    async with stage.manager() as manager:
        await manager.start_session(stage.config())
        await stage.come(10)
        session = await manager.start_session(asked)
        assert (await attached(stage, session.id)).row == 10
        await stage.come(20)
        await manager.pause_session(session.id)
        await stage.come(7)
        await manager.resume_session(session.id)
        await manager.submit_order(session.id, market_order())
        stage.kill()
    async with stage.manager() as manager:
        await manager.recover_sessions()
        await stage.come(40)
        await manager.submit_order(session.id, market_order())
        await stage.come(20)
        stopped = await manager.stop_session(session.id)
        assert stopped.status is SessionStatus.STOPPED
        await verified(manager, session.id)
    assert kinds(await chain(stage.repository, session.id)).count("OrderFilled") > 3
