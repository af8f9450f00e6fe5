"""Orders that depend on one another: OCO, OTO and brackets."""

from tests.scenarios.stage import play


def test_the_exits_of_a_bracket_are_held_until_the_entry_trades() -> None:
    """The stop ends what the target would have ended: one of them is enough."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 5 @ 99         a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 102 reduce      a NEW; b HELD; c HELD stop 98.00
                 / sell c 5 stop 98 reduce    held 495; b is HELD
    09:30:02     quote 98.98 99.00 9 9        a FILL 5 @ 99.00 maker
                                              b RELEASED 5; c RELEASED 5 stop 98.00
                                              b is NEW; c is NEW; held 0
    09:30:03     quote 97.90 98.10 9 9        c TRIGGERED at 98.00; c FILL 5 @ 97.90 taker
                                              b CANCELED OCO; pos 0
    """)


def test_the_target_of_a_bracket_ends_its_stop() -> None:
    """The other way round."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 5              a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 102 reduce      a NEW; a FILL 5 @ 100.02 taker
                 / sell c 5 stop 98 reduce    b HELD; b RELEASED 5
                                              c HELD stop 98.00; c RELEASED 5 stop 98.00
    09:30:02     quote 102.00 102.02 9 9      b FILL 5 @ 102.00 maker; c CANCELED OCO
    """)


def test_exits_follow_the_partial_fills_of_their_entry() -> None:
    """What one exit trades, the other has less; a later fill gives both more."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 9 @ 99         a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 9 @ 102 reduce      a NEW; b HELD; c HELD stop 98.00
                 / sell c 9 stop 98 reduce
    09:30:02     quote 98.98 99.00 9 4        a TRADE 4 @ 99.00 maker
                                              b RELEASED 4; c RELEASED 4 stop 98.00
    09:30:03     quote 102.00 102.02 1 9      b TRADE 1 @ 102.00 maker; c RESTATED 3
    09:30:04     quote 98.98 99.00 9 5        a FILL 5 @ 99.00 maker; b RESTATED 9; c RESTATED 8
    09:30:05     quote 97.00 97.02 9 9        c TRIGGERED at 98.00; c FILL 8 @ 97.00 taker
                                              b CANCELED OCO; pos 0
    """)


def test_an_exit_that_is_filled_ends_the_rest_of_its_entry() -> None:
    """What that would still open, no exit could close any more."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 9 @ 99         a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 9 @ 102 reduce      a NEW; b HELD; c HELD stop 98.00
                 / sell c 9 stop 98 reduce
    09:30:02     quote 98.98 99.00 9 4        a TRADE 4 @ 99.00 maker
                                              b RELEASED 4; c RELEASED 4 stop 98.00
    09:30:03     quote 97.00 99.02 9 4        c TRIGGERED at 98.00; c FILL 4 @ 97.00 taker
                                              b CANCELED OCO; a CANCELED EXIT_FILLED; pos 0
    """)


def test_exits_end_with_an_entry_that_never_traded() -> None:
    """Canceled, expired or rejected."""
    play("""
    given hours XNYS; tick 0.05
    time         what                         expect
    15:00:00     quote 100.00 100.05 9 9
    15:00:01     bracket buy a 5 @ 99         a PENDING_NEW; b PENDING_NEW; a NEW
                 / sell b 5 @ 102 reduce      b HELD
    15:00:02     cancel a                     a PENDING_CANCEL; a CANCELED REQUESTED
                                              b CANCELED PARENT_ENDED; held 0
    15:00:03     bracket buy c 5 @ 99 DAY     c PENDING_NEW; d PENDING_NEW; c NEW until 21:00:00
                 / sell d 5 @ 102 reduce      d HELD
    15:00:04     bracket buy e 5 @ 99         e PENDING_NEW; f PENDING_NEW
                 / sell f 5 @ 102.01 reduce   e REJECTED ORDER_LIST_REFUSED; f REJECTED TICK_SIZE
    21:00:00                                  c EXPIRED; d CANCELED PARENT_ENDED; held 0
    """)


def test_a_list_is_denied_whole() -> None:
    """With the reason at the order that has it."""
    play("""
    given max open 2; cash 1000
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 5 @ 99         a DENIED ORDER_LIST_REFUSED
                 / sell b 5 @ 102 reduce      b DENIED ORDER_LIST_REFUSED
                 / sell c 5 stop 98 reduce    c DENIED MAX_OPEN_ORDERS; held 0
    09:30:02     bracket buy d 11 @ 99        d DENIED INSUFFICIENT_BUYING_POWER
                 / sell e 11 @ 102 reduce     e DENIED ORDER_LIST_REFUSED
    """)


