"""Matching on quotes, as a trader would tell it."""

from tests.scenarios.stage import play


def test_a_limit_at_the_ask_is_filled_when_it_arrives() -> None:
    """It travels first, and takes what is shown then."""
    play("""
    given latency 50ms 50ms
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.02         a PENDING_NEW; held 300.06
    09:30:01.05                           a NEW; a FILL 3 @ 100.02 taker
                                          cash -300.06; pos 3; held 0
    """)


def test_a_market_order_trades_at_the_price_of_its_arrival_and_not_of_its_sending() -> None:
    """The market moves while the order travels."""
    play("""
    given latency 50ms 50ms
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3                  a PENDING_NEW; held 315.09
    09:30:01.03  quote 100.04 100.07 5 5
    09:30:01.05                           a NEW; a FILL 3 @ 100.07 taker; cash -300.21; held 0
    """)


def test_a_buy_and_a_sell_at_market_cost_the_spread() -> None:
    """One buys at the ask and sells at the bid."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5                  a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker; pos 5
    09:30:02     sell b 5                 b PENDING_NEW; b NEW; b FILL 5 @ 100.00 taker
                                          pos 0; cash 99999.90; realized -0.10
    """)


def test_a_limit_better_than_the_market_is_filled_at_the_market() -> None:
    """Price improvement belongs to who crosses the spread."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 2 @ 100.50         a PENDING_NEW; a NEW; a FILL 2 @ 100.02 taker
                                          cash -200.04
    09:30:02     sell b 2 @ 99.00         b PENDING_NEW; b NEW; b FILL 2 @ 100.00 taker
                                          cash +200.00
    """)


def test_what_a_better_fill_did_not_need_is_free_again() -> None:
    """Cash is held at the limit and given back at the fill."""
    play("""
    given cash 1000
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 @ 200            a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
                                          held 0; cash 499.90
    """)


def test_a_resting_limit_is_filled_at_its_own_price() -> None:
    """A maker gets the price that he asked for, though the market went through it."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 2 @ 99.98          a PENDING_NEW; a NEW; held 199.96
    09:30:02     quote 99.99 100.01
    09:30:03     quote 99.90 99.95 5 5    a FILL 2 @ 99.98 maker; cash -199.96; held 0
    09:30:04     sell b 2 @ 100.10        b PENDING_NEW; b NEW
    09:30:05     quote 100.20 100.25 5 5  b FILL 2 @ 100.10 maker; cash +200.20; pos 0
    """)


def test_a_price_seen_on_the_own_side_fills_nothing() -> None:
    """That the bid stands at the limit means only that others wait there too."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 2 @ 99.98          a PENDING_NEW; a NEW
    09:30:02     quote 99.98 100.00
    09:30:03     quote 99.97 99.99
    09:30:04     quote 99.97 99.98 5 5    a FILL 2 @ 99.98 maker
    """)


def test_a_sell_is_not_filled_by_an_ask_at_its_price() -> None:
    """The same on the other side."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy p 2                  p PENDING_NEW; p NEW; p FILL 2 @ 100.02 taker
    09:30:02     sell a 2 @ 100.05        a PENDING_NEW; a NEW
    09:30:03     quote 100.03 100.05
    09:30:04     quote 100.05 100.06 5 5  a FILL 2 @ 100.05 maker
    """)


def test_no_more_is_filled_than_is_shown() -> None:
    """The rest waits and goes on trying as a taker, at the ask of the moment."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 5 @ 100.10         a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
                                          a is PARTIALLY_FILLED; pos 2; held 300.30
    09:30:02     quote 100.00 100.05 5 1  a TRADE 1 @ 100.05 taker; held 200.20
    09:30:03     quote 100.00 100.04 5 9  a FILL 2 @ 100.04 taker; pos 5; cash 99499.83; held 0
    """)


def test_the_rest_of_a_crossing_limit_becomes_a_maker_once_the_market_moved_away() -> None:
    """From then on it is paid its own price."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 5 @ 100.05         a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
    09:30:02     quote 100.04 100.06 5 5
    09:30:03     quote 100.00 100.03 5 2  a TRADE 2 @ 100.05 maker
    09:30:04     quote 99.90 99.95 5 5    a FILL 1 @ 100.05 maker
    """)


