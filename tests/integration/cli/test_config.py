"""``offbook config``, and how ``run`` heeds what is configured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]
PROJECT = """\
data_dir = "kept"
seed = 4

[market]
path = "quotes.csv"

[strategy]
ref = "mine.py:Flip"
params = {every = 20}

[venue.fee]
type = "flat"
per_order = 0.5
"""


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project's settings, which say where the store is."""
    monkeypatch.delenv("OFFBOOK_DATA_DIR")
    (folder / "offbook.toml").write_text(PROJECT)
    return folder


@pytest.mark.usefixtures("project")
def test_a_project_says_what_runs_and_flags_win(offbook: Program, folder: Path) -> None:
    """Without a word on the command line, and with one."""
    report = offbook("run", "--json").document
    config = report["config"]
    assert report["store"].startswith(str(folder / "kept"))
    assert (config["seed"], config["strategy"]["params"]["every"]) == (4, 20)
    assert config["venue"]["fee"] == {"type": "flat", "per_order": "0.5"}
    assert config["lifecycle"]["on_strategy_error"] == "stop"
    other = offbook("run", "--seed", "9", "-s", "size=2", "--fee-bps", "3", "--json").document
    assert (other["config"]["seed"], other["config"]["venue"]["fee"]["taker"]) == (9, "3")
    assert other["config"]["strategy"]["params"] == {"every": 20, "size": "2"}
    (folder / "again.json").write_text(offbook("run", "--dry-run").out)
    again = offbook("run", "--config", "again.json", "--json").document
    assert again["chain_head"] == report["chain_head"]
    named = offbook("run", "mine.py:Flip", "--data", "demo", "--dry-run").document
    assert named["strategy"]["params"]["every"] == 20
    assert named["market"]["instrument"]["symbol"] == "BTCUSDT"


@pytest.mark.usefixtures("project")
def test_a_speed_can_be_lifted_by_a_flag(offbook: Program, folder: Path) -> None:
    """The word full says what the absence of a flag cannot."""
    (folder / "offbook.toml").write_text("speed = 60\n" + PROJECT)
    assert offbook("run", "--dry-run").document["speed"] == "60"
    assert offbook("run", "--dry-run", "--speed", "full").document["speed"] is None


@pytest.mark.usefixtures("project")
def test_a_value_that_does_not_fit_is_told_with_its_place(offbook: Program, folder: Path) -> None:
    """Also when only the whole session shows it."""
    text = PROJECT + "[account]\ninitial_cash = -1\n"
    (folder / "offbook.toml").write_text(text)
    answer = offbook("run")
    assert answer.code == 2
    assert "offbook.toml, line 15: account.initial_cash=-1 is negative" in answer.err


@pytest.mark.usefixtures("project")
def test_show_tells_each_value_and_its_source(
    offbook: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As lines and as a document; secrets are stars."""
    monkeypatch.setenv("OFFBOOK_STRATEGY__PARAMS__API_TOKEN", "hush")
    monkeypatch.setenv("OFFBOOK_RISK__MAX_OPEN_ORDERS", "3")
    document = offbook("config", "show", "--data-dir", "x", "--json").document
    found = {entry["setting"]: entry for entry in document["settings"]}
    assert found["data_dir"]["source"] == "flag"
    assert found["data_dir"]["value"] == str(folder / "x")
    assert (found["seed"]["value"], found["seed"]["source"]) == (4, "project")
    assert found["risk.max_open_orders"]["source"] == "environment"
    assert found["history_limit"]["source"] == "default"
    assert found["lifecycle.on_strategy_error"]["value"] == "stop"
    assert found["strategy.params.api_token"]["value"] == "********"
    text = offbook("config", "show", "--given").out
    assert "hush" not in text
    assert "history_limit" not in text
    assert "project (offbook.toml, line 2)" in text
    part = offbook("config", "show", "venue.fee", "--json").document["settings"]
    assert [entry["setting"] for entry in part] == ["venue.fee.type", "venue.fee.per_order"]
    assert offbook("config", "show", "venue.fees").code == 2


@pytest.mark.usefixtures("project")
def test_check_finds_everything_at_once(offbook: Program, folder: Path) -> None:
    """In the file that is named, or in those that are in force; nothing is run."""
    assert "ok  offbook.toml: a whole session" in offbook("config", "check").out
    (folder / "bad.toml").write_text('data_dir = "x"\nsed = 1\n[risk]\nmax_open_orders = "a"\n')
    answer = offbook("config", "check", "bad.toml", "--json")
    assert answer.code == 2
    [file] = answer.document["files"]
    assert (file["kind"], [p["line"] for p in file["problems"]]) == ("settings", [2, 4])
    assert "2 problems to mend" in offbook("config", "check", "bad.toml").out
    assert not (folder / "kept").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("s.toml", '[strategy]\nref = "mine.py:Filp"', "its strategies: Flip"),
        ("s.toml", '[strategy]\nref = "mine.py:Flip"\nparams = {evry = 1}', "mean 'every'"),
        ("s.toml", "[venue]\nvolume_share = 2", "s.toml, line 2: venue.volume_share=2"),
        ("s.toml", "[account]\ninitial_cash = -1", "is negative"),
        ("s.toml", 'speed = "fast"', "as fast as possible is"),
        (
            "s.toml",
            '[strategy]\nref = "mine.py:Flip"\n[market]\npath = "gone.csv"',
            "there is no file",
        ),
        ("s.json", '{"seed": 1, "sed": 2}', "unknown setting sed"),
        ("offbook.toml", "[cli]\ndashbord = true", "did you mean cli.dashboard?"),
        ("s.toml", "speed = ", "is no TOML"),
    ],
)
def test_check_names_what_is_wrong(
    offbook: Program, folder: Path, name: str, text: str, said: str
) -> None:
    """In a session's document and in settings: names, values, strategies and recordings."""
    (folder / name).write_text(text)
    answer = offbook("config", "check", name)
    assert answer.code == 2
    assert said in answer.out + answer.err


def test_check_tells_how_to_run_a_session_that_is_whole(offbook: Program, folder: Path) -> None:
    """And the command it tells works."""
    (folder / "s.toml").write_text(PROJECT.replace('data_dir = "kept"\n', ""))
    answer = offbook("config", "check", "s.toml")
    assert (answer.code, "offbook run --config s.toml" in answer.out) == (0, True)
    assert offbook("run", "--config", "s.toml").code == 0
    (folder / "s.toml").unlink()
    assert "no configuration file is in force" in offbook("config", "check").out


def test_the_schemas_are_documents(offbook: Program) -> None:
    """One of offbook.toml, one of a session."""
    settings = offbook("config", "schema").document
    session = offbook("config", "schema", "session").document
    assert set(settings["properties"]) - set(session["properties"]) == {
        "data_dir",
        "cli",
        "recovery",
    }
    fee = settings["properties"]["venue"]["properties"]["fee"]["properties"]
    assert fee["type"]["default"] == "basis_points"
    assert {"basis_points", "flat"} <= set(fee["type"]["enum"])
