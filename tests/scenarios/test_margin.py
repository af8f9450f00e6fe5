"""Short selling, leverage, margin calls: what a margin account does, step by step."""

from tests.scenarios.stage import play


def test_a_short_sale_is_bought_back_at_a_profit() -> None:
    """What it brings is cash, and no buying power."""
    play("""
    given margin 2x; cash 1000
    time         what                     expect
    09:30:00     quote 99.98 100.02 50 50
    09:30:01     sell a 10                a PENDING_NEW; a NEW; a FILL 10 @ 99.98 taker
                                          pos -10; cash 1999.80; equity 999.80; used 500
                                          power 999.60; held 0
    09:30:02     quote 89.98 90.02 50 50  equity 1099.80; power 1299.60
    09:30:03     buy b 10 reduce          b PENDING_NEW; b NEW; b FILL 10 @ 90.02 taker
                                          pos 0; cash 1099.60; realized 99.60; used 0
    """)


def test_one_fill_takes_a_position_through_flat() -> None:
    """The part that closes realizes, the part that opens costs."""
    play("""
    given margin 2x; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 3                    a PENDING_NEW; a NEW; a FILL 3 @ 100.00 taker; pos 3
    09:30:02     quote 110.00 110.00 50 50
    09:30:03     sell b 5                   b PENDING_NEW; b NEW; b FILL 5 @ 110.00 taker
                                            pos -2; realized 30; cash 1250; equity 1030
    09:30:04     quote 100.00 100.00 50 50  equity 1050
    09:30:05     buy c 2                    c PENDING_NEW; c NEW; c FILL 2 @ 100.00 taker
                                            realized 50; pos 0; cash 1050
    """)


def test_leverage_buys_on_credit_up_to_the_buying_power() -> None:
    """Twice the equity, the collar of a market order included; charges are covered too."""
    play("""
    given margin 2x; cash 1000; fee 1.00 per order
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50  power 2000
    09:30:01     buy a 20 @ 100             a DENIED INSUFFICIENT_BUYING_POWER
    09:30:02     buy b 19 @ 100             b PENDING_NEW; b NEW; b FILL 19 @ 100.00 taker
                                            cash -1901; equity 999; used 950; power 98
    09:30:03     buy c 1                    c DENIED INSUFFICIENT_BUYING_POWER
    """)


def test_orders_hold_margin_only_for_what_they_add() -> None:
    """Of those that reduce, the earlier come first, up to the position."""
    play("""
    given margin 2x; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
                                            power 1000
    09:30:02     sell b 6 @ 110             b PENDING_NEW; b NEW; held 0
    09:30:03     sell c 6 @ 110             c PENDING_NEW; c NEW; held 110
    09:30:04     buy d 2 @ 90               d PENDING_NEW; d NEW; held 200
    09:30:05     cancel b                   b PENDING_CANCEL; b CANCELED REQUESTED; held 90
    09:30:06     cancel d                   d PENDING_CANCEL; d CANCELED REQUESTED; held 0
    """)


def test_an_order_that_no_longer_reduces_holds_margin() -> None:
    """Another was faster; what the slower one would open is covered from then on."""
    play("""
    given margin 2x; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.00 taker
    09:30:02     sell b 5 @ 101             b PENDING_NEW; b NEW; held 0
    09:30:03     sell c 5                   c PENDING_NEW; c NEW; c FILL 5 @ 100.00 taker
                                            pos 0; held 252.50
    09:30:04     quote 101.00 101.00 50 50  b FILL 5 @ 101.00 maker; pos -5; held 0
    """)


def test_a_reduce_only_order_never_flips_a_short_position() -> None:
    """It is trimmed to what is owed, and ends when nothing is."""
    play("""
    given margin 2x; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 4                   a PENDING_NEW; a NEW; a FILL 4 @ 100.00 taker
    09:30:02     buy b 9 @ 99 reduce        b PENDING_NEW; b NEW; held 0
    09:30:03     quote 98.00 99.00 50 50    b TRADE 4 @ 99.00 maker; pos 0
    09:30:04     quote 98.00 98.50 50 50    b CANCELED NOT_REDUCING; pos 0; realized 4
    """)


def test_a_pause_keeps_what_protects_a_short_position() -> None:
    """And what would add to it is canceled."""
    play("""
    given margin 2x; cash 1000; live
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 4                   a PENDING_NEW; a NEW; a FILL 4 @ 100.00 taker
    09:30:02     buy b 4 @ 95               b PENDING_NEW; b NEW
    09:30:03     sell c 2 @ 105             c PENDING_NEW; c NEW
    09:30:04     buy d 1 @ 95               d PENDING_NEW; d NEW
    09:30:05     pause                      PAUSED requested; c CANCELED PAUSED; d CANCELED PAUSED
    09:30:06     sell e 1                   e DENIED NOT_REDUCING
    09:30:07     buy f 9                    f PENDING_NEW; f NEW; f TRADE 4 @ 100.00 taker; pos 0
    """)


