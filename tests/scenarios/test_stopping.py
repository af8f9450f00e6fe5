"""Stopping, with and without closing positions first, and the end of the data."""

from tests.scenarios.stage import play


def test_stopping_cancels_what_works_and_keeps_positions() -> None:
    """Orders on their way are canceled too."""
    play("""
    given latency 50ms 50ms; hears order stop
    on quote #1: buy p 3; buy e 1 @ 99
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9    p PENDING_NEW; e PENDING_NEW
    09:30:00.05                             p NEW; p FILL 3 @ 100.02 taker; e NEW
    09:30:00.1                              > order p NEW; > order p FILL; > order e NEW
    09:30:01     buy f 1                    f PENDING_NEW
    09:30:01.01  stop                       STOPPING; > stop; e CANCELED STOPPED
                                            f CANCELED STOPPED; STOPPED requested
                                            pos 3; held 0; status STOPPED
    09:30:02     quote 98.00 98.02 9 9      not taken
    """)


def test_a_stopped_session_takes_nothing_more() -> None:
    """STOPPED is final: no row, no time, no order."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     stop                       STOPPING; STOPPED requested
    09:30:02     buy a 1
    09:30:03     quote 100.00 100.02 9 9    not taken
    09:30:04     end
    """)


def test_in_on_stop_nothing_can_be_ordered() -> None:
    """It is for a last word, not for a last trade."""
    play("""
    given hears order stop
    on stop: buy a 1; sell b 1
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     stop                       STOPPING; > stop; a DENIED SESSION_NOT_TRADING
                                            b DENIED SESSION_NOT_TRADING; STOPPED requested
    """)


def test_a_paused_session_can_be_stopped() -> None:
    """Stop dominates."""
    play("""
    given hears stop
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:02     quote 100.00 100.02 9 9
    09:30:02     pause keep                 PAUSED requested
    09:30:02     stop                       STOPPING; > stop; e CANCELED STOPPED; STOPPED requested
    """)


def test_stopping_with_flatten_sells_what_is_held_at_market() -> None:
    """Working orders are canceled first; stopped as soon as all is sold."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW
    09:30:01.05                             p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 2 @ 105             s PENDING_NEW
    09:30:02.05                             s NEW
    09:30:03     stop flatten within 1m     STOPPING until 09:31:03; s CANCELED STOPPED
                                            S-3 PENDING_NEW; status STOPPING
    09:30:03.05                             S-3 NEW; S-3 FILL 3 @ 100.00 taker; STOPPED requested
                                            pos 0; cash 99999.94
    """)


def test_flattening_a_flat_session_stops_at_once() -> None:
    """There is nothing to wait for."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:02     stop flatten within 1m     STOPPING until 09:31:02; e CANCELED STOPPED
                                            STOPPED requested
    """)


def test_flattening_goes_on_quote_by_quote_with_the_strategy_silent() -> None:
    """Of market data, that is; reports are delivered."""
    play("""
    given hears quote fill
    on quote #1: buy p 5
    time         what                       expect
    09:30:00     quote 100.00 100.02 2 9    > quote 100.00 100.02; p PENDING_NEW; p NEW
                                            p FILL 5 @ 100.02 taker; > fill p 5 @ 100.02
    09:30:01     stop flatten within 1m     STOPPING until 09:31:01; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 2 @ 100.00 taker; > fill S-2 2 @ 100.00
    09:30:02     quote 100.00 100.02 2 9
    09:30:03     quote 99.90 99.92 2 9      S-2 TRADE 2 @ 99.90 taker; > fill S-2 2 @ 99.90
    09:30:04     quote 99.95 99.97 2 9      S-2 FILL 1 @ 99.95 taker; STOPPED requested; pos 0
    """)


def test_flattening_gives_up_at_its_deadline() -> None:
    """What could not be sold is kept and reported."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 2 9
    09:30:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     stop flatten within 10s    STOPPING until 09:30:12; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 2 @ 100.00 taker
    09:30:12                                S-2 CANCELED STOPPED; STOPPED flatten_incomplete
                                            pos 3; held 0
    """)


def test_a_quote_at_the_deadline_comes_too_late() -> None:
    """The venue's timers come before the rows of their instant."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 0 9
    09:30:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     stop flatten within 10s    STOPPING until 09:30:12; S-2 PENDING_NEW; S-2 NEW
    09:30:12     quote 100.00 100.02 9 9    S-2 CANCELED STOPPED; STOPPED flatten_incomplete
                                            not taken
    """)


def test_force_ends_the_flattening_as_it_stands() -> None:
    """The position is kept."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 2 9
    09:30:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     stop flatten within 10s    STOPPING until 09:30:12; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 2 @ 100.00 taker
    09:30:03     force                      S-2 CANCELED STOPPED; STOPPED forced; pos 3
    """)


def test_the_end_of_the_data_ends_the_flattening() -> None:
    """There is nobody left to sell to."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 2 9
    09:30:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    09:30:02     stop flatten within 10s    STOPPING until 09:30:12; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 2 @ 100.00 taker
    09:30:03     quote 100.00 100.02 2 9
    09:30:03     end                        S-2 CANCELED STOPPED; STOPPED flatten_incomplete; pos 3
    """)


def test_flattening_waits_for_a_market_that_is_closed() -> None:
    """The order stands until the opening brings a quote."""
    play("""
    given hours XNYS
    time         what                       expect
    20:00:00     quote 100.00 100.02 9 9
    20:00:01     buy p 5                    p PENDING_NEW; p NEW; p FILL 5 @ 100.02 taker
    22:00:00     stop flatten within 1d     STOPPING until 2024-01-03 22:00:00; S-2 PENDING_NEW
                                            S-2 NEW
    2024-01-03
    14:00:00     quote 99.00 99.02 9 9
    14:30:00     quote 98.00 98.02 9 9      S-2 FILL 5 @ 98.00 taker; STOPPED requested; pos 0
    """)


