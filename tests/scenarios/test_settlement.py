"""Settlement dates in a cash account: when the money of a sale may be used."""

from tests.scenarios.stage import play


def test_proceeds_buy_nothing_before_they_settle() -> None:
    """T+1: before the next session opens."""
    play("""
    given hours XNYS; cash 1000; settles 1
    time         what                       expect
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy a 10                   a DENIED INSUFFICIENT_BUYING_POWER
    15:00:02     buy b 10 @ 100             b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker; cash 0
    15:00:03     sell c 10                  c PENDING_NEW; c NEW; c FILL 10 @ 100.00 taker
                                            1000 settles 2024-01-03 06:30:00; cash 1000
    15:00:04     buy d 5 @ 100              d DENIED UNSETTLED
    15:00:05     buy e 50 @ 100             e DENIED INSUFFICIENT_BUYING_POWER
    2024-01-03
    06:30:00     -                          1000 settled
    15:00:00     buy f 5 @ 100              f PENDING_NEW; f NEW
    15:00:01     quote 100.00 100.00 50 50  f FILL 5 @ 100.00 taker
    """)


def test_over_a_weekend_and_at_two_days() -> None:
    """Friday's sale settles on Tuesday at T+2; what is sold in parts settles in parts."""
    play("""
    given hours XNYS; cash 1000; settles 2
    time         what                       expect
    2024-01-05
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy b 9                    b PENDING_NEW; b NEW; b FILL 9 @ 100.00 taker
    15:00:02     sell c 4                   c PENDING_NEW; c NEW; c FILL 4 @ 100.00 taker
                                            400 settles 2024-01-09 06:30:00
    2024-01-08
    15:00:00     quote 99.00 99.00 50 50
    15:00:01     sell d 5                   d PENDING_NEW; d NEW; d FILL 5 @ 99.00 taker
                                            495 settles 2024-01-10 06:30:00
    15:00:02     buy e 1 @ 90               e PENDING_NEW; e NEW; held 90
    15:00:03     buy f 1 @ 90               f DENIED UNSETTLED
    2024-01-09
    06:30:00     -                          400 settled
    2024-01-10
    06:30:00     -                          495 settled
    """)


def test_no_sale_is_a_good_faith_violation() -> None:
    """Unsettled money buys; what it bought is held until it has settled."""
    play("""
    given hours XNYS; cash 1000; settles 1 good_faith
    time         what                       expect
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy a 10 @ 100             a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    15:00:02     sell b 10                  b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
                                            1000 settles 2024-01-03 06:30:00
    15:00:03     buy c 4 @ 100              c PENDING_NEW; c NEW; c FILL 4 @ 100.00 taker
                                            4 settles 2024-01-03 06:30:00; cash 600
    15:00:04     sell d 4                   d DENIED UNSETTLED
    15:00:05     sell e 5                   e DENIED INSUFFICIENT_HOLDINGS
    2024-01-03
    06:30:00     -                          1000 settled; 4 settled
    15:00:00     quote 101.00 101.00 50 50
    15:00:01     sell f 4                   f PENDING_NEW; f NEW; f FILL 4 @ 101.00 taker
                                            404 settles 2024-01-04 06:30:00
    """)


def test_settled_money_is_spent_first() -> None:
    """Only what goes beyond it is bought in good faith."""
    play("""
    given hours XNYS; cash 1000; settles 1 good_faith
    time         what                       expect
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy a 5 @ 100              a PENDING_NEW; a NEW; a FILL 5 @ 100.00 taker
    15:00:02     sell b 5                   b PENDING_NEW; b NEW; b FILL 5 @ 100.00 taker
                                            500 settles 2024-01-03 06:30:00
    15:00:03     buy c 5 @ 100              c PENDING_NEW; c NEW; c FILL 5 @ 100.00 taker
    15:00:04     sell d 5                   d PENDING_NEW; d NEW; d FILL 5 @ 100.00 taker
                                            500 settles 2024-01-03 06:30:00
    15:00:05     buy e 1 @ 100              e PENDING_NEW; e NEW; e FILL 1 @ 100.00 taker
                                            1 settles 2024-01-03 06:30:00
    """)


def test_a_dividend_is_money_that_has_settled() -> None:
    """It may be used when it is paid."""
    play("""
    given hours 24/7; cash 100; settles 1; action dividend 50 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 50.00 50.00 50 50
    09:30:01     buy a 2 @ 50               a PENDING_NEW; a NEW; a FILL 2 @ 50.00 taker
    09:30:02     sell b 1                   b PENDING_NEW; b NEW; b FILL 1 @ 50.00 taker
                                            50 settles 2024-01-03 00:00:00
    2024-01-03
    00:00:00     -                          dividend of 1 at 50: 50; 50 settled; dividend paid 50
    09:30:01     buy c 2 @ 50               c PENDING_NEW; c NEW; c FILL 2 @ 50.00 taker; cash 0
    """)


