"""Which hours it is for each instrument, and for which orders these are."""

from __future__ import annotations

from offbook.domain.calendars import TradingCalendar
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Quote, Trade
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.market import extended_hours
from offbook.engine.venue.freshness import Freshness


class TradingTimes:
    """Regular, extended and closed hours, and halts, as they are now."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._extends = kernel.config.venue.extended_hours
        self._freshness = Freshness(kernel)
        self.hours: dict[str, bool] = {}
        """Whether regular trading is open now, by calendar."""
        self.extended: dict[str, int] = {}
        """Calendars that are in extended hours now, and when these began."""

    def is_open(self, instrument: Instrument) -> bool:
        """Whether an instrument trades now in regular hours."""
        halted = instrument.symbol in self._kernel.halted
        return not halted and self.hours.get(instrument.calendar, True)

    def trades(self, instrument: Instrument) -> bool:
        """Whether anything of an instrument may trade now, in regular hours or extended ones."""
        if self._extends is None or instrument.symbol in self._kernel.halted:
            return self.is_open(instrument)
        return self.is_open(instrument) or instrument.calendar in self.extended

    def takes_part(self, order: OrderState) -> bool:
        """Whether an order takes part in the hours that are now, while something trades."""
        if self._extends is None or order.extended_hours:
            return True
        return self.is_open(self._kernel.instrument(order.symbol))

    def would_take_part(self, order: OrderState) -> bool:
        """Whether an order is for the hours that are now, whether trading is halted or not."""
        calendar = self._kernel.instrument(order.symbol).calendar
        extended = order.extended_hours and calendar in self.extended
        return extended or self.hours.get(calendar, True)

    def is_present(self, row: Quote | Trade) -> bool:
        """Whether something trades and a row is of these hours, not too old, and not from before a
        halt."""
        if self._freshness.holds_back(row):
            return False
        kernel = self._kernel
        calendar = kernel.calendar_of(row.instrument)
        if calendar.name in self.extended:
            same = row.ts >= self.extended[calendar.name]
        else:
            same = calendar.is_same_session(row.ts, kernel.now)
        since = kernel.resumed.get(row.instrument.symbol, 0)
        return same and row.ts >= since and self.trades(row.instrument)

    def day_end(self, order: OrderState) -> int:
        """When a DAY order expires that arrives now."""
        calendar = self._kernel.calendar_of(self._kernel.instrument(order.symbol))
        extends = self._extends if order.extended_hours else None
        return extended_hours.day_end(calendar, extends, self._kernel.now)

    def ask(self, calendar: TradingCalendar) -> int:
        """Look at what hours it is now for a calendar's markets; when they change next."""
        self._look(calendar)
        return extended_hours.next_change(calendar, self._extends, self._kernel.now)

    def ask_at_bar(self) -> None:
        """Look at what hours it is at the end of a bar, which is matched before anything else that
        is due then, a change of hours too: what its fills release arrives at that moment."""
        if self._kernel.agenda.next_due <= self._kernel.now:
            for calendar in self._kernel.calendars.values():
                self._look(calendar)

    def _look(self, calendar: TradingCalendar) -> None:
        name, now = calendar.name, self._kernel.now
        self.hours[name] = calendar.is_open(now)
        self.extended.pop(name, None)
        span = extended_hours.span_at(calendar, self._extends, now)
        if span is not None:
            self.extended[name] = span[0]
