"""What a session's result is made of: spread, slippage, fees, funding, and the market's move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from offbook.domain.records import (
    OrderFilled,
    PositionDelisted,
    PositionRestated,
    PositionSettled,
    Record,
    SessionAttached,
)
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CASH
from offbook.services.paper_trading.report import SessionReport
from offbook.services.reporting.account_path import Execution
from offbook.services.reporting.formatting import money


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a session's result, decimal text in the account's currency: they add up to
    ``result`` to the last unit.

    A part is negative where it took from the result.  ``market`` is what the decisions would have
    brought at the middle of the market when each was made.  ``slippage`` is ``delay``, the move of
    the middle between decision and fill, and ``impact``, what the venue's model added.  ``funding``
    is what was paid or received without trading: funding, interest, dividends and the like.
    """

    result: str
    market: str
    spread: str
    slippage: str
    delay: str
    impact: str
    fees: str
    funding: str


_OF_POSITIONS: Final = (
    OrderFilled,
    SessionAttached,
    PositionDelisted,
    PositionRestated,
    PositionSettled,
)
"""Records whose cash is what a position became: the market's, not a flow beside it."""


class Carry:
    """Adds up cash of the account's currency that came or went without a trade; what a delisting
    brings, or a fraction after a split, stands for units that were held."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self.total = 0

    def take(self, record: Record) -> None:
        """The next record."""
        if isinstance(record, _OF_POSITIONS):
            return
        for leg in getattr(record, "postings", ()):
            if leg.account == CASH and leg.currency == self._currency:
                self.total += int(leg.amount)


def attribution(
    report: SessionReport, executions: Sequence[Execution], funding: int
) -> Attribution:
    """Split a session's result. ``funding`` is in units of 10**-18, positive where received."""
    result = int(Amount.parse(report.equity)) - int(Amount.parse(report.initial_equity))
    spread = -sum(fill.spread for fill in executions)
    impact = -sum(fill.impact for fill in executions)
    total = -sum(fill.slippage for fill in executions)
    delay = total - spread - impact
    fees = -int(Amount.parse(report.fees))
    market = result - total - fees - funding
    parts = {
        "result": result,
        "market": market,
        "spread": spread,
        "slippage": delay + impact,
        "delay": delay,
        "impact": impact,
        "fees": fees,
        "funding": funding,
    }
    return Attribution(**{name: str(Amount(part)) for name, part in parts.items()})


def attribution_rows(found: Attribution) -> list[tuple[str, str]]:
    """Labels and formatted values, the result last."""
    names = ("market", "spread", "slippage", "fees", "funding", "result")
    rows = [(name, money(getattr(found, name), signed=True)) for name in names]
    rows[0] = ("market's move", rows[0][1])
    delay, impact = money(found.delay, signed=True), money(found.impact, signed=True)
    rows[2] = ("slippage", f"{rows[2][1]} (delay {delay}, impact {impact})")
    return rows
