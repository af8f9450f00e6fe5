"""Books order by order that have gaps, are cleared, or tell what does not fit."""

from tests.scenarios.stage import play


def test_a_gap_is_healed_by_a_snapshot_which_keeps_the_places_of_those_known() -> None:
    """Number 5 is missing: nothing is matched; of those in the snapshot 1 was ahead, 3 came since,
    and 2 is larger than it was: it lost its place."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot #3 begun
    09:30:00     orders add 2 bid 100.00x2 snapshot #3 begun
    09:30:00     orders add 9 ask 100.02x9 snapshot #3
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 7
    09:30:02     orders execute 1 bid 100.00x1 #4
    09:30:03     orders execute 1 bid 99.00x9 #6
    09:30:04     orders add 3 bid 100.00x4 snapshot #9 begun
    09:30:04     orders add 1 bid 100.00x4 snapshot #9 begun
    09:30:04     orders add 2 bid 100.00x3 snapshot #9 begun
    09:30:04     orders add 9 ask 100.02x9 snapshot #9
    09:30:05     orders execute 1 bid 100.00x4 #10
    09:30:06     orders execute 2 bid 100.00x1 #11                a TRADE 1 @ 100.00 maker
    09:30:07     orders execute 3 bid 100.00x1 #12                a TRADE 1 @ 100.00 maker
    """)


def test_a_cleared_book_begins_anew() -> None:
    """Who waits is behind all that it then begins with."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders clear
    09:30:03     orders add 3 bid 100.00x4 begun
    09:30:03     orders add 4 ask 100.02x1
    09:30:04     orders execute 3 bid 100.00x2
    09:30:05     orders add 5 bid 100.00x4
    09:30:06     orders delete 3 bid 100.00
    09:30:07     orders execute 5 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)


def test_an_unknown_order_makes_the_book_stale() -> None:
    """And so does one that is there already; a clear or a snapshot heals it."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders delete 77 bid 99.98
    09:30:03     orders execute 1 bid 99.00x5
    09:30:04     orders hidden 0 bid 99.00x5
    09:30:05     orders add 1 bid 99.00x5 snapshot begun
    09:30:05     orders add 9 ask 100.02x9 snapshot
    09:30:06     orders hidden 0 bid 99.00x1                      a TRADE 1 @ 100.00 maker
    09:30:07     orders add 1 bid 99.00x5
    09:30:08     orders hidden 0 bid 99.00x1
    """)


def test_a_book_built_of_updates_passes_over_what_it_does_not_know() -> None:
    """An execution of an unknown order was ahead of whoever came since."""
    play("""
    given rows orders; begins updates
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5
    09:30:01     orders add 9 ask 100.02x9
    09:30:02     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:03     orders execute 77 bid 100.00x5
    09:30:04     orders execute 1 bid 100.00x5 begun
    09:30:04     orders add 2 bid 100.00x1
    09:30:05     orders execute 2 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)


def test_a_snapshot_tells_who_was_there_before_though_a_book_of_updates_lacked_him() -> None:
    """At its beginning, and after a gap: whoever waits is behind all that it holds."""
    play("""
    given rows orders; begins updates
    time         what                                             expect
    09:30:00     orders add 2 bid 99.99x5
    09:30:01     orders add 9 ask 100.02x9
    09:30:02     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW
    09:30:03     orders add 1 bid 100.00x5 snapshot begun
    09:30:03     orders add 2 bid 99.99x5 snapshot begun
    09:30:03     orders add 9 ask 100.02x9 snapshot
    09:30:04     orders execute 1 bid 100.00x5
    """)
    play("""
    given rows orders; begins updates
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot #3 begun
    09:30:00     orders add 9 ask 100.02x9 snapshot #3
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders add 7 bid 99.00x9 #6
    09:30:03     orders add 1 bid 100.00x5 snapshot #7 begun
    09:30:03     orders add 9 ask 100.02x9 snapshot #7
    09:30:04     orders execute 1 bid 100.00x5 #8
    09:30:05     orders add 3 bid 100.00x2 #9
    09:30:06     orders execute 3 bid 100.00x1 #10                a TRADE 1 @ 100.00 maker
    """)


def test_what_a_message_tells_after_it_cleared_the_book_may_have_been_ahead() -> None:
    """Also what it says has traded since."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x8 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 8
    09:30:02     orders clear begun
    09:30:02     orders add 1 bid 100.00x8 begun
    09:30:02     orders add 9 ask 100.02x9 begun
    09:30:02     orders execute 1 bid 100.00x2
    """)


