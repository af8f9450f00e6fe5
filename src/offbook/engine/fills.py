"""One trade: what it costs, what it moves, and the evidence for it."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.errors import EngineFault
from offbook.domain.identifiers import EXECUTION, derived_id
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, Quote
from offbook.domain.orders import ExecType, Liquidity, OrderSide
from offbook.domain.record_parts import Evidence, Posting
from offbook.domain.values import Amount, share_of
from offbook.engine.agenda import ReportArrives
from offbook.engine.kernel import Kernel
from offbook.engine.ledger import CASH, FEES, HOLDINGS, VENUE
from offbook.engine.models.fees import booked
from offbook.engine.state import OrderState, PositionState


class Filler:
    """Makes the record of a fill: charges, bookings, position, reservation, report."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def reserve(self, order: OrderState, open_qty: int, reserve_px: int) -> int:
        """What an order must hold for ``open_qty`` still to trade (10**-18)."""
        reducing_buy = order.reduce_only and order.side is OrderSide.BUY
        if order.status.is_terminal or open_qty <= 0 or reducing_buy:
            return 0
        return self._reserve(order, open_qty, reserve_px, int(order.fee_accrued), order.fees)

    def _reserve(
        self, order: OrderState, open_qty: int, reserve_px: int, accrued: int, paid: int
    ) -> int:
        instrument = self._kernel.instrument(order.symbol)
        if order.side is OrderSide.SELL:
            return open_qty * instrument.qty_scale
        return self._kernel.risk.cash_reserve(open_qty, reserve_px, instrument, accrued, paid)

    def fill(
        self, order: OrderState, qty: int, px: int, liquidity: Liquidity, evidence: Evidence
    ) -> bool:
        """Trade ``qty`` at ``px``; False, with nothing changed, when the cash does not reach.

        That can be only for a market buy beyond the collar at which it reserved.
        """
        kernel = self._kernel
        instrument = kernel.instrument(order.symbol)
        notional = qty * px * instrument.notional_scale
        accrued = int(order.fee_accrued)
        accrued += kernel.fees.accrue(notional, liquidity, accrued)
        fee = booked(accrued, instrument.charge_unit) - order.fees
        if order.side is OrderSide.SELL:
            fee = min(fee, notional)  # a sell pays its charges out of what it brings
        held = self._held_after(order, qty, accrued, fee, notional)
        if held is None:
            return False
        position, realized = _traded(
            kernel.ledger.position(order.symbol), order.side.sign * qty, notional
        )
        leaves = order.order_qty - order.cum_qty - qty
        due = kernel.response_due(order.ordinal)
        record = kernel.emit(
            r.OrderFilled,
            order=order.ordinal,
            exec_id=derived_id(kernel.config.seed, EXECUTION, kernel.ledger.fills + 1),
            symbol=order.symbol,
            side=order.side,
            last_qty=qty,
            last_px=px,
            liquidity=liquidity,
            cum_qty=order.cum_qty + qty,
            leaves_qty=leaves,
            cum_notional=Amount(order.cum_notional + notional),
            fee=Amount(fee),
            fee_accrued=str(accrued),
            reserved=Amount(held),
            realized=Amount(realized),
            position_qty=position.qty,
            position_cost=position.cost,
            postings=_postings(order.side, notional, qty, fee, instrument),
            evidence=evidence,
            due=due,
        )
        self._report(order, record, due)
        return True

    def _held_after(
        self, order: OrderState, qty: int, accrued: int, fee: int, notional: int
    ) -> int | None:
        """What stays reserved after a fill, or None when the account cannot pay for it."""
        open_qty = order.order_qty - order.cum_qty
        if order.side is OrderSide.SELL:
            scale = self._kernel.instrument(order.symbol).qty_scale
            return max(0, order.reserved - qty * scale) if open_qty > qty else 0
        before = self.reserve(order, open_qty, order.reserve_px)
        after = self._reserve(order, open_qty - qty, order.reserve_px, accrued, order.fees + fee)
        held = max(0, order.reserved - (before - after)) if open_qty > qty else 0
        currency = self._kernel.ledger.account_currency
        left = self._kernel.ledger.available(currency) + order.reserved - notional - fee
        return None if left < 0 else min(held, left)

    def _report(self, order: OrderState, record: r.OrderFilled, due: int) -> None:
        cash = sum(p.amount for p in record.postings if p.account == CASH)
        self._kernel.send_report(
            due,
            ReportArrives(
                order=order.ordinal,
                exec_type=ExecType.TRADE if record.leaves_qty else ExecType.FILL,
                at=record.ts,
                cum_qty=record.cum_qty,
                cum_notional=str(record.cum_notional),
                order_qty=order.order_qty,
                price_px=order.price_px,
                reserved=str(order.reserved),
                last_qty=record.last_qty,
                last_px=record.last_px,
                fee=str(record.fee),
                cash_delta=str(Amount(cash)),
                position_qty=record.position_qty,
                position_cost=str(record.position_cost),
                maker=record.liquidity is Liquidity.ADDED,
            ),
        )


def _traded(position: PositionState, signed_qty: int, notional: int) -> tuple[PositionState, int]:
    """The position after a trade and what it realized, by average cost."""
    held = position.qty
    if held == 0 or (held > 0) == (signed_qty > 0):
        return PositionState(qty=held + signed_qty, cost=Amount(position.cost + notional)), 0
    size = abs(signed_qty)
    if size > abs(held):
        raise EngineFault("a fill would flip a position", reason="position_flip")
    out = share_of(position.cost, size, abs(held))
    realized = notional - out if held > 0 else out - notional
    return PositionState(qty=held + signed_qty, cost=Amount(position.cost - out)), realized


def _postings(
    side: OrderSide, notional: int, qty: int, fee: int, instrument: Instrument
) -> tuple[Posting, ...]:
    money, base = instrument.quote_currency, instrument.base
    paid, got = side.sign * notional, side.sign * qty * instrument.qty_scale
    postings = [
        Posting(CASH, money, Amount(-paid)),
        Posting(VENUE, money, Amount(paid)),
        Posting(HOLDINGS, base, Amount(got)),
        Posting(VENUE, base, Amount(-got)),
    ]
    if fee:
        postings += [Posting(CASH, money, Amount(-fee)), Posting(FEES, money, Amount(fee))]
    return tuple(postings)


def quote_evidence(quote: Quote, model: str, rule: str, available: int) -> Evidence:
    """The quote that a fill traded against."""
    return Evidence(
        row=quote.row,
        row_ts=quote.ts,
        model=model,
        rule=rule,
        available_qty=available,
        ts_event=quote.ts_event,
        bid_px=quote.bid_px,
        ask_px=quote.ask_px,
        bid_qty=quote.bid_qty,
        ask_qty=quote.ask_qty,
    )


def bar_evidence(bar: Bar, model: str, rule: str, available: int) -> Evidence:
    """The bar that a fill traded against."""
    return Evidence(
        row=bar.row,
        row_ts=bar.ts,
        model=model,
        rule=rule,
        available_qty=available,
        ts_open=bar.ts_open,
        open_px=bar.open_px,
        high_px=bar.high_px,
        low_px=bar.low_px,
        close_px=bar.close_px,
        volume_qty=bar.volume_qty,
    )
