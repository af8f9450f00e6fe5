"""Daily settlement of futures, and their end.

At each settlement what a position has gained since it was opened, or settled last, is booked to the
cash (variation margin), and the settlement price takes the place of what it cost.  Settlements
are at the moments of the prices that the configuration gives; where it gives none, at the end of
each trading day of the contract's calendar, at the last price: the last trade, the close of the
last bar, the middle of the last quote.  A contract that is settled at its expiry alone has none
before.

At its expiry a contract trades no more: open orders end, what is held is settled in cash, at the
price that the configuration gives for that moment, or else at the last price, and closed.  Either
comes before the rows of its moment.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

import msgspec

from offbook.domain import records as r
from offbook.domain.account_events import AccountEvent, AccountEventKind
from offbook.domain.calendars import NEVER
from offbook.domain.config import SettlementPrice, settlements_of
from offbook.domain.config.settlement_prices import PRICE_DECIMALS
from offbook.domain.contracts import ContractTerms, Settles
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.orders import CancelReason
from offbook.domain.record_parts import Posting
from offbook.domain.values import Amount, units_to_text
from offbook.engine.account.accounts import HOLDINGS, VENUE
from offbook.engine.account.cash_flows import CashChange, cash_legs, insure, tell
from offbook.engine.account.isolated_funds import IsolatedFunds
from offbook.engine.account.margin_draws import MarginDraws
from offbook.engine.account.postings import moved
from offbook.engine.agenda import STAGE_VENUE, ContractExpires, ContractSettles
from offbook.engine.kernel import Kernel
from offbook.engine.venue.venue import Venue

_ONE: Final = 10**PRICE_DECIMALS
_DAY_END: Final = -1


class _At(NamedTuple):
    """A price of ``px / of`` units, as text, and whether it was given."""

    px: int
    of: int
    text: str
    is_given: bool


class ContractSettlement:
    """Settles the contracts of one session; costs nothing where there are none."""

    def __init__(self, kernel: Kernel, venue: Venue) -> None:
        self._kernel = kernel
        self._venue = venue
        self._given = settlements_of(kernel.config.market)
        self._draws = MarginDraws(kernel)

    def schedule(self) -> None:
        """The session has begun: what was due before is past."""
        kernel = self._kernel
        for symbol, instrument in kernel.instruments.items():
            terms = instrument.contract
            if terms is msgspec.UNSET or instrument.asset_class is not AssetClass.FUTURE:
                continue
            expiry = terms.expiry_ts
            if expiry is not None:
                due = max(expiry, kernel.now)  # it may have ended before
                kernel.agenda.add(due, STAGE_VENUE, ContractExpires(symbol))
            if terms.settles is Settles.DAILY:
                prices = self._given.get(symbol, ())
                number = bisect_right(prices, kernel.now, key=lambda price: price.due)
                self._wait(instrument, terms, number if prices else _DAY_END)

    def _wait(self, instrument: Instrument, terms: ContractTerms, number: int) -> None:
        """Wait for the next settlement; the last is the end."""
        kernel = self._kernel
        due = NEVER
        if number == _DAY_END:
            calendar = kernel.calendar_of(instrument)
            if calendar.always_open or calendar.next_change(kernel.now) != NEVER:
                due = calendar.day_end(kernel.now)
        elif number < len(prices := self._given[instrument.symbol]):
            due = prices[number].due
        if due < (NEVER if terms.expiry_ts is None else terms.expiry_ts):
            kernel.agenda.add(due, STAGE_VENUE, ContractSettles(instrument.symbol, number))

    def settle(self, item: ContractSettles) -> None:
        """A day's settlement."""
        kernel, symbol = self._kernel, item.symbol
        instrument = kernel.instrument(symbol)
        assert instrument.contract is not msgspec.UNSET
        given = None
        if item.number != _DAY_END:
            given = self._given[symbol][item.number]
        self._wait(instrument, instrument.contract, item.number + (given is not None))
        at = self._price(instrument, given)
        position = kernel.ledger.position(symbol)
        if at is not None and (qty := position.qty):
            before = self._assigned(symbol, qty, position.cost)
            realized = self._mark(instrument, at, expired=False)
            after = self._assigned(symbol, qty, kernel.ledger.position(symbol).cost)
            self._draws.flowed(symbol, after - before - realized)

    def _assigned(self, symbol: str, qty: int, cost: int) -> int:
        """The margin of an isolated position at its cost; nothing in another account."""
        funds = self._kernel.funds
        return funds.assigned(symbol, qty, cost) if isinstance(funds, IsolatedFunds) else 0

    def expire(self, item: ContractExpires) -> None:
        """It trades no more."""
        self._end(item.symbol)

    def _end(self, symbol: str) -> None:
        kernel = self._kernel
        for order in kernel.ledger.working():
            # With another of its list it may have ended meanwhile.
            if order.symbol == symbol and not order.status.is_terminal:
                self._venue.end(order, CancelReason.CONTRACT_EXPIRED)
        instrument = kernel.instrument(symbol)
        last = self._given.get(symbol, ())[-1:]
        final = last[0] if last and last[0].due == kernel.now else None
        at = self._price(instrument, final)
        most = kernel.funds.most_lost(symbol)
        lost = -self._mark(instrument, at or _At(0, 1, "0", is_given=False), expired=True)
        # One that is being liquidated is seen to when that is over.
        is_liquidated = symbol in kernel.ledger.events.liquidations
        if most is not None and lost > most and not is_liquidated:
            insure(kernel, instrument, lost, most)

    def _price(self, instrument: Instrument, given: SettlementPrice | None) -> _At | None:
        """The price given, else the last of the market; None before its first row."""
        if given is not None:
            units = int(10**instrument.price_precision)
            return _At(given.price_units * units, _ONE, given.price, is_given=True)
        prices = self._kernel.prices(instrument.symbol)
        if prices is None:
            return None
        twice = prices.bid_px + prices.ask_px
        text = units_to_text(5 * twice, instrument.price_precision + 1)
        return _At(twice, 2, text, is_given=False)

    def _mark(self, instrument: Instrument, at: _At, *, expired: bool) -> int:
        """Book what it gained, and tell that."""
        kernel, symbol = self._kernel, instrument.symbol
        position = kernel.ledger.position(symbol)
        qty, currency = position.qty, instrument.settle_currency
        value = instrument.value_of(abs(qty), at.px, at.of)
        gains = value - position.cost
        realized = gains if (qty > 0) is not instrument.is_inverse else -gains
        legs: list[Posting] = []
        cash: tuple[CashChange, ...] = ()
        if expired and qty:
            legs += moved(VENUE, HOLDINGS, instrument.held_as, -qty * instrument.qty_scale)
        if realized:
            money, change = cash_legs(kernel, VENUE, currency, realized)
            legs, cash = [*legs, *money], (change,)
        left = (0, Amount(0)) if expired else (qty, Amount(value))
        due = kernel.response_due(0, symbol)
        kernel.emit(
            r.PositionSettled,
            symbol=symbol,
            price=at.text,
            is_given=at.is_given,
            expired=expired,
            position_qty=left[0],
            position_cost=left[1],
            realized=Amount(realized),
            worth=Amount(kernel.valuation.worth(realized, currency)),
            postings=tuple(legs),
            due=due,
        )
        if qty:
            event = AccountEvent(
                ts=kernel.now,
                kind=AccountEventKind.EXPIRY if expired else AccountEventKind.MARKED,
                symbol=symbol,
                currency=currency,
                amount=Amount(realized),
            )
            tell(kernel, due, cash, ((symbol, *left),), event=event)
        return realized
