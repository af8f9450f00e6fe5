"""Orders of one session that would trade with each other."""

from tests.scenarios.stage import play


def test_they_may_by_default() -> None:
    """Each trades with others, at prices that cross."""
    play("""
    given live
    time         what                     expect
    09:30:00     quote 100.00 100.10 5 5
    09:30:01     buy h 5                  h PENDING_NEW; h NEW; h FILL 5 @ 100.10 taker
    09:30:02     sell a 5 @ 100.05        a PENDING_NEW; a NEW
    09:30:03     buy b 5 @ 100.06         b PENDING_NEW; b NEW
    """)


def test_the_resting_order_is_canceled_where_the_venue_says_so() -> None:
    """Best price first, and none that is not reached; a market order meets what would be served
    before the market's own best price, or with it."""
    play("""
    given live; self cancel_resting
    time         what                     expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                  h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 2 @ 100.07        a PENDING_NEW; a NEW
    09:30:03     sell b 2 @ 100.05        b PENDING_NEW; b NEW
    09:30:04     sell c 2 @ 100.08        c PENDING_NEW; c NEW
    09:30:05     buy d 1 @ 100.07         d PENDING_NEW; d NEW; b CANCELED SELF_MATCH
                                          a CANCELED SELF_MATCH
    09:30:06     quote 100.00 100.10 9 8
    09:30:07     buy e 1                  e PENDING_NEW; e NEW; c CANCELED SELF_MATCH
    """)


def test_the_arriving_order_is_refused_where_the_venue_says_so() -> None:
    """A new order and a replace are rejected; a stop that is triggered is canceled."""
    play("""
    given live; self cancel_arriving
    time         what                     expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                  h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 2 @ 100.11        a PENDING_NEW; a NEW
    09:30:03     buy b 2 @ 100.11         b PENDING_NEW; b REJECTED SELF_MATCH
    09:30:04     buy c 2 stop 100.11      c PENDING_NEW; c NEW stop 100.11
    09:30:05     quote 100.00 100.12 9 9  c TRIGGERED at 100.11; c CANCELED SELF_MATCH
    """)


def test_both_lose_what_the_smaller_has_open_where_the_venue_decrements() -> None:
    """And the smaller ends; what is left of the larger goes on."""
    play("""
    given live; self decrement
    time         what                     expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                  h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 2 @ 100.05        a PENDING_NEW; a NEW
    09:30:03     sell b 5 @ 100.06        b PENDING_NEW; b NEW
    09:30:04     buy c 3 @ 100.06         c PENDING_NEW; c NEW; a CANCELED SELF_MATCH
                                          c RESTATED 1; b RESTATED 4; c CANCELED SELF_MATCH
    09:30:05     quote 100.06 100.10 9 9  b FILL 4 @ 100.06 maker; pos 5
    """)
