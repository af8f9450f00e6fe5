"""Margin by what positions would lose together: by hand, at the tick."""

from tests.scenarios.stage import play


def test_a_share_is_moved_by_fifteen_percent() -> None:
    """60 shares need 900 of 6000: they may fall by x, where 1000 - 60x is 0.15 * 60 (100 - x)."""
    play("""
    given portfolio deny_increase; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 99 99
    09:30:01     buy a 60 @ 100             a PENDING_NEW; a NEW; a FILL 60 @ 100.00 taker
                                            equity 1000; used 900; power 666.666666666666666666
    09:30:02     buy b 7 @ 100              b DENIED INSUFFICIENT_BUYING_POWER
    09:30:03     quote 98.04 98.04 99 99    equity 882.40
    09:30:04     quote 98.03 98.03 99 99    MARGIN CALL 881.8 of 882.27; equity 881.80
    09:30:05     buy c 1 @ 98.03            c DENIED MARGIN_CALL
    09:30:06     quote 98.05 98.05 99 99    MARGIN RESTORED
    """)


def test_what_is_owed_is_moved_up() -> None:
    """It needs more the more it loses."""
    play("""
    given portfolio; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 99 99
    09:30:01     sell a 60 @ 100            a PENDING_NEW; a NEW; a FILL 60 @ 100.00 taker
                                            used 900
    09:30:02     quote 101.44 101.44 99 99  equity 913.60
    09:30:03     quote 101.45 101.45 99 99  MARGIN CALL 913 of 913.05; S-2 PENDING_NEW; S-2 NEW
                                            S-2 FILL 60 @ 101.45 taker; MARGIN RESTORED; pos 0
    """)


def test_in_a_group_gains_count_against_losses() -> None:
    """10,000 held and 9,000 owed: 8 % down lose 800 and bring 720, of which 90 % count.  The
    hedge is no help to an order that opens it: it holds 8 % of its own value until it trades."""
    play("""
    given portfolio; group XYZ BTCUSD down 0.08 up 0.06 offset 0.9; cash 1500
    given beside BTCUSD quotes
    time         what                              expect
    09:30:00     quote 100.00 100.00 999 999
    09:30:00     quote BTCUSD 100 100 999 999
    09:30:01     buy a 100 @ 100                   a PENDING_NEW; a NEW; a FILL 100 @ 100.00 taker
                                                   used 800
    09:30:02     sell b 90 @ 100 of BTCUSD         b DENIED INSUFFICIENT_BUYING_POWER
    09:30:03     sell c 80 @ 100 of BTCUSD         c PENDING_NEW; c NEW; c FILL 80 @ 100.00 taker
                                                   used 224
    09:30:04     sell d 10 @ 100 of BTCUSD         d PENDING_NEW; d NEW; d FILL 10 @ 100.00 taker
                                                   used 152
    """)


def test_what_stood_against_a_loss_may_be_missing() -> None:
    """Once what is held has fallen to 8,100, what is owed needs more of it with every tick."""
    play("""
    given portfolio deny_increase; group XYZ BTCUSD down 0.08 up 0.06 offset 0.9; cash 2000
    given beside BTCUSD quotes
    time         what                              expect
    09:30:00     quote 100.00 100.00 999 999
    09:30:00     quote BTCUSD 100 100 999 999
    09:30:01     buy a 100 @ 100                   a PENDING_NEW; a NEW; a FILL 100 @ 100.00 taker
    09:30:02     sell b 90 @ 100 of BTCUSD         b PENDING_NEW; b NEW; b FILL 90 @ 100.00 taker
    09:30:03     quote 81.03 81.03 999 999         equity 103.00; used 102.438
    09:30:04     quote 81.02 81.02 999 999         MARGIN CALL 102 of 102.492
    """)


def test_below_the_least_equity_nothing_is_added() -> None:
    """What reduces is taken; a resting order stays."""
    play("""
    given portfolio least 1000; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 99 99
    09:30:01     buy a 10 @ 100             a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     buy b 1 @ 90               b PENDING_NEW; b NEW
    09:30:03     quote 99.99 99.99 99 99    equity 999.90; power 0
    09:30:04     buy c 1 @ 90               c DENIED MINIMUM_EQUITY
    09:30:05     replace b 2                b replace DENIED MINIMUM_EQUITY
    09:30:06     sell d 1 @ 99              d PENDING_NEW; d NEW; d FILL 1 @ 99.99 taker
    09:30:07     quote 101 101 99 99
    09:30:08     buy e 1 @ 90               e PENDING_NEW; e NEW
    """)


def test_to_open_more_may_be_asked_for() -> None:
    """A tenth more than to keep: a call is over where that is there again."""
    play("""
    given portfolio factor 1.1 deny_increase; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 99 99
    09:30:01     buy a 60 @ 100             a PENDING_NEW; a NEW; a FILL 60 @ 100.00 taker
                                            used 990; power 60.606060606060606060
    09:30:02     quote 98.04 98.04 99 99
    09:30:03     quote 98.03 98.03 99 99    MARGIN CALL 881.8 of 882.27
    09:30:04     quote 99.80 99.80 99 99
    09:30:05     quote 99.81 99.81 99 99    MARGIN RESTORED
    """)
