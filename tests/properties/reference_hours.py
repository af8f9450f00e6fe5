"""Hours, halts and price bands in the reference: what may trade now, and between which prices."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from tests.properties.market_cases import Setup
from tests.properties.reference_clock import DAY, VENUE_STAGE, ReferenceClock
from tests.properties.reference_common import Common
from tests.properties.reference_orders import Order
from tests.properties.row_cases import StatusRow

Span = tuple[int, int]


class ReferenceHours(ReferenceClock):
    """Looks at the list of sessions whenever it is asked."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self.halted: int | None = None
        """Since when trading is halted."""
        self.resumed = 0
        """When it was last resumed: nothing is taken from what was seen before."""
        self._extra_spans = self._extras()
        self._regular = self._stretches()
        self._spans = [*self._regular, *self._extra_spans]
        self._changes = [at for span in self._spans for at in span]
        self.bands: tuple[Fraction | None, Fraction | None] = (None, None)

    # -- hours ------------------------------------------------------------------------------

    def await_hours(self) -> None:
        later = [at for at in self._changes if at > self.now]
        if later:
            self.later(min(later), VENUE_STAGE, self.await_hours)

    def _extras(self) -> list[Span]:
        """The extended hours: those after each close up to the next opening at most, then those
        before that opening."""
        rule, hours = self.setup.venue.extended_hours, self.setup.hours
        if rule is None:
            return []
        found = [(hours[0][0] - rule.pre_ns, hours[0][0])] if hours else []
        for (_, close), (opening, _) in pairwise(hours):
            after = min(close + rule.post_ns, opening)
            found += [(close, after), (max(opening - rule.pre_ns, after), opening)]
        return found

    def extra_at(self, ts: int) -> Span | None:
        """The extended hours in which a time lies."""
        return next((span for span in self._extra_spans if span[0] <= ts < span[1]), None)

    def _stretches(self) -> list[Span]:
        """Regular hours without breaks: what trades from the opening to the break, and from then
        on."""
        hours, rests = self.setup.hours, self.setup.breaks
        begins = [*(at for at, _ in hours), *(at for _, at in rests)]
        ends = [*(at for _, at in hours), *(at for at, _ in rests)]
        return list(zip(sorted(begins), sorted(ends), strict=True))

    def is_open(self, ts: int) -> bool:
        """Whether a time lies in regular hours, and in no break."""
        hours = self._regular
        return not hours or any(opens <= ts < closes for opens, closes in hours)

    def is_of_these_hours(self, ts: int) -> bool:
        """Whether a time and the present lie in one stretch of hours, regular or extended."""
        return not self.setup.hours or any(
            begin <= ts < end and begin <= self.now < end for begin, end in self._spans
        )

    def are_same_hours(self, one: int, other: int) -> bool:
        """Whether both times lie in one stretch of regular hours."""
        hours = self._regular
        return not hours or any(
            opens <= one < closes and opens <= other < closes for opens, closes in hours
        )

    def day_end(self, ts: int) -> int:
        """When the day ends; a break ends none."""
        if not self.setup.hours:
            return ts - ts % DAY + DAY
        return min(closes for _, closes in self.setup.hours if closes > ts)

    def day_end_of(self, order: Order) -> int:
        """When a day is over for an order: with extended hours when those after its close are."""
        rule = self.setup.venue.extended_hours
        if rule is None or not order.extended or not self.setup.hours:
            return self.day_end(self.now)
        closes = [close for _, close in self.setup.hours]
        ends = [min(close + rule.post_ns, self.next_open(close)) for close in closes[:-1]]
        return min(end for end in ends if end > self.now)

    def next_open(self, ts: int) -> int:
        return min(opens for opens, _ in self.setup.hours if opens > ts)

    # -- what may trade ---------------------------------------------------------------------

    def trades_now(self) -> bool:
        """Whether regular trading goes on."""
        return self.halted is None and self.is_open(self.now)

    def takes_part(self, order: Order) -> bool:
        """Whether it is hours in which an order trades, if nothing is halted."""
        return self.is_open(self.now) or (order.extended and self.extra_at(self.now) is not None)

    def may_trade(self, order: Order) -> bool:
        """Whether an order may trade now."""
        return self.halted is None and self.takes_part(order)

    # -- status -----------------------------------------------------------------------------

    def take_status(self, row: StatusRow) -> None:
        if row.event == "bands":
            self.bands = (row.lower, row.upper)
        elif row.event == "halt" and self.halted is None:
            self.halted = self.now
            self.tell("TradingStatusChanged", True, row.number)
        elif row.event == "resume" and self.halted is not None:
            self.halted, self.resumed = None, self.now
            self.tell("TradingStatusChanged", False, row.number)

    def within_bands(self, price: Fraction) -> bool:
        lower, upper = self.bands
        return (lower is None or price >= lower) and (upper is None or price <= upper)

    def into_bands(self, price: Fraction) -> Fraction:
        """A resting limit that the bands have passed is where an exchange would have moved it."""
        lower, upper = self.bands
        if lower is not None and price < lower:
            return lower
        return upper if upper is not None and price > upper else price
