"""Under which conditions sessions at random trade: accounts, charges, delays, and rules."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from offbook.domain.config import (
    AccountType,
    AuctionLimit,
    AuctionRules,
    BarPrices,
    BarReports,
    BasisPointsFee,
    BasisPointsSlippage,
    BoundedFee,
    EmpiricalDelay,
    ExtendedHours,
    FillAt,
    FlatFee,
    Intrabar,
    LatencyConfig,
    LimitGap,
    LogNormalDelay,
    MarginCall,
    NormalDelay,
    NoSlippage,
    PortfolioMargin,
    ProductGroup,
    RowTimes,
    SessionConfig,
    SquareRootSlippage,
    StopGap,
    StopLimitFill,
    SumFee,
    TieredFee,
    Unpaid,
    UsRegulatoryFee,
    VenueLatency,
    VolumeTier,
    instruments_of,
)
from offbook.domain.config.market import actions_of
from offbook.testing.markets import SECOND


def margin(leverage: str, **terms: Any) -> dict[str, Any]:
    """A margin account."""
    return {"type": AccountType.MARGIN, "leverage": leverage, **terms}


def called(action: MarginCall) -> dict[str, Any]:
    """One whose calls come early: charges alone soon take what its positions need."""
    return margin("1000", maintenance_margin="0.001", margin_call=action)


def portfolio(cash: str, factor: str = "1", **terms: Any) -> tuple[str, dict[str, Any]]:
    """One that is asked for what its positions would lose together; calls come early."""
    group = ProductGroup(symbols=("XYZ", "ABC"), down="0.0011", up="0.0008", offset="0.9")
    asked = PortfolioMargin(
        move="0.001", groups=(group,), initial_factor=factor, minimum_equity=cash[0]
    )
    return cash, {"type": AccountType.MARGIN, "portfolio_margin": asked, **terms}


TOGETHER = [portfolio("3.5"), portfolio("5", "1.01", margin_call=MarginCall.DENY_INCREASE)]
ACCOUNTS: list[tuple[str, dict[str, Any]]] = [
    ("900", {}),
    ("5000", {}),
    ("100000", {}),
    ("900", margin("2")),
    ("5000", margin("20")),
    ("3", called(MarginCall.LIQUIDATE)),
    ("3", called(MarginCall.DENY_INCREASE)),
]


def rules_of_bars(rng: Random) -> dict[str, Any]:
    """A market of bars alone may have the rules of other engines."""
    at = [None, FillAt.NEXT_OPEN, FillAt.THIS_CLOSE, FillAt.NEXT_CLOSE]
    return {
        "fill_at": rng.choice(at),
        "stop_gap": rng.choice(list(StopGap)),
        "limit_gap": rng.choice(list(LimitGap)),
        "intrabar": rng.choice(list(Intrabar)),
    }


def as_other_engines(config: SessionConfig, rng: Random) -> SessionConfig:
    """Further rules of bars, at times; ``rng`` is left where it was."""
    own = Random()
    own.setstate(rng.getstate())
    latency = config.venue.latency
    at_once = latency.response is None and latency.response_ns == 0
    venue = msgspec.structs.replace(
        config.venue,
        stop_limit=own.choice(list(StopLimitFill)),
        bar_prices=own.choice([BarPrices.RANGE, *BarPrices]),
        bar_reports=own.choice(list(BarReports)) if at_once else BarReports.AFTER,
    )
    account = msgspec.structs.replace(config.account, unpaid=own.choice(list(Unpaid)))
    return msgspec.structs.replace(config, venue=venue, account=account)


FEES = [
    BasisPointsFee(),
    BasisPointsFee(maker="-2", taker="33.3333"),
    FlatFee(),
    SumFee(
        parts=(
            BoundedFee(
                parts=(
                    TieredFee(
                        tiers=(
                            VolumeTier(volume="0", maker="10", taker="20"),
                            VolumeTier(volume="500", maker="-1", taker="5"),
                        )
                    ),
                ),
                minimum="0.01",
                maximum_percent="0.19",
            ),
            UsRegulatoryFee(),
        )
    ),
]
AUCTIONS = [
    AuctionRules(open_cutoff_ns=0, close_cutoff_ns=0),
    AuctionRules(open_cutoff_ns=5 * SECOND, close_cutoff_ns=SECOND, limit=AuctionLimit.EQUAL),
]
EXTENDED = [
    None,
    ExtendedHours(pre_ns=7 * SECOND, post_ns=9 * SECOND),
    ExtendedHours(pre_ns=900 * SECOND, post_ns=1200 * SECOND),
]
SLIPPAGES = [
    NoSlippage(),
    NoSlippage(),
    BasisPointsSlippage(bps="3", quotes=True),
    SquareRootSlippage(bps="40", quotes=True),
]


def delays_at_random(rng: Random, slow: int) -> LatencyConfig:
    """Constant delays, or drawn ones; at times the strategy sees the market late."""
    back = rng.choice([0, slow, SECOND])
    drawn = [
        None,
        None,
        LogNormalDelay(median_ns=SECOND, sigma="1"),
        NormalDelay(mean_ns=SECOND // 2, deviation_ns=SECOND),
        EmpiricalDelay(quantiles_ns=(0, 1, SECOND // 3, 9 * SECOND)),
    ]
    made = LatencyConfig(
        entry_ns=slow, response_ns=back, entry=rng.choice(drawn), response=rng.choice(drawn)
    )
    own = Random()
    own.setstate(rng.getstate())  # which is left where it was
    late: dict[str, Any] = {"market_data_ns": own.choice([1, SECOND // 3, 2 * SECOND])}
    if own.random() < 0.4:
        late = {"market_data": own.choice([one for one in drawn if one is not None])}
    if own.random() < 0.4:
        late["row_times"] = own.choice(list(RowTimes))
    return msgspec.structs.replace(made, **late) if own.random() < 0.3 else made


def venues_at_random(config: SessionConfig, rng: Random) -> SessionConfig:
    """Often, where there are several instruments, some trade at a venue of their own, farther away
    or nearer; ``rng`` is left where it was."""
    own = Random()
    own.setstate(rng.getstate())
    symbols = [instrument.symbol for instrument in instruments_of(config.market)]
    if any(action.new_symbol for action in actions_of(config.market)):
        symbols = []  # what becomes of one another stays together
    if len(symbols) < 2 or own.random() < 0.4:
        return config
    drawn = own.choice([LogNormalDelay(median_ns=SECOND, sigma="1"), None])
    ways: dict[str, Any] = {"entry": drawn}
    if drawn is None:
        ways = {"entry_ns": own.choice([0, 1, SECOND // 7, 3 * SECOND])}
    if own.random() < 0.7 and config.venue.bar_reports is BarReports.AFTER:
        ways["response_ns"] = own.choice([0, SECOND // 9, 5 * SECOND])
    named = tuple(own.sample(symbols, own.randint(1, len(symbols) - 1)))
    venues = (VenueLatency(name="elsewhere", symbols=named, **ways),)
    latency = msgspec.structs.replace(config.venue.latency, venues=venues)
    venue = msgspec.structs.replace(config.venue, latency=latency)
    return msgspec.structs.replace(config, venue=venue)
