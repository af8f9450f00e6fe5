"""Sessions on several sources, with bars of their own, through crash, recovery and verification."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.stage import Stage, eventually

from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    SECOND,
    START,
    BuiltCombination,
    bars_market,
    combined,
    quotes_market,
    trades_market,
)

ETHUSDT = msgspec.structs.replace(BTCUSDT, symbol="ETHUSDT", base="ETH")


def market() -> BuiltCombination:
    """Quotes of one pair; prints and minute bars of another; five minutes."""
    quotes = [(f"{100 + i % 7}", f"{100.5 + i % 7:.1f}") for i in range(300)]
    prints = [(f"{20 + i % 5}", "1") for i in range(100)]
    bars = [("20", "24", "19", "21", "30")] * 5
    return combined(
        quotes_market(quotes),
        trades_market(prints, instrument=ETHUSDT, step=3 * SECOND),
        bars_market(bars, instrument=ETHUSDT, timeframe_ns=MINUTE),
    )


class Pairs(Strategy):
    """Buys one pair on its built bars and the other on the minute bars of the market."""

    def on_start(self) -> None:
        self.rows = [0, 0, 0]
        self.subscribe_bars("BTCUSDT", "7s")
        self.subscribe_quotes("BTCUSDT")
        self.subscribe_trades("ETHUSDT")

    def on_quote(self, quote: Quote) -> None:
        self.rows[0] += 1

    def on_trade(self, trade: Trade) -> None:
        self.rows[1] += 1

    def on_bar(self, bar: Bar) -> None:
        self.rows[2] += 1
        name = "-".join(map(str, [*self.rows, bar.row, bar.close_px]))
        self.buy(bar.instrument.symbol, "0.01", client_order_id=name)

    def save_state(self) -> Any:
        return self.rows

    def load_state(self, state: Any) -> None:
        self.rows = state


async def finished(stage: Stage) -> tuple[str | None, int, ReplayOutcome]:
    """A session run to its end: its chain, the orders it sent, and whether it replays."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        ended = await manager.wait("a")
        assert ended.status is SessionStatus.STOPPED
        orders = await manager.orders("a")
        return ended.chain_head, len(orders), (await manager.verify("a")).outcome


async def test_a_crash_in_the_midst_changes_no_byte() -> None:
    """Killed between rows, recovered from a snapshot with a bar half built."""
    head, orders, outcome = await finished(Stage(market(), Pairs, max_rows=16))
    assert outcome is ReplayOutcome.EQUAL
    sevens = (START + 300 * SECOND) // (7 * SECOND) - START // (7 * SECOND)
    assert orders == sevens + 5, "one on each bar of 7 s that ended, and of each minute"
    stage = Stage(market(), Pairs, max_rows=16)
    gate = stage.gateway.block_at(233)

    async def reached(manager: PaperTradingSessionManager) -> bool:
        return (await manager.progress("a")).cursor.row == 233

    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        await eventually(lambda: reached(manager))
        stage.kill()
    gate.release()
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)
        ended = await manager.wait("a")
        assert ended.chain_head == head
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
