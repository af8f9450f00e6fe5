"""The margin rules for US shares: when a position calls for more money."""

from tests.scenarios.stage import play


def test_a_long_position_needs_a_quarter_of_its_value() -> None:
    """Bought on half credit, it may lose a third."""
    play("""
    given margin 2x reg_t deny_increase; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 20 @ 100             a PENDING_NEW; a NEW; a FILL 20 @ 100.00 taker
                                            equity 1000; used 1000; power 0
    09:30:02     quote 66.67 66.67 50 50    equity 333.40
    09:30:03     quote 66.66 66.66 50 50    MARGIN CALL 333.2 of 333.3; equity 333.20
    09:30:04     quote 99.99 99.99 50 50
    09:30:05     quote 100.00 100.00 50 50  MARGIN RESTORED
    """)


def test_a_short_position_needs_thirty_percent() -> None:
    """It may rise by two thirteenths of what is there."""
    play("""
    given margin 2x reg_t; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 20 @ 100            a PENDING_NEW; a NEW; a FILL 20 @ 100.00 taker
    09:30:02     quote 115.38 115.38 50 50  equity 692.40
    09:30:03     quote 115.39 115.39 50 50  MARGIN CALL 692.2 of 692.34; S-2 PENDING_NEW; S-2 NEW
                                            S-2 FILL 20 @ 115.39 taker; MARGIN RESTORED
                                            pos 0; equity 692.20
    """)


def test_a_short_share_needs_five_dollars_at_least() -> None:
    """At 10 dollars 30 % would be 3."""
    play("""
    given margin 2x reg_t; cash 1000
    time         what                         expect
    09:30:00     quote 10.00 10.00 200 200
    09:30:01     sell a 200 @ 10              a PENDING_NEW; a NEW; a FILL 200 @ 10.00 taker
                                              used 1000
    09:30:02     quote 10.00 10.00 200 200    equity 1000
    09:30:03     quote 10.01 10.01 200 200    MARGIN CALL 998 of 1000; S-2 PENDING_NEW; S-2 NEW
                                              S-2 FILL 200 @ 10.01 taker; MARGIN RESTORED; pos 0
    """)


def test_a_cheap_short_share_needs_its_value_or_two_and_a_half() -> None:
    """Below five dollars."""
    play("""
    given margin 2x reg_t deny_increase; cash 1000
    time         what                       expect
    09:30:00     quote 4.00 4.00 500 500
    09:30:01     sell a 200 @ 4             a PENDING_NEW; a NEW; a FILL 200 @ 4.00 taker
                                            equity 1000; used 800
    09:30:02     quote 4.50 4.50 500 500    equity 900
    09:30:03     quote 4.51 4.51 500 500    MARGIN CALL 898 of 902
    09:30:04     quote 1.00 1.00 500 500    MARGIN RESTORED; equity 1600
    """)


def test_each_position_needs_its_own() -> None:
    """A long one and a short one beside it."""
    play("""
    given BTCUSDT; beside BTXUSDT quotes; margin 2x reg_t deny_increase; cash 1000
    time         what                             expect
    09:30:00     quote BTCUSDT 100.00 100.00 9 9
    09:30:00.1   quote BTXUSDT 100.00 100.00 9 9
    09:30:01     buy a 9                          a PENDING_NEW; a NEW; a FILL 9 @ 100.00 taker
    09:30:02     sell b 9 of BTXUSDT              b PENDING_NEW; b NEW; b FILL 9 @ 100.00 taker
                                                  used 900
    09:30:03     quote BTXUSDT 143.00 143.00 9 9  equity 613
    09:30:04     quote BTXUSDT 143.17 143.17 9 9  MARGIN CALL 611.47 of 611.559; used 1094.265
    """)


def test_a_cheap_share_is_not_sold_short_on_less_than_it_needs_then() -> None:
    """10,000 at 2 dollars need 25,000, as 500 at 40 need 10,000; with one dollar less it would be
    called at once. What it needs binds what is there, so that nothing more is opened with it."""
    play("""
    given margin 2x reg_t deny_increase; cash 25000
    time         what                         expect
    09:30:00     quote 2.00 2.00 20000 20000
    09:30:01     sell a 10001 @ 2             a DENIED INSUFFICIENT_BUYING_POWER
    09:30:02     sell b 10000 @ 2             b PENDING_NEW; b NEW; b FILL 10000 @ 2.00 taker
                                              equity 25000; power 0
    09:30:03     sell c 1 @ 2                 c DENIED INSUFFICIENT_BUYING_POWER
    09:30:04     buy d 10000 @ 2              d PENDING_NEW; d NEW; d FILL 10000 @ 2.00 taker
                                              pos 0; power 50000
    09:30:05     quote 8.00 8.00 20000 20000
    09:30:06     sell e 5001 @ 8              e DENIED INSUFFICIENT_BUYING_POWER
    09:30:07     sell f 5000 @ 8              f PENDING_NEW; f NEW; f FILL 5000 @ 8.00 taker
    """)


def test_a_call_is_not_over_before_there_is_enough_to_keep_what_is_owed() -> None:
    """Half its value is 10,050, but 25,000 have to be there: a call that ended at the half would
    come back with every quote."""
    play("""
    given margin 2x reg_t deny_increase; cash 25000
    time         what                         expect
    09:30:00     quote 2.00 2.00 20000 20000
    09:30:01     sell a 10000 @ 2             a PENDING_NEW; a NEW; a FILL 10000 @ 2.00 taker
                                              used 25000
    09:30:02     quote 2.01 2.01 20000 20000  MARGIN CALL 24900 of 25000
    09:30:03     quote 2.02 2.02 20000 20000
    09:30:04     quote 2.01 2.01 20000 20000  equity 24900
    09:30:05     quote 2.00 2.00 20000 20000  MARGIN RESTORED
    """)


def test_what_a_cheap_short_share_bound_opens_the_other_side() -> None:
    """The 25,000 that 10,000 at 2 dollars bind are free once a fill has bought them back."""
    play("""
    given margin 2x reg_t; check fill; cash 25000
    time         what                         expect
    09:30:00     quote 2.00 2.00 90000 90000
    09:30:01     sell a 10000 @ 2             a PENDING_NEW; a NEW; a FILL 10000 @ 2.00 taker
    09:30:02     buy b 35001 @ 2              b PENDING_NEW; b NEW
                                              b CANCELED INSUFFICIENT_BUYING_POWER
    09:30:03     buy c 35000 @ 2              c PENDING_NEW; c NEW; c FILL 35000 @ 2.00 taker
                                              pos 25000; power 0
    """)
