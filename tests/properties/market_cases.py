"""Made-up markets and made-up wishes: what a comparison is set up with, and the steps it takes.

One description serves both hypothesis, which shrinks it, and a seeded generator, which is fast:
everything is drawn through a ``Source``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

import msgspec
from tests.properties.account_cases import (
    BASE,
    COARSE,
    SMALL_PRICE,
    pick_account,
    pick_auctions,
    pick_extended_hours,
    pick_fee,
    pick_fill_at,
    pick_risk,
    pick_slippage,
)
from tests.properties.brief import brief
from tests.properties.contract_cases import with_contract, with_other_contracts
from tests.properties.eager_steps import Eager
from tests.properties.event_cases import PERPETUAL, Clockwork, pick_actions, pick_funding
from tests.properties.fee_cases import with_price_list
from tests.properties.hour_cases import Hours, pick_hours, with_breaks, with_other_hours
from tests.properties.latency_cases import with_venues
from tests.properties.other_cases import with_others
from tests.properties.rare_terms import with_bars_beside, with_rare_terms
from tests.properties.rate_cases import with_moving_rates
from tests.properties.sources import Seeded, Source
from tests.properties.venue_alone import by_the_venue_alone
from tests.properties.venue_cases import (
    pick_freshness,
    pick_latency,
    pick_rules_of_bars,
    sometimes_late,
    sometimes_refusing,
    sometimes_unlimited,
)

from offbook.domain.config import (
    AccountConfig,
    ActionOrders,
    AtEnd,
    BasisPointsFee,
    CorporateAction,
    FeeRounding,
    FundingRate,
    LifecycleConfig,
    LimitFill,
    PauseOrders,
    ReplacePriority,
    RiskConfig,
    SelfMatchPolicy,
    SettlementPrice,
    Unpaid,
    VenueConfig,
    WhileHalted,
)
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, SECOND, START, XYZ

T = TypeVar("T")
NOON, VENUE = 2879 * 10**6, 257 * 10**6
"""Added to a seed for draws of their own; sessions chosen for what happens in them stay as they
were with these."""
MIDNIGHT = START - START % (86_400 * SECOND) + 86_400 * SECOND


@dataclass(frozen=True)
class Setup:
    """What a session is set up with. ``listener`` names the callback of its silent strategy."""

    instrument: Instrument
    venue: VenueConfig
    risk: RiskConfig
    lifecycle: LifecycleConfig
    account: AccountConfig
    kinds: tuple[DataKind, ...]
    timeframe: int
    start: int
    hours: Hours
    """Whole trading days, breaks at noon included."""
    clock_stops: bool
    listener: str | None
    status: bool = False
    """Whether an exchange says of halts and bands."""
    marked: bool = False
    """Whether prints of auctions are marked."""
    settlements: tuple[SettlementPrice, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    funding: tuple[FundingRate, ...] = ()
    seed: int = 0
    breaks: Hours = ()
    """When it rests within its hours."""
    alone: bool = False
    """Whether nothing but the venue's rules says no; then no order is for all that cash allows."""
    price: str = ""
    """Where its price begins, if not where that of its symbol does."""
    eager: Eager = Eager.NOT
    """What its orders are eager for."""
    others: tuple[Setup, ...] = ()
    """Other instruments of the same session."""

    @property
    def parts(self) -> tuple[Setup, ...]:
        """All instruments, each as if it were alone."""
        return (self, *self.others)

    @property
    def first_price(self) -> Decimal:
        """Where its price begins."""
        return Decimal(self.price or BASE[self.instrument.symbol])

    @property
    def lot_worth(self) -> Decimal:
        """What a lot is worth then, were it a share."""
        return self.first_price * Decimal(self.instrument.lot_size)

    @property
    def sources(self) -> tuple[DataKind, ...]:
        """What the market's sources are, in their order."""
        return (*self.kinds, DataKind.STATUS) if self.status else self.kinds

    @property
    def has_auctions(self) -> bool:
        """Whether the market shows any."""
        return bool(self.hours) and (self.bars or self.marked)

    @property
    def bars(self) -> bool:
        """Whether the rows are bars."""
        return self.kinds == (DataKind.BARS,)

    def __repr__(self) -> str:
        times = {"hours", "breaks"}
        facts = ((name, value) for name, value in vars(self).items() if name not in times)
        parts = (f"{name}={brief(value)}" for name, value in facts)
        told = f"hours={self.hours[:2]!r}..., breaks={self.breaks[:2]!r}..."
        return f"Setup({', '.join(parts)}, {told})"


