"""What is said of refusals, and of what a market shows and nobody may take."""

from __future__ import annotations

from typing import Final

from offbook.domain.records import OrderDenied, OrderRejected, RequestDenied
from offbook.engine.standing import InstrumentStanding, Standing
from offbook.engine.venue.holding_back import HeldBack
from offbook.services.reporting.formatting import clock, duration, words

_ADVICE: Final = {
    "INSUFFICIENT_HOLDINGS": "; a cash account sells what it owns, "
    'account.type = "margin" sells short',
    "MARKET_CLOSED": '; venue.while_closed = "queue" lets orders wait for the opening',
    "NOT_BORROWABLE": "; account.financing says what can be borrowed, and from when",
    "PRICE_BAND": '; venue.beyond_band = "wait" lets limits beyond a band wait',
    "SYMBOL_ENDED": "; it was delisted, it expired, or it trades under another symbol",
    "UNSETTLED": "; it is there from the day of settlement on, see account.settlement",
}
"""What to do about a refusal, where its name does not say it."""

_HELD_BACK: Final = {
    HeldBack.BEFORE_A_HALT: "the last price was from before a halt or a split",
    HeldBack.OTHER_HOURS: "the last price was of other trading hours",
    HeldBack.UNSOUND: "the book was not to be trusted: one side empty, crossed, or rows missed",
    HeldBack.DROPPED: "a corporate action has ended its book: a snapshot or a clear begins the "
    'next (updates do where venue.book_start = "updates")',
}
"""Why orders wait for the next row."""


def refusal_text(verb: str, record: OrderDenied | RequestDenied | OrderRejected) -> str:
    """Which rule refused, its limit, the order's value, and what to do."""
    text = f"the last order {verb} was for {words(record.reason.value)}, {clock(record.ts)} UTC"
    if record.value or record.limit:
        numbers = [f"it was {record.value}" if record.value else ""]
        numbers.append(f"the limit {record.limit}" if record.limit else "")
        text += f" ({', '.join(filter(None, numbers))})"
    return text + _ADVICE.get(record.reason.value, "")


def held_back_text(standing: Standing, found: InstrumentStanding) -> str | None:
    """Why orders take nothing from the last row."""
    if found.held_back is not None:
        return _HELD_BACK[found.held_back]
    limit = found.age_limit_ns
    if limit is None or found.last_ts is None or standing.ts - found.last_ts <= limit:
        return None
    return f"the last price was older than the {duration(limit)} of venue.freshness"
