"""Trailing stops: they follow the market one way and wait for it the other."""

from tests.scenarios.stage import play


def test_a_trailing_sell_follows_the_bid_up_and_never_down() -> None:
    """One below the best bid."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 trail 1           b PENDING_NEW; b NEW stop 99.00
    09:30:03     quote 102.00 102.02 9 9
    09:30:04     quote 101.01 101.03 9 9
    09:30:05     quote 101.00 101.02 9 9    b TRIGGERED at 101.00; b FILL 5 @ 101.00 taker
    """)


def test_a_trailing_buy_follows_the_ask_down() -> None:
    """A share of the best ask, rounded up to a price that can be written."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5 trail 1%           a PENDING_NEW; a NEW stop 101.03
    09:30:02     quote 90.00 90.03 9 9
    09:30:03     quote 90.92 90.93 9 9
    09:30:04     quote 90.93 90.94 9 9      a TRIGGERED at 90.94; a FILL 5 @ 90.94 taker
    """)


def test_a_quote_is_held_against_the_stop_before_it_moves_it() -> None:
    """No row triggers by what it brought itself."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 trail 0.01        b PENDING_NEW; b NEW stop 99.99
    09:30:03     quote 105.00 105.02 9 9
    09:30:04     quote 104.99 105.02 9 9    b TRIGGERED at 104.99; b FILL 5 @ 104.99 taker
    """)


def test_a_new_distance_is_taken_from_the_best_price_seen() -> None:
    """The mark stays, the distance changes, of one kind or the other."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 trail 5           b PENDING_NEW; b NEW stop 95.00
    09:30:03     quote 102.00 102.02 9 9
    09:30:04     quote 101.00 101.02 9 9
    09:30:05     replace b trail 2          b PENDING_REPLACE; b REPLACED 5 stop 100.00 at the back
    09:30:06     replace b trail 0.5%       b PENDING_REPLACE; b REPLACED 5 stop 101.49 at the back
                                            b TRIGGERED at 101.49; b FILL 5 @ 101.00 taker
    """)


def test_in_bars_a_trailing_stop_stands_where_earlier_bars_left_it() -> None:
    """The high and the low of one bar come in an order that nobody knows."""
    play("""
    given bars 1m; share 1
    time         what                       expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 5                    a PENDING_NEW; a NEW
    09:32:00     bar 100 100 100 100 50     a FILL 5 @ 100.00 taker
    09:32:00     sell b 5 trail 2           b PENDING_NEW; b NEW stop 98.00
    09:33:00     bar 100 110 99 109 50
    09:34:00     bar 109 109 108.01 109 50
    09:35:00     bar 109 109 107 107 50     b TRIGGERED at 108.00; b FILL 5 @ 108.00 taker
    """)
