"""Books that are told order by order (L3), and the exact place in the queue."""

from tests.scenarios.stage import play


def test_whoever_came_before_is_served_before() -> None:
    """Executions and cancellations of these bring the order forward; nothing else does."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 2 bid 100.00x3 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 8
    09:30:02     orders add 3 bid 100.00x6
    09:30:03     orders execute 1 bid 100.00x5
    09:30:04     orders cancel 2 bid 100.00x1
    09:30:05     orders execute 2 bid 100.00x2
    09:30:06     orders execute 3 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    09:30:07     orders execute 3 bid 100.00x5                    a FILL 3 @ 100.00 maker
    """)


def test_what_leaves_behind_the_order_changes_nothing() -> None:
    """A level that shrinks below what was ahead says nothing where the orders are told."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders add 2 bid 100.00x6
    09:30:03     orders delete 2 bid 100.00
    09:30:04     orders add 3 bid 100.00x1
    09:30:05     orders execute 1 bid 100.00x4
    09:30:06     orders execute 1 bid 100.00x1
    09:30:07     orders execute 3 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)


def test_a_modification_that_raises_size_or_moves_loses_its_place() -> None:
    """One to a smaller size keeps it."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 2 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 10
    09:30:02     orders modify 1 bid 100.00x6
    09:30:03     orders modify 2 bid 100.00x2
    09:30:04     orders execute 2 bid 100.00x2
    09:30:05     orders execute 1 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)


def test_one_that_moves_away_and_back_is_behind() -> None:
    """It joined anew."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders modify 1 bid 99.99x5
    09:30:03     orders modify 1 bid 100.00x5
    09:30:04     orders execute 1 bid 100.00x2                    a TRADE 2 @ 100.00 maker
    """)


def test_one_aggressor_goes_through_all_of_a_level() -> None:
    """Within a message each execution meets what those before it left; the next price is beyond."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 2 bid 99.99x8 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders execute 1 bid 100.00x5 begun
    09:30:02     orders execute 2 bid 99.99x3
                                                                  a TRADE 3 @ 100.00 maker
    """)


def test_two_orders_of_the_session_share_in_their_order() -> None:
    """What the first took of an execution the second does not get."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 2 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders add 2 bid 100.00x3
    09:30:03     buy b 2 @ 100.00                                 b PENDING_NEW; b NEW behind 8
    09:30:04     orders add 3 bid 100.00x9 begun
    09:30:04     orders delete 1 bid 100.00
    09:30:05     orders execute 2 bid 100.00x3                    a FILL 2 @ 100.00 maker
    09:30:06     orders execute 3 bid 100.00x3                    b FILL 2 @ 100.00 maker
    """)


def test_a_hidden_execution_comes_after_all_that_is_shown() -> None:
    """At the order's price it is the order's once nothing is ahead; beyond it in any case."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.04x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders hidden 0 bid 100.00x2
    09:30:03     orders hidden 0 bid 100.02x2
    09:30:04     orders delete 1 bid 100.00 begun
    09:30:04     orders add 2 bid 99.00x1
    09:30:05     orders hidden 0 ask 100.00x2
    09:30:06     orders hidden 0 bid 100.00x2                     a TRADE 2 @ 100.00 maker
    09:30:07     orders hidden 0 any 99.98x9                      a FILL 2 @ 100.00 maker
    """)


def test_takers_walk_the_levels_and_what_they_took_is_gone() -> None:
    """Levels follow from the orders; a new one at the price can be had."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 7 ask 100.02x2 snapshot begun
    09:30:00     orders add 8 ask 100.02x1 snapshot begun
    09:30:00     orders add 9 ask 100.03x4 snapshot
    09:30:01     buy a 5                                          a PENDING_NEW; a NEW
                                                                  a TRADE 3 @ 100.02 taker
                                                                  a FILL 2 @ 100.03 taker
    09:30:02     buy b 1 @ 100.02                                 b PENDING_NEW; b NEW behind 0
    09:30:03     orders add 10 ask 100.02x1                       b FILL 1 @ 100.02 taker
    """)


def test_the_other_side_comes_to_a_resting_limit() -> None:
    """A real order that could have met it."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.04x9 snapshot
    09:30:01     buy a 4 @ 100.02                                 a PENDING_NEW; a NEW behind 0
    09:30:02     orders add 8 ask 100.01x3                        a TRADE 3 @ 100.02 maker
    """)


def test_who_is_still_ahead_would_have_been_served_first() -> None:
    """Where a venue passes others over, an order that stands behind these has only what is beyond
    them."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders add 2 bid 100.00x20
    09:30:03     orders execute 2 bid 100.00x5
    09:30:04     orders execute 2 bid 100.00x6                    a TRADE 1 @ 100.00 maker
    09:30:05     orders delete 1 bid 100.00
    09:30:06     orders execute 2 bid 100.00x2                    a TRADE 2 @ 100.00 maker
    """)


