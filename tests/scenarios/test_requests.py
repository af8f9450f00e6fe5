"""Canceling and replacing: races with fills, and places in the queue."""

from tests.scenarios.stage import play


def test_a_cancel_takes_a_journey() -> None:
    """What the order held is free when the venue has canceled, not before."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99               a PENDING_NEW; held 297
    09:30:01.05                             a NEW
    09:30:02     cancel a                   a PENDING_CANCEL; held 297
    09:30:02.05                             a CANCELED REQUESTED; held 0
    """)


def test_a_cancel_comes_too_late_for_what_was_filled() -> None:
    """The fill stands, the cancel is rejected."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     cancel a                   a PENDING_CANCEL
    09:30:02.01  quote 98.00 98.50 5 5      a FILL 3 @ 99.00 maker; a is FILLED
    09:30:02.05                             a cancel REJECTED ORDER_CLOSED; a is FILLED; pos 3
    """)


def test_a_part_that_fills_while_the_cancel_travels_is_kept() -> None:
    """Only the rest is canceled."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     cancel a                   a PENDING_CANCEL
    09:30:02.01  quote 98.00 98.50 5 2      a TRADE 2 @ 99.00 maker; a is PENDING_CANCEL
    09:30:02.05                             a CANCELED REQUESTED; pos 2; held 0
    """)


def test_an_order_that_is_still_on_its_way_can_be_canceled() -> None:
    """The cancel arrives behind it, and what crossed was filled before."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 1
    09:30:01     buy a 3 @ 100.02           a PENDING_NEW
    09:30:01.01  cancel a                   a PENDING_CANCEL
    09:30:01.05                             a NEW; a TRADE 1 @ 100.02 taker; a is PENDING_CANCEL
    09:30:01.06                             a CANCELED REQUESTED; pos 1
    """)


def test_a_second_cancel_is_denied_while_the_first_is_pending() -> None:
    """Whether cancel or replace."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 1
    09:30:01     buy a 3 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     cancel a                   a PENDING_CANCEL
    09:30:02.01  cancel a                   a cancel DENIED REQUEST_PENDING
    09:30:02.02  replace a 5                a replace DENIED REQUEST_PENDING
    09:30:02.05                             a CANCELED REQUESTED
    09:30:02.06  cancel a                   a cancel DENIED ORDER_CLOSED
    09:30:02.07  replace a 5                a replace DENIED ORDER_CLOSED
    """)


def test_a_replace_is_denied_while_another_is_pending_but_a_cancel_may_follow() -> None:
    """A cancel always finds its way."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 1
    09:30:01     buy a 3 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     replace a @ 98             a PENDING_REPLACE
    09:30:02.01  replace a @ 97             a replace DENIED REQUEST_PENDING
    09:30:02.02  cancel a                   a PENDING_CANCEL
    09:30:02.05                             a REPLACED 3 @ 98.00 at the back; a is PENDING_CANCEL
    09:30:02.07                             a CANCELED REQUESTED; held 0
    """)


def test_a_replace_comes_too_late_for_what_was_filled() -> None:
    """The old terms traded."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     replace a 9 @ 98           a PENDING_REPLACE; held 885
    09:30:02.01  quote 98.00 98.50 5 5      a FILL 3 @ 99.00 maker; held 0
    09:30:02.05                             a replace REJECTED ORDER_CLOSED; pos 3; held 0
    """)


def test_a_replace_holds_for_old_and_new_terms_until_the_venue_has_answered() -> None:
    """Either may trade on the way."""
    play("""
    given latency 50ms 50ms; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW; held 297
    09:30:02     replace a 5 @ 98           a PENDING_REPLACE; held 493
    09:30:02.05                             a REPLACED 5 @ 98.00 at the back; held 490
    09:30:03     replace a 1                a PENDING_REPLACE; held 490
    09:30:03.05                             a REPLACED 1 @ 98.00 in place; held 98
    """)


def test_a_new_quantity_must_exceed_what_has_traded() -> None:
    """The old terms stand then, and what they hold."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     quote 98.00 98.50 5 2      a TRADE 2 @ 99.00 maker; held 297
    09:30:03     replace a 2                a PENDING_REPLACE
    09:30:03.05                             a replace REJECTED QTY_BELOW_FILLED
                                            a is PARTIALLY_FILLED; held 297
    09:30:04     replace a 3                a PENDING_REPLACE
    09:30:04.05                             a REPLACED 3 @ 99.00 in place; held 99
    """)


