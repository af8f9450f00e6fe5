"""Exact numbers: scaled integers inside, decimal text and ``Decimal`` at the edges.

A *price* or *quantity* is an integer count of ``10**-precision`` ("units"); the precision belongs
to the instrument.  An *amount* of money (or of an asset, in the ledger) is an integer count of
``10**-18``.  No function here takes or returns a float except to refuse it.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from offbook.domain.errors import FloatNotExact, InvalidOrder

AMOUNT_PRECISION: Final = 18
AMOUNT_SCALE: Final = 10**AMOUNT_PRECISION
MAX_PRECISION: Final = 12
MAX_UNITS: Final = 2**62
"""Market columns are int64; the checked bound leaves room for sums."""

_MOST_DIGITS: Final = 100
POWERS_OF_TEN: Final[tuple[int, ...]] = tuple(10**places for places in range(64))
"""Looked up rather than raised: every order asks several times."""
_MOST_KEPT: Final = 4096

_DECIMAL_TEXT = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?\Z", re.ASCII)


class Amount(int):
    """An amount of money or of an asset, in units of 10**-18; decimal text in every record.

    Arithmetic gives plain ``int``; wrap the result where it enters a record.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return amount_text(self)

    def __repr__(self) -> str:
        return f"Amount({str(self)!r})"

    @classmethod
    def parse(cls, text: str) -> Amount:
        """Read decimal text such as ``"-12.5"``; raises ValueError for anything else."""
        return cls(text_to_units(text, AMOUNT_PRECISION))

    @property
    def decimal(self) -> Decimal:
        """The same value as a ``Decimal``, exact."""
        return Decimal(str(self))


shared_amount: Final = functools.lru_cache(maxsize=_MOST_KEPT)(Amount)
"""An amount that is kept for long, as what an order reserves: equal ones are one object, for the
collector of garbage looks at each."""


def added(amount: Amount, more: int) -> Amount:
    """A sum, which is the same object where nothing is added: each other is one more that the
    collector of garbage looks at."""
    return Amount(amount + more) if more else amount


