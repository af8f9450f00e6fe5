"""Books that a corporate action has ended, and that were not told again before a session's end."""

from __future__ import annotations

from collections.abc import Sequence

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import ActionKind, CorporateAction
from offbook.domain.market_data import MarketInfo
from offbook.services.reporting.equity_curve import EquityCurve
from offbook.services.reporting.formatting import clock
from offbook.services.reporting.market_scan import effects_of

_GOES_ON = frozenset({ActionKind.SPLIT, ActionKind.DIVIDEND})


def ended_books(
    info: MarketInfo,
    calendars: Sequence[TradingCalendar],
    actions: Sequence[CorporateAction],
    curve: EquityCurve,
) -> tuple[str, ...]:
    """What a report says of instruments that went on after an action without a sound book: since
    when nothing of theirs was matched, and what would have begun the next."""
    due = effects_of(info, calendars, [one for one in actions if one.kind in _GOES_ON])
    pricing = info.pricing_sources()
    found = []
    for symbol in (one.symbol for one in info.instruments):
        past = [ts for ts in due.get(symbol, ()) if curve.begin_ts <= ts < curve.end_ts]
        if not past or not info.sources[pricing[symbol]].kind.is_book:
            continue
        if curve.priced_until.get(symbol, 0) < max(past):
            found.append(
                f"{symbol}: a corporate action ended its book at {clock(max(past))} UTC, and no "
                "sound one was told until the session's end: nothing was matched on it. A snapshot "
                'or a clear begins the next; updates do where venue.book_start = "updates"'
            )
    return tuple(found)
