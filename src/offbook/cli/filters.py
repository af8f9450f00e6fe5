"""Which orders, fills and records are asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from offbook.domain.errors import InvalidInput
from offbook.domain.orders import OrderSide, OrderStatus, OrderView
from offbook.services.reporting.listing import FillDetail

OPEN: Final = "OPEN"
CLOSED: Final = "CLOSED"

T = TypeVar("T")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; empty parts ask for all. Times are session time in ns UTC: from
    ``since`` on, and before ``until``."""

    statuses: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()
    side: str | None = None
    since: int | None = None
    until: int | None = None
    last: int | None = None

    def orders(self, orders: Iterable[OrderView]) -> list[OrderView]:
        """Those of the orders that are asked for, by when they were sent."""
        return self._newest(
            order
            for order in orders
            if self._fits(order.symbol, order.side.value, order.submitted_ts)
            and (not self.statuses or _words_for(order.order_status) & self.statuses)
        )

    def fills(self, fills: Iterable[FillDetail]) -> list[FillDetail]:
        """Those of the fills that are asked for."""
        return self._newest(
            fill for fill in fills if self._fits(fill.line.symbol, fill.line.side, fill.line.ts)
        )

    def _newest(self, found: Iterable[T]) -> list[T]:
        lines = list(found)
        return lines if self.last is None else lines[max(len(lines) - self.last, 0) :]

    def _fits(self, symbol: str, side: str, ts: int) -> bool:
        return (
            (not self.symbols or symbol.upper() in self.symbols)
            and self.side in (None, side)
            and self.within(ts)
        )

    def within(self, ts: int) -> bool:
        """Whether a time is asked for."""
        return (self.since is None or ts >= self.since) and (self.until is None or ts < self.until)


def wanted(
    *,
    statuses: Iterable[str] = (),
    symbols: Iterable[str] = (),
    side: str | None = None,
    since: str | None = None,
    until: str | None = None,
    last: int | None = None,
) -> Wanted:
    """The options as what is asked for. Raises InvalidInput."""
    known = [status.value for status in OrderStatus]
    return Wanted(
        statuses=frozenset(one_of(text, [OPEN, CLOSED, *known], "status") for text in statuses),
        symbols=frozenset(symbol.upper() for symbol in symbols),
        side=None if side is None else one_of(side, [s.value for s in OrderSide], "side"),
        since=None if since is None else session_time(since, "since"),
        until=None if until is None else session_time(until, "until"),
        last=last,
    )


def one_of(text: str, known: list[str], field: str) -> str:
    """A name among those known, in any case, hyphens for underscores. Raises InvalidInput."""
    spelled = text.replace("-", "_").casefold()
    for name in known:
        if name.casefold() == spelled:
            return name
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(spelled, by_folded, n=1)
    hint = f"did you mean {by_folded[close[0]]}? " if close else ""
    raise InvalidInput(f"{field} {text!r}: {hint}known: {', '.join(known)}", field=field)


def session_time(text: str, field: str) -> int:
    """A moment of session time in ns UTC, from ``2024-08-08``, ``2024-08-08T23:54:14.5``, the same
    with a zone, or ns. Raises InvalidInput."""
    if text.isdigit() and len(text) > len("20240808"):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{field} {text!r}: write a time as 2024-08-08, 2024-08-08T23:54:14 (UTC) or in ns",
            field=field,
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    past = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * 10**9 + past.microseconds * 1000


def _words_for(status: OrderStatus) -> set[str]:
    return {status.value, CLOSED if status.is_terminal else OPEN}