def test_a_stop_with_flatten_buys_a_short_position_back() -> None:
    """With no cash to reserve."""
    play("""
    given margin 2x; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 5
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     stop flatten               STOPPING until 2024-01-03 09:30:02; S-2 PENDING_NEW
                                            S-2 NEW; S-2 TRADE 5 @ 100.00 taker
    09:30:03     quote 100.00 101.00 50 9   S-2 FILL 5 @ 101.00 taker; STOPPED requested; cash 995
    """)


def test_a_margin_call_closes_everything_at_market() -> None:
    """Below a quarter of what is held: equity 239.80 of 240."""
    play("""
    given margin 2x calls at 0.25; cash 1000; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 19 @ 100             a PENDING_NEW
    09:30:01.05                             a NEW; a FILL 19 @ 100.00 taker; cash -1900
    09:30:02     sell b 5 @ 120             b PENDING_NEW
    09:30:02.05                             b NEW
    09:30:03     quote 64.00 64.00 50 50    equity 316
    09:30:04     quote 63.00 63.00 50 15    MARGIN CALL 297 of 299.25; b CANCELED LIQUIDATED
                                            S-3 PENDING_NEW; S-3 NEW; S-3 FILL 19 @ 63.00 taker
                                            MARGIN RESTORED; pos 0; cash 297; held 0
    09:30:05     buy c 1 @ 60               c PENDING_NEW
    09:30:05.05                             c NEW
    """)


def test_a_liquidation_belongs_to_the_venue() -> None:
    """It takes what is shown; nobody cancels it, and nothing that adds is taken meanwhile."""
    play("""
    given margin 2x calls at 0.25; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     quote 170.00 170.00 50 4   MARGIN CALL 300 of 425; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 4 @ 170.00 taker; pos -6
    09:30:03     cancel S-2                 S-2 cancel DENIED LIQUIDATION_ORDER
    09:30:04     sell b 1 @ 170             b DENIED MARGIN_CALL
    09:30:05     buy c 1 @ 170              c DENIED MARGIN_CALL
    09:30:06     quote 160.00 160.00 50 9   S-2 FILL 6 @ 160.00 taker; MARGIN RESTORED; cash 360
    """)


def test_a_margin_call_can_only_stop_what_adds() -> None:
    """Orders that reduce stay; the call ends when equity covers the initial margin again."""
    play("""
    given margin 2x calls at 0.25 deny_increase; cash 1000
    time         what                         expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 15 @ 100               a PENDING_NEW; a NEW; a FILL 15 @ 100.00 taker
    09:30:02     sell b 5 @ 120               b PENDING_NEW; b NEW
    09:30:03     buy c 1 @ 40                 c PENDING_NEW; c NEW
    09:30:04     quote 44.00 44.00 50 50      MARGIN CALL 160 of 165; c CANCELED MARGIN_CALL
    09:30:05     buy d 1 @ 44                 d DENIED MARGIN_CALL
    09:30:06     quote 50.00 50.00 50 50      equity 250
    09:30:07     buy e 1 @ 44                 e DENIED MARGIN_CALL
    09:30:08     quote 120.00 120.00 50 50    b FILL 5 @ 120.00 maker; MARGIN RESTORED
    09:30:09     buy f 1 @ 44                 f PENDING_NEW; f NEW
    """)


def test_on_bars_a_liquidation_trades_at_the_next_open() -> None:
    """The bar that brought the call is over."""
    play("""
    given margin 2x calls at 0.25; cash 1000; bars 1m
    time         what                       expect
    09:31:00     bar 100 100 100 100 900
    09:31:00     buy a 18 @ 100             a PENDING_NEW; a NEW
    09:32:00     bar 100 101 99 100 900     a FILL 18 @ 100.00 taker
    09:33:00     bar 90 90 55 56 900        MARGIN CALL 208 of 252; S-2 PENDING_NEW; S-2 NEW
    09:34:00     bar 50 70 50 70 900        S-2 FILL 18 @ 50.00 taker; MARGIN RESTORED; cash 100
    """)


def test_a_market_order_beyond_its_collar_needs_margin_that_is_free() -> None:
    """It held 525 and would need 600 of 590."""
    play("""
    given margin 2x; cash 590; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; held 525
    09:30:01.01  quote 119.98 120.00 50 50
    09:30:01.05                             a NEW; a CANCELED COLLAR_EXCEEDED; held 0
    """)


def test_with_the_check_at_the_fill_margin_is_asked_for_then() -> None:
    """Nothing is held before."""
    play("""
    given margin 2x; cash 1000; check fill
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 15 @ 90              a PENDING_NEW; a NEW; held 0
    09:30:02     sell b 15                  b PENDING_NEW; b NEW; b FILL 15 @ 100.00 taker; pos -15
    09:30:03     quote 90.00 90.00 50 50    a FILL 15 @ 90.00 maker; pos 0
    09:30:04     buy c 26                   c PENDING_NEW; c NEW
                                            c CANCELED INSUFFICIENT_BUYING_POWER
    """)
