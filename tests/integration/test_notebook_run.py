"""``offbook.run``: a class or a name in, a report, tables and frames out."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import offbook
from offbook.domain.errors import InvalidConfig, InvalidInput, InvalidStrategy, SessionFailed
from offbook.notebook.result import RunResult
from offbook.notebook.table import Table
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.strategies.ema_cross import EmaCross


class Rests(offbook.Strategy):
    """Buys once, sells some, and keeps the rest."""

    symbol: str = "BTCUSDT"
    size: str = "0.02"

    def on_start(self) -> None:
        self.rows = 0

    def on_quote(self, quote: offbook.Quote) -> None:
        self.rows += 1
        if self.rows == 100:
            self.buy(self.symbol, self.size)
        elif self.rows == 2000:
            self.sell(self.symbol, "0.01")


@pytest.fixture(scope="module")
def result() -> RunResult:
    return offbook.run(Rests, "demo", cash="5000", verify=True, size="0.03")


def test_a_class_runs_and_its_result_proves_itself(result: RunResult) -> None:
    assert result.session.status is offbook.SessionStatus.STOPPED
    assert result.verification is not None
    assert result.verification.outcome is ReplayOutcome.EQUAL
    assert result.summary.positions == {"BTCUSDT": "0.02"}
    assert result.return_pct == Decimal(result.report.session.return_pct)


def test_tables_hold_exact_values_by_name(result: RunResult) -> None:
    fills, trades = result.fills, result.trades
    assert [row["side"] for row in fills.rows()] == ["BUY", "SELL"]
    assert sum(fills["fee"]) == Decimal(result.report.session.fees)  # type: ignore[arg-type]  # a column of Decimals
    assert fills.height == 2
    assert list(fills)[:2] == ["ts", "time"]
    assert "pairing" not in trades
    assert trades["exit_ts"] == (None,)
    assert result.daily["equity"][0] == Decimal(5000)
    assert result.equity.height > result.daily.height
    assert result.fifo_trades.height == 1
    assert result.orders["order_status"] == ("FILLED", "FILLED")


def test_an_interval_comes_with_the_run_where_it_is_asked_for(result: RunResult) -> None:
    """By True, or by naming venues for its ends."""
    assert result.interval is None
    found = offbook.run(Rests, "demo", cash="5000", interval={"pessimistic": "harsh"}).interval
    assert found is not None
    assert found.pessimistic.preset == "harsh"
    with pytest.raises(InvalidConfig, match="there is no typical venue"):
        offbook.run(Rests, "demo", interval={"typical": "retail"})
    with pytest.raises(InvalidConfig, match="True, or presets"):
        offbook.run(Rests, "demo", interval="harsh")  # type: ignore[arg-type]  # a user's mistake


def test_pandas_frames_keep_every_nanosecond(result: RunResult) -> None:
    """Also in a column where some are missing, which floats would round."""
    frame = result.fills.to_pandas()
    assert frame["ts"].tolist() == list(result.fills["ts"])
    assert frame["time"].astype("int64").tolist() == list(result.fills["ts"])
    assert frame["price"].dtype == "float64"
    mixed = Table({"ts": [2**60 + 1, None], "time": ["x", None]}, {"time": "ts"}).to_pandas()
    assert mixed["ts"][0] == 2**60 + 1
    assert mixed["time"].isna().tolist() == [False, True]


def test_polars_frames_keep_every_nanosecond(result: RunResult) -> None:
    frame = result.trades.to_polars()
    assert frame["entry_time"].dt.timestamp("ns").to_list() == list(result.trades["entry_ts"])
    assert frame["exit_time"].to_list() == [None]
    assert frame["net"].to_list() == list(map(float, result.trades["net"]))  # type: ignore[arg-type]  # a column of Decimals


def test_people_see_the_report(result: RunResult) -> None:
    assert repr(result).startswith("<RunResult STOPPED, ")
    assert "Round trips" in str(result)
    assert "<h4>Execution</h4>" in result._repr_html_()
    assert "<td>BUY</td>" in result.fills._repr_html_()
    assert repr(result.fills).startswith("<Table of 2 rows: ts, time")
    assert len(result.plot().axes) >= 3


def test_files_are_written(result: RunResult, tmp_path: Path) -> None:
    names = {path.name for path in result.write(tmp_path)}
    assert {"report.json", "fills.csv"} <= names
    with pytest.raises(InvalidInput, match="no report is written as xls"):
        result.write(tmp_path, "xls")


def test_the_same_call_returns_the_same_chain_and_another_does_not() -> None:
    first, again = (offbook.run(EmaCross, "demo", fast=500).session for _ in range(2))
    other = offbook.run(EmaCross, "demo", fast=501).session
    assert first.summary == again.summary
    assert first.last_seq == again.last_seq
    assert other.config.strategy is not None
    assert other.config.strategy.params["fast"] == 501


async def test_it_runs_where_a_loop_runs_already() -> None:
    """As in a notebook: the call blocks, and needs no loop of the caller's."""
    named = "offbook.strategies.ema_cross:EmaCross"
    result = offbook.run(named, "demo", params={"fast": 400}, seed=3)
    assert asyncio.get_running_loop().is_running()
    assert result.report.session.seed == 3
    assert result.report.session.params["fast"] == 400


