"""What happens at one moment, in which order; and rounds without latency."""

from tests.scenarios.stage import play


def test_expiry_then_timer_then_message_then_row() -> None:
    """All at midnight: the order that expires is not filled by the row of that moment."""
    play("""
    given BTCUSDT; latency 1s 0; hears quote timer order fill
    on quote #1: buy d 1 @ 99 DAY; timer t at 2024-01-03T00:00:00
    on quote #2: buy m 1 @ 98
    time         what                       expect
    23:59:00     quote 100.00 100.02        > quote 100.00 100.02; d PENDING_NEW
                                            timer t set for 2024-01-03 00:00:00
    23:59:01                                d NEW until 2024-01-03 00:00:00; > order d NEW
    23:59:59     quote 100.00 100.02        > quote 100.00 100.02; m PENDING_NEW
    2024-01-03
    00:00:00     quote 97.00 97.02          d EXPIRED; timer t fired; > timer t; m NEW
                                            m FILL 1 @ 98.00 maker; > quote 97.00 97.02
                                            > order d EXPIRED; > order m NEW
                                            > fill m 1 @ 98.00; > order m FILL
    """)


def test_a_command_is_first_in_its_moment() -> None:
    """Before expiry, timers, messages and rows."""
    play("""
    given BTCUSDT; live; latency 1s 0; hears quote timer
    on quote #1: buy d 1 @ 99 DAY; timer t at 2024-01-03T00:00:00
    time         what                       expect
    23:59:00     quote 100.00 100.02        > quote 100.00 100.02; d PENDING_NEW
                                            timer t set for 2024-01-03 00:00:00
    23:59:01                                d NEW until 2024-01-03 00:00:00
    2024-01-03
    00:00:00     pause keep                 PAUSED requested
    00:00:00     quote 97.00 97.02          d EXPIRED; timer t counted
    """)


def test_a_bar_is_matched_first_then_expiry_then_its_callback_then_timer_then_message() -> None:
    """The bar's trades lie before its end."""
    play("""
    given bars 1d; latency 1s 0; hears bar timer order
    on bar #1: buy f 3 @ 97 DAY; buy d 3 @ 90 DAY; timer t at 2024-01-04T00:00:00
    time         what                       expect
    2024-01-03
    00:00:00     bar 100 105 95 101 500     > bar 101.00; f PENDING_NEW; d PENDING_NEW
                                            timer t set for 2024-01-04 00:00:00
    00:00:01                                f NEW until 2024-01-04 00:00:00
                                            d NEW until 2024-01-04 00:00:00
                                            > order f NEW; > order d NEW
    23:59:59     buy m 1 @ 80               m PENDING_NEW
    2024-01-04
    00:00:00     bar 100 105 95 102 500     f FILL 3 @ 97.00 maker; d EXPIRED; > bar 102.00
                                            timer t fired; > timer t; m NEW
                                            > order f FILL; > order d EXPIRED; > order m NEW
    """)


def test_without_latency_what_a_moment_causes_follows_in_rounds() -> None:
    """Order, its fill, its reports, the answer to them: each in a round of its own."""
    play("""
    given hears quote order fill
    on quote #1: buy a 1
    on fill a: sell b 1
    on fill b: timer done in 0s
    time         what                       expect
    09:30:00     quote 100.00 100.02        > quote 100.00 100.02; a PENDING_NEW
                                            a NEW; a FILL 1 @ 100.02 taker
                                            > order a NEW; > fill a 1 @ 100.02; b PENDING_NEW
                                            > order a FILL
                                            b NEW; b FILL 1 @ 100.00 taker
                                            > order b NEW; > fill b 1 @ 100.00
                                            timer done set for 09:30:00; > order b FILL
                                            timer done fired; pos 0
    """)


def test_callbacks_never_run_within_one_another() -> None:
    """Two orders of one callback both leave before either is answered."""
    play("""
    given hears quote order
    on quote #1: buy a 1; buy b 1; cancel b
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 1    > quote 100.00 100.02; a PENDING_NEW; b PENDING_NEW
                                            b PENDING_CANCEL; a NEW; a FILL 1 @ 100.02 taker
                                            b NEW; b CANCELED REQUESTED
                                            > order a NEW; > order a FILL
                                            > order b NEW; > order b CANCELED
    """)


def test_messages_due_at_one_moment_are_taken_in_the_order_of_their_sending() -> None:
    """Whoever was first has the place in front."""
    play("""
    given latency 50ms 0
    time         what                       expect
    09:30:00     quote 100.00 100.02
    09:30:00     buy a 1 @ 99               a PENDING_NEW
    09:30:00     buy b 1 @ 99               b PENDING_NEW
    09:30:00.05                             a NEW; b NEW
    09:30:01     quote 98.00 98.50 5 1      a FILL 1 @ 99.00 maker
    """)


def test_a_strategy_knows_what_has_been_reported_to_it() -> None:
    """The fill is known a journey later, and so are its cash and position."""
    play("""
    given latency 50ms 50ms
    on quote #1: look; buy a 3 @ 100.02; look a
    on quote #3: look a
    on order a NEW: look a
    on order a FILL: look a
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9    > sees pos 0, free cash 100000; a PENDING_NEW
                                            > sees a PENDING_NEW, pos 0, free cash 99699.94
    09:30:00.01  quote 100.00 100.02 9 9
    09:30:00.05                             a NEW; a FILL 3 @ 100.02 taker; cash 99699.94
    09:30:00.06  quote 100.00 100.02 9 9    > sees a PENDING_NEW, pos 0, free cash 99699.94
    09:30:00.1                              > sees a NEW, pos 0, free cash 99699.94
                                            > sees a FILLED, pos 3, free cash 99699.94
    """)


def test_timers_fire_in_the_order_of_their_times_and_then_of_their_setting() -> None:
    """A timer set anew falls due at its new time alone; one taken back, never."""
    play("""
    given hears timer
    on start: timer b in 2s; timer a in 2s; timer c in 1s; timer d in 1s; timer e in 2s
    on timer c: timer e in 5s; untimer d
    time         what                       expect
    09:30:00     start                      STARTED
                                            timer b set for 09:30:02; timer a set for 09:30:02
                                            timer c set for 09:30:01; timer d set for 09:30:01
                                            timer e set for 09:30:02
    09:30:01                                timer c fired; > timer c; timer e set for 09:30:06
                                            timer d taken back
    09:30:02                                timer b fired; > timer b; timer a fired; > timer a
    09:30:06                                timer e fired; > timer e
    """)


def test_a_repeating_timer_keeps_its_beat_between_rows() -> None:
    """Time passes also where no row comes."""
    play("""
    given hears timer quote
    on start: timer t every 2s
    time         what                       expect
    09:30:00     start                      STARTED; timer t set for 09:30:02
    09:30:02                                timer t fired; > timer t
    09:30:04     quote 100.00 100.02        timer t fired; > timer t; > quote 100.00 100.02
    09:30:05     quote 100.00 100.02        > quote 100.00 100.02
    09:30:06                                timer t fired; > timer t
    """)