def test_orders_that_cancel_each_other_reserve_for_the_dearest_alone() -> None:
    """5 x 99 and, for the stop, 5 x 101 and the collar: the more of both."""
    play("""
    given cash 530.25
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     oco buy a 5 @ 99             a PENDING_NEW; b PENDING_NEW
                 / buy b 5 stop 101           a NEW; b NEW stop 101.00; held 530.25
    09:30:02     quote 98.00 99.00 9 2        a TRADE 2 @ 99.00 maker; b RESTATED 3; held 318.15
    09:30:03     cancel b                     b PENDING_CANCEL; b CANCELED REQUESTED
                                              a CANCELED OCO; held 0
    """)


def test_a_breakout_is_one_order_on_each_side() -> None:
    """A buy above and a sell below: one reserves cash, the other holdings."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                      a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     oco buy b 5 stop 101         b PENDING_NEW; c PENDING_NEW
                 / sell c 5 stop 99           b NEW stop 101.00; c NEW stop 99.00
    09:30:03     quote 98.90 99.10 9 9        c TRIGGERED at 99.00; c FILL 5 @ 98.90 taker
                                              b CANCELED OCO; held 0; pos 0
    """)


def test_an_order_triggers_another() -> None:
    """Which gets its share of whatever the first has traded, in whole lots."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     oto buy a 4 @ 99             a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 2 @ 95
    09:30:02     quote 98.98 99.00 9 1        a TRADE 1 @ 99.00 maker
    09:30:03     quote 98.98 99.00 9 2        a TRADE 1 @ 99.00 maker; b RELEASED 1; held 293
    09:30:04     cancel a                     a PENDING_CANCEL; a CANCELED REQUESTED; held 95
    09:30:05     quote 94.00 94.02 9 9        b FILL 1 @ 95.00 maker
    """)


def test_a_released_order_that_cannot_be_paid_ends() -> None:
    """While it was held it reserved nothing."""
    play("""
    given cash 600
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     oto buy a 4                  a PENDING_NEW; b PENDING_NEW; a NEW
                 / buy b 4 @ 95               a FILL 4 @ 100.02 taker
                                              b HELD; b CANCELED INSUFFICIENT_FUNDS; held 0
    """)


def test_a_pause_keeps_exits_that_protect_and_takes_the_entry() -> None:
    """A leg whose entry has traded protects it."""
    play("""
    given live
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 9 @ 99         a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 9 @ 102 reduce      a NEW; b HELD; c HELD stop 98.00
                 / sell c 9 stop 98 reduce
    09:30:02     bracket buy d 5 @ 95         d PENDING_NEW; e PENDING_NEW; d NEW; e HELD
                 / sell e 5 @ 102 reduce
    09:30:03     quote 98.98 99.00 9 4        a TRADE 4 @ 99.00 maker
                                              b RELEASED 4; c RELEASED 4 stop 98.00
    09:30:04     pause                        PAUSED requested; a CANCELED PAUSED
                                              d CANCELED PAUSED; e CANCELED PARENT_ENDED
    09:30:05     quote 97.00 97.02 9 9        c TRIGGERED at 98.00; c FILL 4 @ 97.00 taker
                                              b CANCELED OCO; pos 0
    """)


def test_exits_sent_together_while_paused_only_reduce_for_as_long_as_they_live() -> None:
    """As single orders do."""
    play("""
    given margin 2x; cash 10000; live
    time         what                         expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 3                      p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     pause                        PAUSED requested
    09:30:03     oco sell a 9 @ 101           a PENDING_NEW; b PENDING_NEW; a NEW
                 / sell b 9 stop 98           b NEW stop 98.00; held 0
    09:30:04     resume                       RESUMED missed 0 rows 0 timers 0 fills
    09:30:05     quote 101.00 101.02 50 50    a TRADE 3 @ 101.00 maker; b RESTATED 6; pos 0
    09:30:06     quote 97.00 97.02 50 50      b TRIGGERED at 98.00; b CANCELED NOT_REDUCING
                                              a CANCELED OCO; pos 0
    """)


