"""Isolated margin: each position has its own, and no more of the account stands for it."""

from tests.scenarios.stage import play


def test_a_long_position_is_liquidated_where_the_formula_of_binance_says() -> None:
    """(margin + amount - qty x entry) / (qty x (rate - 1)), where the amount comes of tiers ("How
    to Calculate Liquidation Price of USD-M Futures Contracts", Binance): without, at 0.4 %,
    (1,000 - 10,000) / (0.004 - 1) = 9,036.14.  The other 4,000 of the account do not help."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 5000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
                                                used 1000; equity 5000; power 40000
    09:30:02     quote 9036.15 9036.15 5 5      power 40000
    09:30:03     quote 9036.14 9036.14 5 5      LIQUIDATION 36.14 of 36.14456; S-2 PENDING_NEW
                                                S-2 NEW; S-2 FILL 1 @ 9036.14 taker
                                                LIQUIDATION OVER; pos 0; equity 4036.14; used 0
    """)


def test_a_short_position_is_liquidated_likewise() -> None:
    """(margin + qty x entry) / (qty x (rate + 1)) = 11,000 / 1.004 = 10,956.18."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 5000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     sell a 1 @ 10000               a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    09:30:02     quote 10956.17 10956.17 5 5
    09:30:03     quote 10956.18 10956.18 5 5    LIQUIDATION 43.82 of 43.82472; S-2 PENDING_NEW
                                                S-2 NEW; S-2 FILL 1 @ 10956.18 taker
                                                LIQUIDATION OVER; pos 0; equity 4043.82
    """)


def test_tiers_need_more_of_what_lies_beyond() -> None:
    """Binance's maintenance amount comes of them: 20,000 at 10x, 0.5 % to 10,000 and 1 % beyond,
    an amount of 50: (2,000 + 50 - 20,000) / (2 x (0.01 - 1)) = 9,065.66."""
    play("""
    given BTCUSDT; margin 10x isolated; tiers 0 0.005 10000 0.01; cash 5000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 2 @ 10000                a PENDING_NEW; a NEW; a FILL 2 @ 10000.00 taker
    09:30:02     quote 9065.66 9065.66 5 5
    09:30:03     quote 9065.65 9065.65 5 5      LIQUIDATION 131.3 of 131.313; ...
                                                LIQUIDATION OVER
    """)


def test_no_more_is_lost_than_the_margin() -> None:
    """The market falls through everything: what is lost beyond 1,000, charges and fee included,
    comes back."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 5000; liquidation 0.01; fee 0 / 10 bps
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
                                                fees 10; equity 4990
    09:30:02     quote 8000.00 8000.00 5 5      LIQUIDATION -1000 of 32; S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 1 @ 8000.00 taker
                                                liquidation_fee of 8000 at 0.01: -80
                                                liquidation_fee paid -80
                                                insurance of 2088 at 1: 1088
                                                insurance paid 1088; LIQUIDATION OVER
                                                equity 3990; cash 3990
    """)


def test_each_position_has_its_own() -> None:
    """One is liquidated, the other stays, and only the orders of the first end."""
    play("""
    given BTCUSD; margin 10x isolated calls at 0.01; cash 25000; rate XBT 10000
    given beside XBTUSD quotes
    time         what                                         expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:00.1   quote XBTUSD 10000.0 10000.0 90000 90000
    09:30:01     buy a 10 @ 100                               a PENDING_NEW; a NEW
                                                              a FILL 10 @ 100.00 taker; used 100
    09:30:02     sell b 10000 @ 10000.0 of XBTUSD             b PENDING_NEW; b NEW
                                                              b FILL 10000 @ 10000.0 taker
                                                              used 1100
    09:30:03     sell c 5 @ 120 reduce                        c PENDING_NEW; c NEW
    09:30:04     buy d 5000 @ 9000.0 of XBTUSD                d PENDING_NEW; d NEW
    09:30:05     quote 90.00 90.00 50 50                      LIQUIDATION 0 of 9
                                                              c CANCELED LIQUIDATED
                                                              S-5 PENDING_NEW; S-5 NEW
                                                              S-5 FILL 10 @ 90.00 taker
                                                              LIQUIDATION OVER
                                                              equity 24900; used 1000
    """)


def test_two_that_are_closed_at_once_are_each_insured_for_their_own_charges() -> None:
    """The first finds half of what it needs, and the other is closed in between: what that was
    charged is none of its losses."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 5000; fee 0 / 10 bps
    given beside BTXUSDT quotes
    time         what                                  expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:00.1   quote BTXUSDT 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                       a PENDING_NEW; a NEW
                                                       a FILL 1 @ 10000.00 taker
    09:30:02     buy b 1 @ 10000 of BTXUSDT            b PENDING_NEW; b NEW
                                                       b FILL 1 @ 10000.00 taker; equity 4980
    09:30:03     quote 8000.00 8000.00 0.5 5           LIQUIDATION -1000 of 32; S-3 PENDING_NEW
                                                       S-3 NEW; S-3 TRADE 0.5 @ 8000.00 taker
    09:30:04     quote BTXUSDT 8500.00 8500.00 5 5     LIQUIDATION -500 of 34; S-4 PENDING_NEW
                                                       S-4 NEW; S-4 FILL 1 @ 8500.00 taker
                                                       insurance of 1508.5 at 1: 508.5
                                                       insurance paid 508.5; LIQUIDATION OVER
    09:30:05     quote 8000.00 8000.00 5 5             S-3 FILL 0.5 @ 8000.00 taker
                                                       insurance of 2008 at 1: 1008
                                                       insurance paid 1008; LIQUIDATION OVER
                                                       equity 2980; cash 2980
    """)


