"""Sessions whose strategy sees each row as late as the recording tells."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.stage import SECOND, START, Stage, Trader, chain, quiet, wave

from offbook.domain.config import (
    CombinedMarket,
    LatencyConfig,
    RecordedDelay,
    RowTimes,
    SessionConfig,
    VenueConfig,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.records import OrderFilled, OrderSubmitted, decode_record
from offbook.engine.models.market_data_delay import AheadClock, ReceivedClock
from offbook.services.paper_trading.both_times import as_late
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.markets import XYZ, bars_market, combined, quotes_market, trades_market

ROWS = 120
DELAYS = [SECOND // 10 * (1 + place % 7) for place in range(ROWS)]
TIMES = [START + place * SECOND for place in range(ROWS)]
EVENTS = [ts - delay for ts, delay in zip(TIMES, DELAYS, strict=True)]
AS_RECORDED = VenueConfig(
    latency=LatencyConfig(entry_ns=0, response_ns=SECOND, market_data=RecordedDelay())
)


def recorded(**parts: Any) -> Stage:
    """A stage with a market whose rows hold both times."""
    return Stage(wave(ROWS, events=EVENTS, **parts), Trader)


async def test_a_session_runs_verifies_and_comes_back() -> None:
    """Each order meets the first row that the venue had later than it was sent; the same bytes
    after a crash, and when it is run again."""
    stage = recorded()
    config = stage.config(venue=AS_RECORDED)
    async with stage.manager() as manager:
        whole = await manager.start_session(config)
        await manager.wait(whole.id)
        assert (await manager.verify(whole.id)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)
    records = [decode_record(raw) for raw in await chain(stage.repository, whole.id)]
    sent = {one.order: one for one in records if isinstance(one, OrderSubmitted)}
    fills = [one for one in records if isinstance(one, OrderFilled)]
    assert len(fills) > 10
    for fill in fills:
        left = sent[fill.order].ts
        had = [place for place, event in enumerate(EVENTS) if event < left]
        assert fill.evidence.row == had[-1]
        assert fill.evidence.row_ts <= fill.ts

    other = recorded()
    async with other.manager() as manager:
        session = await manager.start_session(config)
        other.kill()
    async with other.manager() as manager:
        await manager.recover_sessions()
        await manager.wait(session.id)
    other_raws = await chain(other.repository, session.id)
    assert other_raws == await chain(stage.repository, whole.id)


async def test_both_times_are_read_once_for_sessions_of_the_same_data() -> None:
    """While any of them has them; who does not ask for them reads nothing more."""
    stage = recorded()
    async with stage.manager() as manager:
        first = await manager.start_session(stage.config(venue=AS_RECORDED, speed="1"))
        second = await manager.start_session(stage.config(venue=AS_RECORDED, speed="1"))
        clocks: list[Any] = [engine._kernel.clock for engine in stage.engines[-2:]]
        one, other = (clock._feed for clock in clocks)
        assert one._had is other._had
        for session in (first, second):
            await manager.stop_session(session.id)
        plain = await manager.start_session(stage.config(speed="1"))
        assert stage.engines[-1]._kernel.clock.at(7) == 7
        await manager.stop_session(plain.id)


async def test_each_recording_has_its_own_times() -> None:
    """Also while sessions of another are there."""
    sooner = [event + 7 for event in EVENTS]
    feeds: list[Any] = []
    for events in (EVENTS, sooner):
        stage = Stage(wave(ROWS, events=events), Trader)
        feeds.append(await as_late(await stage.gateway.open(stage.market.config), AS_RECORDED))
    assert [feed.receipts.had.tolist() for feed in feeds] == [EVENTS, sooner]


async def test_no_row_of_a_live_market_is_waited_for_to_know_its_times() -> None:
    """For its rows are yet to come, and are of their reception."""
    stage = Stage(wave(ROWS, events=EVENTS), Trader, clock_stops=False)
    stage.gateway.fail_at(0, AssertionError("it was read"))
    feed = await stage.gateway.open(stage.market.config)
    assert await as_late(feed, VenueConfig(latency=LATE)) is feed


LATE = LatencyConfig(market_data_ns=SECOND // 2)


@pytest.mark.parametrize(
    ("events", "row_times", "parts", "kind"),
    [
        (EVENTS, None, {}, ReceivedClock),
        ([*TIMES[:-1], TIMES[-1] - 1], None, {}, ReceivedClock),
        ([*TIMES[:-1], TIMES[-1] - 1], None, {"max_rows": 50}, ReceivedClock),
        ([TIMES[0] - 1, *TIMES[1:]], None, {"max_rows": 50}, ReceivedClock),
        (EVENTS, RowTimes.VENUE, {}, AheadClock),
        (TIMES, None, {}, AheadClock),
        (None, None, {}, AheadClock),
        (None, RowTimes.RECEIVED, {}, ReceivedClock),
        (TIMES, None, {"clock_stops": False}, ReceivedClock),
    ],
)
async def test_rows_of_which_both_times_differ_have_those_of_their_reception(
    events: list[int] | None, row_times: RowTimes | None, parts: dict[str, Any], kind: type[object]
) -> None:
    """So the delay that is in them does not count twice, unless the session says otherwise; when
    it is run again and comes back too."""
    stage = Stage(wave(ROWS, events=events), Trader, **parts)
    latency = msgspec.structs.replace(LATE, row_times=row_times)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(venue=VenueConfig(latency=latency)))
        await manager.wait(session.id)
        assert (await manager.verify(session.id)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)
    assert {type(engine._kernel.clock) for engine in stage.engines} == {kind}


async def test_sources_of_which_some_have_both_times_are_asked_about() -> None:
    """Nothing tells whether the one time of the others is that of their reception."""
    market = combined(wave(3, events=EVENTS[:3]), trades_market([("100", "1")]))
    stage = Stage(market, Trader)
    asked = VenueConfig(latency=LATE)
    async with stage.manager() as manager:
        with pytest.raises(InvalidConfig, match='say "received"') as caught:
            await manager.start_session(stage.config(venue=asked))
        assert caught.value.fields["field"] == "venue.latency.row_times"
        told = msgspec.structs.replace(LATE, row_times=RowTimes.RECEIVED)
        session = await manager.start_session(stage.config(venue=VenueConfig(latency=told)))
        await manager.wait(session.id)
        await quiet(stage, manager)


@pytest.mark.parametrize(
    ("market", "parts", "why"),
    [
        (wave(5), {}, "do not hold both times"),
        (wave(5, events=[START + n * SECOND for n in range(5)]), {}, "have one time"),
        (
            wave(5, events=[START + n * SECOND + 3 * (n > 1) for n in range(5)]),
            {"max_rows": 2},
            "row 2 was received 3 ns before",
        ),
        (wave(0), {}, "no rows"),
        (wave(ROWS, events=EVENTS), {"clock_stops": False}, "a live market"),
        (
            combined(wave(3, events=EVENTS[:3]), trades_market([("100", "1")])),
            {},
            "rows of BTCUSDT do not hold both",
        ),
        (
            combined(
                wave(3, events=EVENTS[:3]),
                trades_market([("100", "1")], times=TIMES[1:2], events=TIMES[1:2]),
            ),
            {},
            "all its trades of BTCUSDT were received when",
        ),
    ],
)
async def test_a_market_without_both_times_is_refused_as_the_session_starts(
    market: Any, parts: dict[str, Any], why: str
) -> None:
    """With what is missing, and nothing is left open."""
    stage = Stage(market, Trader, **parts)
    async with stage.manager() as manager:
        with pytest.raises(InvalidConfig, match=why):
            await manager.start_session(stage.config(venue=AS_RECORDED))
        await quiet(stage, manager)


def test_what_no_market_of_its_kind_can_tell_is_refused_before() -> None:
    """Bars, several instruments, and times that would be the venue's."""
    config = recorded().config(venue=AS_RECORDED)

    def on(market: Any) -> SessionConfig:
        return msgspec.structs.replace(config, market=market)

    with pytest.raises(InvalidConfig, match="and bars do not"):
        on(bars_market([("1", "1", "1", "1", "1")]).config)
    several = CombinedMarket(sources=(wave(1).config, quotes_market([], instrument=XYZ).config))
    account = msgspec.structs.replace(config.account, rates={"USD": "1"})
    with pytest.raises(InvalidConfig, match=r"for one instrument.*this market has 2"):
        msgspec.structs.replace(config, market=several, account=account)
    with pytest.raises(InvalidConfig, match="with a market_data of type each_row"):
        LatencyConfig(market_data=RecordedDelay(), row_times=RowTimes.VENUE)
