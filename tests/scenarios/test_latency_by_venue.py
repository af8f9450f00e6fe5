"""Venues with latencies of their own: BTCUSD trades at one that is near, or far away."""

from tests.scenarios.stage import play


def test_each_message_takes_as_long_as_the_venue_of_its_instrument_is_away() -> None:
    """50 ms there and 30 back at the session's own; 5 and 200 at the other."""
    play("""
    given beside BTCUSD quotes; latency 50ms 30ms; latency-of BTCUSD : 5ms 200ms; hears order
    time            what                        expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        buy a 1                     a PENDING_NEW
    09:30:01        buy b 1 of BTCUSD           b PENDING_NEW
    09:30:01.005                                b NEW; b FILL 1 @ 201.00 taker
    09:30:01.05                                 a NEW; a FILL 1 @ 100.02 taker
    09:30:01.08                                 > order a NEW; > order a FILL
    09:30:01.205                                > order b NEW; > order b FILL
    """)


def test_of_a_way_that_a_venue_says_nothing_of_the_session_tells() -> None:
    """Here the report comes back as from elsewhere."""
    play("""
    given beside BTCUSD quotes; latency 50ms 30ms; latency-of BTCUSD : 5ms -; hears order
    time            what                        expect
    09:30:00        quote BTCUSD 200 201
    09:30:01        buy b 1 of BTCUSD           b PENDING_NEW
    09:30:01.005                                b NEW; b FILL 1 @ 201.00 taker
    09:30:01.035                                > order b NEW; > order b FILL
    """)


def test_new_terms_and_cancels_go_to_the_venue_of_their_order() -> None:
    """And the answers come from there."""
    play("""
    given beside BTCUSD quotes; latency 50ms 30ms; latency-of BTCUSD : 5ms 200ms; hears order
    time            what                        expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        buy a 1 @ 99                a PENDING_NEW
    09:30:01        buy b 1 @ 190 of BTCUSD     b PENDING_NEW
    09:30:01.005                                b NEW
    09:30:01.05                                 a NEW
    09:30:01.08                                 > order a NEW
    09:30:01.205                                > order b NEW
    09:30:02        replace b @ 191             b PENDING_REPLACE
    09:30:02        cancel a                    a PENDING_CANCEL
    09:30:02.005                                b REPLACED 1 @ 191.00 at the back
    09:30:02.05                                 a CANCELED REQUESTED
    09:30:02.08                                 > order a CANCELED
    09:30:02.205                                > order b REPLACED
    """)


def test_what_a_venue_rejects_is_told_from_there() -> None:
    """As late as all that it says."""
    play("""
    given beside BTCUSD quotes; latency 50ms 30ms; latency-of BTCUSD : 5ms 200ms; hears order
    time            what                            expect
    09:30:00        quote BTCUSD 200 201
    09:30:01        buy b 1 @ 201 post of BTCUSD    b PENDING_NEW
    09:30:01.005                                    b REJECTED WOULD_TAKE
    09:30:01.205                                    > order b REJECTED
    """)


def test_what_a_pause_cancels_is_told_by_the_venue_of_each_order() -> None:
    """The venues cancel at once, and say so as late as they are away."""
    play("""
    given live; beside BTCUSD quotes; latency 0 30ms; latency-of BTCUSD : 0 200ms; hears order
    time            what                        expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        buy a 1 @ 99                a PENDING_NEW; a NEW
    09:30:01.001    buy b 1 @ 190 of BTCUSD     b PENDING_NEW; b NEW
    09:30:01.03                                 > order a NEW
    09:30:01.201                                > order b NEW
    09:30:02        pause                       PAUSED requested
                                                a CANCELED PAUSED; b CANCELED PAUSED
    09:30:02.03                                 > order a CANCELED
    09:30:02.2                                  > order b CANCELED
    """)


