"""Halts, resumptions and price bands, as a status beside the market tells them."""

from tests.scenarios.stage import play


def test_while_trading_is_halted_nothing_is_matched() -> None:
    """Orders are taken and wait; they may be changed and canceled."""
    play("""
    given rows quotes status
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99.00            a PENDING_NEW; a NEW
    09:30:02     status halt                HALTED
    09:30:03     quote 98.00 98.02 5 5
    09:30:04     buy b 3                    b PENDING_NEW; b NEW
    09:30:05     buy c 3 @ 98.50            c PENDING_NEW; c NEW
    09:30:06     replace a 2                a PENDING_REPLACE; a REPLACED 2 @ 99.00 in place
    09:30:07     cancel c                   c PENDING_CANCEL; c CANCELED REQUESTED
    09:30:08     buy d 1 IOC                d PENDING_NEW; d NEW; d CANCELED IOC
    09:30:09     status resume              TRADING
    09:30:10     quote 98.50 98.52 5 9      b FILL 3 @ 98.52 taker; a FILL 2 @ 99.00 maker
    """)


def test_what_was_seen_before_a_resumption_fills_nothing_after_it() -> None:
    """The book of a halt is of another market."""
    play("""
    given rows quotes status
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     status halt                HALTED
    09:30:02     quote 99.00 99.02 5 5
    09:30:03     status resume              TRADING
    09:30:04     buy a 3                    a PENDING_NEW; a NEW
    09:30:05     quote 101.00 101.02 5 5    a FILL 3 @ 101.02 taker
    """)


def test_a_halt_that_is_told_twice_is_one() -> None:
    """And so is a resumption."""
    play("""
    given rows quotes status
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     status resume
    09:30:02     status halt                HALTED
    09:30:03     status halt
    09:30:04     status resume              TRADING
    09:30:05     status resume
    """)


def test_stops_and_trails_stand_still_in_a_halt() -> None:
    """The first quote after it is held against them."""
    play("""
    given rows quotes status; margin 2x
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     sell a 3 stop 99.00        a PENDING_NEW; a NEW stop 99.00
    09:30:02     sell b 3 trail 0.50        b PENDING_NEW; b NEW stop 99.50
    09:30:03     status halt                HALTED
    09:30:04     quote 101.00 101.02 5 5
    09:30:05     quote 98.00 98.02 5 5
    09:30:06     status resume              TRADING
    09:30:07     quote 99.40 99.42 9 9      b TRIGGERED at 99.50; b FILL 3 @ 99.40 taker
    """)


def test_day_orders_expire_in_a_halt() -> None:
    """The clock goes on."""
    play("""
    given hours XNYS; rows quotes status
    time         what                       expect
    20:00:00     quote 100.00 100.02 5 5
    20:00:01     buy a 3 @ 99 DAY           a PENDING_NEW; a NEW until 21:00:00
    20:30:00     status halt                HALTED
    21:00:00                                a EXPIRED; held 0
    """)


def test_a_reopening_auction_serves_the_orders_of_the_book_at_its_price() -> None:
    """Market orders, then better limits; what it leaves stays in the book."""
    play("""
    given rows trades status; marked
    time         what                       expect
    09:30:00     print 100.00 5
    09:30:01     buy a 3 @ 99.50            a PENDING_NEW; a NEW
    09:30:02     status halt                HALTED
    09:30:03     buy b 3                    b PENDING_NEW; b NEW
    09:30:04     buy c 3 @ 99.00            c PENDING_NEW; c NEW
    09:30:05     buy d 9 @ 99.40            d PENDING_NEW; d NEW
    09:30:06     print 98.90 20
    09:30:07     print 99.00 8 reopening    b FILL 3 @ 99.00 taker; a FILL 3 @ 99.00 taker
                                            d TRADE 2 @ 99.00 taker
    09:30:07     status resume              TRADING
    09:30:08     print 98.90 20             d FILL 7 @ 99.40 maker; c FILL 3 @ 99.00 maker
    """)


