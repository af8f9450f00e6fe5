"""A strategy that sees the market late: times are those of the rows, the venue's unless told.

``clock`` is what the strategy's own clock shows.
"""

from tests.scenarios.stage import play


def test_an_order_meets_the_quote_of_both_ways_later() -> None:
    """Seen 100 ms late, 20 ms on its way: it meets what came until 120 ms after what it saw."""
    play("""
    given late 100ms; latency 20ms 150ms; hears quote order
    on quote #1: clock; buy a 1
    on order a: clock
    time           what                     expect
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02; > clock 09:30:00.1
                                            a PENDING_NEW
    09:30:00.05    quote 100.04 100.06      > quote 100.04 100.06
    09:30:00.11    quote 100.08 100.10      > quote 100.08 100.10
    09:30:00.12                             a NEW; a FILL 1 @ 100.10 taker
    09:30:00.13    quote 100.12 100.14      > quote 100.12 100.14
    09:30:00.17                             > order a NEW; > clock 09:30:00.27
                                            > order a FILL; > clock 09:30:00.27
    """)


def test_a_timer_sees_the_market_as_it_was() -> None:
    """At 09:30:01 by the strategy's clock it has been shown what the venue had at 09:30:00.9, but
    for what it had then exactly."""
    play("""
    given late 100ms; hears quote timer
    on start: timer t at 09:30:01
    on timer t: clock; buy a 1
    time           what                     expect
    09:30:00       start                    STARTED; timer t set for 09:30:01
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02
    09:30:00.8     quote 100.04 100.06      > quote 100.04 100.06
    09:30:00.9     quote 100.08 100.10      timer t fired; > timer t; > clock 09:30:01
                                            a PENDING_NEW; > quote 100.08 100.10
    09:30:00.95    quote 100.12 100.14      > quote 100.12 100.14
    09:30:01                                a NEW; a FILL 1 @ 100.14 taker
    """)


def test_a_timer_that_repeats_keeps_the_strategys_clock() -> None:
    """And one that is set for the present moment, or for one that has been, falls due at once."""
    play("""
    given late 300ms; hears timer
    on quote #1: timer t every 1s; timer now in 0s; timer past at 09:29:00
    on timer: clock
    time           what                     expect
    09:30:00       quote 100.00 100.02      timer t set for 09:30:01.3
                                            timer now set for 09:30:00.3
                                            timer past set for 09:30:00.3
                                            timer now fired; > timer now; > clock 09:30:00.3
                                            timer past fired; > timer past; > clock 09:30:00.3
    09:30:01                                timer t fired; > timer t; > clock 09:30:01.3
    09:30:02                                timer t fired; > timer t; > clock 09:30:02.3
    """)


def test_a_report_does_not_outrun_the_row_that_it_came_of() -> None:
    """It would be back after 10 ms; the print of its own trade is seen after 100 ms, and so is the
    report, right after it."""
    play("""
    given rows trades; late 100ms; latency 0 10ms; hears print order
    on print #1: buy a 1 @ 99.90
    on order: clock
    time           what                     expect
    09:30:00       print 100.00 5           > print 100.00 5; a PENDING_NEW
    09:30:00.1                              a NEW; > order a NEW; > clock 09:30:00.2
    09:30:01       print 99.80 5            a FILL 1 @ 99.90 maker; > print 99.80 5
                                            > order a FILL; > clock 09:30:01.1
    """)


def test_a_cancel_comes_too_late_for_what_the_venue_had_before() -> None:
    """The strategy sees the market leave, and asks; it had come back and filled by then."""
    play("""
    given late 100ms; latency 10ms 100ms; hears quote order
    on quote #1: buy a 1 @ 99.90
    on quote #2: cancel a
    time           what                     expect
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02; a PENDING_NEW
    09:30:00.11                             a NEW; > order a NEW
    09:30:01       quote 100.50 100.52      > quote 100.50 100.52; a PENDING_CANCEL
    09:30:01.10    quote 99.80 99.82        a FILL 1 @ 99.90 maker; > quote 99.80 99.82
                                            > order a FILL
    09:30:01.11                             a cancel REJECTED ORDER_CLOSED
                                            > order a CANCEL_REJECTED
    """)