def test_messages_to_different_venues_know_nothing_of_one_another() -> None:
    """What is sent later to the near one is there first."""
    play("""
    given beside BTCUSD quotes; latency 10ms 0; latency-of BTCUSD : 200ms 0
    time            what                        expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        buy a 1 @ 190 of BTCUSD     a PENDING_NEW
    09:30:01.1      buy b 1 @ 99                b PENDING_NEW
    09:30:01.11                                 b NEW
    09:30:01.15     buy c 1 @ 191 of BTCUSD     c PENDING_NEW
    09:30:01.2                                  a NEW
    09:30:01.35                                 c NEW
    """)


def test_the_orders_of_a_list_go_to_their_venues() -> None:
    """A child is held at its own from when it is there, and is released as its parent trades."""
    play("""
    given beside BTCUSD quotes; latency 50ms 0; latency-of BTCUSD : 5ms 0
    time            what                        expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        oto buy a 1                 a PENDING_NEW; b PENDING_NEW
                    / buy b 1 of BTCUSD
    09:30:01.005                                b HELD
    09:30:01.05                                 a NEW; a FILL 1 @ 100.02 taker
                                                b RELEASED 1; b FILL 1 @ 201.00 taker
    """)


def test_a_child_that_is_farther_away_is_released_as_it_arrives() -> None:
    """Its parent has traded by then."""
    play("""
    given beside BTCUSD quotes; latency 5ms 0; latency-of BTCUSD : 50ms 0
    time            what                        expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        oto buy a 1                 a PENDING_NEW; b PENDING_NEW
                    / buy b 1 of BTCUSD
    09:30:01.005                                a NEW; a FILL 1 @ 100.02 taker
    09:30:01.05                                 b HELD; b RELEASED 1; b FILL 1 @ 201.00 taker
    """)


def test_a_child_ends_where_the_venue_of_its_parent_refuses_that() -> None:
    """It was held at its own by then; one that is farther away is refused as it arrives."""
    play("""
    given tick 0.05; beside BTCUSD quotes; latency 50ms 0; latency-of BTCUSD : 5ms 0
    time            what                        expect
    09:30:00        quote 100.00 100.05
    09:30:00        quote BTCUSD 200 201
    09:30:01        oto buy a 1 @ 99.01         a PENDING_NEW; b PENDING_NEW
                    / buy b 1 of BTCUSD
    09:30:01.005                                b HELD
    09:30:01.05                                 a REJECTED TICK_SIZE; b CANCELED PARENT_ENDED
    """)
    play("""
    given tick 0.05; beside BTCUSD quotes; latency 5ms 0; latency-of BTCUSD : 50ms 0
    time            what                        expect
    09:30:00        quote 100.00 100.05
    09:30:00        quote BTCUSD 200 201
    09:30:01        oto buy a 1 @ 99.01         a PENDING_NEW; b PENDING_NEW
                    / buy b 1 of BTCUSD
    09:30:01.005                                a REJECTED TICK_SIZE
    09:30:01.05                                 b REJECTED ORDER_LIST_REFUSED
    """)


def test_what_a_far_venue_refuses_changes_nothing_elsewhere() -> None:
    """Whole or not at all is what one venue takes of a list: the parent has traded, and the two
    children at the other venue are refused together."""
    play("""
    given beside BTCUSD quotes; latency 5ms 0; latency-of BTCUSD : 50ms 0
    time            what                                 expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        oto buy a 1                          a PENDING_NEW; b PENDING_NEW
                    / buy b 1 of BTCUSD                  c PENDING_NEW
                    / buy c 1 until 09:30:01 of BTCUSD
    09:30:01.005                                         a NEW; a FILL 1 @ 100.02 taker
    09:30:01.05                                          b REJECTED ORDER_LIST_REFUSED
                                                         c REJECTED EXPIRE_TIME_PASSED
    """)


