"""A session's own orders before other venues: what changes, and what must not."""

from __future__ import annotations

import msgspec
import pytest
from tests.stage import START, Stage, Trader, market_order, wave

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    BasisPointsFee,
    BasisPointsSlippage,
    LatencyConfig,
    VenueConfig,
    VenueLatency,
    venue_preset,
)
from offbook.domain.errors import InvalidConfig, NotComparable
from offbook.domain.market_data import Bar, Quote
from offbook.domain.records import decode_record
from offbook.domain.session import PaperTradingSession
from offbook.domain.values import Amount
from offbook.engine.strategy.strategy import Strategy
from offbook.services.reporting.full_report import FullReport, read_full_report
from offbook.services.reporting.sections import sections
from offbook.services.shadowing.document import Interval
from offbook.services.shadowing.interval import add_interval
from offbook.services.shadowing.made import Made
from offbook.services.shadowing.running import ShadowRun, run_shadow
from offbook.services.shadowing.steps import StepReader
from offbook.services.shadowing.venues import Shadow, changed, shadow_venue
from offbook.testing.markets import SECOND, XYZ, BuiltMarket, bars_market, quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway


class Busy(Strategy):
    """Everything that an order can be: limits that move, brackets, stops, trails, cancels."""

    def on_start(self) -> None:
        self.seen = 0
        self.resting = ""

    def on_quote(self, quote: object) -> None:
        self.seen += 1
        match self.seen % 24:
            case 2:
                self.resting = self.buy("BTCUSDT", "0.02", price="99.80")
            case 4:
                self.replace(self.resting, price="99.95", qty="0.03")
            case 7:
                self.bracket("BTCUSDT", "BUY", "0.02", take_profit="100.40", stop_loss="99.80")
            case 11:
                self.buy("BTCUSDT", "0.01")
            case 13:
                self.sell("BTCUSDT", "0.01", trail="0.20", reduce_only=True)
            case 15:
                self.cancel(self.resting)
            case 20:
                self.close("BTCUSDT")


class Patient(Strategy):
    """Bids at 99.90 on the first quote, and sells at market what it got when the bid is 101."""

    def on_start(self) -> None:
        self.sent = False

    def on_quote(self, quote: Quote) -> None:
        if not self.sent:
            self.sent = True
            self.buy("BTCUSDT", "1", price="99.90")
        elif quote.bid_px == 10_100 and self.position("BTCUSDT"):
            self.sell("BTCUSDT", "1")


async def ran(
    strategy: type[Strategy], venue: VenueConfig, market: BuiltMarket | None = None
) -> tuple[Stage, PaperTradingSession]:
    """A session on a stage, run to the end of its data."""
    stage = Stage(market or wave(240), strategy)
    config = msgspec.structs.replace(stage.config(), venue=venue)
    async with stage.manager() as manager:
        session = await manager.start_session(config)
        return stage, await manager.wait(session.id)


async def shadow(stage: Stage, session: PaperTradingSession, venue: VenueConfig) -> ShadowRun:
    """The session's orders before a venue."""
    reader = StepReader()
    for stored in await stage.repository.read_journal(session.id, after_seq=0, limit=100_000):
        reader.take(decode_record(stored.raw))
    reader.finish()
    feed = await ScriptedGateway(stage.market.slices).open(session.config.market)
    return await run_shadow(session, reader.steps, venue, feed)


async def interval_of(
    stage: Stage, session: PaperTradingSession, **presets: str
) -> tuple[FullReport, Interval]:
    """The report with its interval."""
    report = await read_full_report(session, stage.repository, stage.gateway)
    report = await add_interval(report, session, stage.repository, stage.gateway, presets)
    assert report.interval is not None
    return report, report.interval


