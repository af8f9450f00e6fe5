"""Whatever is wrong is told in a line, with what to do, before a session exists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]
IDLE = ("run", "mine.py:Idle")
QUOTES = ("--data", "quotes.csv")
ABC = ("--symbol", "ABC", "--asset-class", "equity")
BARS = "time,open,high,low,close,volume\n2024-01-02T14:30:00Z,1,1,1,1,5\n"

WRONG = [
    # the strategy
    (("run",), {}, "name a recording: --data FILE"),
    (("run", *QUOTES), {}, "name a strategy"),
    (("run", "mine", *QUOTES), {}, "write path/to/file.py:Class or package.module:Class"),
    (("run", "one.py", *QUOTES), {"one.py": "class One(Strategy): pass"}, "Class, as one.py:One"),
    (("run", "other.py:Idle", *QUOTES), {}, "there is no file other.py"),
    (("run", "mine.py:Idel", *QUOTES), {}, "its strategies: Flip, Hangs, Idle, Raises, Refuses"),
    (("run", "plain.py:Plain", *QUOTES), {"plain.py": "class Plain: pass"}, "is not a Strategy"),
    (("run", "nowhere.at_all:X", *QUOTES), {}, "there is no module nowhere"),
    (("run", "mine:Nix", *QUOTES), {}, "mine has no class 'Nix'"),
    (("run", ".:Idle", *QUOTES), {}, "write path/to/file.py:Class"),
    (("run", "./:Idle", *QUOTES), {}, "is a folder"),
    (("run", "./notes.txt:X", *QUOTES), {"notes.txt": "x"}, "name one that ends in .py"),
    (
        ("run", "broken.py:X", *QUOTES),
        {"broken.py": "x = 1\nclass X(Strategy)\n    pass\n"},
        "broken.py, line 2: SyntaxError",
    ),
    (
        ("run", "needy.py:X", *QUOTES),
        {"needy.py": "x = 1\nimport not_there_at_all\n"},
        "needy.py, line 2: importing it raised ModuleNotFoundError",
    ),
    (
        ("run", "deep.py:X", *QUOTES),
        {"deep.py": "import inner\n", "inner.py": "\n\n1 / 0\n"},
        "inner.py, line 3: importing it raised ZeroDivisionError",
    ),
    (("run", "exits.py:X", *QUOTES), {"exits.py": "exit(3)"}, "importing it raised SystemExit"),
    # its parameters
    (
        ("run", "taken.py:X", *QUOTES),
        {"taken.py": "from offbook import Strategy\nclass X(Strategy):\n    qty: int = 1\n"},
        "it would hide Strategy.qty",
    ),
    ((*IDLE, *QUOTES, "--set", "x"), {}, "write NAME=VALUE"),
    ((*IDLE, *QUOTES, "--set", "x=1"), {}, "has no parameter 'x'"),
    (("run", "mine.py:Flip", *QUOTES, "-s", "evry=1"), {}, "did you mean 'every'?"),
    (("run", "mine.py:Flip", *QUOTES, "-s", "every=x"), {}, "expects int, was 'x'"),
    (("run", "mine.py:Flip", *QUOTES, "-s", "every=1", "-s", "every=2"), {}, "given twice"),
    # the recording
    ((*IDLE, "--data", "gone.csv"), {}, "there is no file"),
    ((*IDLE, "--data", "gone"), {}, "there is no file"),
    ((*IDLE, "--data", "dmeo"), {}, "did you mean 'demo'? What ships: demo, demo-trades"),
    ((*IDLE, "--data", "notes.txt"), {"notes.txt": "x"}, "expected a name ending in .csv"),
    (("data", "info", "/"), {}, "no recording"),
    ((*IDLE, "--data", "empty.csv"), {"empty.csv": ""}, "is empty"),
    ((*IDLE, "--data", "bare.csv"), {"bare.csv": "1,2\n3,4\n"}, "the columns: --header time,price"),
    (
        (*IDLE, "--data", "odd.csv"),
        {"odd.csv": "a,b\n1,2\n"},
        "neither quotes, trades nor bars",
    ),
    (
        (*IDLE, "--data", "odd.csv"),
        {"odd.csv": "time,bid,offer,bid_qty,left\n1704205800,1,2,3,4\n"},
        "nor bars; for quotes there is none for ask_size",
    ),
    ((*IDLE, "--data", "fake.parquet"), {"fake.parquet": "a,b\n"}, "not a Parquet file"),
    ((*IDLE, "--data", "bars.csv"), {"bars.csv": BARS}, "Add --timeframe 1m"),
    ((*IDLE, "--data", "bars.csv", "--timeframe", "1m"), {"bars.csv": BARS}, "Add --symbol"),
    (
        (*IDLE, "--data", "bars.csv", "--timeframe", "one", *ABC),
        {"bars.csv": BARS},
        "expected a number and ms, s, m, h or d",
    ),
    ((*IDLE, *QUOTES, "--timeframe", "1m"), {}, "it holds quotes, and they have no timeframe"),
    ((*IDLE, *QUOTES, "--column", "bid=b1"), {}, "there is no column b1"),
    ((*IDLE, *QUOTES, "--column", "bid"), {}, "'bid': write OURS=THEIRS, such as bid=best_bid"),
    ((*IDLE, *QUOTES, "--column", "bidd=bid"), {}, "bidd is none of our columns"),
    ((*IDLE, *QUOTES, "--kind", "bars", "--timeframe", "1m"), {}, "no column for"),
    ((*IDLE, *QUOTES, "--calendar", "XXXX"), {}, "known: 24/7, 24/5, XETR"),
    ((*IDLE, *QUOTES, "--tick", "abc"), {}, "tick_size"),
    ((*IDLE, *QUOTES, "--symbol", "QQQ"), {}, "--base"),
    ((*IDLE, *QUOTES), {"quotes.csv.toml": "symbol = XYZ"}, "is no TOML"),
    ((*IDLE, *QUOTES), {"quotes.csv.toml": "symbl = 'XYZ'"}, "symbl says nothing of a market"),
    ((*IDLE, *QUOTES), {"quotes.csv.toml": "\ntick = true"}, "line 2: tick: expected text, was"),
    (
        (*IDLE, *QUOTES),
        {"quotes.csv.toml": "asset_class = 'bond'"},
        "quotes.csv.toml, line 1: asset_class: expected equity or crypto_spot or ",
    ),
    (
        (*IDLE, *QUOTES),
        {"quotes.csv.toml": "price_decimals = 'x'"},
        "price_decimals: expected a whole number or auto, was 'x'",
    ),
    # the rest of the session
    ((*IDLE, *QUOTES, "--speed", "0"), {}, "expected a positive number"),
    ((*IDLE, *QUOTES, "--speed", "fast"), {}, "as fast as possible is 'full'"),
    ((*IDLE, *QUOTES, "--cash", "-1"), {}, "is negative"),
    ((*IDLE, *QUOTES, "--cash", "1e5"), {}, "not a plain decimal number"),
    ((*IDLE, *QUOTES, "--fee-bps", "2000"), {}, "expected -1000 to 1000 basis points"),
    ((*IDLE, *QUOTES, "--latency-ms", "x"), {}, "write milliseconds"),
    ((*IDLE, *QUOTES, "--latency-ms", "99999999"), {}, "expected 0 to 60000000000 ns"),
    ((*IDLE, *QUOTES, "--seed", "-1"), {}, "'--seed': '-1': expected 0 or more"),
    (("sweep", "--give-up", "0.5"), {}, "'--give-up': '0.5': expected 1 or more"),
    ((*IDLE, *QUOTES, "--name", "a\nb"), {}, "name 'a\\nb' holds what cannot be printed"),
    ((*IDLE, *QUOTES, "--seed", "x"), {}, "'--seed': 'x': expected a whole number"),
    (("run", "--config", "."), {}, ". is a folder: name a file in it"),
    ((*IDLE, *QUOTES, "--at-end", "explode"), {}, "is not one of 'stop', 'pause'"),
    (("run", "--config", "gone.toml"), {}, "there is no file gone.toml"),
    (("run", "--config", "bad.json"), {"bad.json": "{"}, "is no JSON"),
    (("run", "--config", "bad.toml"), {"bad.toml": "seed = 1\n"}, "name a recording"),
    (
        ("run", "mine.py:Idle", *QUOTES, "-c", "bad.toml"),
        {"bad.toml": "sed = 1\n"},
        "line 1: unknown setting sed: did you mean seed?",
    ),
    (("run", "mine.py:Idle", *QUOTES, "-c", "bad.toml"), {"bad.toml": "market = 1\n"}, "a table"),
    # the line itself
    (("rnu",), {}, "No such command 'rnu'"),
    (("run", "--dta", "x"), {}, "No such option"),
    (("run", *QUOTES, "--speed"), {}, "see offbook run --help"),
    (("data", "convert", "--timezone"), {}, "see offbook data convert --help"),
    (("--data-dir",), {}, "see offbook --help"),
    (("show",), {}, "Missing argument"),
]


@pytest.mark.parametrize(("words", "files", "told"), WRONG)
def test_wrong_input_is_told_and_changes_nothing(
    offbook: Program, folder: Path, words: tuple[str, ...], files: dict[str, str], told: str
) -> None:
    """Exit code 2, one error, no traceback, no store."""
    for name, text in files.items():
        (folder / name).write_text(text)
    answer = offbook(*words)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((*IDLE, "--data", "gone.csv"), "invalid_config"),
        (("run", "mine.py:Idel", *QUOTES), "invalid_strategy"),
        (("show", "nix"), "session_not_found"),
        (("run", "--dta"), "usage"),
        ((), "usage"),
        (("config",), "usage"),
    ],
)
def test_with_json_an_error_is_a_document_too(
    offbook: Program, words: tuple[str, ...], code: str
) -> None:
    """On stdout, whatever it is, and nothing on stderr."""
    answer = offbook("--json", *words)
    assert answer.code in (2, 3)
    assert set(answer.document["error"]) == {"code", "message", "fields"}
    assert answer.document["error"]["code"] == code
    assert answer.err == ""


@pytest.mark.parametrize("command", ["show", "verify", "recover"])
def test_an_unknown_session_is_not_found(offbook: Program, command: str) -> None:
    """Exit code 3, and the advice is the listing."""
    answer = offbook(command, "0199")
    assert answer.code == 3
    assert "there is no session 0199" in answer.err
    assert "offbook sessions" in answer.err


def test_bad_rows_fail_the_session_or_are_dropped(offbook: Program, folder: Path) -> None:
    """By file, row and column; and with --drop-bad-rows it runs."""
    text = (folder / "quotes.csv").read_text().replace("100.10,100.11", "100.12,100.11", 1)
    (folder / "quotes.csv").write_text(text)
    answer = offbook(*IDLE, *QUOTES)
    assert answer.code == 1
    assert "row 91" in answer.out
    assert "--drop-bad-rows" in answer.out
    assert "gateway.py" not in answer.out, "our own code is no news of the file"
    assert "offbook why " not in answer.out, "the reason is known"
    assert offbook("show", "last", "--json").document["status_reason"] == "bad_market_data"
    dropped = offbook(*IDLE, *QUOTES, "--drop-bad-rows", "--json")
    assert dropped.code == 0
    assert dropped.document["rows"] == 999


def test_a_file_in_place_of_the_stores_is_said_to_be_one(offbook: Program, folder: Path) -> None:
    answer = offbook("sessions", "--data-dir", str(folder / "quotes.csv"))
    assert answer.code == 1
    assert "is not a folder" in answer.err


def test_a_table_that_means_nothing_is_told_though_it_is_empty(
    offbook: Program, folder: Path
) -> None:
    (folder / "offbook.toml").write_text("[venu]\n")
    answer = offbook("config", "check")
    assert answer.code == 2
    assert "unknown table [venu]" in answer.out + answer.err
    assert "venue" in answer.out + answer.err


def test_a_strategy_whose_making_raises_is_the_strategys_trouble(
    offbook: Program, folder: Path
) -> None:
    """Not a crash of whatever runs it."""
    text = "from offbook import Strategy\n\n\nclass Odd(Strategy):\n"
    text += "    def __init__(self, **given):\n        raise KeyError('nothing')\n"
    (folder / "odd.py").write_text(text)
    answer = offbook("run", "odd.py:Odd", "--data", "quotes.csv")
    assert answer.code in (1, 2)
    assert "making the strategy raised KeyError: 'nothing'" in answer.err
