"""One trade: what it costs, what it moves, and the evidence for it."""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.config import SlippageBound
from offbook.domain.errors import EngineFault
from offbook.domain.identifiers import EXECUTION, derived_id
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.orders import BUY, SELL, CancelReason, ExecType, Liquidity, OrderSide
from offbook.domain.record_parts import Conversion, Evidence, Posting
from offbook.domain.values import Amount, added, share_of
from offbook.engine.account.accounts import CASH, CLEARING, FEES, HOLDINGS, VENUE
from offbook.engine.account.funds import Deal, traded_by
from offbook.engine.account.liquidation_fee import LiquidationFee
from offbook.engine.account.margin_draws import MarginDraws
from offbook.engine.account.postings import moved
from offbook.engine.account.settlement import Settlement
from offbook.engine.account.valuation import AT_MID, PAYS, RECEIVES, Rate
from offbook.engine.agenda import ReportArrives
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import ZERO, OrderState, PositionState
from offbook.engine.models.charging import Occasion, Traded
from offbook.engine.models.slippage import slipped
from offbook.engine.venue.freshness import Freshness

NO_LIMIT: Final = 2**62
"""How much there is of a bar where nothing limits it: more than all orders together ask for."""


class Filler:
    """Makes the record of a fill: charges, bookings, position, reservation, report."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._following = tuple(
            part.filled
            for part in (Settlement(kernel), LiquidationFee(kernel), MarginDraws(kernel))
            if part.is_needed
        )
        """What is done after each fill in accounts that ask for it."""
        self._freshness = Freshness(kernel)
        self._ages = kernel.config.venue.freshness is not None
        self._in_bar = kernel.config.venue.slippage_bound is SlippageBound.BAR
        self.unpaid = CancelReason.INSUFFICIENT_BUYING_POWER
        """Why the last fill that did not come about could not be paid for."""

    def fill(
        self,
        order: OrderState,
        qty: int,
        px: int,
        liquidity: Liquidity,
        evidence: Evidence,
        *,
        granted: bool = False,
    ) -> bool:
        """Trade ``qty`` at ``px``, or at a worse price where a taker slips; False, with nothing
        changed and the reason in ``unpaid``, when the account cannot pay for it.  ``granted``: it
        was asked for already, with others."""
        kernel = self._kernel
        instrument = kernel.instrument(order.symbol)
        if self._ages:
            evidence = self._freshness.flagged(evidence, order.symbol)
        if kernel.slippage is not None:
            px, evidence = self._slipped(order, qty, px, liquidity, evidence)
        position, realized = self._traded(order, qty, px, instrument)
        deal, rate = self._deal(order, qty, px, liquidity, instrument, realized)
        held = self._held_after(order, deal, instrument, granted=granted)
        if held is None:
            return False
        due = kernel.response_due(order.ordinal, order.symbol)
        record = r.OrderFilled(
            kernel.ledger.seq + 1,
            kernel.now,
            order=order.ordinal,
            exec_id=derived_id(kernel.config.seed, EXECUTION, kernel.ledger.fills + 1),
            symbol=order.symbol,
            side=order.side,
            last_qty=qty,
            last_px=px,
            liquidity=liquidity,
            cum_qty=order.cum_qty + qty,
            leaves_qty=order.order_qty - order.cum_qty - qty,
            cum_notional=Amount(deal.traded.notional),
            cum_added=added(ZERO, deal.traded.added),
            fee=added(ZERO, deal.fee),
            fee_accrued=str(deal.traded.accrued),
            reserved=added(ZERO, held),
            realized=added(ZERO, realized),
            position_qty=position.qty,
            position_cost=position.cost,
            postings=self._postings(order.side, deal, instrument, realized),
            conversion=self._conversion(instrument, rate, deal.fee, realized),
            evidence=evidence,
            due=due,
            fee_within=str(deal.traded.within)
            if kernel.charges.have_bounds(instrument)
            else msgspec.UNSET,
        )
        kernel.enter(record)
        self._report(order, record, due)
        for follow in self._following:
            follow(record)
        return True

    def _held_after(
        self, order: OrderState, deal: Deal, instrument: Instrument, *, granted: bool
    ) -> int | None:
        """What the order still holds with a fill; None where the account cannot pay for that."""
        if granted:
            deal = msgspec.structs.replace(deal, granted=True)
        held = self._kernel.funds.after_fill(order, deal, instrument)
        if isinstance(held, CancelReason):
            self.unpaid = held
            return None
        return held

    def _conversion(
        self, instrument: Instrument, rate: Rate, fee: int, realized: int
    ) -> Conversion | None:
        """At what rate a fill counts in the account's currency; None where it is in that."""
        currency = self._kernel.valuation.currency
        if instrument.settle_currency == currency:
            return None
        numerator, denominator = rate
        return Conversion(
            currency=currency,
            numerator=numerator,
            denominator=denominator,
            fee=Amount(-(-fee * numerator // denominator)),
            realized=Amount(realized * numerator // denominator),
        )

    def can_pay(
        self, order: OrderState, qty: int, px: int, liquidity: Liquidity, evidence: Evidence
    ) -> bool:
        """Whether ``fill`` would trade this; nothing is changed."""
        return self.lacking(order, qty, px, liquidity, evidence) is None

    def lacking(
        self, order: OrderState, qty: int, px: int, liquidity: Liquidity, evidence: Evidence
    ) -> CancelReason | None:
        """Why ``fill`` would not trade this, None if it would; nothing is changed."""
        instrument = self._kernel.instrument(order.symbol)
        px, _ = self._slipped(order, qty, px, liquidity, evidence)
        _, realized = self._traded(order, qty, px, instrument)
        deal, _ = self._deal(order, qty, px, liquidity, instrument, realized)
        held = self._kernel.funds.after_fill(order, deal, instrument)
        return held if isinstance(held, CancelReason) else None

    def _traded(
        self, order: OrderState, qty: int, px: int, instrument: Instrument
    ) -> tuple[PositionState, int]:
        return traded_on(
            self._kernel.ledger.position(order.symbol),
            order.side.sign * qty,
            instrument.value_of(qty, px),
            is_inverse=instrument.is_inverse,
        )

    def _slipped(
        self, order: OrderState, qty: int, px: int, liquidity: Liquidity, evidence: Evidence
    ) -> tuple[int, Evidence]:
        """The price after slippage, which only takers have."""
        model = self._kernel.slippage
        if model is None or liquidity is not Liquidity.REMOVED:
            return px, evidence
        instrument = self._kernel.instrument(order.symbol)
        limit, in_bar = self._limit(order), self._in_bar
        return slipped(model, order.side, qty, px, limit, evidence, instrument, in_bar=in_bar)

    def _limit(self, order: OrderState) -> int | None:
        """The worst price at which an order may trade, within the bands of the exchange."""
        band = self._kernel.bands.get(order.symbol)
        if band is None:
            return order.price_px
        if order.side is BUY:
            return min(band[1], band[1] if order.price_px is None else order.price_px)
        return max(band[0], order.price_px or 0)

    def _deal(
        self,
        order: OrderState,
        qty: int,
        px: int,
        liquidity: Liquidity,
        instrument: Instrument,
        realized: int,
    ) -> tuple[Deal, Rate]:
        """What a fill costs, and the rate at which it counts in the account's currency."""
        kernel = self._kernel
        notional = instrument.value_of(qty, px)
        before = traded_by(order, instrument)
        traded = self._accrued(order.side, before, qty, notional, liquidity, instrument)
        fee = kernel.charges.fee(before, traded, order.fees, instrument)
        if order.side is SELL and not kernel.funds.may_owe:
            fee = min(fee, notional)  # a sell pays its charges out of what it brings
        cash = brought(order.side, notional, realized, instrument) - fee
        quote, flow = instrument.settle_currency, AT_MID
        converts = kernel.valuation.settles_in(instrument) != quote
        if converts:
            flow = PAYS if cash < 0 else RECEIVES
        rate = kernel.valuation.rate(quote, flow)
        if rate is None:
            raise EngineFault(f"a fill in {quote}, which has no rate", reason="no_rate")
        if converts:
            cash = cash * rate[0] // rate[1]
        return (
            Deal(qty=qty, px=px, notional=notional, fee=fee, cash=cash, traded=traded),
            rate,
        )

    def _accrued(
        self,
        side: OrderSide,
        before: Traded,
        qty: int,
        notional: int,
        liquidity: Liquidity,
        instrument: Instrument,
    ) -> Traded:
        """What the order has traded with this fill, and its exact charge."""
        kernel = self._kernel
        after = Traded(
            before.qty + qty * instrument.qty_scale,
            before.notional + notional,
            before.added + (notional if liquidity is Liquidity.ADDED else 0),
        )
        occasion = Occasion(
            side=side,
            instrument=instrument,
            ts=kernel.now,
            volume=kernel.charges.prices.volume(
                kernel.ledger.volumes, instrument, kernel.now, kernel.instruments
            ),
        )
        return kernel.charges.accrue(before, after, occasion)

    def _postings(
        self, side: OrderSide, deal: Deal, instrument: Instrument, realized: int
    ) -> tuple[Posting, ...]:
        money = instrument.settle_currency
        paid = -brought(side, deal.notional, realized, instrument)
        got = side.sign * deal.qty * instrument.qty_scale
        legs = [*moved(VENUE, HOLDINGS, instrument.held_as, got)]
        if paid or instrument.contract is msgspec.UNSET:
            legs[:0] = moved(VENUE, CASH, money, -paid)
        if deal.fee:
            legs += moved(FEES, CASH, money, -deal.fee)
        own = self._kernel.valuation.settles_in(instrument)
        if own != money:
            legs += moved(CLEARING, CASH, money, paid + deal.fee)
            legs += moved(CLEARING, CASH, own, deal.cash)
        return tuple(legs)

    def _report(self, order: OrderState, record: r.OrderFilled, due: int) -> None:
        cash: dict[str, Amount] = {}
        for leg in record.postings:
            if leg.account == CASH:
                had = cash.get(leg.currency)
                cash[leg.currency] = leg.amount if had is None else Amount(had + leg.amount)
        self._kernel.send_report(
            due,
            ReportArrives(
                order=order.ordinal,
                exec_type=ExecType.TRADE if record.leaves_qty else ExecType.FILL,
                at=record.ts,
                cum_qty=record.cum_qty,
                cum_notional=record.cum_notional,
                order_qty=order.order_qty,
                price_px=order.price_px,
                reserved=order.reserved,
                last_qty=record.last_qty,
                last_px=record.last_px,
                fee=record.fee,
                cash=tuple(cash.items()),
                position_qty=record.position_qty,
                position_cost=record.position_cost,
                maker=record.liquidity is Liquidity.ADDED,
            ),
        )


def brought(side: OrderSide, notional: int, realized: int, instrument: Instrument) -> int:
    """What a fill brings to the cash, charges apart: of a contract, its gain alone."""
    return -side.sign * notional if instrument.contract is msgspec.UNSET else realized


def traded_on(
    position: PositionState, signed_qty: int, notional: int, *, is_inverse: bool = False
) -> tuple[PositionState, int]:
    """The position after a trade and what it realized, by average cost.

    What goes beyond flat opens the other side: the trade is split there, exactly where its value is
    a whole number per unit of quantity, and else rounded once.  A long position in inverse
    contracts gains what it costs more than it brings, for its cost is what it owes.
    """
    held, size = position.qty, abs(signed_qty)
    after = held + signed_qty
    if held == 0 or (held > 0) == (signed_qty > 0):
        return PositionState(qty=after, cost=Amount(position.cost + notional)), 0
    closing = min(size, abs(held))
    out = share_of(position.cost, closing, abs(held))
    value = share_of(notional, closing, size)
    realized = value - out if (held > 0) is not is_inverse else out - value
    cost = notional - value if size > abs(held) else position.cost - out
    return PositionState(qty=after, cost=added(ZERO, cost)), realized


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
    """The bar that a fill traded against; where nothing limits what orders take of it, available
    is what it shows."""
    return Evidence(
        row=bar.row,
        row_ts=bar.ts,
        model=model,
        rule=rule,
        available_qty=available if available < NO_LIMIT // 2 else bar.volume_qty,
        ts_open=bar.ts_open,
        open_px=bar.open_px,
        high_px=bar.high_px,
        low_px=bar.low_px,
        close_px=bar.close_px,
        volume_qty=bar.volume_qty,
    )


def print_evidence(trade: Trade, model: str, rule: str, available: int) -> Evidence:
    """The print that a fill traded against."""
    return Evidence(
        row=trade.row,
        row_ts=trade.ts,
        model=model,
        rule=rule,
        available_qty=available,
        ts_event=trade.ts_event,
        trade_px=trade.price_px,
        trade_qty=trade.size_qty,
        aggressor=trade.aggressor,
    )
