"""Typed parameters of strategies."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any, ClassVar, Literal

import pytest

from offbook.domain.errors import InvalidStrategy
from offbook.engine.strategy.parameters import declared_parameters
from offbook.engine.strategy.strategy import Strategy


class Side(enum.Enum):
    """What a parameter may be."""

    LONG = "long"
    SHORT = "short"


class Base(Strategy):
    """Parameters of every kind. Annotations are text here, by the module's future import."""

    symbol: str = "BTCUSDT"
    fast: int = 10
    share: float = 0.5
    dry: bool = False
    limit: Decimal = Decimal("1.5")
    side: Side = Side.LONG
    mode: Literal["calm", "wild"] = "calm"
    stop: int | None = None
    levels: list[int] = [1, 2]  # noqa: RUF012  # a shared default is what is tested
    registry: ClassVar[dict[str, int]] = {}
    _hidden: int = 3
    untyped = 4


class Derived(Base):
    """Adds a required parameter, changes a default."""

    slow: int
    fast: int = 20


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("fast", "12", 12),
        ("fast", 12, 12),
        ("fast", "-3", -3),
        ("share", "0.25", 0.25),
        ("share", "1e-3", 0.001),
        ("share", 2, 2.0),
        ("dry", "true", True),
        ("dry", "false", False),
        ("dry", "1", True),
        ("dry", True, True),
        ("limit", "0.10", Decimal("0.10")),
        ("side", "short", Side.SHORT),
        ("mode", "wild", "wild"),
        ("stop", "5", 5),
        ("stop", None, None),
        ("stop", "null", None),
        ("symbol", "12", "12"),
        ("symbol", 12, "12"),
        ("symbol", "", ""),
        ("levels", [3], [3]),
    ],
)
def test_a_value_is_converted_to_its_type(name: str, given: object, expected: object) -> None:
    """Text too, as it comes from a command line."""
    value = getattr(Base(**{name: given}), name)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "expects"),
    [
        ("fast", "ten", "int"),
        ("fast", "1.5", "int"),
        ("fast", 1.5, "int"),
        ("fast", None, "int"),
        ("fast", [1], "int"),
        ("share", "half", "float"),
        ("dry", "maybe", "bool"),
        ("dry", 2, "bool"),
        ("limit", "much", "Decimal"),
        ("side", "sideways", "Side"),
        ("mode", "mild", "typing.Literal['calm', 'wild']"),
        ("stop", "none at all", "int | None"),
        ("levels", ["a"], "list"),
    ],
)
def test_a_value_that_does_not_fit_is_explained(name: str, given: object, expects: str) -> None:
    """By strategy, parameter, type and what was given."""
    with pytest.raises(InvalidStrategy) as caught:
        Base(**{name: given})
    assert str(caught.value).startswith(f"Base.{name} expects {expects}")
    assert f"was {given!r}" in str(caught.value)
    assert caught.value.fields == {"strategy": "Base", "parameter": name}
    assert "`" not in str(caught.value)
    if name in ("side", "mode"):
        assert ": one of " in str(caught.value)


def test_a_misspelt_name_is_met_with_the_one_that_was_meant() -> None:
    """And with all that there are."""
    with pytest.raises(InvalidStrategy) as caught:
        Base(fats=3)
    text = str(caught.value)
    assert "Base has no parameter 'fats'; did you mean 'fast'?" in text
    assert "fast: int" in text
    assert "limit: Decimal" in text


def test_a_name_like_none_other_is_refused_without_a_guess() -> None:
    """A strategy without parameters says so."""

    class Bare(Strategy):
        pass

    with pytest.raises(InvalidStrategy) as caught:
        Bare(zzz=1)
    assert "did you mean" not in str(caught.value)
    assert "(its parameters: none)" in str(caught.value)


def test_private_class_wide_and_unannotated_names_are_no_parameters() -> None:
    """They cannot be set from outside."""
    names = list(Base.parameters())
    assert names == ["symbol", "fast", "share", "dry", "limit", "side", "mode", "stop", "levels"]
    for name in ("_hidden", "registry", "untyped", "on_start"):
        with pytest.raises(InvalidStrategy, match="has no parameter"):
            Base(**{name: 1})


def test_parameters_are_inherited_bases_first() -> None:
    """A changed default keeps its place."""
    parameters = Derived.parameters()
    assert list(parameters) == [*Base.parameters(), "slow"]
    assert parameters["fast"].default == 20
    assert parameters["slow"].required
    assert not parameters["fast"].required
    assert parameters["stop"].type_name == "int | None"


def test_a_required_parameter_has_to_be_given() -> None:
    """The message says how."""
    with pytest.raises(
        InvalidStrategy, match=r"Derived needs a value for 'slow' \(int\)"
    ) as caught:
        Derived()
    assert "--set slow=..." in str(caught.value)
    assert Derived(slow="9").slow == 9


def test_two_strategies_share_no_value_that_can_change() -> None:
    """Neither a default nor what was given."""
    given = [7]
    one, other, third = Base(), Base(), Base(levels=given)
    one.levels.append(3)
    third.levels.append(8)
    assert other.levels == [1, 2]
    assert Base.levels == [1, 2]
    assert given == [7]


def test_defaults_are_taken_as_they_are() -> None:
    """An author may know better than the annotation."""

    class Odd(Strategy):
        window: int = None  # type: ignore[assignment]  # what authors write

    assert Odd().window is None


def test_an_annotation_that_cannot_be_read_is_explained() -> None:
    """By the strategy's name."""

    class Unreadable(Strategy):
        size: Unknown = 1  # type: ignore[name-defined]  # noqa: F821 - what is tested

    with pytest.raises(InvalidStrategy, match="Unreadable: cannot read its parameters' types"):
        Unreadable()


def test_annotations_that_are_not_text_work_alike() -> None:
    """As in a module without the future import."""
    made: Any = type("Made", (Strategy,), {"__annotations__": {"size": int}, "size": 3})
    assert made(size="4").size == 4
    assert list(declared_parameters(made, Strategy)) == ["size"]
