"""Icebergs, hidden orders, and orders that trade so much at once or nothing."""

from tests.scenarios.stage import play


def test_an_iceberg_goes_to_the_back_with_each_part_that_it_shows() -> None:
    """Behind what is shown there at that moment; the rest of the print served those before it."""
    play("""
    given rows depth trades
    time         what                                       expect
    09:30:00     depth 100.00x5 / 100.05x9 snapshot
    09:30:01     buy a 6 @ 100.00 show 2                    a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 6 sell                        a TRADE 1 @ 100.00 maker
    09:30:03     print 100.00 9 sell                        a TRADE 1 @ 100.00 maker
    09:30:04     depth 100.00x3
    09:30:05     print 100.00 3 sell
    09:30:06     print 100.00 1 sell                        a TRADE 1 @ 100.00 maker
    09:30:07     print 99.99 20 sell                        a FILL 3 @ 100.00 maker
    """)


def test_what_an_iceberg_shows_next_comes_after_the_sessions_own_orders() -> None:
    """And one that another of them is served before has its part of the same print all the same."""
    play("""
    given rows depth trades
    time         what                                       expect
    09:30:00     depth 100.00x5 / 100.05x9 snapshot
    09:30:01     buy a 6 @ 100.00 show 2                    a PENDING_NEW; a NEW behind 5
    09:30:02     buy b 3 @ 100.00                           b PENDING_NEW; b NEW behind 5
    09:30:03     print 100.00 7 sell                        a TRADE 2 @ 100.00 maker
    09:30:04     print 100.00 7 sell                        b FILL 3 @ 100.00 maker
    """)
    play("""
    given rows depth trades
    time         what                                       expect
    09:30:00     depth 100.00x5 / 100.05x9 snapshot
    09:30:01     buy a 3 @ 100.00                           a PENDING_NEW; a NEW behind 5
    09:30:02     buy b 6 @ 100.00 show 2                    b PENDING_NEW; b NEW behind 5
    09:30:03     print 100.00 10 sell                       a FILL 3 @ 100.00 maker
                                                            b TRADE 2 @ 100.00 maker
    """)


def test_an_order_that_is_shown_whole_keeps_its_place() -> None:
    """The same market serves it sooner."""
    play("""
    given rows depth trades
    time         what                                       expect
    09:30:00     depth 100.00x5 / 100.05x9 snapshot
    09:30:01     buy a 6 @ 100.00                           a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 6 sell                        a TRADE 1 @ 100.00 maker
    09:30:03     print 100.00 9 sell                        a FILL 5 @ 100.00 maker
    """)


def test_a_hidden_order_has_what_goes_beyond_all_that_is_shown() -> None:
    """Also beyond what came after it; what prints took of a level counts until it is shown anew."""
    play("""
    given rows depth trades
    time         what                                       expect
    09:30:00     depth 100.00x5 / 100.05x9 snapshot
    09:30:01     buy a 6 @ 100.00 show 0                    a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 4 sell
    09:30:03     print 100.00 3 sell                        a TRADE 2 @ 100.00 maker
    09:30:04     depth 100.00x8
    09:30:05     print 100.00 8 sell
    09:30:06     print 100.00 1 sell                        a TRADE 1 @ 100.00 maker
    09:30:07     depth / 100.00x9                           a FILL 3 @ 100.00 maker
    """)


def test_at_one_price_what_is_hidden_comes_after_what_is_shown() -> None:
    """Whenever it came."""
    play("""
    time         what                      expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99.50 show 0    a PENDING_NEW; a NEW
    09:30:02     buy b 3 @ 99.50           b PENDING_NEW; b NEW
    09:30:03     quote 99.00 99.50 5 4     b FILL 3 @ 99.50 maker; a TRADE 1 @ 99.50 maker
    """)


def test_an_immediate_order_trades_its_least_quantity_or_nothing() -> None:
    """What is above it is as with any other."""
    play("""
    time         what                      expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 9 IOC least 6       a PENDING_NEW; a NEW; a CANCELED IOC; held 0
    09:30:02     buy b 9 IOC least 5       b PENDING_NEW; b NEW; b TRADE 5 @ 100.02 taker
                                           b CANCELED IOC
    """)


def test_over_the_levels_of_a_book_the_least_quantity_is_one() -> None:
    """They are taken at one moment."""
    play("""
    given rows depth
    time         what                                       expect
    09:30:00     depth 100x5 / 100.02x3 100.03x3 snapshot
    09:30:01     buy a 8 @ 100.03 IOC least 7               a PENDING_NEW; a NEW behind 0
                                                            a CANCELED IOC
    09:30:02     buy b 8 @ 100.03 IOC least 6               b PENDING_NEW; b NEW behind 0
                                                            b TRADE 3 @ 100.02 taker
                                                            b TRADE 3 @ 100.03 taker
                                                            b CANCELED IOC
    """)


def test_a_hidden_order_waits_for_its_least_quantity() -> None:
    """Of what is left of it, where that is less."""
    play("""
    given rows trades
    time         what                                 expect
    09:30:00     print 100.00 5
    09:30:01     buy a 9 @ 99.00 show 0 least 4       a PENDING_NEW; a NEW
    09:30:02     print 98.90 3
    09:30:03     print 98.90 6                        a TRADE 6 @ 99.00 maker
    09:30:04     print 98.90 2
    09:30:05     print 98.90 3                        a FILL 3 @ 99.00 maker
    """)


def test_what_can_be_no_such_order_is_told_at_once() -> None:
    """And what is no whole lot is the venue's to refuse, after the order's own lots."""
    play("""
    given lot 2
    time         what                              expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 6 show 2                    invalid display_qty
    09:30:02     buy a 6 @ 99 IOC show 2           invalid display_qty
    09:30:03     buy a 6 @ 99 show 6               invalid display_qty
    09:30:04     buy a 6 @ 99 stop 101 show 2      invalid display_qty
    09:30:05     buy a 6 @ 99 least 2              invalid min_qty
    09:30:06     buy a 6 @ 99 show 2 least 2       invalid min_qty
    09:30:07     buy a 6 IOC least 8               invalid min_qty
    09:30:08     buy a 6 IOC least 0               invalid min_qty
    09:30:09     buy a 6 @ 99 show 1               a PENDING_NEW; a REJECTED LOT_SIZE
    09:30:10     buy b 6 IOC least 3               b PENDING_NEW; b REJECTED LOT_SIZE
    09:30:11     buy c 5 @ 99 show 2               c PENDING_NEW; c REJECTED LOT_SIZE
    """)
