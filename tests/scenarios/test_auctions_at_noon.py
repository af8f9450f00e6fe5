"""Auctions at a break at noon: Tokyo's sessions have them at both ends, Hong Kong's have none."""

from tests.scenarios.stage import play


def test_in_tokyo_an_order_for_the_close_is_for_that_of_the_morning() -> None:
    """Sent before noon, it is for the auction at 11:30; in the afternoon, for that at 15:00."""
    play("""
    given hours XTKS; rows trades; marked; cutoff 0 0; margin 2x
    time         what                     expect
    01:00:00     print 100 5
    01:00:01     buy a 3 CLS              a PENDING_NEW; a NEW for 02:30:00
    02:30:00     print 101 9 closing      a FILL 3 @ 101.00 taker
    03:30:00     print 102 9 opening
    03:30:01     sell b 3 CLS             b PENDING_NEW; b NEW for 06:00:00
    06:00:00     print 103 9 closing      b FILL 3 @ 103.00 taker; pos 0
    """)


def test_in_tokyo_an_order_for_the_opening_is_for_that_of_the_afternoon() -> None:
    """Sent in the morning or in the break; a day order lasts over it and ends with the day."""
    play("""
    given hours XTKS; rows trades; marked; cutoff 0 0
    time         what                     expect
    01:00:00     print 100 5
    01:00:01     buy a 1 OPG              a PENDING_NEW; a NEW for 03:30:00
    01:00:02     buy d 1 @ 50 DAY         d PENDING_NEW; d NEW until 06:00:00
    02:45:00     buy b 2 OPG              b PENDING_NEW; b NEW for 03:30:00
    03:30:00     print 102 9 opening      a FILL 1 @ 102.00 taker; b FILL 2 @ 102.00 taker; pos 3
    03:30:01     buy e 1 OPG              e PENDING_NEW; e NEW for 2024-01-03 00:00:00
    06:00:00                              d EXPIRED
    """)


def test_where_no_price_comes_an_order_ends_with_its_part_of_the_day() -> None:
    """One for an opening at the close of that part, one for a close at the next opening."""
    play("""
    given hours XTKS; rows trades; marked; cutoff 0 0
    time         what                     expect
    01:00:00     print 100 5
    01:00:01     buy a 1 CLS              a PENDING_NEW; a NEW for 02:30:00
    01:00:02     buy b 1 OPG              b PENDING_NEW; b NEW for 03:30:00
    03:30:00     print 102 9              a EXPIRED
    06:00:00                              b EXPIRED
    """)


def test_the_cutoff_holds_before_each_of_them() -> None:
    """Ten minutes before the close of the morning no order for it is taken or canceled."""
    play("""
    given hours XTKS; rows trades; marked; cutoff 2m 10m
    time         what                     expect
    01:00:00     print 100 5
    01:00:01     buy a 1 CLS              a PENDING_NEW; a NEW for 02:30:00
    02:20:00     buy b 1 CLS              b PENDING_NEW; b REJECTED AUCTION_CUTOFF
    02:20:01     cancel a                 a PENDING_CANCEL; a cancel REJECTED AUCTION_CUTOFF
    02:30:00     print 101 9 closing      a FILL 1 @ 101.00 taker
    """)


def test_bars_that_begin_and_end_at_the_break_show_its_auctions() -> None:
    """The close of the morning's last bar, the open of the afternoon's first."""
    play("""
    given bars 30m; hours XTKS; cutoff 0 0
    time         what                              expect
    01:00:00     bar 100 100 100 100 500
    01:00:00     buy a 1 CLS                       a PENDING_NEW; a NEW for 02:30:00
    01:00:00     buy b 1 OPG                       b PENDING_NEW; b NEW for 03:30:00
    02:30:00     bar 101 103 99 102 500            a FILL 1 @ 102.00 taker
    04:00:00     bar 104 105 103 105 500           b FILL 1 @ 104.00 taker
    """)


def test_bars_of_a_day_show_the_auctions_of_the_day_alone() -> None:
    """So orders go by these."""
    play("""
    given bars 1d; hours XTKS; cutoff 0 0
    time         what                                 expect
    06:00:00     bar from 00:00:00 100 105 95 101 500
    2024-01-03
    00:30:00     buy a 1 CLS                          a PENDING_NEW
                                                      a NEW for 06:00:00
    00:30:01     buy b 1 OPG                          b PENDING_NEW
                                                      b NEW for 2024-01-04 00:00:00
    06:00:00     bar from 00:00:00 102 105 95 99 500  a FILL 1 @ 99.00 taker
    """)


def test_a_bar_of_a_day_that_begins_at_noon_shows_no_opening() -> None:
    """Its open is a price of the day that goes on after the break; its close one of the next."""
    play("""
    given bars 1d; hours XTKS; cutoff 0 0
    time         what                     expect
    03:00:00     bar 100 105 95 101 500
    03:00:00     buy a 1 OPG              a PENDING_NEW; a NEW for 2024-01-03 00:00:00
    2024-01-03
    03:00:00     bar 102 105 95 99 500
    06:00:00                              a EXPIRED
    """)


def test_in_hong_kong_the_break_has_none() -> None:
    """Orders go by the whole day."""
    play("""
    given hours XHKG; rows trades; marked; cutoff 0 0
    time         what                     expect
    02:00:00     print 100 5
    02:00:01     buy a 1 CLS              a PENDING_NEW; a NEW for 08:00:00
    02:00:02     buy b 1 OPG              b PENDING_NEW; b NEW for 2024-01-03 01:30:00
    05:00:00     print 101 9
    08:00:00     print 102 9 closing      a FILL 1 @ 102.00 taker
    """)


def test_the_rule_can_be_another_than_that_of_the_calendar() -> None:
    """Only an opening after the break: what is for the close waits for that of the day."""
    play("""
    given hours XHKG; rows trades; marked; noon open
    time         what                     expect
    02:00:00     print 100 5
    02:00:01     buy a 1 CLS              a PENDING_NEW; a NEW for 08:00:00
    02:00:02     buy b 1 OPG              b PENDING_NEW; b NEW for 05:00:00
    05:00:00     print 101 9 opening      b FILL 1 @ 101.00 taker
    08:00:00     print 102 9 closing      a FILL 1 @ 102.00 taker
    """)


def test_tokyo_may_be_traded_as_if_its_break_had_none() -> None:
    """As brokers do it that let an order for the close be one for the end of the day."""
    play("""
    given hours XTKS; rows trades; marked; noon none
    time         what                     expect
    01:00:00     print 100 5
    01:00:01     buy a 1 CLS              a PENDING_NEW; a NEW for 06:00:00
    02:30:00     print 101 9 closing
    06:00:00     print 103 9 closing      a FILL 1 @ 103.00 taker
    """)
