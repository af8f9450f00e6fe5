"""Carries out corporate actions: splits, dividends, changes of symbol, delistings.

All wake the session at their time and at no other; at one moment they are carried out in the order
of the configuration, before the rows of that moment.
"""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.account_events import AccountEvent, AccountEventKind
from offbook.domain.calendars import NEVER
from offbook.domain.config import ActionKind, CorporateAction, actions_of
from offbook.domain.config.actions import AMOUNT_DECIMALS
from offbook.domain.record_parts import Posting
from offbook.domain.values import Amount, flow_of
from offbook.engine.account.accounts import HOLDINGS, VENUE
from offbook.engine.account.cash_flows import CashChange, Dividends, cash_legs, tell
from offbook.engine.account.postings import moved
from offbook.engine.account.settlement import Settlement
from offbook.engine.agenda import STAGE_VENUE, ActionDue
from offbook.engine.events.dropped_books import drop_book, drop_older_book, rejoin_book
from offbook.engine.events.order_adjusting import OrderAdjusting
from offbook.engine.events.restating import (
    Divided,
    carry_price,
    divided,
    restate_bands,
    restate_last,
)
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import PositionState
from offbook.engine.venue.fills import traded_on
from offbook.engine.venue.venue import Venue


class CorporateActions:
    """The corporate actions of one session's market; costs nothing where there are none."""

    def __init__(self, kernel: Kernel, venue: Venue, dividends: Dividends) -> None:
        self._kernel = kernel
        self._venue = venue
        self._actions = actions_of(kernel.config.market)
        self._orders = OrderAdjusting(kernel, venue)
        self._dividends = dividends
        self._settlement = Settlement(kernel)

    def schedule(self) -> None:
        """The session has begun: all that is still to come falls due at its time."""
        kernel = self._kernel
        for number, action in enumerate(self._actions):
            due = action.takes_effect(kernel.calendar_of(kernel.instrument(action.symbol)))
            if kernel.now < due < NEVER:
                kernel.agenda.add(due, STAGE_VENUE, ActionDue(number))
            elif due <= kernel.now:
                drop_older_book(kernel, self._venue, action, due)

    def carry_out(self, number: int) -> None:
        """An action takes effect."""
        action = self._actions[number]
        if action.symbol in self._kernel.ledger.events.ended:
            return
        if action.kind is ActionKind.DIVIDEND:
            self._dividend(action)
        elif action.kind is ActionKind.DELISTING:
            self._delist(action)
        else:
            self._restate(action)

    def _dividend(self, action: CorporateAction) -> None:
        kernel = self._kernel
        instrument = kernel.instrument(action.symbol)
        currency = action.currency or instrument.quote_currency
        pays = action.pays_at(kernel.calendar_of(instrument))
        self._dividends.entitle(action, currency, pays)
        drop_book(kernel, self._venue, action.symbol)
        if currency == instrument.quote_currency:
            px_units = 10 ** (AMOUNT_DECIMALS - instrument.price_precision)
            self._orders.follow_dividend(action.symbol, action.per_unit, px_units)
        rejoin_book(kernel, self._venue, action.symbol)

    def _restate(self, action: CorporateAction) -> None:
        """A split, or a change of symbol with or without one."""
        kernel, ratio = self._kernel, action.new_for_old
        symbol, new_symbol = action.symbol, action.new_symbol or action.symbol
        renamed = new_symbol != symbol
        if renamed or ratio[0] < ratio[1]:
            self._orders.cancel(symbol)
        old, instrument = kernel.ledger.position(symbol), kernel.instrument(symbol)
        lot = kernel.instrument(new_symbol).lot_units
        prices = kernel.prices(symbol)
        twice_mid = 0 if prices is None else prices.bid_px + prices.ask_px
        part = divided(old, ratio, twice_mid, instrument, lot)
        after, realized = PositionState(qty=part.qty, cost=Amount(part.cost)), part.realized
        if renamed:
            joined = kernel.ledger.position(new_symbol)
            after, more = traded_on(joined, part.qty, part.cost) if part.qty else (joined, 0)
            realized += more
        self._record(action, part, after, realized)
        self._settlement.restated(symbol, new_symbol, ratio)
        if not renamed or kernel.pricing_row(new_symbol) is None:
            kernel.resumed[new_symbol] = kernel.now  # what was shown before is of another market
        drop_book(kernel, self._venue, symbol, ratio)
        restate_last(kernel, symbol, [ratio])
        restate_bands(kernel, symbol, ratio)
        if renamed:
            carry_price(kernel, symbol, new_symbol)
        else:
            self._orders.follow_split(symbol, ratio)
        rejoin_book(kernel, self._venue, symbol)

    def _record(
        self, action: CorporateAction, part: Divided, after: PositionState, realized: int
    ) -> None:
        kernel, (new, old) = self._kernel, action.new_for_old
        symbol, new_symbol = action.symbol, action.new_symbol or action.symbol
        instrument, row = kernel.instrument(symbol), kernel.pricing_row(symbol)
        before = kernel.ledger.position(symbol).qty
        postings = self._exchanged(symbol, before, new_symbol, part.qty)
        cash: tuple[CashChange, ...] = ()
        if part.in_lieu:
            legs, change = cash_legs(kernel, VENUE, instrument.quote_currency, part.in_lieu)
            postings += legs
            cash = (change,)
        due = kernel.response_due(0, symbol)
        kernel.emit(
            r.PositionRestated,
            symbol=symbol,
            new_symbol=new_symbol,
            numerator=new,
            denominator=old,
            last_row=-1 if row is None else row.row,
            position_qty=after.qty,
            position_cost=after.cost,
            in_lieu=Amount(part.in_lieu),
            realized=Amount(realized),
            worth=Amount(kernel.valuation.worth(realized, instrument.quote_currency)),
            postings=tuple(postings),
            due=due,
        )
        gone = [] if new_symbol == symbol else [(symbol, 0, Amount(0))]
        event = AccountEvent(
            ts=kernel.now,
            kind=AccountEventKind.SYMBOL_CHANGE if gone else AccountEventKind.SPLIT,
            symbol=symbol,
            currency=instrument.quote_currency,
            amount=Amount(part.in_lieu),
            ratio=(new, old),
            new_symbol=new_symbol if gone else None,
        )
        held = (*gone, (new_symbol, after.qty, after.cost))
        tell(kernel, due, cash, held, event=event)

    def _exchanged(self, symbol: str, gave: int, new_symbol: str, got: int) -> list[Posting]:
        """The legs by which holdings of one symbol become holdings of another, or of the same."""
        old, new = self._kernel.instrument(symbol), self._kernel.instrument(new_symbol)
        amounts = {old.base: -gave * old.qty_scale}
        amounts[new.base] = amounts.get(new.base, 0) + got * new.qty_scale
        legs: list[Posting] = []
        for base, amount in amounts.items():
            if amount:
                legs += moved(VENUE, HOLDINGS, base, amount)
        return legs

    def _delist(self, action: CorporateAction) -> None:
        kernel, symbol = self._kernel, action.symbol
        self._orders.cancel(symbol)
        instrument, position = kernel.instrument(symbol), kernel.ledger.position(symbol)
        qty, currency = position.qty, instrument.quote_currency
        exact = qty * instrument.qty_scale * action.per_unit
        paid = flow_of(exact, 10**AMOUNT_DECIMALS, instrument.charge_unit)
        realized = paid - position.cost if qty > 0 else paid + position.cost
        legs: list[Posting] = []
        cash: tuple[CashChange, ...] = ()
        if qty:
            legs += moved(VENUE, HOLDINGS, instrument.base, -qty * instrument.qty_scale)
        if paid:
            money, change = cash_legs(kernel, VENUE, currency, paid)
            legs, cash = [*legs, *money], (change,)
        due = kernel.response_due(0, symbol)
        kernel.emit(
            r.PositionDelisted,
            symbol=symbol,
            paid=Amount(paid),
            realized=Amount(realized),
            worth=Amount(kernel.valuation.worth(realized, currency)),
            postings=tuple(legs),
            due=due,
        )
        event = AccountEvent(
            ts=kernel.now,
            kind=AccountEventKind.DELISTING,
            symbol=symbol,
            currency=currency,
            amount=Amount(paid),
        )
        tell(kernel, due, cash, ((symbol, 0, Amount(0)),), event=event)
        drop_book(kernel, self._venue, symbol)
