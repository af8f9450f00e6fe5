"""Matching on books by price: walking the levels, what was taken, and books that are not whole."""

from tests.scenarios.stage import play


def test_a_market_order_walks_the_levels() -> None:
    """Each level is a fill of its own, best first."""
    play("""
    given rows depth
    time         what                                                 expect
    09:30:00     depth 100x5 / 100.02x3 100.03x4 100.05x9 snapshot
    09:30:01     buy a 9                                              a PENDING_NEW; a NEW
                                                                      a TRADE 3 @ 100.02 taker
                                                                      a TRADE 4 @ 100.03 taker
                                                                      a FILL 2 @ 100.05 taker; pos 9
    """)


def test_what_its_fills_set_free_takes_of_the_levels_that_an_order_walks() -> None:
    """It goes on to those behind, at once."""
    play("""
    given rows depth
    time         what                                     expect
    09:30:00     depth 100x5 / 100.09x9 snapshot
    09:30:01     oto buy a 4 @ 100.04                     a PENDING_NEW; b PENDING_NEW
                 / buy b 4                                a NEW behind 0; b HELD
    09:30:02     depth / 100.02x2 100.03x3 100.04x3       a TRADE 2 @ 100.04 maker; b RELEASED 2
                                                          b FILL 2 @ 100.03 taker
                                                          a TRADE 1 @ 100.04 maker
                                                          a FILL 1 @ 100.04 maker
    """)


def test_a_limit_walks_no_further_than_its_price_and_rests() -> None:
    """What it could not take is filled by what comes to it."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 100.03x4 snapshot
    09:30:01     buy a 9 @ 100.02                                 a PENDING_NEW; a NEW behind 0
                                                                  a TRADE 3 @ 100.02 taker
    09:30:02     depth / 100.02x0
    09:30:03     depth / 100.01x2                                 a TRADE 2 @ 100.02 maker
    09:30:04     depth / 100.01x3 100.02x5                        a TRADE 1 @ 100.02 maker
                                                                  a FILL 3 @ 100.02 maker
    """)


def test_what_was_taken_stays_taken_until_the_level_refreshes() -> None:
    """Available is min(shown, shown - taken + increases since); gone with the level."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 100.03x9 snapshot
    09:30:01     buy a 2                                          a PENDING_NEW; a NEW
                                                                  a FILL 2 @ 100.02 taker
    09:30:02     buy b 2                                          b PENDING_NEW; b NEW
                                                                  b TRADE 1 @ 100.02 taker
                                                                  b FILL 1 @ 100.03 taker
    09:30:03     depth / 100.02x5
    09:30:04     buy c 3                                          c PENDING_NEW; c NEW
                                                                  c TRADE 2 @ 100.02 taker
                                                                  c FILL 1 @ 100.03 taker
    09:30:05     depth / 100.02x0
    09:30:06     depth / 100.02x5
    09:30:07     buy d 5                                          d PENDING_NEW; d NEW
                                                                  d FILL 5 @ 100.02 taker
    """)


def test_sells_walk_down_the_bids() -> None:
    """The other side is the same."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100x2 99.98x2 99.97x9 / 100.02x9 snapshot
    09:30:01     buy a 5                                          a PENDING_NEW; a NEW
                                                                  a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 @ 99.98                                 b PENDING_NEW; b NEW behind 0
                                                                  b TRADE 2 @ 100.00 taker
                                                                  b TRADE 2 @ 99.98 taker; pos 1
    """)


def test_all_or_none_looks_at_every_level_that_satisfies_it() -> None:
    """FOK fills over several levels or not at all; IOC takes what is there."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 100.03x4 snapshot
    09:30:01     buy a 8 @ 100.03 FOK                             a PENDING_NEW; a NEW behind 0
                                                                  a CANCELED FOK
    09:30:02     buy b 7 @ 100.03 FOK                             b PENDING_NEW; b NEW behind 0
                                                                  b TRADE 3 @ 100.02 taker
                                                                  b FILL 4 @ 100.03 taker
    09:30:03     depth / 100.03x6
    09:30:04     buy c 9 @ 100.03 IOC                             c PENDING_NEW; c NEW behind 0
                                                                  c TRADE 2 @ 100.03 taker
                                                                  c CANCELED IOC
    """)


