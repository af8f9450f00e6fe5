"""Venues that refuse what arrives in closed hours, or beyond a price band, and do not keep it."""

from tests.scenarios.stage import play


def test_where_the_venue_rejects_orders_in_closed_hours_it_says_so() -> None:
    """From the close on and up to the opening, after the order's own faults; what rests may be
    changed and canceled."""
    play("""
    given hours XNYS; closed reject; tick 0.05
    time         what                       expect
    14:29:59     quote 100.00 100.05 5 5
    14:29:59.9   buy a 3 @ 99               a PENDING_NEW; a REJECTED MARKET_CLOSED
    14:30:00     buy b 3 @ 99               b PENDING_NEW; b NEW
    20:59:59.9   buy c 3 @ 98               c PENDING_NEW; c NEW
    21:00:00     buy d 3                    d PENDING_NEW; d REJECTED MARKET_CLOSED
    21:00:01     buy e 3 IOC                e PENDING_NEW; e REJECTED MARKET_CLOSED
    21:00:02     buy f 3 stop 110           f PENDING_NEW; f REJECTED MARKET_CLOSED
    21:00:03     buy g 3 @ 99.01            g PENDING_NEW; g REJECTED TICK_SIZE
    21:00:04     replace b @ 98.50          b PENDING_REPLACE; b REPLACED 3 @ 98.50 at the back
    21:00:05     cancel c                   c PENDING_CANCEL; c CANCELED REQUESTED
    2024-01-03
    14:30:00     quote 98.00 98.50 5 5      b FILL 3 @ 98.50 maker
    """)


def test_what_counts_is_when_an_order_reaches_the_venue() -> None:
    """Not when it was sent."""
    play("""
    given hours XNYS; closed reject; latency 1s 0s
    time         what                       expect
    14:29:58     quote 100.00 100.05 5 5
    14:29:58.5   buy a 3 @ 99               a PENDING_NEW
    14:29:59     buy b 3 @ 99               b PENDING_NEW
    14:29:59.5                              a REJECTED MARKET_CLOSED
    14:30:00                                b NEW
    20:59:59.5   buy c 3 @ 99               c PENDING_NEW
    21:00:00.5                              c REJECTED MARKET_CLOSED
    """)


def test_in_extended_hours_those_are_taken_that_say_so() -> None:
    """All others come too early, or too late; nobody is taken at night."""
    play("""
    given hours XNYS; extended 5.5h 4h; closed reject
    time         what                       expect
    08:59:59     quote 100.00 100.02 5 5
    08:59:59.5   buy a 3 @ 99 ext           a PENDING_NEW; a REJECTED MARKET_CLOSED
    09:00:00     buy b 3 @ 99 ext           b PENDING_NEW; b NEW
    09:00:01     buy c 3 @ 99               c PENDING_NEW; c REJECTED MARKET_CLOSED
    14:30:00     buy d 3 @ 99               d PENDING_NEW; d NEW
    21:00:00     buy e 3 @ 99 ext           e PENDING_NEW; e NEW
    """)
    play("""
    given hours XNYS; closed reject
    time         what                       expect
    10:00:00     quote 100.00 100.02 5 5
    10:00:01     buy a 3 @ 99 ext           a PENDING_NEW; a REJECTED NO_EXTENDED_HOURS
    """)


def test_orders_for_an_auction_are_taken_in_closed_hours() -> None:
    """Where auctions take them: up to their own cut-off."""
    play("""
    given hours XNYS; rows trades; marked; closed reject
    time         what                       expect
    14:00:00     print 100.00 5
    14:00:01     buy a 3 OPG                a PENDING_NEW; a NEW for 14:30:00
    14:00:02     buy b 3 @ 99 CLS           b PENDING_NEW; b NEW for 21:00:00
    14:00:03     buy c 3 @ 99 DAY           c PENDING_NEW; c REJECTED MARKET_CLOSED
    14:29:00     buy d 3 OPG                d PENDING_NEW; d REJECTED AUCTION_CUTOFF
    14:30:00     print 100.50 9 opening     a FILL 3 @ 100.50 taker
    """)


def test_a_halt_in_closed_hours_is_closed_hours() -> None:
    """That is looked at first."""
    play("""
    given hours XNYS; rows quotes status; closed reject; halted reject
    time         what                       expect
    14:29:00     quote 100.00 100.02 5 5
    14:29:01     status halt                HALTED
    14:29:02     buy a 3 @ 99               a PENDING_NEW; a REJECTED MARKET_CLOSED
    14:30:00     buy b 3 @ 99               b PENDING_NEW; b REJECTED HALTED
    """)


