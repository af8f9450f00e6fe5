"""Immediate or cancel, on quotes and on bars."""

from tests.scenarios.stage import play


def test_an_immediate_order_that_finds_enough_is_filled() -> None:
    """In full, as any other."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.02 IOC       a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker; held 0
    """)


def test_an_immediate_order_takes_what_there_is_and_the_rest_is_canceled() -> None:
    """What it held for the rest is free."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 3 @ 100.05 IOC       a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
                                            a CANCELED IOC; held 0; pos 2; cash -200.04
    09:30:02     quote 100.00 100.02 5 9
    """)


def test_an_immediate_order_away_from_the_market_is_canceled() -> None:
    """Nothing rests."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.01 IOC       a PENDING_NEW; a NEW; a CANCELED IOC; held 0
    09:30:02     quote 99.00 99.02 5 5
    """)


def test_an_immediate_market_order_does_not_wait_for_a_second_quote() -> None:
    """It takes the shown size once."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 3 IOC                a PENDING_NEW; a NEW; a TRADE 2 @ 100.02 taker
                                            a CANCELED IOC; pos 2
    09:30:02     sell b 5 IOC               b DENIED INSUFFICIENT_HOLDINGS
    09:30:03     sell c 2 IOC               c PENDING_NEW; c NEW; c FILL 2 @ 100.00 taker; pos 0
    """)


def test_an_immediate_order_finds_nothing_where_all_was_taken() -> None:
    """What the session took is gone for it too."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 2                    a PENDING_NEW; a NEW; a FILL 2 @ 100.02 taker
    09:30:02     buy b 2 IOC                b PENDING_NEW; b NEW; b CANCELED IOC
    """)


def test_on_bars_an_immediate_order_lives_for_its_first_bar() -> None:
    """It trades at the open of the first bar that began after it was sent."""
    play("""
    given bars 1m; share 1
    time         what                            expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 IOC                     a PENDING_NEW; a NEW
    09:32:00     bar 100.50 101 99 100 50        a FILL 3 @ 100.50 taker
    """)


def test_on_bars_an_immediate_order_takes_its_share_of_volume_and_the_rest_is_canceled() -> None:
    """A tenth of 20 is 2."""
    play("""
    given bars 1m; share 0.1
    time         what                            expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 @ 101 IOC               a PENDING_NEW; a NEW
    09:32:00     bar 100.50 101 99 100 20        a TRADE 2 @ 100.50 taker; a CANCELED IOC; held 0
    09:33:00     bar 100 101 99 100 50
    """)


def test_on_bars_an_immediate_limit_that_the_open_does_not_satisfy_is_canceled() -> None:
    """That the bar later came down to it is another moment."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 @ 99.50 IOC             a PENDING_NEW; a NEW
    09:32:00     bar 100 101 95 100 50           a CANCELED IOC; pos 0
    """)


def test_on_bars_an_immediate_order_in_a_bar_without_volume_is_canceled() -> None:
    """A bar in which nothing traded has nothing to take part in."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3 IOC                     a PENDING_NEW; a NEW
    09:32:00     bar 100 100 100 100 0           a CANCELED IOC; pos 0
    """)


def test_on_bars_an_immediate_order_sent_inside_a_bar_waits_for_the_next() -> None:
    """The time inside a bar is unknown; the order is for the first bar that it can know."""
    play("""
    given bars 1m; share 1
    time         what                            expect
    09:31:00     bar 100 101 99 100 50
    09:31:30     buy a 3 IOC                     a PENDING_NEW; a NEW
    09:32:00     bar 100.50 101 99 100 50
    09:33:00     bar 100.25 101 99 100 50        a FILL 3 @ 100.25 taker
    """)