def test_post_only_is_held_against_the_best_price_of_the_book() -> None:
    """It never takes."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     buy a 8 @ 100.02 post                            a PENDING_NEW
                                                                  a REJECTED WOULD_TAKE
    09:30:02     buy b 8 @ 100.01 post                            b PENDING_NEW; b NEW behind 0
    """)


def test_reduce_only_walks_no_further_than_the_position() -> None:
    """What it would open is not traded."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x2 99.99x9 / 100.02x9 snapshot
    09:30:01     buy a 3                                          a PENDING_NEW; a NEW
                                                                  a FILL 3 @ 100.02 taker
    09:30:02     sell b 9 reduce                                  b PENDING_NEW; b NEW
                                                                  b TRADE 2 @ 100.00 taker
                                                                  b TRADE 1 @ 99.99 taker; pos 0
    09:30:03     depth 100.00x3                                   b CANCELED NOT_REDUCING
    """)


def test_all_or_nothing_is_paid_for_as_a_whole_or_not_begun() -> None:
    """At the worst price that it comes to, 10 x 130 and then 6 x 130."""
    play("""
    given rows depth; cash 1100
    time         what                                             expect
    09:30:00     depth 99.98x50 / 100.00x5 130.00x9 snapshot
    09:30:01     buy a 10 FOK                                     a PENDING_NEW; a NEW
                                                                  a CANCELED COLLAR_EXCEEDED; pos 0
    09:30:02     buy b 6 FOK                                      b PENDING_NEW; b NEW
                                                                  b TRADE 5 @ 100.00 taker
                                                                  b FILL 1 @ 130.00 taker; pos 6
    """)


def test_the_least_is_paid_for_with_all_that_completes_it_or_not_begun() -> None:
    """For the sixth share it would take the second level as far as it can: 10 x 130."""
    play("""
    given rows depth; cash 1100
    time         what                                             expect
    09:30:00     depth 99.98x50 / 100.00x5 130.00x9 snapshot
    09:30:01     buy a 10 IOC least 6                             a PENDING_NEW; a NEW
                                                                  a CANCELED COLLAR_EXCEEDED; pos 0
    09:30:02     buy b 10 IOC least 5                             b PENDING_NEW; b NEW
                                                                  b TRADE 5 @ 100.00 taker
                                                                  b CANCELED COLLAR_EXCEEDED; pos 5
    """)


def test_what_was_paid_for_as_a_whole_is_not_asked_for_level_by_level() -> None:
    """The first level alone takes 50 of the equity at the middle of the market, and binds more than
    it was sold for; 0.5 x 22 x 90.00 was there."""
    play("""
    given rows depth; margin 2x; cash 1000; check fill
    time         what                                             expect
    09:30:00     depth 90.00x5 89.99x50 / 110.00x5 snapshot
    09:30:01     sell a 22 FOK                                    a PENDING_NEW; a NEW
                                                                  a TRADE 5 @ 90.00 taker
                                                                  a FILL 17 @ 89.99 taker; pos -22
    """)


def test_a_short_sale_all_or_nothing_is_asked_for_at_its_best_price_too() -> None:
    """At the worst it would bind 0.5 x 30 x 50.00, at the best 0.5 x 30 x 90.00."""
    play("""
    given rows depth; margin 2x; cash 1000; check fill
    time         what                                        expect
    09:30:00     depth 90.00x29 50.00x50 / 110.00x5 snapshot
    09:30:01     sell a 30 FOK                               a PENDING_NEW; a NEW
                                                             a CANCELED INSUFFICIENT_BUYING_POWER
    """)


