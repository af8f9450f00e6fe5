"""When auctions are, against a plain list of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.config import AtBreak, AuctionRules
from offbook.domain.errors import InvalidConfig
from offbook.engine.market.auction_times import AuctionTimes

NOON = TradingCalendar(
    name="XTKS",
    opens=(10, 110, 210),
    closes=(60, 140, 260),
    break_starts=(30, 230),
    break_ends=(40, 240),
)
"""The second day is a short one without a break."""


@given(st.integers(0, 259), st.sampled_from([AtBreak.NONE, AtBreak.OPEN, AtBreak.BOTH]))
def test_the_next_auction_is_the_first_that_there_is(ts: int, rule: AtBreak) -> None:
    """Of its kind; and its price has not come by the next of the other kind."""
    opens, closes = [*NOON.opens], [*NOON.closes]
    if rule is not AtBreak.NONE:
        opens += NOON.break_ends
    if rule is AtBreak.BOTH:
        closes += NOON.break_starts
    times = AuctionTimes(NOON, rule)
    opening = min((at for at in opens if at > ts), default=NEVER)
    over = min((at for at in closes if at > opening), default=NEVER)
    assert times.opening(ts) == (opening, over)
    close = min(at for at in closes if at > ts)
    after = min((at for at in opens if at > close), default=close + DAY_NS)
    assert times.close(ts) == (close, after)


def test_past_the_table_there_is_no_close() -> None:
    """A newer one is needed."""
    with pytest.raises(InvalidConfig, match="ends before the market data does"):
        AuctionTimes(NOON, AtBreak.BOTH).close(260)
    assert AuctionTimes(NOON, AtBreak.BOTH).opening(260)[0] == NEVER


def test_a_calendar_says_what_its_exchange_does_unless_the_rules_do() -> None:
    """Tokyo has auctions at its break."""
    assert AuctionRules().of_break("XTKS") is AtBreak.BOTH
    assert AuctionRules().of_break("XHKG") is AtBreak.NONE
    assert AuctionRules(at_break=AtBreak.OPEN).of_break("XTKS") is AtBreak.OPEN
    with pytest.raises(InvalidConfig, match=r"venue\.auctions\.at_break='noon', expected"):
        AuctionRules(at_break="noon")  # type: ignore[arg-type]  # as it is written in Python