def test_an_inverse_one_is_liquidated_by_one_over_the_price() -> None:
    """A short of 60,000 dollars at 50,000 with 10x and 0.5 % of what it is worth by then:
    1.2 - 0.12 = 0.995 x 60,000 / p, p = 55,277.8."""
    play("""
    given XBTUSD; margin 10x isolated calls at 0.005; cash 1
    time         what                               expect
    09:30:00     quote 50000.0 50000.0 90000 90000
    09:30:01     sell a 60000 @ 50000.0             a PENDING_NEW; a NEW
                                                    a FILL 60000 @ 50000.0 taker; used 0.12
    09:30:02     quote 55277.5 55277.5 90000 90000
    09:30:03     quote 55278.0 55278.0 90000 90000  ...; LIQUIDATION OVER; pos 0
    """)


def test_bybit_counts_the_maintenance_margin_at_the_entry() -> None:
    """Its example of that short: 60,000 / (1.2 - (0.12 - 0.006)) = 55,248.6 ("Liquidation Price
    Calculation under Isolated Mode (Unified Trading Account)")."""
    play("""
    given XBTUSD; margin 10x isolated entry calls at 0.005; cash 1
    time         what                               expect
    09:30:00     quote 50000.0 50000.0 90000 90000
    09:30:01     sell a 60000 @ 50000.0             a PENDING_NEW; a NEW
                                                    a FILL 60000 @ 50000.0 taker; used 0.12
    09:30:02     quote 55248.5 55248.5 90000 90000
    09:30:03     quote 55249.0 55249.0 90000 90000  ...; LIQUIDATION OVER; pos 0
    """)


def test_so_does_another_exchange_with_a_long_position() -> None:
    """10x at 2,000 and 0.5 %: 2,000 x 10 / (10 x (1 - 0.005) + 1) = 1,826.48 (MCS, "Isolated
    Margin", its example)."""
    play("""
    given XBTUSD; tick 0.1; margin 10x isolated entry calls at 0.005; cash 1
    time         what                               expect
    09:30:00     quote 2000.0 2000.0 90000 90000
    09:30:01     buy a 2000 @ 2000.0                a PENDING_NEW; a NEW
                                                    a FILL 2000 @ 2000.0 taker
    09:30:02     quote 1826.5 1826.5 90000 90000
    09:30:03     quote 1826.4 1826.4 90000 90000    ...; LIQUIDATION OVER; pos 0
    """)


def test_gains_of_one_position_do_not_open_another() -> None:
    """They are not cash before it is closed; and losses take nothing from what is free."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 1000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 0.9 @ 10000              a PENDING_NEW; a NEW; a FILL 0.9 @ 10000.00 taker
                                                used 900; power 1000
    09:30:02     quote 11000.00 11000.00 5 5    equity 1900; power 1000
    09:30:03     buy b 0.1                      b DENIED INSUFFICIENT_BUYING_POWER
    09:30:04     sell c 0.45 @ 11000            c PENDING_NEW; c NEW; c FILL 0.45 @ 11000.00 taker
                                                used 450; equity 1900; power 10000
    """)


