"""What an account is worth at given prices: the engine's own valuation, asked for any moment."""

from __future__ import annotations

from collections.abc import Mapping

from offbook.domain.config import AccountConfig
from offbook.domain.market_data import MarketInfo
from offbook.engine.account.valuation import AT_MID, PAYS, RECEIVES, Valuation
from offbook.engine.desk.terms import Market

Marks = dict[str, tuple[int, int]]
"""Bid and ask (price units) by symbol."""


class Worth:
    """Values an account in its currency, in units of 10**-18; see ``Valuation``.

    What has no price, and money that has no rate, counts nothing.
    """

    def __init__(self, account: AccountConfig, market: MarketInfo) -> None:
        self._instruments = {found.symbol: found for found in market.instruments}
        self._marks: Mapping[str, tuple[int, int]] = {}
        self._valuation = Valuation(account, self._prices)
        self._valuation.join(market)

    def at(self, marks: Mapping[str, tuple[int, int]]) -> Worth:
        """The same at these marks, from now on."""
        self._marks = marks
        return self

    def rate(self, currency: str) -> tuple[int, int] | None:
        """What one unit of a currency is worth at mid, numerator and denominator."""
        return self._valuation.rate(currency)

    def equity(self, cash: Mapping[str, int], positions: Mapping[str, int]) -> int:
        """Cash of all currencies and positions, at mid."""
        return self._valuation.equity(cash, positions)

    def closing(self, cash: Mapping[str, int], positions: Mapping[str, int]) -> int:
        """Cash, and what closing the positions would bring: the bid for a long one, the ask for a
        short one, changed into the account's currency where that is where the money goes."""
        valuation = self._valuation
        total = sum(valuation.worth(amount, currency) for currency, amount in cash.items())
        for symbol, qty in positions.items():
            instrument = self._instruments[symbol]
            bid, ask = self._marks.get(symbol, (0, 0))
            value = instrument.value_of(qty, bid if qty > 0 else ask)
            if instrument.is_inverse:
                value = -value
            flow = AT_MID
            if valuation.settles_in(instrument) != instrument.settle_currency:
                flow = RECEIVES if value > 0 else PAYS
            total += valuation.worth(value, instrument.settle_currency, flow)
        return total

    def net(self, positions: Mapping[str, int]) -> int:
        """Positions at mid, short ones negative."""
        return self._valuation.positions(positions)

    def gross(self, positions: Mapping[str, int]) -> int:
        """Positions at mid, short ones counted as long ones."""
        return self._valuation.exposure(positions)

    def gain(self, symbol: str, qty: int, cost: int) -> int:
        """What a position is worth at mid above its signed cost (in the instrument's currency)."""
        instrument = self._instruments[symbol]
        bid, ask = self._marks.get(symbol, (0, 0))
        if instrument.is_inverse:
            value = -instrument.value_of(qty, bid + ask, 2)
            cost = -cost
        else:
            value = qty * (bid + ask) * instrument.notional_scale // 2
        return self._valuation.worth(value - cost, instrument.settle_currency)

    def _prices(self, symbol: str) -> Market | None:
        found = self._marks.get(symbol)
        return None if found is None else Market(bid_px=found[0], ask_px=found[1])
