"""Pausing and resuming: what stays, what the strategy hears, and what time does."""

from tests.scenarios.stage import play


def test_pausing_cancels_entries_and_keeps_what_protects() -> None:
    """Reduce-only orders, and those that reduce the position, stay."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     sell s 2 @ 101             s PENDING_NEW; s NEW
    09:30:03     sell t 2 @ 102             t PENDING_NEW; t NEW
    09:30:04     sell r 1 @ 103 reduce      r PENDING_NEW; r NEW
    09:30:05     buy e 1 @ 99               e PENDING_NEW; e NEW; held 99
    09:30:06     pause                      PAUSED requested; e CANCELED PAUSED
                                            held 0; status PAUSED
    """)


def test_pausing_can_keep_all_orders() -> None:
    """Entries rest, and do not fill while paused."""
    play("""
    given live
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:02     pause keep                 PAUSED requested
    09:30:03     quote 98.00 98.50 9 9
    09:30:04     resume                     RESUMED missed 1 rows 0 timers 0 fills
    09:30:05     quote 98.00 98.50 9 9      e FILL 1 @ 99.00 maker
    """)


def test_pausing_can_cancel_all_orders() -> None:
    """Also those that protect."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     sell r 2 @ 101 reduce      r PENDING_NEW; r NEW
    09:30:03     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:04     pause cancel_all           PAUSED requested; r CANCELED PAUSED; e CANCELED PAUSED
    """)


def test_an_entry_on_its_way_is_canceled_by_a_pause() -> None:
    """It never reaches the venue."""
    play("""
    given live; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1                    e PENDING_NEW; held 105.03
    09:30:01.01  pause                      PAUSED requested; e CANCELED PAUSED; held 0
    09:30:01.05
    """)


def test_while_paused_only_what_reduces_is_taken() -> None:
    """Sells of what is held, and cancels; never an entry, new or replaced."""
    play("""
    given live
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:03     pause keep                 PAUSED requested
    09:30:04     buy a 1 @ 99               a DENIED NOT_REDUCING
    09:30:05     replace e @ 98             e replace DENIED NOT_REDUCING
    09:30:06     cancel e                   e PENDING_CANCEL; e CANCELED REQUESTED
    09:30:07     sell s 1 @ 101             s PENDING_NEW; s NEW
    09:30:08     replace s @ 100            s PENDING_REPLACE; s REPLACED 1 @ 100.00 at the back
                                            s FILL 1 @ 100.00 taker; pos 2
    09:30:09     sell t 2                   t PENDING_NEW; t NEW; t FILL 2 @ 100.00 taker; pos 0
    09:30:10     sell u 1                   u DENIED NOT_REDUCING
    """)


def test_in_a_recording_the_clock_stands_still_while_paused() -> None:
    """Rows wait, and after resuming all goes on as if nothing had been."""
    play("""
    given latency 50ms 50ms; hears quote pause resume
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9    > quote 100.00 100.02
    09:30:01     quote 100.00 100.03 9 9    > quote 100.00 100.03
    09:30:01     pause                      PAUSED requested; > pause
    09:30:05     quote 100.00 100.04 9 9    not taken
    09:30:01     resume                     RESUMED missed 0 rows 0 timers 0 fills
                                            > resume missed 0 rows 0 timers 0 fills
    09:30:05     quote 100.00 100.04 9 9    > quote 100.00 100.04
    """)


def test_in_a_recording_a_day_order_does_not_expire_while_paused() -> None:
    """Its day has not gone on."""
    play("""
    given hours XNYS
    time         what                       expect
    20:59:00     quote 100.00 100.02 9 9
    20:59:00     buy e 1 @ 99 DAY           e PENDING_NEW; e NEW until 21:00:00
    20:59:00     pause keep                 PAUSED requested
    21:00:00     quote 100.00 100.02 9 9    not taken; e is NEW
    20:59:00     resume                     RESUMED missed 0 rows 0 timers 0 fills
    21:00:00     quote 100.00 100.02 9 9    e EXPIRED
    """)


def test_in_a_recording_messages_wait_for_the_clock() -> None:
    """An order sent while paused arrives after resuming."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW
    09:30:01.05                             p NEW; p FILL 3 @ 100.02 taker
    09:30:02     quote 100.00 100.02 9 9
    09:30:02     pause                      PAUSED requested
    09:30:02     sell s 1                   s PENDING_NEW
    09:30:03     quote 99.00 99.02 9 9      not taken; s is PENDING_NEW
    09:30:02     resume                     RESUMED missed 0 rows 0 timers 0 fills
    09:30:02.05                             s NEW; s FILL 1 @ 100.00 taker
    """)


