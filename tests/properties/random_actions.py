"""Corporate actions at random, within the time of a market."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
from tests.properties.random_contracts import liquidated

from offbook.domain.config import (
    AccountConfig,
    ActionKind,
    ActionOrders,
    Adjustment,
    BorrowRate,
    CombinedMarket,
    CorporateAction,
    FinancingConfig,
    FundingRate,
    InterestRate,
    MarginRules,
    ReplayMarket,
    SessionConfig,
    SettlementConfig,
    UnsettledCash,
    instruments_of,
)
from offbook.domain.instruments import AssetClass, Instrument

SETTLEMENTS = [SettlementConfig(unsettled=how) for how in UnsettledCash]


def with_actions(config: SessionConfig, rng: Random, begin: int, end: int) -> SessionConfig:
    """Every other session has some: splits either way, dividends, a symbol that ends."""
    own = Random()
    own.setstate(rng.getstate())  # what else is drawn stays as it is
    market = config.market
    if own.random() < 0.5:
        return config
    symbols = [one.symbol for one in instruments_of(market)]
    actions = {symbol: _of(symbol, symbols, own, begin, end) for symbol in symbols}
    rates = _rates(own, begin, end) if config.account.is_margin else ()
    sources = tuple(
        msgspec.structs.replace(
            source,
            instrument=_perpetual(source.instrument) if rates else source.instrument,
            adjustment=Adjustment.RAW,
            actions=actions.get(source.instrument.symbol, ()),
            funding=rates,
        )
        for source in market.sources
        if isinstance(source, ReplayMarket)
    )
    one = len(sources) == 1 and not isinstance(market, CombinedMarket)
    return msgspec.structs.replace(
        config,
        market=sources[0] if one else CombinedMarket(sources=sources),
        venue=msgspec.structs.replace(config.venue, action_orders=own.choice(list(ActionOrders))),
        account=_account(config.account, symbols, own),
    )


def _rates(rng: Random, begin: int, end: int) -> tuple[FundingRate, ...]:
    """Funding now and then, at the last mid or at a mark of its own."""
    times = sorted({_text(rng.randint(begin, end)) for _ in range(rng.choice([0, 3, 9]))})
    return tuple(
        FundingRate(at=at, rate=rng.choice(["0.001", "-0.002"]), mark=rng.choice([None, "99.123"]))
        for at in times
    )


def _perpetual(instrument: Instrument) -> Instrument:
    return msgspec.structs.replace(instrument, asset_class=AssetClass.CRYPTO_PERPETUAL)


def _account(account: AccountConfig, symbols: list[str], rng: Random) -> AccountConfig:
    """With taxes, interest and borrowed shares."""
    since = "1970-01-01"
    borrow = tuple(
        BorrowRate(symbol=symbol, since=since, rate=rng.choice([None, "0.1", "0.77777777"]))
        for symbol in symbols
        if account.is_margin
    )
    interest = InterestRate(
        currency=account.currency, since=since, credit=rng.choice(["0", "0.03"]), debit="0.07"
    )
    given = FinancingConfig(borrow=borrow, interest=(interest,))
    return msgspec.structs.replace(
        account,
        withholding=rng.choice(["0", "0.15"]),
        financing=rng.choice([None, given]),
        liquidation_fee=rng.choice(["0", "0.0123"]) if account.is_margin else "0",
        **_maintenance(account, rng),
        settlement=None if account.is_margin else rng.choice([None, *SETTLEMENTS]),
    )


def _maintenance(account: AccountConfig, rng: Random) -> dict[str, Any]:
    """The rules for shares, or tiers, where the leverage allows them."""
    if account.leverage == "2":
        return {"margin_rules": rng.choice(list(MarginRules))}
    return liquidated(account, rng) if account.is_margin else {}


def _of(
    symbol: str, symbols: list[str], rng: Random, begin: int, end: int
) -> tuple[CorporateAction, ...]:
    made = []
    for _ in range(rng.randint(1, 4)):
        when = _text(rng.randint(begin, end))
        roll = rng.random()
        if roll < 0.5:
            ratio = rng.choice(["2:1", "3:2", "7:3", "1:2", "2:7"])
            made.append(_made(symbol, ActionKind.SPLIT, when, ratio=ratio))
        elif roll < 0.9:
            pay = rng.choice([None, _text(rng.randint(begin, end))])
            amount = rng.choice(["0.5", "0.0049", "0.03"])
            made.append(_made(symbol, ActionKind.DIVIDEND, when, pay=pay, amount=amount))
        elif len(symbols) > 1:
            new = next(one for one in symbols if one != symbol)
            made.append(_made(symbol, ActionKind.SYMBOL_CHANGE, when, new_symbol=new))
        else:
            made.append(_made(symbol, ActionKind.DELISTING, when, amount="101.3"))
    return tuple({(one.kind, one.ex): one for one in made}.values())


def action(symbol: str, kind: ActionKind, ts: int, **terms: str) -> CorporateAction:
    """An action at a moment (ns UTC), in whole seconds."""
    return _made(symbol, kind, _text(ts), **terms)


def _made(symbol: str, kind: ActionKind, when: str, **terms: str | None) -> CorporateAction:
    return CorporateAction(symbol=symbol, kind=kind, ex=when, **terms)


def _text(ts: int) -> str:
    return datetime.fromtimestamp(ts // 10**9, UTC).isoformat()
