"""Corporate actions on a book that sessions share: each drops it for itself, by its own dates."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from tests.live_sessions import attached, verified
from tests.live_stage import LiveStage
from tests.stage import SECOND, chain, kinds, limit_order, market_order

from offbook.domain.config import ActionKind, Adjustment, CorporateAction
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.limits import Limits
from offbook.testing.markets import BuiltMarket, depth_market

BOOK = [
    "snapshot 100.00x5 99.00x7 / 100.02x30",
    "100.00x6 /",
    "99.00x8 /",
    # A split of two for one, between these.
    "49.90x6 /",
    "/ 50.01x3",
    "49.00x9 /",
    "snapshot 50.00x5 49.50x7 / 50.02x40",
    "50.00x6 /",
    "/ 50.00x2",
    "50.00x0 / 50.00x3",
]
ENDS = [3, 4, 5, 6, 7, 8, 11, 12, 13, 15]
"""How many rows there are by the end of each message."""


def split_after(market: BuiltMarket, row: int) -> BuiltMarket:
    """The market with a split half a second before its row."""
    ts = int(market.slices[0].ts[row]) - SECOND // 2
    ex = datetime.fromtimestamp(ts / SECOND, UTC).isoformat()
    action = CorporateAction(symbol="BTCUSDT", kind=ActionKind.SPLIT, ex=ex, ratio="2:1")
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=(action,))
    return msgspec.structs.replace(market, config=config)


def is_apart(stage: LiveStage, session_id: str) -> bool:
    """Whether a session's book is its own, for it is another than that of the hub."""
    return stage.engines[session_id]._kernel.depths.is_apart("BTCUSDT")


async def test_each_session_waits_for_the_book_that_is_told_after_a_split() -> None:
    """Also who joins after it, and is handed what the hub has; each of them verifies alone."""
    stage = LiveStage(split_after(depth_market(BOOK), 5))
    async with stage.manager() as manager:
        early = await manager.start_session(stage.config())
        await stage.come(ENDS[1])
        await manager.submit_order(early.id, limit_order("99.00", client_order_id="waits"))
        await stage.come(ENDS[4] - ENDS[1])
        late = await manager.start_session(stage.config())
        (known,) = (await attached(stage, late.id)).books or ()
        assert known.since == int(stage.rows.ts[0])
        for one in (early, late):
            await manager.submit_order(one.id, market_order(qty="3"))
        await stage.come(ENDS[5] - ENDS[4])
        for one in (early, late):
            assert is_apart(stage, one.id)
            assert "OrderFilled" not in kinds(await chain(stage.repository, one.id))
        await stage.come(ENDS[6] - ENDS[5])
        await stage.come(ENDS[9] - ENDS[6])
        assert await _prices(manager, early.id, late.id) == ["50.020000", "50.020000"]
        last = await manager.start_session(stage.config())
        (known,) = (await attached(stage, last.id)).books or ()
        assert known.since == int(stage.rows.ts[ENDS[5]])
        for one in (early, late, last):
            assert not is_apart(stage, one.id)
            await manager.stop_session(one.id)
            await verified(manager, one.id)


async def test_who_joins_within_a_snapshot_after_a_split_has_its_book() -> None:
    """Nobody needs to wait for the next; and what had begun before the split is of before."""
    for split, is_of_after in ((5, True), (10, False)):
        market = depth_market(BOOK)
        (rows,) = market.slices
        rows.ts[10] += SECOND * 3 // 4
        stage = LiveStage(split_after(market, split))
        async with stage.manager() as manager:
            await manager.start_session(stage.config())
            await stage.come(10)
            stage.gateway.advance(int(rows.ts[10]) - 1)
            late = await manager.start_session(stage.config())
            (known,) = (await attached(stage, late.id)).books or ()
            assert (known.since, known.begun) == (int(rows.ts[0]), int(rows.ts[8]))
            await manager.submit_order(late.id, market_order(qty="3"))
            await stage.come(5)
            assert await _prices(manager, late.id) == ["50.020000"] * is_of_after
            await manager.stop_session(late.id)
            await verified(manager, late.id)


async def _prices(manager: Any, *ids: str) -> list[str | None]:
    views = [view for one in ids for view in await manager.orders(one) if view.avg_px is not None]
    return [view.avg_px for view in views]


class Looker(Strategy):
    """Takes as long as it is let."""

    def on_depth(self, book: Any) -> None:
        """Looks."""

    def save_state(self) -> Any:
        return None


async def test_rows_that_are_left_out_do_not_bring_a_dropped_book_back() -> None:
    """Unless it was told as a whole since: what it is handed tells when that was."""
    limits = Limits(call_seconds=1e-9, call_rows=2, call_records=1, lag_rows=10)
    before = [f"100.00x{5 + i % 3} / 100.02x{4 + i % 2}" for i in range(60)]
    after = [f"50.00x{5 + i % 3} / 50.02x{4 + i % 2}" for i in range(60)]
    fills = {}
    for told in ("", "snapshot "):
        market = depth_market(["snapshot " + before[0], *before[1:], told + after[0], *after[1:]])
        stage = LiveStage(split_after(market, 120), strategies={"looker": Looker}, limits=limits)
        async with stage.manager() as manager:
            session = await manager.start_session(stage.config("looker"))
            for _ in range(len(stage.rows) - 4):
                await stage.come(1, turns=0)
            await stage.rest(3000)
            await manager.submit_order(session.id, market_order())
            await stage.come(4)
            records = await chain(stage.repository, session.id)
            assert any(b"skip_rows" in raw for raw in records)
            assert is_apart(stage, session.id) is not bool(told)
            await manager.stop_session(session.id)
            await verified(manager, session.id)
            fills[told] = kinds(await chain(stage.repository, session.id)).count("OrderFilled")
    assert fills[""] == 0 < fills["snapshot "]
