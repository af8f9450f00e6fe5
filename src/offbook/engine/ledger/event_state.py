"""What records of corporate actions and of money without trades leave in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from offbook.domain.action_records import (
    FlowAccrued,
    FlowPaid,
    FlowReason,
    OrderAdjusted,
    PositionDelisted,
    PositionRestated,
    PositionSettled,
    SettlementDone,
    SettlementPending,
)
from offbook.domain.margin_records import LiquidationBegan, LiquidationEnded, MarginDrawn
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CASH, HOLDINGS
from offbook.engine.ledger.lists import hold, split_in_list
from offbook.engine.ledger.state import ZERO, PositionState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from offbook.domain.instruments import Instrument
    from offbook.engine.ledger.ledger import LedgerState
    from offbook.engine.strategy.view import ReportedPosition


_OF_CLOSING: Final = (FlowReason.LIQUIDATION_FEE, FlowReason.FUNDING)
"""What closing an isolated position costs beside the charges of its fills."""


class Restated(msgspec.Struct, kw_only=True):
    """The ratios by which the price of one row was restated, one after the other."""

    row: int
    ratios: list[tuple[int, int]]


class LiquidationState(msgspec.Struct, kw_only=True):
    """An isolated position that is being closed: the margin that may be lost, what it had realized
    before, the first order that may close it, and what was charged for it as a liquidation and as
    funding meanwhile, all in its own currency."""

    margin: Amount
    realized: Amount
    first_order: int
    charged: Amount = ZERO


class DrawnState(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is out of the margin of an isolated position, in its own currency, and its quantity when
    that was told."""

    qty: int
    amount: Amount


class EventState(msgspec.Struct, kw_only=True):
    """``income`` is what came without trades, in the account's currency, ``accrued`` what of it
    waits to be paid, by currency.  ``restated``: last prices as of before a split; ``changed``:
    when open orders of a symbol were last adjusted; ``ended``: symbols that trade no more.

    ``contracts``: symbols of which only gains are paid, with the currency of these and whether they
    are inverse.

    ``liquidations``: isolated positions that are being closed; ``drawn``: what is out of the
    margins of others.

    ``pending``: proceeds that have not settled, by currency, the last of them at ``settles``;
    ``unsettled``: what may not be used for that, by account and currency."""

    income: Amount = ZERO
    accrued: dict[str, Amount] = {}
    restated: dict[str, Restated] = {}
    changed: dict[str, int] = {}
    ended: dict[str, str] = {}
    contracts: dict[str, tuple[str, bool]] = {}
    liquidations: dict[str, LiquidationState] = {}
    drawn: dict[str, DrawnState] = {}
    pending: dict[str, Amount] = {}
    settles: dict[str, int] = {}
    unsettled: dict[str, Amount] = {}


def contracts_of(instruments: Iterable[Instrument]) -> dict[str, tuple[str, bool]]:
    """Those of which only gains and losses are paid, and in what."""
    return {
        one.symbol: (one.settle_currency, one.is_inverse)
        for one in instruments
        if one.contract is not msgspec.UNSET
    }


def add_unpaid(
    cash: dict[str, Amount],
    contracts: dict[str, tuple[str, bool]],
    positions: Mapping[str, PositionState | ReportedPosition],
) -> None:
    """Count what open contracts were bought for, and never paid, as if it had been: so cash and
    the value of what is held make the equity, of contracts as of anything else."""
    for symbol, (currency, is_inverse) in contracts.items():
        position = positions.get(symbol)
        if position is not None and position.qty:
            owes = (position.qty > 0) is not is_inverse
            cost = -position.cost if owes else position.cost
            cash[currency] = Amount(cash.get(currency, ZERO) + cost)


def _restated(ledger: LedgerState, record: PositionRestated) -> None:
    events = ledger.events
    if record.new_symbol != record.symbol:
        events.ended[record.symbol] = record.new_symbol
        old = ledger.position(record.symbol)
        old.qty, old.cost = 0, ZERO
    known = events.restated.get(record.symbol)
    if known is None or known.row != record.last_row:
        known = events.restated[record.symbol] = Restated(row=record.last_row, ratios=[])
    known.ratios.append((record.numerator, record.denominator))
    events.changed[record.symbol] = record.ts
    drawn = events.drawn.pop(record.symbol, None)
    if drawn is not None and record.position_qty:
        events.drawn[record.new_symbol] = DrawnState(qty=record.position_qty, amount=drawn.amount)
    if record.position_qty or record.realized or record.new_symbol in ledger.positions:
        new = ledger.positions.setdefault(record.new_symbol, PositionState())
        new.qty, new.cost = record.position_qty, record.position_cost
        new.realized = Amount(new.realized + record.realized)
    ledger.realized = Amount(ledger.realized + record.worth)
    ledger.book(record.postings)


