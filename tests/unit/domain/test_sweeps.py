"""What a sweep is made of, and the ids that follow from it."""

from __future__ import annotations

import msgspec
import pytest

from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig, StrategySpec
from offbook.domain.errors import InvalidConfig
from offbook.domain.identifiers import is_uuid
from offbook.domain.market_data import DataKind
from offbook.domain.sweeps import (
    SweepIdentity,
    cell_session_id,
    check_sweep_name,
    identity_of,
)
from offbook.testing.markets import BTCUSDT

CONFIG = SessionConfig(
    market=ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT),
    account=AccountConfig(currency="USDT", initial_cash="1000"),
    strategy=StrategySpec(ref="m:S", params={"fast": 1}),
)
IDENTITY = SweepIdentity(strategy="s", data="d", config="c")


def test_parameters_names_and_places_are_no_part_of_the_identity() -> None:
    other = msgspec.structs.replace(
        CONFIG,
        name="x",
        speed="2",
        strategy=StrategySpec(ref="m:S", params={"fast": 2}),
        market=msgspec.structs.replace(CONFIG.market, path="b.csv"),
    )
    assert identity_of(other, "s", "d") == identity_of(CONFIG, "s", "d")
    seeded = msgspec.structs.replace(CONFIG, seed=1)
    assert identity_of(seeded, "s", "d").differs(identity_of(CONFIG, "s", "d")) == "config"


@pytest.mark.parametrize("part", ["strategy", "data", "config"])
def test_an_identity_names_the_part_that_differs(part: str) -> None:
    other = msgspec.structs.replace(IDENTITY, **{part: "x"})
    assert other.differs(IDENTITY) == part
    assert other.digest != IDENTITY.digest
    assert IDENTITY.differs(IDENTITY) is None


def test_a_cell_has_the_same_id_each_time_and_no_other_has_it() -> None:
    made = cell_session_id("one", IDENTITY, {"a": 1, "b": 2})
    assert is_uuid(made)
    assert made == cell_session_id("one", IDENTITY, {"b": 2, "a": 1})
    others = [
        cell_session_id("two", IDENTITY, {"a": 1, "b": 2}),
        cell_session_id("one", msgspec.structs.replace(IDENTITY, data="x"), {"a": 1, "b": 2}),
        cell_session_id("one", IDENTITY, {"a": 1, "b": 3}),
    ]
    assert len({made[:13], *(other[:13] for other in others)}) == 4


@pytest.mark.parametrize("name", ["", "../x", "a b", ".x", "x" * 65, "a/b", "é"])
def test_a_name_must_be_fit_for_a_folder(name: str) -> None:
    with pytest.raises(InvalidConfig):
        check_sweep_name(name)
    assert check_sweep_name("ema-2024.v2_x") == "ema-2024.v2_x"