def test_a_reopening_auction_serves_a_post_only_order_as_any_other() -> None:
    """Nobody takes from another there; all are charged alike."""
    play("""
    given rows trades status; marked
    time         what                       expect
    09:30:00     print 100.00 5
    09:30:01     buy a 3 @ 99.50 post       a PENDING_NEW; a NEW
    09:30:02     status halt                HALTED
    09:30:03     print 99.00 8 reopening    a FILL 3 @ 99.00 taker
    """)


def test_beside_quotes_a_reopening_print_serves_them_too() -> None:
    """A print that is marked so in no halt is a print like others."""
    play("""
    given rows quotes trades status; marked
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     print 99.00 8 reopening
    09:30:02     status halt                HALTED
    09:30:03     buy b 3                    b PENDING_NEW; b NEW
    09:30:04     print 99.00 8 reopening    b FILL 3 @ 99.00 taker
    """)


def test_bars_that_lie_in_a_halt_fill_nothing() -> None:
    """One in which it began, or ended, does."""
    play("""
    given bars 1m; rows bars status
    time         what                       expect
    09:31:00     bar 100 101 99 100 500
    09:31:00     buy a 3 @ 98               a PENDING_NEW; a NEW
    09:31:30     status halt                HALTED
    09:32:00     bar 100 101 99 100 500
    09:33:00     bar 97 97 97 97 500
    09:33:30     status resume              TRADING
    09:34:00     bar 100 101 97 100 500     a FILL 3 @ 98.00 maker
    """)


def test_where_the_venue_rejects_orders_in_a_halt_it_says_so() -> None:
    """After the order's own faults, and after its time."""
    play("""
    given rows quotes status; halted reject; tick 0.05
    time         what                       expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 @ 99.00            a PENDING_NEW; a NEW
    09:30:02     status halt                HALTED
    09:30:03     buy b 3 @ 99.00            b PENDING_NEW; b REJECTED HALTED
    09:30:04     buy c 3 @ 99.01            c PENDING_NEW; c REJECTED TICK_SIZE
    09:30:05     replace a @ 99.50          a PENDING_REPLACE; a REPLACED 3 @ 99.50 at the back
    09:30:06     status resume              TRADING
    09:30:07     quote 99.00 99.50 5 5      a FILL 3 @ 99.50 maker
    """)


def test_nothing_trades_beyond_the_bands() -> None:
    """Neither at what is shown beyond them, nor for anybody who would pay it."""
    play("""
    given rows quotes status
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     status bands 95.00 105.00
    09:30:02     buy a 3 @ 107.00           a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
    09:30:03     quote 104.90 105.10 5 5
    09:30:04     buy b 3                    b PENDING_NEW; b NEW
    09:30:05     buy c 3 @ 107.00           c PENDING_NEW; c NEW
    09:30:06     buy d 3 IOC                d PENDING_NEW; d NEW; d CANCELED IOC
    09:30:07     quote 104.95 105.20 5 5
    09:30:08     quote 104.95 105.00 5 5    b FILL 3 @ 105.00 taker; c TRADE 2 @ 105.00 taker
    09:30:09     status bands 97.00 107.00
    09:30:10     quote 104.95 105.20 5 5    c FILL 1 @ 105.20 taker
    """)


def test_a_limit_beyond_a_band_that_moved_trades_at_the_band() -> None:
    """Exchanges move it there."""
    play("""
    given rows quotes status
    time         what                       expect
    09:30:00     quote 110.00 111.00 5 5
    09:30:01     buy a 3 @ 108.00           a PENDING_NEW; a NEW
    09:30:02     status bands 95.00 105.00
    09:30:03     quote 103.00 104.00 5 5    a FILL 3 @ 105.00 maker
    """)


