"""Rules for bars that other engines have, in their trading hours and at gaps."""

from tests.scenarios.stage import play


def test_the_last_close_of_a_day_is_for_what_was_sent_at_it() -> None:
    """However long it travels; what is sent later waits for a close of the next day."""
    play("""
    given bars 1m; hours XNYS; share 1; fills this_close; latency 1s 0
    time                what                       expect
    20:59:00            bar 100 101 99 100 50
    21:00:00            bar 100 101 99 100.50 50
    21:00:00            buy a 3                    a PENDING_NEW
    21:00:00.5          buy b 3                    b PENDING_NEW
    21:00:01                                       a NEW; a FILL 3 @ 100.50 taker
    21:00:01.5                                     b NEW; pos 3
    2024-01-03
    14:30:30            buy c 3                    c PENDING_NEW
    14:30:31                                       c NEW; pos 3
    14:31:00            bar 104 105 103 104.50 50  b FILL 3 @ 104.50 taker
    14:31:30            buy d 3                    d PENDING_NEW
    14:31:31                                       d NEW; d FILL 3 @ 104.50 taker
    14:32:00            bar 104 106 103 105 50     c FILL 3 @ 105.00 taker
    """)


def test_a_limit_that_an_old_close_satisfies_waits_too() -> None:
    """It competes in the bars of the next day, as if there had been no close."""
    play("""
    given bars 1m; hours XNYS; share 1; fills this_close
    time                what                       expect
    21:00:00            bar 100 101 99 100.50 50
    21:00:01            buy a 3 @ 101              a PENDING_NEW; a NEW; pos 0
    2024-01-03
    14:31:00            bar 100.80 105 100 104 50  a FILL 3 @ 100.80 taker
    """)


def test_an_immediate_order_waits_for_its_first_close_as_others_do() -> None:
    """It ends with that bar."""
    play("""
    given bars 1m; hours XNYS; share 0.1; fills this_close
    time                what                       expect
    21:00:00            bar 100 101 99 100.50 50
    21:00:01            buy a 9 IOC                a PENDING_NEW; a NEW; pos 0
    2024-01-03
    14:31:00            bar 100.80 105 100 104 50  a TRADE 5 @ 104.00 taker; a CANCELED IOC
    """)


def test_where_the_market_never_shuts_the_last_close_always_counts() -> None:
    """There are no hours that could be over."""
    play("""
    given bars 1m; share 1; fills this_close
    time         what                       expect
    20:59:00     bar 100 101 99 100 50
    21:30:00     buy a 3                    a PENDING_NEW; a NEW; a FILL 3 @ 100.00 taker
    """)


def test_a_daily_close_is_for_what_was_sent_at_it() -> None:
    """In the middle of the next day it is old."""
    play("""
    given bars 1d; hours XNYS; share 1; fills this_close
    time                what                                           expect
    21:00:00            bar from 14:30:00 100 101 99 100 50
    21:00:00            buy a 3                                        a PENDING_NEW; a NEW
                                                                       a FILL 3 @ 100.00 taker
    2024-01-03
    15:00:00            buy b 3                                        b PENDING_NEW; b NEW
    21:00:00            bar from 14:30:00 102 103 99 101 50            pos 3
    2024-01-04
    21:00:00            bar from 14:30:00 102 103 99 102 50            b FILL 3 @ 102.00 taker
    """)


def test_a_resting_limit_that_an_open_leaps_over_has_its_own_price() -> None:
    """Never better, unless all of the bar is."""
    play("""
    given bars 1m; share 1; margin 2x
    time         what                       expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 @ 98               a PENDING_NEW; a NEW
    09:31:00     sell b 3 @ 102             b PENDING_NEW; b NEW
    09:31:00     buy c 3 @ 96               c PENDING_NEW; c NEW
    09:32:00     bar 100 101 99 100 50
    09:33:00     bar 97 99 97 98 50         a FILL 3 @ 98.00 maker
    09:34:00     bar 104 105 103 104 50     b FILL 3 @ 103.00 maker
    09:35:00     bar 95 95.50 94 95 50      c FILL 3 @ 95.50 maker
    """)


def test_a_resting_limit_can_be_given_the_open_that_leaps_over_it() -> None:
    """What many engines do; one that the open only touches still needs a trade-through."""
    play("""
    given bars 1m; share 1; margin 2x; gaps limit open
    time         what                       expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 @ 98               a PENDING_NEW; a NEW
    09:31:00     sell b 3 @ 102             b PENDING_NEW; b NEW
    09:31:00     buy c 3 @ 96               c PENDING_NEW; c NEW
    09:31:00     buy d 3 @ 94               d PENDING_NEW; d NEW
    09:32:00     bar 100 101 99 100 50
    09:33:00     bar 97 99 97 98 50         a FILL 3 @ 97.00 maker
    09:34:00     bar 104 105 101 104 50     b FILL 3 @ 104.00 maker
    09:35:00     bar 95 96.50 94 95 50      c FILL 3 @ 95.00 maker
    09:36:00     bar 94 95 94 94 50
    09:37:00     bar 94.50 95 93 94 50      d FILL 3 @ 94.00 maker
    """)


def test_a_limit_reached_inside_a_bar_has_its_own_price_whatever_gaps_give() -> None:
    """It was not leapt over."""
    play("""
    given bars 1m; share 1; gaps limit open
    time         what                       expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 @ 98               a PENDING_NEW; a NEW
    09:32:00     bar 99 101 97 98 50        a FILL 3 @ 98.00 maker
    """)


def test_a_bar_may_have_as_much_as_is_asked_for() -> None:
    """As most other engines have it; rows of rates and indices show no volume at all. What is told
    of a bar is its own volume."""
    play("""
    given bars 1m; share unlimited; slip 10 bps
    time         what                       expect
    09:31:00     bar 100 101 99 100 0
    09:31:00     buy a 300                  a PENDING_NEW; a NEW
    09:32:00     bar 100 101 99 100 0       a FILL 300 @ 100.10 taker
    09:32:00     sell b 200 @ 100.50        b PENDING_NEW; b NEW
    09:32:00     sell c 100 @ 100.60        c PENDING_NEW; c NEW
    09:33:00     bar 100 101 99 100 7       b FILL 200 @ 100.50 maker; c FILL 100 @ 100.60 maker
    """)