def test_in_a_live_market_data_goes_on_and_market_callbacks_are_silent() -> None:
    """Fills and reports are delivered; what was missed is counted at the end of the pause."""
    play("""
    given live; latency 50ms 50ms; hears quote order fill pause resume
    on quote #1: buy p 3
    on fill p: sell s 3 @ 101
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9    > quote 100.00 100.02; p PENDING_NEW
    09:30:00.05                             p NEW; p FILL 3 @ 100.02 taker
    09:30:00.1                              > order p NEW; > fill p 3 @ 100.02; s PENDING_NEW
                                            > order p FILL
    09:30:00.15                             s NEW
    09:30:00.2                              > order s NEW
    09:30:01     pause                      PAUSED requested; > pause
    09:30:02     quote 100.00 100.02 9 9
    09:30:03     quote 101.00 101.02 2 9    s TRADE 2 @ 101.00 maker
    09:30:03.05                             > fill s 2 @ 101.00; > order s TRADE
    09:30:04     quote 101.05 101.07 2 9    s FILL 1 @ 101.00 maker
    09:30:04.05                             > fill s 1 @ 101.00; > order s FILL
    09:30:05     resume                     RESUMED missed 3 rows 0 timers 2 fills
                                            > resume missed 3 rows 0 timers 2 fills
    09:30:06     quote 101.00 101.02 2 9    > quote 101.00 101.02
    """)


def test_in_a_live_market_orders_expire_while_paused() -> None:
    """The exchange's day goes on."""
    play("""
    given live; hours XNYS; hears order
    on quote #1: buy e 1 @ 99 DAY
    time         what                       expect
    20:59:00     quote 100.00 100.02 9 9    e PENDING_NEW; e NEW until 21:00:00; > order e NEW
    20:59:10     pause keep                 PAUSED requested
    21:00:00                                e EXPIRED; > order e EXPIRED
    21:00:01     resume                     RESUMED missed 0 rows 0 timers 0 fills 1 expiries
    """)


def test_timers_due_while_paused_are_counted_and_skipped() -> None:
    """By default; the repeating one goes on at its next turn."""
    play("""
    given live; hears timer resume
    on start: timer tick every 10s; timer once at 09:30:25
    time         what                       expect
    09:30:00     start                      STARTED; timer tick set for 09:30:10
                                            timer once set for 09:30:25
    09:30:10                                timer tick fired; > timer tick
    09:30:11     pause                      PAUSED requested
    09:30:20                                timer tick counted
    09:30:25                                timer once counted
    09:30:30                                timer tick counted
    09:30:31     resume                     RESUMED missed 0 rows 3 timers 0 fills
                                            > resume missed 0 rows 3 timers 0 fills
    09:30:40                                timer tick fired; > timer tick
    """)


def test_timers_due_while_paused_can_fire_once_each() -> None:
    """In the order in which they first fell due."""
    play("""
    given live; hears timer
    on start: timer tick every 10s; timer once at 09:30:25
    time         what                       expect
    09:30:00     start                      STARTED; timer tick set for 09:30:10
                                            timer once set for 09:30:25
    09:30:09     pause                      PAUSED requested
    09:30:10                                timer tick counted
    09:30:20                                timer tick counted
    09:30:25                                timer once counted
    09:30:29     resume fire_once           RESUMED missed 0 rows 3 timers 0 fills
                                            > timer tick; > timer once
    """)


def test_timers_due_while_paused_can_be_replayed() -> None:
    """Every one, in the order in which they fell due."""
    play("""
    given live; hears timer resume
    on start: timer tick every 10s; timer once at 09:30:25
    time         what                       expect
    09:30:00     start                      STARTED; timer tick set for 09:30:10
                                            timer once set for 09:30:25
    09:30:01     pause                      PAUSED requested
    09:30:10                                timer tick counted
    09:30:20                                timer tick counted
    09:30:25                                timer once counted
    09:30:26     resume replay              RESUMED missed 0 rows 3 timers 0 fills
                                            > resume missed 0 rows 3 timers 0 fills
                                            > timer tick; > timer tick; > timer once
    09:30:30                                timer tick fired; > timer tick
    """)


def test_in_a_recording_no_timer_falls_due_while_paused() -> None:
    """The clock that they run by stands still."""
    play("""
    given hears timer
    on start: timer tick every 10s
    time         what                       expect
    09:30:00     start                      STARTED; timer tick set for 09:30:10
    09:30:05     quote 100.00 100.02 9 9
    09:30:05     pause                      PAUSED requested
    09:31:00     quote 100.00 100.02 9 9    not taken
    09:30:05     resume replay              RESUMED missed 0 rows 0 timers 0 fills
    09:30:10                                timer tick fired; > timer tick
    """)


