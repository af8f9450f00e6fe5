"""Matching on bars, whose inside is unknown."""

from tests.scenarios.stage import play


def test_an_order_sent_at_a_close_trades_at_the_next_open() -> None:
    """The bar that it was decided on is over."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3                         a PENDING_NEW; a NEW; held 318.15
    09:32:00     bar 101.50 103 100 102 500      a FILL 3 @ 101.50 taker; cash -304.50; held 0
    """)


def test_a_bar_that_touches_a_limit_fills_it_where_that_is_asked_for() -> None:
    """At its extreme alone; the default needs a price beyond."""
    for given, expect in (("", ""), ("; touch", "a FILL 3 @ 99.00 maker; pos 3")):
        play(f"""
        given bars 1m{given}
        time         what                            expect
        09:31:00     bar 100 105 95 101 500
        09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
        09:32:00     bar 101 103 99 102 500          {expect}
        """)


def test_an_order_does_not_trade_in_a_bar_that_began_before_it_was_sent() -> None:
    """It might have been sent after the price that it would be given."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00.001 buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:32:00     bar 98 103 90 102 500
    09:33:00     bar 98.50 103 98 102 500        a FILL 3 @ 98.50 taker
    """)


def test_an_order_that_arrives_after_a_bar_has_ended_is_not_of_that_bar() -> None:
    """Sent at the close, but the journey is longer than the bar."""
    play("""
    given bars 1s; latency 1.5s 0
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3                         a PENDING_NEW
    09:31:01     bar 101 105 95 101 500
    09:31:01.5                                   a NEW
    09:31:02     bar 102 105 95 101 500          a FILL 3 @ 102.00 taker
    """)


def test_an_order_that_arrives_exactly_at_the_end_of_a_bar_is_of_the_next() -> None:
    """A bar holds the moments before its end."""
    play("""
    given bars 1s; latency 1s 0
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3                         a PENDING_NEW
    09:31:01     bar 101 105 95 101 500          a NEW
    09:31:02     bar 102 105 95 101 500          a FILL 3 @ 102.00 taker
    """)


def test_a_limit_that_the_first_open_satisfies_trades_at_the_open() -> None:
    """Price improvement as on quotes: it crossed."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 102                   a PENDING_NEW; a NEW
    09:31:00     buy b 3 @ 101.50                b PENDING_NEW; b NEW
    09:32:00     bar 101.50 103 101 102 500      a FILL 3 @ 101.50 taker; b FILL 3 @ 101.50 taker
    09:32:00     sell c 6 @ 101                  c PENDING_NEW; c NEW
    09:33:00     bar 101.20 103 100 102 500      c FILL 6 @ 101.20 taker; pos 0
    """)


def test_a_touched_limit_is_not_filled() -> None:
    """The low stood at the limit; who was served there is not known."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:32:00     bar 101 102 99 100 500
    09:33:00     bar 100 101 98.99 100 500       a FILL 3 @ 99.00 maker
    """)


def test_a_touched_sell_limit_is_not_filled() -> None:
    """The same on the other side."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy p 3                         p PENDING_NEW; p NEW
    09:32:00     bar 101 102 99 100 500          p FILL 3 @ 101.00 taker
    09:32:00     sell a 3 @ 103                  a PENDING_NEW; a NEW
    09:33:00     bar 101 103 99 100 500
    09:34:00     bar 101 103.01 99 100 500       a FILL 3 @ 103.00 maker; pos 0; realized 6
    """)


def test_a_resting_limit_is_filled_at_its_price_where_a_later_bar_opens_beyond_it() -> None:
    """No gift: it was at the venue before the gap, and the bar still traded at its price."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:32:00     bar 101 102 100 100 500
    09:33:00     bar 97 99.50 96 98 500          a FILL 3 @ 99.00 maker
    """)


def test_only_the_first_bar_gives_its_open() -> None:
    """The open is a taker's price; later the limit stands in the book."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:32:00     bar 99.01 102 99 100 500
    09:33:00     bar 99 100 98 100 500           a FILL 3 @ 99.00 maker
    """)


