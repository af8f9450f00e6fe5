"""What a session's journal says was asked of its venue, as inputs for an engine without a strategy.

The strategy's orders and the outside's become commands at their session times.  Orders that were
denied never left and are left out, as are those that closing down or a margin call sent: whoever
runs these steps closes down, and is called, on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.orders import (
    OrderListRequest,
    OrderRequest,
    OrderType,
    Origin,
    RejectReason,
    ReplaceRequest,
)
from offbook.domain.values import units_to_text
from offbook.engine.ledger.folding import instrument_of
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.venue.triggers import PERCENT_PRECISION
from offbook.services.paper_trading.journal_reader import END_OF_DATA

STRATEGY_ERROR: Final = "strategy_error"
_SENT: Final = (Origin.STRATEGY, Origin.OUTSIDE)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was asked, at session time ``ts``; ``command`` None is the end of the data.

    ``row`` is how many rows had been taken, None where the journal does not tell: then all rows of
    that moment.  ``closes`` tells of an order that could only reduce what the session held then,
    ``held`` (signed quantity units).
    """

    ts: int
    row: int | None
    command: c.Command | None
    symbol: str = ""
    closes: bool = False
    held: int = 0


class StepReader:
    """Makes steps of a session's records, taken one by one from the first; it folds them too."""

    def __init__(self) -> None:
        self.ledger = LedgerState()
        self.steps: list[Step] = []
        self._list: list[r.OrderSubmitted] = []
        self._place: tuple[int, int] | None = None
        """Where the last outside command was taken: time and row."""

    def take(self, record: r.Record) -> None:
        """The next record."""
        if self._list and not self._continues(record):
            self.finish()
        if isinstance(record, r.OrderSubmitted):
            self._submitted(record)
        elif isinstance(record, r.CommandTaken):
            self._place = (record.ts, record.row)
            if not isinstance(record.command, c.OrderCommand):
                self._add(record.ts, record.row, record.command)
        else:
            self._other(record)
        self.ledger.apply(record)

    def finish(self) -> None:
        """No record follows, or none of the same list."""
        if self._list:
            self._add_orders(self._list)
            self._list = []

    def _continues(self, record: r.Record) -> bool:
        name = self._list[0].order_list_id
        return isinstance(record, r.OrderSubmitted) and record.order_list_id == name

    def _submitted(self, record: r.OrderSubmitted) -> None:
        if record.origin not in _SENT:
            return
        if record.order_list_id is not None:
            self._list.append(record)
        else:
            self._add_orders([record])

    def _other(self, record: r.Record) -> None:
        match record:
            case r.CancelRequested(origin=origin) if origin in _SENT:
                self._cancel(record.ts, origin, record.order)
            case r.RequestDenied(origin=origin, replace=False, reason=RejectReason.ORDER_CLOSED):
                # It had ended here; before another venue it may be working still.
                self._cancel(record.ts, origin, record.order)
            case r.ReplaceRequested(origin=origin) if origin in _SENT:
                self._replace(record)
            case r.SessionPaused(reason=reason) if reason == STRATEGY_ERROR:
                self._add(record.ts, record.row, c.Pause(command_id=reason, orders=record.orders))
            case r.SessionStopping(reason=reason) if reason == STRATEGY_ERROR:
                self._add(record.ts, None, c.Stop(command_id=reason, reason=reason))
            case r.SessionPaused(reason=reason) | r.SessionStopped(reason=reason):
                if reason == END_OF_DATA:
                    self._add(record.ts, record.row, None)

    def _add(self, ts: int, row: int | None, command: c.Command | None) -> None:
        self.steps.append(Step(ts=ts, row=row, command=command))

    def _row(self, origin: Origin, ts: int) -> int | None:
        """An outside order stands right behind its command, which tells the row."""
        at = self._place
        return at[1] if origin is Origin.OUTSIDE and at is not None and at[0] == ts else None

    def _add_orders(self, records: Sequence[r.OrderSubmitted]) -> None:
        first = records[0]
        requests = tuple(self._request(record) for record in records)
        command_id = f"order {first.order}"
        command: c.Command
        if first.order_list_id is None or first.contingency_type is None:
            command = c.SubmitOrder(command_id=command_id, order=requests[0])
        else:
            command = c.SubmitOrderList(
                command_id=command_id,
                orders=OrderListRequest(
                    contingency_type=first.contingency_type,
                    orders=requests,
                    order_list_id=first.order_list_id,
                ),
            )
        held = self.ledger.position(first.symbol).qty
        self.steps.append(
            Step(
                ts=first.ts,
                row=self._row(first.origin, first.ts),
                command=command,
                symbol=first.symbol,
                closes=held * first.side.sign < 0 and first.order_qty <= abs(held),
                held=held,
            )
        )

    def _request(self, record: r.OrderSubmitted) -> OrderRequest:
        instrument = instrument_of(self.ledger, record.symbol)
        price = instrument.price_text
        shown, least, offset = record.display_qty, record.min_qty, record.peg_offset_px
        return OrderRequest(
            symbol=record.symbol,
            side=record.side,
            order_type=record.order_type,
            order_qty=instrument.qty_text(record.order_qty),
            time_in_force=record.time_in_force,
            price=_text(price, record.price_px),
            stop_px=_text(price, record.stop_px) if record.order_type.has_stop else None,
            trail_amount=_text(price, record.trail_px),
            trail_percent=_percent(record.trail_ratio),
            expire_time=record.expire_time,
            post_only=record.post_only,
            reduce_only=record.reduce_only,
            client_order_id=record.client_order_id,
            display_qty=msgspec.UNSET if shown is None else instrument.qty_text(shown),
            min_qty=instrument.qty_text(least) if least else msgspec.UNSET,
            extended_hours=record.extended_hours or msgspec.UNSET,
            peg=msgspec.UNSET if record.peg is None else record.peg,
            peg_offset=msgspec.UNSET if record.peg is None else price(offset),
        )

    def _cancel(self, ts: int, origin: Origin, ordinal: int) -> None:
        name = self.ledger.orders[ordinal].client_order_id
        command = c.CancelOrder(command_id=f"cancel {ordinal}", client_order_id=name)
        self._add(ts, self._row(origin, ts), command)

    def _replace(self, record: r.ReplaceRequested) -> None:
        order = self.ledger.orders[record.order]
        instrument, kind = instrument_of(self.ledger, order.symbol), order.order_type
        price = instrument.price_text
        trails = kind is OrderType.TRAILING_STOP
        terms = ReplaceRequest(
            order_qty=instrument.qty_text(record.order_qty),
            price=_text(price, record.price_px) if kind.has_limit else None,
            stop_px=_text(price, record.stop_px) if kind.has_stop else None,
            trail_amount=_text(price, record.trail_px) if trails else None,
            trail_percent=_percent(record.trail_ratio) if trails else None,
        )
        command = c.ReplaceOrder(
            command_id=f"replace {record.order}",
            client_order_id=order.client_order_id,
            terms=terms,
        )
        self._add(record.ts, self._row(record.origin, record.ts), command)


def _text(form: Callable[[int], str], px: int | None) -> str | None:
    return None if px is None else form(px)


def _percent(ratio: int | None) -> str | None:
    return None if ratio is None else units_to_text(ratio, PERCENT_PRECISION)
