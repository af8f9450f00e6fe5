"""Orders for the opening and the close: at the official price, or not at all."""

from tests.scenarios.stage import play


def test_on_a_days_bar_open_and_close_are_the_auctions_prices() -> None:
    """Sent at one close, they are for the next day's auctions; the close comes last."""
    play("""
    given bars 1d; hours XNYS; margin 2x
    time         what                                 expect
    21:00:00     bar from 14:30:00 100 105 95 101 500
    21:00:00     buy a 3 OPG                          a PENDING_NEW
                                                      a NEW for 2024-01-03 14:30:00
    21:00:00     sell b 2 CLS                         b PENDING_NEW
                                                      b NEW for 2024-01-03 21:00:00
    2024-01-03
    21:00:00     bar from 14:30:00 102 105 95 99 500
                                                      a FILL 3 @ 102.00 taker
                                                      b FILL 2 @ 99.00 taker; pos 1
    """)


def test_where_nothing_limits_what_bars_give_nothing_limits_their_auctions() -> None:
    """More than the bar's volume, as of the rest of it."""
    play("""
    given bars 1d; hours XNYS; margin 2x; share unlimited
    time         what                                 expect
    21:00:00     bar from 14:30:00 100 105 95 101 5
    21:00:00     buy a 30 OPG                         a PENDING_NEW; ...
    21:00:00     sell b 20 CLS                        b PENDING_NEW; ...
    2024-01-03
    21:00:00     bar from 14:30:00 102 105 95 99 0
                                                      a FILL 30 @ 102.00 taker
                                                      b FILL 20 @ 99.00 taker; pos 10
    """)


def test_limits_are_served_where_they_are_better_than_the_price() -> None:
    """At the very price they are served by time, and the bar does not tell who was; all the rest
    is over with the auction."""
    play("""
    given bars 1d; hours XNYS
    time         what                                 expect
    21:00:00     bar from 14:30:00 100 105 95 101 500
    21:00:00     buy a 3 @ 102 OPG                    a PENDING_NEW; ...
    21:00:00     buy b 3 @ 102.01 OPG                 b PENDING_NEW; ...
    21:00:00     buy c 3 @ 99 CLS                     c PENDING_NEW; ...
    21:00:00     buy d 3 @ 99.01 CLS                  d PENDING_NEW; ...
    2024-01-03
    21:00:00     bar from 14:30:00 102 105 95 99 500
                                                      b FILL 3 @ 102.00 taker; a EXPIRED
                                                      d FILL 3 @ 99.00 taker; c EXPIRED; pos 6
    """)


def test_limits_at_the_price_are_served_where_that_is_the_rule() -> None:
    """For comparison with engines that serve them."""
    play("""
    given bars 1d; hours XNYS; auction equal
    time         what                                 expect
    21:00:00     bar from 14:30:00 100 105 95 101 500
    21:00:00     buy a 3 @ 102 OPG                    a PENDING_NEW; ...
    21:00:00     buy b 3 @ 98.99 CLS                  b PENDING_NEW; ...
    2024-01-03
    21:00:00     bar from 14:30:00 102 105 95 99 500
                                                      a FILL 3 @ 102.00 taker; b EXPIRED
    """)


def test_an_auction_gives_no_more_than_its_share_of_the_bar() -> None:
    """Market orders first, then the better limit; what is left is over."""
    play("""
    given bars 1d; hours XNYS; share 0.01
    time         what                                 expect
    21:00:00     bar from 14:30:00 100 105 95 101 500
    21:00:00     buy a 3 @ 103 OPG                    a PENDING_NEW; ...
    21:00:00     buy b 3 @ 104 OPG                    b PENDING_NEW; ...
    21:00:00     buy c 1 OPG                          c PENDING_NEW; ...
    2024-01-03
    21:00:00     bar from 14:30:00 102 105 95 99 500
                                                      c FILL 1 @ 102.00 taker
                                                      b FILL 3 @ 102.00 taker
                                                      a TRADE 1 @ 102.00 taker; a EXPIRED; pos 5
    """)