def test_orders_of_a_strategy_that_pauses_are_held_to_reducing() -> None:
    """In on_pause it may close, and may not enter."""
    play("""
    given live; hears order
    on quote #1: buy p 2
    on pause: buy a 1; sell s 2
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9    p PENDING_NEW; p NEW; p FILL 2 @ 100.02 taker
                                            > order p NEW; > order p FILL
    09:30:01     pause                      PAUSED requested; a DENIED NOT_REDUCING; s PENDING_NEW
                                            > order a DENIED; s NEW; s FILL 2 @ 100.00 taker
                                            > order s NEW; > order s FILL
                                            pos 0
    """)


def test_a_plain_sell_is_trimmed_while_paused_and_goes_on_after() -> None:
    """It acts as reduce-only at match time."""
    play("""
    given live
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 3 @ 101             s PENDING_NEW; s NEW
    09:30:03     pause                      PAUSED requested
    09:30:04     quote 101.00 101.02 2 9    s TRADE 2 @ 101.00 maker; pos 1
    09:30:05     quote 101.10 101.12 2 9    s FILL 1 @ 101.00 maker; pos 0
    """)


def test_a_session_can_be_paused_and_resumed_again_and_again() -> None:
    """Each pause counts anew."""
    play("""
    given live
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     pause                      PAUSED requested
    09:30:02     quote 100.00 100.02 9 9
    09:30:03     resume                     RESUMED missed 1 rows 0 timers 0 fills; status RUNNING
    09:30:04     quote 100.00 100.02 9 9
    09:30:05     pause                      PAUSED requested
    09:30:06     resume                     RESUMED missed 0 rows 0 timers 0 fills
    """)


def test_the_end_of_a_recording_can_pause_instead_of_stop() -> None:
    """With the policy for resting orders that pausing has."""
    play("""
    given end pause; hears pause
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:02     quote 100.00 100.02 9 9
    09:30:02     end                        PAUSED end_of_data; e CANCELED PAUSED; > pause
                                            status PAUSED
    """)


def test_on_bars_a_recording_waits_while_paused() -> None:
    """The bar that ends after the pause is taken after it."""
    play("""
    given bars 1m; hears bar
    time         what                       expect
    09:31:00     bar 100 101 99 100 50      > bar 100.00
    09:31:00     buy a 3                    a PENDING_NEW; a NEW
    09:31:00     pause keep                 PAUSED requested
    09:32:00     bar 101 102 99 101 50      not taken
    09:31:00     resume                     RESUMED missed 0 rows 0 timers 0 fills
    09:32:00     bar 101 102 99 101 50      a FILL 3 @ 101.00 taker; > bar 101.00
    """)


def test_on_live_bars_protection_works_while_paused() -> None:
    """The strategy is not shown the bar, and is told how many it missed."""
    play("""
    given bars 1m; live; hears bar resume
    time         what                       expect
    09:31:00     bar 100 101 99 100 50      > bar 100.00
    09:31:00     buy p 3                    p PENDING_NEW; p NEW
    09:32:00     bar 100 101 99 100 50      p FILL 3 @ 100.00 taker; > bar 100.00
    09:32:00     sell s 3 @ 103             s PENDING_NEW; s NEW
    09:32:00     pause                      PAUSED requested
    09:33:00     bar 102 104 99 101 50      s FILL 3 @ 103.00 maker
    09:34:00     bar 101 102 99 101 50
    09:34:00     resume                     RESUMED missed 2 rows 0 timers 1 fills
                                            > resume missed 2 rows 0 timers 1 fills
    09:35:00     bar 101 102 99 101 50      > bar 101.00
    """)


def test_a_cancel_on_its_way_finds_what_a_pause_has_canceled() -> None:
    """The order ends once."""
    play("""
    given live; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1 @ 99               e PENDING_NEW
    09:30:01.05                             e NEW
    09:30:02     cancel e                   e PENDING_CANCEL
    09:30:02.01  pause                      PAUSED requested; e CANCELED PAUSED
    09:30:02.05                             e cancel REJECTED ORDER_CLOSED; e is CANCELED
    """)


def test_sells_that_close_a_position_are_kept_by_age_when_one_fills() -> None:
    """What a kept sell may do is bounded by the position at every match."""
    play("""
    given live
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 2 @ 101             s PENDING_NEW; s NEW
    09:30:03     sell r 3 @ 101 reduce      r PENDING_NEW; r NEW
    09:30:04     pause                      PAUSED requested
    09:30:05     quote 101.00 101.02 9 9    s FILL 2 @ 101.00 maker; r TRADE 1 @ 101.00 maker; pos 0
    09:30:06     quote 101.00 101.02 9 9    r CANCELED NOT_REDUCING
    """)
