"""Bars that a market does not give: what they hold, and when they are shown."""

from tests.scenarios.stage import play


def test_a_bar_of_quotes_holds_their_mids_and_is_shown_at_its_end() -> None:
    """A mid on half a cent is rounded down; quotes tell no volume."""
    play("""
    given hears bar
    on start: bars 5s
    time         what                     expect
    09:30:00     quote 100.00 100.02
    09:30:02     quote 100.04 100.07
    09:30:04.9   quote 99.99 100.00
    09:30:05                              > bar of 5s 100.01 100.05 99.99 99.99 0
    """)


def test_a_bar_of_bids_holds_bids() -> None:
    """And of asks, asks."""
    play("""
    given hears bar
    on start: bars 5s bid; bars 10s ask
    time         what                     expect
    09:30:00     quote 100.00 100.02
    09:30:02     quote 100.04 100.07
    09:30:05                              > bar of 5s 100.00 100.04 100.00 100.04 0
    09:30:10                              > bar of 10s 100.02 100.07 100.02 100.07 0
    """)


def test_a_bar_of_prints_holds_their_volume() -> None:
    """Prints are preferred to quotes where a market has both."""
    play("""
    given rows quotes trades; hears bar
    on start: bars 5s
    time         what                     expect
    09:30:00     quote 100.00 100.02
    09:30:01     print 100.02 3 buy
    09:30:02     print 100.00 4 sell
    09:30:05                              > bar of 5s 100.02 100.02 100.00 100.00 7
    """)


def test_a_longer_bar_is_made_of_shorter_ones_and_holds_the_one_that_ends_with_it() -> None:
    """Shown after that; a bar that is missing leaves its part out."""
    play("""
    given bars 1m; hears bar
    on start: bars 5m
    time         what                     expect
    09:31:00     bar 100 105 95 101 10    > bar of 60s 100.00 105.00 95.00 101.00 10
    09:35:00     bar 101 103 94 102 20    > bar of 60s 101.00 103.00 94.00 102.00 20
                                          > bar of 300s 100.00 105.00 94.00 102.00 30
    09:36:00     bar 101 103 94 102 20    > bar of 60s 101.00 103.00 94.00 102.00 20
    09:40:00                              > bar of 300s 101.00 103.00 94.00 102.00 20
    """)


def test_an_interval_without_rows_makes_no_bar() -> None:
    """However many pass."""
    play("""
    given hears bar
    on start: bars 1s
    time         what                     expect
    09:30:00     quote 100.00 100.02
    09:30:01                              > bar of 1s 100.01 100.01 100.01 100.01 0
    15:30:00     quote 101.00 101.02
    15:30:01                              > bar of 1s 101.01 101.01 101.01 101.01 0
    """)


def test_a_bar_is_shown_after_expiries_and_before_timers_and_the_row_of_its_end() -> None:
    """The row of its end is of the next."""
    play("""
    given hears bar timer quote
    on start: bars 10s; timer t at 2024-01-03T00:00:00
    on bar #1: buy b 1
    time         what                     expect
    23:59:58     start                    STARTED; timer t set for 2024-01-03 00:00:00
    23:59:59     quote 100.00 100.02      > quote 100.00 100.02
    23:59:59     buy a 1 @ 99 DAY         a PENDING_NEW; a NEW until 2024-01-03 00:00:00
    2024-01-03
    00:00:00     quote 100.02 100.04      a EXPIRED; > bar of 10s 100.01 100.01 100.01 100.01 0
                                          b PENDING_NEW; timer t fired; > timer t
                                          > quote 100.02 100.04; b NEW; b FILL 1 @ 100.04 taker
    00:00:10                              > bar of 10s 100.03 100.03 100.03 100.03 0
    """)


def test_a_day_bar_is_of_the_trading_day_where_there_are_hours() -> None:
    """Quotes before the opening are of no day; a day without hours is the UTC day."""
    play("""
    given hours XNYS; hears bar
    on start: bars 1d
    time         what                     expect
    14:00:00     quote 90.00 90.02
    14:30:00     quote 100.00 100.02
    20:59:59     quote 101.00 101.02
    21:00:00     quote 110.00 110.02      > bar of 23400s 100.01 101.01 100.01 101.01 0
    2024-01-03
    15:00:00     quote 102.00 102.02
    21:00:00                              > bar of 23400s 102.01 102.01 102.01 102.01 0
    """)
    play("""
    given hears bar
    on start: bars 1d
    time         what                     expect
    14:00:00     quote 90.00 90.02
    2024-01-03
    00:00:00                              > bar of 86400s 90.01 90.01 90.01 90.01 0
    """)


def test_while_a_live_session_is_paused_its_bars_go_on_unshown() -> None:
    """What ended then is in the history; the one that is open at the resumption is whole."""
    play("""
    given hears bar; live
    on start: bars 5s
    time         what                     expect
    09:30:00     quote 100.00 100.02
    09:30:01     pause                    PAUSED requested
    09:30:05
    09:30:06     quote 101.00 101.02
    09:30:07     resume                   RESUMED missed 1 rows 0 timers 0 fills
    09:30:08     quote 102.00 102.02
    09:30:10                              > bar of 5s 101.01 102.01 101.01 102.01 0
    """)


def test_while_the_clock_stands_still_a_bar_waits() -> None:
    """A recording goes on where it was."""
    play("""
    given hears bar
    on start: bars 5s
    time         what                     expect
    09:30:00     quote 100.00 100.02
    09:30:04     pause                    PAUSED requested
    09:30:04     quote 101.00 101.02      not taken
    09:30:04     resume                   RESUMED missed 0 rows 0 timers 0 fills
    09:30:04     quote 101.00 101.02
    09:30:05                              > bar of 5s 100.01 101.01 100.01 101.01 0
    """)