def test_a_list_is_refused_whole_in_closed_hours() -> None:
    """One of its orders is enough."""
    play("""
    given hours XNYS; extended 5.5h 4h; closed reject
    time         what                                expect
    10:00:00     quote 100.00 100.02 5 5
    10:00:01     bracket buy a 5 @ 99 ext            a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 103 reduce ext
                 / sell c 5 stop 97 reduce           a REJECTED ORDER_LIST_REFUSED
                                                     b REJECTED ORDER_LIST_REFUSED
                                                     c REJECTED MARKET_CLOSED
    """)


def test_a_stop_that_closes_positions_awaits_the_opening() -> None:
    """Also where the venue rejects what comes in closed hours: the order is sent once."""
    play("""
    given hours XNYS; closed reject
    time         what                       expect
    20:59:00     quote 100.00 100.02 5 5
    20:59:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    21:00:00     stop flatten within 1d     STOPPING until 2024-01-03 21:00:00
                                            S-2 PENDING_NEW; S-2 NEW
    2024-01-03
    14:30:00     quote 99.00 99.02 5 5      S-2 FILL 5 @ 99.00 taker; STOPPED requested
    """)


def test_where_the_venue_rejects_limits_beyond_a_band_it_says_so() -> None:
    """Of a new order and of a replace; at the band, and on the other side of it, limits are taken,
    and so is a market order."""
    play("""
    given rows quotes status; beyond reject; margin 2x
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 1 @ 107.00           a PENDING_NEW; a NEW; a FILL 1 @ 100.02 taker
    09:30:02     status bands 95.00 105.00
    09:30:03     buy b 1 @ 105.01           b PENDING_NEW; b REJECTED PRICE_BAND
    09:30:04     sell c 1 @ 94.99           c PENDING_NEW; c REJECTED PRICE_BAND
    09:30:05     buy d 1 @ 105.00           d PENDING_NEW; d NEW; d FILL 1 @ 100.02 taker
    09:30:06     buy e 1 @ 94.00            e PENDING_NEW; e NEW
    09:30:07     sell f 1 @ 106.00          f PENDING_NEW; f NEW
    09:30:08     replace e @ 105.01         e PENDING_REPLACE; e replace REJECTED PRICE_BAND
    09:30:09     replace e @ 96.00          e PENDING_REPLACE; e REPLACED 1 @ 96.00 at the back
    09:30:10     buy g 1                    g PENDING_NEW; g NEW; g FILL 1 @ 100.02 taker
    09:30:11     buy h 1 @ 105.01 stop 103  h PENDING_NEW; h REJECTED PRICE_BAND
    """)


def test_the_bands_count_that_are_known_as_a_limit_arrives() -> None:
    """Those of before, and of after, do not: a limit that rests stays where they move."""
    play("""
    given rows quotes status; beyond reject; latency 1s 0s
    time         what                       expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     status bands 95.00 98.00
    09:30:02     buy a 3 @ 99.00            a PENDING_NEW
    09:30:02.5   status bands 95.00 100.00
    09:30:03                                a NEW
    09:30:04     buy b 3 @ 99.00            b PENDING_NEW
    09:30:04.5   status bands 95.00 98.00
    09:30:05                                b REJECTED PRICE_BAND
    09:30:06     quote 97.00 97.50 5 5      a FILL 3 @ 98.00 maker
    """)


def test_what_is_held_is_not_held_to_the_bands_of_its_arrival() -> None:
    """Its market is that of its release; nor is an order for an auction: its price is official."""
    play("""
    given rows quotes status; beyond reject
    time         what                                expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     status bands 95.00 105.00
    09:30:02     bracket buy a 5 @ 101               a PENDING_NEW; b PENDING_NEW; c PENDING_NEW
                 / sell b 5 @ 94 reduce
                 / sell c 5 stop 93 reduce           a NEW; a FILL 5 @ 100.02 taker
                                                     b HELD; b RELEASED 5
                                                     b FILL 5 @ 100.00 taker; c CANCELED OCO
    """)
    play("""
    given hours XNYS; rows trades status; marked; beyond reject
    time         what                       expect
    14:00:00     print 100.00 5
    14:00:01     status bands 95.00 105.00
    14:00:02     buy a 3 @ 110 OPG          a PENDING_NEW; a NEW for 14:30:00
    14:30:00     print 106.00 9 opening     a FILL 3 @ 106.00 taker
    """)


def test_a_limit_beyond_a_band_is_that_before_it_would_take() -> None:
    """And after its own faults, and those of its time."""
    play("""
    given rows quotes status; beyond reject; halted reject; tick 0.05
    time         what                       expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     status bands 95.00 105.00
    09:30:02     buy a 3 @ 106 post         a PENDING_NEW; a REJECTED PRICE_BAND
    09:30:03     buy b 3 @ 105 post         b PENDING_NEW; b REJECTED WOULD_TAKE
    09:30:04     buy c 3 @ 106.01           c PENDING_NEW; c REJECTED TICK_SIZE
    09:30:05     status halt                HALTED
    09:30:06     buy d 3 @ 106              d PENDING_NEW; d REJECTED HALTED
    """)
