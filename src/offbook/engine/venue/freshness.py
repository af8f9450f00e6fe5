"""No fill on old data: how old the quote or book is that an order would take from.

Age is session time since the last row that gave the instrument its price, judged at the moment of
the fill; at ``max_age_ns`` exactly it is still fresh.  Rows that come are new by definition, so
only an order that meets what stands, because it arrives, is replaced, or is triggered or released
between two rows, can find it too old:

- ``defer``: it takes nothing and is not triggered; it works on, and the next row is for it (that
  wakes the session, as for every taker that waits); IOC and FOK are canceled;
- ``reject``: the venue refuses a market order, or a limit that crosses; what was not refused on its
  arrival is deferred, and so are orders that close positions at a stop;
- ``flag``: it trades, and the fill's evidence tells the age.

Prints and bars are never taken from after they came, except where ``fill_at`` lets them be.
"""

from __future__ import annotations

import msgspec

from offbook.domain.config.freshness import StalePolicy
from offbook.domain.market_data import Quote
from offbook.domain.orders import OrderSide, Origin, RejectReason
from offbook.domain.record_parts import Evidence
from offbook.engine.desk.terms import Refusal
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState


class Freshness:
    """Judges the age of what stands; without a limit everything is fresh."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._config = kernel.config.venue.freshness

    def too_old(self, symbol: str, ts: int) -> bool:
        """Whether a quote or a book of ``ts`` (ns UTC) is older than it may be."""
        return self._config is not None and self._kernel.now - ts > self._config.limit(symbol)

    def age_limit(self, symbol: str) -> int | None:
        """The age in ns beyond which nothing is taken; None where any age will do."""
        if self._config is None or self._config.policy is StalePolicy.FLAG:
            return None
        return self._config.limit(symbol)

    def holds_back(self, row: object) -> bool:
        """Whether nothing may be taken from a row that stands."""
        if self._config is None or not isinstance(row, Quote):
            return False
        flags = self._config.policy is StalePolicy.FLAG
        return not flags and self.too_old(row.instrument.symbol, row.ts)

    def refusal(self, order: OrderState, limit: int | None) -> Refusal | None:
        """Why the venue does not take an order, or new terms with this ``limit``, that would take
        from what is too old."""
        config = self._config
        if config is None or config.policy is not StalePolicy.REJECT:
            return None
        row = self._kernel.pricing_row(order.symbol)
        if order.waits or order.origin is Origin.FLATTEN or not isinstance(row, Quote):
            return None
        if not self.too_old(order.symbol, row.ts):
            return None
        other = row.ask_px if order.side is OrderSide.BUY else row.bid_px
        if limit is not None and (other - limit) * order.side.sign > 0:
            return None
        return Refusal(
            reason=RejectReason.STALE_MARKET_DATA,
            limit=str(config.limit(order.symbol)),
            value=str(self._kernel.now - row.ts),
        )

    def flagged(self, evidence: Evidence, symbol: str) -> Evidence:
        """Evidence that tells how old the quote or book was, where that was too old."""
        if evidence.bid_px is None or not self.too_old(symbol, evidence.row_ts):
            return evidence
        return msgspec.structs.replace(evidence, stale_ns=self._kernel.now - evidence.row_ts)
