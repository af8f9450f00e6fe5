"""Rules that other engines have for bars, and for what cannot be paid."""

from tests.scenarios.stage import play


def test_a_stop_limit_is_filled_in_its_bar_where_the_price_surely_came_back() -> None:
    """After an open that triggers it, anywhere; after a trigger inside, at the close."""
    play("""
    given bars 1m; share 1; stoplimit same_bar
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 stop 102 @ 102.50    a PENDING_NEW; a NEW stop 102.00
    09:31:00     buy b 3 stop 105 @ 104       b PENDING_NEW; b NEW stop 105.00
    09:31:00     buy c 3 stop 105 @ 103       c PENDING_NEW; c NEW stop 105.00
    09:32:00     bar 103 104 102.40 103 50    a TRIGGERED at 102.00; a FILL 3 @ 102.50 maker
    09:33:00     bar 103 105.50 102 103.50 50 b TRIGGERED at 105.00; b FILL 3 @ 104.00 maker
                                              c TRIGGERED at 105.00
    09:34:00     bar 104 104 102.90 104 50    c FILL 3 @ 103.00 maker
    """)


def test_a_stop_limit_may_be_filled_anywhere_in_its_bar_by_another_rule() -> None:
    """Though the low may have come before the trigger."""
    play("""
    given bars 1m; share 1; stoplimit range
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 stop 105 @ 103       a PENDING_NEW; a NEW stop 105.00
    09:32:00     bar 103.50 106 102 105.50 50 a TRIGGERED at 105.00; a FILL 3 @ 103.00 maker
    """)


def test_by_default_a_stop_limit_waits_for_the_next_bar() -> None:
    """Nothing is known of the time inside."""
    play("""
    given bars 1m; share 1
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 stop 102 @ 102.50    a PENDING_NEW; a NEW stop 102.00
    09:32:00     bar 103 104 102 103 50       a TRIGGERED at 102.00
    09:33:00     bar 103 104 102 103 50       a FILL 3 @ 102.50 maker
    """)


def test_of_a_bar_its_close_may_be_all_that_counts() -> None:
    """Limits and stops are held against closes, and trade there."""
    play("""
    given bars 1m; share 1; margin 4x; prices close; gaps limit open
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3                      a PENDING_NEW; a NEW
    09:31:00     buy b 3 @ 99                 b PENDING_NEW; b NEW
    09:31:00     buy c 3 stop 103             c PENDING_NEW; c NEW stop 103.00
    09:32:00     bar 101 104 98 100.50 50     a FILL 3 @ 100.50 taker
    09:33:00     bar 101 104 97 98.20 50      b FILL 3 @ 98.20 maker
    09:34:00     bar 101 104 97 103.70 50     c TRIGGERED at 103.00; c FILL 3 @ 103.70 taker
    """)


def test_an_order_that_cannot_be_paid_for_ends_unless_told_to_wait() -> None:
    """At the first bar that would fill it."""
    play("""
    given bars 1m; share 1; cash 300; check fill
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3                      a PENDING_NEW; a NEW
    09:32:00     bar 101 102 99 100 50        a CANCELED INSUFFICIENT_BUYING_POWER
    """)
    play("""
    given bars 1m; share 1; cash 300; check fill; unpaid wait
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3                      a PENDING_NEW; a NEW
    09:32:00     bar 101 102 99 100 50        pos 0
    09:33:00     bar 99.50 102 99 100 50      a FILL 3 @ 99.50 taker
    """)


def test_an_order_that_cannot_be_paid_for_may_be_cut_to_what_can() -> None:
    """With its charges, in whole lots; the rest ends. A sell has what is held."""
    play("""
    given bars 1m; share 1; cash 300; check fill; unpaid cut; fee 1 an order; lot 1
    time         what                         expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 5                      a PENDING_NEW; a NEW
    09:32:00     bar 100 102 99 100 50        a TRADE 2 @ 100.00 taker
                                              a CANCELED INSUFFICIENT_BUYING_POWER; pos 2
    09:32:00     sell b 3                     b PENDING_NEW; b NEW
    09:33:00     bar 100 102 99 100 50        b TRADE 2 @ 100.00 taker
                                              b CANCELED INSUFFICIENT_HOLDINGS; pos 0
    09:33:00     buy c 5 FOK                  c PENDING_NEW; c NEW
    09:34:00     bar 100 102 99 100 50        c CANCELED INSUFFICIENT_BUYING_POWER
    """)


def test_reports_may_come_before_the_bar_that_they_are_of() -> None:
    """Then a strategy knows at a bar's end what it holds."""
    play("""
    given bars 1m; share 1; hears bar fill
    time         what                      expect
    09:31:00     bar 100 101 99 100 50     > bar 100.00
    09:31:00     buy a 3                   a PENDING_NEW; a NEW
    09:32:00     bar 100 101 99 100 50     a FILL 3 @ 100.00 taker; > bar 100.00
                                           > fill a 3 @ 100.00
    """)
    play("""
    given bars 1m; share 1; hears bar fill; reports before
    time         what                      expect
    09:31:00     bar 100 101 99 100 50     > bar 100.00
    09:31:00     buy a 3                   a PENDING_NEW; a NEW
    09:32:00     bar 100 101 99 100 50     a FILL 3 @ 100.00 taker
                                           > fill a 3 @ 100.00; > bar 100.00
    """)
