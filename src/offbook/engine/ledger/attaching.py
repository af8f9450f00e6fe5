"""What the first record of a session makes of its ledger: the market, the money, and the ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from offbook.domain import records as r
from offbook.engine.ledger.event_state import contracts_of
from offbook.engine.venue.ways import ways_of

if TYPE_CHECKING:
    from offbook.engine.ledger.ledger import LedgerState


def attach(ledger: LedgerState, record: r.SessionAttached) -> None:
    """A session has its market."""
    ledger.attached = record
    ledger.rates = dict(record.rates)
    ledger.ways = ways_of(record.config)
    ledger.events.contracts = contracts_of(record.market.instruments)
    ledger.book(record.opening)
