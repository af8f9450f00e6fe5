"""What a report tells of what happened without an order: splits, settlements, liquidations."""

from __future__ import annotations

from offbook.domain.action_records import FlowReason
from offbook.domain.records import (
    FlowAccrued,
    LiquidationBegan,
    LiquidationEnded,
    PositionDelisted,
    PositionRestated,
    PositionSettled,
    Record,
)


def event_moment(record: Record) -> tuple[str, str | None] | None:
    """The name of what happened and its numbers; None for a record of something else. Interest
    and borrow fees, which come every day, are told in sum alone."""
    if isinstance(record, PositionRestated):
        ratio = f"{record.numerator}:{record.denominator}"
        lieu = f", {record.in_lieu} in lieu of fractions" if record.in_lieu else ""
        if record.new_symbol != record.symbol:
            return "symbol changed", f"{record.symbol} is {record.new_symbol}, {ratio}{lieu}"
        return "split", f"{record.symbol} {ratio}{lieu}"
    if isinstance(record, PositionDelisted):
        return "delisted", f"{record.symbol}, {record.paid} paid"
    if isinstance(record, PositionSettled):
        what = "expired" if record.expired else "settled"
        return what, f"{record.symbol} at {record.price}, {record.realized} paid"
    if isinstance(record, LiquidationBegan):
        return "liquidation", f"{record.symbol}, {record.equity} of {record.required}"
    if isinstance(record, LiquidationEnded):
        return "liquidation over", record.symbol
    if isinstance(record, FlowAccrued) and record.reason is FlowReason.DIVIDEND:
        return "dividend", f"{record.amount} {record.currency} on {record.basis} {record.symbol}"
    return None