def test_in_a_paused_recording_the_clock_runs_on_until_all_is_sold() -> None:
    """With the strategy silent."""
    play("""
    given latency 50ms 50ms; hears quote
    on quote #1: buy p 5
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9    > quote 100.00 100.02; p PENDING_NEW
    09:30:00.05                             p NEW; p FILL 5 @ 100.02 taker
    09:30:01     quote 100.00 100.02 9 9    > quote 100.00 100.02
    09:30:01     pause                      PAUSED requested
    09:30:02     quote 100.00 100.02 9 9    not taken
    09:30:01     stop flatten within 1m     STOPPING until 09:31:01; S-2 PENDING_NEW
    09:30:01.04  quote 99.00 99.02 9 9
    09:30:01.05                             S-2 NEW; S-2 FILL 5 @ 99.00 taker; STOPPED requested
    """)


def test_on_bars_flattening_sells_at_the_next_open() -> None:
    """As any market order."""
    play("""
    given bars 1m; hears bar
    on bar #1: buy p 5
    time         what                       expect
    09:31:00     bar 100 101 99 100 500     > bar 100.00; p PENDING_NEW; p NEW
    09:32:00     bar 100 101 99 100 500     p FILL 5 @ 100.00 taker; > bar 100.00
    09:32:00     stop flatten within 1h     STOPPING until 10:32:00; S-2 PENDING_NEW; S-2 NEW
    09:33:00     bar 98 101 97 100 30       S-2 TRADE 3 @ 98.00 taker
    09:34:00     bar 97 101 96 100 500      S-2 FILL 2 @ 97.00 taker; STOPPED requested
    """)


def test_flattening_sells_whole_lots() -> None:
    """Fills come in whole lots on the way in as well, so nothing is left over."""
    play("""
    given lot 5
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 13
    09:30:01     buy p 15                   p PENDING_NEW; p NEW; p TRADE 10 @ 100.02 taker
    09:30:02     stop flatten within 1m     STOPPING until 09:31:02; p CANCELED STOPPED
                                            S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 5 @ 100.00 taker
    09:30:03     quote 99.99 100.02 4 9
    09:30:04     quote 99.98 100.02 5 9     S-2 FILL 5 @ 99.98 taker; STOPPED requested; pos 0
    """)


def test_flattening_needs_no_room_among_open_orders_nor_under_a_limit() -> None:
    """Closing is never refused by our own limits."""
    play("""
    given max open 1; max order 110; max position 110
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 1                    p PENDING_NEW; p NEW; p FILL 1 @ 100.02 taker
    09:30:02     quote 200.00 200.02 9 9
    09:30:03     sell s 1                   s DENIED MAX_ORDER_NOTIONAL
    09:30:04     stop flatten within 1m     STOPPING until 09:31:04; S-3 PENDING_NEW; S-3 NEW
                                            S-3 FILL 1 @ 200.00 taker; STOPPED requested
    """)


def test_flattening_of_what_the_venue_would_not_take_is_given_up() -> None:
    """The position is worth less than the smallest order."""
    play("""
    given least 500
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 6                    p PENDING_NEW; p NEW; p FILL 6 @ 100.02 taker
    09:30:02     sell s 5                   s PENDING_NEW; s NEW; s FILL 5 @ 100.00 taker
    09:30:03     stop flatten within 1m     STOPPING until 09:31:03; S-3 PENDING_NEW
                                            S-3 REJECTED MIN_NOTIONAL; STOPPED flatten_incomplete
                                            pos 1
    """)


def test_at_the_end_of_the_data_a_session_stops() -> None:
    """Its orders are canceled; what is due at the last instant has happened."""
    play("""
    given hears stop
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy e 1 @ 99               e PENDING_NEW; e NEW
    09:30:02     quote 98.90 99.02 9 9
    09:30:02     buy a 1                    a PENDING_NEW; a NEW; a FILL 1 @ 99.02 taker
    09:30:02     end                        STOPPING; > stop; e CANCELED STOPPED
                                            STOPPED end_of_data
    """)


def test_at_the_end_of_the_data_orders_on_their_way_are_canceled() -> None:
    """They would have arrived after the last row."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:00     buy a 1                    a PENDING_NEW
    09:30:00     end                        STOPPING; a CANCELED STOPPED; STOPPED end_of_data
    """)


def test_an_error_while_positions_are_closed_does_not_hold_the_stop_up() -> None:
    """It is recorded, whatever the policy for errors."""
    play("""
    given error fail
    on quote #1: buy p 3
    on fill S-2: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02 2 9    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:01     stop flatten within 1m     STOPPING until 09:31:01; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 2 @ 100.00 taker; on_fill raised ValueError
    09:30:02     quote 99.00 99.02 2 9      S-2 FILL 1 @ 99.00 taker; STOPPED requested
    """)


def test_timers_are_counted_but_not_heard_while_positions_are_closed() -> None:
    """The strategy is silent then."""
    play("""
    given hears timer
    on start: timer t in 3s
    on quote #1: buy p 3
    time         what                       expect
    09:30:00     start                      STARTED; timer t set for 09:30:03
    09:30:01     quote 100.00 100.02 2 9    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     stop flatten within 1m     STOPPING until 09:31:02; S-2 PENDING_NEW; S-2 NEW
                                            S-2 TRADE 2 @ 100.00 taker
    09:30:03                                timer t counted
    09:30:04     quote 99.00 99.02 2 9      S-2 FILL 1 @ 99.00 taker; STOPPED requested
    """)