def test_to_its_list_the_least_is_one_trade() -> None:
    """Its first level alone would have taken the other away, and then itself."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x9 / 100.02x2 100.03x9 snapshot
    09:30:01     oco buy a 2 @ 99.00                              a PENDING_NEW; b PENDING_NEW
                 / buy b 5 @ 100.05 IOC least 4                   a NEW; b NEW behind 0
                                                                  b TRADE 2 @ 100.02 taker
                                                                  b FILL 3 @ 100.03 taker
                                                                  a CANCELED OCO; pos 5
    """)


def test_to_its_list_all_or_nothing_is_one_trade() -> None:
    """Its first level alone would have taken the other away, and then itself."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x9 / 100.02x2 100.03x9 snapshot
    09:30:01     oco buy a 2 @ 99.00                              a PENDING_NEW; b PENDING_NEW
                 / buy b 5 @ 100.05 FOK                           a NEW; b NEW behind 0
                                                                  b TRADE 2 @ 100.02 taker
                                                                  b FILL 3 @ 100.03 taker
                                                                  a CANCELED OCO; pos 5
    """)


def test_a_stop_that_comes_to_an_unsound_book_waits_for_a_sound_one() -> None:
    """What the last sound book showed has traded nothing since; the next decides."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     depth / 100.02x0
    09:30:02     buy a 2 stop 100.02                              a PENDING_NEW; a NEW stop 100.02
    09:30:03     depth / 100.01x4
    09:30:04     depth / 100.01x0 100.03x4                        a TRIGGERED at 100.02
                                                                  a FILL 2 @ 100.03 taker
    09:30:05     depth / 100.03x0
    09:30:06     buy b 1 stop 100.01                              b PENDING_NEW; b NEW stop 100.01
    09:30:07     depth / 100.02x4                                 b TRIGGERED at 100.01
                                                                  b FILL 1 @ 100.02 taker
    """)


def test_a_stop_is_triggered_by_the_best_price_and_walks() -> None:
    """It meets the book that triggered it."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 100.03x4 snapshot
    09:30:01     buy a 4 stop 100.03                              a PENDING_NEW; a NEW stop 100.03
    09:30:02     depth / 100.02x0                                 a TRIGGERED at 100.03
                                                                  a FILL 4 @ 100.03 taker
    """)


def test_a_message_is_one_moment() -> None:
    """Within one nothing is matched, however its rows are fed."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.01                                 a PENDING_NEW; a NEW behind 0
    09:30:02     depth / 100.01x4 begun
    09:30:03     depth / 100.01x0
    09:30:04     depth / 100.01x1 begun
    09:30:05     depth 99.99x1                                    a TRADE 1 @ 100.01 maker
    """)


def test_a_book_without_a_snapshot_is_not_matched() -> None:
    """Orders that come before the first are denied: there is no price."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3
    09:30:01     buy a 4                                          a DENIED NO_MARKET_DATA
    09:30:02     depth 100.00x5 / 100.02x3 100.03x4 snapshot
    09:30:03     buy b 4                                          b PENDING_NEW; b NEW
                                                                  b TRADE 3 @ 100.02 taker
                                                                  b FILL 1 @ 100.03 taker
    """)


def test_a_book_may_begin_with_updates_where_that_is_asked_for() -> None:
    """Incomplete as it is: of levels that were not shown nothing is known, so no place either."""
    play("""
    given rows depth trades; begins updates
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3
    09:30:01     buy a 4 @ 100.02                                 a PENDING_NEW; a NEW
                                                                  a TRADE 3 @ 100.02 taker
    09:30:02     cancel a                                         a PENDING_CANCEL
                                                                  a CANCELED REQUESTED
    09:30:03     buy b 4 @ 99.99                                  b PENDING_NEW; b NEW
    09:30:04     print 99.99 50 sell
    09:30:05     depth 99.99x6
    09:30:06     print 99.99 7 sell                               b TRADE 1 @ 99.99 maker
    09:30:07     print 99.98 2 sell                               b TRADE 2 @ 99.99 maker
    """)


