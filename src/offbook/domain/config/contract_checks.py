"""Whether contracts fit a session's market and account."""

from __future__ import annotations

import msgspec

from offbook.domain.config.account import AccountConfig, MarginRules
from offbook.domain.config.market import MarketConfig, actions_of, instruments_of
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument


def check_contracts(market: MarketConfig, account: AccountConfig) -> None:
    """Raise InvalidConfig for contracts in an account that owns what it trades, under rules of
    shares, or with actions that shares alone have."""
    acted_on = {action.symbol for action in actions_of(market)}
    for instrument in instruments_of(market):
        if instrument.asset_class is AssetClass.CRYPTO_PERPETUAL and not account.is_margin:
            raise InvalidConfig(
                f"{instrument.symbol} is a perpetual, of which nothing is owned: it needs "
                'account.type="margin"',
                field="account.type",
            )
        if instrument.contract is not msgspec.UNSET:
            _check(instrument, account, acted_on=instrument.symbol in acted_on)


def check_groups(market: MarketConfig, account: AccountConfig) -> None:
    """Raise InvalidConfig for a product group of which nothing is traded here."""
    margin = account.portfolio_margin
    traded = {instrument.symbol for instrument in instruments_of(market)}
    for group in () if margin is None else margin.groups:
        if traded.isdisjoint(group.symbols):
            raise InvalidConfig(
                f"account.portfolio_margin.groups: none of {', '.join(group.symbols)} is traded "
                f"here ({', '.join(sorted(traded))}): leave the group out",
                field="account.portfolio_margin.groups",
            )


def _check(instrument: Instrument, account: AccountConfig, *, acted_on: bool) -> None:
    symbol = instrument.symbol
    if not account.is_margin:
        raise InvalidConfig(
            f"{symbol} is a future, for which nothing is paid when it is bought: it needs "
            'account.type="margin"',
            field="account.type",
        )
    if account.margin_rules is MarginRules.REG_T:
        raise InvalidConfig(
            f'{symbol} is a contract, and account.margin_rules="reg_t" are rules for shares: leave '
            "it out, or trade contracts in an account of their own",
            field="account.margin_rules",
        )
    if account.portfolio_margin is not None:
        raise InvalidConfig(
            f"{symbol} is a contract, and account.portfolio_margin is for what has a value of its "
            "own: leave it out, or trade contracts in an account of their own",
            field="account.portfolio_margin",
        )
    if acted_on:
        raise InvalidConfig(
            f"market.actions: {symbol} is a contract, which no company's action changes: leave "
            "them out",
            field="market.actions",
        )
