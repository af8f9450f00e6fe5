"""Borrow fees and interest: what holding costs and brings, day by day."""

from tests.scenarios.stage import play


def test_a_borrowed_share_costs_a_share_of_its_value_each_day() -> None:
    """36 % of 1,000 a year of 360 days is one a day."""
    play("""
    given hours 24/7; margin 2x; cash 10000; borrow XYZ 0.36; borrow XYZ 0.72 2024-01-03
    time         what                       expect
    09:30:00     quote 99.98 100.02 50 50
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 99.98 taker
                                            equity 9999.80
    2024-01-03
    00:00:00     -                          borrow_fee -2 for 1d; equity 9997.80; cash 10999.80
    09:30:00     quote 109.98 110.02 50 50
    2024-01-04
    00:00:00     -                          borrow_fee -2.2 for 1d; equity 9895.60
    """)


def test_a_fee_may_be_on_the_collateral() -> None:
    """102 % of 9.61 is 9.8022 and so 10 a share; of 9.81 it is 10.0062, and so 11. A share of ten
    cents is lent as one of a dollar (Interactive Brokers, Borrow Fee Details)."""
    play("""
    given hours 24/7; margin 2x; cash 10000; borrow XYZ 0.36; lent collateral
    time         what                       expect
    09:30:00     quote 9.60 9.62 500 500
    09:30:01     sell a 100                 a PENDING_NEW; a NEW; a FILL 100 @ 9.60 taker
    2024-01-03
    00:00:00     -                          borrow_fee -1 for 1d
    09:30:00     quote 9.80 9.82 50 50
    2024-01-04
    00:00:00     -                          borrow_fee -1.1 for 1d
    09:30:00     quote 0.10 0.10 50 50
    2024-01-05
    00:00:00     -                          borrow_fee -0.1 for 1d
    """)


def test_a_weekend_costs_three_days() -> None:
    """From the close of Friday to that of Monday; the month ends on its last trading day."""
    play("""
    given hours XNYS; margin 2x; cash 10000; borrow XYZ 0.36
    time         what                       expect
    2024-01-26
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    21:00:00     -                          borrow_fee -3 for 3d; cash 11000
    2024-01-29
    21:00:00     -                          borrow_fee -1 for 1d
    2024-01-30
    21:00:00     -                          borrow_fee -1 for 1d; cash 11000
    2024-01-31
    21:00:00     -                          borrow_fee -1 for 1d; interest paid -6
                                            cash 10994; equity 9994
    """)


def test_cash_earns_and_debt_costs() -> None:
    """What a short sale brings earns nothing."""
    play("""
    given hours 24/7; margin 4x; cash 1000; interest USD 0.036 0.072
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    2024-01-03
    00:00:00     -                          interest 0.1 for 1d; equity 1000.10
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    2024-01-04
    00:00:00     -                          interest 0.1 for 1d; equity 1000.20
    09:30:01     buy b 30                   b PENDING_NEW; b NEW; b FILL 30 @ 100.00 taker
                                            pos 20; cash -3000
    2024-01-05
    00:00:00     -                          interest -0.2 for 1d; equity 1000
    """)


def test_less_than_a_cent_waits_for_the_next_month() -> None:
    """What is booked is whole cents, against the account."""
    play("""
    given hours 24/7; cash 1; interest USD 0.036 0.036
    time         what                       expect
    2024-01-31
    09:30:00     quote 100.00 100.00 50 50
    2024-02-01
    00:00:00     -                          interest 0.0001 for 1d; cash 1
    """)


def test_what_cannot_be_borrowed_is_not_sold_short() -> None:
    """Selling what is held is no short sale; a sell beyond it is."""
    play("""
    given hours 24/7; margin 2x; cash 10000; borrow XYZ none
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 1                   a DENIED NOT_BORROWABLE
    09:30:02     buy b 10                   b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
    09:30:03     sell c 4 @ 110             c PENDING_NEW; c NEW
    09:30:04     sell d 7 @ 110             d DENIED NOT_BORROWABLE
    09:30:05     replace c 11               c replace DENIED NOT_BORROWABLE
    09:30:06     replace c 10               c PENDING_REPLACE; c REPLACED 10 @ 110.00 at the back
    09:30:07     sell e 1 @ 110 reduce      e PENDING_NEW; e NEW
    """)


def test_shares_that_are_not_listed_may_be_denied() -> None:
    """A hard-to-borrow list may say what there is, or what there is not; and from when."""
    play("""
    given hours 24/7; margin 2x; cash 10000; unlisted deny; borrow XYZ 0.1 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     sell a 1                   a DENIED NOT_BORROWABLE
    2024-01-03
    09:30:01     sell b 1                   b PENDING_NEW; b NEW; b FILL 1 @ 100.00 taker
    """)


def test_an_order_holds_nothing_where_interest_took_the_cash() -> None:
    """300.10 are booked at the end of January, when 100 are left: what a split adjusts then holds
    nothing, and not less."""
    play("""
    given hours 24/7; cash 100000; interest USD -0.36 0.36; action split 2:1 ex 2024-02-02
    time         what                         expect
    2024-01-28
    09:30:00     quote 100.00 100.00 999 999
    2024-01-29
    00:00:00     -                            ...
    2024-01-30
    00:00:00     -                            ...
    09:30:00     quote 100.00 100.00 999 999
    09:30:01     buy a 999 @ 100              a PENDING_NEW; a NEW; a FILL 999 @ 100.00 taker
                                              cash 100
    09:30:02     buy b 10 @ 50 reduce         b PENDING_NEW; b NEW; held 0
    2024-01-31
    00:00:00     -                            ...; cash -200.10
    2024-02-01
    00:00:00     -                            ...
    2024-02-02
    00:00:00     -                            SPLIT 2:1; b ADJUSTED 20 @ 25.00; ...; held 0
    """)
