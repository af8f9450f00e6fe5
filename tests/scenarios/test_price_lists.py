"""Charges by instrument, by the day, and over several charges together."""

from tests.scenarios.stage import play


def test_each_instrument_is_charged_by_its_own_rates() -> None:
    """A pair of coins at 4 basis points, shares at 10."""
    play("""
    given beside BTCUSD quotes; fee 10 / 10 bps; fee-of BTCUSD : 2 / 4 bps
    time         what                        expect
    09:30:00     quote 100.00 100.00 5 5
    09:30:00     quote BTCUSD 1000 1000 5 5
    09:30:01     buy a 1                     a PENDING_NEW; a NEW; a FILL 1 @ 100.00 taker
                                             fees 0.10
    09:30:02     buy b 1 of BTCUSD           b PENDING_NEW; b NEW; b FILL 1 @ 1000.00 taker
                                             fees 0.50
    09:30:03     buy c 1 @ 1000 of BTCUSD    c PENDING_NEW; c NEW; c FILL 1 @ 1000.00 taker
                                             fees 0.90; cash 97899.10
    """)


def test_what_is_held_is_for_the_charges_of_the_instrument() -> None:
    """Two limits of the same value hold what each may cost."""
    play("""
    given beside BTCUSD quotes; fee 10 / 10 bps; fee-of crypto_spot in USD : 0 / 0 bps
    time         what                        expect
    09:30:00     quote 100.00 100.00 5 5
    09:30:00     quote BTCUSD 100 100 5 5
    09:30:01     buy a 1 @ 90                a PENDING_NEW; a NEW; held 90.09
    09:30:02     buy b 1 @ 90 of BTCUSD      b PENDING_NEW; b NEW; held 180.09
    """)


def test_the_first_group_that_fits_counts() -> None:
    """A pair that is named trades without a charge, others of its kind do not."""
    play("""
    given BTCUSDT; beside BTXUSDT quotes; fee 10 / 10 bps
    given fee-of BTCUSDT : 0 / 0 bps; fee-of crypto_spot in USDT : 5 / 5 bps
    time         what                        expect
    09:30:00     quote 100.00 100.00 5 5
    09:30:00     quote BTXUSDT 100 100 5 5
    09:30:01     buy a 1                     a PENDING_NEW; a NEW; a FILL 1 @ 100.00 taker; fees 0
    09:30:02     buy b 1 of BTXUSDT          b PENDING_NEW; b NEW; b FILL 1 @ 100.00 taker
                                             fees 0.05
    """)


def test_tiers_of_a_group_may_go_by_all_that_the_account_trades() -> None:
    """1,000 of one pair on a day, and the other is cheaper on the next."""
    play("""
    given BTCUSDT; beside BTXUSDT quotes; fee 0 / 0 bps
    given fee-of BTXUSDT : tiers 0 10 / 10 1000 5 / 5
    time         what                        expect
    09:30:00     quote 1000.00 1000.00 5 5
    09:30:00     quote BTXUSDT 100 100 5 5
    09:30:01     buy a 1                     a PENDING_NEW; a NEW; a FILL 1 @ 1000.00 taker; fees 0
    09:30:02     buy b 1 of BTXUSDT          b PENDING_NEW; b NEW; b FILL 1 @ 100.00 taker; fees 0.1
    2024-01-03
    09:30:00     quote BTXUSDT 100 100 5 5
    09:30:01     buy c 1 of BTXUSDT          c PENDING_NEW; c NEW; c FILL 1 @ 100.00 taker
                                             fees 0.15
    """)


def test_tiers_of_a_group_may_go_by_what_is_traded_in_it() -> None:
    """The same trades, and of the group only 100 were traded."""
    play("""
    given BTCUSDT; beside BTXUSDT quotes; fee 0 / 0 bps
    given fee-of BTXUSDT : tiers 0 10 / 10 100 8 / 8 1000 5 / 5; volume group
    time         what                        expect
    09:30:00     quote 1000.00 1000.00 5 5
    09:30:00     quote BTXUSDT 100 100 5 5
    09:30:01     buy a 1                     a PENDING_NEW; a NEW; a FILL 1 @ 1000.00 taker; fees 0
    09:30:02     buy b 1 of BTXUSDT          b PENDING_NEW; b NEW; b FILL 1 @ 100.00 taker; fees 0.1
    2024-01-03
    09:30:00     quote BTXUSDT 100 100 5 5
    09:30:01     buy c 1 of BTXUSDT          c PENDING_NEW; c NEW; c FILL 1 @ 100.00 taker
                                             fees 0.18
    """)


def test_a_pair_trades_without_a_charge_for_some_hours() -> None:
    """From noon until the next day; what rested is charged at the moment of its fill."""
    play("""
    given BTCUSDT; fee 10 / 10 bps from 2024-01-02T12:00Z 0 / 0 from 2024-01-03 2 / 4
    time         what                        expect
    11:59:59     quote 100.00 100.00 5 5
    11:59:59     buy a 1                     a PENDING_NEW; a NEW; a FILL 1 @ 100.00 taker; fees 0.1
    11:59:59.5   buy b 1 @ 99                b PENDING_NEW; b NEW; held 99.099
    12:00:00     quote 98.00 98.50 5 5       b FILL 1 @ 99.00 maker; fees 0.1; held 0
    12:00:01     buy c 1                     c PENDING_NEW; c NEW; c FILL 1 @ 98.50 taker; fees 0.1
    2024-01-03
    00:00:00     quote 100.00 100.00 5 5
    00:00:01     buy d 1                     d PENDING_NEW; d NEW; d FILL 1 @ 100.00 taker
                                             fees 0.14
    """)