def test_a_stop_that_closes_positions_cannot_sell_what_has_not_settled() -> None:
    """What is left stays held, and the stop says that it is incomplete."""
    play("""
    given hours 24/7; cash 1000; settles 1 good_faith
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10 @ 100             a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     sell b 10                  b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
                                            1000 settles 2024-01-03 00:00:00
    09:30:03     buy c 4 @ 100              c PENDING_NEW; c NEW; c FILL 4 @ 100.00 taker
                                            4 settles 2024-01-03 00:00:00
    09:30:04     stop flatten within 1m     STOPPING until 09:31:04; S-4 PENDING_NEW; S-4 NEW
                                            S-4 CANCELED NOT_REDUCING; STOPPED flatten_incomplete
                                            pos 4
    """)


def test_a_reverse_split_leaves_less_than_has_not_settled() -> None:
    """All of it waits then, and no order holds less than nothing."""
    play("""
    given hours XNYS; cash 1100; settles 1 good_faith; action split 1:10 ex 2024-01-02T20:00:00Z
    time         what                       expect
    15:00:00     quote 10.00 10.00 500 500
    15:00:01     buy a 100                  a PENDING_NEW; a NEW; a FILL 100 @ 10.00 taker
    15:00:02     sell b 100                 b PENDING_NEW; b NEW; b FILL 100 @ 10.00 taker
                                            1000 settles 2024-01-03 06:30:00
    15:00:03     buy c 100 @ 10             c PENDING_NEW; c NEW; c FILL 100 @ 10.00 taker
                                            100 settles 2024-01-03 06:30:00
    20:00:00     -                          SPLIT 1:10; 100 settled
                                            10 settles 2024-01-03 06:30:00; pos 10
    20:00:01     quote 100.00 100.00 50 50
    20:00:02     sell d 5 reduce            d DENIED UNSETTLED; held 0
    2024-01-03
    06:30:00     -                          1000 settled; 10 settled
    20:00:02     sell e 10 @ 100            e PENDING_NEW; e NEW
    """)


def test_after_a_reverse_split_no_more_is_unsettled_than_there_is() -> None:
    """What a refusal calls unsettled is there, and only has to be awaited."""
    play("""
    given hours XNYS; cash 1000; settles 1 good_faith; action split 1:5 ex 2024-01-02T15:30:00Z
    time         what                       expect
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy a 10 @ 100             a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    15:00:02     sell b 10                  b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
                                            1000 settles 2024-01-03 06:30:00
    15:00:03     buy c 10 @ 100             c PENDING_NEW; c NEW; c FILL 10 @ 100.00 taker
                                            10 settles 2024-01-03 06:30:00
    15:30:00     -                          SPLIT 1:5; 10 settled
                                            2 settles 2024-01-03 06:30:00; pos 2
    15:30:01     sell d 2                   d DENIED UNSETTLED
    15:30:02     sell e 5                   e DENIED INSUFFICIENT_HOLDINGS
    """)


def test_shares_that_wait_go_on_waiting_after_a_split() -> None:
    """All of what they have become, and no more."""
    play("""
    given hours XNYS; cash 1000; settles 1 good_faith; action split 3:1 ex 2024-01-02T20:00:00Z
    time         what                       expect
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy a 10 @ 100             a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    15:00:02     sell b 10                  b PENDING_NEW; b NEW; b FILL 10 @ 100.00 taker
                                            1000 settles 2024-01-03 06:30:00
    15:00:03     buy c 4 @ 100              c PENDING_NEW; c NEW; c FILL 4 @ 100.00 taker
                                            4 settles 2024-01-03 06:30:00
    20:00:00     -                          SPLIT 3:1; 4 settled
                                            12 settles 2024-01-03 06:30:00; pos 12
    20:00:01     quote 33.00 33.00 50 50
    20:00:02     sell d 5                   d DENIED UNSETTLED
    2024-01-03
    06:30:00     -                          1000 settled; 12 settled
    15:00:00     quote 33.00 33.00 50 50
    15:00:01     sell e 12                  e PENDING_NEW; e NEW; e FILL 12 @ 33.00 taker
                                            396 settles 2024-01-04 06:30:00
    """)


def test_what_trades_in_the_last_bar_of_a_day_is_of_that_day() -> None:
    """A bar's trades are told at its end, which is the close: Friday's sale settles before Monday's
    session at T+1, and buys in it."""
    play("""
    given hours XNYS; cash 1000; settles 1; collar 0; bars 1d; rows bars; share 1; latency 0 0
    time         what                       expect
    2024-06-12
    20:00:00     bar 100 100 100 100 500
    20:00:00     buy a 10                   a PENDING_NEW; a NEW
    2024-06-13
    20:00:00     bar 100 100 100 100 500    a FILL 10 @ 100.00 taker
    20:00:00     sell b 10                  b PENDING_NEW; b NEW
    2024-06-14
    20:00:00     bar 100 100 100 100 500    b FILL 10 @ 100.00 taker
                                            1000 settles 2024-06-17 05:30:00
    20:00:00     buy c 10                   c DENIED UNSETTLED
    2024-06-17
    05:30:00     -                          1000 settled
    20:00:00     bar 100 100 100 100 500
    20:00:00     buy d 10                   d PENDING_NEW; d NEW
    """)
