"""Bars at adjusted prices: open, high, low and close times what the adjusted close says.

Files such as Yahoo's have beside each close what it is worth when all that came later, dividends
and splits, is taken out (``Adj Close``).  The other three prices of the bar are to it as they are
to the close.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from offbook.adapters.brokers.replay.columns import adjusted_close, place_of
from offbook.domain.errors import BadMarketData, InvalidInput

FEWEST_DECIMALS: Final = 6
MOST_DECIMALS: Final = 12
_PRICES: Final = ("open", "high", "low")
_NUMBER: Final = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
"""What is read as a price: neither words nor numbers of a thousand digits, as Decimal would."""


class Adjusting:
    """Makes the prices of one table's rows adjusted ones."""

    def __init__(self, source: str, names: Sequence[str], columns: Mapping[str, str]) -> None:
        """Raises InvalidInput for a table that does not have what it takes."""
        self._source = source
        adjusted = adjusted_close(names)
        if adjusted is None:
            raise InvalidInput(
                f"{source} has no column of adjusted closes (Adj Close) to adjust its prices by; "
                f"it has {', '.join(names)}",
                field="adj_close",
            )
        self._adjusted = names.index(adjusted)
        self._close = self._place("close", names, columns)
        self._others = [self._place(ours, names, columns) for ours in _PRICES]

    def _place(self, ours: str, names: Sequence[str], columns: Mapping[str, str]) -> int:
        place = place_of(columns, ours, names)
        if place is None or place == self._adjusted:
            raise InvalidInput(
                f"{self._source}: which column of {', '.join(names)} is {ours}, not adjusted? Say "
                f"it with --column {ours}=NAME",
                field="adj_close",
            )
        return place

    def row(self, line: int, cells: list[str], *, lenient: bool) -> None:
        """Put adjusted prices into one row's cells: exact quotients, rounded once, halves to even,
        to six decimals or as many as its prices have, at most twelve.

        Raises BadMarketData for what is no price above zero; if ``lenient`` such a row loses its
        close, and so is one that is left out.
        """
        places = (self._close, self._adjusted, *self._others)
        if max(places) >= len(cells):
            return  # a short line, which is refused where it is read
        told = [_price(cells[place]) for place in places]
        prices = [price for price in told if price is not None]
        if len(prices) < len(told):
            if lenient:
                cells[self._close] = ""
                return
            texts = ", ".join(cells[place] for place in places)
            raise BadMarketData(
                f"{self._source}, line {line}: {texts} are not all prices above zero, so they "
                "cannot be adjusted: leave the row out with --drop-bad-rows",
                file=self._source,
                reason="bad_price",
            )
        close, adjusted, *others = prices
        ratio = Fraction(adjusted) / Fraction(close)
        decimals = min(max(FEWEST_DECIMALS, *map(_decimals, prices)), MOST_DECIMALS)
        for place, price in zip((self._close, *self._others), (close, *others), strict=True):
            cells[place] = _text(Fraction(price) * ratio, decimals)


def _price(cell: str) -> Decimal | None:
    price = Decimal(cell) if _NUMBER.fullmatch(cell) else Decimal(0)
    return price if price > 0 else None


def _decimals(price: Decimal) -> int:
    exponent = price.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def _text(price: Fraction, decimals: int) -> str:
    units = round(price * 10**decimals)
    text = f"{units:0{decimals + 1}d}"
    return f"{text[:-decimals]}.{text[-decimals:]}"
