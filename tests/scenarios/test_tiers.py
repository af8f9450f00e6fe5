"""Maintenance tiers and the fee of a liquidation, as exchanges of perpetuals have them."""

from tests.scenarios.stage import play


def test_a_large_position_needs_more_of_its_value() -> None:
    """1 % of the first 10,000 and 5 % of what lies beyond: 600 on 20,000."""
    play("""
    given BTCUSDT; margin 10x deny_increase; tiers 0 0.01 10000 0.05; cash 2000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 2 @ 10000                a PENDING_NEW; a NEW
                                                a FILL 2 @ 10000.00 taker; used 2000
    09:30:02     quote 9270.00 9270.00 5 5      equity 540
    09:30:03     quote 9263.00 9263.00 5 5      MARGIN CALL 526 of 526.3
    """)


def test_a_small_one_needs_less() -> None:
    """The same fall calls for nothing at half the size; a short one needs more as it grows."""
    play("""
    given BTCUSDT; margin 10x deny_increase; tiers 0 0.01 10000 0.05; cash 1000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     sell a 1 @ 10000               a PENDING_NEW; a NEW
                                                a FILL 1 @ 10000.00 taker
    09:30:02     quote 10857.00 10857.00 5 5    equity 143
    09:30:03     quote 10858.00 10858.00 5 5    MARGIN CALL 142 of 142.9
    """)


def test_a_liquidation_costs_its_fee() -> None:
    """A share of what is closed, beside the usual charges."""
    play("""
    given BTCUSDT; margin 10x; tiers 0 0.01; liquidation 0.005; cash 1000; fee 0 / 4 bps
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 0.9 @ 10000              a PENDING_NEW; a NEW
                                                a FILL 0.9 @ 10000.00 taker; fees 3.6
    09:30:02     quote 8900.00 8900.00 5 5      MARGIN CALL 6.4 of 80.1; S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 0.9 @ 8900.00 taker
                                                liquidation_fee of 8010 at 0.005: -40.05
                                                liquidation_fee paid -40.05; MARGIN RESTORED
                                                fees 6.804; equity -36.854; pos 0
    """)
