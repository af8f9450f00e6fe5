"""Money that comes or goes without a trade: first owed, then paid, both legs booked each time."""

from __future__ import annotations

import msgspec

from offbook.domain import records as r
from offbook.domain.account_events import AccountEvent, AccountEventKind
from offbook.domain.action_records import FlowReason
from offbook.domain.config import CorporateAction
from offbook.domain.instruments import Instrument, charge_unit_of
from offbook.domain.record_parts import Posting
from offbook.domain.values import Amount, flow_of
from offbook.engine.account.accounts import ACCRUED, CASH, CLEARING, DIVIDENDS, TAXES, VENUE
from offbook.engine.account.postings import moved
from offbook.engine.account.valuation import PAYS, RECEIVES
from offbook.engine.agenda import STAGE_MESSAGE, STAGE_VENUE, AccountArrives, FlowDue
from offbook.engine.kernel import Kernel

CashChange = tuple[str, Amount]
"""A currency, and by how much its cash changes."""


def cash_legs(
    kernel: Kernel, giver: str, currency: str, amount: int
) -> tuple[list[Posting], CashChange]:
    """The legs by which the cash gets an amount of a currency from an account, and how the cash
    changes: where the account keeps no such money it is changed at the present rate, and left as it
    is while there is none."""
    valuation = kernel.valuation
    own = valuation.kept_in(currency)
    rate = None
    if own != currency:
        rate = valuation.rate(currency, PAYS if amount < 0 else RECEIVES)
    if rate is None:
        return list(moved(giver, CASH, currency, amount)), (currency, Amount(amount))
    changed = amount * rate[0] // rate[1]
    legs = [*moved(giver, CLEARING, currency, amount), *moved(CLEARING, CASH, own, changed)]
    return legs, (own, Amount(changed))


def tell(
    kernel: Kernel,
    due: int,
    cash: tuple[CashChange, ...] = (),
    positions: tuple[tuple[str, int, Amount], ...] = (),
    owed: tuple[CashChange, ...] = (),
    unsettled: tuple[CashChange, ...] = (),
    event: AccountEvent | None = None,
) -> None:
    """Let the strategy know, when reports of now arrive."""
    if kernel.reports:
        arrives = AccountArrives(cash, positions, owed, unsettled, event)
        kernel.agenda.add(due, STAGE_MESSAGE, arrives)


def money_event(
    kernel: Kernel, reason: FlowReason, symbol: str | None, change: CashChange, *, is_paid: bool
) -> AccountEvent:
    """Money that came or went, or is owed, as a strategy is told of it."""
    return AccountEvent(
        ts=kernel.now,
        kind=AccountEventKind(reason.value),
        symbol=symbol,
        currency=change[0],
        amount=change[1],
        is_paid=is_paid,
    )


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moves at once: ``amount`` (signed, 10**-18) is ``basis`` times ``rate``."""

    reason: FlowReason
    symbol: str
    currency: str
    basis: int
    rate: str
    amount: int


def exchange(kernel: Kernel, flow: Flow) -> None:
    """Owe and pay at one moment."""
    kernel.emit(
        r.FlowAccrued,
        reason=flow.reason,
        symbol=flow.symbol,
        currency=flow.currency,
        basis=str(Amount(flow.basis)),
        rate=flow.rate,
        days=0,
        year_days=0,
        amount=Amount(flow.amount),
        withheld=Amount(0),
        worth=Amount(kernel.valuation.worth(flow.amount, flow.currency)),
        pays=kernel.now,
        postings=moved(VENUE, ACCRUED, flow.currency, flow.amount),
    )
    legs, change = cash_legs(kernel, ACCRUED, flow.currency, flow.amount)
    due = kernel.response_due(0, flow.symbol)
    kernel.emit(
        r.FlowPaid,
        reason=flow.reason,
        symbol=flow.symbol,
        currency=flow.currency,
        amount=Amount(flow.amount),
        postings=tuple(legs),
        due=due,
    )
    sum_of = (flow.currency, Amount(flow.amount))
    event = money_event(kernel, flow.reason, flow.symbol, sum_of, is_paid=True)
    tell(kernel, due, (change,), event=event)


def insure(kernel: Kernel, instrument: Instrument, lost: int, most: int) -> None:
    """Give back what a position lost beyond the most that it may lose, both in its currency."""
    exchange(
        kernel,
        Flow(
            reason=FlowReason.INSURANCE,
            symbol=instrument.symbol,
            currency=instrument.settle_currency,
            basis=lost,
            rate="1",
            amount=lost - most,
        ),
    )


class Dividends:
    """Owed at the ex-date to who holds the share then, by who is short of it; paid later."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._tax = kernel.config.account.withheld_ratio

    def entitle(self, action: CorporateAction, currency: str, pays: int) -> None:
        """What is held now earns the dividend, rounded once to the currency's smallest unit; the
        tax is kept back of what is received."""
        kernel, symbol = self._kernel, action.symbol
        tax, of = action.withheld_ratio or self._tax
        instrument, qty = kernel.instrument(symbol), kernel.ledger.position(symbol).qty
        if not qty:
            return
        unit = charge_unit_of(currency)
        gross = flow_of(qty * instrument.qty_scale * action.per_unit, 10**12, unit)
        withheld = -flow_of(-max(gross, 0) * tax, of, unit)
        amount = gross - withheld
        postings = [*moved(VENUE, DIVIDENDS, currency, amount)]
        if withheld:
            postings += moved(VENUE, TAXES, currency, withheld)
        kernel.emit(
            r.FlowAccrued,
            reason=FlowReason.DIVIDEND,
            symbol=symbol,
            currency=currency,
            basis=instrument.qty_text(qty),
            rate=action.amount or "0",
            days=0,
            year_days=0,
            amount=Amount(amount),
            withheld=Amount(withheld),
            worth=Amount(kernel.valuation.worth(amount, currency)),
            pays=pays,
            postings=tuple(postings),
        )
        owed = currency, Amount(amount)
        event = money_event(kernel, FlowReason.DIVIDEND, symbol, owed, is_paid=False)
        tell(kernel, kernel.now, owed=(owed,), event=event)
        kernel.agenda.add(pays, STAGE_VENUE, FlowDue(symbol, currency, Amount(amount)))

    def pay(self, item: FlowDue) -> None:
        """The day of payment has come."""
        kernel = self._kernel
        legs, change = cash_legs(kernel, DIVIDENDS, item.currency, item.amount)
        due = kernel.response_due(0, item.symbol)
        kernel.emit(
            r.FlowPaid,
            reason=FlowReason.DIVIDEND,
            symbol=item.symbol,
            currency=item.currency,
            amount=item.amount,
            postings=tuple(legs),
            due=due,
        )
        paid = item.currency, item.amount
        event = money_event(kernel, FlowReason.DIVIDEND, item.symbol, paid, is_paid=True)
        tell(kernel, due, (change,), owed=((item.currency, Amount(-item.amount)),), event=event)
