"""Instruments: their rules in exact units, and what cannot be one."""

from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest

from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.values import AMOUNT_SCALE, Price, Quantity
from offbook.testing.markets import BTCUSDT, XYZ


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"symbol": ""}, "symbol"),
        ({"base": ""}, "base"),
        ({"quote_currency": ""}, "quote_currency"),
        ({"calendar": ""}, "calendar"),
        ({"price_precision": -1}, "price_precision"),
        ({"price_precision": 13}, "price_precision"),
        ({"qty_precision": -1}, "qty_precision"),
        ({"qty_precision": 13}, "qty_precision"),
        ({"price_precision": 10, "qty_precision": 9}, "price_precision"),
        ({"tick_size": "0"}, "tick_size"),
        ({"tick_size": "-0.01"}, "tick_size"),
        ({"tick_size": "0.001"}, "tick_size"),
        ({"tick_size": "one"}, "tick_size"),
        ({"lot_size": "0"}, "lot_size"),
        ({"lot_size": "0.000001"}, "lot_size"),
        ({"min_notional": "-1"}, "min_notional"),
        ({"min_notional": "1e3"}, "min_notional"),
    ],
)
def test_what_cannot_be_an_instrument_names_its_field(changes: dict[str, Any], field: str) -> None:
    """Before any data is read with it."""
    with pytest.raises(InvalidConfig) as caught:
        msgspec.structs.replace(BTCUSDT, **changes)
    assert caught.value.fields["field"] == f"instrument.{field}"
    assert "instrument" in str(caught.value)


def test_fields_that_nobody_knows_are_refused() -> None:
    """A misspelt rule would be no rule."""
    document = msgspec.to_builtins(BTCUSDT) | {"ticksize": "0.01"}
    with pytest.raises(msgspec.ValidationError, match="ticksize"):
        msgspec.convert(document, Instrument)


def test_rules_are_exact_units() -> None:
    """Ticks, lots and values count in stored units."""
    assert (BTCUSDT.tick_units, BTCUSDT.lot_units, XYZ.tick_units, XYZ.lot_units) == (1, 1, 1, 1)
    coarse = msgspec.structs.replace(BTCUSDT, tick_size="0.5", lot_size="0.1", min_notional="10")
    assert (coarse.tick_units, coarse.lot_units) == (50, 10_000)
    assert coarse.min_notional_amount == 10 * AMOUNT_SCALE


@pytest.mark.parametrize("instrument", [BTCUSDT, XYZ], ids=["BTCUSDT", "XYZ"])
def test_a_price_times_a_quantity_is_an_amount(instrument: Instrument) -> None:
    """12.50 times 3 is 37.5, whatever the stored decimals."""
    price = 1250 * 10 ** (instrument.price_precision - 2)
    qty = 3 * 10**instrument.qty_precision
    assert price * qty * instrument.notional_scale * 2 == 75 * AMOUNT_SCALE
    assert qty * instrument.qty_scale == 3 * AMOUNT_SCALE


@pytest.mark.parametrize(
    ("currency", "decimals"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("USDT", 8), ("XAU", 8)]
)
def test_charges_are_rounded_to_the_currency(currency: str, decimals: int) -> None:
    """Cents for dollars, whole yen, eight decimals for the rest."""
    instrument = msgspec.structs.replace(XYZ, quote_currency=currency)
    assert instrument.charge_unit == AMOUNT_SCALE // 10**decimals


def test_units_are_shown_as_the_instrument_stores_them() -> None:
    """Prices with all decimals, quantities without trailing zeros."""
    assert BTCUSDT.price_text(1_000_050) == "10000.50"
    assert BTCUSDT.qty_text(1_000) == "0.01"
    assert BTCUSDT.price_decimal(1) == Decimal("0.01")
    assert BTCUSDT.price(5) == Price(5, 2)
    assert BTCUSDT.quantity(5) == Quantity(5, 5)


@pytest.mark.parametrize("units", [777.0, np.int64(777)])
def test_only_whole_numbers_of_python_are_shown(units: Any) -> None:
    """Whatever was shown before, by whichever session: what a strategy gets never depends on it."""
    for show in (XYZ.price_text, XYZ.qty_text):
        show(777)
        with pytest.raises(TypeError):
            show(units)


def test_an_instrument_goes_through_json_and_comes_back() -> None:
    """It stands in every session's first record."""
    assert msgspec.json.decode(msgspec.json.encode(BTCUSDT), type=Instrument) == BTCUSDT
    assert {member.value for member in AssetClass} >= {"equity", "crypto_spot"}