def test_while_paused_each_order_of_a_list_must_reduce() -> None:
    """Also what waits for another: what it would open, or what a bracket closes again, is none of a
    pause."""
    play("""
    given margin 2x; cash 10000; live
    time         what                         expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy p 5                      p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     pause                        PAUSED requested
    09:30:03     bracket sell a 2 @ 101       a DENIED ORDER_LIST_REFUSED
                 / buy b 2 @ 99 reduce        b DENIED NOT_REDUCING
    09:30:04     oto sell c 9 @ 101           c DENIED ORDER_LIST_REFUSED
                 / buy d 9 @ 99               d DENIED NOT_REDUCING
    09:30:05     bracket buy e 2 @ 99         e DENIED NOT_REDUCING
                 / sell f 2 @ 102 reduce      f DENIED ORDER_LIST_REFUSED
    09:30:06     oto sell g 2 @ 101           g PENDING_NEW; h PENDING_NEW; g NEW
                 / sell h 9 stop 97           h HELD stop 97.00
    09:30:07     quote 101.00 101.02 50 50    g FILL 2 @ 101.00 maker; h RELEASED 9 stop 97.00
    09:30:08     resume                       RESUMED missed 1 rows 0 timers 1 fills
    09:30:09     quote 96.90 97.00 50 50      h TRIGGERED at 97.00; h TRADE 3 @ 96.90 taker
                                              h CANCELED NOT_REDUCING; pos 0
    """)


def test_a_stop_ends_whole_lists() -> None:
    """Every order of them once."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 5 @ 99         a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / sell b 5 @ 102 reduce
    09:30:02     oco buy c 5 @ 99             c PENDING_NEW; d PENDING_NEW; c NEW
                 / buy d 5 @ 98               d NEW
    09:30:03     stop                         STOPPING; a CANCELED STOPPED
                                              b CANCELED PARENT_ENDED
                                              c CANCELED STOPPED; d CANCELED OCO
                                              STOPPED requested
    """)


def test_a_held_exit_can_be_replaced_and_its_whole_quantity_counts() -> None:
    """It is what the entry's last fill would bring it to; a new price is taken at its release."""
    play("""
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     bracket buy a 4 @ 99         a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / sell b 4 @ 102 reduce
    09:30:02     replace b 2 @ 101            b PENDING_REPLACE; b REPLACED 2 @ 101.00 at the back
                                              b is HELD
    09:30:03     quote 98.98 99.00 9 9        a FILL 4 @ 99.00 maker; b RELEASED 2
    09:30:04     quote 101.00 101.02 9 9      b FILL 2 @ 101.00 maker
    """)


def test_a_leg_restated_while_its_new_terms_travel_keeps_what_it_has_less() -> None:
    """The new quantity is restated too."""
    play("""
    given latency 1s 0s
    time         what                         expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy x 5                      x PENDING_NEW
    09:30:02                                  x NEW; x FILL 5 @ 100.02 taker
    09:30:03     oco sell a 5 @ 102           a PENDING_NEW; b PENDING_NEW
                 / sell b 5 stop 98
    09:30:04                                  a NEW; b NEW stop 98.00
    09:30:05     replace b stop 99            b PENDING_REPLACE
    09:30:05.5   quote 102.00 102.02 2 9      a TRADE 2 @ 102.00 maker; b RESTATED 3
    09:30:06                                  b REPLACED 3 stop 99.00 at the back
    """)


def test_in_bars_an_entry_and_its_stop_may_meet_in_one_bar() -> None:
    """The stop is held against the bar of its entry, the target is not: the worse is assumed."""
    play("""
    given bars 1m; share 1
    time         what                         expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     bracket buy a 5              a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 102 reduce      a NEW; b HELD; c HELD stop 98.00
                 / sell c 5 stop 98 reduce
    09:32:00     bar 100 105 97 104 50        a FILL 5 @ 100.00 taker
                                              b RELEASED 5; c RELEASED 5 stop 98.00
                                              c TRIGGERED at 98.00; c FILL 5 @ 98.00 taker
                                              b CANCELED OCO; pos 0
    """)


def test_in_bars_a_target_waits_for_the_bar_after_its_entry() -> None:
    """And is then a limit like any other; the stop comes first in every bar."""
    play("""
    given bars 1m; share 1
    time         what                         expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     bracket buy a 5              a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 102 reduce      a NEW; b HELD; c HELD stop 98.00
                 / sell c 5 stop 98 reduce
    09:32:00     bar 100 105 99 104 50        a FILL 5 @ 100.00 taker
                                              b RELEASED 5; c RELEASED 5 stop 98.00
    09:33:00     bar 104 106 97 100 50        c TRIGGERED at 98.00; c FILL 5 @ 98.00 taker
                                              b CANCELED OCO
    """)
