"""What things are worth in the account's currency, at the last prices and rates.

A rate is an integer ratio: units of the account's currency for one of another.  It is stated in
the configuration, or that of an instrument of the market that quotes the pair; then what the
account must buy costs the dear side of the quote, what it gets brings the cheap one, and equity
counts at mid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from offbook.domain.config import RATE_PRECISION, AccountConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import MarketInfo
from offbook.domain.values import Amount, ceil_div, text_to_units
from offbook.engine.desk.terms import Market

Rate = tuple[int, int]
"""Numerator and denominator."""

PAYS, AT_MID, RECEIVES = -1, 0, 1


class Valuation:
    """Rates, and the worth of positions. ``prices`` gives the last prices of a symbol."""

    def __init__(self, account: AccountConfig, prices: Callable[[str], Market | None]) -> None:
        self.currency = account.currency
        self.stated = {name: _ratio(text) for name, text in account.rates.items()}
        self._from = account.rates_from
        self.funded = frozenset({account.currency, *account.cash})
        """Currencies of which the account has cash of its own."""
        self._prices = prices
        self._instruments: dict[str, Instrument] = {}

    def join(self, market: MarketInfo) -> None:
        """Take the market's instruments in."""
        self._instruments = {one.symbol: one for one in market.instruments}

    def settles_in(self, instrument: Instrument) -> str:
        """The currency whose cash pays for an instrument: its own where the account was given
        some, else the account's."""
        currency = instrument.settle_currency
        return currency if currency in self.funded else self.currency

    def kept_in(self, currency: str) -> str:
        """The currency in which the account keeps what comes in a currency."""
        return currency if currency in self.funded else self.currency

    def is_stated(self, currency: str) -> bool:
        """Whether a rate never moves."""
        return currency == self.currency or currency in self.stated

    def rate(self, currency: str, flow: int = AT_MID) -> Rate | None:
        """The rate of a currency, None while the market has not told it. ``flow`` says whether the
        account ``PAYS`` or ``RECEIVES`` that currency."""
        if currency == self.currency:
            return 1, 1
        if currency in self.stated:
            return self.stated[currency]
        symbol = self._from.get(currency)
        market = None if symbol is None else self._prices(symbol)
        if symbol is None or market is None:
            return None
        instrument = self._instruments[symbol]
        scale = int(10**instrument.price_precision)
        if instrument.base == currency:
            twice = _twice(market.ask_px, market.bid_px, -flow)
            return (twice, 2 * scale) if twice > 0 else None
        twice = _twice(market.bid_px, market.ask_px, -flow)
        return (2 * scale, twice) if twice > 0 else None

    def worth(self, amount: int, currency: str, flow: int = AT_MID) -> int:
        """An amount of a currency in the account's, rounded down to 10**-18; nothing while there
        is no rate."""
        if currency == self.currency:
            return amount
        rate = self.rate(currency, flow)
        return 0 if rate is None else amount * rate[0] // rate[1]

    def costs(self, amount: int, currency: str) -> int:
        """What an amount of a currency costs in the account's, rounded up to 10**-18."""
        return -self.worth(-amount, currency, PAYS)

    def positions(self, held: Mapping[str, int]) -> int:
        """What positions (signed quantity units) are worth at mid, before what contracts were
        bought for (see ``event_state.add_unpaid``); exact halves are rounded down."""
        return sum(self._at_mid(symbol, qty) for symbol, qty in held.items() if qty)

    def exposure(self, held: Mapping[str, int]) -> int:
        """What positions are worth at mid, short ones counted as long ones."""
        return sum(self._size(symbol, qty) for symbol, qty in held.items() if qty)

    def _size(self, symbol: str, qty: int) -> int:
        """Rounded up."""
        owing = abs(qty) if self._instruments[symbol].is_inverse else -abs(qty)
        return -self._at_mid(symbol, owing)

    def short_of(self, symbol: str, qty: int, limit: int) -> tuple[int, str, bool]:
        """Of so many quantity units: how many whole ones, in units of 10**-18, what pays for them,
        and whether one of them is worth less than ``limit``."""
        instrument, prices = self._instruments[symbol], self._prices(symbol)
        twice = 2 * limit * 10**instrument.price_precision
        cheap = prices is not None and prices.bid_px + prices.ask_px < twice
        return qty * instrument.qty_scale, instrument.settle_currency, cheap

    def _at_mid(self, symbol: str, qty: int) -> int:
        prices = self._prices(symbol)
        if prices is None:
            return 0
        instrument = self._instruments[symbol]
        twice_mid = prices.bid_px + prices.ask_px
        if instrument.is_inverse:
            # Who is long owes the base currency, the less of it the higher the price.
            value = -2 * qty * instrument.notional_scale // twice_mid if twice_mid > 0 else 0
        else:
            value = qty * twice_mid * instrument.notional_scale // 2
        return self.worth(value, instrument.settle_currency)

    def gain(self, symbol: str, qty: int, cost: int) -> int:
        """What a position is worth at mid above what it cost, in the account's currency."""
        instrument = self._instruments[symbol]
        owes = (qty > 0) is not instrument.is_inverse
        return self._at_mid(symbol, qty) + self.worth(
            -cost if owes else cost, instrument.settle_currency
        )

    def equity(self, cash: Mapping[str, int], held: Mapping[str, int]) -> Amount:
        """Cash of all currencies, and positions at mid."""
        money = 0
        for currency, amount in cash.items():
            money += amount if currency == self.currency else self.worth(amount, currency)
        return Amount(money + self.positions(held) if held else money)


def part_of(amount: int, ratio: Rate) -> int:
    """A share of an amount, rounded up to 10**-18: what is asked for as margin."""
    return ceil_div(amount * ratio[0], ratio[1])


def _twice(dear: int, cheap: int, side: int) -> int:
    """Twice the price of one side, or of the middle of both."""
    return (dear + cheap) if side == 0 else 2 * (dear if side > 0 else cheap)


def _ratio(text: str) -> Rate:
    return text_to_units(text, RATE_PRECISION), int(10**RATE_PRECISION)
