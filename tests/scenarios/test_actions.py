"""Splits, dividends, changes of symbol, delistings: what they do to positions and orders."""

from tests.scenarios.stage import play


def test_a_split_leaves_the_account_as_rich_as_it_was() -> None:
    """Four for one: four times the shares, the same cost, and the last price a quarter."""
    play("""
    given hours 24/7; action split 4:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker; pos 10
                                            equity 100000
    2024-01-03
    00:00:00     -                          SPLIT 4:1; pos 40; equity 100000; cash 99000
    09:30:00     quote 26.00 26.00 50 50    equity 100040
    09:30:01     sell b 40                  b PENDING_NEW; b NEW; b FILL 40 @ 26.00 taker
                                            pos 0; realized 40; cash 100040
    """)


def test_a_split_adjusts_open_orders() -> None:
    """Limits to buy and stops to sell down to a tick, the others up; a place in time stays."""
    play("""
    given hours 24/7; action split 3:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     buy b 5 @ 95.50            b PENDING_NEW; b NEW; held 477.50
    09:30:03     sell c 4 @ 110             c PENDING_NEW; c NEW
    09:30:04     sell d 6 stop 80           d PENDING_NEW; d NEW stop 80.00
    2024-01-03
    00:00:00     -                          SPLIT 3:1; b ADJUSTED 15 @ 31.83; c ADJUSTED 12 @ 36.67
                                            d ADJUSTED 18 stop 26.66; held 477.45; pos 30
    09:30:00     quote 36.67 36.68 50 50    c FILL 12 @ 36.67 maker; pos 18
    09:30:01     quote 26.60 26.70 50 50    d TRIGGERED at 26.66; d FILL 18 @ 26.60 taker
                                            b FILL 15 @ 31.83 maker; pos 15
    """)


def test_a_reverse_split_ends_orders_and_pays_for_fractions() -> None:
    """Thirty-five old shares are three new ones and half of one, at the last mid."""
    play("""
    given hours 24/7; action split 1:10 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 1.98 2.02 50 50
    09:30:01     buy a 35                   a PENDING_NEW; a NEW; a FILL 35 @ 2.02 taker
                                            cash 99929.30
    09:30:02     sell b 35 @ 3              b PENDING_NEW; b NEW
    2024-01-03
    00:00:00     -                          b CANCELED CORPORATE_ACTION; SPLIT 1:10 in lieu 10
                                            pos 3; cash 99939.30; realized -0.10; equity 99999.30
    """)


def test_a_short_position_pays_for_its_fraction() -> None:
    """Rounded against it."""
    play("""
    given hours 24/7; margin 2x; cash 10000; action split 1:3 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 10.00 10.01 50 50
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 10.00 taker
    2024-01-03
    00:00:00     -                          SPLIT 1:3 in lieu -10.01; pos -3; realized -0.01
                                            cash 10089.99
    """)


def test_a_dividend_belongs_to_who_holds_the_share_at_the_ex_date() -> None:
    """It counts in the equity at once, in the cash when it is paid, less the tax."""
    play("""
    given hours 24/7; tax 0.15; action dividend 0.24 ex 2024-01-03 pay 2024-01-05
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    2024-01-03
    00:00:00     -                          dividend of 10 at 0.24: 2.04 less 0.36; cash 99000
                                            equity 100002.04
    09:30:00     quote 99.76 99.76 50 50    equity 99999.64
    09:30:01     sell b 10                  b PENDING_NEW; b NEW; b FILL 10 @ 99.76 taker
                                            cash 99997.60
    2024-01-05
    00:00:00     -                          dividend paid 2.04; cash 99999.64; equity 99999.64
    """)


def test_who_is_short_pays_the_dividend() -> None:
    """In full, and rounded up."""
    play("""
    given hours 24/7; margin 2x; cash 10000; tax 0.15; action dividend 0.2349 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 10.00 10.00 50 50
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 10.00 taker
    2024-01-03
    00:00:00     -                          dividend of -10 at 0.2349: -2.35
                                            dividend paid -2.35; equity 9997.65; cash 10097.65
    """)


