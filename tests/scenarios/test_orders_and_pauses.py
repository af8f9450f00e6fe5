"""What a pause allows: orders sent in it, resting ones in it and after it, and replaces."""

from tests.scenarios.stage import play


def test_an_order_sent_while_paused_only_reduces_for_as_long_as_it_lives() -> None:
    """What is left of it after the position never opens the other side, not after the resume
    either, and no replace changes that."""
    play("""
    given margin 2x; cash 10000; live
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     pause                      PAUSED requested
    09:30:03     sell s 9 @ 101             s PENDING_NEW; s NEW; held 0
    09:30:04     sell t 9 @ 102             t PENDING_NEW; t NEW; held 0
    09:30:05     quote 101.00 101.02 50 50  s TRADE 3 @ 101.00 maker; pos 0
    09:30:06     resume                     RESUMED missed 1 rows 0 timers 1 fills
    09:30:07     replace t 12 @ 101.50      t PENDING_REPLACE
                                            t REPLACED 12 @ 101.50 at the back; held 0
    09:30:08     quote 102.00 102.02 50 50  s CANCELED NOT_REDUCING; t CANCELED NOT_REDUCING; pos 0
    """)


def test_an_order_sent_while_paused_reduces_what_is_there_after_the_resume() -> None:
    """It looks at the position of the moment, as every reduce-only order does."""
    play("""
    given margin 2x; cash 10000; live
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     pause                      PAUSED requested
    09:30:03     sell s 9 stop 99           s PENDING_NEW; s NEW stop 99.00
    09:30:04     resume                     RESUMED missed 0 rows 0 timers 0 fills
    09:30:05     buy q 2                    q PENDING_NEW; q NEW; q FILL 2 @ 100.02 taker; pos 5
    09:30:06     quote 98.90 99.00 50 50    s TRIGGERED at 99.00; s TRADE 5 @ 98.90 taker
                                            s CANCELED NOT_REDUCING; pos 0
    """)


def test_an_order_that_arrives_after_the_resume_is_held_to_the_pause_in_which_it_was_sent() -> None:
    """Its terms are those of the moment in which it was sent."""
    play("""
    given margin 2x; cash 10000; live; latency 50ms 0
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 3                    p PENDING_NEW
    09:30:01.05                             p NEW; p FILL 3 @ 100.02 taker
    09:30:02     pause                      PAUSED requested
    09:30:02     sell s 9                   s PENDING_NEW
    09:30:02.01  resume                     RESUMED missed 0 rows 0 timers 0 fills
    09:30:02.05                             s NEW; s TRADE 3 @ 100.00 taker; pos 0
    09:30:03     quote 100.00 100.02 50 50  s CANCELED NOT_REDUCING; pos 0
    """)


def test_an_order_kept_through_a_pause_reduces_in_it_and_does_what_was_asked_after_it() -> None:
    """It was sent when entries were allowed, and is trimmed only while the pause lasts."""
    play("""
    given margin 2x; cash 10000; live
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 5 @ 101             s PENDING_NEW; s NEW
    09:30:03     sell t 4 stop 99           t PENDING_NEW; t NEW stop 99.00
    09:30:04     pause keep                 PAUSED requested
    09:30:05     quote 101.00 101.02 50 50  s TRADE 3 @ 101.00 maker; pos 0
    09:30:06     quote 101.50 101.52 50 50  s is PARTIALLY_FILLED; pos 0
    09:30:07     quote 98.50 98.52 50 50    t TRIGGERED at 99.00; t is NEW; pos 0
    09:30:08     resume                     RESUMED missed 3 rows 0 timers 1 fills
    09:30:09     quote 98.40 98.42 50 50    t FILL 4 @ 98.40 taker; pos -4
    09:30:10     quote 101.00 101.02 50 50  s FILL 2 @ 101.00 maker; pos -6
    """)


def test_while_paused_a_replace_asks_for_no_more_of_an_order_that_may_open() -> None:
    """What it asked for before the pause it may do after it, and no more."""
    play("""
    given margin 2x; cash 10000; live
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 2 @ 102             s PENDING_NEW; s NEW
    09:30:03     sell r 2 @ 102 reduce      r PENDING_NEW; r NEW
    09:30:04     pause                      PAUSED requested
    09:30:05     replace s 9                s replace DENIED NOT_REDUCING
    09:30:06     replace s 1 @ 103          s PENDING_REPLACE
                                            s REPLACED 1 @ 103.00 at the back
    09:30:07     replace r 9                r PENDING_REPLACE; r REPLACED 9 @ 102.00 at the back
    09:30:08     resume                     RESUMED missed 0 rows 0 timers 0 fills
    09:30:09     replace s 9                s PENDING_REPLACE; s REPLACED 9 @ 103.00 at the back
    """)


def test_in_a_cash_account_more_than_is_held_may_be_sent_while_paused() -> None:
    """It holds what there is, and is trimmed to it."""
    play("""
    given live
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     pause                      PAUSED requested
    09:30:03     sell s 5                   s PENDING_NEW; s NEW; s TRADE 3 @ 100.00 taker; pos 0
    09:30:04     quote 100.00 100.02 9 9    s CANCELED NOT_REDUCING
    """)
