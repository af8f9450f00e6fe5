"""Before the opening and after the close, for orders that say so."""

from tests.scenarios.stage import play


def test_only_orders_that_say_so_trade_before_the_opening() -> None:
    """From 9:00 to 14:30 UTC in winter; all others wait for the opening."""
    play("""
    given hours XNYS; extended 5.5h 4h
    time         what                         expect
    08:59:59     quote 100.00 100.02 5 5
    08:59:59.5   buy a 3 @ 100.10 ext         a PENDING_NEW; a NEW
    09:00:00     quote 100.00 100.05 5 2      a TRADE 2 @ 100.05 taker
    09:00:01     buy b 3                      b PENDING_NEW; b NEW
    09:00:02     buy c 3 @ 100.10             c PENDING_NEW; c NEW
    09:00:03     buy d 1 IOC                  d PENDING_NEW; d NEW; d CANCELED IOC
    14:29:59     quote 100.00 100.04 5 9      a FILL 1 @ 100.04 taker
    14:30:00     quote 100.00 100.03 5 9      b FILL 3 @ 100.03 taker; c FILL 3 @ 100.03 taker
    """)


def test_an_order_that_arrives_in_extended_hours_meets_their_last_quote() -> None:
    """Not that of the regular session before."""
    play("""
    given hours XNYS; extended 5.5h 4h
    time         what                         expect
    20:59:59     quote 100.00 100.02 5 5
    21:00:01     buy a 3 @ 100.10 ext         a PENDING_NEW; a NEW
    21:00:02     quote 100.00 100.06 5 5      a FILL 3 @ 100.06 taker
    21:00:03     buy b 3 @ 100.10 ext         b PENDING_NEW; b NEW; b TRADE 2 @ 100.06 taker
    2024-01-03
    00:59:59     quote 100.00 100.04 5 0
    01:00:00     quote 100.00 100.04 5 9
    09:00:00     quote 100.00 100.05 5 9      b FILL 1 @ 100.05 taker
    """)


def test_a_day_order_for_extended_hours_ends_with_them() -> None:
    """At 20:00 in New York; on a short day at 17:00; others end at the close."""
    play("""
    given hours XNYS; extended 5.5h 4h
    time         what                         expect
    2024-07-02
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 @ 99 DAY ext         a PENDING_NEW; a NEW until 2024-07-03 00:00:00
    15:00:02     buy b 3 @ 99 DAY             b PENDING_NEW; b NEW until 20:00:00
    20:00:00                                  b EXPIRED
    20:00:01     buy c 3 @ 99 DAY ext         c PENDING_NEW; c NEW until 2024-07-03 00:00:00
    2024-07-03
    00:00:00                                  a EXPIRED; c EXPIRED
    00:00:01     buy d 3 @ 99 DAY ext         d PENDING_NEW; d NEW until 21:00:00
    09:00:00     buy e 3 @ 99 DAY ext         e PENDING_NEW; e NEW until 21:00:00
    17:00:00     quote 98.00 99.00 5 4        d FILL 3 @ 99.00 maker; e TRADE 1 @ 99.00 maker
    21:00:00     quote 98.00 98.02 5 4        e EXPIRED
    """)


def test_extended_hours_follow_summer_time() -> None:
    """From 8:00 UTC once it has begun."""
    play("""
    given hours XNYS; extended 5.5h 4h
    time         what                         expect
    2024-03-11
    07:59:59     quote 100.00 100.02 5 5
    07:59:59.5   buy a 3 @ 101 ext            a PENDING_NEW; a NEW
    08:00:00     quote 100.00 100.04 5 5      a FILL 3 @ 100.04 taker
    """)


def test_nothing_is_triggered_in_extended_hours() -> None:
    """Stops are for the session; a trail follows it alone."""
    play("""
    given hours XNYS; extended 5.5h 4h; margin 2x
    time         what                         expect
    20:00:00     quote 100.00 100.02 5 5
    20:00:01     sell a 3 stop 99             a PENDING_NEW; a NEW stop 99.00
    21:00:00     quote 98.00 98.02 5 5
    21:00:01     sell b 3 stop 99             b PENDING_NEW; b NEW stop 99.00
    2024-01-03
    14:30:00     quote 98.50 98.52 5 9        a TRIGGERED at 99.00; a FILL 3 @ 98.50 taker
                                              b TRIGGERED at 99.00; b TRADE 2 @ 98.50 taker
    """)


