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


def test_a_list_is_refused_whole_for_one_order_that_would_meet_another() -> None:
    """Those that come after it too; also the exits of an entry, which are never held."""
    play("""
    given live; self cancel_arriving
    time         what                         expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                      h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 2 @ 100.05            a PENDING_NEW; a NEW
    09:30:03     oco buy b 2 @ 99             b PENDING_NEW; c PENDING_NEW; d PENDING_NEW
                 / buy c 2 @ 100.05           b REJECTED ORDER_LIST_REFUSED; c REJECTED SELF_MATCH
                 / buy d 2 stop 101           d REJECTED ORDER_LIST_REFUSED
    09:30:04     bracket buy e 2 @ 100.05     e PENDING_NEW; f PENDING_NEW; g PENDING_NEW
                 / sell f 2 @ 102 reduce      e REJECTED SELF_MATCH; f REJECTED ORDER_LIST_REFUSED
                 / sell g 2 stop 98 reduce    g REJECTED ORDER_LIST_REFUSED; held 0
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


def test_orders_that_the_market_stands_before_are_not_met() -> None:
    """What is shown at a better price is taken first; who goes further meets them."""
    play("""
    given live; self cancel_resting
    time         what                     expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                  h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 2 @ 100.15        a PENDING_NEW; a NEW
    09:30:03     quote 100.00 100.12 9 4
    09:30:04     buy b 3 @ 100.20         b PENDING_NEW; b NEW; b FILL 3 @ 100.12 taker
    09:30:05     buy c 3 @ 100.20         c PENDING_NEW; c NEW; a CANCELED SELF_MATCH
                                          c TRADE 1 @ 100.12 taker
    """)


def test_who_arrives_keeps_what_stands_before() -> None:
    """The rest would trade with its own, and is given up: a restated order."""
    play("""
    given live; self cancel_arriving
    time         what                     expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                  h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 2 @ 100.15        a PENDING_NEW; a NEW
    09:30:03     quote 100.00 100.12 9 4
    09:30:04     buy b 5 @ 100.20         b PENDING_NEW; b NEW; b RESTATED 4
                                          b FILL 4 @ 100.12 taker
    09:30:05     buy c 1 @ 100.20         c PENDING_NEW; c REJECTED SELF_MATCH
    """)


def test_both_lose_only_what_they_would_have_traded() -> None:
    """The arriving order takes what is shown before."""
    play("""
    given live; self decrement
    time         what                     expect
    09:30:00     quote 100.00 100.10 9 9
    09:30:01     buy h 9                  h PENDING_NEW; h NEW; h FILL 9 @ 100.10 taker
    09:30:02     sell a 5 @ 100.15        a PENDING_NEW; a NEW
    09:30:03     quote 100.00 100.12 9 4
    09:30:04     buy b 6 @ 100.20         b PENDING_NEW; b NEW; a RESTATED 3; b RESTATED 4
                                          b FILL 4 @ 100.12 taker
    """)


def test_protection_that_the_market_stands_before_stays() -> None:
    """A target is an order as others are: it is met where it is reached, not sooner."""
    play("""
    given rows depth; self cancel_resting
    time         what                                          expect
    09:30:00     depth 99x5 98x9 / 100x5 101x5 103x9 snapshot
    09:30:01     buy h 2                                       h PENDING_NEW; h NEW
                                                               h FILL 2 @ 100.00 taker
    09:30:02     sell a 2 @ 102 reduce                         a PENDING_NEW; a NEW behind 0
    09:30:03     buy b 4                                       b PENDING_NEW; b NEW
                                                               b TRADE 3 @ 100.00 taker
                                                               b FILL 1 @ 101.00 taker
    09:30:05     depth 99x5 98x9 / 101x5 103x9 snapshot
    09:30:06     buy c 7                                       c PENDING_NEW; c NEW
                                                               a CANCELED SELF_MATCH
                                                               c TRADE 4 @ 101.00 taker
                                                               c FILL 3 @ 103.00 taker
    """)