class Price(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An exact price: ``units`` of ``10**-precision`` of the quote currency."""

    units: int
    precision: int

    def __str__(self) -> str:
        return units_to_text(self.units, self.precision, trim=False)

    def __float__(self) -> float:
        return float(self.units / 10**self.precision)

    @property
    def decimal(self) -> Decimal:
        """The same value as a ``Decimal``, exact."""
        return Decimal(str(self))


class Quantity(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An exact quantity: ``units`` of ``10**-precision`` of the base asset."""

    units: int
    precision: int

    def __str__(self) -> str:
        return units_to_text(self.units, self.precision, trim=False)

    def __float__(self) -> float:
        return float(self.units / 10**self.precision)

    @property
    def decimal(self) -> Decimal:
        """The same value as a ``Decimal``, exact."""
        return Decimal(str(self))


Exact = str | int | Decimal | Price | Quantity
"""What an order takes for a price or a quantity. An ``int`` counts whole units of money or asset
(``1`` is one bitcoin), never scaled units."""


def text_to_units(text: str, precision: int) -> int:
    """Decimal text to units of ``10**-precision``, exactly.

    Raises ValueError when the text is not plain decimal notation or has more significant
    decimals than ``precision``.
    """
    if isinstance(text, str) and text.isascii():
        whole, _, fraction = text.partition(".")
        digits, left = whole + fraction, precision - len(fraction)
        if whole and left >= 0 and digits.isdigit():
            return int(digits) * POWERS_OF_TEN[left]  # most of them
    match = _DECIMAL_TEXT.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a plain decimal number")
    sign, whole, fraction = match.groups()
    fraction = (fraction or "").rstrip("0")
    if len(fraction) > precision:
        raise ValueError(f"{text} has more than {precision} decimals")
    units = int(whole + fraction.ljust(precision, "0"))
    return -units if sign == "-" else units


def units_to_text(units: int, precision: int, *, trim: bool = True) -> str:
    """Units of ``10**-precision`` to decimal text; ``trim`` drops trailing zeros."""
    if units <= 0:
        if units:
            return "-" + units_to_text(-units, precision, trim=trim)
        if trim:
            return "0"
    if precision == 0:
        return int.__repr__(units)
    text = int.__repr__(units)
    if len(text) <= precision:
        text = text.zfill(precision + 1)
    whole, decimals = text[:-precision], text[-precision:]
    if trim:
        decimals = decimals.rstrip("0")
        if not decimals:
            return whole
    return f"{whole}.{decimals}"


def amount_text(amount: int) -> str:
    """An amount (units of 10**-18) as decimal text without trailing zeros."""
    if amount < 0:
        return "-" + amount_text(-amount)
    whole = amount // AMOUNT_SCALE
    rest = amount - whole * AMOUNT_SCALE
    if not rest:
        return int.__repr__(whole)
    decimals = int.__repr__(rest + AMOUNT_SCALE)[1:]  # quicker than to ask for leading zeros
    return f"{whole}.{decimals.rstrip('0')}"


def exact_units(value: Exact, precision: int, field: str) -> int:
    """A price or quantity as users write it, to units of ``10**-precision``.

    Raises FloatNotExact for a float and InvalidOrder when the value is not finite or has more
    decimals than the instrument stores.
    """
    if type(value) is str:
        return units_of_text(value, precision, field)
    if isinstance(value, float):
        shown = float(value)
        raise FloatNotExact(
            f"{field}={shown!r} is a float and has no exact value: write it as text "
            f'("{shown!r}") or round it with self.price(x) or self.qty(x)',
            field=field,
        )
    if isinstance(value, (Price, Quantity)):
        text = str(value)
    elif isinstance(value, Decimal):
        text = format(_sensible(value, field), "f")
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        text = str(value)
    else:
        raise InvalidOrder(
            f"{field}={value!r}: expected text, Decimal, int, Price or Quantity, "
            f"was {type(value).__name__}",
            field=field,
        )
    return units_of_text(text, precision, field)


def units_of_text(text: str, precision: int, field: str) -> int:
    """The same of text. Raises InvalidOrder."""
    try:
        # Of a kind of text that somebody made himself it is not known what it is equal to.
        return (_known_units if type(text) is str else _read_units)(text, precision)
    except ValueError as error:
        text = text.strip()
        raise InvalidOrder(f"{field}: {error}", field=field, value=text) from None
    except OverflowError:
        text = text.strip()
        raise InvalidOrder(f"{field}={text} is too large", field=field, value=text) from None


def _read_units(text: str, precision: int) -> int:
    """Raises ValueError for what is no number, OverflowError for one that is too large."""
    units = text_to_units(text.strip(), precision)
    if abs(units) >= MAX_UNITS:
        raise OverflowError
    return units


_known_units: Final = functools.lru_cache(maxsize=_MOST_KEPT)(_read_units)
"""Prices and quantities come again and again: to know one costs a twentieth of reading it."""


def rounded_units(value: object, step: int, precision: int, rounding: str) -> int:
    """A number as written, rounded to a multiple of ``step`` units of ``10**-precision``.

    A float counts as its shortest text, anything else as its text.  ``rounding`` is ``"down"``
    (toward minus infinity), ``"up"`` or ``"nearest"`` (halves to even).  Exact, and so free of
    the decimal context that other code may have set.  Raises InvalidOrder for what is no number.
    """
    text = float.__repr__(value) if isinstance(value, float) else str(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise InvalidOrder(f"{value!r} is not a number", field="value") from None
    if number.is_finite() and number.adjusted() <= -_MOST_DIGITS:
        # An indicator may be as good as zero; only its sign can matter here.
        number = Decimal((number.as_tuple().sign, (1,), 1 - _MOST_DIGITS)) if number else number
    ratio = _sensible(number, "value").as_integer_ratio()
    numerator: int = ratio[0] * 10**precision
    denominator: int = ratio[1] * step
    if rounding == "down":
        steps = numerator // denominator
    elif rounding == "up":
        steps = ceil_div(numerator, denominator)
    else:
        steps = share_of(numerator, 1, denominator)
    return steps * step


def _sensible(value: Decimal, field: str) -> Decimal:
    """A number that can be a price or a quantity at all, so that its text is not endless."""
    if not value.is_finite():
        raise InvalidOrder(f"{field}={value} is not a finite number", field=field)
    if value and not -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS:
        raise InvalidOrder(f"{field}={value} is out of all proportion", field=field)
    return value


def ceil_div(numerator: int, denominator: int) -> int:
    """Integer division rounded toward plus infinity."""
    return -(-numerator // denominator)


def round_against_client(amount: int, unit: int) -> int:
    """The one place where charges are rounded: up to the next multiple of ``unit``.

    ``amount`` and ``unit`` are in the same scale; a charge is positive, so rounding up never
    flatters the account.
    """
    return -(-amount // unit) * unit


def round_half_up(amount: int, unit: int) -> int:
    """To the nearest multiple of ``unit``, halves up; for venues that bill each fill by itself."""
    return (2 * amount + unit) // (2 * unit) * unit


def flow_of(numerator: int, denominator: int, unit: int) -> int:
    """The one place where money that moves without a trade is rounded: ``numerator /
    denominator`` down to a multiple of ``unit``, so that what the account gets is never more, and
    what it pays (negative) never less, than what is exact."""
    return numerator // (denominator * unit) * unit


def share_of(amount: int, part: int, whole: int) -> int:
    """``amount * part / whole`` rounded half to even; used for the cost of a partial reduction.

    Whole positions give their whole cost back, so no residue stays on a closed position.
    """
    if part == whole:
        return amount
    quotient, remainder = divmod(amount * part, whole)
    twice = 2 * remainder
    if twice > whole or (twice == whole and quotient % 2 == 1):
        quotient += 1
    return quotient
