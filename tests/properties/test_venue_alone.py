"""Sessions in which only the venue's rules say no: those of auctions, noon breaks and bars."""

from __future__ import annotations

from tests.properties.campaign import Tally, case_of, run_case

CASES = (12, 121, 140, 267, 375)
"""Sessions of a campaign in which all of these come about."""
RARE = (
    "AUCTION_CUTOFF",
    "NO_EXTENDED_HOURS",
    "SELF_MATCH",
    "STALE_MARKET_DATA",
    "fills:auction-bar.1 no noon",
    "fills:auction-bar.1 noon",
    "fills:auction-print.1 no noon",
    "fills:auction-print.1 noon",
    "fills:bar_reports",
    "fills:intrabar",
    "fills:limit_gap",
    "fills:self-decrement",
    "fills:stop_limit",
)
"""Refusals and fills without which these had left something out."""


def test_sessions_that_the_venue_alone_decides_are_without_divergence() -> None:
    """And the rules that they are made for are met in them."""
    tally = Tally()
    assert [wrong for number in CASES if (wrong := run_case(*case_of(5, number), tally))] == []
    assert [kind for kind in RARE if not tally.counts[kind]] == []
    assert tally.counts["fills:alone"] == tally.counts["OrderFilled"] > 0
