"""Money that came or went without a trade, line by line as the records tell it."""

from __future__ import annotations

import msgspec

from offbook.domain.action_records import PositionDelisted, PositionRestated, PositionSettled
from offbook.domain.records import FlowAccrued, FlowPaid, Record
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CASH
from offbook.engine.ledger.folding import instrument_of
from offbook.engine.ledger.ledger import LedgerState

_OfAPosition = PositionRestated | PositionDelisted | PositionSettled


class FlowLine(msgspec.Struct, frozen=True, kw_only=True):
    """A dividend, interest, a borrow fee, funding and the like, as it was owed or paid.

    ``ts`` is session time in ns UTC.  ``event`` is ``accrued`` where it counts in the equity and is
    owed from then on, ``paid`` where it came to the cash; what is paid at once has ``paid`` alone,
    or both at one moment.  ``amount`` (decimal text in ``currency``) is negative where the account
    owes or pays, and after ``withheld``, a tax.  It is ``basis`` times ``rate``: of a dividend the
    units held and what each pays; of a fee or of interest the value and the yearly rate, for
    ``days`` of a year of ``year_days``; of insurance what of the ``basis``, a loss, the margin did
    not cover.  These, and what is withheld, are told where it accrues.  ``worth`` is it in the
    account's currency: of what is paid what came to the cash in it, None where it did not.

    ``reason`` is one of ``domain.action_records.FlowReason``, or ``in_lieu`` (the fraction of a
    split or a change of symbol), ``delisting``, or ``settlement`` (of contracts, day by day).
    """

    ts: int
    event: str
    reason: str
    symbol: str | None
    currency: str
    amount: str
    withheld: str | None = None
    basis: str | None = None
    rate: str | None = None
    days: int | None = None
    year_days: int | None = None
    worth: str | None = None


def flow_of(record: Record, ledger: LedgerState) -> FlowLine | None:
    """The line of a record, None where no money came or went but by a trade."""
    match record:
        case FlowAccrued():
            return FlowLine(
                ts=record.ts,
                event="accrued",
                reason=record.reason.value,
                symbol=record.symbol,
                currency=record.currency,
                amount=str(record.amount),
                withheld=str(record.withheld),
                basis=record.basis,
                rate=record.rate,
                days=record.days,
                year_days=record.year_days,
                worth=str(record.worth),
            )
        case FlowPaid():
            return FlowLine(
                ts=record.ts,
                event="paid",
                reason=record.reason.value,
                symbol=record.symbol,
                currency=record.currency,
                amount=str(record.amount),
                worth=_came(record, ledger),
            )
        case PositionRestated(in_lieu=amount):
            return _of_a_position(record, "in_lieu", amount, ledger)
        case PositionDelisted(paid=amount):
            return _of_a_position(record, "delisting", amount, ledger)
        case PositionSettled(realized=amount):
            return _of_a_position(record, "settlement", amount, ledger)
        case _:
            return None


def _of_a_position(
    record: _OfAPosition, reason: str, amount: Amount, ledger: LedgerState
) -> FlowLine | None:
    if not amount:
        return None
    return FlowLine(
        ts=record.ts,
        event="paid",
        reason=reason,
        symbol=record.symbol,
        currency=instrument_of(ledger, record.symbol).settle_currency,
        amount=str(amount),
        worth=_came(record, ledger),
    )


def _came(record: _OfAPosition | FlowPaid, ledger: LedgerState) -> str | None:
    """What a record brings to the cash in the account's currency."""
    own = None if ledger.attached is None else ledger.attached.currency
    legs = [leg.amount for leg in record.postings if leg.account == CASH and leg.currency == own]
    return str(Amount(sum(legs))) if legs else None