def test_a_dividend_lowers_limits_to_buy_and_stops_to_sell() -> None:
    """As FINRA Rule 5330 has it: rounded down to a tick, sells and stops to buy as they were."""
    play("""
    given hours 24/7; action dividend 0.245 ex 2024-01-03 pay 2024-01-09
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     buy b 5 @ 95               b PENDING_NEW; b NEW
    09:30:03     sell c 4 @ 110             c PENDING_NEW; c NEW
    09:30:04     sell d 6 stop 80           d PENDING_NEW; d NEW stop 80.00
    09:30:05     buy e 5 stop 120           e PENDING_NEW; e NEW stop 120.00
    09:30:06     buy f 5 @ 0.20             f PENDING_NEW; f NEW
    2024-01-03
    00:00:00     -                          dividend of 10 at 0.245: 2.45; b ADJUSTED 5 @ 94.75
                                            d ADJUSTED 6 stop 79.75; f CANCELED CORPORATE_ACTION
    """)


def test_orders_may_be_left_or_canceled_instead() -> None:
    """By ``venue.action_orders``."""
    play("""
    given hours 24/7; orders cancel; action dividend 0.245 ex 2024-01-03
    given action split 2:1 ex 2024-01-04
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 5 @ 95               a PENDING_NEW; a NEW
    2024-01-03
    00:00:00     -
    2024-01-04
    00:00:00     -                          SPLIT 2:1; a CANCELED CORPORATE_ACTION; held 0
    """)


def test_what_was_filled_before_a_split_stays_told_in_its_own_units() -> None:
    """Of ten, four were filled; the other six become twelve."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 4
    09:30:01     buy a 10 @ 100.02          a PENDING_NEW; a NEW; a TRADE 4 @ 100.02 taker; pos 4
    09:30:02     quote 100.10 100.12 50 4
    2024-01-03
    00:00:00     -                          SPLIT 2:1; a ADJUSTED 16 @ 50.01; pos 8
    09:30:00     quote 49.99 50.01 50 50    a FILL 12 @ 50.01 maker; pos 20
    """)


def test_the_exits_of_an_entry_that_was_filled_go_on_across_a_split() -> None:
    """A protected position stays protected."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     bracket buy a 5            a PENDING_NEW; b PENDING_NEW; c PENDING_NEW; a NEW
                 / sell b 5 @ 110 reduce    a FILL 5 @ 100.02 taker; b HELD; b RELEASED 5
                 / sell c 5 stop 90 reduce  c HELD stop 90.00; c RELEASED 5 stop 90.00
    2024-01-03
    00:00:00     -                          SPLIT 2:1; b ADJUSTED 10 @ 55.00
                                            c ADJUSTED 10 stop 45.00; pos 10
    09:30:00     quote 44.00 44.02 50 6     c TRIGGERED at 45.00; c FILL 10 @ 44.00 taker
                                            b CANCELED OCO; pos 0
    """)


def test_an_entry_that_still_works_ends_with_its_exits() -> None:
    """Their shares could not be told any more."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     bracket buy a 5 @ 90       a PENDING_NEW; b PENDING_NEW; c PENDING_NEW; a NEW
                 / sell b 5 @ 110 reduce    b HELD; c HELD stop 80.00
                 / sell c 5 stop 80 reduce
    2024-01-03
    00:00:00     -                          SPLIT 2:1; a CANCELED CORPORATE_ACTION
                                            b CANCELED PARENT_ENDED; c CANCELED OCO
    """)


def test_a_trailing_stop_follows_on_from_the_restated_price() -> None:
    """Its distance is divided too."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 5                    a PENDING_NEW; a NEW; a FILL 5 @ 100.02 taker
    09:30:02     sell b 5 trail 4           b PENDING_NEW; b NEW stop 96.00
    2024-01-03
    00:00:00     -                          SPLIT 2:1; b ADJUSTED 10 stop 48.00; pos 10
    09:30:00     quote 51.00 51.02 50 50
    09:30:01     quote 49.00 49.02 50 50    b TRIGGERED at 49.00; b FILL 10 @ 49.00 taker; pos 0
    """)


def test_terms_on_their_way_are_refused_after_a_split() -> None:
    """They were meant for the shares as they were; an order on its way is adjusted."""
    play("""
    given hours 24/7; latency 2s 0; action split 2:1 ex 2024-01-03
    time         what                       expect
    23:00:00     quote 100.00 100.02 50 50
    23:00:01     buy a 5 @ 90               a PENDING_NEW
    23:00:03     -                          a NEW
    23:59:59     replace a 6 @ 91           a PENDING_REPLACE
    23:59:59.5   buy b 3 @ 92               b PENDING_NEW
    2024-01-03
    00:00:00     -                          SPLIT 2:1; a ADJUSTED 10 @ 45.00; b ADJUSTED 6 @ 46.00
    00:00:01     -                          a replace REJECTED CORPORATE_ACTION; held 726
    00:00:01.5   -                          b NEW
    """)


