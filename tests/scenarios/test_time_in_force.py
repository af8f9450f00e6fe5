"""How long orders live: trading days, closings, and markets that never close."""

from tests.scenarios.stage import play


def test_a_day_order_ends_at_the_close() -> None:
    """16:00 in New York is 21:00 UTC in winter; what the order held is free again."""
    play("""
    given hours XNYS
    time         what                       expect
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 21:00:00; held 297
    20:59:59     quote 99.10 99.12 5 5
    21:00:00                                a EXPIRED; held 0; a is EXPIRED
    """)


def test_a_quote_at_the_close_comes_too_late_for_a_day_order() -> None:
    """The venue's timers come before the rows of their instant."""
    play("""
    given hours XNYS
    time         what                       expect
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 21:00:00
    20:59:59.99  quote 98.00 98.50 5 2      a TRADE 2 @ 99.00 maker
    21:00:00     quote 98.00 98.50 5 9      a EXPIRED; pos 2
    """)


def test_on_the_day_before_independence_day_the_close_is_early() -> None:
    """13:00 in New York is 17:00 UTC in summer."""
    play("""
    given hours XNYS
    time         what                       expect
    2024-07-03
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 17:00:00
    17:00:00                                a EXPIRED
    17:00:01     buy b 3 @ 99 DAY           b PENDING_NEW; b NEW until 2024-07-05 20:00:00
    """)


def test_after_thanksgiving_the_close_is_early_in_winter_time() -> None:
    """13:00 in New York is 18:00 UTC then."""
    play("""
    given hours XNYS
    time         what                       expect
    2024-11-29
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 18:00:00
    18:00:00                                a EXPIRED
    """)


def test_the_close_moves_by_an_hour_when_summer_time_begins() -> None:
    """Friday closes at 21:00 UTC, Monday at 20:00 UTC."""
    play("""
    given hours XNYS
    time         what                       expect
    2024-03-08
    20:59:00     quote 100.00 100.02 5 5
    20:59:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 21:00:00
    21:00:00                                a EXPIRED
    21:00:01     buy b 3 @ 99 DAY           b PENDING_NEW; b NEW until 2024-03-11 20:00:00
    2024-03-11
    20:00:00                                b EXPIRED
    """)


def test_the_close_moves_by_an_hour_when_summer_time_ends() -> None:
    """Friday closes at 20:00 UTC, Monday at 21:00 UTC."""
    play("""
    given hours XNYS
    time         what                       expect
    2024-11-01
    19:59:00     quote 100.00 100.02 5 5
    19:59:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 20:00:00
    20:00:00                                a EXPIRED
    20:00:01     buy b 3 @ 99 DAY           b PENDING_NEW; b NEW until 2024-11-04 21:00:00
    2024-11-04
    21:00:00                                b EXPIRED
    """)


def test_where_trading_never_stops_a_day_ends_at_midnight_utc() -> None:
    """The day of a crypto pair is the UTC day."""
    play("""
    given BTCUSDT
    time         what                       expect
    23:59:58     quote 100.00 100.02 5 5
    23:59:59     buy a 0.5 @ 99 DAY         a PENDING_NEW; a NEW until 2024-01-03 00:00:00
    2024-01-03
    00:00:00     quote 98.00 98.02 5 5      a EXPIRED
    00:00:00     buy b 0.5 @ 97 DAY         b PENDING_NEW; b NEW until 2024-01-04 00:00:00
    """)


def test_an_order_that_arrives_after_midnight_is_of_the_day_of_its_arrival() -> None:
    """The venue's clock counts."""
    play("""
    given BTCUSDT; latency 50ms 50ms
    time         what                       expect
    23:59:58     quote 100.00 100.02 5 5
    23:59:59.99  buy a 0.5 @ 99 DAY         a PENDING_NEW
    2024-01-03
    00:00:00.04                             a NEW until 2024-01-04 00:00:00
    """)