def test_a_stored_run_can_be_found_again(tmp_path: Path) -> None:
    named = "offbook.strategies.ema_cross:EmaCross"
    result = offbook.run(named, "demo", store=tmp_path, name="kept")
    assert result.store is not None
    assert result.store.is_relative_to(tmp_path)
    with offbook.open_sync_manager(tmp_path) as manager:
        assert [s.config.name for s in manager.list_sessions()] == ["kept"]


def test_parts_of_a_configuration_go_in_as_a_mapping() -> None:
    risk = {"max_order_qty": "0.001"}
    result = offbook.run(Rests, "demo", config={"risk": risk, "seed": 9})
    assert result.session.config.seed == 9
    assert result.report.session.refusals == {"denied:MAX_ORDER_QTY": 2}


def test_what_a_recording_wants_told_goes_in_as_a_mapping(tmp_path: Path) -> None:
    """As a description has it beside the file; a name that is none is refused with those that
    are."""
    bars = ("2024-01-02,10,10,10,10,99", "2024-01-03,10,10,10,10,99")
    (tmp_path / "a.csv").write_text("\n".join(["date,open,high,low,close,volume", *bars]))
    told = {"symbol": "A", "asset_class": "equity", "timeframe": "1d"}
    equity = offbook.AssetClass.EQUITY
    described = offbook.MarketDescription(symbol="A", asset_class=equity, timeframe="1d")
    found = [offbook.run(Rests, tmp_path / "a.csv", market=one) for one in (told, described)]
    assert found[0].session.config == found[1].session.config
    assert found[0].session.config.market.sources[0].instrument.symbol == "A"
    with pytest.raises(InvalidConfig, match="market: symbols says nothing of a market; known: "):
        offbook.run(Rests, tmp_path / "a.csv", market={"symbols": "A"})


def test_several_sources_are_merged() -> None:
    result = offbook.run(Rests, ["demo", "demo-trades"])
    assert len(result.session.config.market.sources) == 2  # type: ignore[union-attr]  # it is one of several
    with pytest.raises(InvalidConfig, match="data is a int"):
        offbook.run(Rests, 5)  # type: ignore[arg-type]  # what a user may write


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"strategy": None}, "strategy is a NoneType: give the class itself"),
        ({"strategy": Rests()}, "strategy is a Rests: give the class itself"),
        ({"params": ["size"]}, "params=.*expected values by"),
        ({"config": 3}, "config=3: expected a file"),
        ({"config": {3: 3}}, "config=.*expected a file"),
        ({"market": "BTCUSDT"}, "market='BTCUSDT': expected a MarketDescription, or values"),
        ({"store": None}, "store=None: expected True, False"),
        ({"strategy": "offbook.strategies.ema_cross:EmaCross", "fast": object()}, "'fast'"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_named(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        offbook.run(**{"strategy": Rests, "data": "demo", **given})


class Raises(offbook.Strategy):
    """Goes wrong at its first quote."""

    def on_quote(self, quote: offbook.Quote) -> None:
        raise ValueError("no such price")


def test_a_strategy_that_raises_says_so_with_its_own_lines() -> None:
    with pytest.raises(
        SessionFailed, match=r"Raises\.on_quote raised ValueError: no such price"
    ) as caught:
        offbook.run(Raises, "demo")
    (note,) = caught.value.__notes__
    assert 'raise ValueError("no such price")' in note
    assert "During handling" not in note


def test_what_cannot_be_meant_is_refused_early(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"cash='2.5'"):
        offbook.run(Rests, "demo", cash=2.5)  # type: ignore[arg-type]  # what a user may write
    with pytest.raises(InvalidStrategy, match="did you mean 'size'"):
        offbook.run(Rests, "demo", sise="1")
    with pytest.raises(InvalidConfig, match="name a recording"):
        offbook.run(Rests)
    with pytest.raises(InvalidStrategy, match="is not a Strategy"):
        offbook.run(int, "demo")  # type: ignore[arg-type]  # what a user may write

    class Local(Rests):
        """Defined where nothing else can import it."""

    assert offbook.run(Local, "demo").report.session.fills
    with pytest.raises(InvalidStrategy, match="no other process can import it"):
        offbook.run(Local, "demo", store=tmp_path)
