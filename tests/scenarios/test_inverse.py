"""Inverse contracts: worth a number of dollars, settled in bitcoin."""

from tests.scenarios.stage import play


def test_a_long_position_gains_the_difference_of_one_over_the_prices() -> None:
    """BitMEX's example: 100,000 contracts bought at 10,000 and sold at 10,500 bring
    100,000 x 1 x (1/10,000 - 1/10,500) = 0.47619 bitcoin (Inverse Futures Guide); at 100x
    leverage the trade needs 0.1 bitcoin."""
    play("""
    given XBTUSD; margin 100x; cash 0.5
    time         what                                   expect
    15:00:00     quote 10000.0 10000.0 900000 900000
    15:00:01     buy a 100000 @ 10000.0                 a PENDING_NEW; a NEW
                                                        a FILL 100000 @ 10000.0 taker
                                                        cash 0.5; used 0.1; equity 0.5
    16:00:00     quote 10500.0 10500.0 900000 900000
                                                        equity 0.976190476190476190
    16:00:01     sell b 100000 @ 10500.0                b PENDING_NEW; b NEW
                                                        b FILL 100000 @ 10500.0 taker
                                                        cash 0.97619047619047619; pos 0
                                                        realized 0.47619047619047619
    """)


def test_a_short_position_loses_as_much_at_most_as_prices_rise_for_ever() -> None:
    """Its loss is bounded by its value, that of a long one is not."""
    play("""
    given XBTUSD; margin 10x; cash 1
    time         what                                   expect
    15:00:00     quote 10000.0 10000.0 900000 900000
    15:00:01     sell a 10000 @ 10000.0                 a PENDING_NEW; a NEW
                                                        a FILL 10000 @ 10000.0 taker
    16:00:00     quote 20000.0 20000.0 9000 9000
                                                        equity 0.5
    17:00:00     quote 40000.0 40000.0 9000 9000
                                                        equity 0.25
    """)


def test_the_average_price_is_the_harmonic_mean() -> None:
    """1,000 at 10,000 and 1,000 at 20,000 were 2,000 for 0.15 bitcoin: 13,333.33."""
    play("""
    given XBTUSD; margin 10x; cash 1
    time         what                                   expect
    15:00:00     quote 10000.0 10000.0 1000 1000
    15:00:01     buy a 1000                             a PENDING_NEW; a NEW
                                                        a FILL 1000 @ 10000.0 taker
    16:00:00     quote 20000.0 20000.0 1000 1000
    16:00:01     buy b 1000                             b PENDING_NEW; b NEW
                                                        b FILL 1000 @ 20000.0 taker; equity 1.05
    17:00:00     quote 13333.5 13333.5 1000 1000        equity 1.000001874976562792
    """)


def test_charges_and_funding_are_of_the_base_currency() -> None:
    """0.075 % of a value of 1 bitcoin; funding of 10,000 / 8,000 = 1.25 at 0.01 %."""
    play("""
    given XBTUSD; margin 10x; cash 1; fee 0 / 7.5 bps; funding 0.0001 2024-01-02T16:00 mark 8000
    given funding -0.0001 2024-01-02T18:00
    time         what                                   expect
    15:00:00     quote 10000.0 10000.0 90000 90000
    15:00:01     buy a 10000                            a PENDING_NEW; a NEW
                                                        a FILL 10000 @ 10000.0 taker
                                                        fees 0.00075; cash 0.99925
    16:00:00     -                                      funding of 1.25 at 0.0001: -0.000125
                                                        funding paid -0.000125
    17:00:00     quote 10000.0 10000.0 90000 90000
    18:00:00     -                                      funding of 1 at -0.0001: 0.0001
                                                        funding paid 0.0001; cash 0.999225
    """)


def test_it_is_called_where_one_over_the_price_says() -> None:
    """Long 1,000 dollars at 10,000 with a tenth: 0.01 + 0.1 - 1,000 / p
    < 0.005 x 1,000 / p below p = 1,005 / 0.11 = 9,136.36."""
    play("""
    given XBTUSD; contract multiplier 10; margin 10x deny_increase calls at 0.005; cash 0.01
    time         what                      expect
    15:00:00     quote 10000 10000 200 200
    15:00:01     buy a 100 @ 10000.0       a PENDING_NEW; a NEW
                                           a FILL 100 @ 10000.0 taker
    16:00:00     quote 9136.5 9136.5 9 9
    17:00:00     quote 9136.0 9136.0 9 9   MARGIN CALL 0.000542907180385288 of 0.000547285464098074
    """)


def test_a_dated_one_is_settled_every_day_in_the_base_currency() -> None:
    """1/10,000 - 1/12,500 of 10,000 contracts; then from there to 10,000."""
    play("""
    given XBTUSD; contract expires 2024-01-04T12:00; margin 10x; cash 1
    given settlement 12500 2024-01-02T20:00 10000 2024-01-04T12:00
    time         what                                   expect
    15:00:00     quote 10000.0 10000.0 90000 90000
    15:00:01     buy a 10000 @ 10000.0                  a PENDING_NEW; a NEW
                                                        a FILL 10000 @ 10000.0 taker
    20:00:00     -                                      SETTLED at 12500: 0.2; cash 1.2
    2024-01-04
    12:00:00     -                                      EXPIRED at 10000: -0.2; cash 1; pos 0
                                                        equity 1
    """)


def test_an_account_in_dollars_converts_gains_at_the_contracts_own_price() -> None:
    """Bought and sold at the quote: 0.05 bitcoin at 20,000 are 1,000 dollars, paid at the bid."""
    play("""
    given XBTUSD; in USD; rate XBT 20000; margin 10x; cash 1000
    time         what                                   expect
    15:00:00     quote 10000.0 10000.0 90000 90000
    15:00:01     buy a 1000 @ 10000.0                   a PENDING_NEW; a NEW
                                                        a FILL 1000 @ 10000.0 taker
    16:00:00     quote 20000.0 20000.0 90000 90000
                                                        equity 2000
    16:00:01     sell b 1000 @ 20000.0                  b PENDING_NEW; b NEW
                                                        b FILL 1000 @ 20000.0 taker
                                                        realized 1000; cash 2000
    """)


def test_what_waits_for_a_lower_price_holds_at_that() -> None:
    """A tenth of 9,500 dollars below 5,000 by the collar of 5 %, at 4,750: 0.2 bitcoin; moved to
    9,500 it holds at 9,025, and at the bid, 10,000, less the collar where that is lower."""
    play("""
    given XBTUSD; margin 10x; cash 1
    time         what                      expect
    15:00:00     quote 10000.0 10000.5 9 9
    15:00:01     sell a 9500 stop 5000     a PENDING_NEW; a NEW stop 5000.0; held 0.2
    15:00:02     replace a stop 9500       a PENDING_REPLACE
                                           a REPLACED 9500 stop 9500.0 at the back
                                           held 0.105263157894736843
    15:00:03     cancel a                  a PENDING_CANCEL; a CANCELED REQUESTED
    15:00:04     buy b 9500 touch 9500     b PENDING_NEW; b NEW stop 9500.0
                                           held 0.105263157894736843
    15:00:05     buy c 9500 stop 12000     c PENDING_NEW; c NEW stop 12000.0
                                           held 0.205263157894736843
    15:00:06     sell d 1000 trail 50%     d PENDING_NEW; d NEW stop 5000.0
                                           held 0.226315789473684212
    """)
