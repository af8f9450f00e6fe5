"""Futures: multiplier, daily settlement, margin for each contract, expiry."""

from tests.scenarios.stage import play


def test_gains_are_booked_every_day() -> None:
    """Eurex's own example of the daily offsetting of profits and losses, a Bund future of 1,000 a
    point with a margin of 4,000: bought at 135.20, settled at 135.50 (+300), 135.72 (+220),
    135.44 (-280), 135.10 (-340), 100 lost ("How do you Calculate the Daily Offsetting of Profits
    and Losses?", eurexwbt.de)."""
    play("""
    given ES; contract multiplier 1000 margins 4000 3000; margin 10x; cash 5000
    given settlement 135.50 2024-01-02T17:15 135.72 2024-01-03T17:15 135.44 2024-01-04T17:15
    given settlement 135.10 2024-01-05T17:15
    time         what                           expect
    09:00:00     quote 135.20 135.20 50 50
    09:00:01     buy a 1 @ 135.20               a PENDING_NEW; a NEW
                                                a FILL 1 @ 135.2000 taker
                                                cash 5000; held 0; used 4000; equity 5000
    17:15:00     -                              SETTLED at 135.50: 300; cash 5300; equity 5000
    2024-01-03
    09:00:00     quote 135.60 135.60 50 50      cash 5300; equity 5400
    17:15:00     -                              SETTLED at 135.72: 220; cash 5520
    2024-01-04
    17:15:00     -                              SETTLED at 135.44: -280; cash 5240
    2024-01-05
    17:15:00     -                              SETTLED at 135.10: -340; cash 4900; realized -100
    17:15:01     quote 135.10 135.10 50 50      equity 4900
    17:15:02     sell b 1 @ 135.10              b PENDING_NEW; b NEW
                                                b FILL 1 @ 135.1000 taker
                                                cash 4900; realized -100; pos 0
    """)


def test_a_short_position_gains_as_the_price_falls() -> None:
    """The performance bond of a CME EUR future of 125,000 euros, short one at 1.3140: after
    settlements at 1.3126, 1.3133 and 1.3049 a balance of 1,700 is 2,837.50 (Eun and Resnick,
    International Financial Management, chapter 7, problem 1)."""
    play("""
    given ES; contract multiplier 125000 margins 1700 1500; margin 10x; cash 1700
    given settlement 1.3126 2024-01-02T20:00 1.3133 2024-01-03T20:00 1.3049 2024-01-04T20:00
    time         what                           expect
    09:00:00     quote 1.3140 1.3140 5 5
    09:00:01     sell a 1 @ 1.3140              a PENDING_NEW; a NEW
                                                a FILL 1 @ 1.3140 taker; cash 1700
    20:00:00     -                              SETTLED at 1.3126: 175; cash 1875
    2024-01-03
    20:00:00     -                              SETTLED at 1.3133: -87.5; cash 1787.5
    2024-01-04
    20:00:00     -                              SETTLED at 1.3049: 1050; cash 2837.5
    """)


def test_without_settlement_prices_the_last_price_of_the_day_counts() -> None:
    """The day of a market that never closes ends at midnight, UTC; the middle of a quote counts.
    The average price of the open position is that of the settlement."""
    play("""
    given ES; cash 10000; margin 10x
    time         what                           expect
    15:00:00     quote 100.00 101.00 5 5
    15:00:01     buy a 2                        a PENDING_NEW; a NEW; a FILL 2 @ 101.0000 taker
                                                cash 10000; equity 9950; used 1005
    16:00:00     quote 103.00 103.01 5 5
    2024-01-03
    00:00:00     -                              SETTLED at 103.005: 200.5; cash 10200.5
    12:00:00     sell b 1 @ 103.00              b PENDING_NEW; b NEW; b FILL 1 @ 103.0000 taker
                                                cash 10200.25; realized 200.25; pos 1
    2024-01-04
    00:00:00     -                              SETTLED at 103.005: 0; cash 10200.25
    """)


def test_a_fill_that_turns_the_position_realizes_what_it_closes() -> None:
    """Two long at 100, three sold at 110: a gain of 20 points of 50, and one short at 110."""
    play("""
    given ES; cash 10000; margin 10x; fee 2.25 per unit
    time         what                           expect
    15:00:00     quote 100.00 100.00 9 9
    15:00:01     buy a 2 @ 100.00               a PENDING_NEW; a NEW; a FILL 2 @ 100.0000 taker
                                                cash 9995.5; fees 4.5
    16:00:00     quote 110.00 110.00 9 9        equity 10995.5
    16:00:01     sell b 3 @ 110.00              b PENDING_NEW; b NEW; b FILL 3 @ 110.0000 taker
                                                cash 10988.75; realized 1000; pos -1; fees 11.25
    16:30:00     quote 120.00 120.00 9 9        equity 10488.75
    """)