def test_an_execution_that_does_not_fit_fills_nothing() -> None:
    """Told twice, of more than there was, at another price, and what comes after it in its message:
    what is wrong is no evidence."""
    for wrong in (
        ["execute 3 bid 100.00x4"],
        ["execute 1 bid 90.00x5"],
        ["execute 2 bid 99.99x3"],
        ["delete 4 bid 99.99 begun", "execute 3 bid 100.00x3"],
        ["execute 4 bid 99.98x1 begun", "hidden 0 bid 99.99x3"],
    ):
        rows = "\n".join(f"    09:30:04     orders {row}" for row in wrong)
        play(f"""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x8 snapshot begun
    09:30:00     orders add 2 bid 99.99x3 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 9 @ 100.00                                 a PENDING_NEW; a NEW behind 8
    09:30:02     orders add 3 bid 100.00x3
    09:30:03     orders execute 2 bid 99.99x3                     a TRADE 3 @ 100.00 maker
{rows}
    09:30:05     orders hidden 0 bid 99.99x3
    """)


def test_what_was_taken_before_a_clear_is_not_had_again_where_the_same_orders_come_back() -> None:
    """However they come back by and by; beyond what stood there before, it is new."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 2 ask 100.02x2 snapshot begun
    09:30:00     orders add 3 ask 100.02x3 snapshot
    09:30:01     buy a 4                                          a PENDING_NEW; a NEW
                                                                  a FILL 4 @ 100.02 taker
    09:30:02     orders clear
    09:30:03     orders add 1 bid 100.00x5
    09:30:04     orders add 2 ask 100.02x2
    09:30:05     buy b 2 @ 100.02 IOC                             b PENDING_NEW; b NEW behind 0
                                                                  b CANCELED IOC
    09:30:06     orders add 3 ask 100.02x3
    09:30:07     buy c 2 @ 100.02 IOC                             c PENDING_NEW; c NEW behind 0
                                                                  c TRADE 1 @ 100.02 taker
                                                                  c CANCELED IOC
    09:30:08     orders add 4 ask 100.02x2
    09:30:09     buy d 3 @ 100.02 IOC                             d PENDING_NEW; d NEW behind 0
                                                                  d TRADE 2 @ 100.02 taker
                                                                  d CANCELED IOC
    """)


def test_a_whole_book_without_the_level_gives_it_back() -> None:
    """What comes there later is new."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 2 ask 100.02x2 snapshot
    09:30:01     buy a 2                                          a PENDING_NEW; a NEW
                                                                  a FILL 2 @ 100.02 taker
    09:30:02     orders clear
    09:30:03     orders add 1 bid 100.00x5 snapshot begun
    09:30:03     orders add 3 ask 100.03x2 snapshot
    09:30:04     orders add 4 ask 100.02x2
    09:30:05     buy b 2                                          b PENDING_NEW; b NEW
                                                                  b FILL 2 @ 100.02 taker
    """)


def test_levels_that_are_told_again_after_a_gap_are_not_had_again() -> None:
    """Where the book is built anew of updates."""
    play("""
    given rows depth; begins updates
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 #1
    09:30:01     buy a 3                                          a PENDING_NEW; a NEW
                                                                  a FILL 3 @ 100.02 taker
    09:30:02     depth 100.00x5 / #3
    09:30:03     depth / 100.02x4 #4
    09:30:04     buy b 2 @ 100.02 IOC                             b PENDING_NEW; b NEW
                                                                  b TRADE 1 @ 100.02 taker
                                                                  b CANCELED IOC
    """)


def test_what_a_stale_book_tells_gives_nothing_back() -> None:
    """A level that it lost meanwhile, and has again in the snapshot, may never have been gone."""
    play("""
    given rows depth
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x3 snapshot #1
    09:30:01     buy a 3                                          a PENDING_NEW; a NEW
                                                                  a FILL 3 @ 100.02 taker
    09:30:02     depth / 100.02x0 #3
    09:30:03     depth 100.00x5 / 100.02x3 snapshot #4
    09:30:04     buy b 2 @ 100.02 IOC                             b PENDING_NEW; b NEW behind 0
                                                                  b CANCELED IOC
    """)


def test_an_unknown_order_that_trades_twice_is_believed_once() -> None:
    """Nobody knows how large it was: it may be the same, told again. Another one is believed."""
    play("""
    given rows orders; begins updates
    time         what                                             expect
    09:30:00     orders add 1 bid 99.00x5
    09:30:01     orders add 9 ask 100.02x9
    09:30:02     buy a 9 @ 100.00                                 a PENDING_NEW; a NEW
    09:30:03     orders execute 77 bid 99.50x2                    a TRADE 2 @ 100.00 maker
    09:30:04     orders execute 77 bid 99.50x2
    09:30:05     orders execute 78 bid 99.50x2                    a TRADE 2 @ 100.00 maker
    09:30:06     orders execute 1 bid 99.00x2                     a TRADE 2 @ 100.00 maker
    09:30:07     orders execute 1 bid 99.00x2                     a TRADE 2 @ 100.00 maker
    09:30:08     orders execute 1 bid 99.00x2
    """)
