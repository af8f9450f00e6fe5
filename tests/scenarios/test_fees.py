"""Charges to the cent, the collar of market buys, and cash that is never negative."""

from tests.scenarios.stage import play


def test_a_share_of_value_is_rounded_up_to_the_cent() -> None:
    """10 basis points of 300.06 are 0.30006."""
    play("""
    given fee 10 / 10 bps
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3                  a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
                                          fees 0.31; cash 99699.63
    09:30:02     sell b 3                 b PENDING_NEW; b NEW; b FILL 3 @ 100.00 taker
                                          fees 0.61; cash 99999.33; realized -0.06
    """)


def test_makers_and_takers_pay_their_own_rates() -> None:
    """What is held is for the dearer of the two."""
    play("""
    given fee 2 / 4 bps
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5                  a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker; fees 0.21
    09:30:02     buy b 5 @ 100            b PENDING_NEW; b NEW; held 500.20
    09:30:03     quote 99.90 99.95 5 5    b FILL 5 @ 100.00 maker; fees 0.31; held 0
    """)


def test_many_small_fills_cost_no_more_than_one_large_fill() -> None:
    """Charges add up exactly and are rounded once per order: five times 0.004 is 0.02."""
    play("""
    given fee 10 / 10 bps
    time         what                     expect
    09:30:00     quote 3.99 4.00 5 1
    09:30:01     buy a 5 @ 4.00           a PENDING_NEW; a NEW; a TRADE 1 @ 4.00 taker; fees 0.01
    09:30:02     quote 3.99 4.00 5 2      a TRADE 1 @ 4.00 taker; fees 0.01
    09:30:03     quote 3.99 4.00 5 3      a TRADE 1 @ 4.00 taker; fees 0.02
    09:30:04     quote 3.99 4.00 5 4      a TRADE 1 @ 4.00 taker; fees 0.02
    09:30:05     quote 3.99 4.00 5 5      a FILL 1 @ 4.00 taker; fees 0.02; cash 99979.98
    """)


def test_small_orders_are_rounded_each() -> None:
    """Five orders of 0.004 cost five cents."""
    play("""
    given fee 10 / 10 bps
    time         what                     expect
    09:30:00     quote 3.99 4.00 5 9
    09:30:01     buy a 1                  a PENDING_NEW; a NEW; a FILL 1 @ 4.00 taker; fees 0.01
    09:30:02     buy b 1                  b PENDING_NEW; b NEW; b FILL 1 @ 4.00 taker; fees 0.02
    09:30:03     buy c 1                  c PENDING_NEW; c NEW; c FILL 1 @ 4.00 taker; fees 0.03
    """)


def test_a_flat_fee_is_taken_once_per_order_at_its_first_fill() -> None:
    """An order that never fills costs nothing."""
    play("""
    given fee 1.50 per order
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 3 @ 100.02         a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
                                          fees 1.50; held 100.02
    09:30:02     quote 100.00 100.02 5 9  a FILL 1 @ 100.02 taker; fees 1.50; held 0
    09:30:03     buy b 3 @ 90             b PENDING_NEW; b NEW; held 271.50
    09:30:04     cancel b                 b PENDING_CANCEL; b CANCELED REQUESTED; held 0; fees 1.50
    09:30:05     sell c 1                 c PENDING_NEW; c NEW; c FILL 1 @ 100.00 taker
                                          fees 3.00; cash +98.50
    """)


def test_a_sell_pays_its_flat_fee_out_of_what_it_brings() -> None:
    """Fill by fill, until it is paid; a position can be sold with no cash left."""
    play("""
    given fee 1.00 per order; cash 2.53
    time         what                     expect
    09:30:00     quote 0.50 0.51 1 5
    09:30:01     buy p 3 @ 0.51           p PENDING_NEW; p NEW; p FILL 3 @ 0.51 taker; cash 0
    09:30:02     sell a 3 @ 0.40          a PENDING_NEW; a NEW; a TRADE 1 @ 0.50 taker
                                          cash 0; fees 1.50
    09:30:03     quote 0.60 0.61 1 5      a TRADE 1 @ 0.60 taker; cash 0.10; fees 2
    09:30:04     quote 0.50 0.51 1 5      a FILL 1 @ 0.50 taker; cash 0.60; pos 0
    """)


def test_charges_in_crypto_are_rounded_up_to_eight_decimals() -> None:
    """10 basis points of 1.290003 are 0.001290003."""
    play("""
    given BTCUSDT; fee 10 / 10 bps; cash 10
    time         what                             expect
    09:30:00     quote 43000.00 43000.10 0.5 0.5
    09:30:01     buy a 0.00003                    a PENDING_NEW; a NEW
                                                  a FILL 0.00003 @ 43000.10 taker
                                                  fees 0.00129001; cash 8.70870699
    """)


