"""Orders that wait for a price: stops, orders if touched, and what triggers them."""

from tests.scenarios.stage import play


def test_a_buy_stop_waits_until_the_ask_reaches_it_and_then_pays_the_ask() -> None:
    """A stop names where it wakes up, not what it pays."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 stop 101         a PENDING_NEW; a NEW stop 101.00
    09:30:02     quote 100.97 100.99 5 5
    09:30:03     quote 101.04 101.06 5 5  a TRIGGERED at 101.00; a FILL 3 @ 101.06 taker; pos 3
    """)


def test_a_sell_stop_is_triggered_by_the_bid_and_not_by_the_ask() -> None:
    """It would be hit by the bid."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                  a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 stop 99         b PENDING_NEW; b NEW stop 99.00
    09:30:03     quote 99.01 99.01 9 9
    09:30:04     quote 99.00 99.10 9 9    b TRIGGERED at 99.00; b FILL 5 @ 99.00 taker; pos 0
    """)


def test_after_a_gap_a_stop_trades_where_the_market_is() -> None:
    """Not at its price: nobody trades there any more."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                  a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 stop 99         b PENDING_NEW; b NEW stop 99.00
    09:30:03     quote 90.00 90.10 9 9    b TRIGGERED at 99.00; b FILL 5 @ 90.00 taker
    """)


def test_a_triggered_stop_takes_what_is_shown_and_goes_on_with_the_next_quotes() -> None:
    """From its quote on it is a market order."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 stop 101         a PENDING_NEW; a NEW stop 101.00
    09:30:02     quote 101.00 101.02 5 2  a TRIGGERED at 101.00; a TRADE 2 @ 101.02 taker
    09:30:03     quote 100.00 100.02 5 9  a FILL 3 @ 100.02 taker
    """)


def test_a_stop_beyond_the_market_when_it_arrives_is_triggered_at_once() -> None:
    """As brokers elect it, where exchanges that hold stops themselves often refuse it."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 stop 99          a PENDING_NEW; a NEW stop 99.00; a TRIGGERED at 99.00
                                          a FILL 3 @ 100.02 taker
    """)


def test_a_stop_limit_rests_at_its_limit_when_the_market_jumped_over_it() -> None:
    """It is what a stop limit is for, and its danger."""
    play("""
    time         what                        expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 stop 101 @ 101.10   a PENDING_NEW; a NEW stop 101.00; held 303.30
    09:30:02     quote 102.00 102.02 5 5     a TRIGGERED at 101.00
    09:30:03     quote 101.08 101.10 5 5     a FILL 3 @ 101.10 maker; cash -303.30; held 0
    """)


def test_a_stop_limit_takes_the_market_that_satisfies_its_limit() -> None:
    """At the market's price."""
    play("""
    time         what                        expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 stop 101 @ 101.10   a PENDING_NEW; a NEW stop 101.00
    09:30:02     quote 101.00 101.04 5 5     a TRIGGERED at 101.00; a FILL 3 @ 101.04 taker
    """)


