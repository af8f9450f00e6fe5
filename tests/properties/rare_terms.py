"""Terms of venues and accounts now and then that came later than others: their draws are apart, so
that all other cases stay what they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from tests.properties.sources import Source

from offbook.domain.config import (
    AccountConfig,
    FeeConfig,
    FreshnessConfig,
    SumFee,
    UsRegulatoryFee,
)
from offbook.domain.market_data import DataKind

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

OF_LEVERAGE = {"1": "1", "2": "0.5", "30": "0.0334"}
"""Initial margins that ask for about as much."""


def with_rare_terms(source: Source, setup: Setup) -> Setup:
    """Some of these, each where it makes a difference."""
    venue, account = setup.venue, setup.account
    whole = setup.instrument.lot_size == "0.5" and source.pick([False, True])
    fee = _rounded_each(venue.fee) if source.pick([False, True]) else venue.fee
    venue = msgspec.structs.replace(
        venue, fee=fee, whole_shares=whole, freshness=_own_age(source, setup)
    )
    if source.pick([False, False, True]):
        account = _as_a_share(account)
    others = tuple(replace(one, venue=venue, account=account) for one in setup.others)
    return replace(setup, venue=venue, account=account, others=others)


def with_bars_beside(source: Source, setup: Setup) -> Setup:
    """Now and then bars come beside quotes or prints, of which nothing is matched in them."""
    if setup.listener not in {None, "on_start"} or source.pick([True, True, False]):
        return setup
    others = tuple(_with_bars(one) if source.pick([False, True]) else one for one in setup.others)
    return _with_bars(replace(setup, others=others))


def _with_bars(setup: Setup) -> Setup:
    beside = () if setup.bars else (DataKind.BARS,)
    return replace(setup, kinds=(*setup.kinds, *beside))


def _rounded_each(fee: FeeConfig) -> FeeConfig:
    """What regulators take, each charge rounded by itself."""

    if isinstance(fee, UsRegulatoryFee):
        return msgspec.structs.replace(fee, round_each=True)
    if not isinstance(fee, SumFee):
        return fee
    each = (
        msgspec.structs.replace(part, round_each=True)
        if isinstance(part, UsRegulatoryFee)
        else part
        for part in fee.parts
    )
    return SumFee(parts=tuple(each))


def _own_age(source: Source, setup: Setup) -> FreshnessConfig | None:
    """An age of its own for one instrument."""
    rule = setup.venue.freshness
    if rule is None or source.pick([False, True]):
        return rule
    symbol = source.pick([part.instrument.symbol for part in setup.parts])
    age = source.pick([1, setup.timeframe, 3 * setup.timeframe])
    return msgspec.structs.replace(rule, by_symbol={symbol: age})


def _as_a_share(account: AccountConfig) -> AccountConfig:
    """An initial margin instead of a leverage."""
    share = OF_LEVERAGE.get(account.leverage or "")
    if share is None:
        return account
    return msgspec.structs.replace(account, leverage=None, initial_margin=share)
