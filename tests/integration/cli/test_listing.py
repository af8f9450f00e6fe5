"""``offbook orders``, ``fills``, ``positions``, ``journal``, ``export`` and ``strategies``."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.integration.cli.conftest import BEGIN, SECOND, Answer

from offbook.bootstrap import find_stored, read_store
from offbook.cli.main import run_cli
from offbook.domain.journal import StoredRecord

Program = Callable[..., Answer]
FLIP = ("run", "mine.py:Flip", "--data", "quotes.csv", "--name", "flip")


@pytest.fixture
def made(offbook: Program) -> dict[str, Any]:
    """A session that traded, as ``run`` told of it."""
    document: dict[str, Any] = offbook(*FLIP, "--json").document
    assert len(document["fills"]) > 10
    return document


def lines(answer: Answer) -> list[dict[str, Any]]:
    """An answer of one document on each line."""
    assert answer.code == 0
    return [json.loads(line) for line in answer.out.splitlines()]


def stored(folder: Path) -> Sequence[StoredRecord]:
    """The records of the last session as the store has them."""

    async def read() -> Sequence[StoredRecord]:
        listed = await find_stored(folder / "data", "last")
        async with read_store(listed.store) as repository:
            return await repository.read_journal(listed.session.id)

    return asyncio.run(read())


def test_orders_are_the_reports_and_can_be_chosen(offbook: Program, made: dict[str, Any]) -> None:
    """By status, side, symbol, time and number; and a name stands for the session."""
    orders = offbook("orders", "flip", "--json").document["orders"]
    assert [o["client_order_id"] for o in orders] == [
        o["client_order_id"] for o in made["order_list"]
    ]
    assert {o["avg_px"] for o in orders} == {o["avg_px"] for o in made["order_list"]}
    assert lines(offbook("orders", "flip", "--jsonl")) == orders
    sells = lines(offbook("orders", "flip", "--side", "sell", "--status", "filled", "--jsonl"))
    filled = [order for order in orders if order["order_status"] == "FILLED"]
    assert sells == [order for order in filled if order["side"] == "SELL"]
    assert lines(offbook("orders", "flip", "--status", "open", "--jsonl")) == []
    assert lines(offbook("orders", "flip", "--symbol", "nix", "--jsonl")) == []
    assert lines(offbook("orders", "flip", "--last", "2", "--jsonl")) == orders[-2:]
    begin, end = orders[3]["submitted_ts"], orders[6]["submitted_ts"]
    span = ("--since", str(begin), "--until", str(end))
    assert lines(offbook("orders", "flip", *span, "--jsonl")) == orders[3:6]
    table = offbook("orders", "flip", "--last", "1").out
    assert orders[-1]["client_order_id"] in table
    assert orders[-2]["client_order_id"] not in table
    assert offbook("orders", "flip", "--status", "rejected").out.startswith("none of ")


SWING = """\
from offbook import Strategy


class Swing(Strategy):
    \"\"\"One share at a time, with a target and a stop, whose side is written as people do.\"\"\"

    def on_bar(self, bar):
        if bar.instrument.symbol != "AAPL" or self.position("AAPL") or self.open_orders():
            return
        goal, stop = (self.price(bar.close * times, symbol="AAPL") for times in (1.5, 0.5))
        self.bracket("AAPL", "buy", 10, take_profit=goal, stop_loss=stop)
