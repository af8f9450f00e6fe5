"""The funds of a margin account: positions of both sides against a share of their value.

What may be opened is bounded by equity less the initial margin of all positions at mid, and less
what open orders hold: the initial margin and the charges of what they would add to a position.
What only reduces a position holds nothing; of several orders that reduce it, the earlier ones do,
up to its size.  The proceeds of a short sale are cash and matched by what is owed, so they raise
neither equity nor buying power.
"""

from __future__ import annotations

from offbook.domain.config import (
    AccountConfig,
    CashCheck,
    Liquidation,
    MaintenanceBasis,
    MarginRules,
    VenueConfig,
)
from offbook.domain.instruments import Instrument
from offbook.domain.orders import CancelReason, OrderSide, RejectReason
from offbook.domain.values import AMOUNT_PRECISION, Amount, text_to_units
from offbook.engine.account.accounts import MARGIN
from offbook.engine.account.funds import BaseFunds, Deal, Positions, Priced, short_of, traded_by
from offbook.engine.account.margin_rules import (
    has_own_margin,
    initial_rule,
    maintenance_rule,
    own_initial,
    short_of_shares,
)
from offbook.engine.account.need import Need
from offbook.engine.account.stakes import dearer, is_dearer
from offbook.engine.account.turns import Turn, turn_of
from offbook.engine.account.turns import adding as adding_of
from offbook.engine.account.valuation import Valuation, part_of
from offbook.engine.desk.terms import Approval, Market, Refusal, Terms
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.lists import held_by
from offbook.engine.ledger.state import Amendment, OrderState
from offbook.engine.models.charging import Traded
from offbook.engine.models.fees import Charges
from offbook.engine.venue.triggers import trail_level


