"""``offbook run``: from what a user gives to a report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]
KEYS = {
    "session_id", "name", "status", "status_reason", "error", "strategy", "params", "market",
    "data_identity", "kind", "symbol", "currency", "seed", "started_ts", "ended_ts", "rows",
    "initial_cash", "cash", "equity", "equity_closing", "return_pct", "realized", "unrealized",
    "fees", "income", "slippage", "traded", "trades", "trades_won", "positions", "orders",
    "orders_by_status", "refusals", "fills", "order_list", "flows", "moments", "records",
    "chain_head", "config", "store", "account_type", "initial_equity", "balances", "margin_used",
}  # fmt: skip


def test_a_run_ends_with_a_report_and_what_to_do_next(offbook: Program) -> None:
    """Everything a trader asks first is on the page."""
    answer = offbook("run", "mine.py:Flip", "--data", "quotes.csv")
    assert answer.code == 0
    for text in ("STOPPED", "Flip on XYZUSDT", "return", "equity", "fees paid", "slippage",
                 "slip bp", "1,000 quotes", "chain", "offbook show", "offbook verify"):  # fmt: skip
        assert text in answer.out
    assert "Flip on quotes.csv" in answer.err


def test_the_json_is_one_document_with_stable_keys_and_exact_text(offbook: Program) -> None:
    """Amounts add up to the last digit."""
    answer = offbook("run", "mine.py:Flip", "--data", "quotes.csv", "--json")
    report = answer.document
    assert set(report) == KEYS
    assert report["status"] == "STOPPED"
    assert report["orders_by_status"]["FILLED"] >= 10
    fees = sum(Decimal(fill["fee"]) for fill in report["fills"])
    assert fees == Decimal(report["fees"])
    gain = Decimal(report["realized"]) + Decimal(report["unrealized"]) - fees
    assert Decimal(report["equity"]) == Decimal(report["initial_cash"]) + gain
    assert isinstance(report["cash"], str)


def test_a_fill_shows_what_it_cost_against_the_market_of_its_decision(offbook: Program) -> None:
    """Bought at the ask, half a cent above the middle, when the market has not moved."""
    report = offbook(
        "run", "mine.py:Flip", "--data", "quotes.csv", "--latency-ms", "0", "--json"
    ).document
    fill = report["fills"][0]
    assert fill["side"] == "BUY"
    assert Decimal(fill["price"]) - Decimal(fill["mid"]) == Decimal("0.005")
    assert Decimal(fill["slippage"]) == Decimal("0.005")
    assert fill["delay_ns"] == 0
    assert fill["row"] == 49
    assert Decimal(fill["available"]) == 5


def test_options_reach_the_session(offbook: Program) -> None:
    """Each one is found in the configuration that is kept."""
    report = offbook(
        "run", "mine.py:Flip", "-d", "quotes.csv", "-s", "every=100", "-s", "size=0.5",
        "--cash", "5000.50", "--seed", "7", "--fee-bps", "2.5", "--latency-ms", "10",
        "--at-end", "pause", "--on-error", "fail", "--name", "try", "--speed", "100000", "--json",
    ).document  # fmt: skip
    config = report["config"]
    assert report["params"] == {"every": 100, "size": "0.5"}
    account = config["account"]
    assert (account["currency"], account["initial_cash"]) == ("USDT", "5000.50")
    assert (config["seed"], config["name"], config["speed"]) == (7, "try", "100000")
    assert config["venue"]["fee"]["taker"] == "2.5"
    assert config["venue"]["latency"]["entry_ns"] == 10_000_000
    assert config["lifecycle"]["on_strategy_error"] == "fail"
    assert (report["status"], report["status_reason"]) == ("PAUSED", "end_of_data")


def test_the_same_run_has_the_same_chain(offbook: Program) -> None:
    """So that a head kept somewhere proves a later run, or another machine's."""
    heads = [
        offbook("run", "mine.py:Flip", "--data", "quotes.csv", *more, "--json").document[
            "chain_head"
        ]
        for more in ((), ("--speed", "100000"), ("--name", "other"), ("--set", "every=51"))
    ]
    assert heads[0] == heads[1] == heads[2] != heads[3]


def test_options_say_what_the_file_beside_the_recording_would(
    offbook: Program, folder: Path
) -> None:
    """And they win over it."""
    (folder / "quotes.csv.toml").unlink()
    report = offbook(
        "run", "mine.py:Idle", "--data", "quotes.csv", "--symbol", "XYZ/EUR", "--asset-class",
        "crypto_spot", "--tick", "0.01", "--lot", "0.1", "--json",
    ).document  # fmt: skip
    instrument = report["config"]["market"]["instrument"]
    assert (instrument["base"], instrument["quote_currency"]) == ("XYZ", "EUR")
    (folder / "quotes.csv.toml").write_text(
        'symbol = "A/B"\nasset-class = "crypto_spot"\ntick = 0.01\nlot = 1\n'
    )
    report = offbook(
        "run", "mine.py:Idle", "--data", "quotes.csv", "--lot", "0.5", "--json"
    ).document
    instrument = report["config"]["market"]["instrument"]
    assert (instrument["symbol"], instrument["lot_size"]) == ("A/B", "0.5")