def test_a_gap_suspends_matching_until_the_next_snapshot() -> None:
    """Numbers that do not follow: the book is stale, its prices are those of before."""
    play("""
    given rows depth trades
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot #10
    09:30:01     depth 100.00x6 #11-12
    09:30:02     buy a 4 @ 100.01                                 a PENDING_NEW; a NEW behind 0
    09:30:03     depth / 100.01x9 #14
    09:30:04     print 99.99 50 sell
    09:30:05     sell b 1 IOC                                     b DENIED INSUFFICIENT_HOLDINGS
    09:30:06     buy c 1 IOC                                      c PENDING_NEW; c NEW
                                                                  c CANCELED IOC
    09:30:07     buy d 1                                          d PENDING_NEW; d NEW
    09:30:08     depth 99.00x5 / 100.01x2 100.04x5 snapshot #20   d FILL 1 @ 100.01 taker
                                                                  a TRADE 1 @ 100.01 maker
    09:30:09     depth / 100.01x5 #21                             a FILL 3 @ 100.01 maker
    """)


def test_numbers_may_name_the_message_before() -> None:
    """As Binance futures do; what the book knows already is passed over."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot #10
    09:30:01     buy a 4 @ 100.01                                 a PENDING_NEW; a NEW behind 0
    09:30:02     depth / 100.01x9 #3-9 after 2
    09:30:03     depth / 100.01x1 #8-12 after 7                   a TRADE 1 @ 100.01 maker
    09:30:04     depth / 100.01x2 #15-16 after 12                 a TRADE 1 @ 100.01 maker
    09:30:05     depth / 100.01x9 #18-19 after 17
    """)


def test_a_crossed_book_is_not_matched() -> None:
    """Until it is uncrossed; prices are those of before."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     depth 100.04x5
    09:30:02     buy a 1                                          a PENDING_NEW; a NEW
    09:30:03     depth 100.04x0                                   a FILL 1 @ 100.02 taker
    """)


def test_a_book_of_one_side_is_not_matched() -> None:
    """A market order waits for the other."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     depth 100.00x0
    09:30:02     buy a 1                                          a PENDING_NEW; a NEW
    09:30:03     depth 99.98x4                                    a FILL 1 @ 100.02 taker
    """)


def test_quotes_beside_a_book_match_nothing() -> None:
    """The best bid and ask are those of the book."""
    play("""
    given rows depth quotes
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     buy a 1 @ 100.01                                 a PENDING_NEW; a NEW behind 0
    09:30:02     quote 99.00 99.01 5 5
    """)


def test_an_order_that_a_book_was_too_old_for_takes_from_its_next_message() -> None:
    """Whatever that tells: of another day, or where what is shown must be fresh."""
    play("""
    given rows depth; hours XNYS
    time         what                                    expect
    20:30:00     depth 100x5 99.99x5 / 100.02x3 snapshot
    2024-01-03
    14:30:05     buy a 2                                 a PENDING_NEW; a NEW
    14:30:06     depth 99.98x7 /                         a FILL 2 @ 100.02 taker
    """)
    play("""
    given rows depth; fresh 2s
    time         what                                    expect
    09:30:00     depth 100x5 99.99x5 / 100.02x3 snapshot
    09:30:05     buy a 2                                 a PENDING_NEW; a NEW
    09:30:06     depth 99.98x7 /                         a FILL 2 @ 100.02 taker
    """)


def test_a_message_that_the_book_knows_already_fills_nothing() -> None:
    """What it tells is of before the halt, or as old as the book was."""
    play("""
    given rows depth status
    time         what                                expect
    09:30:00     depth 100x5 / 100.02x3 #5 snapshot
    09:30:01     status halt                         HALTED
    09:30:02     buy a 2                             a PENDING_NEW; a NEW
    09:30:03     status resume                       TRADING
    09:30:04     depth 100x9 / #4-5
    09:30:05     depth 99x1 / #6                     a FILL 2 @ 100.02 taker
    """)
    play("""
    given rows depth; fresh 2s
    time         what                                expect
    09:30:00     depth 100x5 / 100.02x3 #5 snapshot
    09:30:05     buy a 2                             a PENDING_NEW; a NEW
    09:30:06     depth 100x9 / #4-5
    09:30:07     depth 99x1 / #6                     a FILL 2 @ 100.02 taker
    """)
