"""Equity as whole numbers, at every row of a stretch in which the account stands still.

Where exchange rates stand, equity is ``2 * cash + sum of (quantity * scale * 2 * mid)``, times a
common denominator of the rates: linear in the prices and exact.  Each row changes the price of one
instrument, so equity at all rows of a stretch is a running sum of price changes times what is held,
whatever the number of instruments.  Where rates move with the market, each position is valued and
rounded as the engine does it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import IntColumn
from offbook.engine.account.valuation import Valuation
from offbook.services.reporting.account_path import AccountPath, AccountStep
from offbook.services.reporting.drawdown import DrawdownTracker
from offbook.services.reporting.row_prices import RowPrices

Whole = int | npt.NDArray[np.object_]
"""A whole number of any size, or one at each row."""


def rates_stand(path: AccountPath) -> bool:
    """Whether no exchange rate that the account needs moves, and values are linear in prices."""
    if any(found.is_inverse for found in path.instruments):
        return False
    valuation = Valuation(path.account, _no_price)
    return all(valuation.is_stated(currency) for currency in _currencies(path))


def _no_price(_symbol: str) -> None:
    """Stated rates need none."""


def _currencies(path: AccountPath) -> set[str]:
    paid_in = {found.settle_currency for found in path.instruments}
    return {path.account.currency}.union(paid_in, *(step.cash for step in path.steps))


class FixedRates:
    """Equity times ``unit`` where rates stand."""

    def __init__(self, path: AccountPath) -> None:
        valuation = Valuation(path.account, _no_price)
        rates = {currency: valuation.rate(currency) or (0, 1) for currency in _currencies(path)}
        common = math.lcm(*(rate[1] for rate in rates.values()))
        self._rates = {name: rate[0] * common // rate[1] for name, rate in rates.items()}
        self._places = {found.symbol: place for place, found in enumerate(path.instruments)}
        self._scales = [
            found.notional_scale * self._rates[found.settle_currency] for found in path.instruments
        ]
        self.unit = 2 * common

    def equity(self, step: AccountStep, mids: Sequence[int]) -> int:
        """At these doubled mids."""
        cash = sum(2 * amount * self._rates[name] for name, amount in step.cash.items())
        return cash + sum(
            qty * self._scales[self._places[symbol]] * mids[self._places[symbol]]
            for symbol, qty in step.positions.items()
        )

    def stretch(
        self, tracker: DrawdownTracker, step: AccountStep, rows: RowPrices, mids: Sequence[int]
    ) -> None:
        """Show the tracker equity at these rows; ``mids`` are the doubled ones before them."""
        held = {
            place: qty * self._scales[place]
            for symbol, qty in step.positions.items()
            if (place := self._places[symbol]) in rows.highest
        }
        equity = self.equity(step, mids)
        if not held:
            tracker.stand(rows.ts, equity)
            return
        slope = math.gcd(*held.values())
        shares = {place: value // slope for place, value in held.items()}
        now = sum(share * mids[place] for place, share in shares.items())
        tracker.stretch(rows.ts, rows.levels(shares, now), equity - slope * now, slope)


class MovingRates:
    """Equity where the market gives rates; what has no rate yet counts nothing."""

    unit = 1

    def __init__(self, path: AccountPath) -> None:
        self._path = path
        self._valuation = Valuation(path.account, _no_price)
        self._instruments = {found.symbol: found for found in path.instruments}
        self._places = {found.symbol: place for place, found in enumerate(path.instruments)}

    def equity(self, step: AccountStep, mids: Sequence[int]) -> int:
        """At these doubled mids."""
        return int(self._equity(step, list(mids)))

    def stretch(
        self, tracker: DrawdownTracker, step: AccountStep, rows: RowPrices, mids: Sequence[int]
    ) -> None:
        """Show the tracker equity at these rows; ``mids`` are the doubled ones before them."""
        columns = [_whole(rows.column(place, before)) for place, before in enumerate(mids)]
        equity = self._equity(step, columns)
        if isinstance(equity, int):
            tracker.stand(rows.ts, equity)
        else:
            tracker.stretch(rows.ts, equity, 0, 1)

    def _equity(self, step: AccountStep, columns: Sequence[Whole]) -> Whole:
        total: Any = 0
        for currency, amount in step.cash.items():
            total = total + self._worth(amount, currency, columns)
        for symbol, qty in step.positions.items():
            instrument = self._instruments[symbol]
            value = _value(instrument, qty, columns[self._places[symbol]])
            total = total + self._worth(value, instrument.settle_currency, columns)
        whole: Whole = total
        return whole

    def _worth(self, amount: Whole, currency: str, columns: Sequence[Whole]) -> Whole:
        """As ``Valuation.worth``, at mid."""
        if currency == self._path.account.currency:
            return amount
        if self._valuation.is_stated(currency):
            numerator, denominator = self._valuation.rate(currency) or (0, 1)
            return amount * numerator // denominator
        pair = self._instruments[self._path.account.rates_from[currency]]
        return _converted(amount, columns[self._places[pair.symbol]], pair, currency)


def _value(instrument: Instrument, qty: int, twice_mid: Whole) -> Any:
    """As ``Valuation`` does it, at mid."""
    scaled = qty * instrument.notional_scale
    if not instrument.is_inverse:
        return twice_mid * scaled // 2
    if isinstance(twice_mid, int):
        return -2 * scaled // twice_mid if twice_mid else 0
    known = twice_mid > 0
    return np.where(known, -2 * scaled // np.where(known, twice_mid, 1), 0)


def _converted(amount: Whole, twice_mid: Whole, pair: Instrument, currency: str) -> Whole:
    """An amount at the mid of a pair, whichever way round it is quoted; 0 where it has no price."""
    scale = 2 * int(10**pair.price_precision)
    if pair.base == currency:
        return amount * twice_mid // scale
    if isinstance(twice_mid, int):
        return amount * scale // twice_mid if twice_mid else 0
    known = twice_mid > 0
    converted: npt.NDArray[np.object_] = amount * scale // np.where(known, twice_mid, 1)
    return np.where(known, converted, 0)


def _whole(column: IntColumn | int) -> Whole:
    return column if isinstance(column, int) else column.astype(object)