def test_the_session_takes_at_most_its_share_of_a_bars_volume() -> None:
    """A tenth of 25 is 2 whole shares."""
    play("""
    given bars 1m; share 0.1
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 5                         a PENDING_NEW; a NEW
    09:32:00     bar 101 102 99 100 25           a TRADE 2 @ 101.00 taker
    09:33:00     bar 102 103 99 100 9
    09:34:00     bar 103 104 99 100 500          a FILL 3 @ 103.00 taker; pos 5
    """)


def test_orders_share_a_bars_volume_in_the_order_of_their_arrival() -> None:
    """Both sides draw on the same trades."""
    play("""
    given bars 1m; share 0.1
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy p 5                         p PENDING_NEW; p NEW
    09:32:00     bar 101 102 99 100 500          p FILL 5 @ 101.00 taker
    09:32:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:32:00     sell b 4 @ 103                  b PENDING_NEW; b NEW
    09:32:00     buy c 2 @ 98                    c PENDING_NEW; c NEW
    09:33:00     bar 101 104 97 100 60           a FILL 3 @ 99.00 maker; b TRADE 3 @ 103.00 maker
    09:34:00     bar 101 104 97 100 20           b FILL 1 @ 103.00 maker; c TRADE 1 @ 98.00 maker
    """)


def test_on_bars_the_earlier_order_goes_first_whatever_its_price() -> None:
    """The course of prices inside a bar is unknown; time is not."""
    play("""
    given bars 1m; share 0.1
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 2 @ 98                    a PENDING_NEW; a NEW
    09:31:00     buy b 2 @ 99                    b PENDING_NEW; b NEW
    09:32:00     bar 101 102 97 100 30           a FILL 2 @ 98.00 maker; b TRADE 1 @ 99.00 maker
    """)


def test_a_cancel_that_arrives_inside_a_bar_takes_effect_before_it_is_matched() -> None:
    """Against the order: perhaps the cancel came first."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:31:59     cancel a                        a PENDING_CANCEL; a CANCELED REQUESTED; held 0
    09:32:00     bar 98 102 90 100 500
    """)


def test_a_cancel_that_arrives_at_the_end_of_a_bar_is_too_late_for_it() -> None:
    """The bar is matched before all that its end brings."""
    play("""
    given bars 1m; latency 1s 0
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW
    09:31:01                                     a NEW
    09:31:59     cancel a                        a PENDING_CANCEL
    09:32:00     bar 98 102 90 100 500           a FILL 3 @ 98.00 taker
                                                 a cancel REJECTED ORDER_CLOSED
    """)


def test_a_new_price_competes_from_the_next_bar_on_as_a_new_order() -> None:
    """It was sent inside the bar, so that bar is not for it any more."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 90                    a PENDING_NEW; a NEW
    09:31:30     replace a @ 99                  a PENDING_REPLACE; a REPLACED 3 @ 99.00 at the back
    09:32:00     bar 98 102 85 100 500
    09:33:00     bar 98.50 102 97 100 500        a FILL 3 @ 98.50 taker
    """)


def test_a_smaller_quantity_goes_on_competing_in_the_present_bar() -> None:
    """It keeps its place in time, and its price."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:31:30     replace a 2                     a PENDING_REPLACE; a REPLACED 2 @ 99.00 in place
    09:32:00     bar 101 102 98 100 500          a FILL 2 @ 99.00 maker; held 0
    """)


def test_bars_that_are_missing_are_no_bars() -> None:
    """An order waits through a hole in the data for the next bar's open."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3                         a PENDING_NEW; a NEW
    09:47:00     bar 103 105 95 101 500          a FILL 3 @ 103.00 taker
    """)


def test_a_buy_below_a_whole_bar_is_filled_inside_that_bar() -> None:
    """No trade took place at the limit, so the fill is at the traded price nearest to it."""
    play("""
    given bars 1m
    time         what                            expect
    09:31:00     bar 100 105 95 101 500
    09:31:00     buy a 3 @ 99                    a PENDING_NEW; a NEW
    09:32:00     bar 101 102 100 100 500
    09:33:00     bar 97 98 96 97 500             a FILL 3 @ 98.00 maker
    09:33:00     sell b 3 @ 99                   b PENDING_NEW; b NEW
    09:34:00     bar 97 98 96 97 500
    09:35:00     bar 101 102 100 101 500         b FILL 3 @ 100.00 maker
    """)
