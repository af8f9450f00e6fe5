"""Books and statuses of a live market: taken once, and known to whoever joins later."""

from random import Random
from typing import Any

import pytest
from tests.live_sessions import attached, verified
from tests.live_stage import LiveStage
from tests.properties.calm_books import with_prints
from tests.stage import SECOND, chain, kinds, limit_order, market_order

from offbook.adapters.recordings.files import FileRecordings
from offbook.domain.book_states import ByOrder, KnownStatus
from offbook.domain.market_data import Cursor, MergedSlice
from offbook.domain.orders import OrderView
from offbook.engine.strategy.strategy import Strategy
from offbook.services.market_hub.followed_books import FollowedBooks
from offbook.services.market_hub.shared_market import HubLimits
from offbook.services.paper_trading.limits import Limits
from offbook.testing.markets import (
    BuiltCombination,
    BuiltMarket,
    combined,
    depth_market,
    status_market,
)
from offbook.testing.markets import quotes_market as quotes
from offbook.testing.order_markets import orders_market

BOOK = depth_market(
    [
        "snapshot 100.00x5 99.99x7 99.98x9 / 100.02x3 100.03x4 100.05x9",
        "100.01x2 / 100.02x2",
        "100.01x0 / 100.04x6",
        "/ 100.02x0",
        "99.97x4 /",
        "/ 100.03x1",
        "100.00x4 /",
        "/ 100.03x0 100.04x0",
    ]
)
"""Ten rows by the third message; 100.00 is bid and 100.03 is asked after the fourth."""


ORDERS = orders_market(
    [
        "snapshot add 1 bid 100.00x5 add 2 bid 99.99x7 add 3 ask 100.02x3 add 4 ask 100.03x4",
        "add 5 bid 100.00x2",
        "cancel 1 bid 100.00x1",
        "add 6 bid 100.00x2",
        "execute 1 bid 100.00x4",
        "add 7 ask 100.04x9",
        "execute 5 bid 100.00x2 execute 6 bid 100.00x1",
        "delete 2 bid 99.99 add 8 bid 99.98x4",
        "execute 6 bid 100.00x1 execute 8 bid 99.98x1",
    ]
)
"""Rows by the end of each message: 4, 5, 6, 7, 8, 9, 11, 13, 15."""


class Looker(Strategy):
    """Buys at the best ask whenever the book is another, as far as it has seen one."""

    def on_start(self) -> None:
        self.seen = 0

    def on_depth(self, book: Any) -> None:
        self.seen += 1
        if book.best_ask is not None:
            self.buy("BTCUSDT", "1", price=book.price_of(book.best_ask), time_in_force="IOC")

    def save_state(self) -> Any:
        return self.seen

    def load_state(self, state: Any) -> None:
        self.seen = state


