"""Round trips: by hand to the last cent, and conserving money whatever was traded."""

from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.unit.services.reporting.acting import TEN_BP, Deal, fill, money, play

from offbook.engine.ledger.folding import summary_of
from offbook.services.reporting.account_path import Execution
from offbook.services.reporting.round_trips import (
    RoundTrip,
    fifo_trips,
    position_trips,
    time_held,
)
from offbook.services.reporting.trip_statistics import trip_statistics
from offbook.testing.markets import BTCUSDT, quotes_market

CENT = 10**16


def shape(trip: RoundTrip) -> tuple[int, int | None, int, int, int]:
    """(entry, exit, quantity, gross in cents, fees in units)."""
    return trip.entry_ts, trip.exit_ts, trip.qty, trip.gross // CENT, trip.fees


def test_fifo_pairs_the_oldest_first() -> None:
    """10 at 1.00 and 10 at 2.00, of which 15 are sold at 3.00.

    The first ten bring 10 x 2.00 = 20.00; five of the second 5 x 1.00 = 5.00.  The sale's fee of 3
    is split 10 to 5: 2 and 1; half of the second's fee of 9 is 4.5, rounded to even: 4.
    """
    result = fifo_trips([fill(1, 10, 100, 7), fill(2, 10, 200, 9), fill(3, -15, 300, 3)])
    assert [shape(trip) for trip in result.trips] == [
        (1, 3, 10, 2000, 7 + 2),
        (2, 3, 5, 500, 4 + 1),
    ]
    assert result.open_cost == 1000 * CENT  # five shares at 2.00
    assert result.open_fees == 5


