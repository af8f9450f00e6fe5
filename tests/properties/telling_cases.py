"""Sessions in which one term of an account, its charges or its limits decides.

Most made-up sessions hold many terms, of which few come to matter: orders are refused for another
reason, or nothing is held when it counts.  Each of these is made of another session by setting
aside what would keep one term from deciding, and its orders are eager to trade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.properties.sources import Source
from tests.properties.telling_charges import (
    by_dates,
    by_regulators,
    by_volume,
    crowded,
    losing,
    paid_out,
    slipping,
)
from tests.properties.telling_margins import (
    called,
    grouped,
    isolated,
    lent,
    regulated,
    settled,
)

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

TELLING = (
    called,
    regulated,
    grouped,
    lent,
    paid_out,
    by_volume,
    isolated,
    settled,
    called,
    by_regulators,
    regulated,
    grouped,
    slipping,
    crowded,
    lent,
    isolated,
    by_dates,
    losing,
    called,
    paid_out,
    by_volume,
)
"""Some more often than others: those in which fewer sessions tell."""


def with_one_that_tells(source: Source, setup: Setup, place: int) -> Setup:
    """One of these: the one at a place, so that each has its turn."""
    return TELLING[place % len(TELLING)](source, setup)