def test_the_rest_of_a_market_order_takes_every_following_quote() -> None:
    """There is no depth behind the best price: it waits for the next quote."""
    play("""
    given cash 10000
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 6                  a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
    09:30:02     quote 100.05 100.08 5 3  a TRADE 3 @ 100.08 taker
    09:30:03     quote 100.00 100.04 5 5  a FILL 1 @ 100.04 taker; pos 6; held 0
    """)


def test_what_was_taken_stays_taken_while_its_price_is_shown() -> None:
    """The same five shares cannot be bought twice."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.02         a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
    09:30:02     buy b 4 @ 100.02         b PENDING_NEW; b NEW; b TRADE 2 @ 100.02 taker
    09:30:03     quote 100.00 100.02 7 5
    09:30:04     quote 99.99 100.02 7 5
    """)


def test_what_is_added_at_a_price_can_be_taken() -> None:
    """Available is the least of shown, and shown less taken plus what was seen to come."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 9 @ 100.02         a PENDING_NEW; a NEW; a TRADE 5 @ 100.02 taker
    09:30:02     quote 100.00 100.02 5 7  a TRADE 2 @ 100.02 taker
    09:30:03     quote 100.00 100.02 5 3
    09:30:04     quote 100.00 100.02 5 4  a TRADE 1 @ 100.02 taker
    09:30:05     quote 100.00 100.02 5 9  a FILL 1 @ 100.02 taker
    09:30:06     buy b 9 @ 100.02         b PENDING_NEW; b NEW; b TRADE 4 @ 100.02 taker
    """)


def test_no_more_is_available_than_what_is_shown_now() -> None:
    """What was left may have gone to others."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 9
    09:30:01     buy a 2 @ 100.02         a PENDING_NEW; a NEW; a FILL 2 @ 100.02 taker
    09:30:02     quote 100.00 100.02 5 4
    09:30:03     buy b 9 @ 100.02         b PENDING_NEW; b NEW; b TRADE 4 @ 100.02 taker
    """)


def test_a_price_that_leaves_and_returns_is_fresh() -> None:
    """What was taken is forgotten when its price leaves the top of the book."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 @ 100.02         a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     quote 100.00 100.03 5 5
    09:30:03     quote 100.00 100.02 5 5
    09:30:04     buy b 5 @ 100.02         b PENDING_NEW; b NEW; b FILL 5 @ 100.02 taker
    """)


def test_bids_and_asks_are_taken_apart() -> None:
    """To have bought takes nothing from those who buy."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5                  a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 3                 b PENDING_NEW; b NEW; b FILL 3 @ 100.00 taker
    09:30:03     sell c 2                 c PENDING_NEW; c NEW; c FILL 2 @ 100.00 taker
    09:30:04     buy d 1                  d PENDING_NEW; d NEW
    09:30:05     quote 100.00 100.02 5 6  d FILL 1 @ 100.02 taker
    """)


def test_a_side_that_shows_nothing_fills_nothing() -> None:
    """A price without size is no offer."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 0
    09:30:01     buy a 1                  a PENDING_NEW; a NEW
    09:30:02     quote 100.00 100.05 5 1  a FILL 1 @ 100.05 taker
    """)


def test_own_orders_share_a_quote_by_price_and_then_by_time() -> None:
    """The better limit first, among equals the earlier."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 2 @ 99.95          a PENDING_NEW; a NEW
    09:30:02     buy b 2 @ 99.96          b PENDING_NEW; b NEW
    09:30:03     buy c 2 @ 99.95          c PENDING_NEW; c NEW
    09:30:04     quote 99.90 99.94 5 3    b FILL 2 @ 99.96 maker; a TRADE 1 @ 99.95 maker
    09:30:05     quote 99.90 99.93 5 2    a FILL 1 @ 99.95 maker; c TRADE 1 @ 99.95 maker
    09:30:06     quote 99.90 99.94 5 9    c FILL 1 @ 99.95 maker; pos 6
    """)


def test_a_market_order_goes_before_resting_limits() -> None:
    """It takes any price, so its price is the best."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 0
    09:30:01     buy a 2 @ 99.95          a PENDING_NEW; a NEW
    09:30:02     buy b 2                  b PENDING_NEW; b NEW
    09:30:03     quote 99.90 99.94 5 3    b FILL 2 @ 99.94 taker; a TRADE 1 @ 99.95 maker
    """)