def test_on_daily_bars_a_day_order_can_fill_in_its_day() -> None:
    """Sent at one close, it competes in the whole next day and ends with it."""
    play("""
    given bars 1d; hours XNYS
    time         what                                 expect
    21:00:00     bar from 14:30:00 100 105 95 101 500
    21:00:00     buy a 3 @ 101 DAY                    a PENDING_NEW; a NEW until 2024-01-03 21:00:00
    21:00:00     buy b 3 @ 97 DAY                     b PENDING_NEW; b NEW until 2024-01-03 21:00:00
    21:00:00     buy c 3 @ 90 DAY                     c PENDING_NEW; c NEW until 2024-01-03 21:00:00
    2024-01-03
    21:00:00     bar from 14:30:00 100 105 95 101 500
                                                      a FILL 3 @ 100.00 taker
                                                      b FILL 3 @ 97.00 maker; c EXPIRED; pos 6
    2024-01-04
    21:00:00     bar from 14:30:00 80 85 75 81 500
    """)


def test_on_daily_bars_of_a_market_that_never_closes_the_day_is_the_bar() -> None:
    """From midnight to midnight, filled first and expired after."""
    play("""
    given bars 1d
    time         what                        expect
    2024-01-03
    00:00:00     bar 100 105 95 101 500
    00:00:00     buy a 3 @ 97 DAY            a PENDING_NEW; a NEW until 2024-01-04 00:00:00
    00:00:00     buy b 3 @ 90 DAY            b PENDING_NEW; b NEW until 2024-01-04 00:00:00
    2024-01-04
    00:00:00     bar 100 105 95 101 500      a FILL 3 @ 97.00 maker; b EXPIRED
    """)


def test_in_the_last_bar_of_a_day_a_day_order_is_alive() -> None:
    """The trades of the last minute lie before the close."""
    play("""
    given bars 1m; hours XNYS
    time         what                        expect
    20:59:00     bar 100 105 95 101 500
    20:59:00     buy a 3 DAY                 a PENDING_NEW; a NEW until 21:00:00
    20:59:00     buy b 3 @ 90 DAY            b PENDING_NEW; b NEW until 21:00:00
    21:00:00     bar 100.50 101 99 100 500   a FILL 3 @ 100.50 taker; b EXPIRED
    """)


def test_an_order_sent_while_the_market_is_closed_waits_for_a_quote_of_the_next_session() -> None:
    """It is accepted at once and expires at the end of the day that it waited for."""
    play("""
    given hours XNYS
    time         what                       expect
    20:00:00     quote 100.00 100.02 5 5
    22:00:00     buy a 3 @ 100.10 DAY       a PENDING_NEW; a NEW until 2024-01-03 21:00:00
    2024-01-03
    14:29:59     quote 100.00 100.05 5 5
    14:30:00     quote 100.00 100.07 5 2    a TRADE 2 @ 100.07 taker
    14:31:00     quote 100.00 100.20 5 9
    21:00:00                                a EXPIRED; pos 2
    """)


def test_no_quote_outside_trading_hours_fills_anything() -> None:
    """Before the opening and after the close nothing is matched."""
    play("""
    given hours XNYS
    time         what                       expect
    14:00:00     quote 100.00 100.02 5 5
    14:00:01     buy a 3                    a PENDING_NEW; a NEW
    14:10:00     quote 99.00 99.02 5 5
    14:30:00     quote 100.00 100.03 5 2    a TRADE 2 @ 100.03 taker
    21:00:00     quote 99.00 99.02 5 5
    22:00:00     quote 99.00 99.02 5 5
    2024-01-03
    14:30:00     quote 101.00 101.02 5 5    a FILL 1 @ 101.02 taker
    """)


def test_at_the_opening_an_order_does_not_meet_the_quote_of_yesterday() -> None:
    """A quote is good for the hours in which it was shown."""
    play("""
    given hours XNYS
    time         what                       expect
    20:59:59     quote 100.00 100.02 5 5
    2024-01-03
    14:30:01     buy a 3                    a PENDING_NEW; a NEW
    14:30:02     quote 101.00 101.02 5 5    a FILL 3 @ 101.02 taker
    """)


