"""What of a session is rare enough to be counted, so that no campaign goes without it."""

from __future__ import annotations

from tests.properties.fee_cases import names_of
from tests.properties.market_cases import Setup
from tests.properties.reference_queues import name_of

from offbook.domain.config import ByInstrumentFee, MarginMode, VenueConfig
from offbook.domain.market_data import DataKind

USUAL = VenueConfig()
RULES = (
    "stop_limit", "bar_prices", "bar_reports", "slippage_bound", "stop_gap", "limit_gap",
    "intrabar", "fill_at", "limit_fill",
)  # fmt: skip


def tags_of(setup: Setup) -> list[str]:
    """Names of the models and rules that are not the usual ones."""
    venue, account, latency = setup.venue, setup.account, setup.venue.latency
    found = names_of(venue.fee) | {type(venue.slippage).__name__}
    if isinstance(venue.fee, ByInstrumentFee):
        found.add(f"volume-{venue.fee.volume_of.value}")
    found |= {type(drawn).__name__ for drawn in (latency.entry, latency.response) if drawn}
    if latency.shows_late:
        found.add("late" if latency.market_data is None else "late-drawn")
    found |= {"venues" for _ in latency.venues}
    found |= {name for name in RULES if getattr(venue, name) != getattr(USUAL, name)}
    found |= {f"unpaid-{account.unpaid.value}", f"self-{venue.self_match.value}"}
    found |= {"bars beside" for part in setup.parts if DataKind.BARS in part.kinds[1:]}
    found |= {"other hours" for part in setup.others if part.hours != setup.hours}
    books = {kind for part in setup.parts for kind in part.kinds if kind.is_book}
    if books:
        found |= {f"book-{kind.value}" for kind in books}
        found |= {"book", f"book-{name_of(venue.queue)}", f"book-{account.type.value}"}
        found.add(f"book-{venue.book_start.value}")
    found |= {"own tax" for one in setup.actions if one.withholding is not None}
    found |= {"alone" for _ in [0] if setup.alone} | {"noon" for part in setup.parts if part.breaks}
    found |= {"whole_shares" for _ in [0] if venue.whole_shares}
    found |= {"moving rate" for _ in account.rates_from}
    if setup.others:
        found |= {"several-isolated" for _ in [0] if account.margin_mode is MarginMode.ISOLATED}
        found |= {"several-portfolio" for _ in [0] if account.portfolio_margin is not None}
        moneys = {part.instrument.quote_currency for part in setup.parts}
        if len({part.kinds for part in setup.parts}) > 1:
            found.add("several-kinds")
        found |= {"several", f"currencies-{len(moneys)}", f"several-{account.type.value}"}
    return sorted(found)