def test_a_crypto_pair_trades_in_fractions() -> None:
    """0.00003 at 43000.10 is exactly 1.290003."""
    play("""
    given BTCUSDT; cash 10
    time         what                                       expect
    09:30:00     quote 43000.00 43000.10 0.5 0.00002
    09:30:01     buy a 0.00003 @ 43000.10                   a PENDING_NEW; a NEW
                                                            a TRADE 0.00002 @ 43000.10 taker
                                                            cash 9.139998; held 0.430001
    09:30:02     quote 43000.00 43000.10 0.5 0.00003        a FILL 0.00001 @ 43000.10 taker
                                                            cash 8.709997; held 0; pos 0.00003
    """)


def test_rows_of_one_moment_are_taken_one_after_the_other() -> None:
    """An order sent between two of them meets the second at once."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:00     quote 100.00 100.03 5 5
    09:30:00     buy a 1                  a PENDING_NEW; a NEW; a FILL 1 @ 100.03 taker
    """)


def test_an_order_that_arrives_with_a_quote_meets_the_quote_before_it() -> None:
    """Messages due come before the rows of their instant."""
    play("""
    given latency 50ms 50ms
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 1                  a PENDING_NEW
    09:30:01.05  quote 100.10 100.12 5 5  a NEW; a FILL 1 @ 100.02 taker
    """)


def test_a_touch_fills_a_resting_limit_up_to_the_size_shown_where_that_is_asked_for() -> None:
    """As if it had been first there: by each later quote that shows its price on its own side; what
    was taken of the size stays taken until there is more, or the price has been away."""
    play("""
    given touch
    time         what                     expect
    09:30:00     quote 100.00 100.10 4 5
    09:30:01     buy a 9 @ 100.00         a PENDING_NEW; a NEW
    09:30:02     buy b 2 @ 99.95          b PENDING_NEW; b NEW
    09:30:03     quote 100.00 100.10 4 5  a TRADE 4 @ 100.00 maker
    09:30:04     quote 100.00 100.10 4 5
    09:30:05     quote 100.00 100.10 6 5  a TRADE 2 @ 100.00 maker
    09:30:06     quote 99.98 100.10 6 5
    09:30:07     quote 100.00 100.10 1 5  a TRADE 1 @ 100.00 maker
    09:30:08     quote 99.95 100.05 1 5   a TRADE 1 @ 100.00 maker
    09:30:09     quote 99.90 100.00 1 5   a FILL 1 @ 100.00 maker
    09:30:09.5   quote 99.95 100.05 1 5   b TRADE 1 @ 99.95 maker
    09:30:10     sell c 3 @ 100.20        c PENDING_NEW; c NEW
    09:30:11     quote 100.10 100.20 9 2  c TRADE 2 @ 100.20 maker
    """)


def test_a_touch_serves_better_limits_of_the_session_first() -> None:
    """Whoever sold at 99.95 met the bid of 100.02 before it; both by what the quote shows there. A
    price at which no limit of the session's rests serves none."""
    play("""
    given touch
    time         what                     expect
    09:30:00     quote 99.99 100.10 9 9
    09:30:01     buy a 3 @ 99.95          a PENDING_NEW; a NEW
    09:30:02     buy b 2 @ 100.02         b PENDING_NEW; b NEW
    09:30:03     buy c 1 @ 100.02         c PENDING_NEW; c NEW
    09:30:04     quote 99.96 100.10 9 9
    09:30:05     quote 99.95 100.10 4 9   b FILL 2 @ 100.02 maker; c FILL 1 @ 100.02 maker
                                          a TRADE 1 @ 99.95 maker
    09:30:06     sell d 2 @ 100.15        d PENDING_NEW; d NEW
    09:30:07     sell e 2 @ 100.20        e PENDING_NEW; e NEW
    09:30:08     quote 99.99 100.20 9 1   d TRADE 1 @ 100.15 maker
    09:30:09     quote 99.99 100.20 9 3   d FILL 1 @ 100.15 maker; e TRADE 1 @ 100.20 maker
    """)


def test_a_price_that_nobody_else_shows_is_not_touched() -> None:
    """Inside the spread, and where the market leaps over it, somebody must come to the order."""
    play("""
    given touch
    time         what                     expect
    09:30:00     quote 100.00 100.10 4 5
    09:30:01     buy a 3 @ 100.05         a PENDING_NEW; a NEW
    09:30:02     quote 100.01 100.10 4 5
    09:30:03     quote 99.90 100.10 4 5
    09:30:04     quote 99.90 100.05 4 2   a TRADE 2 @ 100.05 maker
    """)
