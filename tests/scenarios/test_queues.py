"""Where a resting order stands at its price on a book."""

from tests.scenarios.stage import play


def test_first_in_first_out_by_prints() -> None:
    """What was shown is served first; who comes later, or cancels, stands behind."""
    play("""
    given rows depth trades
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 3 sell
    09:30:03     print 100.00 9 buy
    09:30:04     depth 100.00x9
    09:30:05     print 100.00 3 sell                              a TRADE 1 @ 100.00 maker
    09:30:06     print 100.00 2 sell                              a TRADE 2 @ 100.00 maker
    09:30:07     print 99.99 1 sell                               a FILL 1 @ 100.00 maker
    """)


def test_a_level_that_is_smaller_than_what_was_ahead_bounds_it() -> None:
    """Whoever is left of those ahead is still ahead."""
    play("""
    given rows depth trades
    time         what                                             expect
    09:30:00     depth 100.00x5 99.90x1 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     depth 100.00x2
    09:30:03     print 100.00 3 sell                              a TRADE 1 @ 100.00 maker
    09:30:04     depth 100.00x0
    09:30:05     print 100.00 1 sell                              a TRADE 1 @ 100.00 maker
    """)


def test_two_orders_of_the_session_stand_behind_one_another() -> None:
    """And share what a print leaves for them; one inside the spread is first."""
    play("""
    given rows depth trades
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.04x3 snapshot
    09:30:01     buy a 2 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     buy b 2 @ 100.00                                 b PENDING_NEW; b NEW behind 5
    09:30:03     buy c 2 @ 100.01                                 c PENDING_NEW; c NEW behind 0
    09:30:04     print 100.01 1 sell                              c TRADE 1 @ 100.01 maker
    09:30:05     print 100.00 9 sell                              c FILL 1 @ 100.01 maker
                                                                  a FILL 2 @ 100.00 maker
                                                                  b TRADE 1 @ 100.00 maker
    """)


def test_a_print_without_its_side_counts() -> None:
    """A limit on its own side of the spread can only have met sellers."""
    play("""
    given rows depth trades
    time         what                                             expect
    09:30:00     depth 100.00x1 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 1
    09:30:02     print 100.00 2                                   a TRADE 1 @ 100.00 maker
    """)


def test_a_replace_keeps_the_place_where_it_keeps_priority() -> None:
    """Fewer at the same price; anything else goes to the back of what is shown then."""
    play("""
    given rows depth trades
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 5 sell
    09:30:03     replace a 3                                      a PENDING_REPLACE
                                                                  a REPLACED 3 @ 100.00 in place
    09:30:04     print 100.00 1 sell                              a TRADE 1 @ 100.00 maker
    09:30:05     replace a 6                                      a PENDING_REPLACE
                                                                  a REPLACED 6 @ 100.00 at the back
    09:30:06     print 100.00 5 sell
    09:30:07     print 100.00 1 sell                              a TRADE 1 @ 100.00 maker
    """)


def test_a_replace_loses_the_place_where_the_venue_has_none_kept() -> None:
    """Also one that makes the order smaller: as if canceled, and sent anew."""
    play("""
    given rows depth trades; replaces lost
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     depth 100.00x9
    09:30:03     replace a 3                                      a PENDING_REPLACE
                                                                  a REPLACED 3 @ 100.00 at the back
    09:30:04     print 100.00 9 sell
    09:30:05     print 100.00 2 sell                              a TRADE 2 @ 100.00 maker
    """)


def test_cancellations_are_shared_out_by_the_power_of_front_and_back() -> None:
    """20 shown when the order joins, 10 more behind it: of 6 that vanish without a print,
    6 * 10**2 / (20**2 + 10**2), rounded up, were behind; 4 ahead of it went, 16 are left."""
    play("""
    given rows depth trades; queue power 2
    time         what                                             expect
    09:30:00     depth 100.00x20 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 20
    09:30:02     depth 100.00x30
    09:30:03     depth 100.00x24
    09:30:04     print 100.00 16 sell
    09:30:05     print 100.00 1 sell                              a TRADE 1 @ 100.00 maker
    """)