def test_a_fill_through_flat_has_the_margin_of_its_other_side() -> None:
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 2000
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    09:30:02     sell b 1.5 @ 10000             b PENDING_NEW; b NEW; b FILL 1.5 @ 10000.00 taker
                                                used 500; equity 2000; power 15000
    """)


def test_a_final_settlement_takes_no_more_than_the_margin() -> None:
    """Held to the end at a final price far below the last: 1,000 of the loss of 3,000 are its own.
    What was lost within the margin does not come back."""
    play("""
    given BTCUSDT; contract expires 2024-01-02T16:00 settles at_expiry; cash 5000
    given margin 10x isolated calls at 0.004; settlement 7000 2024-01-02T16:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    16:00:00     -                              EXPIRED at 7000: -3000; insurance of 3000 at 1: 2000
                                                insurance paid 2000; pos 0; cash 4000
    """)
    play("""
    given BTCUSDT; contract expires 2024-01-02T16:00 settles at_expiry; cash 5000
    given margin 10x isolated calls at 0.004; settlement 9000 2024-01-02T16:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    16:00:00     -                              EXPIRED at 9000: -1000; cash 4000
    """)


def test_funding_that_nothing_free_pays_comes_out_of_the_margin() -> None:
    """40 of 100 are free: 60 come out of it, and (940 - 10,000) / (0.004 - 1) = 9,096.39 is where
    the position is liquidated; when it falls through that, no more than the 940 are lost."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 1040
    given funding 0.01 2024-01-02T16:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
                                                used 1000
    16:00:00     -                              funding of 10000 at 0.01: -100; funding paid -100
                                                DRAWN 60; used 940; equity 940
    16:00:01     buy b 0.001 @ 10000            b DENIED INSUFFICIENT_BUYING_POWER
    16:00:02     quote 9096.39 9096.39 5 5
    16:00:03     quote 8000.00 8000.00 5 5      LIQUIDATION -1060 of 32; S-3 PENDING_NEW; S-3 NEW
                                                S-3 FILL 1 @ 8000.00 taker; DRAWN 0
                                                insurance of 2000 at 1: 1060
                                                insurance paid 1060; LIQUIDATION OVER
                                                equity 0; cash 0
    """)


def test_funding_of_many_days_takes_no_more_than_there_is() -> None:
    """When the whole margin is gone the position is closed, and what is owed beyond comes back."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 1000
    given funding 0.06 2024-01-02T16:00 2024-01-02T17:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    16:00:00     -                              funding of 10000 at 0.06: -600; funding paid -600
                                                DRAWN 600; used 400
    17:00:00     -                              funding of 10000 at 0.06: -600; funding paid -600
                                                DRAWN 1200; LIQUIDATION -200 of 40
                                                S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 1 @ 10000.00 taker; DRAWN 0
                                                insurance of 0 at 1: 200; insurance paid 200
                                                LIQUIDATION OVER; equity 0
    """)


def test_what_is_out_of_a_margin_goes_with_what_is_closed() -> None:
    """Half of it with half of the position; a position that is added to has its new margin."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 1000
    given funding 0.01 2024-01-02T16:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    16:00:00     -                              funding of 10000 at 0.01: -100; funding paid -100
                                                DRAWN 100; used 900
    16:00:01     sell b 0.5 @ 10000             b PENDING_NEW; b NEW; b FILL 0.5 @ 10000.00 taker
                                                DRAWN 50; used 450; power 4500
    16:00:02     buy c 0.1 @ 10000              c PENDING_NEW; c NEW; c FILL 0.1 @ 10000.00 taker
                                                DRAWN 50; used 550; power 3500
    16:00:03     sell d 0.7 @ 10000             d PENDING_NEW; d NEW; d FILL 0.7 @ 10000.00 taker
                                                DRAWN 0; used 100; equity 900
    """)


def test_a_daily_settlement_takes_what_is_free_first() -> None:
    """And then the margin of its own position alone: 200 of 500 that were lost, of a cost of 9,500
    by then, 1,000 before and 50 less by its cost."""
    play("""
    given BTCUSDT; contract expires 2024-01-05T16:00; cash 1300; margin 10x isolated calls at 0.004
    given settlement 9500 2024-01-02T16:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
    16:00:00     -                              SETTLED at 9500: -500; DRAWN 150; used 800; cash 800
                                                equity 1300
    """)


def test_funding_while_a_position_is_being_closed_is_no_debt() -> None:
    """On bars a liquidation trades at the next open.  Of 1,280 that it takes in all, 180 of them
    funding on the way, 280 are more than the margin."""
    play("""
    given BTCUSDT; bars 1h; margin 10x isolated calls at 0.004; cash 1000.10
    given funding 0.02 2024-01-02T15:30
    time         what                             expect
    12:00:00     bar 10000 10000 10000 10000 50
    12:00:01     buy a 1 @ 10001                  a PENDING_NEW; a NEW
    13:00:00     bar 10000 10000 10000 10000 50
    14:00:00     bar 10000 10000 10000 10000 50   a FILL 1 @ 10000.00 taker
    15:00:00     bar 9000 9000 9000 9000 50       LIQUIDATION 0 of 36; S-2 PENDING_NEW; S-2 NEW
    15:30:00     -                                funding of 9000 at 0.02: -180; funding paid -180
    16:00:00     bar 8900 8900 8900 8900 50       S-2 FILL 1 @ 8900.00 taker
                                                  insurance of 1280 at 1: 280
                                                  insurance paid 280; LIQUIDATION OVER
                                                  equity 0.10
    """)


def test_funding_takes_no_more_out_of_a_margin_than_it_is() -> None:
    """A charge of 45.30 on half of a losing position is 15.30 more than that half set free. Funding
    of 4.53 finds nothing free, and out of the margin comes what it is, not all that lacks."""
    play("""
    given BTCUSDT; margin 10x isolated calls at 0.004; cash 1100; fee 0 / 100 bps
    given funding 0.001 2024-01-02T16:00
    time         what                           expect
    09:30:00     quote 10000.00 10000.00 5 5
    09:30:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
                                                used 1000; fees 100
    09:30:02     quote 9060.00 9060.00 5 5
    09:30:03     sell b 0.5 @ 9060              b PENDING_NEW; b NEW; b FILL 0.5 @ 9060.00 taker
                                                used 500; fees 145.3
    16:00:00     -                              funding of 4530 at 0.001: -4.53
                                                funding paid -4.53; DRAWN 4.53; used 495.47
    """)
