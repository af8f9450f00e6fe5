"""Whether corporate actions fit a session's market and account."""

from __future__ import annotations

from offbook.domain.config.account import AccountConfig
from offbook.domain.config.actions import ActionKind, CorporateAction
from offbook.domain.config.market import (
    MarketConfig,
    ReplayMarket,
    actions_of,
    instruments_of,
)
from offbook.domain.errors import InvalidConfig


def check_actions(market: MarketConfig, account: AccountConfig) -> None:
    """Raise InvalidConfig for prices that are adjusted here and raw there, for an action that is
    told twice, a new symbol that is not in the market, or a dividend in money of no known worth."""
    _check_adjustment(market)
    seen: set[tuple[str, ActionKind, str]] = set()
    for action in actions_of(market):
        place = (action.symbol, action.kind, action.ex)
        if place in seen:
            raise InvalidConfig(f"{action.title} is told twice", field="market.actions")
        seen.add(place)
        if action.currency is not None:
            account.require_rate(action.currency, f"{action.title} pays in {action.currency}")
        if action.new_symbol is not None:
            _check_new_symbol(action, market)


def _check_adjustment(market: MarketConfig) -> None:
    told = [
        source
        for source in market.sources
        if isinstance(source, ReplayMarket) and source.adjustment is not None
    ]
    for source in told:
        if source.adjustment is not told[0].adjustment:
            raise InvalidConfig(
                f"prices of {told[0].instrument.symbol} are adjusted={_name(told[0])} and those of "
                f"{source.instrument.symbol} adjusted={_name(source)}: a market has one kind of "
                "prices, or its orders and positions would not be comparable",
                field="market.adjustment",
            )


def _name(source: ReplayMarket) -> str:
    return "" if source.adjustment is None else source.adjustment.value


def _check_new_symbol(action: CorporateAction, market: MarketConfig) -> None:
    known = {one.symbol: one for one in instruments_of(market)}
    old, new = known[action.symbol], known.get(str(action.new_symbol))
    if new is None:
        raise InvalidConfig(
            f"{action.title}: the market has no {action.new_symbol}, so what becomes of it would "
            f"have no price; it has {', '.join(known)}",
            field="market.actions.new_symbol",
        )
    same = ("quote_currency", "qty_precision", "price_precision")
    for name in same:
        if getattr(old, name) != getattr(new, name):
            raise InvalidConfig(
                f"{action.title}: {name} of {old.symbol} and {new.symbol} differ",
                field="market.actions.new_symbol",
            )