@pytest.mark.parametrize("strategy", [Trader, Busy])
@pytest.mark.parametrize("delay", [0, 50_000_000, 2 * SECOND])
async def test_before_its_own_venue_the_orders_fare_as_they_did(
    strategy: type[Strategy], delay: int
) -> None:
    """Same fills, same account: what the shadows show comes from their venues."""
    venue = VenueConfig(latency=LatencyConfig(entry_ns=delay, response_ns=delay))
    stage, session = await ran(strategy, venue)
    made = Made()
    for stored in await stage.repository.read_journal(session.id, after_seq=0, limit=100_000):
        made.take(decode_record(stored.raw))
    assert len(made.orders) > 8
    run = await shadow(stage, session, venue)
    assert run.ended is None
    assert run.reducing == 0
    assert run.made.orders == made.orders
    assert session.summary is not None
    assert run.summary.equity == session.summary.equity
    assert run.summary.positions == session.summary.positions


async def test_closing_down_takes_its_time_before_a_slow_venue() -> None:
    """The session is flat at once; the shadow goes on past it until it is too, and an outside
    order comes after the row that it came after."""
    stage = Stage(wave(60))
    at_once = VenueConfig(latency=LatencyConfig(entry_ns=0, response_ns=0))
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(venue=at_once, speed="1"))
        await manager.submit_order(session.id, market_order(), at=START + 2 * SECOND)
        await manager.stop_session(session.id, flatten=True, at=START + 4 * SECOND)
        await manager.set_speed(session.id, None)
        session = await manager.wait(session.id)
    assert session.cursor.row < 10
    slow = VenueConfig(latency=LatencyConfig(entry_ns=3 * SECOND, response_ns=0))
    run = await shadow(stage, session, slow)
    assert run.ended is None
    assert run.summary.fills == 0  # told to stop before the order had arrived
    own = await shadow(stage, session, at_once)
    assert own.made.orders.keys() == {"S-1", "flatten BTCUSDT"}
    later = VenueConfig(latency=LatencyConfig(entry_ns=SECOND, response_ns=0))
    run = await shadow(stage, session, later)
    assert run.made.orders.keys() == own.made.orders.keys()
    assert run.summary.positions == {}


async def test_an_interval_adds_up_and_names_what_it_hangs_on() -> None:
    """Differences of all orders, and of what is still held, are the width of the interval."""
    stage, session = await ran(Busy, VenueConfig())
    report, interval = await interval_of(stage, session)
    again, _ = await interval_of(stage, session)
    assert msgspec.json.encode(report) == msgspec.json.encode(again)
    kind, harsh = (Amount.parse(one.result) for one in (interval.optimistic, interval.pessimistic))
    own = Amount.parse(interval.result)
    assert own == Amount.parse(report.session.equity) - Amount.parse(report.session.initial_equity)
    named = sum(Amount.parse(order.difference) for order in interval.orders)
    parts = named + Amount.parse(interval.others_difference)
    assert parts + Amount.parse(interval.open_difference) == kind - harsh
    assert Amount.parse(interval.least) == min(kind, own, harsh)
    assert Amount.parse(interval.most) == max(kind, own, harsh)
    differences = [abs(Amount.parse(order.difference)) for order in interval.orders]
    assert differences == sorted(differences, reverse=True)
    assert interval.pessimistic.venue["slippage"]["bps"] == "10"
    assert "latency" in interval.optimistic.venue
    shown = {section.title: section.rows for section in sections(report)}
    assert shown["Interval"][0].label == "from, to"
    labels = [row.label for row in shown["Interval"]]
    hanging = [label.startswith("hangs on") for label in labels]
    assert labels.index("what hangs on") == hanging.index(True) - 1


