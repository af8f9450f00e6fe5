"""The whole report of stored sessions: on real data, on bars, and where the recording is gone."""

import math
from importlib.util import find_spec

import msgspec
import pytest
from tests.stage import Stage, Trader, wave
from tests.unit.services.reporting.acting import money

from offbook.adapters.reports.picture import draw
from offbook.bootstrap import make_gateway, make_manager
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.config import AccountConfig, AccountType
from offbook.domain.errors import GatewayUnavailable, InvalidInput, JournalDamaged
from offbook.domain.market_data import Bar, Quote
from offbook.domain.session import PaperTradingSession
from offbook.engine.strategy.strategy import Strategy
from offbook.services.reporting.full_report import FullReport, decode_report, read_full_report
from offbook.services.reporting.sections import sections
from offbook.testing.markets import BTCUSDT, SECOND, BuiltCombination, bars_market, combined
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.scripted_gateway import ScriptedGateway


async def traded(stage: Stage) -> PaperTradingSession:
    """A session on a stage, run to the end of its data."""
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        return await manager.wait(session.id)


async def test_the_shipped_recording_with_the_example_strategy() -> None:
    """Eleven real minutes over midnight: the figures hang together to the last digit."""
    repository = InMemoryRepository()
    request = SessionRequest(data="demo", strategy="offbook.strategies.ema_cross:EmaCross")
    async with make_manager(repository) as manager:
        session = await manager.start_session(build_config(request))
        session = await manager.wait(session.id)
    report = await read_full_report(session, repository, make_gateway(), points=100)

    assert report.equity is not None
    assert report.statistics is not None
    assert report.execution is not None
    assert report.equity.daily[-1].equity == report.session.equity
    assert report.equity.daily[-1].equity_closing == report.session.equity_closing
    assert report.equity.daily[0].equity == report.session.initial_cash
    assert [point.ts % (86_400 * 10**9) for point in report.equity.daily[1:-1]] == [0]
    assert len(report.equity.even) == 100
    assert {point.ts for point in report.equity.at_fills} == {
        fill.ts for fill in report.session.fills
    }
    for section in (report.fifo, report.by_position):
        assert sum(money(trip.fees) for trip in section.trips) == money(report.session.fees)
        assert sum(money(trip.gross) for trip in section.trips) == money(report.session.realized)
        assert section.statistics.trips == len(section.trips) > 10
        assert all(trip.favourable is not None for trip in section.trips)
    assert report.execution.slippage == report.session.slippage
    fall = report.statistics.max_drawdown.value
    lowest = min(money(point.equity) for point in report.equity.at_fills)
    assert fall is not None
    assert fall >= 1 - lowest / money(report.session.initial_cash)
    # 61,836.0 at the first row to 61,602.0 at the last: the recording's own fall.
    assert report.statistics.market_return.value == pytest.approx(-0.00381, abs=1e-5)
    assert report.statistics.sharpe.reason == "fewer than 30 days (2)"
    assert math.isclose(
        float(report.session.return_pct) / 100,
        report.statistics.total_return.value or 0,
        abs_tol=1e-6,
    )


async def test_the_same_session_gives_the_same_document_and_reads_back() -> None:
    """Bytes equal, and decoding gives an equal report."""
    stage = Stage(wave(), Trader)
    session = await traded(stage)
    first = await read_full_report(session, stage.repository, stage.gateway)
    second = await read_full_report(session, stage.repository, stage.gateway)
    raw = msgspec.json.encode(first)
    assert raw == msgspec.json.encode(second)
    assert decode_report(raw) == first
    assert stage.gateway.open_feeds == 0


async def test_a_running_session_is_reported_as_far_as_it_is_committed() -> None:
    """A paused one: rows beyond its cursor are not looked at."""
    stage = Stage(wave(), Trader)
    gate = stage.gateway.block_at(64)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await gate.reached.wait()
        session = await manager.pause_session(session.id)
        report = await read_full_report(
            session, stage.repository, ScriptedGateway(stage.market.slices)
        )
        gate.release()
    assert report.equity is not None
    assert report.equity.end_ts == session.cursor.ts
    assert report.session.status == "PAUSED"


class TradesBoth(Strategy):
    """Buys and sells two symbols by the count of their rows."""

    def on_start(self) -> None:
        self.seen = {"BTCUSDT": 0, "ETHUSDT": 0}

    def on_quote(self, quote: Quote) -> None:
        self.step(quote.instrument.symbol, 10)

    def on_bar(self, bar: Bar) -> None:
        self.step(bar.instrument.symbol, 7)

    def step(self, symbol: str, every: int) -> None:
        self.seen[symbol] += 1
        if self.seen[symbol] % every == 1:
            self.buy(symbol, qty="0.02")
        elif self.seen[symbol] % every in (4, 6):
            self.sell(symbol, qty="0.01")


