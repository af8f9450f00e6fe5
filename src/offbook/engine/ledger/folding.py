"""What records alone give: a complete ledger, its summary, its orders, and an end for a session
that can trade no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.commands import Stop
from offbook.domain.errors import EngineFault
from offbook.domain.instruments import Instrument
from offbook.domain.orders import CancelReason, OrderStatus, OrderType, OrderView
from offbook.domain.records import Record
from offbook.domain.session import SessionSummary
from offbook.domain.values import Amount, amount_text, share_of, units_to_text
from offbook.engine.account.accounts import CASH
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import ZERO, OrderState
from offbook.engine.venue.triggers import percent_text

_PLAIN: Final = (OrderType.LIMIT, OrderType.MARKET)


def fold(records: Iterable[Record]) -> LedgerState:
    """The ledger after a session's records, in order from the first.

    Raises EngineFault when they are not one session's dense sequence.
    """
    ledger = LedgerState()
    for record in records:
        ledger.apply(record)
    return ledger


def instrument_of(ledger: LedgerState, symbol: str) -> Instrument:
    """An instrument of the session's market. Raises EngineFault for an unknown symbol."""
    if ledger.attached is not None:
        for instrument in ledger.attached.market.instruments:
            if instrument.symbol == symbol:
                return instrument
    raise EngineFault(f"the session's market has no {symbol}", reason="unknown_symbol")


def summary_of(
    ledger: LedgerState, equity: Amount | None = None, margin_used: Amount = ZERO
) -> SessionSummary:
    """The account of a ledger.

    Without ``equity`` (which needs the last prices) it is that of the final record, else cash
    and positions at cost, other currencies at the last rate that a record tells.
    """
    if ledger.stopped is not None and equity is None:
        margin_used = ledger.stopped.margin_used
    if ledger.attached is None:
        zero = Amount(0)
        return SessionSummary(cash=zero, equity=zero, fees=zero, realized=zero)
    if equity is None:
        equity = _at_cost(ledger) if ledger.stopped is None else ledger.stopped.equity
    cash = ledger.balances.get(f"{CASH}|{ledger.account_currency}", ZERO)
    if equity == cash:
        equity = cash  # as of most sessions: ten thousand of them may be kept
    return SessionSummary(
        cash=cash,
        balances=ledger.cash(),
        margin_used=margin_used,
        equity=equity,
        fees=ledger.fees,
        realized=ledger.realized,
        income=ledger.events.income,
        orders=len(ledger.orders),
        fills=ledger.fills,
        open_orders=len(ledger.open_orders),
        denied=_count(ledger, "denied:"),
        rejected=_count(ledger, "rejected:"),
        positions=_open_positions(ledger) if ledger.positions else {},
    )


def _open_positions(ledger: LedgerState) -> dict[str, str]:
    return {
        symbol: instrument_of(ledger, symbol).qty_text(position.qty)
        for symbol, position in ledger.positions.items()
        if position.qty
    }


def _at_cost(ledger: LedgerState) -> Amount:
    total = sum(_worth(ledger, amount, currency) for currency, amount in ledger.money().items())
    for symbol, position in ledger.positions.items():
        instrument = instrument_of(ledger, symbol)
        cost = position.cost if (position.qty > 0) is not instrument.is_inverse else -position.cost
        total += _worth(ledger, cost, instrument.settle_currency)
    return Amount(total)


def _worth(ledger: LedgerState, amount: int, currency: str) -> int:
    if currency == ledger.account_currency:
        return amount
    numerator, denominator = ledger.rates.get(currency, (0, 1))
    return amount * numerator // denominator


def _count(ledger: LedgerState, prefix: str) -> int:
    refusals = ledger.refusals
    if not refusals:
        return 0
    return sum(count for key, count in refusals.items() if key.startswith(prefix))


def order_view(order: OrderState, instrument: Instrument) -> OrderView:
    """An order as it is shown. The average price is rounded to the stored decimals plus four."""
    qty = instrument.qty_text(order.order_qty)
    average, traded, leaves = None, "0", "0" if order.status.is_terminal else qty
    if order.cum_qty:
        places = instrument.price_precision + 4
        price, of = instrument.average_px(int(order.cum_notional), order.cum_qty)
        units = share_of(price, 10**places, of)
        average = units_to_text(units, places, trim=False)
        traded = instrument.qty_text(order.cum_qty)
        leaves = instrument.qty_text(order.leaves_qty)
    view = OrderView(
        client_order_id=order.client_order_id,
        order_id=order.venue_order_id,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        order_status=order.status,
        order_qty=qty,
        cum_qty=traded,
        leaves_qty=leaves,
        price=None if order.price_px is None else instrument.price_text(order.price_px),
        avg_px=average,
        fees=amount_text(order.fees) if order.fees else "0",
        reduce_only=order.reduce_only,
        submitted_ts=order.submitted_ts,
    )
    return view if _is_plain(order) else _with_more(view, order, instrument)


def _is_plain(order: OrderState) -> bool:
    """Whether there is no more to show of an order than of every other, as nearly always."""
    return (
        order.order_type in _PLAIN
        and order.expire_time is None
        and order.order_list_id is None
        and order.reason is None
        and order.display_qty is None
        and not (order.post_only or order.min_qty or order.extended_hours)
    )


def _with_more(view: OrderView, order: OrderState, instrument: Instrument) -> OrderView:
    """With what few orders have."""
    return msgspec.structs.replace(
        view,
        stop_px=_price_text(order.stop_px, instrument),
        trail_amount=_price_text(order.trail_px, instrument),
        trail_percent=None if order.trail_ratio is None else percent_text(order.trail_ratio),
        triggered=order.triggered,
        expire_time=order.expire_time,
        post_only=order.post_only,
        order_list_id=order.order_list_id,
        contingency_type=order.contingency_type,
        reason=None if order.status is OrderStatus.FILLED else order.reason,
        display_qty=None if order.display_qty is None else instrument.qty_text(order.display_qty),
        min_qty=instrument.qty_text(order.min_qty) if order.min_qty else None,
        extended_hours=order.extended_hours,
        peg=order.peg,
        peg_offset=None if order.peg is None else _offset_text(order.peg_offset_px, instrument),
    )


def _offset_text(units: int, instrument: Instrument) -> str:
    return units_to_text(units, instrument.price_precision)


def _price_text(units: int | None, instrument: Instrument) -> str | None:
    return None if units is None else instrument.price_text(units)


def stop_by_fold(records: Iterable[Record], command: Stop) -> list[Record]:
    """The records that end a failed session: its open orders canceled, its account as it stands.

    Positions are valued at cost, for no market is asked.  Raises EngineFault when the records do
    not fold.
    """
    ledger = fold(records)
    made: list[Record] = []

    def add(record: Record) -> None:
        ledger.apply(record)
        made.append(record)

    ts = ledger.ts
    add(r.CommandTaken(ledger.seq + 1, ts, row=ledger.row, command=command))
    for order in ledger.working():
        add(
            r.OrderCanceled(
                ledger.seq + 1, ts, order=order.ordinal, reason=CancelReason.STOPPED, due=ts
            )
        )
    summary = summary_of(ledger)
    add(
        r.SessionStopped(
            ledger.seq + 1,
            ts,
            reason=command.reason,
            row=ledger.row,
            cash=summary.cash,
            balances=summary.balances,
            equity=summary.equity,
            margin_used=summary.margin_used,
            marks=(),
        )
    )
    return made