def test_bars_and_columns_by_other_names(offbook: Program, folder: Path) -> None:
    """A share's minute bars, with the few things that do not follow from its being one."""
    (folder / "bars.csv").write_text(
        "when,o,h,l,c,shares\n"
        "2024-01-02T14:30:00Z,10.00,10.20,9.90,10.10,1000\n"
        "2024-01-02T14:31:00Z,10.10,10.30,10.00,10.20,1000\n"
    )
    report = offbook(
        "run", "mine.py:Idle", "--data", "bars.csv", "--symbol", "ABC", "--asset-class", "equity",
        "--timeframe", "1m", "--column", "ts_event=when", "--column", "volume=shares", "--json",
    ).document  # fmt: skip
    assert (report["kind"], report["currency"], report["rows"]) == ("bars", "USD", 2)
    assert report["config"]["market"]["instrument"]["calendar"] == "XNYS"


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_whole_session_can_be_written_down(offbook: Program, folder: Path, suffix: str) -> None:
    """Paths in it are relative to it, and options win."""
    inner = folder / "sub"
    inner.mkdir()
    text = {
        "toml": 'seed = 3\n[strategy]\nref = "../mine.py:Flip"\n[strategy.params]\nevery = 40\n'
        '[market]\npath = "../quotes.csv"\n[account]\ninitial_cash = "2000"\n',
        "json": json.dumps(
            {
                "seed": 3,
                "strategy": {"ref": "../mine.py:Flip", "params": {"every": 40}},
                "market": {"path": "../quotes.csv"},
                "account": {"initial_cash": "2000"},
            }
        ),
    }[suffix]
    (inner / f"session.{suffix}").write_text(text)
    report = offbook(
        "run", "--config", f"sub/session.{suffix}", "--set", "size=2", "--json"
    ).document
    assert report["params"] == {"every": 40, "size": "2"}
    assert (report["seed"], report["config"]["account"]["currency"]) == (3, "USDT")
    kept = folder / "again.json"
    kept.write_text(json.dumps(report["config"]))
    again = offbook("run", "--config", "again.json", "--json").document
    assert again["chain_head"] == report["chain_head"]


def test_a_strategy_that_raises_stops_its_session_and_shows_its_own_line(offbook: Program) -> None:
    """And the exit code tells a script."""
    answer = offbook("run", "mine.py:Raises", "--data", "quotes.csv")
    assert answer.code == 1
    assert "Raises.on_quote raised ValueError: a fault of the author" in answer.out
    assert 'raise ValueError("a fault of the author")' in answer.out
    assert "/engine/" not in answer.out


def test_a_strategy_that_refuses_to_start_is_an_error_of_one_line(offbook: Program) -> None:
    """The session is kept as FAILED, and the advice leads to it."""
    answer = offbook("run", "mine.py:Refuses", "--data", "quotes.csv", "-q")
    assert answer.code == 1
    assert answer.err.startswith("error: Refuses.on_start raised ValueError: not today\n")
    assert offbook("show", "last", "--json").document["status"] == "FAILED"


def test_quiet_says_nothing_on_the_way(offbook: Program) -> None:
    """stderr is empty; the report is the answer and stays."""
    answer = offbook("--quiet", "run", "mine.py:Idle", "--data", "quotes.csv")
    assert answer.err == ""
    assert "STOPPED" in answer.out


def test_hash_seed_and_pace_leave_no_trace_in_the_chain(offbook: Program) -> None:
    """In processes of their own, in which sets and dicts of text are ordered otherwise."""
    heads = {
        offbook("run", "mine.py:Flip", "--data", "quotes.csv", "--json").document["chain_head"]
    }
    for hash_seed, pace in (("0", ()), ("4242", ("--speed", "4000"))):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "offbook",
                "run",
                "mine.py:Flip",
                "--data",
                "quotes.csv",
                "--json",
                *pace,
            ],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
        )
        heads.add(json.loads(done.stdout)["chain_head"])
    assert len(heads) == 1


def test_what_a_strategy_prints_is_no_part_of_the_json(offbook: Program, folder: Path) -> None:
    """It goes to stderr, when the session is run and when it is run again; else it is shown."""
    text = (folder / "mine.py").read_text()
    (folder / "loud.py").write_text("print('at import')\n" + text.replace("pass", "print('a row')"))
    run = ("run", "loud.py:Idle", "--data", "quotes.csv")
    answer = offbook(*run, "--json")
    assert answer.document["status"] == "STOPPED"
    assert "at import\na row\n" in answer.err
    again = offbook("verify", "last", "--json")
    assert (again.document["outcome"], again.err.count("a row")) == ("EQUAL", 1000)
    assert "a row\n" in offbook(*run).out


def test_a_strategy_that_ends_the_program_ends_its_session_alone(
    offbook: Program, folder: Path
) -> None:
    """Whatever it raises: the program carries on to its report."""
    text = (folder / "mine.py").read_text()
    for number, error in enumerate(("KeyboardInterrupt", "SystemExit(0)")):
        body = text.replace('ValueError("a fault of the author")', error)
        (folder / f"ends{number}.py").write_text(body)
        answer = offbook("run", f"ends{number}.py:Raises", "--data", "quotes.csv", "--json")
        document = answer.document
        assert (document["status"], document["status_reason"]) == ("STOPPED", "strategy_error")
        assert offbook("verify", "last").code == 0
