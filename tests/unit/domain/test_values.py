"""Exact numbers: nothing is lost between text and units, and nothing is rounded unasked."""

from decimal import Decimal, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.errors import FloatNotExact, InvalidOrder
from offbook.domain.values import (
    AMOUNT_PRECISION,
    MAX_PRECISION,
    MAX_UNITS,
    Amount,
    Exact,
    Price,
    Quantity,
    ceil_div,
    exact_units,
    round_against_client,
    rounded_units,
    share_of,
    text_to_units,
    units_of_text,
    units_to_text,
)

precisions = st.integers(0, MAX_PRECISION)
units = st.integers(-(10**30), 10**30)
storable = st.integers(1 - MAX_UNITS, MAX_UNITS - 1)


@given(units, st.integers(0, AMOUNT_PRECISION), st.booleans())
def test_units_go_through_text_and_come_back(value: int, precision: int, trim: bool) -> None:
    """Trimmed or not, the text reads back as the same units."""
    assert text_to_units(units_to_text(value, precision, trim=trim), precision) == value


@given(units, precisions)
def test_the_text_of_units_is_their_exact_value(value: int, precision: int) -> None:
    """The text stands for units / 10**precision, no more and no less."""
    assert Fraction(units_to_text(value, precision)) == Fraction(value, 10**precision)


@given(units, precisions, st.integers(0, 6))
def test_trailing_zeros_and_a_plus_sign_change_no_value(
    value: int, precision: int, zeros: int
) -> None:
    """Zeros behind the stored decimals are not more decimals."""
    text = units_to_text(value, precision, trim=False)
    text += ("" if "." in text else ".") + "0" * zeros
    assert text_to_units(text, precision) == value
    if value >= 0:
        assert text_to_units("+" + text, precision) == value


@pytest.mark.parametrize(
    ("units", "precision", "trimmed", "full"),
    [
        (0, 0, "0", "0"),
        (0, 2, "0", "0.00"),
        (5, 2, "0.05", "0.05"),
        (-5, 2, "-0.05", "-0.05"),
        (150, 2, "1.5", "1.50"),
        (-100, 2, "-1", "-1.00"),
        (1, 12, "0.000000000001", "0.000000000001"),
        (123, 0, "123", "123"),
    ],
)
def test_units_are_written_with_or_without_trailing_zeros(
    units: int, precision: int, trimmed: str, full: str
) -> None:
    """Trimmed is the default; a price shows all its decimals."""
    assert units_to_text(units, precision) == trimmed
    assert units_to_text(units, precision, trim=False) == full


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", ".5", "-", "+-1", "--1", "1.2.3", "1,5", "1 ", " 1", "1\n", "1\x00"),
        *("1e3", "1E3", "1_000", "0x1", "nan", "inf", "\u0661", "1.\u0661", "½"),
    ],
)
def test_text_that_is_no_plain_decimal_is_refused(text: str) -> None:
    """No exponent, no spaces, no digits of other scripts, no line end."""
    with pytest.raises(ValueError, match="not a plain decimal number"):
        text_to_units(text, 2)


@pytest.mark.parametrize(("text", "precision"), [("0.1", 0), ("1.005", 2), ("-0.0000001", 6)])
def test_more_decimals_than_stored_are_refused_and_never_rounded(text: str, precision: int) -> None:
    """The message names the limit."""
    with pytest.raises(ValueError, match=f"{text} has more than {precision} decimals"):
        text_to_units(text, precision)


@pytest.mark.parametrize("value", [1.0, 0.1, float("nan"), float("inf"), -0.0])
def test_a_float_is_refused_with_the_ways_out(value: float) -> None:
    """The message names text, self.price(x) and self.qty(x); the field is told."""
    with pytest.raises(FloatNotExact) as caught:
        exact_units(value, 2, "price")  # type: ignore[arg-type]  # what the test is about
    assert caught.value.fields["field"] == "price"
    for word in ("price=", "as text", "self.price(x)", "self.qty(x)"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.25", 125),
        (" 1.25 ", 125),
        (3, 300),
        (Decimal("1.2"), 120),
        (Decimal("1E+2"), 10_000),
        (Decimal("12.3000000"), 1230),
        (Price(125, 2), 125),
        (Price(1250, 3), 125),
        (Quantity(7, 0), 700),
        (Decimal("-0"), 0),
    ],
)
def test_every_exact_way_of_writing_gives_the_same_units(value: Exact, expected: int) -> None:
    """An int counts whole units; Price and Quantity bring their own precision."""
    assert exact_units(value, 2, "price") == expected


