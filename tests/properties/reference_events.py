"""Dated events in the reference: corporate actions, funding, borrow fees and interest."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction

from tests.properties.event_cases import ratio_of
from tests.properties.reference_charges import CENTS
from tests.properties.reference_clock import DAY, MESSAGE_STAGE, VENUE_STAGE
from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_numbers import rounded_down
from tests.properties.reference_orders import ZERO
from tests.properties.reference_rates import borrow_rate, date_ns
from tests.properties.reference_restating import ReferenceRestating

from offbook.domain.action_records import FlowReason
from offbook.domain.config import ActionKind, BorrowValue, CorporateAction
from offbook.domain.orders import CancelReason

KINDS = {FlowReason.DIVIDEND: "dividends"}
"""What waits apart from all else, for a day of payment of its own."""
EIGHT_HOURS = 8 * 3600 * 10**9


class ReferenceEvents(ReferenceRestating):
    """What happens at its date, whatever the market does."""

    def await_events(self) -> None:
        """From the first time on, what is to come is awaited."""
        for venue in self.common.venues:
            venue.await_actions()
        if self.setup.account.financing is not None:
            self._await_day_end()
        for venue in self.common.venues:
            venue.await_funding(0)

    def await_actions(self) -> None:
        """Those of this instrument."""
        for action in self.setup.actions:
            at = self._effect_of(action.ex)
            if at is not None and at > self.now:
                self.later(at, VENUE_STAGE, self._calling(action))

    def _calling(self, action: CorporateAction) -> Callable[[], None]:
        return lambda: self._take_effect(action)

    def _effect_of(self, text: str) -> int | None:
        """A moment, or of a date eight hours before the session of that day or after, once the one
        before it has closed; None after the last."""
        if len(text) > len("2024-01-02"):
            return nanoseconds(text)
        midnight = date_ns(text)
        if not self.setup.hours:
            return midnight
        closed = 0
        for opens, closes in self.setup.hours:
            if opens >= midnight:
                return max(opens - EIGHT_HOURS, closed)
            closed = closes
        return None

    def _take_effect(self, action: CorporateAction) -> None:
        if self.delisted:
            return
        if action.kind is ActionKind.DIVIDEND:
            self._dividend(action)
        elif action.kind is ActionKind.DELISTING:
            self._delist(Fraction(action.amount or 0))
        else:
            self.split(ratio_of(action), action.new_symbol or action.symbol)

    # -- money ------------------------------------------------------------------------------

    def cent(self, currency: str) -> Fraction:
        return Fraction(1, 10 ** CENTS.get(currency, 8))

    def whole_cents(self, amount: Fraction, currency: str) -> Fraction:
        """Against the account."""
        unit = self.cent(currency)
        return math.floor(amount / unit) * unit

    def hears(self, at: int) -> None:
        """A strategy is told of its account."""
        if self.setup.listener:
            self.later(at, MESSAGE_STAGE, lambda: None)

    def pay_in(self, amount: Fraction, currency: str | None = None) -> None:
        """Money comes to the cash that is kept for its currency, or is changed."""
        account = self.account
        currency = currency or account.money
        if currency in account.purse:
            account.purse[currency] += amount
        else:
            own = account.config.currency
            account.purse[own] += account.changed(amount, currency)

    def accrue(
        self,
        reason: FlowReason,
        currency: str,
        amount: Fraction,
        withheld: Fraction,
        pays: int | None,
    ) -> None:
        account = self.account
        key = (KINDS.get(reason, "accrued"), currency)
        account.owed[key] = account.owed.get(key, ZERO) + amount
        worth = account.worth(amount, currency)
        self.tell("FlowAccrued", reason, currency, amount, withheld, worth, pays)

    def pay(self, reason: FlowReason, currency: str, amount: Fraction) -> None:
        account = self.account
        account.owed[KINDS.get(reason, "accrued"), currency] -= amount
        self.pay_in(amount, currency)
        due = self.heard_of_all() if reason is FlowReason.INTEREST else self.heard()
        self.tell("FlowPaid", reason, currency, amount, due)
        self.hears(due)

    # -- dividends, delistings ----------------------------------------------------------------

    def _dividend(self, action: CorporateAction) -> None:
        """Owed to who holds the share, by who is short of it; then open orders follow, where it is
        paid in the money of their prices."""
        currency = action.currency or self.setup.instrument.quote_currency
        held, amount = self.account.held, Fraction(action.amount or 0)
        pays = self.now
        if action.pay is not None:
            told = self._effect_of(action.pay)
            pays = 2**63 - 1 if told is None else max(told, self.now)
        if held:
            gross = self.whole_cents(held * amount, currency)
            own = action.withholding  # a dividend's own tax goes before the account's
            share = self.setup.account.withholding if own is None else own
            tax = max(gross, ZERO) * Fraction(share)
            withheld = -self.whole_cents(-tax, currency)
            due = gross - withheld
            self.accrue(FlowReason.DIVIDEND, currency, due, withheld, pays)
            self.hears(self.now)
            self.later(pays, VENUE_STAGE, lambda: self.pay(FlowReason.DIVIDEND, currency, due))
        self.drop_book()
        if currency == self.setup.instrument.quote_currency:
            self.follow_dividend(amount)
        self.rejoin_book()

    def _delist(self, amount: Fraction) -> None:
        self.end_all(CancelReason.CORPORATE_ACTION)
        account, currency = self.account, self.setup.instrument.quote_currency
        paid = self.whole_cents(account.held * amount, currency)
        realized = paid - account.cost if account.held > 0 else paid + account.cost
        if paid:
            self.pay_in(paid)
        account.held = account.cost = ZERO
        account.realized += realized
        worth = account.worth(realized)
        account.realized_here += worth
        self.delisted = account.symbol_ended = True
        self.changed = self.now
        due = self.heard()
        self.tell("PositionDelisted", paid, realized, worth, due)
        self.hears(due)
        self.drop_book()

    # -- funding ----------------------------------------------------------------------------

    def await_funding(self, number: int) -> None:
        """The next payment of this instrument."""
        for place, rate in enumerate(self.setup.funding):
            at = nanoseconds(rate.at)
            if place >= number and (number or at > self.now):
                self.later(at, VENUE_STAGE, self._funding_at(place))
                return

    def _funding_at(self, number: int) -> Callable[[], None]:
        return lambda: self._fund(number)

    def _fund(self, number: int) -> None:
        rate, market = self.setup.funding[number], self.market()
        if number + 1 < len(self.setup.funding):
            self.await_funding(number + 1)
        price = sum(market or (ZERO, ZERO)) / 2 if rate.mark is None else Fraction(rate.mark)
        currency = self.account.money
        value = self.account.value(self.account.held, price)
        amount = self.whole_cents(-value * Fraction(rate.rate), currency)
        if amount:
            self.accrue(FlowReason.FUNDING, currency, amount, ZERO, self.now)
            self.pay(FlowReason.FUNDING, currency, amount)
            self.draw(-amount)
            if self.closing_at_a_call():
                self.account.liquidation_charges -= amount

    def draw(self, lost: Fraction) -> None:
        raise NotImplementedError

    def closing_at_a_call(self) -> bool:
        """Whether the isolated position is liquidated."""
        return isinstance(self.account, MarginAccount) and self.account.closing

    def charge_for_liquidation(self, value: Fraction) -> None:
        """A share of what a margin call closes, fill by fill."""
        currency = self.account.money
        share = Fraction(self.setup.account.liquidation_fee)
        amount = self.whole_cents(-value * share, currency)
        self.account.liquidation_charges -= amount
        if amount:
            self.accrue(FlowReason.LIQUIDATION_FEE, currency, amount, ZERO, self.now)
            self.pay(FlowReason.LIQUIDATION_FEE, currency, amount)

    # -- borrow fees, interest --------------------------------------------------------------

    def _await_day_end(self) -> int:
        ends = self.day_end(self.now)
        self.later(ends, VENUE_STAGE, self._end_day)
        return ends

    def _end_day(self) -> None:
        """For the calendar days until the next day end."""
        config, account = self.setup.account.financing, self.account
        assert config is not None
        following = self._await_day_end()
        days = following // DAY - self.now // DAY
        shorts: dict[str, Fraction] = {}
        for mine in account.all:
            market, money = mine.market_now(), mine.money
            if mine.held >= 0 or market is None or mine.contract:
                continue
            short = -rounded_down(mine.held * sum(market) / 2)
            shorts[money] = shorts.get(money, ZERO) + short
            rate = borrow_rate(account.config, mine.instrument.symbol, self.now) or ZERO
            basis = short
            if config.borrow_value is BorrowValue.COLLATERAL:
                mark = sum(market) / 2 * Fraction(102, 100)
                basis = -mine.held * math.ceil(mark)
            self._bear(FlowReason.BORROW_FEE, money, -basis * rate, days, config.borrow_year)
        for one in config.interest:
            balance = account.purse.get(one.currency, ZERO)
            balance -= shorts.get(one.currency, ZERO)
            rate = Fraction(one.credit if balance > 0 else one.debit)
            self._bear(
                FlowReason.INTEREST, one.currency, balance * rate, days, config.interest_year
            )
        if month_of(following) != month_of(self.now):
            for (kind, name), amount in list(account.owed.items()):
                cents = self.whole_cents(amount, name)
                if kind == "accrued" and cents:
                    self.pay(FlowReason.INTEREST, name, cents)

    def _bear(
        self, reason: FlowReason, currency: str, yearly: Fraction, days: int, year: int
    ) -> None:
        amount = rounded_down(yearly * days / year)
        if amount:
            self.accrue(reason, currency, amount, ZERO, None)
            self.hears(self.now)


def nanoseconds(text: str) -> int:
    """A moment with its offset from UTC."""
    since = datetime.fromisoformat(text).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def month_of(ts: int) -> tuple[int, int]:
    day = datetime.fromtimestamp(ts // 10**9, UTC)
    return day.year, day.month