class MarginFunds(BaseFunds):
    """Equity as cover. Reservations are in the account's currency.

    With ``cash_check = "fill"`` nothing is held or asked for before the fill.
    """

    may_owe = True

    def __init__(
        self,
        account: AccountConfig,
        venue: VenueConfig,
        charges: Charges,
        valuation: Valuation,
        ledger: LedgerState,
        instruments: dict[str, Instrument],
    ) -> None:
        super().__init__(account, venue, charges, valuation, ledger)
        self._initial = account.initial_ratio
        self._portfolio = account.portfolio_margin
        self._least = text_to_units(
            "0" if self._portfolio is None else self._portfolio.minimum_equity, AMOUNT_PRECISION
        )
        self._rule = maintenance_rule(account, valuation, instruments)
        self._initial_rule = initial_rule(account, valuation, instruments)
        self._instruments = instruments
        self._by_regulation = account.margin_rules is MarginRules.REG_T
        self._at_entry = account.maintenance_basis is MaintenanceBasis.ENTRY
        self._stepwise = account.liquidation is Liquidation.STEPWISE
        self._tier_starts = [
            text_to_units(tier.above, AMOUNT_PRECISION) for tier in account.maintenance_tiers
        ]
        self.shifts = account.cash_check is CashCheck.SUBMIT

    # -- judging ----------------------------------------------------------------------------

    def approve(self, terms: Terms, instrument: Instrument, market: Market) -> Approval | Refusal:
        """What the order adds beyond what it may reduce must be covered."""
        reserve_px = self.order_px(terms.side, terms, market)
        adds = self.adds(terms)
        refusal = self._refusal(terms.symbol) if adds else None
        if refusal is not None:
            return refusal
        need = 0
        if not self._at_fill:
            need = self._holds(terms.side, adds, reserve_px, Traded(), 0, instrument)
            have = self._free()
            if need and need > have:
                return short_of(RejectReason.INSUFFICIENT_BUYING_POWER, have, need)
        return self._approval(need, reserve_px)

    def adds(self, terms: Terms) -> int:
        """What it does beyond what it may reduce, after the orders before it; of one that has been
        sent, with the quantity of these terms in its place."""
        known = self._ledger.by_client_id.get(terms.client_order_id)
        if known is not None:
            order = self._ledger.orders[known]
            open_qty = terms.order_qty - order.cum_qty
            return self._adds_of(order, open_qty, self._ledger.position(order.symbol).qty)
        queue = self._queue(terms.symbol)
        queue.append(Turn(0, terms.side, terms.order_qty, terms.reduce_only, 0))
        return adding_of(self._ledger.position(terms.symbol).qty, queue)[0]

    def approve_replace(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> Approval | Refusal:
        """The larger of the two quantities at the dearer of the two prices must be covered."""
        larger = max(order.order_qty, order_qty) - order.cum_qty
        adds = self._adds_of(order, larger, self._ledger.position(order.symbol).qty)
        if self._at_fill:
            need = 0
        else:
            px = dearer(order.reserve_px, reserve_px, instrument)
            traded = traded_by(order, instrument)
            need = self._holds(order.side, adds, px, traded, order.fees, instrument)
        refusal = self._refusal(order.symbol) if adds else None
        if refusal is not None:
            return refusal
        have = self._free() + order.reserved
        if need > max(order.reserved, have):
            return short_of(RejectReason.INSUFFICIENT_BUYING_POWER, have, need)
        return self._approval(need, reserve_px)

    def approve_held(self, terms: Terms, instrument: Instrument, market: Market) -> Approval:
        """Nothing."""
        return self._approval(0, self.order_px(terms.side, terms, market))

    def order_px(self, side: OrderSide, terms: Priced, market: Market) -> int:
        """A sell may trade above its limit.  Of an inverse contract more is at stake the lower the
        price is: a buy may trade below its limit, and what has none below the bid or where it will
        be triggered, by the collar.
        """
        assert not isinstance(terms, Amendment)
        if self._instruments[terms.symbol].is_inverse:
            if terms.price_px is None:
                return self._lowest_px(side, terms, market)
            buys = side is OrderSide.BUY
            return min(terms.price_px, market.ask_px) if buys else terms.price_px
        px = self.reserve_px(side, terms, market)
        return max(px, market.ask_px) if side is OrderSide.SELL else px

    def amended_px(self, order: OrderState, new: Amendment, market: Market) -> int:
        """The new limit; without one, where most is at stake."""
        if new.price_px is None and self._instruments[order.symbol].is_inverse:
            return self._lowest_px(order.side, new, market)
        return super().amended_px(order, new, market)

    def _lowest_px(self, side: OrderSide, terms: Priced, market: Market) -> int:
        """The collar below the bid or below the trigger, whichever is lower."""
        px = market.bid_px
        if terms.stop_px is not None:
            px = min(px, terms.stop_px)
        elif side is OrderSide.SELL and not terms.trail_px is terms.trail_ratio is None:
            px = trail_level(side, px, terms.trail_px, terms.trail_ratio)
        return max(2 * px - self.with_collar(px), 1)

    def can_release(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> bool:
        """What it adds is covered, and may be added."""
        position = self._ledger.position(order.symbol).qty
        adds = self._adds_of(order, order_qty - order.cum_qty, position)
        need = self.settled(order, order_qty, reserve_px, instrument)
        if adds and self._refusal(order.symbol) is not None:
            return False
        return not need or need <= self._free() + held_by(self._ledger, order)

    def approve_closing(self, instrument: Instrument, qty: int) -> Approval:
        """Reducing needs no cover."""
        return self._approval(0, 0)

    def reducible(self, order: OrderState, held: int, instrument: Instrument) -> int:
        """All of it."""
        return held

    # -- holding ----------------------------------------------------------------------------

    def settled(
        self, order: OrderState, order_qty: int, reserve_px: int, instrument: Instrument
    ) -> int:
        """The margin of what the order adds, and the charges on it."""
        if order.status.is_terminal or self._at_fill:
            return 0
        adds = self._adds_of(
            order, order_qty - order.cum_qty, self._ledger.position(order.symbol).qty
        )
        traded = traded_by(order, instrument)
        return self._holds(order.side, adds, reserve_px, traded, order.fees, instrument)

    def after_fill(
        self, order: OrderState, deal: Deal, instrument: Instrument
    ) -> int | CancelReason:
        """A fill is refused only where nothing was asked before: at market beyond the collar, and
        with the check at the fill; and not where it was granted."""
        position = self._ledger.position(order.symbol).qty
        reducing = min(deal.qty, max(0, -order.side.sign * position))
        beyond = order.is_unbounded and is_dearer(deal.px, order.reserve_px, instrument)
        if deal.qty > reducing and (self._at_fill or beyond) and not deal.granted:
            adds = deal.qty - reducing
            need = self._initially(order.side, instrument, adds, deal.px) + deal.fee
            have = self._free() + self._freed(order.symbol, reducing) + order.reserved
            if self._valuation.costs(need, instrument.settle_currency) > have:
                short = CancelReason.INSUFFICIENT_BUYING_POWER
                return short if self._at_fill else CancelReason.COLLAR_EXCEEDED
        left = order.order_qty - order.cum_qty - deal.qty
        if self._at_fill or left == 0:
            return 0
        cum = order.cum_qty + deal.qty
        adds = self._adds_of(
            order,
            max(left, order.asked_qty - cum),
            position + order.side.sign * deal.qty,
        )
        px = dearer(order.reserve_px, order.asked_reserve_px, instrument)
        fees = order.fees + deal.fee
        return self._holds(order.side, adds, px, deal.traded, fees, instrument)

    def moved(self, symbol: str) -> tuple[tuple[int, Amount], ...]:
        """All of an instrument's orders, told anew in time priority."""
        instrument = self._instruments[symbol]
        queue = self._queue(symbol)
        adding = adding_of(self._ledger.position(symbol).qty, queue)
        needs: dict[int, int] = {}
        most: dict[object, int] = {}
        for turn in queue:
            order = self._ledger.orders[turn.ordinal]
            px = dearer(order.reserve_px, order.asked_reserve_px, instrument)
            traded = traded_by(order, instrument)
            adds = adding[turn.ordinal]
            needs[turn.ordinal] = self._holds(order.side, adds, px, traded, order.fees, instrument)
            most[turn.unit] = max(most.get(turn.unit, 0), needs[turn.ordinal])
        return tuple(
            (turn.ordinal, Amount(most[turn.unit]))
            for turn in queue
            if most[turn.unit] != self._ledger.orders[turn.ordinal].reserved
        )

    def adding(self) -> tuple[int, ...]:
        """Those that do more than reduce, instrument by instrument."""
        found: list[int] = []
        for symbol in dict.fromkeys(order.symbol for order in self._ledger.working()):
            adding = adding_of(self._ledger.position(symbol).qty, self._queue(symbol))
            found += [ordinal for ordinal, adds in adding.items() if adds]
        return tuple(found)

    # -- the account ------------------------------------------------------------------------

    def margin_used(self, held: dict[str, int], of: Positions | None = None) -> int:
        """The initial margin of positions."""
        return self.initial(held).required

    def initial(self, held: dict[str, int]) -> Need:
        """The same, and how it grows."""
        return self._initial_rule.need(held)

    def maintenance(self, held: dict[str, int]) -> Need:
        """The maintenance margin of positions."""
        return self._rule.need(held)

    def step(self, symbol: str, qty: int) -> int:
        """All of it, or what takes it into the next lower tier, in whole lots."""
        size = abs(qty)
        if not self._stepwise:
            return size
        worth, start = self._size(symbol, qty), 0
        for start in reversed(self._tier_starts):
            if start < worth:
                break
        lot = self._instruments[symbol].lot_units
        kept = size * start // worth if worth else 0
        return size - kept // lot * lot

    def buying_power(
        self,
        cash: int,
        equity: int,
        held: dict[str, int],
        reserved: int,
        of: Positions | None = None,
    ) -> int:
        """The value of what could still be opened, charges apart; negative when overdrawn."""
        free = equity - self._bound(held, of) - reserved
        if equity < self._least:
            return min(free, 0)
        return free * self._initial[1] // self._initial[0]

    def _free(self) -> int:
        ledger = self._ledger
        bound = self._bound(ledger.held_positions(), None)
        return self._equity() - bound - ledger.held(MARGIN, self._valuation.currency)

    def _equity(self) -> int:
        return self._valuation.equity(self._ledger.money(), self._ledger.held_positions())

    def _bound(self, held: dict[str, int], of: Positions | None) -> int:
        """What of the equity positions bind."""
        return self.margin_used(held, of)

    def _size(self, symbol: str, qty: int) -> int:
        """The value of a position that tiers go by."""
        return self._valuation.exposure({symbol: qty})

    def _refusal(self, symbol: str) -> Refusal | None:
        """Why nothing may be added to a position, if so."""
        if self._is_called(symbol):
            return Refusal(reason=RejectReason.MARGIN_CALL)
        if self._least:
            equity = self._equity()
            if equity < self._least:
                return short_of(RejectReason.MINIMUM_EQUITY, equity, self._least)
        return None

    def _is_called(self, symbol: str) -> bool:
        """Whether nothing may be added to a position."""
        return self._ledger.margin_call

    def _freed(self, symbol: str, closes: int) -> int:
        """What closing so many quantity units of a position no longer binds, at mid: a fill that
        takes a position through flat opens the other side with it.  An order that is yet to fill
        cannot count on it, for another may close the position first."""
        held = self._ledger.held_positions()
        qty = held.get(symbol, 0)
        closes = min(closes, abs(qty))
        after = {**held, symbol: qty - closes if qty > 0 else qty + closes}
        return self.margin_used(held) - self.margin_used(after)

    def _holds(
        self,
        side: OrderSide,
        adds: int,
        px: int,
        traded: Traded,
        paid: int,
        instrument: Instrument,
    ) -> int:
        """What adding so many quantity units at a price asks for."""
        if adds <= 0:
            return 0
        notional = instrument.value_of(adds, px)
        charges = self.costs(traded, adds, notional, paid, instrument) - notional
        need = self._initially(side, instrument, adds, px) + max(charges, 0)
        return self._valuation.costs(need, instrument.settle_currency)

    def _initially(self, side: OrderSide, instrument: Instrument, qty: int, px: int) -> int:
        """The initial margin of so many quantity units at a price, in their own currency."""
        if has_own_margin(instrument):
            return own_initial(instrument, qty)
        ratio = self._initial
        if self._portfolio is not None:
            ratio = self._portfolio.opening_ratio(instrument.symbol)
        share = part_of(instrument.value_of(qty, px), ratio)
        if side is OrderSide.SELL and self._by_regulation:
            return max(share, short_of_shares(instrument, qty, px))
        return share

    def _queue(self, symbol: str) -> list[Turn]:
        """The orders of an instrument that the venue works or will, oldest first; the larger of
        both quantities where a replace is on its way."""
        return [
            turn_of(order, max(order.leaves_qty, order.asked_qty - order.cum_qty))
            for order in self._ledger.working()
            if order.symbol == symbol and not order.held
        ]

    def _adds_of(self, order: OrderState, open_qty: int, position: int) -> int:
        """What an order adds to a position if so much of it is open."""
        turns = self._queue(order.symbol)
        queue = [
            turn if turn.ordinal != order.ordinal else turn_of(order, open_qty) for turn in turns
        ]
        if order.held:
            queue.append(turn_of(order, open_qty))
        return adding_of(position, queue)[order.ordinal]

    def _approval(self, need: int, reserve_px: int) -> Approval:
        return Approval(
            reserved=need,
            account=MARGIN,
            currency=self._valuation.currency,
            reserve_px=reserve_px,
        )
