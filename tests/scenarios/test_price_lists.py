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


def test_nothing_is_held_for_rates_that_are_over() -> None:
    """The dearest are to come at first, and over in the end."""
    play("""
    given BTCUSDT; fee 5 / 5 bps from 2024-01-02T12:00Z 10 / 10 from 2024-01-02T13:00Z 2 / 2
    time         what                        expect
    11:59:59     quote 100.00 100.00 5 5
    11:59:59     buy a 1 @ 90                a PENDING_NEW; a NEW; held 90.09
    12:00:01     buy b 1 @ 90                b PENDING_NEW; b NEW; held 180.18
    13:00:00     buy c 1 @ 90                c PENDING_NEW; c NEW; held 270.198
    """)


def test_a_least_and_a_most_of_several_charges_are_for_the_order() -> None:
    """A commission and a clearing fee, together at least 1 an order: 10 shares cost 0.04, and the
    minimum is paid with the first fill of three."""
    play("""
    given fee [ 0.003 per unit + 0.001 per unit ] least 1 most 1%
    time         what                        expect
    09:30:00     quote 100.00 100.00 5 4
    09:30:01     buy a 10 @ 100              a PENDING_NEW; a NEW; a TRADE 4 @ 100.00 taker
                                             fees 1; held 600
    09:30:02     quote 100.00 100.00 5 8     a TRADE 4 @ 100.00 taker; fees 1; held 200
    09:30:03     quote 100.00 100.00 5 12    a FILL 2 @ 100.00 taker; fees 1; cash 98999
    """)


def test_what_is_passed_on_comes_on_top_of_the_bounds() -> None:
    """1 % of 20 is 0.20, less than the least, and the most wins; 0.03 are outside."""
    play("""
    given fee [ 0.0035 per unit ] least 0.35 most 1% + 0.003 per unit; check fill
    time         what                        expect
    09:30:00     quote 2.00 2.00 5 10
    09:30:01     buy a 10                    a PENDING_NEW; a NEW; a FILL 10 @ 2.00 taker; fees 0.23
    09:30:02     quote 100.00 100.00 5 10
    09:30:03     buy b 10                    b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
                                             fees 0.61
    """)


def test_bounds_hold_over_rates_that_change_while_an_order_is_filled() -> None:
    """100 at 20 basis points are 0.20, and of 1,000 without a charge there comes no more; but as
    the value grows the least of 0.1 % of it does: 1.10 of 1,100."""
    play("""
    given BTCUSDT; fee [ 20 / 20 bps from 2024-01-03 0 / 0 ] least 0.1% most 5
    time         what                        expect
    23:59:58     quote 100.00 100.00 5 1
    23:59:59     buy a 11 @ 100              a PENDING_NEW; a NEW; a TRADE 1 @ 100.00 taker
                                             fees 0.2
    2024-01-03
    00:00:01     quote 100.00 100.00 5 2     a TRADE 1 @ 100.00 taker; fees 0.2
    00:00:02     quote 100.00 100.00 5 11    a FILL 9 @ 100.00 taker; fees 1.1
    """)


def test_a_most_holds_for_what_tiers_make_cheaper() -> None:
    """20 basis points, at most 1.50 an order: what was charged before the tier changed counts."""
    play("""
    given BTCUSDT; fee [ tiers 0 20 / 20 500 10 / 10 ] most 1.50
    time         what                        expect
    23:59:58     quote 100.00 100.00 5 5
    23:59:59     buy a 20 @ 100              a PENDING_NEW; a NEW; a TRADE 5 @ 100.00 taker; fees 1
    2024-01-03
    00:00:01     quote 100.00 100.00 5 9     a TRADE 4 @ 100.00 taker; fees 1.4
    00:00:02     quote 100.00 100.00 5 13    a TRADE 4 @ 100.00 taker; fees 1.5
    00:00:03     quote 100.00 100.00 5 20    a FILL 7 @ 100.00 taker; fees 1.5; cash 97998.5
    """)
