"""Charges of other kinds, slippage, other currencies, and when money is asked for."""

from tests.scenarios.stage import play


def test_a_charge_per_unit_keeps_within_its_bounds() -> None:
    """A cent a share, at least 0.35 an order, at most one per cent of its value."""
    play("""
    given fee 0.01 per unit least 0.35 most 1%
    time         what                        expect
    09:30:00     quote 100.00 100.00 100 100
    09:30:01     buy a 100                   a PENDING_NEW; a NEW; a FILL 100 @ 100.00 taker
                                             fees 1
    09:30:02     quote 100.00 100.00 100 200
    09:30:03     buy b 1                     b PENDING_NEW; b NEW; b FILL 1 @ 100.00 taker
                                             fees 1.35
    09:30:04     quote 0.50 0.50 100 100
    09:30:05     buy c 10                    c PENDING_NEW; c NEW; c FILL 10 @ 0.50 taker
                                             fees 1.40
    """)


def test_the_minimum_is_for_the_order_not_for_each_fill() -> None:
    """The second fill pays only what goes beyond it."""
    play("""
    given fee 0.10 per unit least 0.35
    time         what                      expect
    09:30:00     quote 99.00 100.00 100 2
    09:30:01     buy a 4 @ 100             a PENDING_NEW; a NEW; a TRADE 2 @ 100.00 taker; fees 0.35
    09:30:02     quote 99.00 100.00 100 9  a FILL 2 @ 100.00 taker; fees 0.40
    """)


def test_several_charges_are_added_exactly_and_rounded_once() -> None:
    """0.70 a share's worth and 0.003 basis points' make 0.703."""
    play("""
    given fee 0.35 per unit + 0 / 0.15 bps
    time         what                        expect
    09:30:00     quote 100.00 100.00 100 100
    09:30:01     buy a 2                     a PENDING_NEW; a NEW; a FILL 2 @ 100.00 taker
                                             fees 0.71; cash 99799.29
    """)


def test_a_maker_is_paid_a_rebate() -> None:
    """Rounded down to the cent; what is held does not count on it."""
    play("""
    given fee -2 / 5 bps; cash 1000
    time         what                      expect
    09:30:00     quote 99.00 101.00 50 50
    09:30:01     buy a 3 @ 100             a PENDING_NEW; a NEW; held 300.15
    09:30:02     quote 99.00 100.00 50 50  a FILL 3 @ 100.00 maker; fees -0.06; cash 700.06; held 0
    """)


def test_charges_can_be_rounded_fill_by_fill() -> None:
    """Three times half a cent, each rounded up."""
    play("""
    given fee 10 / 10 bps; rounds per_fill_half_up
    time         what                    expect
    09:30:00     quote 4.00 5.00 5 1
    09:30:01     buy a 2 @ 5             a PENDING_NEW; a NEW; a TRADE 1 @ 5.00 taker; fees 0.01
    09:30:02     quote 4.00 5.00 5 2     a FILL 1 @ 5.00 taker; fees 0.02
    """)


def test_a_market_order_slips_on_bars_within_their_range() -> None:
    """Ten basis points of 100 are ten cents; the second bar ends at 100.05."""
    play("""
    given slip 10 bps; bars 1m
    time         what                           expect
    09:31:00     bar 100 101 99 100 900
    09:31:00     buy a 3                        a PENDING_NEW; a NEW
    09:32:00     bar 100 101 99 100 900         a FILL 3 @ 100.10 taker
    09:32:00     buy b 3                        b PENDING_NEW; b NEW
    09:33:00     bar 100 100.05 99 100 900      b FILL 3 @ 100.05 taker
    09:33:00     buy c 3 @ 99.50                c PENDING_NEW; c NEW
    09:34:00     bar 100 100 99 99 900          c FILL 3 @ 99.50 maker
    """)