def test_a_delisted_share_brings_what_is_stated() -> None:
    """Its orders end, and no more are taken."""
    play("""
    given hours 24/7; action delisting 0.5 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 1.00 1.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 1.00 taker
    09:30:02     sell b 10 @ 2              b PENDING_NEW; b NEW
    2024-01-03
    00:00:00     -                          b CANCELED CORPORATE_ACTION; DELISTED 5; pos 0
                                            realized -5; cash 99995; equity 99995
    09:30:01     buy c 1                    c DENIED SYMBOL_ENDED
    """)


def test_a_delisted_share_of_no_stated_worth_is_written_off() -> None:
    """And who was short of it keeps what it brought."""
    play("""
    given hours 24/7; margin 2x; cash 1000; action delisting ex 2024-01-03
    time         what                       expect
    09:30:00     quote 1.00 1.00 50 50
    09:30:01     sell a 10                  a PENDING_NEW; a NEW; a FILL 10 @ 1.00 taker
    2024-01-03
    00:00:00     -                          DELISTED 0; pos 0; realized 10; equity 1010; used 0
    """)


def test_a_changed_symbol_takes_the_position_along() -> None:
    """The old one trades no more."""
    play("""
    given BTCUSDT; beside BTXUSDT quotes; action symbol_change BTXUSDT ex 2024-01-03
    time         what                             expect
    09:30:00     quote BTCUSDT 100.00 100.00 1 1
    09:30:01     buy a 0.5                        a PENDING_NEW; a NEW
                                                  a FILL 0.5 @ 100.00 taker; pos 0.5
    09:30:02     buy b 1 @ 90                     b PENDING_NEW; b NEW
    2024-01-03
    00:00:00     -                                b CANCELED CORPORATE_ACTION
                                                  BTCUSDT BECOMES BTXUSDT 1:1; pos 0
                                                  equity 100000
    09:30:00     quote BTXUSDT 101.00 101.00 1 1  equity 100000.50
    09:30:01     buy c 1                          c DENIED SYMBOL_ENDED
    09:30:02     sell d 0.5 of BTXUSDT            d PENDING_NEW; d NEW; d FILL 0.5 @ 101.00 taker
                                                  realized 0.50; cash 100000.50
    """)


def test_a_date_takes_effect_before_the_exchange_opens() -> None:
    """Eight hours before the session of that day, after the extended hours of the day before."""
    play("""
    given hours XNYS; action split 2:1 ex 2024-01-03
    time         what                       expect
    15:00:00     quote 100.00 100.00 50 50
    15:00:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    2024-01-03
    06:29:59     -                          pos 10
    06:30:00     -                          SPLIT 2:1; pos 20
    """)


def test_a_paused_live_session_goes_through_with_it() -> None:
    """The market does not pause."""
    play("""
    given hours 24/7; live; action split 2:1 ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    09:30:02     pause                      PAUSED requested
    2024-01-03
    00:00:00     -                          SPLIT 2:1; pos 20
    """)


def test_a_peg_keeps_to_its_cap_in_shares_as_they_are_now() -> None:
    """Cap and offset are divided as limits are, so that neither side stands where nobody meant."""
    play("""
    given hours 24/7; margin 2x; action split 2:1 ex 2024-01-03
    time         what                                     expect
    09:30:00     quote 100.00 100.04 50 50
    09:30:01     buy a 5 peg PRIMARY off -0.05 @ 100.51   a PENDING_NEW; a NEW; a moved to 99.95
    09:30:02     sell b 5 peg PRIMARY @ 99.51             b PENDING_NEW; b NEW; b moved to 100.04
    2024-01-03
    00:00:00     -                                        SPLIT 2:1; a ADJUSTED 10 @ 49.97
                                                          b ADJUSTED 10 @ 50.02
    09:30:00     quote 50.10 50.14 50 50                  b FILL 10 @ 50.02 maker
                                                          a moved to 50.07
    09:30:01     quote 60.10 60.14 50 50                  a moved to 50.25
    """)


def test_what_an_order_shows_and_the_least_that_may_trade_grow_with_it() -> None:
    """An iceberg keeps its share, a hidden order what it asks for."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                              expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 10 @ 99 show 0 least 6      a PENDING_NEW; a NEW
    2024-01-03
    00:00:00     -                                 SPLIT 2:1; a ADJUSTED 20 @ 49.50
    09:30:00     quote 49.00 49.50 50 11
    09:30:01     quote 49.00 49.50 50 12           a TRADE 12 @ 49.50 maker
    """)