def test_a_parent_is_refused_where_a_nearer_venue_has_refused_its_child() -> None:
    """As it arrives; it has traded nothing yet."""
    play("""
    given beside BTCUSD quotes; latency 50ms 0; latency-of BTCUSD : 5ms 0
    time            what                                 expect
    09:30:00        quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201
    09:30:01        oto buy a 1                          a PENDING_NEW; b PENDING_NEW
                    / buy b 1 until 09:30:01 of BTCUSD
    09:30:01.005                                         b REJECTED EXPIRE_TIME_PASSED
    09:30:01.05                                          a REJECTED ORDER_LIST_REFUSED
    """)


def test_a_split_is_told_after_the_fills_before_it() -> None:
    """Also where the session's own messages take no time: what is told of a position comes by the
    ways of its venue."""
    play("""
    given hours 24/7; latency-of XYZ : 0 20s; hears order account; action split 4:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    23:59:50     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    2024-01-03
    00:00:00     -                          SPLIT 4:1; pos 40
    00:00:10                                > order a NEW; > order a FILL
    00:00:20                                > account split XYZ 4:1
    """)


def test_money_that_settles_is_told_of_after_its_sale() -> None:
    """Ten seconds after the sale its money may be used, and the venue says so after the fill; the
    account knows it at once."""
    play("""
    given hours 24/7; settles 1; latency-of XYZ : 0 20s; hears order account
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   ...
    09:30:21                                > order a NEW; > order a FILL
    23:59:50     sell b 10                  ...
    2024-01-03
    00:00:00     -                          ...
    00:00:10                                > order b NEW; > order b FILL
    00:00:20                                > account settlement XYZ 1000 USD paid
    """)


def test_what_an_instrument_pays_is_told_by_its_venue() -> None:
    """Funding comes by the ways of its perpetual."""
    play("""
    given BTCUSDT; margin 10x; cash 5000; funding 0.0001 2024-01-02T16:00; hears account
    given latency 0 1s; latency-of BTCUSDT : 0 3s
    time         what                           expect
    15:00:00     quote 9999.00 10001.00 5 5
    15:00:01     buy a 1                        a PENDING_NEW; a NEW; a FILL 1 @ 10001.00 taker
    16:00:00     -                              ...
    16:00:03                                    > account funding BTCUSDT -1 USDT paid
    """)


def test_interest_concerns_no_instrument() -> None:
    """So it comes by the session's own ways."""
    play("""
    given hours 24/7; cash 1000; interest USD 0.36 0.72; latency 0 1s; latency-of XYZ : 0 3s
    given hears account
    time         what                           expect
    2024-01-30
    23:00:00     quote 100.00 100.00
    2024-01-31
    00:00:00     -                              interest 1 for 1d; interest paid 1
                                                > account interest 1 USD owed
    00:00:01                                    > account interest 1 USD paid
    """)


def test_the_market_is_seen_as_late_whatever_the_venue() -> None:
    """The delay of market data is the session's: what is sent leaves so much later, and then takes
    as long as its venue is away."""
    play("""
    given beside BTCUSD quotes; late 100ms; latency 20ms 150ms; latency-of BTCUSD : 5ms 200ms
    given hears quote order
    on quote #2: buy a 1; buy b 1 of BTCUSD
    on order: clock
    time            what                        expect
    09:30:00        quote 100.00 100.02         > quote 100.00 100.02
    09:30:00        quote BTCUSD 200 201        > quote 200.00 201.00
                                                a PENDING_NEW; b PENDING_NEW
    09:30:00.105                                b NEW; b FILL 1 @ 201.00 taker
    09:30:00.12                                 a NEW; a FILL 1 @ 100.02 taker
    09:30:00.17                                 > order a NEW; > clock 09:30:00.27
                                                > order a FILL; > clock 09:30:00.27
    09:30:00.205                                > order b NEW; > clock 09:30:00.305
                                                > order b FILL; > clock 09:30:00.305
    """)
