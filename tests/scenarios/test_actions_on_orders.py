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


def test_a_parent_that_is_split_gives_orders_of_another_instrument_their_share_of_it() -> None:
    """Four of ten had traded, so four of ten coins are bought; each two new shares give another."""
    play("""
    given hours 24/7; beside BTCUSD quotes; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:00     quote BTCUSD 20 21 50 50
    09:30:01     oto buy a 10 @ 98           a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 10 @ 19 of BTCUSD
    09:30:02     quote 97.00 98.00 50 4      a TRADE 4 @ 98.00 maker; b RELEASED 4
    2024-01-03
    00:00:00     -                           SPLIT 2:1; a ADJUSTED 16 @ 49.00
    00:00:01     quote 48.00 49.00 50 6      a TRADE 6 @ 49.00 maker; b RESTATED 7
    00:00:02     quote 48.00 49.00 50 50     a FILL 6 @ 49.00 maker; b RESTATED 10
    """)


def test_a_split_parent_goes_on_while_another_instruments_order_waits_for_it() -> None:
    """Nothing that waits was meant for the shares as they were."""
    play("""
    given hours 24/7; beside BTCUSD quotes; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:00     quote BTCUSD 20 21 50 50
    09:30:01     oto buy a 10 @ 98           a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 5 @ 19 of BTCUSD
    2024-01-03
    00:00:00     -                           SPLIT 2:1; a ADJUSTED 20 @ 49.00
    00:00:01     quote 48.00 49.00 50 8      a TRADE 8 @ 49.00 maker; b RELEASED 2
    00:00:02     quote 48.00 49.00 50 50     a FILL 12 @ 49.00 maker; b RESTATED 5
    """)


def test_an_order_that_is_split_after_its_first_share_has_the_others_in_new_ones() -> None:
    """Three of six old shares worked and are six new ones; the other half is six new ones too."""
    play("""
    given hours 24/7; beside BTCUSD quotes; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:00     quote BTCUSD 20 21 50 50
    09:30:01     oto buy a 4 @ 19 of BTCUSD  a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / buy b 6 @ 98
    09:30:02     quote BTCUSD 18 19 50 2     a TRADE 2 @ 19.00 maker; b RELEASED 3
    2024-01-03
    00:00:00     -                           SPLIT 2:1; b ADJUSTED 6 @ 49.00
    00:00:01     quote BTCUSD 18 19 50 9     a FILL 2 @ 19.00 maker; b RESTATED 12
    """)


def test_both_of_a_list_of_one_instrument_are_split_together() -> None:
    """What each gives and gets is in new shares from then on."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     oto buy a 10 @ 98           a PENDING_NEW; b PENDING_NEW; a NEW; b HELD
                 / sell b 10 @ 120 reduce
    09:30:02     quote 97.00 98.00 50 4      a TRADE 4 @ 98.00 maker; b RELEASED 4
    2024-01-03
    00:00:00     -                           SPLIT 2:1; a ADJUSTED 16 @ 49.00
                                             b ADJUSTED 8 @ 60.00
    00:00:01     quote 48.00 49.00 50 50     a FILL 12 @ 49.00 maker; b RESTATED 20
    """)


def test_a_trailing_stop_that_was_triggered_before_a_split_is_told_in_new_shares() -> None:
    """Where it was triggered as what it is still for; new terms after the split leave that as it
    is, and a stop to sell is rounded down to a tick."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 5                     a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 trail 4            b PENDING_NEW; b NEW stop 96.00
    09:30:03     quote 109.99 110.01 50 50
    09:30:04     quote 105.00 105.02 2 50    b TRIGGERED at 105.99; b TRADE 2 @ 105.00 taker
    2024-01-03
    00:00:00     -                           SPLIT 2:1; b ADJUSTED 8 stop 52.99; pos 6
    00:00:01     replace b 7                 b PENDING_REPLACE; b REPLACED 7 stop 52.99 in place
    00:00:02     quote 52.00 52.02 50 50     b FILL 5 @ 52.00 taker; pos 1
    """)


def test_a_trailing_stop_that_has_moved_is_told_where_it_stands_after_a_split() -> None:
    """Not where it began: the market has risen by ten since, and the stop with it."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                        expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 5                     a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 trail 4            b PENDING_NEW; b NEW stop 96.00
    09:30:03     quote 110.00 110.02 50 50
    2024-01-03
    00:00:00     -                           SPLIT 2:1; b ADJUSTED 10 stop 53.00; pos 10
    00:00:01     quote 53.01 53.02 50 50
    00:00:02     quote 53.00 53.02 50 50     b TRIGGERED at 53.00; b FILL 10 @ 53.00 taker
    """)
