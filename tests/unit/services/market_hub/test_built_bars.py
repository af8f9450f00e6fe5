"""Bars that sessions of one live market build: made once, and whole for who joins within one."""

from typing import Any

import msgspec
import pytest
from tests.live_sessions import attached, verified
from tests.live_stage import LiveStage
from tests.stage import wave

from offbook.domain.config import VenueConfig
from offbook.domain.joining import BegunBars
from offbook.domain.market_data import Bar
from offbook.engine.market.stretches import stretch_of
from offbook.engine.strategy.strategy import Strategy
from offbook.services.market_hub import made_bars
from offbook.services.market_hub.made_bars import KEPT_BARS, KEPT_STRETCHES
from offbook.testing.markets import MINUTE, SECOND, START, XYZ


class Minutes(Strategy):
    """Notes the minutes that it is shown, and orders by them."""

    def on_start(self) -> None:
        self.bars: list[Bar] = []
        self.subscribe_bars("BTCUSDT", "1m")

    def on_bar(self, bar: Bar) -> None:
        self.bars.append(bar)
        self.buy("BTCUSDT", "0.001", price="1", client_order_id=f"{bar.open_px}-{bar.row}")


class Both(Minutes):
    """The same, and is shown every quote, so that it takes each as it comes."""

    def on_quote(self, quote: Any) -> None:
        """Nothing is done."""


def stage_of(rows: int = 200) -> LiveStage:
    """A live market of quotes a second apart, from the beginning of a minute."""
    return LiveStage(wave(rows), strategies={"minutes": Minutes, "both": Both})


def bars_of(stage: LiveStage, session: str) -> list[Bar]:
    """What a session's strategy was shown."""
    strategy = stage.engines[session]._strategy
    assert isinstance(strategy, Minutes)
    return strategy.bars


async def test_a_bar_is_made_once_however_its_rows_were_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some sleep through the minute, others take row by row: one reduction, one object."""
    asked: list[tuple[int, int]] = []

    def counted(rows: Any, begin: int, end: int, price: str) -> Any:
        asked.append((begin, end))
        return stretch_of(rows, begin, end, price)

    stage = stage_of()
    async with stage.manager() as manager:
        names = ["minutes", "both"] * 3
        ids = [(await manager.start_session(stage.config(name))).id for name in names]
        monkeypatch.setattr(made_bars, "stretch_of", counted)
        for count in (1, 2, 30, 7, 19, 2, 60, 1):
            await stage.come(count)
        assert asked == [(0, 60), (60, 120)]
        shown = [bars_of(stage, session) for session in ids]
        assert [bar.ts - START for bar in shown[0]] == [MINUTE, 2 * MINUTE]
        for bars in shown[1:]:
            assert all(bar is other for bar, other in zip(bars, shown[0], strict=True))


async def test_who_joins_within_a_minute_gets_it_whole() -> None:
    """The keyframe tells what came before, and alone the session gets the same."""
    stage = stage_of()
    async with stage.manager() as manager:
        early = await manager.start_session(stage.config("minutes"))
        await stage.come(100)
        late = await manager.start_session(stage.config("minutes"))
        joined = await attached(stage, late.id)
        assert isinstance(joined.bars, BegunBars)
        begins = {
            (known.price, (known.begins - START) // SECOND) for known in joined.bars.stretches
        }
        # The longer ones began with the market, but for those that were under way.
        assert begins == {(price, at) for price in ("bid", "ask", "mid") for at in (0, 60)}
        await stage.come(60)
        assert bars_of(stage, late.id) == bars_of(stage, early.id)[1:]
        assert [bar.row for bar in bars_of(stage, late.id)] == [119]
        for session in (early, late):
            await manager.stop_session(session.id)
            await verified(manager, session.id)


async def test_after_a_pause_of_the_hub_bars_in_progress_are_not_made_up() -> None:
    """Nobody knows what came while it was away; from the next minute on it tells again."""
    stage = stage_of()
    async with stage.manager() as manager:
        first = await manager.start_session(stage.config("minutes"))
        await stage.come(90)
        await manager.stop_session(first.id)
    stage.new_hub()
    async with stage.manager() as manager:
        ids = []
        for count in (10, 60):
            await manager.start_session(stage.config())
            await stage.come(count)
            ids.append((await manager.start_session(stage.config("minutes"))).id)
        within, after = [(await attached(stage, session)).bars for session in ids]
        assert within is msgspec.UNSET
        assert isinstance(after, BegunBars)
        assert {known.begins - START for known in after.stretches} == {2 * MINUTE}
        await stage.come(30)
        for session in ids:
            assert [bar.row for bar in bars_of(stage, session)][-1] == 179


async def test_what_is_kept_is_bounded_and_made_again() -> None:
    """A session that is cut where no other is costs no memory for good."""
    stage = stage_of()
    async with stage.manager() as manager:
        for _ in range(2):
            await manager.start_session(stage.config("minutes"))
        await stage.come(200)
        rows = stage.shared.log.from_row(0)
        assert rows is not None
        shared = rows.stretches  # type: ignore[union-attr]  # of one source
        assert isinstance(shared, made_bars.SharedStretches)
        for end in range(1, 200):
            for begin in range(0, end, 60):
                assert shared.of(begin, end, "bid") == stretch_of(plain(rows), begin, end, "bid")
        assert len(shared._known) <= KEPT_STRETCHES
        for row in range(KEPT_BARS + 9):
            assert shared.bar((row + 1, row, 1, 1, 1, 1, 0, row)).row == row
        assert len(shared._bars._bars) == KEPT_BARS


def plain(rows: Any) -> Any:
    """The same rows without what others made of them."""
    part = rows.rows(0, len(rows))
    part.stretches = None
    return part


async def test_a_bar_is_of_the_instrument_that_the_session_trades() -> None:
    """One that trades whole units alone has other lots, and gets bars of its own."""
    stage = LiveStage(wave(70, instrument=XYZ), strategies={"minutes": Units})
    async with stage.manager() as manager:
        ids = []
        for whole in (False, True):
            venue = VenueConfig(whole_shares=whole)
            ids.append((await manager.start_session(stage.config("minutes", venue=venue))).id)
        await stage.come(70)
        lots = [bars_of(stage, session)[0].instrument.lot_units for session in ids]
        kept = [stage.engines[one]._kernel.instrument("XYZ").lot_units for one in ids]
        assert lots == kept


class Units(Minutes):
    """Of a share."""

    def on_start(self) -> None:
        self.bars = []
        self.subscribe_bars("XYZ", "1m")

    def on_bar(self, bar: Bar) -> None:
        self.bars.append(bar)


async def test_who_has_no_strategy_is_told_nothing_of_bars() -> None:
    """Nobody could ask for them: its first record stays short. Others who join at once share."""
    stage = stage_of()
    async with stage.manager() as manager:
        await manager.start_session(stage.config())
        await stage.come(100)
        names = ["", "minutes", "minutes"]
        ids = [(await manager.start_session(stage.config(name))).id for name in names]
        told = [(await attached(stage, session)).bars for session in ids]
        assert told[0] is msgspec.UNSET
        assert isinstance(told[1], BegunBars)
        first, again = (stage.shared.join().bars for _ in range(2))
        assert isinstance(first, BegunBars)
        assert isinstance(again, BegunBars)
        assert first.stretches is again.stretches
        await manager.stop_session(ids[0])
        await verified(manager, ids[0])
