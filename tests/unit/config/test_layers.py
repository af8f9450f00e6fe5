"""Settings from several places: what wins, what is refused, and where each stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from offbook.config.known import flat, masked, nested, project_catalogue
from offbook.config.layers import Layer, Source, read_environment, read_file, variable
from offbook.config.resolving import Settings, load_settings, project_file, user_file
from offbook.config.schema import json_schema
from offbook.domain.config import SessionConfig
from offbook.domain.errors import InvalidConfig


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a project in it; the user's own file lies below it too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    user_file().parent.mkdir(parents=True)
    return tmp_path


def layer(source: Source, document: dict[str, Any]) -> Layer:
    """A source that says this."""
    return Layer(source, source.value, dict(flat(document)))


def told(*layers: Layer) -> dict[str, Any]:
    """The session that the sources give together."""
    return Settings(layers).session()


def test_each_place_wins_over_the_ones_before(home: Path) -> None:
    """Environment over project over user over default, setting by setting."""
    user_file().write_text('seed = 1\nname = "user"\nhistory_limit = 5\n')
    (home / "offbook.toml").write_text('seed = 2\nname = "project"\n')
    settings = load_settings(home, {"OFFBOOK_SEED": "3"})
    found = {path[0]: s for path, s in settings.resolved().items() if len(path) == 1}
    assert (found["seed"].value, found["seed"].source) == (3, Source.ENVIRONMENT)
    assert (found["name"].value, found["name"].source) == ("project", Source.PROJECT)
    assert (found["history_limit"].value, found["history_limit"].source) == (5, Source.USER)
    assert (found["speed"].value, found["speed"].source) == (None, Source.DEFAULT)
    assert found["name"].place.endswith("offbook.toml, line 2")
    assert settings.session()["seed"] == 3


def test_the_nearest_project_file_counts_up_to_the_repository_or_home(home: Path) -> None:
    """Never one above the repository, and outside both only that of the folder itself."""
    deep = home / "repository" / "deep" / "deeper"
    deep.mkdir(parents=True)
    (home / "offbook.toml").write_text("")
    assert project_file(deep) == home / "offbook.toml"
    (home / "repository" / ".git").mkdir()
    assert project_file(deep) is None
    (home / "repository" / "deep" / "offbook.toml").write_text("")
    assert project_file(deep) == deep.parent / "offbook.toml"


def test_outside_home_and_repository_a_parent_is_not_trusted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may have put a file there."""
    monkeypatch.setattr(Path, "home", lambda: home / "elsewhere")
    (home / "below").mkdir()
    (home / "offbook.toml").write_text("")
    assert project_file(home / "below") is None
    assert project_file(home) == home / "offbook.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nsed = 1\n", "line 2: unknown setting sed: did you mean seed?"),
        ("[venue]\n\nfe = 1\n", "line 3: unknown setting venue.fe: did you mean venue.fee?"),
        ("[venu.fee]\ntaker = 1\n", "did you mean venue.fee.taker?"),
        (
            "[market.path.by_symbol]\nBTCUSDT = 1\n",
            "line 2: unknown setting market.path.by_symbol.BTCUSDT: there is no such table",
        ),
        ("[risk]\nqqq = 1\n", "known in [risk]: allowed_sides,"),
        ('seed = "x"\n', "line 1: seed: expected a whole number, was 'x'"),
        (
            '[lifecycle]\nat_end = "explode"\n',
            "line 2: lifecycle.at_end: expected stop or pause, was 'explode'",
        ),
        ("venue = 5\n", "venue: expected a table, was 5"),
        ("[venue]\nlatency = 5\n", "line 2: venue.latency: expected a table, was 5"),
        (
            "[venue.latency]\nmarket_data = 5\n",
            "line 2: venue.latency.market_data: expected a table",
        ),
        ("[venue]\nfee = 5\n", "line 2: venue.fee: expected a table, was 5"),
        ('[venue]\nfee = {type = "free"}\n', "line 2: venue.fee.type: expected basis_points or "),
        ("sed = 1\nnme = 2\n", "1 more: see offbook config check"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line_and_what_was_meant(
    home: Path, text: str, said: str
) -> None:
    """Before anything is run."""
    (home / "offbook.toml").write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        load_settings(home, {})
    assert said in str(caught.value)
    assert str(home / "offbook.toml") in str(caught.value)


def test_a_wrong_variable_is_told_by_its_name() -> None:
    """As it stands in the environment."""
    with pytest.raises(InvalidConfig, match=r"OFFBOOK_RISK__MAX_OPEN_ORDER: .*max_open_orders\?"):
        load_settings(environment={"OFFBOOK_RISK__MAX_OPEN_ORDER": "5"})
    with pytest.raises(InvalidConfig, match="OFFBOOK_SEED: seed: expected a whole number, was 'x'"):
        load_settings(environment={"OFFBOOK_SEED": "x"})


def test_variables_become_what_their_settings_take() -> None:
    """Numbers, switches, text that looks like a number, and anything below an open table."""
    given = {
        "OFFBOOK_VENUE__LATENCY__ENTRY_NS": "7",
        "OFFBOOK_CLI__DASHBOARD": "false",
        "OFFBOOK_SPEED": "60",
        "OFFBOOK_STRATEGY__PARAMS__FAST": "12",
        "OFFBOOK_NAME": "",
        "OTHER": "x",
    }
    values = nested(read_environment(given, project_catalogue()).values)
    assert values == {
        "venue": {"latency": {"entry_ns": 7}},
        "cli": {"dashboard": False},
        "speed": "60",
        "strategy": {"params": {"fast": "12"}},
    }


def test_every_setting_has_a_variable_of_its_own() -> None:
    """Two that shared one could not be told apart."""
    settings = project_catalogue().settings
    assert len({variable(path) for path in settings}) == len(settings)
    assert variable(("venue", "fee", "taker")) == "OFFBOOK_VENUE__FEE__TAKER"


def test_numbers_stay_exactly_what_was_written(home: Path) -> None:
    """Where text is wanted a number is that text; hyphens may stand for underscores."""
    file = home / "offbook.toml"
    file.write_text("[account]\ninitial-cash = 1_000\n[venue]\nmarket_collar = 0.10\n")
    found = read_file(file, Source.PROJECT, project_catalogue()).values
    assert found == {("account", "initial_cash"): "1000", ("venue", "market_collar"): "0.10"}


def test_places_in_a_file_are_meant_from_its_folder(home: Path) -> None:
    """Wherever below it the program is called."""
    (home / "offbook.toml").write_text(
        'data_dir = "store"\n[market]\npath = "a.csv"\n[strategy]\nref = "my/s.py:S"\n'
    )
    (home / "deep").mkdir()
    settings = load_settings(home / "deep", {})
    assert settings.value("data_dir") == str(home / "store")
    assert settings.session()["market"]["path"] == str(home / "a.csv")
    assert settings.session()["strategy"]["ref"] == f"{home}/my/s.py:S"


def test_another_kind_of_fee_takes_nothing_from_the_one_below() -> None:
    """Nor does another strategy, nor another recording; the same ones are added to."""
    lower = {
        "venue": {"fee": {"type": "basis_points", "maker": "1", "taker": "2"}},
        "strategy": {"ref": "a:A", "params": {"x": 1, "y": 2}},
        "market": {"path": "one.csv", "symbol": "AAA"},
    }
    upper = {
        "venue": {"fee": {"type": "flat"}},
        "strategy": {"ref": "b:B", "params": {"z": 3}},
        "market": {"path": "two.csv"},
    }
    below, above = layer(Source.USER, lower), layer(Source.PROJECT, upper)
    assert told(below, above) == upper
    more = {"venue": {"fee": {"taker": "9"}}, "strategy": {"ref": "a:A", "params": {"x": 7}}}
    both = told(below, layer(Source.PROJECT, more))
    assert both["venue"]["fee"] == {"type": "basis_points", "maker": "1", "taker": "9"}
    assert both["strategy"] == {"ref": "a:A", "params": {"x": 7, "y": 2}}


def test_a_table_of_several_kinds_needs_no_type_for_the_usual_one() -> None:
    """As when a variable sets one fee."""
    assert told(layer(Source.ENVIRONMENT, {"venue": {"fee": {"taker": "1"}}})) == {
        "venue": {"fee": {"type": "basis_points", "taker": "1"}}
    }


def test_a_recording_named_by_a_flag_takes_nothing_of_another_one() -> None:
    """But what says how any recording is read stays, and so does what a session's file says."""
    other = layer(Source.PROJECT, {"market": {"path": "one.csv", "symbol": "AAA"}})
    assert Settings((other,)).session(market=False) == {}
    any_of_them = layer(Source.PROJECT, {"market": {"drop_bad_rows": True}})
    assert Settings((any_of_them,)).session(market=False) == {"market": {"drop_bad_rows": True}}
    own = layer(Source.SESSION, {"market": {"symbol": "BBB"}})
    assert Settings((other, own)).session(market=False) == {"market": {"symbol": "BBB"}}


def test_defaults_shown_are_those_of_the_kind_that_was_chosen() -> None:
    """And every default is the type's own."""
    shown = {".".join(p): s.value for p, s in Settings().resolved().items()}
    assert shown["venue.fee.taker"] == "10"
    assert "venue.fee.per_order" not in shown
    flat_fee = Settings((layer(Source.USER, {"venue": {"fee": {"type": "flat"}}}),)).resolved()
    names = {".".join(p) for p in flat_fee}
    assert "venue.fee.per_order" in names
    assert "venue.fee.taker" not in names


def test_the_schema_names_every_setting_and_nothing_else() -> None:
    """So that an editor offers what is read."""
    schema = json_schema(project_catalogue(), "offbook.toml")

    def names(table: dict[str, Any]) -> set[str]:
        found = set()
        for name, part in table["properties"].items():
            inner = names(part) if "properties" in part else {""}
            found |= {f"{name}.{below}".rstrip(".") for below in inner}
        return found

    assert names(schema) == {".".join(path) for path in project_catalogue().settings}
    assert set(schema["properties"]) == {
        *SessionConfig.__struct_fields__,
        "data_dir",
        "cli",
        "recovery",
    }


def test_what_looks_like_a_secret_is_not_shown() -> None:
    """An empty one is no secret."""
    assert masked(("strategy", "params", "api_key"), "abc") == "********"
    assert masked(("strategy", "params", "API_TOKEN"), "abc") == "********"
    assert masked(("strategy", "params", "password"), "") == ""
    assert masked(("strategy", "params", "fast"), 3) == 3


def test_a_part_that_is_written_as_none_takes_the_weaker_ones_away(home: Path) -> None:
    """As in a session that was kept as JSON."""
    file = home / "kept.json"
    file.write_text('{"risk": {"max_order_rate": null}, "strategy": null, "seed": 1}')
    kept = read_file(file, Source.SESSION, project_catalogue())
    assert kept.problems == ()
    lower = {
        "risk": {"max_order_rate": {"count": 5}, "max_open_orders": 9},
        "strategy": {"ref": "a:A"},
    }
    assert told(layer(Source.PROJECT, lower), kept) == {"risk": {"max_open_orders": 9}, "seed": 1}


def test_several_sources_are_one_setting_with_checks_of_its_own(home: Path) -> None:
    """Their places are meant from the file's folder, and what is wrong names the setting."""
    source = (
        '{path = "a.csv", type = "replay", kind = "quotes", instrument = {symbol = "A", '
        'asset_class = "equity", base = "A", quote_currency = "USD", price_precision = 2, '
        'qty_precision = 0, tick_size = "0.01", lot_size = "1"}}'
    )
    wrong = source.replace('type = "replay"', 'type = "replay", label = "x"')
    file = home / "offbook.toml"
    file.write_text(f'[market]\ntype = "combined"\nsources = [{source}]\n')
    [kept] = load_settings(home, {}).session()["market"]["sources"]
    assert kept["path"] == str(home / "a.csv")
    file.write_text(f'[market]\ntype = "combined"\nsources = [{wrong}]\n')
    with pytest.raises(InvalidConfig, match=r"line 3: market.label='x', expected 'open'"):
        load_settings(home, {})


def test_an_empty_table_asks_for_its_defaults_or_is_refused(home: Path) -> None:
    """``[account.settlement]`` alone is no comment: it had been passed over without a word."""
    file = home / "session.toml"
    file.write_text("[account.settlement]\n[risk.daily_loss]\n[venue.auctions]\n[strategy]\n")
    kept = read_file(file, Source.SESSION, project_catalogue())
    assert kept.problems == ()
    assert told(kept)["account"] == {"settlement": {"days": 1, "unsettled": "wait"}}
    assert "daily_loss" in told(kept)["risk"]
    file.write_text("[account]\nportfolio_margin = {}\n")
    assert told(read_file(file, Source.SESSION, project_catalogue()))["account"] == {
        "portfolio_margin": {
            "move": "0.15",
            "groups": (),
            "initial_factor": "1",
            "minimum_equity": "100000",
        }
    }
    file.write_text("[venue.freshness]\n[venue.latency.entry]\n")
    assert [p.message for p in read_file(file, Source.SESSION, project_catalogue()).problems] == [
        "[venue.freshness] is empty: give max_age_ns, or leave it out",
        "[venue.latency.entry] is empty: give type, or leave it out",
    ]
