"""Quotes and books that are too old to take from."""

import pytest

from offbook.domain.config import FreshnessConfig, VenueConfig
from offbook.domain.errors import InvalidConfig
from tests.scenarios.stage import play


def test_a_quote_is_fresh_up_to_its_age_and_not_a_nanosecond_longer() -> None:
    """Judged when the order arrives, whatever was seen when it was sent."""
    play("""
    given fresh 2s; latency 1s 0
    time              what                     expect
    09:30:00          quote 100.00 100.02 5 5
    09:30:01          buy a 1                  a PENDING_NEW
    09:30:02                                   a NEW; a FILL 1 @ 100.02 taker
    09:30:02.1        buy b 1                  b PENDING_NEW
    09:30:03.1                                 b NEW
    09:30:04          quote 100.00 100.05 5 5  b FILL 1 @ 100.05 taker
    """)


def test_deferred_orders_take_from_the_next_quote_and_immediate_ones_are_canceled() -> None:
    """A limit that the old quote satisfied goes on as a taker."""
    play("""
    given fresh 1s; latency 0s 0
    time              what                     expect
    09:30:00          quote 100.00 100.02 5 5
    09:30:05          buy a 1 @ 100.10         a PENDING_NEW; a NEW
    09:30:06          buy b 1 @ 100.10 IOC     b PENDING_NEW; b NEW; b CANCELED IOC
    09:30:07          quote 100.00 100.04 5 5  a FILL 1 @ 100.04 taker
    """)


def test_a_stop_beyond_an_old_quote_waits_for_the_next_to_trigger_it() -> None:
    """Nothing is triggered by what may long be gone."""
    play("""
    given fresh 1s; latency 0s 0
    time              what                     expect
    09:30:00          quote 100.00 100.02 5 5
    09:30:05          buy a 1 stop 100.01      a PENDING_NEW; a NEW stop 100.01
    09:30:06          quote 99.97 99.99 5 5
    09:30:07          quote 100.00 100.02 5 5  a TRIGGERED at 100.01; a FILL 1 @ 100.02 taker
    """)


def test_rejected_are_orders_that_would_take_and_no_others() -> None:
    """A limit that rests has nothing to do with what is shown on the other side."""
    play("""
    given fresh 1s reject; latency 0s 0
    time              what                     expect
    09:30:00          quote 100.00 100.02 5 5
    09:30:05          buy a 1                  a PENDING_NEW; a REJECTED STALE_MARKET_DATA
    09:30:05.1        buy b 1 @ 100.02         b PENDING_NEW; b REJECTED STALE_MARKET_DATA
    09:30:05.2        buy c 1 @ 100.01         c PENDING_NEW; c NEW
    09:30:06          quote 100.00 100.01 5 5  c FILL 1 @ 100.01 maker
    """)


def test_a_flagged_fill_trades_as_ever() -> None:
    """Its evidence tells the age: see tests/unit/engine/test_fill_evidence.py."""
    play("""
    given fresh 1s flag; latency 0s 0
    time              what                     expect
    09:30:00          quote 100.00 100.02 5 5
    09:30:05          buy a 1                  a PENDING_NEW; a NEW; a FILL 1 @ 100.02 taker
    """)


def test_an_age_without_anything_that_stands_is_refused() -> None:
    """And so is one that no row can keep."""
    with pytest.raises(InvalidConfig, match="freshness is for quotes and books"):
        play("""
        given rows trades; fresh 1s
        time         what              expect
        09:30:00     print 100.00 9
        """)
    with pytest.raises(InvalidConfig, match="expected 1 to 2"):
        VenueConfig(freshness=FreshnessConfig(max_age_ns=0))
