"""Several sessions on one played recording, kept in a real store and looked at afterwards."""

from pathlib import Path

from offbook.adapters.brokers.played import PlayedGateway
from offbook.adapters.brokers.recorded import RECORDINGS
from offbook.adapters.clock import SystemClock
from offbook.adapters.ids import Uuid7Source
from offbook.adapters.recordings.files import FileRecordings
from offbook.bootstrap import (
    explain_stored,
    find_stored,
    load_engine,
    make_gateway,
    open_store,
    report_stored,
    verify_stored,
)
from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig, StrategySpec
from offbook.services.market_hub.hub import MarketHub
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.markets import BTCUSDT, MINUTE, bars_market, write_csv


async def test_each_is_verified_reported_and_explained_from_its_own_place(tmp_path: Path) -> None:
    """Also without the recording that was played: what the hub recorded is enough."""
    prices = [100 + abs(n % 14 - 7) for n in range(300)]
    bars = [(f"{px}", f"{px + 1}", f"{px - 1}", f"{px}", "5") for px in prices]
    market = bars_market(bars, instrument=BTCUSDT, timeframe_ns=MINUTE)
    path = tmp_path / "bars.csv"
    config = SessionConfig(
        market=write_csv(market, path),
        account=AccountConfig(currency="USDT"),
        strategy=StrategySpec(
            ref="offbook.strategies.ema_cross:EmaCross",
            params={"symbol": "BTCUSDT", "fast": 2, "slow": 5},
        ),
    )
    clock, store = SystemClock(), tmp_path / "store"
    played = PlayedGateway(make_gateway(), clock=clock)
    hub = MarketHub(
        {ReplayMarket: played}, FileRecordings(store / RECORDINGS), clock=clock, ids=Uuid7Source()
    )
    async with open_store(tmp_path) as repository:
        async with PaperTradingSessionManager(hub, load_engine, repository) as manager:
            ids = [(await manager.start_session(config)).id for _ in range(2)]
            played.play()
            ended = [await manager.wait(name) for name in ids]
        await hub.close()
    assert [session.status_reason for session in ended] == ["end_of_data"] * 2
    path.unlink()
    for name in ids:
        listed = await find_stored(tmp_path, name)
        found = await verify_stored(listed.session, listed.store)
        assert found.outcome is ReplayOutcome.EQUAL, found
        report = await report_stored(listed.session, listed.store)
        assert report.equity is not None, report.notes
        assert report.session.orders > 10
        assert (await explain_stored(listed.session, listed.store)).session_id == name