def test_minute_bars_show_the_auctions_at_both_ends_of_the_session() -> None:
    """The first bar of the session and its last; the bars between fill nothing."""
    play("""
    given bars 30m; hours XNYS
    time         what                     expect
    14:00:00     bar 90 91 89 90 500
    14:00:00     buy a 3 OPG              a PENDING_NEW; a NEW for 14:30:00
    14:30:00     bar 95 96 94 95 500
    15:00:00     bar 100 105 95 101 500   a FILL 3 @ 100.00 taker
    15:00:00     sell b 3 CLS             b PENDING_NEW
                                          b NEW for 21:00:00
    20:30:00     bar 110 115 105 111 500
    21:00:00     bar 111 115 105 112 500  b FILL 3 @ 112.00 taker
    """)


def test_the_close_is_where_it_is_on_a_short_day() -> None:
    """At 17:00 UTC on the third of July, and so is the cut-off."""
    play("""
    given bars 10m; hours XNYS
    time         what                     expect
    2024-07-03
    16:40:00     bar 100 105 95 101 500
    16:49:59     buy a 3 CLS              a PENDING_NEW
                                          a NEW for 17:00:00
    16:50:00     bar 101 105 95 101 500
    16:50:00     buy b 3 CLS              b PENDING_NEW; b REJECTED AUCTION_CUTOFF
    17:00:00     bar 101 105 95 103 500   a FILL 3 @ 103.00 taker
    """)


def test_from_the_cut_off_on_nothing_is_taken_changed_or_canceled() -> None:
    """Two minutes before the opening, ten before the close; afterwards it is the next day's."""
    play("""
    given hours XNYS; rows trades; marked
    time         what                     expect
    14:00:00     print 100 5
    14:27:59     buy a 3 @ 101 OPG        a PENDING_NEW; a NEW for 14:30:00
    14:27:59.5   replace a 2              a PENDING_REPLACE; a REPLACED 2 @ 101.00 in place
    14:28:00     replace a 1              a PENDING_REPLACE; a replace REJECTED AUCTION_CUTOFF
    14:28:01     cancel a                 a PENDING_CANCEL; a cancel REJECTED AUCTION_CUTOFF
    14:28:02     buy b 3 OPG              b PENDING_NEW; b REJECTED AUCTION_CUTOFF
    14:30:00     buy c 3 OPG              c PENDING_NEW
                                          c NEW for 2024-01-03 14:30:00
    14:30:01     print 100.50 9 opening   a FILL 2 @ 100.50 taker
    14:30:02     cancel c                 c PENDING_CANCEL; c CANCELED REQUESTED
    """)


def test_an_official_price_fills_what_is_for_its_auction_and_nothing_else_does() -> None:
    """The close is printed after the close, when the market is shut."""
    play("""
    given hours XNYS; rows trades; marked
    time         what                     expect
    20:00:00     print 100 5
    20:00:01     buy c 2                  c PENDING_NEW; c NEW
    20:00:02     print 101 2              c FILL 2 @ 101.00 taker; pos 2
    20:00:03     sell a 2 CLS             a PENDING_NEW
                                          a NEW for 21:00:00
    20:00:04     buy b 5 CLS              b PENDING_NEW
                                          b NEW for 21:00:00
    20:59:59     print 102 9 closing
    21:00:00     print 102 9
    21:00:02     print 103 6 closing      a FILL 2 @ 103.00 taker
                                          b TRADE 4 @ 103.00 taker; b EXPIRED; pos 4
    """)


def test_an_auction_whose_price_never_comes_leaves_the_order_to_expire() -> None:
    """An opening by the close of its day; a close by the next opening."""
    play("""
    given hours XNYS; rows trades; marked
    time         what                     expect
    14:00:00     print 100 5
    14:00:01     buy a 3 OPG              a PENDING_NEW; a NEW for 14:30:00
    14:00:02     buy b 3 CLS              b PENDING_NEW
                                          b NEW for 21:00:00
    14:30:01     print 100 5
    21:00:00                              a EXPIRED
    2024-01-03
    14:30:00                              b EXPIRED; held 0
    """)


def test_beside_quotes_the_marked_prints_are_the_auction() -> None:
    """Quotes give the price all day; a limit that rests is filled by what the auction leaves."""
    play("""
    given hours XNYS; rows quotes trades; marked
    time         what                     expect
    14:00:00     quote 100.00 100.02 5 5
    14:00:01     buy a 3 OPG              a PENDING_NEW; a NEW for 14:30:00
    14:00:02     buy b 9 @ 99.90          b PENDING_NEW; b NEW
    14:30:00     quote 99.95 99.97 5 5
    14:30:01     print 99.80 7 opening    a FILL 3 @ 99.80 taker; b TRADE 4 @ 99.90 maker
    """)