def test_what_prints_took_is_no_cancellation() -> None:
    """The level shrinks by the print that is known already: nothing else happened."""
    play("""
    given rows depth trades; queue log
    time         what                                             expect
    09:30:00     depth 100.00x20 / 100.02x3 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 20
    09:30:02     depth 100.00x30
    09:30:03     print 100.00 6 sell
    09:30:04     depth 100.00x24
    09:30:05     print 100.00 14 sell
    09:30:06     print 100.00 1 sell                              a TRADE 1 @ 100.00 maker
    """)


def test_pro_rata_gives_each_its_share_whenever_it_came() -> None:
    """10 of 10 + 30 is a quarter of each print, in whole units rounded down."""
    play("""
    given rows depth trades; queue pro_rata
    time         what                                             expect
    09:30:00     depth 100.00x30 / 100.02x3 snapshot
    09:30:01     buy a 10 @ 100.00                                a PENDING_NEW; a NEW behind 30
    09:30:02     print 100.00 3 sell
    09:30:03     print 100.00 9 sell                              a TRADE 2 @ 100.00 maker
    """)


def test_pro_rata_may_have_a_least_share() -> None:
    """Of 150 that stand there 5 and 20 are the session's, as in CME's example of a minimum of two
    (*Enhanced Allocation Algorithm*, 2005): of 50 it has 1.67 for the one, which is none, and 6.67
    for the other.  Who is first among those that are rounded is not known on levels.  A print that
    takes all serves everybody."""
    play("""
    given rows depth trades; queue pro_rata 2
    time         what                                             expect
    09:30:00     depth 100.00x145 / 100.02x3 snapshot
    09:30:01     buy a 5 @ 100.00                                 a PENDING_NEW; a NEW behind 145
    09:30:02     print 100.00 50 sell
    09:30:03     print 100.00 60 sell                             a TRADE 2 @ 100.00 maker
    09:30:04     depth 100.00x3
    09:30:05     print 100.00 6 sell                              a FILL 3 @ 100.00 maker
    """)
    play("""
    given rows depth trades; queue pro_rata 2
    time         what                                             expect
    09:30:00     depth 100.00x130 / 100.02x3 snapshot
    09:30:01     buy b 20 @ 100.00                                b PENDING_NEW; b NEW behind 130
    09:30:02     print 100.00 50 sell                             b TRADE 6 @ 100.00 maker
    """)


def test_pro_rata_gives_what_is_hidden_nothing_before_all_that_is_shown_has_its_part() -> None:
    """Of 12 the order that is shown has 12 * 3 / (10 + 3) and the others the rest: none is left.
    Of 15 it has its last one, they have 11, and 3 are beyond."""
    play("""
    given rows depth trades; queue pro_rata
    time         what                                             expect
    09:30:00     depth 100.00x10 / 100.02x3 snapshot
    09:30:01     buy a 3 @ 100.00                                 a PENDING_NEW; a NEW behind 10
    09:30:02     buy b 7 @ 100.00 show 0                          b PENDING_NEW; b NEW behind 10
    09:30:03     print 100.00 12 sell                             a TRADE 2 @ 100.00 maker
    09:30:04     depth 100.00x11
    09:30:05     print 100.00 15 sell                             a FILL 1 @ 100.00 maker
                                                                  b TRADE 3 @ 100.00 maker
    """)


def test_pro_rata_gives_an_iceberg_by_no_more_than_is_left_of_it() -> None:
    """It showed 3, and 1 is left: of the first print at its price it has 12 * 1 / (12 + 1)."""
    play("""
    given rows depth trades; queue pro_rata
    time         what                                             expect
    09:30:00     depth 100.00x12 / 100.02x3 snapshot
    09:30:01     buy a 9 @ 100.00 show 3                          a PENDING_NEW; a NEW behind 12
    09:30:02     print 99.99 8 sell                               a TRADE 8 @ 100.00 maker
    09:30:03     print 100.00 12 sell
    09:30:04     print 100.00 13 sell                             a FILL 1 @ 100.00 maker
    """)