def test_by_position_a_trip_ends_flat() -> None:
    """The same fills with the last five sold at 1.00: average cost 1.50 a share.

    15 x (3.00 - 1.50) = 22.50, then 5 x (1.00 - 1.50) = -2.50: 20.00 in one trip of four fills.
    """
    fills = [fill(1, 10, 100, 7), fill(2, 10, 200, 9), fill(3, -15, 300, 3), fill(4, -5, 100, 2)]
    (trip,) = position_trips(fills)
    assert shape(trip) == (1, 4, 20, 2000, 21)
    assert (trip.fills, trip.closed_qty, trip.holding_ns) == (4, 20, 3)
    assert (trip.entry_order, trip.exit_order) == ("at 1", "at 4")
    (still,) = position_trips(fills[:3])
    assert still.is_open
    assert still.holding_ns is None
    assert (still.gross // CENT, still.closed_qty, still.exit_order) == (2250, 15, None)


def test_a_short_trip_gains_when_the_price_falls() -> None:
    """Sold 4 at 5.00, bought back at 3.00: 8.00."""
    fills = [fill(1, -4, 500), fill(2, 4, 300)]
    for trip in (*fifo_trips(fills).trips, *position_trips(fills)):
        assert (trip.sign, trip.gross) == (-1, 800 * CENT)


def test_a_fill_through_flat_is_two_trips() -> None:
    """Long 4 at 5.00; 10 sold at 6.00 close these (+4.00) and open 6 short, bought at 7.00: -6.00.

    The fee of 10 falls 4 to the first trip and 6 to the second.
    """
    fills = [fill(1, 4, 500), fill(2, -10, 600, 10), fill(3, 6, 700)]
    expected = [(1, 2, 4, 400, 4), (2, 3, 6, -600, 6)]
    assert [shape(trip) for trip in position_trips(fills)] == expected
    assert [shape(trip) for trip in fifo_trips(fills).trips] == expected


def test_figures_of_four_trips() -> None:
    """Nets of +3, +1, -2 and 0: two won of four, 4 gained over 2 lost, a mean of 0.50."""
    cents = [300, 100, -200, 0]
    trips = []
    for number, gain in enumerate(cents):
        trips += position_trips([fill(number, 1, 1000), fill(number + 2, -1, 1000 + gain)])
    found = trip_statistics(trips)
    assert (found.trips, found.won, found.lost, found.even) == (4, 2, 1, 1)
    assert found.win_rate.value == 0.5
    assert found.profit_factor.value == 2.0
    assert (found.expectancy, found.average_win, found.average_loss) == ("0.5", "2", "-2")
    assert (found.largest_win, found.largest_loss) == ("3", "-2")
    assert (found.longest_winning, found.longest_losing) == (2, 1)
    assert (found.net, found.gross, found.fees) == ("2", "2", "0")
    assert found.mean_holding_ns == 2


def test_figures_without_trips_or_without_losses() -> None:
    """Nothing is divided by nothing."""
    nothing = trip_statistics(position_trips([fill(1, 1, 100)]))
    assert (nothing.trips, nothing.win_rate.value, nothing.expectancy) == (0, None, None)
    assert nothing.profit_factor.reason == "no round trip was closed"
    won = trip_statistics(position_trips([fill(1, 1, 100), fill(2, -1, 200)]))
    assert won.win_rate.value == 1.0
    assert won.profit_factor.reason == "no round trip lost"


def test_time_held_counts_from_first_to_last() -> None:
    """Held from 10 to 20 and from 30 on."""
    fills = [fill(10, 2, 1), fill(15, -1, 1), fill(20, -1, 1), fill(30, 1, 1)]
    assert time_held(fills, 34) == 10 + 4
    assert time_held(fills[:3], 34) == 10
    assert time_held([], 34) == 0


FILLS = some.lists(
    some.tuples(
        some.integers(-30, 30).filter(bool), some.integers(1, 10**6), some.integers(0, 10**18)
    ),
    max_size=40,
).map(lambda rows: [fill(ts, *row) for ts, row in enumerate(rows)])


@given(FILLS)
def test_money_is_conserved_by_both_pairings(fills: list[Execution]) -> None:
    """Gains less the cost of what is open is what cash has moved, and no fee is lost or doubled."""
    flow = sum(-one.notional if one.qty > 0 else one.notional for one in fills)
    fees = sum(one.fee for one in fills)
    fifo = fifo_trips(fills)
    assert sum(trip.gross for trip in fifo.trips) - fifo.open_cost == flow
    assert sum(trip.fees for trip in fifo.trips) + fifo.open_fees == fees
    assert all(trip.fees >= 0 for trip in fifo.trips)
    positions = position_trips(fills)
    assert sum(trip.fees for trip in positions) == fees
    closed = [trip for trip in positions if not trip.is_open]
    for trip in closed:
        assert trip.gross == trip.sign * (trip.exit_notional - trip.entry_notional)
        assert trip.qty == trip.closed_qty
    if sum(one.qty for one in fills) == 0:
        assert len(closed) == len(positions)
        assert sum(trip.gross for trip in positions) == flow == sum(t.gross for t in fifo.trips)


@given(FILLS)
def test_both_pairings_close_the_same_quantity(fills: list[Execution]) -> None:
    """What was bought and sold again does not depend on how it is paired."""
    fifo = sum(trip.qty for trip in fifo_trips(fills).trips)
    assert fifo == sum(trip.closed_qty for trip in position_trips(fills))
    held = list(accumulate((one.qty for one in fills), initial=0))
    reduced = sum(
        min(abs(before), abs(one.qty))
        for before, one in zip(held, fills, strict=False)
        if before * one.qty < 0
    )
    assert fifo == reduced


DEALS = some.lists(
    some.tuples(some.integers(1, 38), some.sampled_from(["0.5", "1.25", "-0.75", "-1", "-2.5"])),
    max_size=12,
)


@given(DEALS, some.lists(some.integers(-40, 40), min_size=40, max_size=40))
def test_trips_add_up_to_the_ledger_s_own_gain(
    deals: list[tuple[int, str]], moves: list[int]
) -> None:
    """By position every gain is the ledger's; FIFO differs by what is still open."""
    prices = [10_000 + move for move in accumulate(moves)]
    market = quotes_market([(f"{p / 100:.2f}", f"{(p + 3) / 100:.2f}") for p in prices])
    played = play(market, [Deal(*deal) for deal in deals], fee=TEN_BP)
    ledger, executions = played.ledger, played.path.executions
    positions = position_trips(executions)
    assert sum(trip.gross for trip in positions) == ledger.realized
    assert sum(trip.fees for trip in positions) == ledger.fees
    fifo = fifo_trips(executions)
    cost = ledger.position(BTCUSDT.symbol).cost
    assert sum(trip.gross for trip in fifo.trips) - fifo.open_cost == ledger.realized - cost
    assert sum(trip.fees for trip in fifo.trips) + fifo.open_fees == ledger.fees
    opening = money("10000")
    assert opening + sum(trip.net for trip in positions) - cost == summary_of(ledger).cash


def test_many_openings_closed_one_by_one_stay_quick() -> None:
    """Twenty thousand fills are paired in well under a second: no pairing looks twice."""
    count = 10_000
    fills = [fill(i, 1, 100) for i in range(count)] + [
        fill(count + i, -1, 101) for i in range(count)
    ]
    assert len(fifo_trips(fills).trips) == count
    assert position_trips(fills)[0].gross == pytest.approx(count * CENT)


def test_money_of_another_currency_counts_at_the_rate_of_its_fill() -> None:
    """Bought 4 at 10 when one was worth 1.5, sold 4 at 12 when one was worth 2: 8 gained are 16.

    What was bought is worth 60; by both pairings, and prices stay in the instrument's currency.
    """
    bought = msgspec.structs.replace(fill(1, 4, 1000), rate=(3, 2))
    sold = msgspec.structs.replace(fill(2, -4, 1200), rate=(2, 1))
    (pair,) = fifo_trips([bought, sold]).trips
    (trip,) = position_trips([bought, sold])
    for found in (pair, trip):
        assert (found.gross, found.paid) == (money("16"), money("60"))
        assert (found.entry_notional, found.exit_notional) == (money("40"), money("48"))
