"""Why orders are denied or rejected, and which reason is named where several hold.

Denied, in this order: session not trading, duplicate client order id, no market data, not reducing
(while paused), open orders, order value, position value, holdings or buying power.  Rejected, in
this order: tick size, lot size, smallest value.
"""

from tests.scenarios.stage import play


def test_denied_first_because_the_session_does_not_trade() -> None:
    """Also twice named, too many, too large, unaffordable and off the tick."""
    play("""
    given tick 0.05; max open 1; max order 1000; max position 1000; cash 1000
    on start: buy a 1
    on stop: buy a 700 @ 99.99
    time         what                       expect
    09:30:00     start                      STARTED; a DENIED NO_MARKET_DATA
    09:30:01     quote 100.00 100.05
    09:30:02     buy b 1 @ 90               b PENDING_NEW; b NEW
    09:30:03     stop                       STOPPING; a DENIED SESSION_NOT_TRADING
                                            b CANCELED STOPPED; STOPPED requested
    """)


def test_denied_second_for_a_name_that_was_used() -> None:
    """Also without a market, too large, unaffordable and off the tick."""
    play("""
    given tick 0.05; max order 1000; max position 1000; cash 1000
    on start: buy a 1; buy a 700 @ 99.99
    time         what                       expect
    09:30:00     start                      STARTED; a DENIED NO_MARKET_DATA
                                            a DENIED DUPLICATE_CLIENT_ORDER_ID
    """)


def test_denied_third_before_there_is_a_market() -> None:
    """Also too large, unaffordable and off the tick."""
    play("""
    given tick 0.05; max order 1000; max position 1000; cash 1000
    time         what                       expect
    09:30:00     buy a 700 @ 99.99          a DENIED NO_MARKET_DATA
    09:30:01     sell b 700 @ 99.99         b DENIED NO_MARKET_DATA
    """)


def test_denied_fourth_for_not_reducing_while_paused() -> None:
    """Also too many, too large, unaffordable and off the tick."""
    play("""
    given tick 0.05; max open 1; max order 1000; max position 1000; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.05
    09:30:00     buy b 1 @ 90               b PENDING_NEW; b NEW
    09:30:00     pause keep                 PAUSED requested
    09:30:00     buy a 700 @ 99.99          a DENIED NOT_REDUCING
    09:30:00     sell c 700 @ 99.99         c DENIED NOT_REDUCING
    09:30:00     sell d 1 reduce            d DENIED NOT_REDUCING
    """)


def test_denied_fifth_for_too_many_open_orders() -> None:
    """Also too large, unaffordable and off the tick; an order that ended makes room."""
    play("""
    given tick 0.05; max open 2; max order 1000; max position 1000; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.05
    09:30:01     buy b 1 @ 90               b PENDING_NEW; b NEW
    09:30:02     buy c 1 @ 90               c PENDING_NEW; c NEW
    09:30:03     buy a 700 @ 99.99          a DENIED MAX_OPEN_ORDERS
    09:30:04     cancel c                   c PENDING_CANCEL; c CANCELED REQUESTED
    09:30:05     buy d 1 @ 90               d PENDING_NEW; d NEW
    """)


def test_denied_sixth_for_the_order_s_value() -> None:
    """Also for the position's, unaffordable and off the tick; a market buy counts at the ask."""
    play("""
    given tick 0.05; max order 1000; max position 1000; cash 1000
    time         what                       expect
    09:30:00     quote 99.95 100.05
    09:30:01     buy a 700 @ 99.99          a DENIED MAX_ORDER_NOTIONAL
    09:30:02     buy b 10                   b DENIED MAX_ORDER_NOTIONAL
    09:30:03     sell c 700 @ 99.99         c DENIED MAX_ORDER_NOTIONAL
    """)


def test_denied_seventh_for_the_position_s_value() -> None:
    """Also unaffordable and off the tick; open orders count, and reducing ones may be any."""
    play("""
    given tick 0.05; max position 1000; cash 1000
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy p 4                    p PENDING_NEW; p NEW; p FILL 4 @ 100.00 taker
    09:30:02     buy q 4 @ 90               q PENDING_NEW; q NEW
    09:30:03     buy a 2 @ 99.99            a PENDING_NEW; a REJECTED TICK_SIZE
    09:30:04     buy b 3                    b DENIED MAX_POSITION_NOTIONAL
    09:30:05     sell c 4 @ 900             c PENDING_NEW; c NEW
    """)


def test_the_position_limit_admits_its_own_value() -> None:
    """More than the limit is too much; as much is not."""
    play("""
    given max position 1000
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 11                   a DENIED MAX_POSITION_NOTIONAL
    09:30:02     buy b 10                   b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
    09:30:03     buy c 1                    c DENIED MAX_POSITION_NOTIONAL
    """)


def test_denied_last_for_lack_of_cash() -> None:
    """Also off tick and lot and too small, which only the venue would say."""
    play("""
    given tick 0.05; lot 5; least 100; cash 90
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 1 @ 99.99            a DENIED INSUFFICIENT_BUYING_POWER
    """)


def test_denied_last_for_lack_of_holdings() -> None:
    """Nothing is sold that is not there, nor twice."""
    play("""
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     sell a 1                   a DENIED INSUFFICIENT_HOLDINGS
    09:30:02     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.00 taker
    09:30:03     sell b 2 @ 110             b PENDING_NEW; b NEW
    09:30:04     sell c 2 @ 110             c DENIED INSUFFICIENT_HOLDINGS
    09:30:05     sell d 1 @ 110             d PENDING_NEW; d NEW
    09:30:06     sell e 1                   e DENIED INSUFFICIENT_HOLDINGS
    09:30:07     sell f 1 reduce            f DENIED INSUFFICIENT_HOLDINGS
    """)


