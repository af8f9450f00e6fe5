"""Corporate actions on instruments with books: what was known of a book is of another market."""

from tests.scenarios.stage import play


def test_nothing_trades_after_a_split_until_the_book_is_told_anew() -> None:
    """Not on levels of before, nor on changes of these; the account is as rich as it was."""
    play("""
    given hours 24/7; rows depth; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 99.00x9 / 100.02x8 snapshot #1
    09:30:01     buy a 4                                          a PENDING_NEW; a NEW
                                                                  a FILL 4 @ 100.02 taker
    09:30:02     buy b 6 @ 99.00                                  b PENDING_NEW; b NEW behind 9
                                                                  equity 99999.96
    2024-01-03
    00:00:00     -                                                SPLIT 2:1; b ADJUSTED 12 @ 49.50
                                                                  pos 8; equity 99999.96
    00:00:01     buy c 1                                          c PENDING_NEW; c NEW
    00:00:02     depth / 49.40x5 #2
    00:00:03     depth 49.30x5 / 49.60x0 #3
    00:00:04     depth 49.50x3 / 50.02x7 snapshot #4              c FILL 1 @ 50.02 taker
    00:00:05     depth 49.50x2 / #5
    00:00:06     depth / 49.50x1 #6                               b TRADE 1 @ 49.50 maker
    """)


def test_an_order_joins_the_new_book_behind_all_that_it_begins_with() -> None:
    """Whatever its place was; what comes later is behind it."""
    play("""
    given hours 24/7; rows depth trades; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x8 snapshot
    09:30:01     buy a 3 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     buy b 3 @ 100.00                                 b PENDING_NEW; b NEW behind 5
    09:30:03     print 100.00 5 sell
    2024-01-03
    00:00:00     -                                                SPLIT 2:1; a ADJUSTED 6 @ 50.00
                                                                  b ADJUSTED 6 @ 50.00
    00:00:01     print 50.00 9 sell
    00:00:02     depth 50.00x4 / 50.02x8 snapshot
    00:00:03     depth 50.00x9 /
    00:00:04     print 50.00 5 sell                               a TRADE 1 @ 50.00 maker
    00:00:05     print 50.00 7 sell                               a FILL 5 @ 50.00 maker
                                                                  b TRADE 2 @ 50.00 maker
    """)


def test_what_was_taken_is_forgotten_with_the_book() -> None:
    """It was of another market; before, a snapshot alone would not have given it back."""
    play("""
    given hours 24/7; rows depth; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 50.00x5 / 50.02x8 snapshot
    09:30:01     buy a 8                                          a PENDING_NEW; a NEW
                                                                  a FILL 8 @ 50.02 taker
    09:30:02     depth 50.00x5 / 50.02x8 snapshot
    09:30:03     buy b 1 @ 50.02 IOC                              b PENDING_NEW; b NEW behind 0
                                                                  b CANCELED IOC
    2024-01-03
    00:00:00     -                                                SPLIT 2:1
    00:00:01     depth 50.00x5 / 50.02x8 snapshot
    00:00:02     buy c 8                                          c PENDING_NEW; c NEW
                                                                  c FILL 8 @ 50.02 taker
    """)


def test_a_stop_is_not_triggered_by_the_jump_of_the_price() -> None:
    """It was moved with the shares; at the prices that come it is judged as ever."""
    play("""
    given hours 24/7; rows depth; action split 4:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x50 / 100.02x80 snapshot
    09:30:01     buy a 4                                          a PENDING_NEW; a NEW
                                                                  a FILL 4 @ 100.02 taker
    09:30:02     sell s 4 stop 96                                 s PENDING_NEW; s NEW stop 96.00
    2024-01-03
    00:00:00     -                                                SPLIT 4:1
                                                                  s ADJUSTED 16 stop 24.00
    00:00:01     depth 23.00x50 / #7
    00:00:02     depth 25.00x50 / 25.02x80 snapshot
    00:00:03     depth 25.00x0 24.00x50 /                         s TRIGGERED at 24.00
                                                                  s FILL 16 @ 24.00 taker
    """)


def test_a_reverse_split_ends_orders_and_the_book() -> None:
    """What comes after waits for the next book."""
    play("""
    given hours 24/7; rows depth; action split 1:10 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 1.98x50 / 2.02x50 snapshot
    09:30:01     buy a 35                                         a PENDING_NEW; a NEW
                                                                  a FILL 35 @ 2.02 taker
    09:30:02     sell b 35 @ 3                                    b PENDING_NEW; b NEW
    2024-01-03
    00:00:00     -                                                b CANCELED CORPORATE_ACTION
                                                                  SPLIT 1:10 in lieu 10; pos 3
    00:00:01     sell c 3                                         c PENDING_NEW; c NEW
    00:00:02     depth 1.99x50 /
    00:00:03     depth 19.98x50 / 20.02x50 snapshot               c FILL 3 @ 19.98 taker
    """)


def test_a_dividend_begins_a_new_book_too() -> None:
    """Venues adjust what is open overnight: levels of before are not there."""
    play("""
    given hours 24/7; rows depth trades; action dividend 0.50 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x8 snapshot
    09:30:01     buy a 3 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 5 sell
    2024-01-03
    00:00:00     -                                                a ADJUSTED 3 @ 99.50
    00:00:01     buy c 1                                          c PENDING_NEW; c NEW
    00:00:02     print 99.50 1 sell
    00:00:03     depth 99.50x2 / 99.52x8 snapshot                 c FILL 1 @ 99.52 taker
    00:00:04     print 99.50 3 sell                               a TRADE 1 @ 99.50 maker
    """)