def two_coins() -> BuiltCombination:
    """Quotes of one coin and bars of another."""
    rows = [(f"{p}", f"{p + 9}", f"{p - 8}", f"{p + i % 5}", "50") for i, p in enumerate(MOVES)]
    ether = msgspec.structs.replace(BTCUSDT, symbol="ETHUSDT", base="ETH")
    return combined(wave(), bars_market(rows, instrument=ether, timeframe_ns=3 * SECOND))


MOVES = [100 + 3 * (i % 7) - 2 * (i % 5) for i in range(40)]


async def test_a_report_of_two_instruments_adds_up() -> None:
    """What is told of each comes to what is told of the whole, to the last digit."""
    stage = Stage(two_coins(), TradesBoth)
    session = await traded(stage)
    report = await read_full_report(session, stage.repository, stage.gateway, points=50)
    base = report.session
    assert report.equity is not None
    assert report.statistics is not None
    assert report.execution is not None
    assert [line.symbol for line in report.instruments] == ["BTCUSDT", "ETHUSDT"]
    assert [line.priced_by for line in report.instruments] == ["quotes", "bars"]
    assert min(line.fills for line in report.instruments) > 5
    for name in ("fees", "realized", "slippage", "traded", "unrealized"):
        parts = [money(getattr(line, name) or "") for line in report.instruments]
        assert sum(parts) == money(getattr(base, name))
    gains = sum(money(line.net or "") for line in report.instruments)
    assert gains == money(base.equity) - money(base.initial_cash)
    last = report.equity.daily[-1]
    assert (last.equity, last.equity_closing) == (base.equity, base.equity_closing)
    assert last.positions == base.positions
    assert set(last.prices) == {"BTCUSDT", "ETHUSDT"}
    for section in (report.fifo, report.by_position):
        for name in ("gross", "fees", "net"):
            parts = [money(getattr(found, name)) for found in section.by_symbol.values()]
            assert sum(parts) == money(getattr(section.statistics, name))
        assert {trip.symbol for trip in section.trips} == set(section.by_symbol)
    assert sum(q.fills for q in report.execution_by_symbol.values()) == report.execution.fills
    returns = [figure.value or 0 for figure in report.statistics.market_returns.values()]
    assert report.statistics.market_return.value == pytest.approx(sum(returns) / 2)
    assert decode_report(msgspec.json.encode(report)) == report


class SellsShort(Strategy):
    """Owes two coins from the first bars on, whatever comes."""

    def on_bar(self, bar: Bar) -> None:
        if bar.row == 2:
            self.sell(bar.instrument.symbol, qty="2")


async def test_a_liquidation_is_marked_in_fills_moments_and_figures() -> None:
    """Two coins sold at 100 with 100 of cash in dollars and 10 in euros: at 145 the venue buys
    them back."""
    closes = [100, 100, 100, 100, 120, 145, 150, 150, 150]
    rows = [(f"{p}",) * 4 + ("50",) for p in closes]
    coin = msgspec.structs.replace(BTCUSDT, quote_currency="USD")
    account = AccountConfig(
        currency="USD",
        type=AccountType.MARGIN,
        initial_cash="100",
        cash={"EUR": "10"},
        rates={"EUR": "1.25"},
        leverage="10",
    )
    stage = Stage(bars_market(rows, instrument=coin), SellsShort)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(account=account))
        session = await manager.wait(session.id)
    report = await read_full_report(session, stage.repository, stage.gateway)
    base = report.session
    assert [fill.origin for fill in base.fills] == ["strategy", "liquidation"]
    assert [order.origin for order in base.order_list] == ["strategy", "liquidation"]
    events = [(moment.event, moment.reason) for moment in base.moments]
    assert ("margin call", "liquidate") in events
    assert (base.account_type, base.initial_cash, base.initial_equity) == ("margin", "100", "112.5")
    assert base.balances["EUR"] == "10"
    assert report.equity is not None
    assert report.equity.daily[0].equity == "112.5"
    assert report.equity.daily[-1].equity == base.equity
    assert report.equity.daily[0].cash == {"USD": "100", "EUR": "10"}
    assert {trip.side for trip in report.by_position.trips} == {"SHORT"}
    found = {section.title: dict(section.rows) for section in sections(report)}
    assert found["Result"]["cash in EUR"] == "10.00"
    assert found["Result"]["margin calls"].startswith("1, first 2024-01-02")
    assert found["Result"]["margin calls"].endswith("1 fill to close")
    assert found["Risk"]["net exposure"].startswith("-")
    if find_spec("matplotlib"):
        labels = draw(report).axes[0].get_legend_handles_labels()[1]
        assert labels[-1] == "liquidated (1)"