def test_the_last_cent_can_be_spent_by_a_limit() -> None:
    """It holds its price and its charge exactly."""
    play("""
    given fee 10 / 10 bps; cash 300.37
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.03         a DENIED INSUFFICIENT_BUYING_POWER
    09:30:02     buy b 3 @ 100.02         b PENDING_NEW; b NEW; b FILL 3 @ 100.02 taker; cash 0
    """)


def test_a_cent_less_than_price_and_charge_is_not_enough() -> None:
    """300.06 and 0.31 are 300.37."""
    play("""
    given fee 10 / 10 bps; cash 300.36
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy b 3 @ 100.02         b DENIED INSUFFICIENT_BUYING_POWER
    09:30:02     buy c 2 @ 100.02         c PENDING_NEW; c NEW; c FILL 2 @ 100.02 taker; cash 100.11
    """)


def test_two_orders_do_not_spend_the_same_cash() -> None:
    """What an open order holds is not free for another."""
    play("""
    given cash 500
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99             a PENDING_NEW; a NEW; held 297
    09:30:02     buy b 3 @ 99             b DENIED INSUFFICIENT_BUYING_POWER
    09:30:03     buy c 2 @ 99             c PENDING_NEW; c NEW; held 495
    """)


def test_a_market_buy_holds_the_ask_and_its_collar() -> None:
    """So the last five per cent of an account are not for market orders."""
    play("""
    given cash 1050
    time         what                     expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:01     buy a 11                 a DENIED INSUFFICIENT_BUYING_POWER
    09:30:02     buy b 10                 b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
                                          cash 50; held 0
    """)


def test_a_market_buy_beyond_its_collar_takes_cash_that_is_free() -> None:
    """It held 1050 and pays 1200."""
    play("""
    given cash 1200; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; held 1050
    09:30:01.01  quote 119.98 120.00 50 50
    09:30:01.05                             a NEW; a FILL 10 @ 120.00 taker; cash 0; held 0
    """)


def test_a_market_buy_ends_where_the_cash_does() -> None:
    """What was bought stays, the rest is canceled."""
    play("""
    given cash 1100; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; held 1050
    09:30:01.01  quote 119.98 120.00 50 5
    09:30:01.05                             a NEW; a TRADE 5 @ 120.00 taker; cash 500; held 500
    09:30:02     quote 119.98 120.00 50 10  a CANCELED COLLAR_EXCEEDED; cash 500; held 0; pos 5
    """)


def test_a_market_buy_beyond_its_collar_leaves_alone_what_others_hold() -> None:
    """An older order's cash is not free."""
    play("""
    given cash 1300; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:00.1   buy b 2 @ 90               b PENDING_NEW; held 180
    09:30:00.15                             b NEW
    09:30:01     buy a 10                   a PENDING_NEW; held 1230
    09:30:01.01  quote 119.98 120.00 50 50
    09:30:01.05                             a NEW; a CANCELED COLLAR_EXCEEDED; held 180
    09:30:02     quote 89.00 89.50 50 50    b FILL 2 @ 90.00 maker; cash 1120
    """)


def test_on_bars_a_market_buy_meets_its_collar_at_the_open() -> None:
    """The same rule, at the price of the bar."""
    play("""
    given cash 1100; bars 1m
    time         what                       expect
    09:31:00     bar 100 101 99 100 500
    09:31:00     buy a 10                   a PENDING_NEW; a NEW; held 1050
    09:32:00     bar 120 121 99 100 500     a CANCELED COLLAR_EXCEEDED; cash 1100; held 0
    """)


def test_profit_is_realized_by_average_cost() -> None:
    """Two shares at 100 and two at 110 cost 105 each."""
    play("""
    time         what                       expect
    09:30:00     quote 99.00 100.00 5 5
    09:30:01     buy a 2                    a PENDING_NEW; a NEW; a FILL 2 @ 100.00 taker
    09:30:02     quote 109.00 110.00 5 5
    09:30:03     buy b 2                    b PENDING_NEW; b NEW; b FILL 2 @ 110.00 taker
    09:30:04     quote 108.00 110.00 5 5
    09:30:05     sell c 1                   c PENDING_NEW; c NEW; c FILL 1 @ 108.00 taker
                                            realized 3
    09:30:06     quote 100.00 110.00 5 5
    09:30:07     sell d 3                   d PENDING_NEW; d NEW; d FILL 3 @ 100.00 taker
                                            realized -12; pos 0; cash 99988
    """)
