"""What is traded: instruments and their rules, in exact units."""

from __future__ import annotations

import enum
import functools
from decimal import Decimal
from typing import Final

import msgspec

from offbook.domain.errors import InvalidConfig
from offbook.domain.values import (
    AMOUNT_PRECISION,
    MAX_PRECISION,
    POWERS_OF_TEN,
    Price,
    Quantity,
    text_to_units,
    units_to_text,
)

CURRENCY_PRECISION: Final[dict[str, int]] = {
    "USD": 2,
    "EUR": 2,
    "GBP": 2,
    "CHF": 2,
    "JPY": 0,
}
"""Decimals to which charges in a currency are rounded; crypto assets and the rest use 8."""

ALWAYS_OPEN: Final = "24/7"

# Every order asks, and an instrument has but a few rules.
_rule_units = functools.lru_cache(maxsize=1024)(text_to_units)


def charge_unit_of(currency: str) -> int:
    """Smallest charge in a currency, in units of 10**-18."""
    return POWERS_OF_TEN[AMOUNT_PRECISION - CURRENCY_PRECISION.get(currency, 8)]


class AssetClass(enum.Enum):
    """The kind of instrument; it decides how a fill moves the account."""

    EQUITY = "equity"
    CRYPTO_SPOT = "crypto_spot"
    CRYPTO_PERPETUAL = "crypto_perpetual"


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tradable instrument.

    ``price_precision`` and ``qty_precision`` are the storage decimals of market data;
    ``tick_size``, ``lot_size``, ``min_qty`` are decimal text and bind orders only.  ``base`` is
    what a unit of quantity is (shares carry their symbol); ``quote_currency`` pays for it.
    ``calendar`` is ``"24/7"`` or an exchange's MIC such as ``"XNYS"``.
    """

    symbol: str
    asset_class: AssetClass
    base: str
    quote_currency: str
    price_precision: int
    qty_precision: int
    tick_size: str
    lot_size: str
    min_notional: str = "0"
    calendar: str = ALWAYS_OPEN

    def __post_init__(self) -> None:
        for name in ("symbol", "base", "quote_currency", "calendar"):
            if not getattr(self, name):
                raise InvalidConfig(f"instrument: {name} is empty", field=f"instrument.{name}")
        if self.base == self.quote_currency:
            raise InvalidConfig(
                f"instrument {self.symbol}: {self.base} cannot be paid for in itself",
                field="instrument.base",
            )
        for name in ("price_precision", "qty_precision"):
            value = getattr(self, name)
            if not 0 <= value <= MAX_PRECISION:
                raise InvalidConfig(
                    f"instrument {self.symbol}: {name}={value}, expected 0 to {MAX_PRECISION}",
                    field=f"instrument.{name}",
                )
        if self.price_precision + self.qty_precision > AMOUNT_PRECISION:
            raise InvalidConfig(
                f"instrument {self.symbol}: price and quantity decimals together exceed "
                f"{AMOUNT_PRECISION}, so a fill's value would not be exact",
                field="instrument.price_precision",
            )
        self._require_units("tick_size", self.price_precision, least=1)
        self._require_units("lot_size", self.qty_precision, least=1)
        self._require_units("min_notional", AMOUNT_PRECISION, least=0)

    def _require_units(self, name: str, precision: int, *, least: int) -> None:
        try:
            units = text_to_units(getattr(self, name), precision)
        except ValueError as error:
            raise InvalidConfig(
                f"instrument {self.symbol}: {name}: {error}", field=f"instrument.{name}"
            ) from None
        if units < least:
            raise InvalidConfig(
                f"instrument {self.symbol}: {name}={getattr(self, name)} is too small",
                field=f"instrument.{name}",
            )

    @property
    def tick_units(self) -> int:
        """Tick size in price units."""
        return _rule_units(self.tick_size, self.price_precision)

    @property
    def lot_units(self) -> int:
        """Lot size in quantity units."""
        return _rule_units(self.lot_size, self.qty_precision)

    @property
    def min_notional_amount(self) -> int:
        """Smallest value of an order, in units of 10**-18 of the quote currency."""
        return _rule_units(self.min_notional, AMOUNT_PRECISION)

    @property
    def notional_scale(self) -> int:
        """``price_units * qty_units * notional_scale`` is the value in units of 10**-18."""
        return POWERS_OF_TEN[AMOUNT_PRECISION - self.price_precision - self.qty_precision]

    @property
    def qty_scale(self) -> int:
        """``qty_units * qty_scale`` is the quantity in units of 10**-18."""
        return POWERS_OF_TEN[AMOUNT_PRECISION - self.qty_precision]

    @property
    def charge_unit(self) -> int:
        """Smallest charge in the quote currency, in units of 10**-18."""
        return charge_unit_of(self.quote_currency)

    def price(self, units: int) -> Price:
        """An exact price from units of this instrument."""
        return Price(units, self.price_precision)

    def quantity(self, units: int) -> Quantity:
        """An exact quantity from units of this instrument."""
        return Quantity(units, self.qty_precision)

    def price_text(self, units: int) -> str:
        """Units of price as decimal text, all stored decimals shown."""
        return units_to_text(units, self.price_precision, trim=False)

    def qty_text(self, units: int) -> str:
        """Units of quantity as decimal text without trailing zeros."""
        return units_to_text(units, self.qty_precision)

    def price_decimal(self, units: int) -> Decimal:
        """Units of price as a ``Decimal``, exact."""
        return Decimal(self.price_text(units))