def test_where_no_auction_can_be_seen_none_is_for_sale() -> None:
    """Quotes and unmarked prints show none, and a market that never closes has none."""
    play("""
    given hours XNYS
    time         what                     expect
    14:00:00     quote 100.00 100.02 5 5
    14:00:01     buy a 3 OPG              a PENDING_NEW; a REJECTED NO_AUCTION
    """)
    play("""
    given hours XNYS; rows trades
    time         what                     expect
    14:00:00     print 100 5
    14:00:01     buy a 3 CLS              a PENDING_NEW; a REJECTED NO_AUCTION
    """)
    play("""
    given hours 24/5; bars 1m
    time         what                     expect
    14:00:00     bar 100 101 99 100 500
    14:00:00     buy a 3 CLS              a PENDING_NEW; a REJECTED NO_AUCTION
    """)
    play("""
    given BTCUSDT; bars 1m
    time         what                     expect
    14:00:00     bar 100 101 99 100 500
    14:00:00     buy a 0.3 CLS            a PENDING_NEW; a REJECTED NO_AUCTION
    """)
    play("""
    given hours XNYS; bars 7d
    time         what                     expect
    00:00:00     bar 100 101 99 100 500
    00:00:00     buy a 3 OPG              a PENDING_NEW; a REJECTED NO_AUCTION
    """)


def test_what_can_be_no_order_for_an_auction_is_told_before_it_is_recorded() -> None:
    """Triggers and makers have no place there; then tick, lot and cut-off, in this order."""
    play("""
    given hours XNYS; rows trades; marked; tick 0.05; lot 2
    time         what                     expect
    14:28:30     print 100 5
    14:28:31     buy a 2 stop 101 OPG     invalid time_in_force
    14:28:32     buy a 2 @ 99 post CLS    invalid time_in_force
    14:28:33     buy b 3 @ 100.01 OPG     b PENDING_NEW; b REJECTED TICK_SIZE
    14:28:34     buy c 3 @ 100.05 OPG     c PENDING_NEW; c REJECTED LOT_SIZE
    14:28:35     buy d 2 @ 100.05 OPG     d PENDING_NEW; d REJECTED AUCTION_CUTOFF
    """)


def test_an_exit_at_the_close_cancels_the_others_of_its_list() -> None:
    """A stop for the day, and what is left of the position at the close."""
    play("""
    given bars 30m; hours XNYS; share 1
    time         what                     expect
    15:00:00     bar 100 101 99 100 500
    15:00:00     buy a 4                  a PENDING_NEW; a NEW
    15:30:00     bar 100 101 99 100 500   a FILL 4 @ 100.00 taker
    15:30:00     oco sell b 4 stop 95     b PENDING_NEW; c PENDING_NEW; b NEW stop 95.00
                 / sell c 4 CLS           c NEW for 21:00:00
    20:30:00     bar 101 102 100 101 500
    21:00:00     bar 101 102 100 102 500  c FILL 4 @ 102.00 taker; b CANCELED OCO; pos 0
    """)


def test_an_exit_that_is_released_too_late_for_its_auction_is_canceled() -> None:
    """Its entry trades within ten minutes of the close."""
    play("""
    given hours XNYS; rows trades; marked
    time         what                     expect
    20:00:00     print 100 5
    20:00:01     oto buy a 4 @ 99         a PENDING_NEW; b PENDING_NEW; a NEW
                 / sell b 4 CLS           b HELD for 21:00:00
    20:51:00     print 98 9               a FILL 4 @ 99.00 maker; b RELEASED 4
                                          b CANCELED AUCTION_CUTOFF
    """)


def test_while_paused_only_what_reduces_takes_part() -> None:
    """The auction goes by; what it could not give is over."""
    play("""
    given hours XNYS; rows trades; marked; live
    time         what                     expect
    14:00:00     print 100 5
    14:00:01     buy a 3 OPG              a PENDING_NEW; a NEW for 14:30:00
    14:00:02     pause keep               PAUSED requested
    14:30:01     print 101 9 opening      a EXPIRED; pos 0
    """)