def test_orders_that_are_left_alone_join_the_new_book_as_well() -> None:
    """By ``venue.action_orders``, at the price that they had."""
    play("""
    given hours 24/7; rows depth trades; orders splits; action dividend 0.50 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x8 snapshot
    09:30:01     buy a 3 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     print 100.00 5 sell
    2024-01-03
    00:00:00     -
    00:00:01     depth 100.00x2 / 100.02x8 snapshot
    00:00:02     print 100.00 3 sell                              a TRADE 1 @ 100.00 maker
    """)


def test_a_new_symbol_reads_as_the_old_until_its_book_is_told() -> None:
    """The shares are worth what they were; nothing of the old book trades."""
    play("""
    given BTCUSDT; rows depth; beside BTXUSDT depth; action symbol_change BTXUSDT ex 2024-01-03
    time         what                                             expect
    09:30:00     depth BTCUSDT 100.00x5 / 100.02x8 snapshot
    09:30:01     buy a 4                                          a PENDING_NEW; a NEW
                                                                  a FILL 4 @ 100.02 taker
    09:30:02     buy b 4 @ 90                                     b PENDING_NEW; b NEW
                                                                  equity 99999.96
    2024-01-03
    00:00:00     -                                                b CANCELED CORPORATE_ACTION
                                                                  BTCUSDT BECOMES BTXUSDT 1:1
                                                                  equity 99999.96
    00:00:01     depth BTCUSDT 100.00x5 / 100.02x8 snapshot
    00:00:02     sell c 4 of BTXUSDT                              c PENDING_NEW; c NEW
    00:00:03     depth BTXUSDT 101.00x5 / 101.02x8 snapshot       c FILL 4 @ 101.00 taker
    """)


def test_a_delisted_share_has_no_book() -> None:
    """Orders end, and new ones are denied."""
    play("""
    given hours 24/7; rows depth; action delisting 0.5 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x8 snapshot
    09:30:01     buy a 3 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    2024-01-03
    00:00:00     -                                                a CANCELED CORPORATE_ACTION
                                                                  DELISTED 0
    00:00:01     depth 99.00x5 / 99.02x8 snapshot
    00:00:02     buy b 1                                          b DENIED SYMBOL_ENDED
    """)


def test_a_message_that_had_begun_is_of_before() -> None:
    """Also where it is a snapshot; the next one is believed."""
    play("""
    given hours 24/7; rows depth; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 / 100.02x8 snapshot
    09:30:01     buy a 3 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     depth 100.00x5 snapshot begun
    2024-01-03
    00:00:00     -                                                SPLIT 2:1; a ADJUSTED 6 @ 50.00
    00:00:01     depth / 49.00x8 snapshot
    00:00:02     depth 49.98x5 / 50.00x1 snapshot                 a TRADE 1 @ 50.00 maker
    """)


def test_orders_told_one_by_one_are_of_before_until_a_clear() -> None:
    """Executions at the price of an order prove nothing, nor beyond it; after it has joined the new
    book behind all that this begins with, they do."""
    play("""
    given hours 24/7; rows orders; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5 snapshot begun
    09:30:00     orders add 9 ask 100.02x9 snapshot
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    09:30:02     orders add 2 bid 100.00x5
    2024-01-03
    00:00:00     -                                                SPLIT 2:1; a ADJUSTED 8 @ 50.00
    00:00:01     orders add 3 bid 50.00x5
    00:00:02     orders add 4 ask 50.02x5
    00:00:03     orders execute 3 bid 50.00x2
    00:00:04     orders hidden 0 bid 49.00x2
    00:00:05     orders clear begun
    00:00:05     orders add 5 bid 50.00x3 begun
    00:00:05     orders add 6 ask 50.02x5
    00:00:06     orders add 7 bid 50.00x3
    00:00:07     orders execute 5 bid 50.00x3
    00:00:08     orders execute 7 bid 50.00x1                     a TRADE 1 @ 50.00 maker
    """)


def test_a_book_made_of_updates_is_made_anew_of_those_that_come() -> None:
    """Who waits is behind all that it holds when it is first sound, as it is where it is told."""
    play("""
    given hours 24/7; rows orders; begins updates; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     orders add 1 bid 100.00x5
    09:30:00     orders add 9 ask 100.02x9
    09:30:01     buy a 4 @ 100.00                                 a PENDING_NEW; a NEW behind 5
    2024-01-03
    00:00:00     -                                                SPLIT 2:1; a ADJUSTED 8 @ 50.00
    00:00:01     orders add 3 bid 50.00x5
    00:00:02     buy b 2 @ 50.00                                  b PENDING_NEW; b NEW behind 5
    00:00:03     orders add 4 bid 50.00x5
    00:00:04     orders add 6 ask 50.02x5
    00:00:05     orders execute 3 bid 50.00x5
    00:00:06     orders execute 4 bid 50.00x5
    00:00:07     orders add 7 bid 50.00x3
    00:00:08     orders execute 7 bid 50.00x3                     a TRADE 3 @ 50.00 maker
    """)


def test_levels_made_of_updates_are_made_anew_of_those_that_come() -> None:
    """Nothing of before is among them."""
    play("""
    given hours 24/7; rows depth; begins updates; action split 2:1 ex 2024-01-03
    time         what                                             expect
    09:30:00     depth 100.00x5 99.98x7 / 100.02x8
    2024-01-03
    00:00:00     -                                                SPLIT 2:1
    00:00:01     buy a 12 @ 60.00 IOC                             a PENDING_NEW; a NEW
                                                                  a CANCELED IOC
    00:00:02     buy b 9                                          b PENDING_NEW; b NEW
    00:00:03     depth 50.00x5 /
    00:00:04     depth / 50.02x3                                  b TRADE 3 @ 50.02 taker
    00:00:05     depth / 50.04x9                                  b FILL 6 @ 50.04 taker
    """)