"""


def test_years_of_orders_and_fills_are_told_with_their_days(offbook: Program, folder: Path) -> None:
    """Stops are told as stops with their price, lists by name, and nothing is cut off."""
    (folder / "swing.py").write_text(SWING)
    ran = offbook("run", "swing.py:Swing", "--data", "demo-stocks", "--quiet")
    assert ran.code == 0
    table = [line for line in ran.out.splitlines() if line.startswith((" fill at", " 20"))]
    assert table[0].split()[:5] == ["fill", "at", "symbol", "side", "size"]
    assert table[1].split()[:5] == ["2006-01-04", "21:00", "AAPL", "buy", "10"]
    assert "…" not in ran.out
    orders = offbook("orders", "last").out.splitlines()
    assert orders[0].split()[-3:] == ["stop", "average", "status"]
    sent = next(line for line in orders if " S-3 " in line)
    assert sent.startswith("2006-01-03 21:00")
    assert {"stop", "37.3800"} < set(sent.split())
    assert "L-1 bracket" in " ".join(" ".join(orders[:8]).split())
    shown = offbook("show", "last").out
    assert "sell 10 AAPL stop 37.3800: canceled (oco), 0 filled" in shown
    assert "life      started 2006-01-03 21:00:00" in shown
    told = offbook("fills", "last", "--last", "1").out
    assert "e+" not in told
    assert "delay 1 d" in told


def test_a_run_without_a_fill_says_how_to_find_out_why(offbook: Program) -> None:
    """What is refused has a line of its own; an account of gains that never were is not made."""
    ran = offbook("run", "mine.py:Flip", "--data", "quotes.csv", "--cash", "1", "--quiet").out
    assert "offbook why " in ran
    assert " refused  20 denied (insufficient buying power)" in ran
    told = [line.split() for line in ran.splitlines() if "closings" in line]
    assert [words[-2:] for words in told] == [["closings", "none"]]
    assert "offbook why " not in offbook(*FLIP, "--quiet").out


def test_times_are_written_as_people_do(offbook: Program, made: dict[str, Any]) -> None:
    """In UTC unless a zone is told."""
    fills = offbook("fills", "last", "--json").document["fills"]
    half = BEGIN + 500 * SECOND  # the recording begins at 14:30
    expected = [fill["seq"] for fill in fills if fill["ts"] >= half]
    assert 0 < len(expected) < len(fills)
    for told in ("2024-01-02T14:38:20", "2024-01-02 15:38:20+01:00"):
        found = lines(offbook("fills", "last", "--since", told, "--jsonl"))
        assert [fill["seq"] for fill in found] == expected
    assert made["fills"][0]["ts"] == fills[0]["ts"]


def test_a_fill_shows_the_row_that_it_met(
    offbook: Program, made: dict[str, Any], folder: Path
) -> None:
    """Bid, ask, model and rule, as the recording has that row."""
    fill = offbook("fills", "last", "--json").document["fills"][0]
    assert {name: fill[name] for name in made["fills"][0]} == made["fills"][0]
    evidence = fill["evidence"]
    with (folder / "quotes.csv").open() as file:
        row = list(csv.DictReader(file))[evidence["row"]]
    assert (evidence["bid_px"], evidence["ask_px"]) == (row["bid"], row["ask"])
    assert Decimal(evidence["ask_qty"]) == Decimal(row["ask_size"])
    text = offbook("fills", "last", "--last", "1").out
    for told in ("bid 100.", "ask 100.", "slippage", "delay", evidence["model"], "took the shown"):
        assert told in text


def test_positions_are_what_is_held_and_on_request_what_was(
    offbook: Program, folder: Path, made: dict[str, Any]
) -> None:
    """With cost, last prices, and what the account says is not yet realized."""
    (folder / "holds.py").write_text(
        "from offbook import Strategy\n"
        "class Holds(Strategy):\n"
        "    def on_quote(self, quote):\n"
        "        if quote.row == 10: self.buy('XYZUSDT', '2')\n"
    )
    report = offbook("run", "holds.py:Holds", "--data", "quotes.csv", "--json").document
    [line] = offbook("positions", "last", "--json").document["positions"]
    assert (line["symbol"], line["qty"], line["currency"]) == ("XYZUSDT", "2", "USDT")
    assert line["unrealized"] == report["unrealized"]
    assert Decimal(line["avg_px"]) * 2 == Decimal(line["cost"])
    middle = (Decimal(line["bid"]) + Decimal(line["ask"])) / 2
    assert middle * 2 - Decimal(line["cost"]) == Decimal(line["unrealized"])
    assert "XYZUSDT" in offbook("positions", "last").out
    held = any(Decimal(qty) for qty in made["positions"].values())
    closed = lines(offbook("positions", "flip", "--all", "--jsonl"))
    assert [line["realized"] for line in closed] == [made["realized"]]
    assert len(lines(offbook("positions", "flip", "--jsonl"))) == held
    assert line["liquidation_px"] is None
    margin = '[account]\ntype = "margin"\ninitial_cash = "150"\n'
    (folder / "margin.toml").write_text(margin)
    report = offbook(
        "run", "holds.py:Holds", "--data", "quotes.csv", "--config", "margin.toml", "--json"
    ).document
    [line] = offbook("positions", "last", "--json").document["positions"]
    # 150 less what was paid, and two at the price, are a quarter of the two.
    level = (Decimal(line["cost"]) + Decimal(report["fees"]) - 150) / Decimal("1.5")
    assert 0 <= Decimal(line["liquidation_px"]) - level < Decimal("0.01")
    assert line["liquidation_side"] == "below"
    said = f"XYZUSDT: margin call below {line['liquidation_px']}"
    assert said in offbook("positions", "last").out


def test_the_journal_gives_the_bytes_that_are_chained(
    offbook: Program, folder: Path, made: dict[str, Any]
) -> None:
    """All of them, a page of them, and those of a kind."""
    records = [record.raw.decode() for record in stored(folder)]
    assert len(records) == made["records"]
    assert offbook("journal", "last", "--jsonl").out.splitlines() == records
    page = offbook("journal", "last", "--after", "3", "--limit", "2", "--jsonl")
    assert page.out.splitlines() == records[3:5]
    newest = offbook("journal", "last", "--last", "2", "--jsonl").out.splitlines()
    assert newest == records[-2:]
    newest = offbook("journal", "last", "--limit", "5", "--last", "2", "--jsonl").out.splitlines()
    assert newest == records[3:5]
    of_kind = offbook("journal", "last", "--kind", "orderfilled", "--last", "1", "--jsonl")
    assert of_kind.out.splitlines() == [one for one in records if "OrderFilled." in one][-1:]
    of_kind = offbook("journal", "last", "--kind", "orderfilled", "--kind", "SessionStopped.1")
    assert len(of_kind.out.splitlines()) == len(made["fills"]) + 1
    document = offbook("journal", "last", "--limit", "1", "--json").document
    assert document["chain_head"] == made["chain_head"]
    assert [record["kind"] for record in document["records"]] == ["SessionAttached.1"]
    answer = offbook("journal", "last", "--kind", "OrderFiled")
    assert (answer.code, "did you mean OrderFilled?" in answer.err) == (2, True)


def test_a_reader_who_goes_away_gets_no_traceback(
    folder: Path,
    made: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As ``offbook journal last | head -1`` does it: what was being read is closed in order."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    told = io.StringIO()
    monkeypatch.setattr(told, "close", lambda: None)
    monkeypatch.setattr(sys, "stdout", Gone())
    monkeypatch.setattr(sys, "stderr", told)
    code = run_cli(("journal", "last", "--jsonl"))
    monkeypatch.undo()
    assert (code, told.getvalue(), caplog.messages) == (1, "", [])


def test_an_export_holds_what_the_lists_show(
    offbook: Program, folder: Path, made: dict[str, Any]
) -> None:
    """As CSV, as Parquet with exact types, and as one document."""
    files = offbook("export", "last", "--to", "out", "--json").document["files"]
    names = ["orders", "fills", "positions", "flows", "journal", "equity"]
    assert files == [f"out/{name}.csv" for name in names]
    with (folder / "out" / "fills.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["price"] for row in rows] == [fill["price"] for fill in made["fills"]]
    fills = offbook("fills", "last", "--json").document["fills"]
    assert [r["evidence_bid_px"] for r in rows] == [f["evidence"]["bid_px"] for f in fills]
    with (folder / "out" / "journal.csv").open() as file:
        kept = [row["record"] for row in csv.DictReader(file)]
    assert kept == [record.raw.decode() for record in stored(folder)]
    assert offbook("export", "last", "--to", "out/f.parquet", "--table", "fills").code == 0
    told = duckdb.sql("SELECT sum(fee), max(time), typeof(max(price)) FROM 'out/f.parquet'")
    [(fees, _, kind)] = told.fetchall()
    assert (fees, kind) == (Decimal(made["fees"]), "DECIMAL(38,18)")
    assert offbook("export", "last", "--to", "whole.json").code == 0
    whole = json.loads((folder / "whole.json").read_text())
    assert [fill["exec_id"] for fill in whole["fills"]] == [fill["exec_id"] for fill in fills]
    assert len(whole["journal"]) == made["records"]
    assert whole["equity"]["even"][-1]["equity"] == made["equity"]


@pytest.mark.usefixtures("made")
def test_an_export_replaces_files_only_where_that_is_asked_for(
    offbook: Program, folder: Path
) -> None:
    """And where one of several is there, none is written."""
    mine = folder / "out" / "fills.csv"
    mine.parent.mkdir(exist_ok=True)
    for old in mine.parent.iterdir():
        old.unlink()
    mine.write_text("mine")
    (folder / "plain").write_text("")
    assert "write a directory, or a file" in offbook("export", "last", "--to", "plain").err
    refused = offbook("export", "last", "--to", "out")
    assert refused.code == 2
    assert "out/fills.csv exists: name another place, or replace it with --force" in refused.err
    assert [path.name for path in mine.parent.iterdir()] == ["fills.csv"]
    assert mine.read_text() == "mine"
    assert offbook("export", "last", "--to", "out", "--force").code == 0
    assert mine.read_text().startswith("seq,exec_id,")
    error = offbook("export", "last", "--to", "out", "--json").document["error"]
    assert (error["code"], error["fields"]) == ("invalid_input", {"field": "to"})
    assert "replace them with --force" in error["message"]
    for code in (0, 2):
        assert offbook("export", "last", "--to", "out/one.json").code == code


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("export", "last", "--to", "x.csv"), 2, "x.csv holds one table"),
        (("export", "last", "--to", "x.xml"), 2, "ending in .csv, .parquet, .json"),
        (("export", "last", "--to", "x.csv", "--format", "json"), 2, "ends in .csv"),
        (("export", "last", "--to", "x", "--table", "fils"), 2, "did you mean fills?"),
        (("export", "last", "--to", "quotes.csv/x"), 2, "cannot be written"),
        (("export", "gone", "--to", "x"), 3, "there is no session gone"),
        (("orders", "last", "--status", "filed"), 2, "did you mean FILLED?"),
        (("orders", "last", "--since", "noon"), 2, "write a time as 2024-08-08"),
        (("fills", "gone"), 3, "there is no session gone"),
        (("strategies", "gone"), 2, "there is no module gone"),
        (("strategies", "gone.py"), 2, "there is no file gone.py"),
        (("strategies", "a b"), 2, "neither a file, nor a folder, nor a module"),
        (("strategies", "data"), 2, "no file in data holds a Strategy"),
    ],
)
@pytest.mark.usefixtures("made")
def test_what_cannot_be_is_told(
    offbook: Program, words: tuple[str, ...], code: int, said: str
) -> None:
    """With what to do, and the exit code of its kind."""
    answer = offbook(*words)
    assert answer.code == code
    assert said in answer.err


def test_an_error_is_one_line_where_lines_were_asked_for(offbook: Program) -> None:
    """So that whoever reads lines can read it."""
    answer = offbook("orders", "nix", "--jsonl")
    [line] = answer.out.splitlines()
    assert (answer.code, json.loads(line)["error"]["code"]) == (3, "session_not_found")


def test_a_name_of_several_sessions_is_refused(offbook: Program, made: dict[str, Any]) -> None:
    """With their ids named."""
    other = offbook(*FLIP, "--json").document["session_id"]
    answer = offbook("orders", "flip")
    assert answer.code == 2
    assert made["session_id"] in answer.err
    assert other in answer.err


def test_strategies_that_ship_and_those_of_a_place(offbook: Program, folder: Path) -> None:
    """With parameters, types, defaults and the author's first line; a broken file hides none."""
    shipped = offbook("strategies", "--json").document["strategies"]
    names = ["BracketReversion", "EmaCross", "Pairs", "Quoter", "Rebalance"]
    assert [line["name"] for line in shipped] == names
    assert shipped[1]["ref"] == "offbook.strategies.ema_cross:EmaCross"
    assert shipped[1]["about"].startswith("Holds")
    assert all(line["about"].endswith(".") for line in shipped)
    (folder / "broken.py").write_text("class X(Strategy)\n")
    (folder / "no_strategy.py").write_text("raise SystemExit('never run')\n")
    answer = offbook("strategies", ".")
    assert answer.code == 0
    assert "mine.py:Flip\n  Buys and sells in turn, every so many quotes." in answer.out
    assert "every: int = 50" in answer.out
    assert "size: str = '1'" in answer.out
    assert "broken.py could not be loaded" in answer.err
    found = offbook("strategies", "mine.py", "--json").document["strategies"]
    assert [line["name"] for line in found] == ["Idle", "Flip", "Raises", "Refuses", "Hangs"]
    assert offbook("run", found[1]["ref"], "--data", "quotes.csv", "-q").code == 0
    assert lines(offbook("strategies", "mine", "--jsonl"))[1]["ref"] == "mine:Flip"