def _delisted(ledger: LedgerState, record: PositionDelisted) -> None:
    ledger.events.ended[record.symbol] = ""
    ledger.events.changed[record.symbol] = record.ts
    ledger.events.drawn.pop(record.symbol, None)
    position = ledger.position(record.symbol)
    position.qty, position.cost = 0, ZERO
    position.realized = Amount(position.realized + record.realized)
    ledger.realized = Amount(ledger.realized + record.worth)
    ledger.book(record.postings)


def _marked(ledger: LedgerState, record: PositionSettled) -> None:
    if record.expired:
        ledger.events.ended[record.symbol] = ""
        ledger.events.changed[record.symbol] = record.ts
        ledger.events.drawn.pop(record.symbol, None)
    position = ledger.positions.setdefault(record.symbol, PositionState())
    position.qty, position.cost = record.position_qty, record.position_cost
    position.realized = Amount(position.realized + record.realized)
    ledger.realized = Amount(ledger.realized + record.worth)
    ledger.book(record.postings)


def _adjusted(ledger: LedgerState, record: OrderAdjusted) -> None:
    order = ledger.orders[record.order]
    order.order_qty = record.order_qty
    if order.held:
        order.list_qty = record.order_qty  # of which it gets its share
    elif record.list_ratio is not None:
        split_in_list(order, record.list_ratio)
    order.price_px = record.price_px
    order.stop_px = record.stop_px
    order.trail_px = record.trail_px
    order.trail_ratio = record.trail_ratio
    order.reserve_px = record.reserve_px
    order.display_qty = record.display_qty
    order.min_qty = record.min_qty
    order.cap_px = record.cap_px
    order.peg_offset_px = record.peg_offset_px
    ledger.events.changed[order.symbol] = record.ts
    hold(ledger, order, record.reserved)


def _accrued(ledger: LedgerState, record: FlowAccrued) -> None:
    ledger.events.income = Amount(ledger.events.income + record.worth)
    _add(ledger.events.accrued, record.currency, record.amount)
    closing = ledger.events.liquidations.get(record.symbol or "")
    if closing is not None and record.reason in _OF_CLOSING:
        closing.charged = Amount(closing.charged - record.amount)
    ledger.book(record.postings)


def _drawn(ledger: LedgerState, record: MarginDrawn) -> None:
    if record.amount:
        state = DrawnState(qty=record.qty, amount=record.amount)
        ledger.events.drawn[record.symbol] = state
    else:
        ledger.events.drawn.pop(record.symbol, None)


def _began(ledger: LedgerState, record: LiquidationBegan) -> None:
    ledger.events.liquidations[record.symbol] = LiquidationState(
        margin=record.margin,
        realized=ledger.position(record.symbol).realized,
        first_order=len(ledger.orders) + 1,
    )


def _ended(ledger: LedgerState, record: LiquidationEnded) -> None:
    del ledger.events.liquidations[record.symbol]


def _paid(ledger: LedgerState, record: FlowPaid) -> None:
    _add(ledger.events.accrued, record.currency, -record.amount)
    ledger.book(record.postings)


def _pending(ledger: LedgerState, record: SettlementPending) -> None:
    _hold_back(ledger.events, record, 1)
    known = ledger.events.settles.get(record.currency, 0)
    ledger.events.settles[record.currency] = max(known, record.settles)


def _settled(ledger: LedgerState, record: SettlementDone) -> None:
    _hold_back(ledger.events, record, -1)


def _hold_back(events: EventState, record: SettlementPending | SettlementDone, sign: int) -> None:
    _add(events.pending, record.currency, sign * record.amount)
    if record.waits:
        _add(events.unsettled, f"{CASH}|{record.currency}", sign * record.amount)
        _add(events.unsettled, f"{HOLDINGS}|{record.base}", sign * record.base_amount)


def _add(amounts: dict[str, Amount], key: str, amount: int) -> None:
    """More or less of something; nothing is not kept."""
    left = Amount(amounts.get(key, ZERO) + amount)
    if left:
        amounts[key] = left
    else:
        amounts.pop(key, None)


EVENT_FOLDS: dict[type[Any], Callable[[LedgerState, Any], None]] = {
    PositionRestated: _restated,
    PositionDelisted: _delisted,
    PositionSettled: _marked,
    OrderAdjusted: _adjusted,
    LiquidationBegan: _began,
    LiquidationEnded: _ended,
    MarginDrawn: _drawn,
    FlowAccrued: _accrued,
    FlowPaid: _paid,
    SettlementPending: _pending,
    SettlementDone: _settled,
}
