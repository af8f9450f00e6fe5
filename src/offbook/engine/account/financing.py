"""Borrow fees on short positions, interest on cash and debt.

At the end of each trading day (that of the market's first instrument) both accrue for the calendar
days until the next: over a weekend for three.  A fee is a share of a short position's value at the
last mid, or of the collateral that lies for it.  Interest is on the cash of a currency less what
short positions in it are worth, for what a short sale brings is collateral of its lender and earns
nothing.  What has accrued counts in the equity, to 10**-18, and is booked to the cash, in whole
cents, at the last day end of a month.
"""

from __future__ import annotations

import datetime
from typing import Final

from offbook.domain import records as r
from offbook.domain.action_records import FlowReason
from offbook.domain.calendars import DAY_NS, NEVER
from offbook.domain.config import RATIO_PRECISION, BorrowValue
from offbook.domain.config.financing import day_of, rate_units
from offbook.domain.instruments import Instrument, charge_unit_of
from offbook.domain.values import Amount, ceil_div, flow_of
from offbook.engine.account.accounts import ACCRUED, CASH, VENUE
from offbook.engine.account.cash_flows import cash_legs, money_event, tell
from offbook.engine.account.lending import Dated
from offbook.engine.account.postings import moved
from offbook.engine.agenda import STAGE_VENUE, AccrualDue
from offbook.engine.desk.terms import Market
from offbook.engine.kernel import Kernel

_RATE: Final = 10**RATIO_PRECISION
_EPOCH: Final = datetime.date(1970, 1, 1)


class Financing:
    """Accrues and books for one session; does nothing where no rates are configured."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._config = config = kernel.config.account.financing
        self._interest: dict[str, Dated] = {}
        for one in () if config is None else config.interest:
            rates = self._interest.setdefault(one.currency, Dated())
            rates.add(day_of(one.since, "interest"), (one.credit, one.debit))

    def schedule(self) -> None:
        """The session has begun."""
        if self._config is not None:
            self._wait()

    def _wait(self) -> int:
        """Wait for the next day end, and tell when that is; NEVER after the calendar's last."""
        kernel = self._kernel
        assert kernel.market is not None
        calendar = kernel.calendar_of(kernel.market.instruments[0])
        if not calendar.always_open and calendar.next_change(kernel.now) == NEVER:
            return NEVER
        due = calendar.day_end(kernel.now)
        kernel.agenda.add(due, STAGE_VENUE, AccrualDue())
        return due

    def accrue(self) -> None:
        """A trading day has ended."""
        kernel = self._kernel
        following = self._wait()
        if following == NEVER:
            return
        days = following // DAY_NS - kernel.now // DAY_NS
        shorts = self._borrow_fees(days)
        for currency in self._interest:
            self._accrue_interest(currency, shorts.get(currency, 0), days)
        if _month(following) != _month(kernel.now):
            self._pay()

    def _borrow_fees(self, days: int) -> dict[str, int]:
        """The fees of all short positions; what these are worth, by currency."""
        kernel, config = self._kernel, self._config
        assert config is not None
        worth: dict[str, int] = {}
        for symbol, qty in kernel.ledger.held_positions().items():
            prices = kernel.prices(symbol)
            instrument = kernel.instrument(symbol)
            if qty > 0 or prices is None or symbol in kernel.ledger.events.contracts:
                continue  # nothing is borrowed to be short of a contract
            twice = -qty * (prices.bid_px + prices.ask_px) * instrument.notional_scale
            value, currency = -(-twice // 2), instrument.settle_currency
            worth[currency] = worth.get(currency, 0) + value
            # What cannot be borrowed any more was borrowed before; nothing says at what rate.
            rate = kernel.lending.rate(symbol, kernel.now) or "0"
            basis = value
            if config.borrow_value is BorrowValue.COLLATERAL:
                basis = _collateral(-qty, prices, instrument)
            self._emit(FlowReason.BORROW_FEE, symbol, currency, -basis, rate, days)
        return worth

    def _accrue_interest(self, currency: str, shorts: int, days: int) -> None:
        kernel = self._kernel
        told, rates = self._interest[currency].at(kernel.now)
        balance = kernel.ledger.balance(CASH, currency) - shorts
        if told and rates is not None:
            rate = rates[0] if balance > 0 else rates[1]
            self._emit(FlowReason.INTEREST, None, currency, balance, rate, days)

    def _emit(
        self,
        reason: FlowReason,
        symbol: str | None,
        currency: str,
        basis: int,
        rate: str,
        days: int,
    ) -> None:
        kernel, config = self._kernel, self._config
        assert config is not None
        fee = reason is FlowReason.BORROW_FEE
        year = config.borrow_year if fee else config.interest_year
        amount = flow_of(basis * rate_units(rate, reason.value) * days, _RATE * year, 1)
        if not amount:
            return
        kernel.emit(
            r.FlowAccrued,
            reason=reason,
            symbol=symbol,
            currency=currency,
            basis=str(Amount(basis)),
            rate=rate,
            days=days,
            year_days=year,
            amount=Amount(amount),
            withheld=Amount(0),
            worth=Amount(kernel.valuation.worth(amount, currency)),
            pays=None,
            postings=moved(VENUE, ACCRUED, currency, amount),
        )
        owed = currency, Amount(amount)
        event = money_event(kernel, reason, symbol, owed, is_paid=False)
        tell(kernel, kernel.now, owed=(owed,), event=event)

    def _pay(self) -> None:
        """The month is over: what has accrued goes to the cash."""
        kernel = self._kernel
        owed = [key for key in kernel.ledger.balances if key.startswith(f"{ACCRUED}|")]
        for key in owed:
            currency = key.partition("|")[2]
            amount = flow_of(kernel.ledger.balances[key], 1, charge_unit_of(currency))
            if not amount:
                continue
            legs, change = cash_legs(kernel, ACCRUED, currency, amount)
            due = kernel.response_due(0, None)
            kernel.emit(
                r.FlowPaid,
                reason=FlowReason.INTEREST,
                symbol=None,
                currency=currency,
                amount=Amount(amount),
                postings=tuple(legs),
                due=due,
            )
            paid = currency, Amount(amount)
            event = money_event(kernel, FlowReason.INTEREST, None, paid, is_paid=True)
            tell(kernel, due, (change,), owed=((currency, Amount(-amount)),), event=event)


def _collateral(qty: int, prices: Market, instrument: Instrument) -> int:
    """102 % of the mid a share, up to a whole unit of the currency: "the general industry
    convention", as the guide to Interactive Brokers' statements has it (Borrow Fee Details)."""
    a_share = ceil_div(
        (prices.bid_px + prices.ask_px) * 102, 2 * 100 * 10**instrument.price_precision
    )
    return qty * instrument.qty_scale * a_share


def _month(ts: int) -> tuple[int, int]:
    day = _EPOCH + datetime.timedelta(days=ts // DAY_NS)
    return day.year, day.month