async def test_two_sessions_trade_on_one_book() -> None:
    """One was there from the first message, the other is handed the book; each verifies alone."""
    stage = LiveStage(BOOK, strategies={"looker": Looker})
    async with stage.manager() as manager:
        early = await manager.start_session(stage.config("looker"))
        await stage.come(11)
        late = await manager.start_session(stage.config())
        joined = await attached(stage, late.id)
        (known,) = joined.books or ()
        (engine,) = (stage.engines[one.id] for one in (early,))
        assert known.state == engine._kernel.depths["BTCUSDT"].dump()
        # Before any row of its own it walks the levels that it was handed.
        view = await manager.submit_order(late.id, market_order(qty="8"))
        stage.gateway.advance(stage.gateway.time + SECOND // 2)
        await stage.rest()
        assert await _settled(manager, late.id, view) == ("FILLED", "100.035000")
        await stage.come(len(stage.rows) - 11)
        await manager.submit_order(late.id, limit_order("100.05", client_order_id="more"))
        for one in (early, late):
            await manager.stop_session(one.id)
            await verified(manager, one.id)
        assert b"100" in (await chain(stage.repository, late.id))[0]


async def test_each_has_its_own_place_in_one_book_order_by_order() -> None:
    """Who joins late is behind those that were there; both sleep where nothing bears on them."""
    stage = LiveStage(ORDERS)
    async with stage.manager() as manager:
        early = await manager.start_session(stage.config())
        await stage.come(4)
        await manager.submit_order(early.id, limit_order("100.00"))
        await stage.come(3)
        late = await manager.start_session(stage.config())
        (known,) = (await attached(stage, late.id)).books or ()
        assert isinstance(known.state, ByOrder)
        assert [one.key for one in known.state.book.orders] == [1, 2, 3, 4, 5, 6]
        await manager.submit_order(late.id, limit_order("100.00"))
        await stage.come(2)
        assert all("BTCUSDT" in stage.engines[one.id]._kernel.depths._lent for one in (early, late))
        await stage.come(2)
        assert await _status(manager, early.id) == "FILLED"
        assert await _status(manager, late.id) == "NEW"
        await stage.come(4)
        assert await _status(manager, late.id) == "FILLED"
        for one in (early, late):
            await manager.stop_session(one.id)
            await verified(manager, one.id)


async def _status(manager: Any, session_id: str) -> str:
    (view,) = await manager.orders(session_id)
    return str(view.order_status.value)


async def _settled(manager: Any, session_id: str, view: OrderView) -> tuple[str, str | None]:
    (found,) = [
        one
        for one in await manager.orders(session_id)
        if one.client_order_id == view.client_order_id
    ]
    return found.order_status.value, found.avg_px


def halting() -> BuiltCombination:
    """A quote a second; trading is halted at the third, and resumed at the ninth, between bands."""
    prices = quotes([("100.00", "100.02")] * 12)
    events: list[tuple[str, ...]] = [("bands", "99.00", "100.01"), ("halt",), ("resume",)]
    first = int(prices.slices[0].ts[0])
    times = [first + place * 1_000_000_000 + 1 for place in (0, 2, 8)]
    return combined(prices, status_market(events, times=times))


async def test_who_joins_during_a_halt_knows_of_it() -> None:
    """And between which prices trades may be; the order waits, and is served when they may."""
    stage = LiveStage(halting())
    async with stage.manager() as manager:
        first = await manager.start_session(stage.config())
        await stage.come(6)
        late = await manager.start_session(stage.config())
        (known,) = (await attached(stage, late.id)).statuses or ()
        halted = int(stage.rows.ts[4])
        assert known == KnownStatus("BTCUSDT", halted=halted, bands=(9900, 10001, 1))
        for one in (first, late):
            await manager.submit_order(one.id, market_order())
            assert stage.engines[one.id].standing().instruments[0].halted_since == halted
        await stage.come(4)
        assert [view.order_status.value for view in await manager.orders(late.id)] == ["NEW"]
        await stage.come(5)
        for one in (first, late):
            records = await chain(stage.repository, one.id)
            assert kinds(records).count("TradingStatusChanged") == (2 if one is first else 1)
            # The ask lies above the band: nothing may be bought there.
            assert "OrderFilled" not in kinds(records)
            await manager.stop_session(one.id)
            await verified(manager, one.id)


async def test_a_status_wakes_whoever_sleeps() -> None:
    """Though nothing of it concerns an order, and nobody asks."""
    stage = LiveStage(halting())
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(3)
        assert stage.shared.index.sleeping == 1
        await stage.come(2)
        (told,) = stage.engines[session.id].standing().instruments
        assert told.halted_since == int(stage.rows.ts[4])
        await manager.stop_session(session.id)
        await verified(manager, session.id)


@pytest.mark.parametrize("often", [4, 10**9])
@pytest.mark.parametrize("market", [BOOK, ORDERS], ids=["by price", "by order"])
async def test_a_recording_that_is_continued_knows_its_books(
    market: BuiltMarket, often: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """They are made of its rows from where books stand in it, or from the first."""
    for name in ("chunks", "log"):
        monkeypatch.setattr(f"offbook.services.market_hub.{name}.CHUNK_ROWS", 4)
    monkeypatch.setattr("offbook.services.market_hub.log.BOOKS_ROWS", often)
    stage = LiveStage(market, recordings=FileRecordings(tmp_path))
    async with stage.manager() as manager:
        first = await manager.start_session(stage.config())
        await stage.come(10)
        known = stage.shared.log.books()
        await manager.stop_session(first.id)
        await stage.hub.close()
        stage.new_hub()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        recorded = stage.shared.recording.books
        assert (recorded is not None) is (often == 4)
        assert recorded is None or 4 <= recorded.row < 10
        assert (await attached(stage, session.id)).row == 10
        assert (await attached(stage, session.id)).books == known
        await stage.come(len(stage.rows) - 10)
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_what_is_read_of_a_recording_has_nothing_of_the_market_that_made_it() -> None:
    """A session is run again on what was recorded alone; and whoever continues a recording while
    rows are about that another market has made makes books of his own."""
    stage = LiveStage(with_prints(Random(5), 60))
    async with stage.manager() as manager:
        await manager.start_session(stage.config())
        await stage.come(len(stage.rows))
        log, recording = stage.shared.log, stage.shared.recording
        await stage.shared.secure(Cursor(row=log.rows, ts=log.floor))
        read = await recording.read(0, 100)
        rows = log.from_row(0)
        assert isinstance(read, MergedSlice)
        assert isinstance(rows, MergedSlice)
        assert any(piece.books for piece in rows.pieces)
        assert not any(piece.books or piece.made or piece.stretches for piece in read.pieces)
        others = FollowedBooks(stage.shared.info)
        others.take(rows)
        assert others.all() == log.books()


async def test_rows_of_a_book_are_left_out_by_policy() -> None:
    """The book and the status after them stand in the journal, and the session goes on."""
    limits = Limits(call_seconds=1e-9, call_rows=2, call_records=1, lag_rows=10)
    book = depth_market([f"100.00x{5 + i % 3} / 100.02x{4 + i % 2}" for i in range(200)])
    events: list[tuple[str, ...]] = [("halt",), ("resume",), ("halt",)]
    first = int(book.slices[0].ts[0])
    status = status_market(events, times=[first + 1_000_000_000 * at for at in (90, 150, 180)])
    stage = LiveStage(combined(book, status), strategies={"looker": Looker}, limits=limits)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("looker"))
        for _ in range(len(stage.rows)):
            await stage.come(1, turns=0)
        await stage.rest(2000)
        records = await chain(stage.repository, session.id)
        assert any(b"skip_rows" in raw for raw in records)
        assert stage.engines[session.id].standing().instruments[0].halted_since is not None
        (known,) = stage.shared.log.books() or ()
        assert stage.engines[session.id]._kernel.depths["BTCUSDT"].dump() == known.state
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_who_sleeps_long_holds_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose book is lent of rows that memory is to let go is woken, and sleeps on further on."""
    for name in ("chunks", "log"):
        monkeypatch.setattr(f"offbook.services.market_hub.{name}.CHUNK_ROWS", 8)
    book = depth_market([f"100.00x{5 + i % 3} / 100.02x{4 + i % 2}" for i in range(150)])
    stage = LiveStage(book, strategies={"looker": Looker}, hub_limits=HubLimits(memory_rows=64))
    async with stage.manager() as manager:
        await manager.start_session(stage.config("looker"))  # others sleep while one looks
        session = await manager.start_session(stage.config())
        await stage.come(12)
        await manager.submit_order(session.id, limit_order("99.00"))
        places = []
        for _ in range(70):
            await stage.come(4)
            stage.clock.advance(2)
            await stage.rest()
            engine = stage.engines[session.id]
            depths = engine._kernel.depths
            assert "BTCUSDT" in depths._lent
            assert not dict.__getitem__(depths, "BTCUSDT").bids.sizes
            places.append(engine.cursor.row)
            assert engine.cursor.row >= stage.shared.log.in_memory - 8
        assert stage.shared.log.in_memory > 150
        assert 3 < len(set(places)) < 12, "it was seldom woken"
        await manager.stop_session(session.id)
        await verified(manager, session.id)
