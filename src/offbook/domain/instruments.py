"""What is traded: instruments and their rules, in exact units."""

from __future__ import annotations

import enum
import functools
from decimal import Decimal
from functools import cached_property
from typing import Final

import msgspec

from offbook.domain.contracts import MULTIPLIER_PRECISION, ContractTerms
from offbook.domain.errors import InvalidConfig
from offbook.domain.values import (
    AMOUNT_PRECISION,
    MAX_PRECISION,
    POWERS_OF_TEN,
    Price,
    Quantity,
    share_of,
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


def charge_unit_of(currency: str) -> int:
    """Smallest charge in a currency, in units of 10**-18."""
    return POWERS_OF_TEN[AMOUNT_PRECISION - CURRENCY_PRECISION.get(currency, 8)]


class AssetClass(enum.Enum):
    """The kind of instrument; it decides how a fill moves the account."""

    EQUITY = "equity"
    CRYPTO_SPOT = "crypto_spot"
    CRYPTO_PERPETUAL = "crypto_perpetual"
    FUTURE = "future"


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One tradable instrument.

    ``price_precision`` and ``qty_precision`` are the storage decimals of market data;
    ``tick_size``, ``lot_size``, ``min_qty`` are decimal text and bind orders only.  ``base`` is
    what a unit of quantity is (shares carry their symbol); ``quote_currency`` pays for it.
    ``calendar`` is ``"24/7"`` or an exchange's MIC such as ``"XNYS"``.  ``contract`` has the terms
    of a future, or of a perpetual that is settled like one; quantities then count contracts.

    What follows from these is worked out once, for every order asks several times.
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
    contract: ContractTerms | msgspec.UnsetType = msgspec.UNSET

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
        self._check_contract()
        self._require_units("tick_size", self.price_precision, least=1)
        self._require_units("lot_size", self.qty_precision, least=1)
        self._require_units("min_notional", AMOUNT_PRECISION, least=0)

    def _check_contract(self) -> None:
        terms, of = self.contract, self.asset_class
        if terms is msgspec.UNSET:
            if of is AssetClass.FUTURE:
                raise self._wrong("contract", "a future needs its terms, such as its multiplier")
            return
        if of not in (AssetClass.FUTURE, AssetClass.CRYPTO_PERPETUAL):
            raise self._wrong(
                "contract",
                f"it is {of.value}, of which there are no contracts: leave multiplier, inverse, "
                "expires and the like out, or say asset_class = future or crypto_perpetual",
            )
        if of is AssetClass.CRYPTO_PERPETUAL and terms.expires is not None:
            raise self._wrong(
                "contract.expires",
                "a perpetual does not expire: say asset_class = future, or leave it out",
            )
        scale = MULTIPLIER_PRECISION + self.qty_precision
        scale += -self.price_precision if terms.is_inverse else self.price_precision
        whole = terms.multiplier_units * 10**AMOUNT_PRECISION
        if whole % 10 ** max(scale, 0):
            raise self._wrong(
                "contract.multiplier",
                f"multiplier={terms.multiplier} with the decimals of price and quantity exceeds "
                f"{AMOUNT_PRECISION} decimals, so a fill's value would not be exact",
            )

    def _wrong(self, name: str, why: str) -> InvalidConfig:
        return InvalidConfig(f"instrument {self.symbol}: {why}", field=f"instrument.{name}")

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

    @cached_property
    def tick_units(self) -> int:
        """Tick size in price units."""
        return text_to_units(self.tick_size, self.price_precision)

    @cached_property
    def lot_units(self) -> int:
        """Lot size in quantity units."""
        return text_to_units(self.lot_size, self.qty_precision)

    @cached_property
    def min_notional_amount(self) -> int:
        """Smallest value of an order, in units of 10**-18 of ``settle_currency``."""
        return text_to_units(self.min_notional, AMOUNT_PRECISION)

    @cached_property
    def is_inverse(self) -> bool:
        """Whether it is worth an amount of the quote currency, in the base currency."""
        return self.contract is not msgspec.UNSET and self.contract.is_inverse

    @cached_property
    def settle_currency(self) -> str:
        """The currency of its value, charges and gains."""
        contract = self.contract
        inverse = contract is not msgspec.UNSET and contract.is_inverse
        return self.base if inverse else self.quote_currency

    @property
    def held_as(self) -> str:
        """What the books call what is held of it: contracts are no part of what they are on."""
        return self.base if self.contract is msgspec.UNSET else self.symbol

    @cached_property
    def notional_scale(self) -> int:
        """``price_units * qty_units * notional_scale`` is the value in units of 10**-18; of an
        inverse contract that is ``qty_units * notional_scale / price_units``."""
        if self.contract is msgspec.UNSET:
            return POWERS_OF_TEN[AMOUNT_PRECISION - self.price_precision - self.qty_precision]
        return _contract_scale(self.contract, self.price_precision, self.qty_precision)

    def value_of(self, qty: int, px: int, of: int = 1) -> int:
        """What ``qty`` (signed units) is worth at a price of ``px / of`` units, in units of 10**-18
        of ``settle_currency``.

        Exact; only where it is inverse, or the price no whole unit, it is rounded to the nearest,
        exact halves to even: the one place where values of contracts are rounded.
        """
        if self.is_inverse:
            return share_of(qty * self.notional_scale * of, 1, px) if px else 0
        value = qty * px * self.notional_scale
        return value if of == 1 else share_of(value, 1, of)

    def average_px(self, value: int, qty: int) -> tuple[int, int]:
        """The average price of ``qty`` units that were worth ``value`` (10**-18), as numerator and
        denominator of whole money: of inverse contracts the harmonic mean of their prices."""
        scale = POWERS_OF_TEN[self.price_precision] * self.notional_scale
        if self.is_inverse:
            return qty * self.notional_scale, value * POWERS_OF_TEN[self.price_precision]
        return value, qty * scale

    @cached_property
    def qty_scale(self) -> int:
        """``qty_units * qty_scale`` is the quantity in units of 10**-18."""
        return POWERS_OF_TEN[AMOUNT_PRECISION - self.qty_precision]

    @cached_property
    def charge_unit(self) -> int:
        """Smallest charge in ``settle_currency``, in units of 10**-18."""
        return charge_unit_of(self.settle_currency)

    def price(self, units: int) -> Price:
        """An exact price from units of this instrument."""
        return Price(units, self.price_precision)

    def quantity(self, units: int) -> Quantity:
        """An exact quantity from units of this instrument."""
        return Quantity(units, self.qty_precision)

    def price_text(self, units: int) -> str:
        """Units of price as decimal text, all stored decimals shown."""
        if type(units) is not int:  # a float is refused, also where an int equal to it is known
            return units_to_text(units, self.price_precision, trim=False)
        return _all_decimals(units, self.price_precision)

    def qty_text(self, units: int) -> str:
        """Units of quantity as decimal text without trailing zeros."""
        if type(units) is not int:
            return units_to_text(units, self.qty_precision)
        return _trimmed(units, self.qty_precision)

    def price_decimal(self, units: int) -> Decimal:
        """Units of price as a ``Decimal``, exact."""
        return Decimal(self.price_text(units))


@functools.lru_cache(maxsize=4096)
def _all_decimals(units: int, precision: int) -> str:
    """The prices of one market are few, and are shown again and again."""
    return units_to_text(units, precision, trim=False)


@functools.lru_cache(maxsize=4096)
def _trimmed(units: int, precision: int) -> str:
    return units_to_text(units, precision)


@functools.lru_cache(maxsize=256)
def _contract_scale(terms: ContractTerms, price_precision: int, qty_precision: int) -> int:
    places = -price_precision if terms.is_inverse else price_precision
    exponent = AMOUNT_PRECISION - MULTIPLIER_PRECISION - qty_precision - places
    if exponent >= 0:
        return terms.multiplier_units * int(10**exponent)
    return terms.multiplier_units // int(10**-exponent)
