"""Liquidation step by step: down to the next lower maintenance tier, and judged again."""

from tests.scenarios.stage import play


def test_a_position_is_reduced_to_where_the_next_lower_tier_begins() -> None:
    """2 bitcoin at 8,940 are 17,880 and need 1 % of 10,000 and 5 % of the rest, 494, where 480 are
    left.  What is worth 10,000 at the most stays, 1.118, and needs 100: that is enough."""
    play("""
    given BTCUSDT; margin 10x stepwise; tiers 0 0.01 10000 0.05; cash 2600
    given lot 0.001
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 2 @ 10000                a PENDING_NEW; a NEW; a FILL 2 @ 10000.00 taker
    09:30:02     quote 9000.00 9000.00 5 5      equity 600
    09:30:03     quote 8940.00 8940.00 5 5      MARGIN CALL 480 of 494; S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 0.882 @ 8940.00 taker
                                                MARGIN RESTORED; pos 1.118; equity 480
    """)


def test_where_a_step_is_not_enough_the_next_follows() -> None:
    """In the lowest tier everything is closed."""
    play("""
    given BTCUSDT; margin 10x stepwise; tiers 0 0.01 5000 0.02 10000 0.05; cash 2000
    given lot 0.001
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 2 @ 10000                a PENDING_NEW; a NEW; a FILL 2 @ 10000.00 taker
    09:30:02     quote 9001.00 9001.00 5 5      MARGIN CALL 2 of 550.1; S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 0.89 @ 9001.00 taker
                                                S-3 PENDING_NEW; S-3 NEW
                                                S-3 FILL 0.555 @ 9001.00 taker
                                                S-4 PENDING_NEW; S-4 NEW
                                                S-4 FILL 0.555 @ 9001.00 taker
                                                MARGIN RESTORED; pos 0; equity 2
    """)


def test_a_step_waits_for_its_order() -> None:
    """What the market shows is taken; the rest of the step is still to come, then it is judged."""
    play("""
    given BTCUSDT; margin 10x stepwise; tiers 0 0.01 10000 0.05; cash 2000
    given lot 0.001
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 2 @ 10000                a PENDING_NEW; a NEW; a FILL 2 @ 10000.00 taker
    09:30:02     quote 9240.00 9240.00 0.5 5    MARGIN CALL 480 of 524; S-2 PENDING_NEW; S-2 NEW
                                                S-2 TRADE 0.5 @ 9240.00 taker
    09:30:03     quote 9300.00 9300.00 5 5      S-2 FILL 0.418 @ 9300.00 taker; MARGIN RESTORED
    """)


def test_isolated_positions_go_down_the_tiers_too() -> None:
    """The part that is closed loses out of its part of the margin."""
    play("""
    given BTCUSDT; margin 10x isolated stepwise; tiers 0 0.01 10000 0.05; cash 5000
    given lot 0.001
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 2 @ 10000                a PENDING_NEW; a NEW; a FILL 2 @ 10000.00 taker
    09:30:02     quote 9260.00 9260.00 5 5      LIQUIDATION 520 of 526; S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 0.921 @ 9260.00 taker
                                                LIQUIDATION OVER; pos 1.079; used 1079
    """)
