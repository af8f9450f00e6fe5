"""What round trips come to together, and how far each went for and against its holder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import msgspec
import numpy as np

from offbook.domain.calendars import NEVER
from offbook.domain.market_data import IntColumn
from offbook.domain.values import Amount
from offbook.services.reporting.account_path import AccountPath
from offbook.services.reporting.equity_curve import EquityCurve, Excursion
from offbook.services.reporting.figure import Figure
from offbook.services.reporting.round_trips import RoundTrip


class TripStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Closed round trips together. Money is decimal text in the account's currency,
    after fees unless called gross.

    A trip is won when its net gain is positive, lost when it is negative; one that came out even
    is neither and ends a streak of either.  ``profit_factor`` is the sum of gains over the sum of
    losses; ``expectancy`` the mean net gain of a trip.
    """

    trips: int
    won: int
    lost: int
    even: int
    gross: str
    fees: str
    net: str
    win_rate: Figure
    profit_factor: Figure
    expectancy: str | None
    average_win: str | None
    average_loss: str | None
    largest_win: str | None
    largest_loss: str | None
    longest_winning: int
    longest_losing: int
    mean_holding_ns: int | None


def trip_statistics(trips: Sequence[RoundTrip]) -> TripStatistics:
    """Figures over closed trips; open ones are left out. Averages are rounded down."""
    closed = [trip for trip in trips if not trip.is_open]
    nets = [trip.net for trip in closed]
    wins = [net for net in nets if net > 0]
    losses = [net for net in nets if net < 0]
    none = Figure(None, "no round trip was closed")
    holding = [trip.holding_ns or 0 for trip in closed]
    return TripStatistics(
        trips=len(closed),
        won=len(wins),
        lost=len(losses),
        even=len(nets) - len(wins) - len(losses),
        gross=str(Amount(sum(trip.gross for trip in closed))),
        fees=str(Amount(sum(trip.fees for trip in closed))),
        net=str(Amount(sum(nets))),
        win_rate=Figure(len(wins) / len(nets)) if nets else none,
        profit_factor=_profit_factor(wins, losses) if nets else none,
        expectancy=_text(_mean(nets)),
        average_win=_text(_mean(wins)),
        average_loss=_text(_mean(losses)),
        largest_win=_text(max(wins, default=None)),
        largest_loss=_text(min(losses, default=None)),
        longest_winning=_streak(nets, 1),
        longest_losing=_streak(nets, -1),
        mean_holding_ns=_mean(holding),
    )


def _profit_factor(wins: Sequence[int], losses: Sequence[int]) -> Figure:
    if not losses:
        return Figure(None, "no round trip lost")
    return Figure(sum(wins) / -sum(losses))


def _mean(values: Sequence[int]) -> int | None:
    return sum(values) // len(values) if values else None


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(Amount(amount))


def _streak(nets: Sequence[int], sign: int) -> int:
    longest = current = 0
    for net in nets:
        current = current + 1 if net * sign > 0 else 0
        longest = max(longest, current)
    return longest


class TripExcursion(msgspec.Struct, frozen=True):
    """How far the price went for (``favourable``, 0 or more) and against (``adverse``, 0 or less)
    a trip while it lasted, as fractions of its average entry price."""

    favourable: float
    adverse: float


class Excursions:
    """Finds the extremes of an instrument's price over any stretch of its legs (Sweeney 1996)."""

    def __init__(self, path: AccountPath, curve: EquityCurve) -> None:
        self._instruments = {found.symbol: found for found in path.instruments}
        self._restated = path.restated
        self._legs = {
            symbol: _Legs(times, curve.excursions[symbol]) for symbol, times in path.legs().items()
        }

    def of(self, trip: RoundTrip) -> TripExcursion | None:
        """The excursion of a trip, its own fills' average prices included; None without rows, and
        across a split, where prices are told in two units."""
        end = trip.exit_ts or NEVER
        if any(trip.symbol == r.new_symbol and trip.entry_ts < r.ts <= end for r in self._restated):
            return None
        found = self._legs[trip.symbol].extremes(trip.entry_ts, trip.exit_ts)
        if found is None or not trip.qty:
            return None
        entry = self._twice_px(trip.symbol, trip.entry_notional, trip.qty)
        moves = [found[0] / entry - 1, found[1] / entry - 1, 0.0]
        if trip.closed_qty:
            leave = self._twice_px(trip.symbol, trip.exit_notional, trip.closed_qty)
            moves.append(leave / entry - 1)
        signed = [trip.sign * move for move in moves]
        return TripExcursion(favourable=max(signed), adverse=min(signed))

    def _twice_px(self, symbol: str, notional: int, qty: int) -> float:
        """Twice the average price of so many units that were worth so much."""
        instrument = self._instruments[symbol]
        price, of = instrument.average_px(notional, qty)
        return 2 * price * int(10**instrument.price_precision) / of


class _Legs:
    """The extremes of one instrument between its fills.

    A range of legs is looked up in two overlapping blocks of a power of two, so that many nested
    trips stay cheap.
    """

    def __init__(self, times: Sequence[int], found: Sequence[Excursion]) -> None:
        self._times = times
        high = [-1 if leg.twice_high is None else leg.twice_high for leg in found]
        low = [2**63 - 1 if leg.twice_low is None else leg.twice_low for leg in found]
        self._high = _doubling(np.array(high, dtype=np.int64), np.maximum)
        self._low = _doubling(-np.array(low, dtype=np.int64), np.maximum)

    def extremes(self, entry_ts: int, exit_ts: int | None) -> tuple[int, int] | None:
        """(highest, lowest), doubled, from one fill until another or the end."""
        # Leg 0 is that before the first fill.
        first = bisect_left(self._times, entry_ts) + 1
        end = len(self._times) + 1
        if exit_ts is not None:
            # The leg of the exit begins when the position has changed already.
            end = max(bisect_left(self._times, exit_ts) + 1, first + 1)
        high, low = _largest(self._high, first, end), -_largest(self._low, first, end)
        return None if high < 0 else (high, low)


def _doubling(values: IntColumn, fold: np.ufunc) -> list[IntColumn]:
    """Row k holds the fold over 2**k values from each position on."""
    table = [values]
    width = 1
    while 2 * width <= len(values):
        last = table[-1]
        table.append(fold(last[:-width], last[width:]))
        width *= 2
    return table


def _largest(table: list[IntColumn], begin: int, end: int) -> int:
    row = (end - begin).bit_length() - 1
    return max(int(table[row][begin]), int(table[row][end - 2**row]))