def test_bands_hold_on_prints_books_and_bars() -> None:
    """Each way of matching asks for them."""
    play("""
    given rows trades status
    time         what                       expect
    09:30:00     print 100.00 5
    09:30:01     status bands 95.00 105.00
    09:30:02     buy a 3                    a PENDING_NEW; a NEW
    09:30:03     print 105.01 5
    09:30:04     print 105.00 5             a FILL 3 @ 105.00 taker
    """)
    play("""
    given rows depth status
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 105.01x9 snapshot
    09:30:01     status bands 95.00 105.00
    09:30:02     buy a 5                                          a PENDING_NEW; a NEW
                                                                  a TRADE 3 @ 100.02 taker
    09:30:03     depth / 104.00x9                                 a FILL 2 @ 104.00 taker
    """)
    play("""
    given bars 1m; rows bars status
    time         what                       expect
    09:31:00     bar 100 101 99 100 500
    09:31:00     status bands 95 105
    09:31:00     buy a 3                    a PENDING_NEW; a NEW
    09:32:00     bar 106 107 104 105 500
    09:33:00     bar 104 107 104 105 500    a FILL 3 @ 104.00 taker
    """)


def test_a_stop_that_closes_positions_waits_for_the_resumption() -> None:
    """Or for its deadline."""
    play("""
    given rows quotes status
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3                    a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
    09:30:02     status halt                HALTED
    09:30:03     stop flatten within 60s    STOPPING until 09:31:03; S-2 PENDING_NEW; S-2 NEW
    09:30:04     quote 100.00 100.02 5 5
    09:30:05     status resume              TRADING
    09:30:06     quote 99.00 99.02 5 5      S-2 FILL 3 @ 99.00 taker; STOPPED requested
    """)


def test_a_bracket_keeps_its_exits_over_a_halt() -> None:
    """An entry that has traded in part goes on after it; its exits have what it traded."""
    play("""
    given rows quotes status
    time         what                                expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     bracket buy a 5 @ 99                a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 103 reduce
                 / sell c 5 stop 97 reduce           a NEW; b HELD; c HELD stop 97.00
    09:30:02     quote 98.00 99.00 5 2               a TRADE 2 @ 99.00 maker
                                                     b RELEASED 2; c RELEASED 2 stop 97.00
    09:30:03     status halt                         HALTED
    09:30:04     quote 96.00 96.02 5 5
    09:30:05     status resume                       TRADING
    09:30:06     quote 98.00 98.50 5 2               a TRADE 2 @ 99.00 maker
                                                     b RESTATED 4; c RESTATED 4
    09:30:07     quote 96.90 96.95 9 0               c TRIGGERED at 97.00; c FILL 4 @ 96.90 taker
                                                     b CANCELED OCO; a CANCELED EXIT_FILLED
    """)


def test_a_stop_that_closes_positions_awaits_the_resumption() -> None:
    """Also where the venue rejects what comes in a halt: the order is sent once."""
    play("""
    given rows quotes status; halted reject
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     status halt                HALTED
    09:30:03     stop flatten within 1m     STOPPING until 09:31:03; S-2 PENDING_NEW; S-2 NEW
    09:30:04     status resume              TRADING
    09:30:05     quote 100.00 100.02 5 5    S-2 FILL 5 @ 100.00 taker; STOPPED requested
    """)


def test_after_a_resumption_the_first_message_of_a_book_counts_whatever_it_tells() -> None:
    """Of a book that is told by price or order by order; after a change of bands too."""
    play("""
    given rows depth status
    time         what                                    expect
    09:30:00     depth 100x5 99.99x5 / 100.02x3 snapshot
    09:30:02     status halt                             HALTED
    09:30:03     buy a 2                                 a PENDING_NEW; a NEW
    09:30:04     status resume                           TRADING
    09:30:05     depth 99.98x7 /                         a FILL 2 @ 100.02 taker
    """)
    play("""
    given rows orders status
    time         what                                      expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     status halt                               HALTED
    09:30:02     buy a 4                                   a PENDING_NEW; a NEW
    09:30:03     status resume                             TRADING
    09:30:04     orders add 2 bid 99.98x6                  a FILL 4 @ 100.02 taker
    """)
    play("""
    given rows depth status
    time         what                                    expect
    09:30:00     depth 100x5 99.99x5 / 100.02x3 snapshot
    09:30:02     status bands 99.00 100.01
    09:30:03     buy a 2                                 a PENDING_NEW; a NEW
    09:30:04     status bands 99.00 101.00
    09:30:05     depth 99.98x7 /                         a FILL 2 @ 100.02 taker
    """)
