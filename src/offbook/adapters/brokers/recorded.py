"""What a store's sessions recorded of live markets, beside all other markets."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from offbook.adapters.clock import SystemClock
from offbook.adapters.ids import Uuid7Source
from offbook.adapters.recordings.files import FileRecordings
from offbook.ports.gateway import IBrokerGateway
from offbook.services.market_hub.hub import MarketHub

RECORDINGS: Final = "recordings"
"""The directory of a store that holds the recordings of its sessions' live markets."""


def with_recordings(others: IBrokerGateway, store: Path) -> MarketHub:
    """A gateway that opens what was recorded, to run sessions of this store again, and all other
    markets through ``others``; it connects to no live market."""
    recordings = FileRecordings(store / RECORDINGS)
    return MarketHub({}, recordings, clock=SystemClock(), ids=Uuid7Source(), others=others)
