"""Made-up rates of exchange that move: those of a pair that the session can trade as well."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from tests.properties.sources import Source

from offbook.domain.instruments import AssetClass, Instrument

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

DIGITS = 4
"""Of a pair's first price; a tick is the last of them."""


def with_moving_rates(source: Source, setup: Setup) -> Setup:
    """Now and then a rate that was stated is told by the market, either way round."""
    rates = setup.account.rates
    if not rates or source.pick([True, False]):
        return setup
    money = source.pick(sorted(rates))
    if setup.instrument.is_inverse and not setup.others:
        return _by_its_own_contract(setup)
    rate = Decimal(rates[money])
    flipped = source.pick([False, True])
    price = _rounded(1 / rate if flipped else rate)
    if not Decimal("1e-6") < price < Decimal("1e6"):
        return setup
    base, quote = (setup.account.currency, money) if flipped else (money, setup.account.currency)
    if base in [part.instrument.held_as for part in setup.parts]:
        return setup  # which would be one holding with two names
    pair = _pair(base, quote, price, setup)
    account = msgspec.structs.replace(
        setup.account,
        rates={name: text for name, text in rates.items() if name != money},
        rates_from={money: pair.symbol},
    )
    other = replace(
        setup,
        instrument=pair,
        price=f"{price:f}",
        others=(),
        marked=False,
        status=False,
        settlements=(),
        actions=(),
        funding=(),
    )
    others = tuple(replace(one, account=account) for one in (*setup.others, other))
    return replace(setup, account=account, others=others)


def _by_its_own_contract(setup: Setup) -> Setup:
    """An inverse contract tells what its base is worth in its quote, and the account has that."""
    account, of = setup.account, setup.instrument
    worth = setup.first_price / Decimal(account.rates[of.base])
    tiers = tuple(
        msgspec.structs.replace(tier, above=_times(tier.above, worth))
        for tier in account.maintenance_tiers
    )
    account = msgspec.structs.replace(
        account,
        currency=of.quote_currency,
        initial_cash=_times(account.initial_cash, worth),
        rates={},
        rates_from={of.base: of.symbol},
        maintenance_tiers=tiers,
    )
    return replace(setup, account=account)


def _times(text: str, worth: Decimal) -> str:
    return f"{(Decimal(text) * worth).quantize(Decimal('1e-12')):f}"


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(Decimal(1).scaleb(price.adjusted() - DIGITS + 1))


def _pair(base: str, quote: str, price: Decimal, setup: Setup) -> Instrument:
    """A lot of it is worth about as much as one of what the session trades."""
    mine = setup.lot_worth * Decimal(setup.account.rates.get(setup.instrument.quote_currency, "1"))
    unit = Decimal(1) if base == setup.account.currency else price
    lot = Decimal(1).scaleb((mine / unit).adjusted())
    tick = Decimal(1).scaleb(price.adjusted() - DIGITS + 1)
    return Instrument(
        symbol=f"{base}/{quote}",
        asset_class=AssetClass.CRYPTO_SPOT,
        base=base,
        quote_currency=quote,
        price_precision=max(-tick.adjusted(), 0),
        qty_precision=max(-lot.adjusted(), 0),
        tick_size=f"{tick:f}",
        lot_size=f"{lot:f}",
        calendar=setup.instrument.calendar,
    )