def test_an_immediate_order_sent_while_the_market_is_closed_is_canceled() -> None:
    """There is nobody to trade with at that moment."""
    play("""
    given hours XNYS
    time         what                       expect
    20:59:59     quote 100.00 100.02 5 5
    22:00:00     buy a 3 IOC                a PENDING_NEW; a NEW; a CANCELED IOC; held 0
    """)


def test_an_order_good_till_canceled_lives_over_closings_and_weekends() -> None:
    """And keeps its place in time, and what it holds."""
    play("""
    given hours XNYS
    time         what                       expect
    2024-01-05
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 @ 99               a PENDING_NEW; a NEW; held 297
    15:00:02     buy d 3 @ 99 DAY           d PENDING_NEW; d NEW until 21:00:00; held 594
    21:00:00                                d EXPIRED; held 297
    2024-01-08
    14:30:00     quote 99.50 99.60 5 5
    16:00:00     quote 98.00 98.90 5 5      a FILL 3 @ 99.00 maker; held 0
    """)


def test_bars_outside_trading_hours_fill_nothing() -> None:
    """The order's first bar is the first of the session, with its open."""
    play("""
    given bars 30m; hours XNYS
    time         what                        expect
    14:00:00     bar 100 105 95 101 500
    14:00:00     buy a 3 @ 101               a PENDING_NEW; a NEW
    14:30:00     bar 100 101 90 100 500
    15:00:00     bar 100.50 101 99 100 500   a FILL 3 @ 100.50 taker
    """)


def test_an_expiry_and_a_cancel_on_its_way_do_not_meet_twice() -> None:
    """The order has ended when the cancel arrives."""
    play("""
    given hours XNYS; latency 50ms 50ms
    time         what                       expect
    20:59:00     quote 100.00 100.02 5 5
    20:59:01     buy a 3 @ 99 DAY           a PENDING_NEW
    20:59:01.05                             a NEW until 21:00:00
    20:59:59.99  cancel a                   a PENDING_CANCEL
    21:00:00                                a EXPIRED
    21:00:00.04                             a cancel REJECTED ORDER_CLOSED; a is EXPIRED; held 0
    """)


def test_an_order_that_arrives_at_the_close_is_of_the_next_day() -> None:
    """The session does not hold the moment of its close."""
    play("""
    given hours XNYS; latency 1s 0
    time         what                       expect
    20:59:00     quote 100.00 100.02 5 5
    20:59:59     buy a 3 @ 100.02 DAY       a PENDING_NEW
    21:00:00                                a NEW until 2024-01-03 21:00:00
    """)


def test_a_replaced_day_order_still_ends_with_its_day() -> None:
    """New terms give no new day."""
    play("""
    given hours XNYS
    time         what                       expect
    20:00:00     quote 100.00 100.02 5 5
    20:00:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 21:00:00
    20:00:02     replace a 5 @ 98           a PENDING_REPLACE; a REPLACED 5 @ 98.00 at the back
    21:00:00                                a EXPIRED; held 0
    """)


def test_on_daily_bars_the_day_follows_summer_time() -> None:
    """Sent at Friday's close at 21:00 UTC, it ends with Monday's at 20:00 UTC."""
    play("""
    given bars 1d; hours XNYS
    time         what                                 expect
    2024-03-08
    21:00:00     bar from 14:30:00 100 105 95 101 500
    21:00:00     buy a 3 @ 97 DAY                     a PENDING_NEW; a NEW until 2024-03-11 20:00:00
    21:00:00     buy b 3 @ 90 DAY                     b PENDING_NEW; b NEW until 2024-03-11 20:00:00
    2024-03-11
    20:00:00     bar from 13:30:00 100 105 95 101 500
                                                      a FILL 3 @ 97.00 maker; b EXPIRED
    """)