def test_rejected_first_off_the_tick_then_off_the_lot_then_too_small() -> None:
    """What was held for a rejected order is free again."""
    play("""
    given tick 0.05; lot 5; least 500; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 1 @ 99.99            a PENDING_NEW; held 99.99
    09:30:01.05                             a REJECTED TICK_SIZE; held 0; a is REJECTED
    09:30:02     buy b 1 @ 99.95            b PENDING_NEW
    09:30:02.05                             b REJECTED LOT_SIZE
    09:30:03     buy c 5 @ 99.95            c PENDING_NEW
    09:30:03.05                             c REJECTED MIN_NOTIONAL
    09:30:04     buy d 5 @ 100              d PENDING_NEW
    09:30:04.05                             d NEW; d FILL 5 @ 100.00 taker
    """)


def test_what_is_shown_is_held_against_the_lot_before_the_value_of_the_whole() -> None:
    """And so is the least that may trade at once."""
    play("""
    given tick 0.05; lot 5; least 5000
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 15 @ 99.95 show 3    a PENDING_NEW; a REJECTED LOT_SIZE
    09:30:02     buy b 15 @ 99.95 show 5    b PENDING_NEW; b REJECTED MIN_NOTIONAL
    09:30:03     buy c 15 IOC least 3       c PENDING_NEW; c REJECTED LOT_SIZE
    09:30:04     buy d 15 IOC least 5       d PENDING_NEW; d REJECTED MIN_NOTIONAL
    """)


def test_a_market_order_is_too_small_at_the_bid_of_its_arrival() -> None:
    """It has no price of its own; the lower side counts."""
    play("""
    given least 500
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 5                    a PENDING_NEW; a REJECTED MIN_NOTIONAL
    09:30:02     quote 100.00 100.05
    09:30:03     buy b 5                    b PENDING_NEW; b NEW; b FILL 5 @ 100.05 taker
    """)


def test_what_can_be_no_order_is_refused_before_it_is_recorded() -> None:
    """The caller is told which field is wrong; a name is used up only by an order."""
    play("""
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 0                    invalid order_qty
    09:30:02     buy a -1                   invalid order_qty
    09:30:03     buy a 0.5                  invalid order_qty
    09:30:04     buy a 1 @ 0                invalid price
    09:30:05     buy a 1 @ 99.999           invalid price
    09:30:06     buy a 1 @ 90               a PENDING_NEW; a NEW
    09:30:07     buy a 1 @ 90               invalid client_order_id
    """)


def test_a_denied_order_uses_up_its_name_but_no_place_and_no_cash() -> None:
    """It stays on record."""
    play("""
    given max open 1; cash 100
    time         what                       expect
    09:30:00     quote 99.95 100.00
    09:30:01     buy a 2                    a DENIED INSUFFICIENT_BUYING_POWER; held 0; a is DENIED
    09:30:02     buy a 1 @ 90               invalid client_order_id
    09:30:03     buy b 1 @ 90               b PENDING_NEW; b NEW; held 90
    """)


def test_while_positions_are_being_closed_nothing_new_is_taken() -> None:
    """Neither orders nor requests."""
    play("""
    time         what                       expect
    09:30:00     quote 99.95 100.00 0 5
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.00 taker
    09:30:02     stop flatten within 1m     STOPPING until 09:31:02; S-2 PENDING_NEW; S-2 NEW
    09:30:03     sell a 1                   a DENIED SESSION_NOT_TRADING
    09:30:04     cancel S-2                 S-2 cancel DENIED SESSION_NOT_TRADING
    09:30:05     quote 99.90 99.95 5 5      S-2 FILL 3 @ 99.90 taker; STOPPED requested
    """)


def test_new_terms_are_denied_in_the_same_order() -> None:
    """Closed, pending, order value, position value, cash; the venue's rules come last."""
    play("""
    given tick 0.05; max order 1000; max position 800; cash 900; latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.05
    09:30:01     buy a 2 @ 90               a PENDING_NEW
    09:30:01.05                             a NEW
    09:30:02     buy b 5 @ 90               b PENDING_NEW
    09:30:02.05                             b NEW; held 630
    09:30:03     replace a 700 @ 99.99      a replace DENIED MAX_ORDER_NOTIONAL
    09:30:04     replace a 9 @ 99.99        a replace DENIED MAX_POSITION_NOTIONAL
    09:30:05     replace a 2 @ 89.99        a PENDING_REPLACE
    09:30:05.01  replace a 700 @ 99.99      a replace DENIED REQUEST_PENDING
    09:30:05.05                             a replace REJECTED TICK_SIZE; held 630
    09:30:06     cancel a                   a PENDING_CANCEL
    09:30:06.05                             a CANCELED REQUESTED
    09:30:07     replace a 700 @ 99.99      a replace DENIED ORDER_CLOSED
    """)


def test_the_position_limit_does_not_count_a_replaced_order_twice() -> None:
    """Its new terms stand in for its old."""
    play("""
    given max position 1000
    time         what                       expect
    09:30:00     quote 100.00 100.05
    09:30:01     buy a 9 @ 100              a PENDING_NEW; a NEW
    09:30:02     replace a 10               a PENDING_REPLACE; a REPLACED 10 @ 100.00 at the back
    09:30:03     replace a 11               a replace DENIED MAX_POSITION_NOTIONAL
    """)