def test_a_halt_is_one_in_extended_hours_too() -> None:
    """For all."""
    play("""
    given hours XNYS; extended 5.5h 4h; rows quotes status
    time         what                         expect
    10:00:00     quote 100.00 100.02 5 5
    10:00:01     status halt                  HALTED
    10:00:02     buy a 3 @ 101 ext            a PENDING_NEW; a NEW
    10:00:03     quote 100.00 100.02 5 5
    10:00:04     status resume                TRADING
    10:00:05     quote 100.00 100.04 5 5      a FILL 3 @ 100.04 taker
    """)


def test_prints_books_and_bars_know_extended_hours() -> None:
    """Bars that begin in them are for those orders alone."""
    play("""
    given hours XNYS; extended 5.5h 4h; rows trades
    time         what                         expect
    10:00:00     print 100.00 5
    10:00:01     buy a 3 @ 101                a PENDING_NEW; a NEW
    10:00:02     buy b 3 @ 101 ext            b PENDING_NEW; b NEW
    10:00:03     print 100.02 5               b FILL 3 @ 100.02 taker
    14:30:00     print 100.03 5               a FILL 3 @ 100.03 taker
    """)
    play("""
    given hours XNYS; extended 5.5h 4h; rows depth trades
    time         what                                  expect
    10:00:00     depth 100.00x5 / 100.02x3 snapshot
    10:00:01     buy a 3 @ 101                         a PENDING_NEW; a NEW behind 0
    10:00:02     buy b 2 @ 101 ext                     b PENDING_NEW; b NEW behind 0
                                                       b FILL 2 @ 100.02 taker
    10:00:03     buy c 2 @ 99.90 ext                   c PENDING_NEW; c NEW
    10:00:04     print 99.80 5 sell                    c FILL 2 @ 99.90 maker
    14:30:00     depth / 100.03x9                      a TRADE 1 @ 100.02 taker
                                                       a FILL 2 @ 100.03 taker
    """)
    play("""
    given hours XNYS; extended 5.5h 4h; bars 30m
    time         what                         expect
    10:00:00     bar 100 101 99 100 500
    10:00:00     buy a 3 @ 101                a PENDING_NEW; a NEW
    10:00:00     buy b 3 @ 101 ext            b PENDING_NEW; b NEW
    10:00:00     buy c 3 OPG                  c PENDING_NEW; c NEW for 14:30:00
    10:30:00     bar 100 101 99 100 500       b FILL 3 @ 100.00 taker
    15:00:00     bar 98 101 97 100 500        c FILL 3 @ 98.00 taker; a FILL 3 @ 98.00 taker
    """)


def test_where_there_are_none_such_orders_are_rejected() -> None:
    """And what can be none is told at once."""
    play("""
    given hours XNYS; tick 0.05
    time         what                         expect
    10:00:00     quote 100.00 100.05 5 5
    10:00:01     buy a 3 @ 99 ext             a PENDING_NEW; a REJECTED NO_EXTENDED_HOURS
    10:00:02     buy b 3 @ 99.01 ext          b PENDING_NEW; b REJECTED TICK_SIZE
    10:00:03     buy c 3 ext                  invalid extended_hours
    10:00:04     buy d 3 @ 99 IOC ext         invalid extended_hours
    10:00:05     buy e 3 @ 99 CLS ext         invalid extended_hours
    10:00:06     buy f 3 @ 99 stop 101 ext    invalid extended_hours
    """)
    play("""
    given BTCUSDT; extended 1h 1h
    time         what                         expect
    10:00:00     quote 100.00 100.02 5 5
    10:00:01     buy a 3 @ 99 ext             a PENDING_NEW; a REJECTED NO_EXTENDED_HOURS
    """)
