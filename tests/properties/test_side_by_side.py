"""What random sessions come by rarely, and the reference once got wrong: told step by step."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from tests.properties.market_cases import Setup
from tests.properties.other_cases import ABC
from tests.properties.row_cases import Move
from tests.properties.side_by_side import SideBySide
from tests.properties.step_cases import Ask, End, Rows, Send, SendList, Step

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    ActionKind,
    BasisPointsFee,
    CorporateAction,
    LatencyConfig,
    LifecycleConfig,
    MarginMode,
    RiskConfig,
    SelfMatchPolicy,
    VenueConfig,
)
from offbook.domain.market_data import DataKind
from offbook.domain.orders import ContingencyType, OrderSide, TimeInForce
from offbook.testing.markets import SECOND, START, XYZ

SHARES = Setup(
    instrument=XYZ,
    venue=VenueConfig(
        fee=BasisPointsFee(maker="0", taker="10"),
        latency=LatencyConfig(entry_ns=0, response_ns=0),
    ),
    risk=RiskConfig(),
    lifecycle=LifecycleConfig(),
    account=AccountConfig(currency="USD", initial_cash="10000"),
    kinds=(DataKind.QUOTES,),
    timeframe=SECOND,
    start=START,
    hours=(),
    clock_stops=False,
    listener="on_quotes",
)
"""Quotes of a share, one a second."""


def quote(shift: int, bid_size: int, *, place: int = 0) -> Rows:
    """A second later, by so many ticks higher; of the first instrument, or the second."""
    return Rows((Move(10, shift, 1, bid_size, 50, 0, 0, place=place),))


def send(side: OrderSide, qty: int, *, trail: int = 0, place: int = 0) -> Send:
    """At market, at once or ``trail`` ticks behind it."""
    return Send(
        side=side, qty=qty, odd=0, price=None, wait="trail" if trail else "", stop=trail - 1,
        tif=TimeInForce.GTC, expire=0, post_only=False, reduce_only=False, name="new", flaw="",
        when=0, place=place,
    )  # fmt: skip


def compared(setup: Setup, steps: list[Step]) -> SideBySide:
    """Both, after all steps and the end."""
    pair = SideBySide(setup)
    for step in [*steps, End()]:
        pair.step(step)
    pair.replay()
    return pair


def test_a_trailing_stop_that_was_triggered_is_replaced_after_a_split() -> None:
    """Where it was triggered is told in the shares of by then."""
    split = CorporateAction(
        symbol="XYZ", kind=ActionKind.SPLIT, ex="2024-01-02T14:30:04.500000+00:00", ratio="4:1"
    )
    pair = compared(
        replace(SHARES, actions=(split,)),
        [
            quote(0, 50),
            send(OrderSide.BUY, 5),
            send(OrderSide.SELL, 5, trail=6),
            quote(13, 50),
            quote(-170, 2),
            quote(0, 0),
            quote(0, 0),
            quote(-7500, 0),
            Ask(which=0, ended=False, replace=True, qty=9, price=None, stop=None, when=0),
            quote(0, 50),
        ],
    )
    assert pair.counts["OrderTriggered"] == pair.counts["OrderAdjusted"] == 1
    assert pair.counts["OrderReplaced"] == 1, pair.counts


def test_two_isolated_positions_are_liquidated_at_once() -> None:
    """Each is insured for what its own closing was charged: the second within that of the first."""
    account = AccountConfig(
        currency="USD",
        initial_cash="10000",
        type=AccountType.MARGIN,
        leverage="10",
        maintenance_margin="0.004",
        margin_mode=MarginMode.ISOLATED,
    )
    first = replace(SHARES, account=account)
    pair = compared(
        replace(first, others=(replace(first, instrument=ABC),)),
        [
            quote(0, 50),
            quote(0, 50, place=1),
            send(OrderSide.BUY, 5),
            send(OrderSide.BUY, 5, place=1),
            quote(-2000, 2),
            quote(-1500, 50, place=1),
            quote(0, 50),
        ],
    )
    assert pair.counts["LiquidationBegan-several"] == pair.counts["LiquidationEnded"] == 2
    assert pair.counts["FlowPaid"] == 2, pair.counts


def test_a_replace_comes_to_one_of_a_list_that_was_refused() -> None:
    """It met the first of its own list, which works on and alone holds what the two had held."""
    venue = msgspec.structs.replace(
        SHARES.venue,
        latency=LatencyConfig(entry_ns=1, response_ns=1),
        self_match=SelfMatchPolicy.CANCEL_ARRIVING,
    )
    account = AccountConfig(
        currency="USD", initial_cash="10000", type=AccountType.MARGIN, leverage="10"
    )
    pair = compared(
        replace(SHARES, venue=venue, account=account, listener=None),
        [
            Rows((Move(10, 0, 2, 50, 50, 0, 0),)),
            SendList(
                kind=ContingencyType.OCO,
                sends=(
                    replace(send(OrderSide.BUY, 5), price=1),
                    replace(send(OrderSide.SELL, 5), price=1),
                ),
                when=0,
            ),
            Ask(which=0, ended=False, replace=True, qty=4, price=None, stop=None, when=0),
            quote(0, 50),
        ],
    )
    assert pair.counts["SELF_MATCH"] == pair.counts["OrderAccepted"] == 1, pair.counts
    assert pair.counts["ReplaceRejected"] == 1, pair.counts