def test_a_share_of_an_assumed_spread_is_a_half_spread_each_way() -> None:
    """And a limit is never passed."""
    play("""
    given slip 0.5 of 0.06; bars 1m
    time         what                        expect
    09:31:00     bar 100 101 99 100 900
    09:31:00     buy a 3                     a PENDING_NEW; a NEW
    09:32:00     bar 100 101 99 100 900      a FILL 3 @ 100.03 taker
    09:32:00     sell b 1                    b PENDING_NEW; b NEW
    09:32:00     sell c 1 @ 99.98            c PENDING_NEW; c NEW
    09:33:00     bar 100 101 99 100 900      b FILL 1 @ 99.97 taker; c FILL 1 @ 99.98 taker
    """)


def test_quotes_slip_only_where_that_is_asked_for() -> None:
    """Then the price is worse than what was shown."""
    play("""
    given slip 10 bps on quotes
    time         what                      expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:01     buy a 3                   a PENDING_NEW; a NEW; a FILL 3 @ 100.10 taker
    """)
    play("""
    given slip 10 bps
    time         what                      expect
    09:30:00     quote 99.98 100.00 50 50
    09:30:01     buy a 3                   a PENDING_NEW; a NEW; a FILL 3 @ 100.00 taker
    """)


def test_a_fill_in_another_currency_is_converted_at_the_stated_rate() -> None:
    """A dollar is 0.90 francs; the charge of 0.31 dollars is 0.279 francs."""
    play("""
    given in CHF; rate USD 0.9; fee 10 / 10 bps; cash 1000
    time         what                      expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 3 @ 100.02          a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
                                           cash 729.667; fees 0.279; equity 999.694
    09:30:02     buy b 9 @ 100.02          b DENIED INSUFFICIENT_BUYING_POWER
    09:30:03     quote 110.00 110.02 50 50
    09:30:04     sell c 3                  c PENDING_NEW; c NEW; c FILL 3 @ 110.00 taker
                                           realized 26.946; fees 0.576; cash 1026.370
    """)


def test_a_balance_of_its_own_pays_in_that_currency() -> None:
    """Francs stay as they are."""
    play("""
    given in CHF; rate USD 0.9; own USD 500; cash 1000
    time         what                      expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 6 @ 100             a DENIED INSUFFICIENT_BUYING_POWER
    09:30:02     buy b 5 @ 100             b PENDING_NEW; b NEW; b FILL 5 @ 100.00 taker
                                           cash 1000; equity 1450
    """)


def test_margin_of_another_currency_is_counted_in_the_accounts() -> None:
    """Ten shares short at 100 dollars bind 450 francs."""
    play("""
    given in CHF; rate USD 0.9; margin 2x; cash 1000
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
                                            cash 1900; equity 1000; used 450; power 1100
    09:30:02     quote 190.00 190.00 50 50  MARGIN CALL 190 of 427.5; S-2 PENDING_NEW; S-2 NEW
                                            S-2 FILL 10 @ 190.00 taker; MARGIN RESTORED
                                            cash 190; realized -810
    """)


def test_with_the_check_at_the_fill_cash_is_asked_for_then() -> None:
    """Two orders for the same cash are both taken; the second is canceled."""
    play("""
    given cash 500; check fill
    time         what                      expect
    09:30:00     quote 100.00 101.00 50 50
    09:30:01     buy a 4 @ 100             a PENDING_NEW; a NEW; held 0
    09:30:02     buy b 4 @ 99              b PENDING_NEW; b NEW; held 0
    09:30:03     sell c 5 @ 99             c PENDING_NEW; c NEW; c CANCELED INSUFFICIENT_HOLDINGS
    09:30:04     quote 98.00 99.00 50 50   a FILL 4 @ 100.00 maker
                                           b CANCELED INSUFFICIENT_BUYING_POWER; cash 100
    """)


def test_whole_shares_only() -> None:
    """Whatever fraction the market itself would take."""
    play("""
    given BTCUSDT; whole
    time         what                      expect
    09:30:00     quote 100.00 100.00 5 2.5
    09:30:01     buy a 1.5                 a PENDING_NEW; a REJECTED LOT_SIZE
    09:30:02     buy b 3                   b PENDING_NEW; b NEW; b TRADE 2 @ 100.00 taker
    """)
