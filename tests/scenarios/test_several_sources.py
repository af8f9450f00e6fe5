"""Markets of several sources: order, prices, hours and endings of each instrument."""

from tests.scenarios.stage import play


def test_each_order_is_matched_in_the_book_of_its_instrument() -> None:
    """A price of one says nothing about the other."""
    play("""
    given beside BTCUSD quotes
    time         what                        expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:00     quote BTCUSD 20 21 5 5
    09:30:01     buy a 1 @ 99.50             a PENDING_NEW; a NEW
    09:30:02     buy b 1 @ 20.50 of BTCUSD   b PENDING_NEW; b NEW
    09:30:03     quote BTCUSD 20 20.40 5 5   b FILL 1 @ 20.50 maker
    09:30:04     quote 99.40 99.50           a FILL 1 @ 99.50 maker; cash 99880.00
    """)


def test_an_instrument_without_a_row_yet_has_no_price() -> None:
    """An order is denied rather than valued by guess."""
    play("""
    given beside BTCUSD quotes
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 1 of BTCUSD        a DENIED NO_MARKET_DATA
    09:30:02     quote BTCUSD 20 21 5 5
    09:30:03     buy b 1 of BTCUSD        b PENDING_NEW; b NEW; b FILL 1 @ 21.00 taker
    """)


def test_a_day_order_ends_with_the_day_of_its_instrument() -> None:
    """The stock's at the close in New York, the pair's at midnight UTC."""
    play("""
    given hours XNYS; beside BTCUSD quotes
    time         what                        expect
    15:00:00     quote 100.00 100.02 5 5
    15:00:00     quote BTCUSD 20 21 5 5
    15:00:01     buy a 1 @ 99.50 DAY         a PENDING_NEW; a NEW until 21:00:00
    15:00:02     buy b 1 @ 19 DAY of BTCUSD  b PENDING_NEW; b NEW until 2024-01-03 00:00:00
    21:00:00                                 a EXPIRED
    2024-01-03
    00:00:00                                 b EXPIRED
    """)


def test_flattening_awaits_the_market_that_is_shut() -> None:
    """The pair is sold at once, the stock at the next opening."""
    play("""
    given hours XNYS; beside BTCUSD quotes
    time         what                     expect
    15:00:00     quote 100.00 100.02 5 5
    15:00:00     quote BTCUSD 20 21 5 5
    15:00:01     buy a 1                  a PENDING_NEW; a NEW; a FILL 1 @ 100.02 taker
    15:00:02     buy b 1 of BTCUSD        b PENDING_NEW; b NEW; b FILL 1 @ 21.00 taker
    22:00:00     quote BTCUSD 22 23 5 5
    22:00:01     stop flatten 1d          STOPPING until 2024-01-03 22:00:01; S-3 PENDING_NEW
                                          S-4 PENDING_NEW; S-3 NEW; S-4 NEW
                                          S-4 FILL 1 @ 22.00 taker
    2024-01-03
    14:29:59     quote 99 99.01 5 5
    14:30:01     quote 98 98.01 5 5       S-3 FILL 1 @ 98.00 taker; STOPPED requested
    """)


def test_bars_that_end_together_are_all_matched_before_the_first_is_shown() -> None:
    """What a strategy knows at a bar's end is the whole of that moment."""
    play("""
    given bars 1m; beside BTCUSD bars; hears bar
    on bar #1: buy a 1; buy b 1 of BTCUSD
    on bar #4: look a b
    time         what                         expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     bar BTCUSD 20 21 19 20 50    > bar 101.00; a PENDING_NEW; b PENDING_NEW
                                              > bar 20.00; a NEW; b NEW
    09:32:00     bar 102 105 95 103 500       a FILL 1 @ 102.00 taker
    09:32:00     bar BTCUSD 22 22 19 21 50    b FILL 1 @ 22.00 taker; > bar 103.00; > bar 21.00
                                              > sees a NEW, b NEW, pos 0, free cash 99872.95
    """)


def test_a_bar_is_shown_before_quotes_of_its_end_are_matched() -> None:
    """Orders sent from it arrive in the next round, as those do that are sent from a quote."""
    play("""
    given bars 1m; rows quotes bars; hears bar quote
    on bar: buy a 1
    time         what                     expect
    09:30:59     quote 100.00 100.02 5 5  > quote 100.00 100.02
    09:31:00     bar 100 105 95 101 500
    09:31:00     quote 100.00 100.05 5 5  > bar 101.00; a PENDING_NEW; > quote 100.00 100.05
                                          a NEW; a FILL 1 @ 100.05 taker
    """)


def test_a_bar_is_shown_before_a_command_of_its_moment_and_at_the_end() -> None:
    """Nothing else of that moment can come then."""
    play("""
    given bars 1m; rows quotes bars; hears bar; end pause
    time         what                     expect
    09:30:59     quote 100.00 100.02 5 5
    09:31:00     bar 100 105 95 101 500   > bar 101.00
    09:31:00     buy a 1 @ 99             a PENDING_NEW; a NEW
    09:32:00     bar 100 105 95 102 500   > bar 102.00
    09:32:00     end                      PAUSED end_of_data; a CANCELED PAUSED
    """)


def test_of_bars_that_end_together_none_is_shown_once_the_session_is_paused() -> None:
    """The first made the strategy raise."""
    play("""
    given bars 1m; beside BTCUSD bars; hears bar; live
    on bar 101.00: raise ValueError
    time         what                             expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     bar BTCUSD 20 21 19 20 50        > bar 101.00; on_bar raised ValueError
                                                  PAUSED strategy_error
    09:32:00     bar 102 105 95 103 500
    09:32:30     resume                           RESUMED missed 1 rows 0 timers 0 fills
    09:33:00     bar 102 105 95 104 500           > bar 104.00
    """)


def test_what_a_bar_releases_as_the_market_of_another_closes_comes_too_late() -> None:
    """The bar is matched first of all that happens at its end, in the hours that are then."""
    play("""
    given hours XNYS; rows trades; bars 1m; beside BTCUSD bars
    time         what                          expect
    20:58:00     print 100 9
    20:59:00     bar BTCUSD 20 21 19 20 50
    20:59:00     oto buy a 1 of BTCUSD         a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 2 IOC
    21:00:00     bar BTCUSD 20 21 19 20 50     a FILL 1 @ 20.00 taker; b RELEASED 2
                                               b CANCELED IOC
    2024-01-03
    14:30:00     print 101 9
    """)


def test_what_a_bar_releases_as_the_market_of_another_opens_is_in_time() -> None:
    """It is for the first print of the day."""
    play("""
    given hours XNYS; rows trades; bars 1m; beside BTCUSD bars
    time         what                          expect
    14:20:00     print 100 9
    14:29:00     bar BTCUSD 20 21 19 20 50
    14:29:00     oto buy a 1 of BTCUSD         a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 2 IOC
    14:30:00     bar BTCUSD 20 21 19 20 50     a FILL 1 @ 20.00 taker; b RELEASED 2
    14:30:01     print 101 9                   b FILL 2 @ 101.00 taker
    """)