async def test_an_order_that_one_venue_fills_alone_is_named_with_what_it_made() -> None:
    """The bid reaches the kinder venue in time; what closes it finds nothing at the other."""
    quotes = [("99.80", "99.90"), ("100.00", "100.02"), *[("101.00", "101.02")] * 12]
    at_once = VenueConfig(
        latency=LatencyConfig(entry_ns=0, response_ns=0), fee=BasisPointsFee(maker="0", taker="0")
    )
    stage, session = await ran(Patient, at_once, quotes_market(quotes, step=SECOND // 10))
    _, interval = await interval_of(stage, session)
    assert interval.result == interval.optimistic.result == "1.1"
    assert interval.pessimistic.result == "0"
    assert (interval.pessimistic.refused, interval.pessimistic.reducing) == (1, 1)
    (closing,) = (order for order in interval.orders if order.difference == "1.1")
    assert closing.optimistic.made == closing.session.made == "1.1"
    assert closing.pessimistic.avg_px is None
    entry = next(order for order in interval.orders if order is not closing)
    assert (entry.difference, entry.optimistic.avg_px) == ("0", "99.900000")


def test_the_venues_are_made_of_the_session_s_own() -> None:
    """Never kinder than it at the harsh end; charges, which are known, stay."""
    stage = Stage(wave(2))
    slow = LatencyConfig(entry_ns=5 * SECOND)
    own = VenueConfig(
        fee=BasisPointsFee(maker="1", taker="2"),
        slippage=BasisPointsSlippage(bps="30"),
        latency=slow,
        volume_share="0.01",
    )
    config = stage.config(venue=own)
    harsh = shadow_venue(config, Shadow.PESSIMISTIC)
    assert harsh.fee == own.fee
    assert harsh.slippage == BasisPointsSlippage(bps="30", quotes=True)
    assert (harsh.latency.entry, harsh.latency.entry_ns) == (None, 5 * SECOND)
    assert harsh.latency.response == venue_preset("harsh").latency.response
    assert harsh.volume_share == "0.01"
    kind = shadow_venue(config, Shadow.OPTIMISTIC)
    assert changed(own, kind).keys() == {"slippage", "latency", "volume_share", "limit_fill"}
    by_name = shadow_venue(config, Shadow.OPTIMISTIC, "frictionless")
    assert by_name.fee == venue_preset("frictionless").fee
    with pytest.raises(InvalidConfig, match="pessimistic=awful: there is no such preset"):
        shadow_venue(config, Shadow.PESSIMISTIC, "awful")


def test_each_venue_is_as_slow_as_the_slower_of_both() -> None:
    """One that is near is made as slow as the harsh one, and one that is farther away stays so; at
    the kind end none takes any time."""
    near = VenueLatency(name="near", symbols=("BTCUSDT",), entry_ns=1, response_ns=9 * SECOND)
    own = VenueConfig(latency=LatencyConfig(response_ns=0, venues=(near,)))
    config = Stage(wave(2)).config(venue=own)
    (slow,) = shadow_venue(config, Shadow.PESSIMISTIC).latency.venues
    assert (slow.name, slow.symbols) == ("near", ("BTCUSDT",))
    assert (slow.entry, slow.entry_ns) == (venue_preset("harsh").latency.entry, None)
    assert (slow.response, slow.response_ns) == (None, 9 * SECOND)
    assert shadow_venue(config, Shadow.OPTIMISTIC).latency.venues == ()


async def test_bars_and_a_margin_account_have_an_interval_too() -> None:
    """A close larger than what is held here only reduces, where it could flip the position."""

    class OnBars(Strategy):
        def on_bar(self, bar: Bar) -> None:
            if self.position("XYZ"):
                self.sell("XYZ", "50")
            else:
                self.buy("XYZ", "50")

    bars = [("10.00", "10.10", "9.90", "10.00", "200")] * 12
    account = AccountConfig(currency="USD", type=AccountType.MARGIN)
    stage = Stage(bars_market(bars, instrument=XYZ), OnBars)
    config = stage.config(account=account, venue=VenueConfig(volume_share="1"))
    async with stage.manager() as manager:
        session = await manager.wait((await manager.start_session(config)).id)
    _, interval = await interval_of(stage, session)
    assert interval.pessimistic.venue["volume_share"] == "0.02"
    assert interval.pessimistic.reducing > 0
    assert not interval.pessimistic.positions.get("XYZ", "0").startswith("-")


async def test_a_recording_that_is_another_has_no_interval() -> None:
    """Said before anything is compared."""
    stage, session = await ran(Trader, VenueConfig())
    report = await read_full_report(session, stage.repository, stage.gateway)
    other = ScriptedGateway(wave(241).slices)
    with pytest.raises(NotComparable, match="not the one that was traded"):
        await add_interval(report, session, stage.repository, other)
