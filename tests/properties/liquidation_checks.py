"""Where the report says that positions would be called, against the reference's judgement there."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_session import ReferenceSession

from offbook.domain import records as r
from offbook.domain.config import SessionConfig
from offbook.domain.records import Record
from offbook.engine.ledger.folding import fold
from offbook.services.reporting.liquidation_levels import CalledWhere, LiquidationLevels

FAR = 2**61
SIDES = {-1: CalledWhere.BELOW, 1: CalledWhere.ABOVE}


def check_levels(
    config: SessionConfig, records: Sequence[Record], reference: ReferenceSession
) -> list[str]:
    """That each position of a session that has ended stands at its level, and one price unit
    further is called; raises AssertionError. Gives what was found, by the kind of margin."""
    levels, found, end = LiquidationLevels(config, fold(records)), [], records[-1]
    marked = {mark.symbol for mark in end.marks} if isinstance(end, r.SessionStopped) else set()
    for venue in reference.common.venues:
        symbol, account = venue.setup.instrument.symbol, venue.account
        level = levels.of(symbol)
        if not (isinstance(account, MarginAccount) and account.held) or account.stress:
            assert level is None, f"{symbol} has a level, {level}"
            continue
        kind = account.config.margin_mode.value
        if not _is_known(account, {*marked, symbol}):
            assert level is None, f"{symbol} has a level, {level}, and others no price"
            found.append(f"level: unknown {kind}")
            continue
        further = -1 if account.held > 0 else 1
        if level is None:
            ends = {_is_called(account, at) for at in (1, FAR)}
            assert len(ends) == 1, f"{symbol} has no level, and is called at one end of prices"
            found.append(f"level: none {kind}")
        elif _is_called(account, level):
            bid, ask = account.market_now() or (Fraction(0), Fraction(0))
            assert symbol in marked, f"{symbol} is called at {level} already"
            mid = (bid + ask) / 2 * 10**account.instrument.price_precision
            assert level == mid // 1, f"{symbol} is called at {level} already"
            assert levels.called(symbol, level) is CalledWhere.HERE
            found.append(f"level: called {kind}")
        elif _is_called(account, level + further):
            assert levels.called(symbol, level) is SIDES[further]
            found.append(f"level: {kind}")
        else:
            # Its price is a rate as well, and what else is held decides which way is down.
            told = f"{symbol} is not called beyond {level}"
            assert _is_called(account, level - further), told
            assert not _is_called(account, 1 if account.held > 0 else FAR), told
            assert levels.called(symbol, level) is SIDES[-further]
            found.append(f"level: other side {kind}")
    return found


def _is_known(account: MarginAccount, priced: set[str]) -> bool:
    """Whether nothing else is held, or used as a rate, whose price the records do not tell."""
    held = [account] if account.isolated else [one for one in account.all if one.held]
    used = {one.money for one in held}
    if not account.isolated:
        used |= {name for name, amount in account.purse.items() if amount}
        used |= {currency for (_, currency), amount in account.owed.items() if amount}
    pairs = {account.config.rates_from[name] for name in used if account.moves(name)}
    return {one.instrument.symbol for one in held} | pairs <= priced


def _is_called(account: MarginAccount, px: int) -> bool:
    """At another price of the instrument, all else as it is."""
    price = Fraction(px, 10**account.instrument.price_precision)
    market, known = (price, price), account.market_now
    account.market_now = lambda: market
    try:
        if account.isolated:
            return account.of_position(market) < account.kept_here(market)
        return account.equity(market) < account.must_be_kept(market)
    finally:
        account.market_now = known