def test_a_day_order_lives_by_the_venues_clock() -> None:
    """By the strategy's the market had closed when it traded, and when the next was sent."""
    play("""
    given hours XNYS; late 2s; hears quote
    on quote #1: clock; buy a 1 @ 99.90 DAY
    on quote #2: clock; buy b 1 @ 99.90 DAY
    time           what                     expect
    20:59:57       quote 100.00 100.02      > quote 100.00 100.02; > clock 20:59:59
                                            a PENDING_NEW
    20:59:59       quote 100.00 100.02      a NEW until 21:00:00
                                            > quote 100.00 100.02; > clock 21:00:01
                                            b PENDING_NEW
    20:59:59.5     quote 99.80 99.82        a FILL 1 @ 99.90 maker; > quote 99.80 99.82
    21:00:01                                b NEW until 2024-01-03 21:00:00
    """)


def test_an_order_that_expires_at_a_time_does_so_by_the_venues_clock() -> None:
    """It is alive until then, although the strategy's clock has passed it."""
    play("""
    given late 2s; hears quote
    on quote #1: buy a 1 @ 99.90 until 09:30:05
    on quote #2: clock
    time           what                     expect
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02; a PENDING_NEW
    09:30:02                                a NEW until 09:30:05
    09:30:04       quote 100.00 100.02      > quote 100.00 100.02; > clock 09:30:06
    09:30:05                                a EXPIRED
    """)


def test_bars_are_shown_late() -> None:
    """Those of the market, and those that are built."""
    play("""
    given bars 1m; late 100ms; latency 20ms 0; hears bar
    on bar #1: clock; buy a 1
    time           what                     expect
    09:31:00       bar 100 101 99 100 500   > bar 100.00; > clock 09:31:00.1; a PENDING_NEW
    09:31:00.12                             a NEW
    09:32:00       bar 101 102 100 101 500  a FILL 1 @ 101.00 taker; > bar 101.00
    """)
    play("""
    given late 100ms; hears bar
    on start: bars 5s
    on bar: clock
    time           what                     expect
    09:30:00       quote 100.00 100.02
    09:30:05                                > bar of 5s 100.01 100.01 100.01 100.01 0
                                            > clock 09:30:05.1
    """)


def test_rows_with_the_times_of_their_reception_are_shown_then() -> None:
    """The strategy's clock is theirs; the venue has had each row 100 ms before, and what is sent
    meets the row that is received 120 ms later."""
    play("""
    given late 100ms received; latency 20ms 150ms; hears quote order timer
    on quote #1: clock; buy a 1; timer t in 60ms
    on order a: clock
    time           what                     expect
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02; > clock 09:30:00
                                            a PENDING_NEW; timer t set for 09:30:00.06
    09:30:00.06                             timer t fired; > timer t
    09:30:00.11    quote 100.08 100.10      > quote 100.08 100.10
    09:30:00.12                             a NEW; a FILL 1 @ 100.10 taker
    09:30:00.13    quote 100.12 100.14      > quote 100.12 100.14
    09:30:00.17                             > order a NEW; > clock 09:30:00.17
                                            > order a FILL; > clock 09:30:00.17
    """)


def test_rows_of_a_live_market_have_the_times_of_their_reception() -> None:
    """Unless the session says that they have the venue's."""
    table = """
    given live; late 100ms{}; latency 20ms 150ms; hears quote
    on quote #1: clock; buy a 1
    time           what                     expect
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02; > clock {}
                                            a PENDING_NEW
    09:30:00.12                             a NEW; a FILL 1 @ 100.02 taker
    """
    play(table.format("", "09:30:00"))
    play(table.format(" venue", "09:30:00.1"))


def test_orders_from_outside_take_both_ways_too() -> None:
    """Whoever sends them has seen what the strategy has."""
    play("""
    given late 100ms; latency 20ms 0
    time           what                     expect
    09:30:00       quote 100.00 100.02
    09:30:00.5     buy a 1                  a PENDING_NEW
    09:30:00.6     quote 100.08 100.10
    09:30:00.62                             a NEW; a FILL 1 @ 100.10 taker
    """)


def test_a_halt_meets_orders_that_were_sent_before_it_was_seen() -> None:
    """The strategy is shown the halt 100 ms after the venue stopped trading."""
    play("""
    given rows quotes status; late 100ms; latency 20ms 0; halted reject; hears quote
    on quote #1: buy a 1
    time           what                     expect
    09:30:00       quote 100.00 100.02      > quote 100.00 100.02; a PENDING_NEW
    09:30:00.1     status halt              HALTED
    09:30:00.12                             a REJECTED HALTED
    """)
