"""Matching on prints, alone and beside quotes."""

from tests.scenarios.stage import play


def test_a_market_order_trades_at_the_next_prints_as_far_as_their_sizes_go() -> None:
    """What was printed before it arrived is gone."""
    play("""
    given rows trades; latency 50ms 0
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 7                  a PENDING_NEW
    09:30:01.03  print 100.01 9
    09:30:01.05                           a NEW
    09:30:02     print 100.02 3           a TRADE 3 @ 100.02 taker
    09:30:03     print 100.05 9           a FILL 4 @ 100.05 taker; pos 7
    """)


def test_a_print_of_the_moment_of_arrival_comes_after_it() -> None:
    """Messages are taken before rows."""
    play("""
    given rows trades; latency 1s 0
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 7                  a PENDING_NEW
    09:30:02     print 100.02 9           a NEW; a FILL 7 @ 100.02 taker
    """)


def test_a_limit_that_the_last_print_satisfied_takes_prints_until_one_is_away() -> None:
    """Then it rests: a print at its price is no longer for it."""
    play("""
    given rows trades
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 9 @ 100.02         a PENDING_NEW; a NEW
    09:30:02     print 100.01 2           a TRADE 2 @ 100.01 taker
    09:30:03     print 100.02 2           a TRADE 2 @ 100.02 taker
    09:30:04     print 100.03 2
    09:30:05     print 100.02 2
    09:30:06     print 100.01 2           a TRADE 2 @ 100.02 maker
    """)


def test_a_resting_limit_needs_a_trade_through_on_either_side() -> None:
    """It fills at its own price, and no more than was printed."""
    play("""
    given rows trades
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 5 @ 99.98          a PENDING_NEW; a NEW
    09:30:02     print 99.98 50
    09:30:03     print 99.97 3            a TRADE 3 @ 99.98 maker
    09:30:04     print 99.90 50           a FILL 2 @ 99.98 maker
    09:30:05     sell b 5 @ 99.92         b PENDING_NEW; b NEW
    09:30:06     print 99.92 50
    09:30:07     print 99.93 50           b FILL 5 @ 99.92 maker; pos 0
    """)


def test_a_touch_fills_a_resting_limit_where_that_is_asked_for() -> None:
    """At its price and up to the print's size; best price first, as ever."""
    play("""
    given rows trades; touch
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 5 @ 99.98          a PENDING_NEW; a NEW
    09:30:02     buy b 5 @ 99.99          b PENDING_NEW; b NEW
    09:30:03     print 99.99 2            b TRADE 2 @ 99.99 maker
    09:30:04     print 99.98 4            b FILL 3 @ 99.99 maker; a TRADE 1 @ 99.98 maker
    09:30:05     print 99.98 9            a FILL 4 @ 99.98 maker; pos 10
    """)


def test_a_touch_beside_quotes_gives_a_resting_limit_what_was_printed() -> None:
    """Takers trade against the quotes alone."""
    play("""
    given rows quotes trades; touch
    time         what                        expect
    09:30:00     quote 99.98 100.02 5 5
    09:30:01     buy a 5 @ 99.98             a PENDING_NEW; a NEW
    09:30:02     print 99.98 3               a TRADE 3 @ 99.98 maker
    09:30:03     print 99.97 3               a FILL 2 @ 99.98 maker; pos 5
    """)


def test_all_orders_together_take_a_print_once_best_price_first() -> None:
    """Then by time; what is left of it is for nobody."""
    play("""
    given rows trades
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 4 @ 99.97          a PENDING_NEW; a NEW
    09:30:02     buy b 4 @ 99.98          b PENDING_NEW; b NEW
    09:30:03     buy c 4 @ 99.98          c PENDING_NEW; c NEW
    09:30:04     print 99.90 9            b FILL 4 @ 99.98 maker; c FILL 4 @ 99.98 maker
                                          a TRADE 1 @ 99.97 maker
    """)


def test_ioc_has_one_print_and_none_where_the_last_was_away() -> None:
    """What that did not give is canceled."""
    play("""
    given rows trades
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 4 @ 99.99 IOC      a PENDING_NEW; a NEW; a CANCELED IOC
    09:30:02     buy b 4 @ 100.00 IOC     b PENDING_NEW; b NEW
    09:30:03     buy c 4 IOC              c PENDING_NEW; c NEW
    09:30:04     print 100.01 3           c TRADE 3 @ 100.01 taker; b CANCELED IOC; c CANCELED IOC
    """)


def test_prints_outside_trading_hours_fill_nothing() -> None:
    """A market order waits for the opening; IOC waits for nothing."""
    play("""
    given rows trades; hours XNYS
    time         what                     expect
    14:00:00     print 100.00 9
    14:00:01     buy a 4                  a PENDING_NEW; a NEW
    14:00:02     buy b 4 IOC              b PENDING_NEW; b NEW; b CANCELED IOC
    14:00:03     print 100.00 9
    14:30:00     print 101.00 9           a FILL 4 @ 101.00 taker
    """)


def test_what_trades_in_a_print_is_whole_lots() -> None:
    """The odd rest of a print is for others."""
    play("""
    given rows trades; lot 2
    time         what                     expect
    09:30:00     print 100.00 9
    09:30:01     buy a 6                  a PENDING_NEW; a NEW
    09:30:02     print 100.00 1
    09:30:03     print 100.00 5           a TRADE 4 @ 100.00 taker
    """)


def test_a_strategy_is_shown_prints_after_they_were_matched() -> None:
    """Each once, with what it may do."""
    play("""
    given rows trades; hears print fill
    on print #1: buy a 2
    time         what                     expect
    09:30:00     print 100.00 9 buy       > print 100.00 9; a PENDING_NEW; a NEW
    09:30:01     print 100.01 9 sell      a FILL 2 @ 100.01 taker; > print 100.01 9
                                          > fill a 2 @ 100.01
    """)


def test_beside_quotes_takers_trade_against_quotes_alone() -> None:
    """Prints are no offers where offers are known."""
    play("""
    given rows quotes trades
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 5                  a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
    09:30:02     print 100.01 50
    09:30:03     quote 100.00 100.03 5 9  a FILL 3 @ 100.03 taker
    """)


def test_beside_quotes_a_print_through_a_resting_limit_fills_it() -> None:
    """Also where no quote ever showed the price."""
    play("""
    given rows quotes trades
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 @ 99.99          a PENDING_NEW; a NEW
    09:30:02     print 99.99 50
    09:30:02     print 99.98 3            a TRADE 3 @ 99.99 maker
    09:30:03     quote 99.99 100.02 5 5
    """)


def test_a_print_gives_no_share_again_that_was_taken_from_the_quote() -> None:
    """Others bought the five that were shown; the session had taken them already."""
    play("""
    given rows quotes trades
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 9 @ 99.99          a PENDING_NEW; a NEW
    09:30:02     quote 99.97 99.98 5 5    a TRADE 5 @ 99.99 maker
    09:30:02     print 99.98 5
    09:30:03     print 99.98 7            a TRADE 2 @ 99.99 maker
    """)


def test_a_quote_gives_no_share_again_that_a_print_gave() -> None:
    """The next quote shows at its price what the print was part of, and one more."""
    play("""
    given rows quotes trades
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 9 @ 99.99          a PENDING_NEW; a NEW
    09:30:02     print 99.98 4            a TRADE 4 @ 99.99 maker
    09:30:02     quote 99.97 99.98 5 5    a TRADE 1 @ 99.99 maker
    09:30:03     quote 99.97 99.98 5 7    a TRADE 2 @ 99.99 maker
    """)
