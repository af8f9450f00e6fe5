"""Contracts at random: some sessions with margin trade futures, or inverse contracts."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from offbook.domain.config import (
    AccountConfig,
    CombinedMarket,
    FundingRate,
    Liquidation,
    MaintenanceBasis,
    MaintenanceTier,
    MarginCall,
    MarginMode,
    MarketConfig,
    ReplayMarket,
    SessionConfig,
    SettlementPrice,
    instruments_of,
)
from offbook.domain.contracts import ContractTerms, Settles
from offbook.domain.instruments import AssetClass, Instrument

TIERS = tuple(
    MaintenanceTier(above=above, rate=rate)
    for above, rate in (("0", "0.01"), ("999.5", "0.02"), ("20000", "0.0499"))
)


def with_contracts(config: SessionConfig, rng: Random, begin: int, end: int) -> SessionConfig:
    """A third of the sessions with margin have some, with expiry, settlement prices or funding."""
    own = Random()
    own.setstate(rng.getstate())  # what else is drawn stays as it is
    own.seed(own.random() + 1)
    account = config.account
    if not account.is_margin or account.portfolio_margin is not None or own.random() < 0.67:
        return config
    terms = {one.symbol: _terms(one, own, begin, end) for one in instruments_of(config.market)}
    sources = tuple(
        _source(source, terms[source.instrument.symbol])
        for source in config.market.sources
        if isinstance(source, ReplayMarket)
    )
    one = len(sources) == 1 and not isinstance(config.market, CombinedMarket)
    market: MarketConfig = sources[0] if one else CombinedMarket(sources=sources)
    return msgspec.structs.replace(
        config, market=market, account=_account(config.account, market, own)
    )


def _source(source: ReplayMarket, told: dict[str, Any]) -> ReplayMarket:
    instrument = msgspec.structs.replace(source.instrument, **told["instrument"])
    return msgspec.structs.replace(source, **{**told, "instrument": instrument})


def _terms(instrument: Instrument, rng: Random, begin: int, end: int) -> dict[str, Any]:
    """What becomes of an instrument and its sources."""
    inverse = rng.random() < 0.5
    own = rng.choice([{}, {}, {"initial_margin": "11.1", "maintenance_margin": "7.07"}])
    # Around 100 a contract of either kind is worth about as much as a share is.
    multiplier = rng.choice(["10000", "3333.3333"] if inverse else ["1", "0.5", "3"])
    terms: dict[str, Any] = {"multiplier": multiplier, "is_inverse": inverse, **own}
    times = sorted({_text(rng.randint(begin, end)) for _ in range(rng.choice([0, 2, 7]))})
    if rng.random() < 0.4:
        rates = rng.choices(["0.001", "-0.002"], k=len(times))
        funding = tuple(
            FundingRate(at=at, rate=rate, mark=rng.choice([None, "99.123"]))
            for at, rate in zip(times, rates, strict=True)
        )
        return _told(AssetClass.CRYPTO_PERPETUAL, terms, funding=funding)
    if rng.random() < 0.5:
        terms["expires"] = _text(rng.randint(begin, end + (end - begin) // 4))
        times = [at for at in times if at < terms["expires"]]
        times += rng.choice([[], [terms["expires"]]])
    terms["settles"] = rng.choice(list(Settles))
    if terms["settles"] is Settles.AT_EXPIRY:
        times = [at for at in times if at == terms.get("expires")]
    prices = tuple(
        SettlementPrice(at=at, price=rng.choice(["99.5", "100.0123", "101"])) for at in times
    )
    return _told(AssetClass.FUTURE, terms, settlements=prices)


def _told(kind: AssetClass, terms: dict[str, Any], **of_source: Any) -> dict[str, Any]:
    return {"instrument": {"asset_class": kind, "contract": ContractTerms(**terms)}, **of_source}


def _account(account: AccountConfig, market: MarketConfig, rng: Random) -> AccountConfig:
    """In the currency of the first contract, or with rates for all."""
    used = {one.settle_currency for one in instruments_of(market)}
    first = instruments_of(market)[0]
    currency = first.settle_currency
    if first.is_inverse and rng.random() < 0.5:
        currency = first.quote_currency
    others = used - {currency}
    stated = {"XYZ": "0.7", "ABC": "2.345678901234", "USD": "1.25"}
    moving = {"XYZ": "XYZ"} if currency == "USD" and "XYZ" in others and rng.random() < 0.5 else {}
    return msgspec.structs.replace(
        account,
        currency=currency,
        rates={name: stated[name] for name in sorted(others) if name not in moving},
        rates_from=moving,
        liquidation_fee=rng.choice(["0", "0.0123"]),
        **liquidated(account, rng),
    )


def liquidated(account: AccountConfig, rng: Random) -> dict[str, Any]:
    """Isolated positions, and liquidation by steps, where an account may have them."""
    told_before = account.margin_mode, account.liquidation
    if told_before != (MarginMode.CROSS, Liquidation.FULL):
        return {}
    if account.margin_call is not MarginCall.LIQUIDATE or account.portfolio_margin is not None:
        return {}
    told: dict[str, Any] = {"margin_mode": rng.choice(list(MarginMode))}
    if told["margin_mode"] is MarginMode.ISOLATED:
        told["maintenance_basis"] = rng.choice(list(MaintenanceBasis))
    if account.leverage == "20" and rng.random() < 0.7:
        told["maintenance_tiers"] = TIERS
        told["liquidation"] = rng.choice(list(Liquidation))
    return told


def _text(ts: int) -> str:
    return datetime.fromtimestamp(ts // 10**9, UTC).isoformat()