class Feigned(str):
    """Text that claims to be another."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return other == "1.25"

    def __hash__(self) -> int:
        return hash("1.25")

    def strip(self, chars: str | None = None) -> str:
        """Itself, where text of this kind would become plain."""
        return self


@pytest.mark.parametrize("first", [Feigned("7.5"), "1.25"])
def test_what_text_says_it_is_equal_to_means_nothing(first: str) -> None:
    """Texts that were read are kept: one that feigns to be equal must not be taken for another,
    nor another for it."""
    for text in (first, "1.25", Feigned("7.5"), "1.25"):
        assert units_of_text(text, 2, "price") == (125 if type(text) is str else 750)


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        b"1",
        [1],
        1j,
        "one",
        "1.005",
        Decimal("NaN"),
        Decimal("-Infinity"),
        Decimal("1E+1000000"),
        Decimal("1E-1000000"),
        Decimal("0.001"),
        Price(1, 3),
        MAX_UNITS,
        str(MAX_UNITS),
    ],
)
def test_what_can_be_no_price_is_refused_by_field(value: object) -> None:
    """Nothing slips through as a number because Python would take it for one."""
    with pytest.raises(InvalidOrder) as caught:
        exact_units(value, 2, "order_qty")  # type: ignore[arg-type]  # what the test is about
    assert caught.value.fields["field"] == "order_qty"


@given(storable, precisions)
def test_exact_values_keep_their_units(value: int, precision: int) -> None:
    """Text, Decimal, Price and Quantity of one value are one value."""
    text = units_to_text(value, precision)
    for written in (text, Decimal(text), Price(value, precision), Quantity(value, precision)):
        assert exact_units(written, precision, "price") == value


@given(storable, precisions, st.integers(1, 1000), st.sampled_from(["down", "up", "nearest"]))
def test_rounding_to_a_step_is_exact_whatever_the_decimal_context(
    value: int, precision: int, step: int, rounding: str
) -> None:
    """The result is a multiple of the step, on the stated side, within one step."""
    text = units_to_text(value, precision + 3)
    exact = Fraction(text) * 10**precision
    with localcontext() as context:
        context.prec = 3
        got = rounded_units(text, step, precision, rounding)
    assert got % step == 0
    if rounding == "down":
        assert got <= exact < got + step
    elif rounding == "up":
        assert got - step < exact <= got
    else:
        assert got == round(exact / step) * step


@given(
    st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-90),
    st.sampled_from(["down", "up", "nearest"]),
)
def test_a_float_is_rounded_as_its_shortest_text(value: float, rounding: str) -> None:
    """What a person would read off the screen is what is rounded."""
    assert rounded_units(value, 1, 2, rounding) == rounded_units(repr(value), 1, 2, rounding)


@pytest.mark.parametrize("value", ["", "ten", None, float("nan"), float("inf"), "1e999999"])
def test_rounding_refuses_what_is_no_number(value: object) -> None:
    """As an InvalidOrder, for it comes from a strategy."""
    with pytest.raises(InvalidOrder):
        rounded_units(value, 1, 2, "nearest")


def test_prices_and_quantities_show_every_stored_decimal() -> None:
    """As text, Decimal and float."""
    price, qty = Price(12_300, 2), Quantity(-5, 3)
    assert (str(price), price.decimal, float(price)) == ("123.00", Decimal("123.00"), 123.0)
    assert (str(qty), qty.decimal, float(qty)) == ("-0.005", Decimal("-0.005"), -0.005)


@given(units)
def test_an_amount_goes_through_text_and_comes_back(value: int) -> None:
    """Decimal text, to the last of eighteen decimals."""
    amount = Amount(value)
    assert Amount.parse(str(amount)) == value
    assert repr(amount) == f"Amount('{amount}')"
    with localcontext() as context:
        context.prec = 100
        assert amount.decimal * 10**18 == value


def test_amounts_compute_as_plain_integers() -> None:
    """The result of arithmetic is wrapped again only where it enters a record."""
    one, half = Amount.parse("1"), Amount.parse("0.5")
    assert one == 10**18
    assert type(one + half) is int
    assert type(-one) is int
    assert Amount(one + half) == Amount.parse("1.5")
    assert str(Amount(one - 3 * half)) == "-0.5"
    assert type(Amount.parse("2")) is Amount


@pytest.mark.parametrize("text", ["", "1e3", "0.0000000000000000001", "one"])
def test_an_amount_is_read_from_plain_decimals_alone(text: str) -> None:
    """At most eighteen of them."""
    with pytest.raises(ValueError, match="decimal"):
        Amount.parse(text)


@given(units, st.integers(1, 10**12))
def test_ceil_div_is_the_least_whole_number_not_below(value: int, divisor: int) -> None:
    """For negative numbers too."""
    got = ceil_div(value, divisor)
    assert (got - 1) * divisor < value <= got * divisor


@given(units, st.integers(1, 10**20))
def test_a_charge_is_rounded_up_by_less_than_one_unit(value: int, unit: int) -> None:
    """It never flatters the account, and what is round already stays."""
    got = round_against_client(value, unit)
    assert got % unit == 0
    assert value <= got < value + unit
    assert round_against_client(got, unit) == got


@pytest.mark.parametrize(
    ("amount", "part", "whole", "share"),
    [(1, 1, 2, 0), (3, 1, 2, 2), (5, 1, 2, 2), (-1, 1, 2, 0), (-3, 1, 2, -2), (7, 2, 4, 4)],
)
def test_an_exact_half_goes_to_the_even_neighbour(
    amount: int, part: int, whole: int, share: int
) -> None:
    """Neither side gains over many roundings."""
    assert share_of(amount, part, whole) == share
    assert rounded_units(Decimal(amount) / 2, 1, 0, "nearest") == round(Fraction(amount, 2))


@given(units, st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_the_nearest_whole_number_halves_to_even(
    amount: int, part: int, whole: int
) -> None:
    """As exact fractions round."""
    assert share_of(amount, part, whole) == round(Fraction(amount * part, whole))


@given(units, st.lists(st.integers(1, 1000), min_size=1, max_size=12))
def test_a_cost_given_back_in_parts_leaves_nothing_behind(cost: int, parts: list[int]) -> None:
    """The last part takes what is left, so that a closed position costs nothing."""
    left, open_qty = cost, sum(parts)
    for part in parts:
        left -= share_of(left, part, open_qty)
        open_qty -= part
    assert left == 0


def test_no_function_here_depends_on_the_decimal_context() -> None:
    """Other code may have set it to anything."""
    before = getcontext().copy()
    with localcontext() as context:
        context.prec = 1
        assert exact_units(Decimal("123.45"), 2, "price") == 12_345
        assert Amount.parse("123.456789").decimal == Decimal("123.456789")
        assert rounded_units(Decimal("123.456"), 5, 2, "down") == 12_345
    assert getcontext().prec == before.prec
