"""Money that came or went without a trade, line by line as the records tell it."""

from __future__ import annotations

import msgspec

from offbook.domain.action_records import PositionDelisted, PositionRestated, PositionSettled
from offbook.domain.records import FlowAccrued, FlowPaid, Record
from offbook.engine.ledger.folding import instrument_of
from offbook.engine.ledger.ledger import LedgerState


class FlowLine(msgspec.Struct, frozen=True, kw_only=True):
    """A dividend, interest, a borrow fee, funding and the like, as it was owed or paid.

    ``ts`` is session time in ns UTC.  ``event`` is ``accrued`` where it counts in the equity and is
    owed from then on, ``paid`` where it came to the cash; what is paid at once has ``paid`` alone,
    or both at one moment.  ``amount`` (decimal text in ``currency``) is negative where the account
    owes or pays, and after ``withheld``, a tax.  It is ``basis`` times ``rate``: of a dividend the
    units held and what each pays; of a fee or of interest the value and the yearly rate, for
    ``days``.  ``worth`` is it in the account's currency.  These four are told where it accrues.

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
            )
        case PositionRestated(in_lieu=amount):
            reason = "in_lieu"
        case PositionDelisted(paid=amount):
            reason = "delisting"
        case PositionSettled(realized=amount):
            reason = "settlement"
        case _:
            return None
    if not amount:
        return None
    return FlowLine(
        ts=record.ts,
        event="paid",
        reason=reason,
        symbol=record.symbol,
        currency=instrument_of(ledger, record.symbol).settle_currency,
        amount=str(amount),
    )
