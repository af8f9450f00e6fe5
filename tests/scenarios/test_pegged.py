"""Orders that follow the market."""

from tests.scenarios.stage import play


def test_a_primary_peg_follows_its_own_side() -> None:
    """It is held against a quote where it stands, and moves after it; back as well."""
    play("""
    time         what                            expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 peg PRIMARY             a PENDING_NEW; a NEW; a moved to 100.00
    09:30:02     quote 100.02 100.05 5 5         a moved to 100.02
    09:30:03     quote 100.02 100.06 5 5
    09:30:04     quote 100.01 100.03 5 5         a moved to 100.01
    09:30:05     quote 100.00 100.01 5 2         a TRADE 2 @ 100.01 maker; a moved to 100.00
    09:30:06     sell b 3 peg PRIMARY            b DENIED INSUFFICIENT_HOLDINGS
    09:30:07     sell c 2 peg PRIMARY            c PENDING_NEW; c NEW; c moved to 100.01
    """)


def test_offsets_are_added_and_caps_bound() -> None:
    """A buy goes no higher than its price, a sell no lower."""
    play("""
    given margin 2x
    time         what                                      expect
    09:30:00     quote 100.00 100.10 5 5
    09:30:01     buy a 3 peg PRIMARY off -0.02 @ 100.01    a PENDING_NEW; a NEW; a moved to 99.98
    09:30:02     sell b 3 peg PRIMARY off 0.02 @ 100.11    b PENDING_NEW; b NEW; b moved to 100.12
    09:30:03     quote 100.05 100.15 5 5                   a moved to 100.01; b moved to 100.17
    09:30:04     quote 99.95 100.02 5 5                    a moved to 99.93; b moved to 100.11
    """)


def test_a_midpoint_peg_stands_between_the_sides() -> None:
    """On the tick that is further from the market; the other side fills it there."""
    play("""
    given margin 2x
    time         what                            expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 peg MIDPOINT            a PENDING_NEW; a NEW; a moved to 100.02
    09:30:02     sell b 3 peg MIDPOINT           b PENDING_NEW; b NEW; b moved to 100.03
    09:30:03     quote 99.98 100.02 5 2          a TRADE 2 @ 100.02 maker; a moved to 100.00
                                                 b moved to 100.00
    """)


def test_a_market_peg_takes_what_it_meets() -> None:
    """Without an offset it is for the other side's price; with one it waits beside it."""
    play("""
    time         what                            expect
    09:30:00     quote 100.00 100.05 5 2
    09:30:01     buy a 3 peg MARKET              a PENDING_NEW; a NEW; a moved to 100.05
                                                 a TRADE 2 @ 100.05 taker
    09:30:02     quote 100.00 100.06 5 5         a moved to 100.06; a FILL 1 @ 100.06 taker
    09:30:03     buy b 3 peg MARKET off -0.01    b PENDING_NEW; b NEW; b moved to 100.05
    09:30:04     quote 100.00 100.05 5 5         b FILL 3 @ 100.05 maker
    """)


def test_on_a_book_each_move_goes_to_the_back() -> None:
    """A peg that stays keeps its place."""
    play("""
    given rows depth trades
    time         what                                 expect
    09:30:00     depth 100.00x5 / 100.05x3 snapshot
    09:30:01     buy a 4 peg PRIMARY                  a PENDING_NEW; a NEW; a moved to 100.00
    09:30:02     print 100.00 4 sell
    09:30:03     print 100.00 2 sell                  a TRADE 1 @ 100.00 maker
    09:30:04     depth 100.01x7                       a moved to 100.01
    09:30:05     print 100.01 8 sell                  a TRADE 1 @ 100.01 maker
    """)


def test_a_peg_stands_still_while_nothing_trades() -> None:
    """Before the opening it stands nowhere."""
    play("""
    given hours XNYS; rows quotes status
    time         what                            expect
    14:00:00     quote 100.00 100.05 5 5
    14:00:01     buy a 3 peg PRIMARY             a PENDING_NEW; a NEW
    14:30:00     quote 100.01 100.05 5 5         a moved to 100.01
    14:30:01     status halt                     HALTED
    14:30:02     quote 100.02 100.05 5 5
    14:30:03     status resume                   TRADING
    14:30:04     quote 100.03 100.05 5 5         a moved to 100.03
    14:30:05     cancel a                        a PENDING_CANCEL; a CANCELED REQUESTED; held 0
    """)