def test_the_price_of_an_auction_is_awaited_through_a_split() -> None:
    """The opening price comes some seconds after the opening, and the split between the two."""
    play("""
    given hours XNYS; rows trades; marked; cutoff 0 0; action split 2:1 ex 2024-01-02T14:30:01Z
    time         what                              expect
    14:00:00     print 100.00 5
    14:10:00     buy a 10 @ 100.50 OPG             a PENDING_NEW; a NEW for 14:30:00
    14:30:01     -                                 SPLIT 2:1; a ADJUSTED 20 @ 50.25
    14:30:05     print 50.00 100 opening           a FILL 20 @ 50.00 taker
    """)


def test_bands_are_those_of_the_shares_as_they_are_now() -> None:
    """Until the exchange tells others."""
    play("""
    given hours 24/7; rows quotes status; action split 2:1 ex 2024-01-03
    time         what                              expect
    09:30:00     status bands 95.01 105.01
    09:30:00     quote 100.00 100.02 50 50
    2024-01-03
    00:00:00     -                                 SPLIT 2:1
    09:30:00     quote 50.00 50.02 50 50
    09:30:01     buy a 1                           a PENDING_NEW; a NEW; a FILL 1 @ 50.02 taker
    09:30:02     quote 52.00 52.52 50 50
    09:30:03     buy b 1                           b PENDING_NEW; b NEW
    09:30:04     quote 52.00 52.51 50 50           b FILL 1 @ 52.51 taker
    """)


def test_nothing_is_taken_from_what_was_shown_before_a_split() -> None:
    """The price reads as after it, but nobody offers that; who arrives waits for the next row."""
    play("""
    given hours 24/7; action split 2:1 ex 2024-01-03
    time         what                              expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 10                          a PENDING_NEW; a NEW; a FILL 10 @ 100.02 taker
    2024-01-03
    00:00:00     -                                 SPLIT 2:1; pos 20
    00:00:01     sell b 20                         b PENDING_NEW; b NEW
    09:30:00     quote 48.00 48.10 50 50           b FILL 20 @ 48.00 taker
    """)


def test_nor_from_what_was_shown_of_the_old_symbol() -> None:
    """A row of the new one is awaited."""
    play("""
    given BTCUSDT; hours 24/7; beside BTXUSDT quotes; action symbol_change BTXUSDT ex 2024-01-03
    time         what                              expect
    09:30:00     quote 100.00 100.02 50 50
    2024-01-03
    00:00:00     -                                 BTCUSDT BECOMES BTXUSDT 1:1
    00:00:01     buy a 3 of BTXUSDT                a PENDING_NEW; a NEW
    09:30:00     quote BTXUSDT 97.00 97.10 50 50   a FILL 3 @ 97.10 taker
    """)


def test_nobody_has_the_close_of_before_a_split() -> None:
    """Though it reads as after it, and the market never shuts: it is the next that is had."""
    play("""
    given bars 1m; share 1; fills this_close; margin 2x; action split 2:1 ex 2024-01-02T09:31:30Z
    time         what                      expect
    09:31:00     bar 100 101 99 100 50
    09:31:00     buy a 3                   a PENDING_NEW; a NEW; a FILL 3 @ 100.00 taker
    09:31:30     -                         SPLIT 2:1; pos 6
    09:31:40     buy b 3                   b PENDING_NEW; b NEW; pos 6
    09:33:00     bar 50 51 49 50.50 50     b FILL 3 @ 50.50 taker
    """)


def test_a_strategy_is_told_of_what_happens_at_its_date() -> None:
    """Once the venue's report of it arrives; a dividend when it is owed and when it is paid."""
    play("""
    given hours 24/7; hears account; action split 4:1 ex 2024-01-03
    given action dividend 0.25 ex 2024-01-03 pay 2024-01-09
    on account split: buy b 2 @ 20
    time         what                       expect
    09:30:00     quote 100.00 100.00 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.00 taker
    2024-01-03
    00:00:00     -                          SPLIT 4:1; dividend of 40 at 0.25: 10
                                            > account split XYZ 4:1; b PENDING_NEW
                                            > account dividend XYZ 10 USD owed; b NEW; pos 40
    2024-01-09
    00:00:00     -                          dividend paid 10; > account dividend XYZ 10 USD paid
    """)
