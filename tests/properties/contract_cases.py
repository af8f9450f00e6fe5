"""Made-up contracts: futures and inverse ones, and the accounts that trade them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from tests.properties.event_cases import Clockwork, pick_funding
from tests.properties.sources import Source

from offbook.domain.config import (
    AccountConfig,
    Liquidation,
    MaintenanceBasis,
    MarginCall,
    MarginMode,
    MarginRules,
    SettlementPrice,
)
from offbook.domain.contracts import ContractTerms, Settles
from offbook.domain.instruments import AssetClass, Instrument

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup


def with_contract(source: Source, setup: Setup, base: str) -> Setup:
    """Now and then a margin account trades a future, or has isolated positions; ``base`` is where
    the price starts."""
    account = setup.account
    if not account.is_margin or account.margin_rules is MarginRules.REG_T:
        return setup
    if account.portfolio_margin is not None:
        return setup
    setup = replace(setup, account=_liquidated(source, account))
    if source.pick([False, False, True]):
        return _of_contracts(source, setup, Decimal(base))
    return setup


def _liquidated(source: Source, account: AccountConfig) -> AccountConfig:
    """Isolated, or by steps, where an account may be."""
    if account.margin_call is not MarginCall.LIQUIDATE:
        return account
    told: dict[str, Any] = {
        "margin_mode": source.pick([MarginMode.CROSS, MarginMode.CROSS, MarginMode.ISOLATED])
    }
    if told["margin_mode"] is MarginMode.ISOLATED:
        told["maintenance_basis"] = source.pick(list(MaintenanceBasis))
    if account.maintenance_tiers:
        told["liquidation"] = source.pick([Liquidation.STEPWISE, Liquidation.FULL])
    return msgspec.structs.replace(account, **told)


def _of_contracts(source: Source, setup: Setup, base: Decimal) -> Setup:
    inverse = source.pick([False, True])
    # Either kind is worth about as much as a share is.
    multiplier = f"{base * base:f}" if inverse else source.pick(["1", "0.5", "3"])
    own = source.pick([False, False, True])
    each = base / 20
    margins = {"initial_margin": f"{each:f}", "maintenance_margin": f"{each * 2 / 3:.4f}"}
    terms: dict[str, Any] = {
        "multiplier": multiplier, "is_inverse": inverse, **(margins if own else {}),
    }  # fmt: skip
    is_future = source.pick([True, True, False])
    settlements: tuple[SettlementPrice, ...] = ()
    if is_future:
        terms["settles"] = source.pick([Settles.DAILY, Settles.DAILY, Settles.AT_EXPIRY])
        settlements = _settled(source, setup, terms, base)
    instrument = msgspec.structs.replace(
        setup.instrument,
        asset_class=AssetClass.FUTURE if is_future else AssetClass.CRYPTO_PERPETUAL,
        contract=ContractTerms(**terms),
    )
    account = _paid_in(setup.account, setup.instrument, instrument)
    return replace(
        setup,
        instrument=instrument,
        account=account,
        settlements=settlements,
        actions=(),
        funding=() if is_future else setup.funding,
    )


def with_other_contracts(source: Source, setup: Setup, clock: Clockwork) -> Setup:
    """Contracts beside another instrument are now and then futures, inverse, or pay funding."""
    account = setup.account
    others = list(setup.others)
    for place, other in enumerate(others):
        if other.instrument.contract is msgspec.UNSET:
            continue
        kind = source.pick(["as it is", "future", "inverse", "funding", "funding"])
        base = other.first_price
        if kind == "future":
            terms: dict[str, Any] = msgspec.structs.asdict(other.instrument.contract)
            settlements = _settled(source, other, terms, base)
            instrument = msgspec.structs.replace(
                other.instrument, asset_class=AssetClass.FUTURE, contract=ContractTerms(**terms)
            )
            others[place] = replace(other, instrument=instrument, settlements=settlements)
        elif kind == "inverse" and account.currency != other.instrument.base:
            worth = base * Decimal(account.rates.get(other.instrument.quote_currency, "1"))
            rates = {**account.rates, other.instrument.base: f"{worth:f}"}
            account = msgspec.structs.replace(account, rates=rates)
            terms = {"multiplier": f"{base * base:f}", "is_inverse": True}
            instrument = msgspec.structs.replace(other.instrument, contract=ContractTerms(**terms))
            others[place] = replace(other, instrument=instrument)
        if kind != "future":
            others[place] = replace(others[place], funding=pick_funding(source, clock))
    return _of_account(replace(setup, others=tuple(others)), account)


def _of_account(setup: Setup, account: AccountConfig) -> Setup:
    """The same for all instruments."""
    others = tuple(replace(one, account=account) for one in setup.others)
    return replace(setup, account=account, others=others)


def _settled(
    source: Source, setup: Setup, terms: dict[str, Any], base: Decimal
) -> tuple[SettlementPrice, ...]:
    """Prices at some moments of the session, and now and then its expiry."""
    span = 100 * setup.timeframe
    first = setup.start - span // 20
    times = sorted({first + source.number(0, span) for _ in range(source.pick([0, 3, 6]))})
    if source.pick([False, False, True]):
        expires = first + source.number(span // 4, span)
        terms["expires"] = _text(expires)
        times = [at for at in times if at // 1000 < expires // 1000]
        times += source.pick([[], [expires]])
    if terms["settles"] is Settles.AT_EXPIRY:
        times = [at for at in times if _text(at) == terms.get("expires")]
    moments = list(dict.fromkeys(map(_text, times)))
    prices = [base, base * Decimal("0.97"), base * Decimal("1.0301234")]
    return tuple(SettlementPrice(at=at, price=f"{source.pick(prices):f}") for at in moments)


def _text(ts: int) -> str:
    whole, part = divmod(ts // 1000, 10**6)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=part).isoformat()


def _paid_in(account: AccountConfig, old: Instrument, new: Instrument) -> AccountConfig:
    """The same amounts of the money that the contract is settled in."""
    before, after = old.quote_currency, new.settle_currency
    if before == after:
        return account
    return msgspec.structs.replace(
        account,
        currency=after if account.currency == before else account.currency,
        rates=dict.fromkeys([after][: len(account.rates)], account.rates.get(before, "")),
        financing=None,
        cash=dict.fromkeys([after][: len(account.cash)], account.cash.get(before, "")),
    )