def test_orders_that_nobody_tells_apart_stand_before_all() -> None:
    """Order 0 is what a level held when the recording began: what is said of an order that is not
    known is said of it."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 0 bid 100.00x8 snapshot begun
    09:30:00     orders add 0 ask 100.02x9 snapshot
    09:30:01     orders add 1 bid 100.00x2
    09:30:02     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 10
    09:30:03     orders delete 501 bid 100.00x3
    09:30:04     orders execute 502 bid 100.00x5
    09:30:05     orders add 2 bid 100.00x4 begun
    09:30:05     orders execute 1 bid 100.00x2
    09:30:06     orders execute 2 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)


def test_rules_for_levels_work_on_levels_of_orders() -> None:
    """First in, first out by the size of the level alone: what cancels is taken to be behind."""
    play("""
    given rows orders; queue fifo
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 2 bid 100.00x3 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 8
    09:30:02     orders add 3 bid 100.00x6
    09:30:03     orders delete 1 bid 100.00
    09:30:04     orders execute 2 bid 100.00x3
    09:30:05     orders execute 3 bid 100.00x6                    a TRADE 1 @ 100.00 maker
    """)


def test_a_replace_goes_to_the_back_and_a_hidden_order_behind_all() -> None:
    """A smaller size keeps the place."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders add 2 bid 100.00x5 begun
    09:30:02     orders execute 1 bid 100.00x5
    09:30:03     replace a 3                                      a PENDING_REPLACE
                                                                  a REPLACED 3 @ 100.00 in place
    09:30:04     orders execute 2 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    09:30:05     replace a 5                                      a PENDING_REPLACE
                                                                  a REPLACED 5 @ 100.00 at the back
    09:30:06     orders execute 2 bid 100.00x4
    09:30:07     orders add 3 bid 100.00x4
    09:30:08     orders execute 3 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)


def test_prints_of_another_source_are_the_same_once_more() -> None:
    """A book that is told order by order tells its own."""
    play("""
    given rows orders trades
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     print 99.00 9 sell
    09:30:03     orders hidden 0 bid 99.00x1                      a TRADE 1 @ 100.00 maker
    """)


def test_a_message_that_has_not_ended_is_not_looked_at() -> None:
    """Its executions come with its end."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders execute 1 bid 100.00x5 begun
    09:30:02     orders add 2 bid 99.99x1 begun
    09:30:03     orders execute 2 bid 99.99x1                     a TRADE 1 @ 100.00 maker
    """)


def test_of_orders_that_nobody_tells_apart_none_came_behind() -> None:
    """Nobody knows when they came, whether they are more than before, were told apart then, or were
    not there."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 0 bid 100.00x8 snapshot begun
    09:30:00     orders add 1 bid 99.99x8 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 8
    09:30:02     buy b 4 @ 99.99                                  b PENDING_NEW; b NEW behind 8
    09:30:03     buy c 4 @ 99.98                                  c PENDING_NEW; c NEW behind 0
    09:30:04     orders add 0 bid 100.00x9 snapshot begun
    09:30:04     orders add 0 bid 99.99x7 snapshot begun
    09:30:04     orders add 0 bid 99.98x7 snapshot begun
    09:30:04     orders add 9 ask 100.02x9 snapshot
    09:30:05     orders execute 77 bid 100.00x2
    09:30:06     cancel a                                         a PENDING_CANCEL
                                                                  a CANCELED REQUESTED
    09:30:07     orders execute 79 bid 99.99x7
    09:30:08     cancel b                                         b PENDING_CANCEL
                                                                  b CANCELED REQUESTED
    09:30:09     orders execute 80 bid 99.98x7
    09:30:10     orders add 0 bid 99.98x5
    09:30:11     orders execute 80 bid 99.98x5
    09:30:12     orders add 3 bid 99.98x5
    09:30:13     orders execute 3 bid 99.98x2                     c TRADE 2 @ 99.98 maker
    """)


def test_a_message_that_had_begun_was_there_before() -> None:
    """An order that arrives before its end is behind all that it tells of."""
    play("""
    given rows orders
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x8 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     orders add 2 bid 100.00x5 begun
    09:30:02     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 8
    09:30:03     orders delete 1 bid 100.00 begun
    09:30:03     orders execute 2 bid 100.00x1
    09:30:04     orders execute 2 bid 100.00x2
    09:30:05     orders delete 2 bid 100.00
    09:30:06     orders add 3 bid 100.00x1
    09:30:07     orders execute 3 bid 100.00x1                    a TRADE 1 @ 100.00 maker
    """)
