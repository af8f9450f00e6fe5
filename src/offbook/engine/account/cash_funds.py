"""The funds of a cash account: what is bought is paid for, and only what is owned is sold."""

from __future__ import annotations

from offbook.domain.instruments import Instrument
from offbook.domain.orders import BUY, SELL, CancelReason, OrderSide, RejectReason
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CASH, HOLDINGS
from offbook.engine.account.funds import BaseFunds, Deal, Positions, Priced, short_of, traded_by
from offbook.engine.account.need import Need
from offbook.engine.desk.terms import Approval, Market, Refusal, Terms
from offbook.engine.ledger.lists import held_by
from offbook.engine.ledger.state import OrderState
from offbook.engine.models.charging import NOTHING, Traded


class CashFunds(BaseFunds):
    """A cash account: buys hold cash, sells hold what they deliver.

    With ``cash_check = "fill"`` nothing is held or asked for before the fill.
    """

    may_owe = False
    shifts = False

    def approve(self, terms: Terms, instrument: Instrument, market: Market) -> Approval | Refusal:
        """Cash for a buy, at its reserve price and the worst charges; holdings for a sell."""
        if terms.side is SELL:
            return self._approve_sell(terms, instrument)
        reserve_px = terms.price_px
        if reserve_px is None:
            reserve_px = self.reserve_px(terms.side, terms, market)
        currency = self._valuation.settles_in(instrument)
        need = 0
        if not terms.reduce_only and not self._at_fill:
            # A reduce-only buy never fills here: there is nothing short to reduce.
            need = self._buy_holds(NOTHING, terms.order_qty, reserve_px, 0, instrument)
        have = self._ledger.available(CASH, currency)
        if need > have:
            reason = RejectReason.INSUFFICIENT_BUYING_POWER
            return short_of(self._lacks(reason, CASH, currency, need - have), have, need)
        return Approval(reserved=need, account=CASH, currency=currency, reserve_px=reserve_px)

    def _approve_sell(self, terms: Terms, instrument: Instrument) -> Approval | Refusal:
        wanted = terms.order_qty * instrument.qty_scale
        have = self._ledger.available(HOLDINGS, instrument.base)
        need = min(wanted, have) if terms.reduce_only else wanted
        if self._at_fill:
            need = 0
        elif need > have or need <= 0:
            reason = RejectReason.INSUFFICIENT_HOLDINGS
            return short_of(
                self._lacks(reason, HOLDINGS, instrument.base, wanted - have), have, wanted
            )
        return Approval(reserved=need, account=HOLDINGS, currency=instrument.base, reserve_px=0)

    def _lacks(
        self, reason: RejectReason, account: str, currency: str, missing: int
    ) -> RejectReason:
        """Why something cannot be had: it is there and has not settled, or it is not there."""
        free = self._ledger.balance(account, currency) - self._ledger.held(account, currency)
        unsettled = free - self._ledger.available(account, currency)
        return RejectReason.UNSETTLED if 0 < missing <= unsettled else reason

    def approve_replace(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> Approval | Refusal:
        """Enough for the old terms, for the new ones, and for any fill of the old before them."""
        have = self._free(order)
        need = self._replace_needs(order, max(0, order_qty - order.cum_qty), reserve_px, instrument)
        if order.reduce_only:
            need = min(need, have)
        if need > have:
            buying = order.side is BUY
            reason = RejectReason.INSUFFICIENT_HOLDINGS
            if buying:
                reason = RejectReason.INSUFFICIENT_BUYING_POWER
            of = order.reserved_account, order.reserved_currency
            return short_of(self._lacks(reason, *of, need - have), have, need)
        return Approval(
            reserved=max(order.reserved, need),
            account=order.reserved_account,
            currency=order.reserved_currency,
            reserve_px=reserve_px,
        )

    def _replace_needs(
        self, order: OrderState, open_qty: int, reserve_px: int, instrument: Instrument
    ) -> int:
        if self._at_fill:
            return 0
        if order.side is SELL:
            return open_qty * instrument.qty_scale
        if order.reduce_only:
            return 0
        either = min(open_qty, order.order_qty - order.cum_qty)
        value = either * max(reserve_px, order.reserve_px) + (open_qty - either) * reserve_px
        notional = value * instrument.notional_scale
        traded = traded_by(order, instrument)
        costs = self.costs(traded, open_qty, notional, order.fees, instrument, OrderSide.BUY)
        return self._converted(costs, instrument)

    def order_px(self, side: OrderSide, terms: Priced, market: Market) -> int:
        """None for a sell, which holds what it delivers."""
        return 0 if side is SELL else self.reserve_px(side, terms, market)

    def approve_held(self, terms: Terms, instrument: Instrument, market: Market) -> Approval:
        """Nothing, of what it will hold something of."""
        selling = terms.side is SELL
        return Approval(
            reserved=0,
            account=HOLDINGS if selling else CASH,
            currency=instrument.base if selling else self._valuation.settles_in(instrument),
            reserve_px=self.order_px(terms.side, terms, market),
        )

    def can_release(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> bool:
        """What it needs is there; one that only reduces takes what there is."""
        need = self._settled_need(order, order_qty, reserve_px, instrument)
        return order.reduce_only or need <= self._free(order)

    def approve_closing(self, instrument: Instrument, qty: int) -> Approval:
        """What is sold is held; it is there, for all other orders are gone."""
        need = 0 if self._at_fill else qty * instrument.qty_scale
        return Approval(reserved=need, account=HOLDINGS, currency=instrument.base, reserve_px=0)

    def settled(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> int:
        """A trimmed reduce-only order, and a market order beyond its collar, hold less than they
        would need; nothing where the account owes, as after interest."""
        need = self._settled_need(order, order_qty, reserve_px, instrument)
        return max(min(need, self._free(order)), 0)

    def _settled_need(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> int:
        open_qty = order_qty - order.cum_qty
        reducing_buy = order.reduce_only and order.side is BUY
        if order.status.is_terminal or open_qty <= 0 or reducing_buy or self._at_fill:
            return 0
        if order.side is SELL:
            return open_qty * instrument.qty_scale
        traded = traded_by(order, instrument)
        return self._buy_holds(traded, open_qty, reserve_px, order.fees, instrument)

    def reducible(self, order: OrderState, held: int, instrument: Instrument) -> int:
        """Not what another order holds."""
        if order.side is BUY:
            return 0
        return min(held, self._free(order) // instrument.qty_scale)

    def after_fill(
        self, order: OrderState, deal: Deal, instrument: Instrument
    ) -> int | CancelReason:
        """Every fill is paid for; a limit that held its cash always can be, unless a rate moved."""
        open_qty = order.order_qty - order.cum_qty
        if order.side is SELL:
            need = deal.qty * instrument.qty_scale
            if self._at_fill:
                short = need > self._ledger.balance(HOLDINGS, instrument.base)
                return CancelReason.INSUFFICIENT_HOLDINGS if short else 0
            return max(0, order.reserved - need) if open_qty > deal.qty else 0
        left = self._free(order) + deal.cash
        if left < 0:
            converts = order.reserved_currency != instrument.settle_currency
            at_market = order.is_unbounded and not self._at_fill and not converts
            short_of = CancelReason.INSUFFICIENT_BUYING_POWER
            return CancelReason.COLLAR_EXCEEDED if at_market else short_of
        if self._at_fill or open_qty == deal.qty:
            return 0
        before, after = 0, 0
        if not order.reduce_only:
            traded, px, paid = traded_by(order, instrument), order.reserve_px, order.fees
            before = self._buy_holds(traded, open_qty, px, paid, instrument)
            after = self._buy_holds(
                deal.traded, open_qty - deal.qty, px, paid + deal.fee, instrument
            )
        return min(max(0, order.reserved - (before - after)), left)

    def moved(self, symbol: str) -> tuple[tuple[int, Amount], ...]:
        """Every order holds its own."""
        return ()

    def adding(self) -> tuple[int, ...]:
        """None."""
        return ()

    def adds(self, terms: Terms) -> int:
        """Nothing: only what is owned is sold."""
        return 0

    def margin_used(self, held: dict[str, int], of: Positions | None = None) -> int:
        """Nothing."""
        return 0

    def initial(self, held: dict[str, int]) -> Need:
        """Nothing."""
        return Need(0, {}, 1)

    def maintenance(self, held: dict[str, int]) -> Need:
        """Nothing."""
        return Need(0, {}, 1)

    def step(self, symbol: str, qty: int) -> int:
        """All of it."""
        return abs(qty)

    def buying_power(
        self,
        cash: int,
        equity: int,
        held: dict[str, int],
        reserved: int,
        of: Positions | None = None,
    ) -> int:
        """Cash that no open order holds."""
        return cash - reserved

    def _buy_holds(
        self, traded: Traded, qty: int, reserve_px: int, paid: int, instrument: Instrument
    ) -> int:
        notional = qty * reserve_px * instrument.notional_scale
        rest = qty * instrument.qty_scale
        most = self._charges.most(traded, rest, notional, paid, instrument, BUY)
        return self._converted(notional + most, instrument)

    def _converted(self, amount: int, instrument: Instrument) -> int:
        """In the currency that pays; where its rate moves, with the collar for that too."""
        quote = instrument.settle_currency
        if quote in self._valuation.funded:
            return amount
        needed = self._valuation.costs(amount, quote)
        return needed if self._valuation.is_stated(quote) else self.with_collar(needed)

    def _free(self, order: OrderState) -> int:
        """What an order may hold: its own (with other legs of its list), and what nobody holds."""
        free = self._ledger.available(order.reserved_account, order.reserved_currency)
        return free + held_by(self._ledger, order)