def pick_setup(source: Source) -> Setup:
    """A session's setup."""
    quotes, trades = DataKind.QUOTES, DataKind.TRADES
    kinds = source.pick(
        [(quotes,), (quotes,), (DataKind.BARS,), (DataKind.BARS,), (trades,), (quotes, trades)]
    )
    bars = kinds == (DataKind.BARS,)
    timeframe = source.pick([60 * SECOND, 20 * SECOND, 86_400 * SECOND]) if bars else SECOND
    start = source.pick([MIDNIGHT - 5 * timeframe, START])
    if timeframe > 60 * SECOND:
        start = MIDNIGHT
    hours: Hours = ()
    marked = trades in kinds and source.pick([False, True])
    if source.pick([False, False, True]) or marked:
        hours = pick_hours(source, start, timeframe)
    instrument = source.pick([XYZ, BTCUSDT, COARSE, SMALL_PRICE, PERPETUAL])
    lot = Decimal(BASE[instrument.symbol]) * Decimal(instrument.lot_size)
    plenty = source.pick([False, True])  # nothing but the market says no
    status = source.pick([False, False, True])
    tight = source.pick([False] * 5 + [True])  # where cash ends before market orders do
    clock = Clockwork(start, timeframe)
    perpetual = instrument is PERPETUAL
    made = Setup(
        actions=() if perpetual else pick_actions(source, instrument, clock),
        funding=pick_funding(source, clock) if perpetual else (),
        instrument=instrument,
        venue=_pick_venue(source, kinds, timeframe, hours=bool(hours), status=status, tight=tight),
        risk=RiskConfig() if plenty else pick_risk(source, instrument, lot, timeframe),
        lifecycle=LifecycleConfig(
            pause_orders=source.pick(list(PauseOrders)), at_end=source.pick(list(AtEnd))
        ),
        account=pick_account(
            source,
            instrument,
            source.pick([100_000] if plenty else [100, 1000, 1000, 14]) * lot,
            lot,
            clock,
        ),
        kinds=kinds,
        timeframe=timeframe,
        start=start,
        hours=hours,
        clock_stops=source.pick([True, False]),
        listener=source.pick([None, "on_start", "on_" + "_".join(kind.value for kind in kinds)]),
        status=status,
        marked=marked,
        seed=source.number(0, 10**6),
    )
    made = replace(made, venue=sometimes_refusing(made.venue, made.seed, status=status))
    made = replace(made, venue=sometimes_late(made.venue, timeframe, made.seed))
    if bars:
        unpaid = source.pick([Unpaid.CANCEL, *Unpaid])
        made = replace(made, account=msgspec.structs.replace(made.account, unpaid=unpaid))
    made = with_contract(source, made, BASE[instrument.symbol])
    made = with_price_list(with_others(source, made, clock), clock)
    return _with_later_draws(made, clock)


def _with_later_draws(made: Setup, clock: Clockwork) -> Setup:
    """Draws of their own, so that all else stays what it was."""
    later = Seeded(made.seed)
    made = with_bars_beside(later, made)
    made = with_other_contracts(later, with_rare_terms(later, made), clock)
    made = with_other_hours(later, made)
    made = with_breaks(Seeded(made.seed and NOON + made.seed), made)
    made = with_moving_rates(later, made)
    made = by_the_venue_alone(Seeded(made.seed and VENUE + made.seed), made)
    return with_venues(Seeded(made.seed and made.seed + 10**7), made)


def _pick_venue(
    source: Source,
    kinds: tuple[DataKind, ...],
    timeframe: int,
    *,
    hours: bool,
    status: bool,
    tight: bool,
) -> VenueConfig:
    bars, quotes = kinds == (DataKind.BARS,), DataKind.QUOTES
    latency = pick_latency(source, timeframe)
    made = VenueConfig(
        **(pick_rules_of_bars(source, latency) if bars else {}),
        fee=BasisPointsFee(maker="0", taker="0") if tight else pick_fee(source),
        fee_rounding=source.pick([FeeRounding.UP, FeeRounding.UP, *FeeRounding]),
        slippage=pick_slippage(source),
        latency=latency,
        volume_share=source.pick(["1", "0.1", "0.33333333"]),
        self_match=source.pick([SelfMatchPolicy.ALLOW, *SelfMatchPolicy]),
        freshness=pick_freshness(source, timeframe) if quotes in kinds else None,
        limit_fill=source.pick(list(LimitFill)),
        replace_priority=source.pick([ReplacePriority.SMALLER, *ReplacePriority]),
        market_collar="0" if tight else source.pick(["0.05", "0", "0.00123457"]),
        fill_at=pick_fill_at(source, kinds),
        action_orders=source.pick(list(ActionOrders)),
        auctions=pick_auctions(source, timeframe),
        while_halted=source.pick(list(WhileHalted)) if status else WhileHalted.QUEUE,
        extended_hours=pick_extended_hours(source, timeframe) if hours else None,
    )
    return sometimes_unlimited(made)