async def test_sections_set_instruments_below_each_other() -> None:
    """Their figures in columns, after the result; and the market's return is that of both."""
    stage = Stage(two_coins(), TradesBoth)
    report = await read_full_report(await traded(stage), stage.repository, stage.gateway)
    found = {section.title: dict(section.rows) for section in sections(report)}
    assert list(found)[:2] == ["Result", "Instruments"]
    assert list(found["Instruments"]) == ["BTCUSDT", "ETHUSDT"]
    lines = list(found["Instruments"].values())
    assert len({line.index(" fills ") for line in lines}) == 1
    assert "bp" in lines[0]
    assert found["Result"]["market's return"].endswith("held in equal parts")


async def test_a_recording_that_is_gone_leaves_what_the_records_tell() -> None:
    """No equity over time, no statistics, a note; trades and execution are there."""
    stage = Stage(wave(), Trader)
    session = await traded(stage)
    whole = await read_full_report(session, stage.repository, stage.gateway)
    stage.gateway.fail_open(GatewayUnavailable("the disk is gone", market="x"))
    report = await read_full_report(session, stage.repository, stage.gateway)
    assert (report.equity, report.statistics) == (None, None)
    assert report.notes == ("no equity over time: the market cannot be opened (the disk is gone)",)
    assert report.fifo.statistics == whole.fifo.statistics
    assert report.execution == whole.execution
    assert {trip.favourable for trip in report.fifo.trips} == {None}
    assert sections(report)


async def test_another_recording_is_not_taken_for_the_one_that_was_traded() -> None:
    """Its identity is in the first record."""
    stage = Stage(wave(), Trader)
    session = await traded(stage)
    other = ScriptedGateway(wave(119).slices)
    report = await read_full_report(session, stage.repository, other)
    assert report.equity is None
    assert "not the one that was traded" in report.notes[0]
    assert other.open_feeds == 0


async def test_a_market_that_breaks_while_it_is_read_is_told() -> None:
    """The feed is closed all the same."""
    stage = Stage(wave(), Trader)
    session = await traded(stage)
    stage.gateway.fail_at(50, GatewayUnavailable("torn", market="x"))
    report = await read_full_report(session, stage.repository, stage.gateway)
    assert report.notes == ("no equity over time: the market cannot be read (torn)",)
    assert stage.gateway.open_feeds == 0


async def test_a_journal_that_is_not_whole_is_refused() -> None:
    """A session that claims more records than are stored."""
    stage = Stage(wave(), Trader)
    session = await traded(stage)
    claimed = msgspec.structs.replace(session, last_seq=session.last_seq + 1)
    with pytest.raises(JournalDamaged, match="ends at record"):
        await read_full_report(claimed, stage.repository, stage.gateway)


async def test_a_session_that_never_ran_has_an_empty_report() -> None:
    """No records at all."""
    stage = Stage(wave(), Trader)
    session = await traded(stage)
    bare = msgspec.structs.replace(session, last_seq=0, id="none")
    report = await read_full_report(bare, stage.repository, stage.gateway)
    assert report.notes == ("the session never ran",)
    assert (report.equity, report.execution, report.fifo.trips) == (None, None, ())
    assert sections(report)


async def test_another_version_or_document_is_refused() -> None:
    """Rather than read wrongly."""
    stage = Stage(wave(), Trader)
    report = await read_full_report(await traded(stage), stage.repository, stage.gateway)
    newer = msgspec.structs.replace(report, version=99)
    with pytest.raises(InvalidInput, match="version 99"):
        decode_report(msgspec.json.encode(newer))
    with pytest.raises(InvalidInput, match="no session report"):
        decode_report(b"{}")


async def test_sections_tell_every_figure_in_words() -> None:
    """Labels are unique within a section, values are text without a bare None or nan."""
    stage = Stage(wave(), Trader)
    report = await read_full_report(await traded(stage), stage.repository, stage.gateway)
    found = {section.title: dict(section.rows) for section in sections(report)}
    assert list(found) == ["Result", "Attribution", "Risk", "Round trips", "Execution"]
    for section in sections(report):
        assert len({row.label for row in section.rows}) == len(section.rows)
        for row in section.rows:
            assert row.value
            assert not {"None", "nan", "inf"} & set(row.value.split())
    assert found["Risk"]["Sharpe ratio"] == "n/a: fewer than 30 days (1)"
    assert found["Result"]["equity"].endswith("USDT")


def test_a_report_holds_no_binary_float_of_money() -> None:
    """Every field that holds money is text: floats are ratios and shares alone."""
    ratios = {"ratio", "value", "exposure", "net_exposure", "return_ratio", "market_return"}
    ratios |= {"favourable", "adverse", "slippage_bps", "share"}
    seen = set()

    def look(kind: type) -> None:
        for field in msgspec.structs.fields(kind):
            text = str(field.type)
            if "float" in text:
                seen.add(field.name)
            for inner in getattr(field.type, "__args__", (field.type,)):
                if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                    look(inner)

    look(FullReport)
    assert seen <= ratios
