"""Made-up sessions in which nothing but the venue's rules decides: cash for whatever is asked, no
limits, one share, no wishes that are refused for their form.  So its rules, and those of auctions
and hours above all, are met far more often than where an account says no first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from tests.properties.account_cases import pick_slippage
from tests.properties.event_cases import Clockwork, pick_actions
from tests.properties.hour_cases import Hours, with_breaks
from tests.properties.row_cases import Move
from tests.properties.sources import Source
from tests.properties.step_cases import Rows, Send, SendList, Step
from tests.properties.venue_cases import pick_rules_of_bars, sometimes_unlimited

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    ActionKind,
    ActionOrders,
    AuctionLimit,
    AuctionRules,
    BasisPointsFee,
    BeyondBand,
    CorporateAction,
    ExtendedHours,
    FillAt,
    FreshnessConfig,
    LatencyConfig,
    LimitFill,
    ReplacePriority,
    RiskConfig,
    SelfMatchPolicy,
    StalePolicy,
    VenueConfig,
    WhileClosed,
    WhileHalted,
)
from offbook.domain.market_data import DataKind
from offbook.domain.orders import TimeInForce
from offbook.testing.markets import XYZ

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

RICH = AccountConfig(
    currency=XYZ.quote_currency, type=AccountType.MARGIN, leverage="10", initial_cash="100000000"
)
DAY = 86_400 * 10**9
MOST = 12 * 3600 * 10**9
AT = [FillAt.NEXT_OPEN, FillAt.THIS_CLOSE, FillAt.NEXT_CLOSE]
PLAIN = {
    "peg": "",
    "post_only": False,
    "hidden": False,
    "display": 0,
    "least": 0,
    "extended": False,
}
"""Without terms that only some orders have."""


def by_the_venue_alone(source: Source, setup: Setup) -> Setup:
    """Every third session, with the market's kinds, timeframe and start of the one that was
    made."""
    if source.pick([True, True, False]):
        return setup
    kinds = tuple(kind for kind in setup.kinds if setup.bars or kind is not DataKind.BARS)
    marked = DataKind.TRADES in kinds and source.pick([False, True, True])
    hours = _hours(source, setup) if marked or source.pick([False, True]) else ()
    listens = source.pick([True, True, False])
    made = replace(
        setup,
        alone=True,
        instrument=XYZ,
        price="",
        others=(),
        actions=_actions(source, setup),
        funding=(),
        settlements=(),
        account=RICH,
        risk=RiskConfig(),
        kinds=kinds,
        hours=hours,
        breaks=(),
        marked=marked,
        status=source.pick([False, False, True]),
        listener="on_" + "_".join(kind.value for kind in kinds) if listens else None,
    )
    lengths = source.pick([(0, 1, 2), (1, 2)])
    return with_breaks(source, replace(made, venue=_venue(source, made)), lengths)


def _hours(source: Source, setup: Setup) -> Hours:
    """Short days, so that there are many openings and closes; with bars of a day every other time
    those of an exchange, which may be open at the midnight that divides them."""
    if setup.timeframe >= DAY and source.pick([False, True]):
        opens = source.pick([9, 20]) * DAY // 24
        days = range(setup.start - DAY + opens, setup.start + 1200 * DAY, DAY)
        return tuple((at, at + DAY // 3) for at in days)
    length, pause = source.number(3, 9) * setup.timeframe, source.number(1, 2) * setup.timeframe
    first = setup.start + source.number(-2, 2) * setup.timeframe
    opens = range(first, first + 300 * (length + pause), length + pause)
    return tuple((at, at + length) for at in opens)


def _actions(source: Source, setup: Setup) -> tuple[CorporateAction, ...]:
    """None that ends the share; and every other time a split while orders are likely to be open."""
    clock = Clockwork(setup.start, setup.timeframe)
    actions = pick_actions(source, XYZ, clock)
    ex = clock.text(source.number(10, 80))
    split = CorporateAction(symbol=XYZ.symbol, kind=ActionKind.SPLIT, ex=ex, ratio="2:1")
    found = [*actions, *source.pick([[], [split]])]
    lasting = [one for one in found if one.kind is not ActionKind.DELISTING]
    return tuple({(one.kind, one.ex): one for one in lasting}.values())


def _venue(source: Source, setup: Setup) -> VenueConfig:
    bars, quotes = setup.bars, DataKind.QUOTES in setup.kinds
    delay = source.pick([0, 0, 0, 1, min(setup.timeframe // 2, 60 * 10**9)])
    latency = LatencyConfig(entry_ns=delay, response_ns=source.pick([0, delay]))
    made = VenueConfig(
        **(pick_rules_of_bars(source, latency) if bars else {}),
        fee=BasisPointsFee(maker="0", taker="10"),
        slippage=pick_slippage(source),
        latency=latency,
        volume_share=source.pick(["1", "0.1", "0.33333333"]),
        self_match=source.pick(list(SelfMatchPolicy)),
        freshness=_freshness(source, setup.timeframe) if quotes else None,
        limit_fill=source.pick(list(LimitFill)),
        replace_priority=source.pick(list(ReplacePriority)),
        fill_at=source.pick(AT if bars else [None]),
        action_orders=source.pick(list(ActionOrders)),
        auctions=_auctions(source, setup.timeframe),
        while_halted=source.pick(list(WhileHalted)) if setup.status else WhileHalted.QUEUE,
        beyond_band=source.pick(list(BeyondBand)) if setup.status else BeyondBand.WAIT,
        while_closed=source.pick([WhileClosed.QUEUE, *WhileClosed]),
        extended_hours=_extended(source, setup.timeframe) if setup.hours else None,
    )
    return sometimes_unlimited(made)


def _freshness(source: Source, timeframe: int) -> FreshnessConfig | None:
    """Mostly, and then often with an age of its own for the share."""
    ages = [1, timeframe // 4, timeframe // 2, timeframe]
    rule = FreshnessConfig(max_age_ns=source.pick(ages), policy=source.pick(list(StalePolicy)))
    own = msgspec.structs.replace(rule, by_symbol={XYZ.symbol: source.pick(ages)})
    return source.pick([None, rule, own])


def _auctions(source: Source, timeframe: int) -> AuctionRules:
    """Cut-offs of their own for openings and closes."""
    cutoffs = [0, 0, timeframe // 2, timeframe, 2 * timeframe]
    before_open, before_close = (min(source.pick(cutoffs), MOST) for _ in range(2))
    return AuctionRules(
        open_cutoff_ns=before_open,
        close_cutoff_ns=before_close,
        limit=source.pick(list(AuctionLimit)),
    )


def _extended(source: Source, timeframe: int) -> ExtendedHours | None:
    pre, post = (min(source.pick([0, 1, 2, 5]) * timeframe, MOST) for _ in range(2))
    return source.pick([None, ExtendedHours(pre_ns=pre, post_ns=post)])


# -- what is wished ---------------------------------------------------------------------------


def as_wished(setup: Setup, step: Step) -> Step:
    """A step of such a session: its orders have no flaw, and many are of a kind that is met but
    rarely.  Prices stay near those of its orders for the most part, and more prints are those of
    auctions."""
    if not setup.alone:
        return step
    if isinstance(step, Rows):
        return Rows(tuple(_near(setup, move) for move in step.moves))
    if isinstance(step, Send):
        return _aimed(setup, _sound(step))
    if isinstance(step, SendList):
        return _list_of(setup, replace(step, sends=tuple(map(_sound, step.sends))))
    return step


def _near(setup: Setup, move: Move) -> Move:
    """In every other session without auctions prices leap as they do elsewhere."""
    if abs(move.shift) > 1 and setup.has_auctions:
        move = replace(move, shift=move.shift % 3 - 1)
    elif abs(move.shift) > 3 and setup.seed % 2:
        move = replace(move, shift=move.shift % 5 - 2)
    marks = {0: "open", 1: "close"}
    return replace(move, mark=move.mark or marks.get(move.place, ""))


def _sound(send: Send) -> Send:
    return replace(send, flaw="", odd=0, name="new" if send.name == "old" else send.name)


def _list_of(setup: Setup, step: SendList) -> SendList:
    """The orders of a bracket keep their side and quantity, but not always their type."""
    return replace(step, sends=tuple(_aimed(setup, send) for send in step.sends))


def _aimed(setup: Setup, send: Send) -> Send:
    """For an auction; or on bars a stop that its trigger does not satisfy, or a limit within the
    reach of the next bar; or for extended hours."""
    price = None if send.price is None else send.price % 2
    if setup.has_auctions and send.stop in {0, 1, -1}:
        tif = TimeInForce.OPG if send.expire < 25 else TimeInForce.CLS
        return replace(send, **PLAIN, wait="", tif=tif, price=price)
    sign, lasting = send.side.sign, {**PLAIN, "tif": TimeInForce.GTC}
    if setup.bars and send.stop in {3, -3}:
        return replace(send, **lasting, wait="stop", stop=2 * sign, price=sign)
    if setup.bars and send.stop in {5, -5}:
        return replace(send, **lasting, wait="", price=-2 * sign)
    if setup.venue.extended_hours is not None and send.stop in {2, -2}:
        return replace(send, **{**lasting, "extended": True}, wait="", price=price or 0)
    return send
