"""Orders across splits and dividends: triggered, without what waited for them, at an old close."""

from tests.scenarios.stage import play


def test_a_stop_to_buy_that_was_triggered_is_a_limit_at_a_dividend() -> None:
    """It falls with the others, for the share it was meant for is worth less."""
    play("""
    given hours 24/7; action dividend 0.25 ex 2024-01-03
    time         what                             expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 5 @ 99 stop 101            a PENDING_NEW; a NEW stop 101.00
    09:30:02     quote 101.00 101.00 50 50        a TRIGGERED at 101.00
    2024-01-03
    00:00:00     -                                a ADJUSTED 5 stop 101.00 @ 98.75
    """)


def test_an_entry_for_which_nothing_waits_any_more_is_adjusted_like_others() -> None:
    """Its exits were taken back before the split."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     oto buy a 5 @ 90           a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / sell b 5 @ 110 reduce
    09:30:02     cancel b                   b PENDING_CANCEL; b CANCELED REQUESTED
    2024-01-03
    00:00:00     -                          SPLIT 2:1; a ADJUSTED 10 @ 45.00
    """)


def test_an_order_on_its_way_of_which_a_split_leaves_no_whole_lot_ends() -> None:
    """It would have been refused on arrival; as an order for nothing it would not."""
    play("""
    given hours 24/7; lot 10; latency 2s 0s; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    2024-01-02
    23:59:59     buy a 4 @ 90               a PENDING_NEW
    23:59:59     buy b 10 @ 90              b PENDING_NEW
    2024-01-03
    00:00:00     -                          SPLIT 2:1; a CANCELED CORPORATE_ACTION
                                            b ADJUSTED 20 @ 45.00
    00:00:01     -                          b NEW
    """)


def test_the_close_of_a_bar_before_a_split_is_over() -> None:
    """Also of one that ended as the split took effect."""
    play("""
    given bars 1m; share 1; fills this_close; action split 2:1 ex 2024-01-02T14:31:00Z
    time         what                       expect
    14:30:00     bar 100 101 99 100 50
    14:31:00     bar 100 101 99 100 50      SPLIT 2:1
    14:31:10     buy a 3                    a PENDING_NEW; a NEW
    """)


def test_an_order_that_waits_for_one_of_another_instrument_has_its_share_of_the_new_quantity() -> (
    None
):
    """Its own shares split while it waits, and what it is released with are such shares."""
    play("""
    given hours 24/7; beside BTCUSD quotes; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:00     quote BTCUSD 20 21 50 50
    09:30:01     oto buy a 4 @ 19 of BTCUSD  a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 6 @ 98
    2024-01-03
    00:00:00     -                           SPLIT 2:1; b ADJUSTED 12 @ 49.00
    00:00:01     quote BTCUSD 18 19 50 2     a TRADE 2 @ 19.00 maker; b RELEASED 6
    00:00:02     quote BTCUSD 18 19 50 9     a FILL 2 @ 19.00 maker; b RESTATED 12
    """)