def test_orders_if_touched_wait_for_a_better_price() -> None:
    """A buy below the market, a sell above it."""
    play("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 touch 99           a PENDING_NEW; a NEW stop 99.00
    09:30:02     quote 99.00 99.02 5 5
    09:30:03     quote 98.98 99.00 5 5      a TRIGGERED at 99.00; a FILL 3 @ 99.00 taker
    09:30:04     sell b 3 touch 101 @ 102   b PENDING_NEW; b NEW stop 101.00
    09:30:05     quote 101.00 101.02 5 5    b TRIGGERED at 101.00
    09:30:06     quote 102.00 102.02 5 5    b FILL 3 @ 102.00 maker
    """)


def test_nothing_is_triggered_in_closed_hours() -> None:
    """What is seen before the opening stands aside."""
    play("""
    given hours XNYS
    time         what                     expect
    14:00:00     quote 100.00 100.02 5 5
    14:00:01     buy a 3 stop 99          a PENDING_NEW; a NEW stop 99.00
    14:10:00     quote 103.00 103.02 5 5
    14:30:00
    14:30:01     quote 102.00 102.02 5 5  a TRIGGERED at 99.00; a FILL 3 @ 102.02 taker
    """)


def test_an_immediate_stop_is_immediate_from_its_trigger_on() -> None:
    """Until then it waits like any other."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 5 stop 101 IOC     a PENDING_NEW; a NEW stop 101.00
    09:30:02     buy b 5 stop 101 FOK     b PENDING_NEW; b NEW stop 101.00
    09:30:03     quote 101.00 101.02 5 7  a TRIGGERED at 101.00; a FILL 5 @ 101.02 taker
                                          b TRIGGERED at 101.00; b CANCELED FOK
    """)


def test_a_stop_reserves_at_the_collar_above_where_it_wakes_up() -> None:
    """101 and five percent, three times."""
    play("""
    given cash 318.15
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 stop 101         a PENDING_NEW; a NEW stop 101.00; held 318.15
    """)
    play("""
    given cash 318.14
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 stop 101         a DENIED INSUFFICIENT_BUYING_POWER
    """)


def test_a_trigger_price_must_be_on_the_tick() -> None:
    """The venue says so, after it has looked at the limit."""
    play("""
    given tick 0.05
    time         what                      expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 stop 101.02       a PENDING_NEW; a REJECTED TICK_SIZE
    09:30:02     buy b 3 stop 101 @ 101.01 b PENDING_NEW; b REJECTED TICK_SIZE
    """)


def test_a_replaced_stop_is_held_against_the_market_at_once() -> None:
    """As if it had just arrived; after the trigger it cannot change any more."""
    play("""
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 9 stop 101         a PENDING_NEW; a NEW stop 101.00
    09:30:02     replace a stop 102       a PENDING_REPLACE; a REPLACED 9 stop 102.00 at the back
    09:30:03     quote 101.00 101.02 5 5
    09:30:04     replace a 8              a PENDING_REPLACE; a REPLACED 8 stop 102.00 in place
    09:30:05     replace a stop 101       a PENDING_REPLACE; a REPLACED 8 stop 101.00 at the back
                                          a TRIGGERED at 101.00; a TRADE 5 @ 101.02 taker
    09:30:06     replace a stop 103       a PENDING_REPLACE; a replace REJECTED ALREADY_TRIGGERED
    09:30:07     replace a 6              a PENDING_REPLACE; a REPLACED 6 stop 101.00 in place
    09:30:08     quote 101.00 101.02 5 9  a FILL 1 @ 101.02 taker
    """)


def test_a_stop_that_waits_can_be_canceled_and_expires() -> None:
    """Waiting is working."""
    play("""
    given hours XNYS
    time         what                      expect
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 3 stop 101          a PENDING_NEW; a NEW stop 101.00
    15:00:02     cancel a                  a PENDING_CANCEL; a CANCELED REQUESTED; held 0
    15:00:03     buy b 3 stop 101 DAY      b PENDING_NEW; b NEW stop 101.00 until 21:00:00
    21:00:00                               b EXPIRED; held 0
    """)


def test_a_pause_keeps_the_stop_that_protects_a_position() -> None:
    """And takes the one away that would open another."""
    play("""
    given live
    time         what                      expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 5                   a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 stop 99          b PENDING_NEW; b NEW stop 99.00
    09:30:03     buy c 5 stop 101          c PENDING_NEW; c NEW stop 101.00
    09:30:04     pause                     PAUSED requested; c CANCELED PAUSED
    09:30:05     quote 98.50 98.52 9 9     b TRIGGERED at 99.00; b FILL 5 @ 98.50 taker; pos 0
    """)


def test_in_bars_a_stop_trades_at_its_price_or_at_an_open_beyond_it() -> None:
    """The worse of both; the rest of a large one goes on at the next open."""
    play("""
    given bars 1m; share 1
    time         what                       expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 5 stop 102           a PENDING_NEW; a NEW stop 102.00
    09:31:00     buy b 5 stop 103           b PENDING_NEW; b NEW stop 103.00
    09:32:00     bar 100 101.99 99 101 50
    09:33:00     bar 101 102.50 101 102 50  a TRIGGERED at 102.00; a FILL 5 @ 102.00 taker
    09:34:00     bar 104 105 104 105 3      b TRIGGERED at 103.00; b TRADE 3 @ 104.00 taker
    09:35:00     bar 103 105 103 105 9      b FILL 2 @ 103.00 taker
    """)


def test_in_one_bar_the_stop_comes_before_the_target() -> None:
    """Both were reached; which came first is not known, so the worse is assumed."""
    play("""
    given bars 1m; share 1
    time         what                      expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 5                   a PENDING_NEW; a NEW
    09:32:00     bar 100 100 100 100 50    a FILL 5 @ 100.00 taker
    09:32:00     sell b 5 @ 102 reduce     b PENDING_NEW; b NEW
    09:32:00     sell c 5 stop 98 reduce   c DENIED INSUFFICIENT_HOLDINGS
    09:32:01     cancel b                  b PENDING_CANCEL; b CANCELED REQUESTED
    09:32:02     sell d 2 @ 102            d PENDING_NEW; d NEW
    09:32:03     sell e 3 stop 98          e PENDING_NEW; e NEW stop 98.00
    09:33:00     bar 100 100 100 100 50
    09:34:00     bar 100 103 97 100 3      e TRIGGERED at 98.00; e FILL 3 @ 98.00 taker
    09:35:00     bar 100 103 97 100 3      d FILL 2 @ 102.00 maker
    """)


def test_in_bars_a_touched_order_trades_at_its_price_or_at_a_better_open() -> None:
    """The open is the first price that there was."""
    play("""
    given bars 1m; share 1
    time         what                      expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 5 touch 98          a PENDING_NEW; a NEW stop 98.00
    09:31:00     buy b 5 touch 96          b PENDING_NEW; b NEW stop 96.00
    09:32:00     bar 99 99 98 98 50        a TRIGGERED at 98.00; a FILL 5 @ 98.00 taker
    09:33:00     bar 95 95 94 94 50        b TRIGGERED at 96.00; b FILL 5 @ 95.00 taker
    """)


def test_in_bars_a_stop_limit_that_its_trigger_does_not_satisfy_waits() -> None:
    """What the bar did after the trigger is not known."""
    play("""
    given bars 1m; share 1
    time         what                        expect
    09:31:00     bar 100 100 100 100 50
    09:31:00     buy a 5 stop 102 @ 102.50   a PENDING_NEW; a NEW stop 102.00
    09:32:00     bar 103 104 101 104 50      a TRIGGERED at 102.00
    09:33:00     bar 104 104 102.40 103 50   a FILL 5 @ 102.50 maker
    """)