def test_on_daily_bars_a_short_day_is_a_day() -> None:
    """From 13:30 to 17:00 UTC on the third of July."""
    play("""
    given bars 1d; hours XNYS
    time         what                                 expect
    2024-07-02
    20:00:00     bar from 13:30:00 100 105 95 101 500
    20:00:00     buy a 3 DAY                          a PENDING_NEW; a NEW until 2024-07-03 17:00:00
    20:00:00     buy b 3 @ 90                         b PENDING_NEW; b NEW
    2024-07-03
    17:00:00     bar from 13:30:00 102 105 95 101 20  a TRADE 2 @ 102.00 taker; a EXPIRED
    2024-07-05
    20:00:00     bar from 13:30:00 100 105 80 101 500
                                                      b FILL 3 @ 90.00 maker
    """)


def test_bars_longer_than_a_day_fill_whatever_hours_they_span() -> None:
    """A week begins on Monday at midnight, when New York is closed."""
    play("""
    given bars 7d; hours XNYS
    time         what                        expect
    2024-01-08
    00:00:00     bar 100 105 95 101 500
    00:00:00     buy a 3                     a PENDING_NEW; a NEW
    00:00:00     buy b 3 DAY                 b PENDING_NEW; b NEW until 21:00:00
    21:00:00                                 b EXPIRED
    2024-01-15
    00:00:00     bar 101 105 95 101 500      a FILL 3 @ 101.00 taker
    """)


def test_fill_or_kill_takes_all_that_it_asks_for_or_nothing() -> None:
    """What is shown decides, at the moment of its arrival."""
    play("""
    time         what                        expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 6 @ 100.02 FOK        a PENDING_NEW; a NEW; a CANCELED FOK; held 0
    09:30:02     buy b 5 @ 100.02 FOK        b PENDING_NEW; b NEW; b FILL 5 @ 100.02 taker
    09:30:03     buy c 1 FOK                 c PENDING_NEW; c NEW; c CANCELED FOK
    09:30:04     quote 100.00 100.02 5 9
    09:30:05     buy d 1 @ 100.01 FOK        d PENDING_NEW; d NEW; d CANCELED FOK
    """)


def test_fill_or_kill_in_bars_needs_its_whole_size_at_the_open() -> None:
    """Of what the session may take of the bar."""
    play("""
    given bars 1m; share 0.1
    time         what                        expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 6 FOK                 a PENDING_NEW; a NEW
    09:31:00     buy b 5 @ 100 FOK           b PENDING_NEW; b NEW
    09:31:00     buy c 1 @ 99 FOK            c PENDING_NEW; c NEW
    09:32:00     bar 100 101 98 100 50       a CANCELED FOK; b FILL 5 @ 100.00 taker
                                             c CANCELED FOK
    """)


def test_a_good_till_date_order_ends_at_its_time_open_market_or_not() -> None:
    """Before whatever else happens at that moment."""
    play("""
    time         what                          expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99 until 09:35:00   a PENDING_NEW; a NEW until 09:35:00
    09:35:00     quote 98.00 98.02 5 5         a EXPIRED; held 0
    09:35:01     buy b 3 @ 90 until 09:35:01   b PENDING_NEW; b REJECTED EXPIRE_TIME_PASSED
    """)


def test_a_post_only_order_is_rejected_where_it_would_take() -> None:
    """Also by new terms; else it makes the market and never takes it."""
    play("""
    time         what                        expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.02 post       a PENDING_NEW; a REJECTED WOULD_TAKE
    09:30:02     buy b 3 @ 100.01 post       b PENDING_NEW; b NEW
    09:30:03     replace b @ 100.02          b PENDING_REPLACE; b replace REJECTED WOULD_TAKE
    09:30:04     quote 100.00 100.01 5 5     b FILL 3 @ 100.01 maker
    """)


def test_a_post_only_order_in_bars_is_never_served_at_the_open() -> None:
    """It needs a trade through its price, and is rejected at or beyond the last close."""
    play("""
    given bars 1m; share 1
    time         what                        expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 3 @ 100 post          a PENDING_NEW; a REJECTED WOULD_TAKE
    09:31:00     buy b 3 @ 99 post           b PENDING_NEW; b NEW
    09:32:00     bar 98 99 98 99 50          b FILL 3 @ 99.00 maker
    """)
