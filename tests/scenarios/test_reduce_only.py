"""Orders that may only make a position smaller."""

from offbook.domain.orders import OrderSide
from offbook.domain.records import OrderSubmitted
from offbook.testing.markets import XYZ, bars_market
from tests.rehearsal import rehearse
from tests.scenarios.stage import play


def test_a_reduce_only_order_is_trimmed_to_the_position() -> None:
    """It sells the three that are there; the rest ends at the next chance to trade."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell r 5 @ 100.50 reduce   r PENDING_NEW; r NEW
    09:30:03     quote 100.50 100.60 9 9    r TRADE 3 @ 100.50 maker; pos 0
    09:30:04     quote 100.60 100.70 9 9    r CANCELED NOT_REDUCING
    """)


def test_a_reduce_only_order_is_canceled_once_the_position_is_gone() -> None:
    """Another order sold what it was for."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 3 @ 100.40          s PENDING_NEW; s NEW
    09:30:03     sell r 3 @ 100.50 reduce   r DENIED INSUFFICIENT_HOLDINGS
    09:30:04     cancel s                   s PENDING_CANCEL; s CANCELED REQUESTED
    09:30:05     sell t 2 @ 100.50          t PENDING_NEW; t NEW
    09:30:06     sell u 3 @ 100.55 reduce   u PENDING_NEW; u NEW
    09:30:07     quote 100.60 100.70 9 2    t FILL 2 @ 100.50 maker; u TRADE 1 @ 100.55 maker; pos 0
    09:30:08     quote 100.60 100.70 9 2    u CANCELED NOT_REDUCING
    """)


def test_a_reduce_only_order_does_not_sell_what_another_order_holds() -> None:
    """Two orders never count on the same shares."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 3                    p PENDING_NEW; p NEW; p FILL 3 @ 100.02 taker
    09:30:02     sell s 2 @ 105             s PENDING_NEW; s NEW
    09:30:03     sell r 3 @ 101 reduce      r PENDING_NEW; r NEW
    09:30:04     quote 101.00 101.02 9 9    r TRADE 1 @ 101.00 maker; pos 2
    """)


def test_a_reduce_only_buy_never_fills_where_there_are_no_shorts() -> None:
    """It needs no cash, and ends when it could trade."""
    play("""
    given cash 0
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy r 3 @ 99 reduce        r PENDING_NEW; r NEW; held 0
    09:30:02     quote 98.00 98.02 9 9      r CANCELED NOT_REDUCING
    09:30:03     buy q 3 reduce             q PENDING_NEW; q NEW; q CANCELED NOT_REDUCING
    """)


def test_on_bars_a_reduce_only_order_is_trimmed_too() -> None:
    """And ends with the next bar that would have filled it."""
    play("""
    given bars 1m; share 1
    time         what                       expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy p 3                    p PENDING_NEW; p NEW
    09:32:00     bar 100 101 99 100 50      p FILL 3 @ 100.00 taker
    09:32:00     sell r 5 reduce            r PENDING_NEW; r NEW
    09:33:00     bar 102 103 99 100 50      r TRADE 3 @ 102.00 taker; pos 0
    09:34:00     bar 102 103 99 100 50      r CANCELED NOT_REDUCING
    """)


def test_a_reduce_only_order_without_a_position_is_denied() -> None:
    """There is nothing that it could hold."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     sell r 3 reduce            r DENIED INSUFFICIENT_HOLDINGS
    """)


def test_a_position_that_grows_gives_a_reduce_only_order_more_to_sell() -> None:
    """It looks at the position of the moment."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy p 1                    p PENDING_NEW; p NEW; p FILL 1 @ 100.02 taker
    09:30:02     sell r 3 @ 101 reduce      r PENDING_NEW; r NEW
    09:30:03     buy q 1                    q PENDING_NEW; q NEW; q FILL 1 @ 100.02 taker
    09:30:04     quote 101.00 101.02 9 9    r TRADE 2 @ 101.00 maker; pos 0
    """)


def test_every_order_that_is_sent_while_paused_is_recorded_as_reduce_only() -> None:
    """Whoever reads the record, or asks for the order, sees what it may do."""
    rehearsal = rehearse(
        bars_market([("100", "100", "100", "100", "50")] * 2, instrument=XYZ),
        account={"type": "margin"},
    )
    rehearsal.rows(1)
    rehearsal.send("P", OrderSide.BUY, "3")
    rehearsal.rows(1)
    rehearsal.send("Q", OrderSide.SELL, "3", "101")
    rehearsal.pause()
    rehearsal.send("R", OrderSide.SELL, "9", "101")
    rehearsal.resume()
    rehearsal.send("S", OrderSide.SELL, "9", "101")
    sent = [record for record in rehearsal.records if isinstance(record, OrderSubmitted)]
    told = {record.client_order_id: record.reduce_only for record in sent}
    assert told == {"P": False, "Q": False, "R": True, "S": False}
    views = rehearsal.engine.order_views()
    assert {view.client_order_id: view.reduce_only for view in views} == told


def test_in_a_cash_account_there_must_be_something_to_reduce() -> None:
    """Nothing is owned, or all of it is held by another order; a little that is free is enough."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.00 9 9
    09:30:01     sell a 3 reduce          a DENIED INSUFFICIENT_HOLDINGS
    09:30:02     buy b 3                  b PENDING_NEW; b NEW; b FILL 3 @ 100.00 taker
    09:30:03     sell c 3 @ 110           c PENDING_NEW; c NEW
    09:30:04     sell d 3 reduce          d DENIED INSUFFICIENT_HOLDINGS
    09:30:05     buy e 1                  e PENDING_NEW; e NEW; e FILL 1 @ 100.00 taker
    09:30:06     sell f 3 reduce          f PENDING_NEW; f NEW; f TRADE 1 @ 100.00 taker; pos 3
    """)