def test_a_replace_changes_the_quantity_alone() -> None:
    """More of it goes to the back of its price; less keeps its place; a price is none of it."""
    play("""
    given latency 1s 0
    time         what                            expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 peg PRIMARY             a PENDING_NEW
    09:30:02                                     a NEW; a moved to 100.00
    09:30:03     replace a 2                     a PENDING_REPLACE
    09:30:03.5   quote 100.01 100.05 5 5         a moved to 100.01
    09:30:04                                     a REPLACED 2 @ 100.01 in place
    09:30:05     replace a 4                     a PENDING_REPLACE
    09:30:06                                     a REPLACED 4 @ 100.01 at the back
    09:30:07     replace a @ 99                  invalid price
    """)


def test_what_can_be_no_peg_is_told_or_refused() -> None:
    """A peg needs both sides of a market."""
    play("""
    given tick 0.05
    time         what                                 expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 peg PRIMARY IOC              invalid time_in_force
    09:30:02     buy a 3 peg PRIMARY post             invalid post_only
    09:30:03     buy a 3 peg PRIMARY stop 101         invalid stop_px
    09:30:04     buy a 3 off 0.01                     invalid peg
    09:30:05     oco buy a 3 peg PRIMARY / buy b 1    invalid order_type
    09:30:06     buy a 3 peg PRIMARY @ 100.01         a PENDING_NEW; a REJECTED TICK_SIZE
    09:30:07     buy b 3 peg MIDPOINT                 b PENDING_NEW; b NEW; b moved to 100.00
    """)
    play("""
    given rows trades
    time         what                                 expect
    09:30:00     print 100.00 5
    09:30:01     buy a 3 peg PRIMARY                  a PENDING_NEW; a REJECTED NO_PEG_PRICE
    """)


def test_a_peg_follows_every_quote_after_its_quantity_was_lowered() -> None:
    """It keeps its place then, and the market goes on, also where a strategy sees each quote."""
    play("""
    given hears quote
    time         what                            expect
    09:30:00     quote 100.00 100.05 5 5         > quote 100.00 100.05
    09:30:01     buy a 3 peg PRIMARY             a PENDING_NEW; a NEW; a moved to 100.00
    09:30:02     quote 100.00 100.06 5 5         > quote 100.00 100.06
    09:30:03     replace a 2                     a PENDING_REPLACE; a REPLACED 2 @ 100.00 in place
    09:30:04     quote 100.02 100.06 5 5         a moved to 100.02; > quote 100.02 100.06
    09:30:05     quote 100.03 100.06 5 5         a moved to 100.03; > quote 100.03 100.06
    """)


def test_a_cap_beside_the_ticks_is_told_before_a_quantity_beside_the_lots() -> None:
    """As of any limit: the order of refusals is one."""
    play("""
    given tick 0.05; lot 2
    time         what                                 expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 peg PRIMARY @ 100.01         a PENDING_NEW; a REJECTED TICK_SIZE
    09:30:02     buy b 3 peg PRIMARY @ 100.05         b PENDING_NEW; b REJECTED LOT_SIZE
    """)


def test_a_peg_without_a_cap_that_outruns_its_reserve_is_told_so() -> None:
    """It reserved as a market order does, and ends as one; one with a cap cannot get there."""
    play("""
    given cash 310; collar 0.01
    time         what                            expect
    09:30:00     quote 100.00 100.05 5 5
    09:30:01     buy a 3 peg PRIMARY             a PENDING_NEW; a NEW; a moved to 100.00
    09:30:02     quote 104.00 104.05 5 5         a moved to 104.00
    09:30:03     quote 103.00 104.00 5 5         a CANCELED COLLAR_EXCEEDED
    """)
