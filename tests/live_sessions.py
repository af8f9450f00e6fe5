"""Strategies for live markets, and what is asked of their sessions."""

from typing import Any, ClassVar

from offbook.domain.joining import Joined
from offbook.domain.records import (
    SessionAttached,
    decode_record,
)
from offbook.domain.session import SessionHealth
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome
from tests.live_stage import LiveStage
from tests.stage import SECOND, chain


class Alarm(Strategy):
    """Sees no row; a timer rings every five seconds."""

    def on_start(self) -> None:
        self.set_timer("alarm", every=5 * SECOND)


class Slow(Strategy):
    """Does not come to an end with a quote until told so, by the test's clock."""

    clock: ClassVar[Any] = None

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, quote: object) -> None:
        self.seen += 1
        if Slow.clock is not None:
            Slow.clock.advance(0.4)


class Builder(Strategy):
    """Trades at every quote's hundredth, and at bars that are built for it."""

    def on_start(self) -> None:
        self.seen = 0
        self.subscribe_bars("BTCUSDT", "1m")
        self.set_timer("tick", every=30 * SECOND)

    def on_quote(self, quote: object) -> None:
        self.seen += 1
        if self.seen % 5 == 0:
            self.buy("BTCUSDT", "0.001", price="99.50")

    def on_bar(self, bar: Any) -> None:
        self.sell("BTCUSDT", "0.001", price=str(bar.high_px / 100), client_order_id=f"b{bar.ts}")

    def on_timer(self, name: str) -> None:
        self.buy("BTCUSDT", "0.001")


MINE: dict[str, type[Strategy]] = {"alarm": Alarm, "slow": Slow, "builder": Builder}


async def verified(manager: PaperTradingSessionManager, session_id: str) -> None:
    """The session runs again to the same bytes, however its rows are cut."""
    for rows in (1, 4096):
        found = await manager.verify(session_id, slice_rows=rows)
        assert found.outcome is ReplayOutcome.EQUAL, found


async def health(
    manager: PaperTradingSessionManager, session_id: str, expected: SessionHealth
) -> bool:
    """Whether a session fares so."""
    return (await manager.get_session(session_id)).health is expected


async def attached(stage: LiveStage, session_id: str) -> Joined:
    """Where a session joined, by its first record."""
    record = decode_record((await chain(stage.repository, session_id))[0])
    assert isinstance(record, SessionAttached)
    assert isinstance(record.joined, Joined)
    return record.joined