def test_a_fill_on_the_way_can_make_a_smaller_quantity_impossible() -> None:
    """The venue judges when the request arrives."""
    play("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 @ 99               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     replace a 2                a PENDING_REPLACE
    09:30:02.01  quote 98.00 98.50 5 3      a TRADE 3 @ 99.00 maker; a is PENDING_REPLACE
    09:30:02.05                             a replace REJECTED QTY_BELOW_FILLED
                                            a is PARTIALLY_FILLED
    """)


def test_a_new_price_goes_to_the_back_of_its_new_level() -> None:
    """Whoever stood there comes first."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 2 @ 98               a PENDING_NEW; a NEW
    09:30:02     buy b 2 @ 99               b PENDING_NEW; b NEW
    09:30:03     replace a @ 99             a PENDING_REPLACE; a REPLACED 2 @ 99.00 at the back
    09:30:04     quote 98.00 98.50 5 3      b FILL 2 @ 99.00 maker; a TRADE 1 @ 99.00 maker
    """)


def test_a_larger_quantity_goes_to_the_back() -> None:
    """The place was for the size that was shown."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 2 @ 99               a PENDING_NEW; a NEW
    09:30:02     buy b 2 @ 99               b PENDING_NEW; b NEW
    09:30:03     replace a 3                a PENDING_REPLACE; a REPLACED 3 @ 99.00 at the back
    09:30:04     quote 98.00 98.50 5 3      b FILL 2 @ 99.00 maker; a TRADE 1 @ 99.00 maker
    """)


def test_a_smaller_quantity_keeps_its_place() -> None:
    """Nobody is hurt by it."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 99               a PENDING_NEW; a NEW
    09:30:02     buy b 2 @ 99               b PENDING_NEW; b NEW
    09:30:03     replace a 2 @ 99           a PENDING_REPLACE; a REPLACED 2 @ 99.00 in place
    09:30:04     quote 98.00 98.50 5 3      a FILL 2 @ 99.00 maker; b TRADE 1 @ 99.00 maker
    """)


def test_a_replace_to_a_crossing_price_trades_as_a_taker() -> None:
    """On its arrival, at the market, and the rest goes on as a taker."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 3 @ 99               a PENDING_NEW; a NEW
    09:30:02     replace a @ 100.10         a PENDING_REPLACE
                                            a REPLACED 3 @ 100.10 at the back
                                            a TRADE 2 @ 100.02 taker
    09:30:03     quote 100.00 100.05 5 2    a FILL 1 @ 100.05 taker; cash 99699.91
    """)


def test_a_replace_that_cannot_be_paid_is_denied() -> None:
    """The old order stands."""
    play("""
    given cash 300
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 2
    09:30:01     buy a 3 @ 99               a PENDING_NEW; a NEW
    09:30:02     replace a 4                a replace DENIED INSUFFICIENT_BUYING_POWER; held 297
    09:30:03     replace a @ 100.01         a replace DENIED INSUFFICIENT_BUYING_POWER; a is NEW
    09:30:04     replace a @ 100            a PENDING_REPLACE; a REPLACED 3 @ 100.00 at the back
    """)


def test_a_sell_cannot_be_replaced_beyond_what_is_held() -> None:
    """There are no short sales."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell a 2 @ 101             a PENDING_NEW; a NEW
    09:30:03     replace a 4                a replace DENIED INSUFFICIENT_HOLDINGS
    09:30:04     replace a 3                a PENDING_REPLACE; a REPLACED 3 @ 101.00 at the back
    """)


def test_the_venue_rejects_new_terms_off_its_tick_or_lot() -> None:
    """Before anything else about them; the old terms stand."""
    play("""
    given tick 0.05; lot 5; least 500
    time         what                       expect
    09:30:00     quote 100.00 100.05 50 50
    09:30:01     buy a 10 @ 99              a PENDING_NEW; a NEW
    09:30:02     replace a 7 @ 98.99        a PENDING_REPLACE; a replace REJECTED TICK_SIZE
    09:30:03     replace a 7                a PENDING_REPLACE; a replace REJECTED LOT_SIZE
    09:30:04     replace a 5                a PENDING_REPLACE; a replace REJECTED MIN_NOTIONAL
                                            a is NEW; held 990
    """)


def test_a_market_order_takes_a_new_quantity_but_no_price() -> None:
    """A request that makes no sense is refused before it is recorded."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 1
    09:30:01     buy a 3                    a PENDING_NEW; a NEW; a TRADE 1 @ 100.02 taker
    09:30:02     replace a @ 99             invalid price
    09:30:03     replace a 2                a PENDING_REPLACE; a REPLACED 2 in place
    09:30:04     quote 100.00 100.05 5 9    a FILL 1 @ 100.05 taker; held 0
    """)


def test_what_is_unknown_can_be_neither_canceled_nor_replaced() -> None:
    """The caller is told at once."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 1
    09:30:01     cancel x                   invalid order_id
    09:30:02     replace x 5                invalid order_id
    """)


def test_a_strategy_may_ask_for_what_it_cannot_know_to_be_too_late() -> None:
    """The order has ended at the venue, but its report is still on its way."""
    play("""
    given latency 50ms 100ms; hears order
    on quote #2: buy a 3 @ 99
    on quote #4: cancel a
    on order a CANCEL_REJECTED: look a
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     quote 100.00 100.02 5 5    a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:01.15                             > order a NEW
    09:30:03     quote 98.00 98.50 5 5      a FILL 3 @ 99.00 maker
    09:30:03.06  quote 98.00 98.50 5 5      a PENDING_CANCEL
    09:30:03.1                              > order a FILL
    09:30:03.11                             a cancel REJECTED ORDER_CLOSED
    09:30:03.21                             > order a CANCEL_REJECTED
                                            > sees a FILLED, pos 3, free cash 99703
    """)


def test_a_cancel_tells_a_strategy_nothing_of_a_fill_that_is_not_yet_reported() -> None:
    """What it holds for the order stays held in its eyes until the report has come."""
    play("""
    given latency 50ms 100ms
    on quote #2: buy a 3 @ 99
    on quote #4: look a; cancel a; look a
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     quote 100.00 100.02 5 5    a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:03     quote 98.00 98.50 5 5      a FILL 3 @ 99.00 maker
    09:30:03.06  quote 98.00 98.50 5 5      > sees a NEW, pos 0, free cash 99703
                                            a PENDING_CANCEL
                                            > sees a PENDING_CANCEL, pos 0, free cash 99703
    09:30:03.11                             a cancel REJECTED ORDER_CLOSED
    """)
