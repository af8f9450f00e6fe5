"""Funding of perpetuals: who holds at its moment pays, or is paid."""

from tests.scenarios.stage import play


def test_longs_pay_shorts_where_the_rate_is_positive() -> None:
    """0.01 % of 10,000 is one; where it is negative they are paid."""
    play("""
    given BTCUSDT; margin 10x; cash 5000; funding 0.0001 2024-01-02T16:00
    given funding -0.0003 2024-01-03T00:00
    time         what                           expect
    15:00:00     quote 9999.00 10001.00 5 5
    15:00:01     buy a 1                        a PENDING_NEW; a NEW; a FILL 1 @ 10001.00 taker
                                                equity 4999
    16:00:00     -                              funding of 10000 at 0.0001: -1; funding paid -1
                                                equity 4998; cash -1
    20:00:00     quote 10499.00 10501.00 5 5
    2024-01-03
    00:00:00     -                              funding of 10500 at -0.0003: 3.15
                                                funding paid 3.15; equity 5501.15
    """)


def test_a_short_position_is_paid() -> None:
    """At the mark that is stated, whatever the last price was."""
    play("""
    given BTCUSDT; margin 10x; cash 5000; funding 0.0001 2024-01-02T16:00 mark 12345.67
    time         what                           expect
    15:00:00     quote 9999.00 10001.00 5 5
    15:00:01     sell a 0.5                     a PENDING_NEW; a NEW; a FILL 0.5 @ 9999.00 taker
    16:00:00     -                              funding of -6172.835 at 0.0001: 0.6172835
                                                funding paid 0.6172835
    """)


def test_the_moment_belongs_to_what_is_held_before_its_rows() -> None:
    """Who is flat pays nothing; what is due before the first row is past."""
    play("""
    given BTCUSDT; margin 10x; cash 5000; funding 0.0001 2024-01-02T08:00 2024-01-02T16:00
    given funding 0.0002 2024-01-02T17:00
    time         what                           expect
    15:00:00     quote 9999.00 10001.00 5 5
    16:00:00     quote 9999.00 10001.00 5 5
    16:00:01     buy a 1                        a PENDING_NEW; a NEW; a FILL 1 @ 10001.00 taker
    17:00:00     -                              funding of 10000 at 0.0002: -2; funding paid -2
    """)


def test_a_fraction_is_rounded_against_the_account() -> None:
    """To the smallest unit of its money, 10**-8."""
    play("""
    given BTCUSDT; margin 10x; cash 5000; funding 0.000000123456 2024-01-02T16:00
    time         what                           expect
    15:00:00     quote 100.00 100.02 5 5
    15:00:01     buy a 0.00007                  a PENDING_NEW; a NEW; a FILL 0.00007 @ 100.02 taker
    16:00:00     -                              funding of 0.0070007 at 0.000000123456: -0.00000001
                                                funding paid -0.00000001
    """)


def test_funding_may_bring_a_margin_call() -> None:
    """It is taken whatever is there."""
    play("""
    given BTCUSDT; margin 20x calls at 0.025; cash 500; funding 0.03 2024-01-02T16:00
    time         what                           expect
    15:00:00     quote 10000.00 10000.00 5 5
    15:00:01     buy a 1 @ 10000                a PENDING_NEW; a NEW; a FILL 1 @ 10000.00 taker
                                                equity 500
    16:00:00     -                              funding of 10000 at 0.03: -300; funding paid -300
                                                MARGIN CALL 200 of 250; S-2 PENDING_NEW; S-2 NEW
                                                S-2 FILL 1 @ 10000.00 taker; MARGIN RESTORED
                                                pos 0; equity 200
    """)


def test_a_strategy_is_told_of_its_funding() -> None:
    """When the report of it arrives, its position and cash with it."""
    play("""
    given BTCUSDT; margin 10x; cash 5000; funding 0.0001 2024-01-02T16:00; hears account
    given latency 0 1s
    time         what                           expect
    15:00:00     quote 9999.00 10001.00 5 5
    15:00:01     buy a 1                        a PENDING_NEW; a NEW; a FILL 1 @ 10001.00 taker
    16:00:00     -                              funding of 10000 at 0.0001: -1; funding paid -1
    16:00:01     -                              > account funding BTCUSDT -1 USDT paid
    """)
