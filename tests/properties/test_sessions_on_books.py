"""Sessions on books against the plain reference: records, money, levels and places, after each
step; and what is wrong in the engine is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.properties.campaign import Tally, case_on_books, run_case
from tests.properties.row_cases import Move
from tests.properties.side_by_side import SideBySide
from tests.properties.step_cases import End, Rows, Step
from tests.properties.test_side_by_side import SHARES, send

from offbook.domain.market_data import DataKind
from offbook.domain.orders import CancelReason, OrderSide
from offbook.engine.account.cash_funds import CashFunds
from offbook.engine.venue.fills import Filler
from offbook.engine.venue.matching_depth import DepthMatching
from offbook.engine.venue.taken_levels import TakenLevels

CASES = (36, 37, 48, 85, 86, 96, 173, 177, 220, 250, 251, 287, 323, 332, 389)
"""Sessions of a campaign in which all of these come about."""
RARE = (
    "AUCTION_CUTOFF",
    "DailyLossReached",
    "FlowAccrued",
    "HALTED",
    "LiquidationBegan",
    "LiquidationEnded",
    "MARKET_CLOSED",
    "MarginCalled",
    "OrderAdjusted",
    "OrderRepegged",
    "OrderReplaced",
    "OrderTriggered",
    "PRICE_BAND",
    "PositionDelisted",
    "PositionRestated",
    "PositionSettled",
    "ReservationsMoved",
    "SELF_MATCH",
    "STALE_MARKET_DATA",
    "SettlementDone",
    "WOULD_TAKE",
    "fills:SquareRootSlippage",
    "fills:best level",
    "fills:book-cash",
    "fills:book-depth",
    "fills:book-fifo",
    "fills:book-log",
    "fills:book-margin",
    "fills:book-orders",
    "fills:book-power 3",
    "fills:book-pro_rata",
    "fills:book-snapshot",
    "fills:book-updates",
    "fills:deep level",
    "fills:front of the queue",
    "fills:incomplete book",
    "fills:late",
    "fills:level taken from",
    "fills:moving rate",
    "fills:other hours",
    "fills:others",
    "fills:print beyond",
    "fills:queue ahead",
    "fills:several-isolated",
    "fills:several-kinds",
    "fills:several-portfolio",
    "fills:whole_shares",
    "symbol-change",
)
"""Records, refusals and fills without which a comparison had left something out."""

ON_A_BOOK = replace(SHARES, kinds=(DataKind.DEPTH,), listener="on_depth")


def book(shift: int, size: int, other: int) -> Rows:
    """A message a second later, so many ticks higher; of the first, all levels are told."""
    return Rows((Move(10, shift, 2, size, other, 0, 0),))


STEPS: tuple[Step, ...] = (
    book(0, 5, 3),
    replace(send(OrderSide.BUY, 5), price=2),  # takes 3 at the best ask, and rests
    send(OrderSide.BUY, 6),  # which has the next two levels, for nothing is left there
    book(-2, 5, 1),  # one more of the rest
    send(OrderSide.SELL, 4),
    book(-1, 9, 9),
    End(),
)


def play() -> SideBySide:
    """Both, after all of these."""
    pair = SideBySide(ON_A_BOOK)
    for step in STEPS:
        pair.step(step)
    pair.replay()
    return pair


def test_a_session_on_a_book_is_that_of_the_reference() -> None:
    """Fills at two levels, of what comes to a resting order, and of bids; else what follows would
    prove nothing."""
    pair = play()
    assert pair.counts["OrderFilled"] >= 4
    assert pair.counts["fills:deep level"] >= 1


Real = Callable[..., Any]


def _fees_twice(real: Real) -> Real:
    def deal(*given: Any) -> Any:
        made, rate = real(*given)
        changed = {"fee": 2 * made.fee, "cash": made.cash - made.fee}
        return msgspec.structs.replace(made, **changed), rate

    return deal


def _keeps_its_hold(real: Real) -> Real:
    def after_fill(funds: Any, order: Any, deal: Any, instrument: Any) -> Any:
        held = real(funds, order, deal, instrument)
        is_part = order.order_qty - order.cum_qty > deal.qty
        return order.reserved if is_part and not isinstance(held, CancelReason) else held

    return after_fill


def _forgets(_: Real) -> Real:
    return lambda *given: None


def _first_level_alone(real: Real) -> Real:
    return lambda *given: real(*given)[:1]


@pytest.mark.parametrize(
    ("owner", "name", "wrong"),
    [
        (Filler, "_deal", _fees_twice),
        (CashFunds, "after_fill", _keeps_its_hold),
        (TakenLevels, "take", _forgets),
        (DepthMatching, "_offered", _first_level_alone),
    ],
    ids=["fees", "holds", "taken", "walk"],
)
def test_what_is_wrong_is_noticed(
    monkeypatch: pytest.MonkeyPatch, owner: type[Any], name: str, wrong: Callable[[Real], Real]
) -> None:
    """Charged twice, held though it has traded, taken and had again, one level of several."""
    monkeypatch.setattr(owner, name, wrong(getattr(owner, name)))
    with pytest.raises(AssertionError):
        play()


def test_sessions_on_books_in_which_rare_things_happen_are_without_divergence() -> None:
    """And these do happen in them."""
    tally = Tally()
    found = [run_case(*case_on_books(6, number), tally) for number in CASES]
    assert [wrong for wrong in found if wrong] == []
    assert [kind for kind in RARE if not tally.counts[kind]] == []


def test_what_its_list_leaves_of_an_order_shares_in_a_print() -> None:
    """Pro rata: the other of its list, which has of the same print first, leaves one of five."""
    assert run_case(*case_on_books(71, 1028), Tally()) is None


def test_what_is_taken_after_a_gap_that_was_passed_over_is_of_the_new_book() -> None:
    """It is forgotten with its level; the gap had come in a message that concerned nobody."""
    assert run_case(*case_on_books(303, 324), Tally()) is None
