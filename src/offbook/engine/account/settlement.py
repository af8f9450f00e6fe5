"""Settlement of a cash account: what a sale brings may be used some trading days later.

By ``account.settlement.unsettled`` the proceeds wait; or they may buy at once, and then the shares
that they bought are not sold before they have settled.  A buy counts as paid from unsettled money
when less cash than that is left after it.  Splits and changes of symbol take such shares along.
"""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from offbook.domain import records as r
from offbook.domain.account_events import AccountEvent, AccountEventKind
from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.config import UnsettledCash
from offbook.domain.config.actions import BEFORE_OPEN_NS
from offbook.domain.orders import OrderSide
from offbook.domain.values import Amount, ceil_div
from offbook.engine.account.accounts import CASH
from offbook.engine.account.cash_flows import tell
from offbook.engine.agenda import STAGE_VENUE, AgendaItem, SettlementDue
from offbook.engine.kernel import Kernel


def settles_at(calendar: TradingCalendar, ts: int, days: int) -> int:
    """When a trade at ``ts`` settles, ns UTC: eight hours before the session ``days`` after its own
    opens, but not before the one before that has closed; midnight UTC where the market never
    closes.  A trade outside hours belongs to the next session; one at the very close, as of the
    last bar of a day, to the session that ends.  NEVER beyond the calendar."""
    if calendar.always_open:
        return (ts // DAY_NS + days) * DAY_NS
    place = bisect_left(calendar.closes, ts) + days
    if place >= len(calendar.opens):
        return NEVER
    return max(calendar.opens[place] - BEFORE_OPEN_NS, calendar.closes[place - 1])


class Settlement:
    """The settlement of one session; does nothing where none is configured."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._config = kernel.config.account.settlement

    @property
    def is_needed(self) -> bool:
        """Whether fills have anything to do with it."""
        return self._config is not None

    def filled(self, fill: r.OrderFilled) -> None:
        """A fill was booked."""
        config = self._config
        if config is None:
            return
        changes: dict[str, int] = {}
        for leg in fill.postings:
            if leg.account == CASH:
                changes[leg.currency] = changes.get(leg.currency, 0) + leg.amount
        for currency, change in changes.items():
            if fill.side is OrderSide.SELL and change > 0:
                calendar = self._kernel.calendar_of(self._kernel.instrument(fill.symbol))
                settles = settles_at(calendar, self._kernel.now, config.days)
                waits = config.unsettled is UnsettledCash.WAIT
                item = SettlementDue(fill.symbol, currency, Amount(change), 0, waits)
                self._pend(item, settles)
                self._tell(item, 1, fill.due)  # with its fill, and not after a later report
            elif fill.side is OrderSide.BUY and config.unsettled is UnsettledCash.GOOD_FAITH:
                self._lock(fill, currency)

    def _lock(self, fill: r.OrderFilled, currency: str) -> None:
        events = self._kernel.ledger.events
        pending = events.pending.get(currency, 0)
        if pending > max(self._kernel.ledger.balance(CASH, currency), 0):
            item = SettlementDue(fill.symbol, currency, Amount(0), fill.last_qty, True)
            self._pend(item, events.settles[currency])

    def _pend(self, item: SettlementDue, settles: int) -> None:
        kernel = self._kernel
        kernel.emit(
            r.SettlementPending,
            symbol=item.symbol,
            currency=item.currency,
            amount=item.amount,
            qty=item.qty,
            base=self._kernel.instrument(item.symbol).base,
            base_amount=self._base_amount(item),
            waits=item.waits,
            settles=settles,
        )
        if settles < NEVER:
            kernel.agenda.add(settles, STAGE_VENUE, item)

    def settle(self, item: SettlementDue) -> None:
        """The day has come."""
        self._kernel.emit(
            r.SettlementDone,
            symbol=item.symbol,
            currency=item.currency,
            amount=item.amount,
            qty=item.qty,
            base=self._kernel.instrument(item.symbol).base,
            base_amount=self._base_amount(item),
            waits=item.waits,
        )
        self._tell(item, -1, self._kernel.response_due(0, item.symbol))

    def restated(self, symbol: str, new_symbol: str, ratio: tuple[int, int]) -> None:
        """Shares became others: what of them was bought with money that has not settled waits as
        these, rounded up, until the same day."""
        if self._config is None:
            return

        def is_lock(item: AgendaItem) -> bool:
            return isinstance(item, SettlementDue) and item.symbol == symbol and item.qty > 0

        new, old = ratio
        for settles, item in self._kernel.agenda.take_out(is_lock):
            assert isinstance(item, SettlementDue)
            self.settle(item)
            qty = ceil_div(item.qty * new, old)
            self._pend(msgspec.structs.replace(item, symbol=new_symbol, qty=qty), settles)

    def _base_amount(self, item: SettlementDue) -> Amount:
        return Amount(item.qty * self._kernel.instrument(item.symbol).qty_scale)

    def _tell(self, item: SettlementDue, sign: int, due: int) -> None:
        if item.waits and item.amount:
            change = (item.currency, Amount(sign * item.amount))
            event = None
            if sign < 0:
                kind = AccountEventKind.SETTLEMENT
                event = AccountEvent(
                    ts=self._kernel.now,
                    kind=kind,
                    symbol=item.symbol,
                    currency=item.currency,
                    amount=item.amount,
                )
            tell(self._kernel, due, unsettled=(change,), event=event)