def test_at_its_expiry_a_contract_is_settled_in_cash_and_trades_no_more() -> None:
    """At the final settlement price of that moment; its open orders end, new ones are denied."""
    play("""
    given ES; contract multiplier 50 expires 2024-01-02T15:00; cash 10000; margin 10x
    given settlement 104.25 2024-01-02T15:00
    time         what                           expect
    14:00:00     quote 100.00 100.00 5 5
    14:00:01     buy a 2 @ 100.00               a PENDING_NEW; a NEW; a FILL 2 @ 100.0000 taker
    14:00:02     sell b 1 @ 105.00              b PENDING_NEW; b NEW
    15:00:00     -                              b CANCELED CONTRACT_EXPIRED
                                                EXPIRED at 104.25: 425
                                                cash 10425; pos 0; equity 10425; used 0
    15:00:01     quote 104.00 104.00 5 5
    15:00:02     buy c 1                        c DENIED SYMBOL_ENDED
    """)


def test_without_a_final_price_the_last_one_counts() -> None:
    """The close of the last bar, or the last print; here the middle of the last quote."""
    play("""
    given ES; contract multiplier 50 expires 2024-01-02T15:00 settles at_expiry; cash 10000
    given margin 10x
    time         what                           expect
    14:00:00     quote 100.00 100.00 5 5
    14:00:01     sell a 2 @ 100.00              a PENDING_NEW; a NEW; a FILL 2 @ 100.0000 taker
    14:59:59     quote 98.00 98.10 5 5
    15:00:00     -                              EXPIRED at 98.05: 195; cash 10195; pos 0
    """)


def test_a_contract_settled_at_its_expiry_has_no_daily_settlement() -> None:
    play("""
    given ES; contract expires 2024-01-04T00:00 settles at_expiry; cash 10000; margin 10x
    time         what                           expect
    14:00:00     quote 100.00 100.00 5 5
    14:00:01     buy a 2 @ 100.00               a PENDING_NEW; a NEW; a FILL 2 @ 100.0000 taker
    2024-01-03
    14:00:00     quote 90.00 90.00 5 5          cash 10000; equity 9000
    2024-01-04
    00:00:00     -                              EXPIRED at 90: -1000; cash 9000
    """)


def test_margins_per_contract_do_not_follow_the_price() -> None:
    """Calls come when the equity falls below the maintenance margin of the contracts held."""
    play("""
    given ES; contract margins 1200 1000; margin 10x deny_increase; cash 2500
    time         what                           expect
    15:00:00     quote 100.00 100.00 9 9
    15:00:01     buy a 3                        a DENIED INSUFFICIENT_BUYING_POWER
    15:00:02     buy b 2 @ 100.00               b PENDING_NEW; b NEW; b FILL 2 @ 100.0000 taker
                                                used 2400; equity 2500
    15:01:00     quote 95.00 95.00 9 9          equity 2000
    15:02:00     quote 94.99 94.99 9 9          MARGIN CALL 1999 of 2000
    15:03:00     quote 98.99 98.99 9 9          equity 2399
    15:03:01     buy c 1                        c DENIED MARGIN_CALL
    15:04:00     quote 99.00 99.00 9 9          MARGIN RESTORED
    """)


def test_a_settlement_can_not_bring_a_margin_call_of_itself() -> None:
    """It moves gains to the cash; the equity stays what the last prices say."""
    play("""
    given ES; contract margins 1200 1000; margin 10x; cash 2500
    given settlement 60 2024-01-02T16:00
    time         what                           expect
    15:00:00     quote 100.00 100.00 9 9
    15:00:01     buy b 2 @ 100.00               b PENDING_NEW; b NEW; b FILL 2 @ 100.0000 taker
    16:00:00     -                              SETTLED at 60: -4000; cash -4000; equity 2500
    """)


def test_nothing_is_borrowed_to_be_short_of_a_contract() -> None:
    """So no list of what is lent matters, and no fee accrues."""
    play("""
    given ES; margin 10x; cash 10000; unlisted deny; borrow XYZ 0.5
    time         what                           expect
    15:00:00     quote 100.00 100.00 9 9
    15:00:01     sell a 1 @ 100.00              a PENDING_NEW; a NEW; a FILL 1 @ 100.0000 taker
    2024-01-03
    00:00:00     -                              SETTLED at 100: 0; cash 10000; pos -1
    """)
