"""An account's equity over time, from committed records and the market's own rows.

No engine is run: cash and position stand still between fills (``AccountPath``), and the recording
gives the price of any moment.  Equity is marked at mid, as the engine marks it; beside it stands
what closing the position would bring (bid for a long one, ask for a short one), fees left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from offbook.domain.calendars import DAY_NS, TradingCalendar
from offbook.domain.market_data import Cursor
from offbook.ports.gateway import MarketFeed
from offbook.services.reporting.account_path import AccountPath, AccountStep
from offbook.services.reporting.drawdown import Drawdown, Underwater
from offbook.services.reporting.market_scan import BLOCK_ROWS, Marks, PathScan, blocks

CHART_POINTS: Final = 500
"""Evenly spaced samples when nothing else is asked for."""


class EquitySample(msgspec.Struct, frozen=True, kw_only=True):
    """The account at one moment (``ts``, ns UTC), everything of that moment included.

    Money is in units of 10**-18; ``qty`` is signed, in quantity units; ``bid_px`` and ``ask_px``
    (price units; both the close for bars) are the last at or before ``ts``, None before any row.
    """

    ts: int
    cash: int
    qty: int
    bid_px: int | None
    ask_px: int | None
    equity: int
    equity_closing: int
    position_value: int

    @property
    def exposure(self) -> float | None:
        """Gross value of the position as a share of equity; None unless equity is positive."""
        return abs(self.position_value) / self.equity if self.equity > 0 else None


class Excursion(msgspec.Struct, frozen=True):
    """Twice the highest and the lowest price while an account's step lasted (price units);
    None where no row came."""

    twice_high: int | None
    twice_low: int | None


class EquityCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Equity of one session on three grids, and what only a pass over every row can tell.

    ``daily`` begins with the opening and holds the end of each trading day, the last one as far
    as it went; ``even`` are evenly spaced moments from start to end; ``at_fills`` are the moments
    of fills.  ``excursions`` belong to the steps of the account's path.  ``market_return`` is the
    instrument's own, from the first mid to the last.  ``drawdown`` and ``underwater`` are over
    every row and every fill.
    """

    begin_ts: int
    end_ts: int
    daily: tuple[EquitySample, ...]
    even: tuple[EquitySample, ...]
    at_fills: tuple[EquitySample, ...]
    excursions: tuple[Excursion, ...]
    drawdown: Drawdown | None
    underwater: Underwater | None
    market_return: float | None

    @property
    def last(self) -> EquitySample:
        """The account at the end."""
        return self.daily[-1]


def day_ends(calendar: TradingCalendar, begin: int, end: int) -> list[int]:
    """Ends of trading days in ``(begin, end)``, and ``end`` itself: where daily samples are taken.

    A trading day ends at its session's close, midnight UTC in an always-open market, and its
    sample includes that very moment, since a bar that ends then is the day's last.
    """
    if calendar.always_open:
        found = list(range((begin // DAY_NS + 1) * DAY_NS, end, DAY_NS))
    else:
        first = bisect_right(calendar.closes, begin)
        found = list(calendar.closes[first : bisect_left(calendar.closes, end)])
    return [*found, end]


def evenly(begin: int, end: int, count: int) -> list[int]:
    """At most ``count`` (2 or more) evenly spaced moments, both ends included, none twice."""
    if end <= begin:
        return [begin]
    steps = min(max(count, 2) - 1, end - begin)
    return [begin + (end - begin) * i // steps for i in range(steps + 1)]


def sample(step: AccountStep, ts: int, mark: tuple[int, int] | None, scale: int) -> EquitySample:
    """Value an account at a mark; exact halves of a unit are rounded down, as the engine does.

    ``scale`` is the instrument's ``notional_scale``.  Without a mark the position counts nothing.
    """
    bid, ask = mark or (0, 0)
    value = step.qty * (bid + ask) * scale // 2
    closing = step.qty * (bid if step.qty > 0 else ask) * scale
    return EquitySample(
        ts=ts,
        cash=step.cash,
        qty=step.qty,
        bid_px=None if mark is None else bid,
        ask_px=None if mark is None else ask,
        equity=step.cash + value,
        equity_closing=step.cash + closing,
        position_value=value,
    )


async def read_equity_curve(
    feed: MarketFeed,
    path: AccountPath,
    until: Cursor,
    *,
    points: int = CHART_POINTS,
    block_rows: int = BLOCK_ROWS,
) -> EquityCurve:
    """The equity of an account over the rows that its session took (``until``).

    Reads the market once, block by block; memory grows with fills, days and ``points`` alone.
    The feed stays the caller's to close.  Raises what ``MarketFeed.read`` raises.
    """
    scale = path.instrument.notional_scale
    scan = PathScan(path.steps, scale)
    begin, end = path.started_ts or 0, until.ts
    grids: tuple[list[int], ...] = ()
    marks: Marks | None = None
    async for prices in blocks(feed, until.row, block_rows):
        if marks is None:
            begin = max(begin, int(prices.ts[0]))
            grids = _grids(feed.calendars[0], path, begin, end, points)
            marks = Marks([ts for grid in grids for ts in grid])
        marks.take(prices)
        scan.take(prices)
    if marks is None:
        grids = _grids(feed.calendars[0], path, begin, end, points)
        marks = Marks([ts for grid in grids for ts in grid])
    scan.finish(end)
    found = iter(marks.result())
    daily, even, at_fills = (
        tuple(sample(path.at(ts), ts, next(found), scale) for ts in grid) for grid in grids
    )
    return EquityCurve(
        begin_ts=begin,
        end_ts=max(begin, end),
        daily=(sample(path.steps[0], begin, None, scale), *daily),
        even=even,
        at_fills=at_fills,
        excursions=_excursions(scan),
        drawdown=scan.drawdown.deepest(),
        underwater=scan.drawdown.longest(),
        market_return=_market_return(scan),
    )


def _grids(
    calendar: TradingCalendar, path: AccountPath, begin: int, end: int, points: int
) -> tuple[list[int], ...]:
    return (
        day_ends(calendar, begin, max(begin, end)),
        evenly(begin, end, points),
        [step.ts for step in path.steps[1:]],
    )


def _excursions(scan: PathScan) -> tuple[Excursion, ...]:
    pairs: Sequence[tuple[int, int]] = list(
        zip(scan.highest.tolist(), scan.lowest.tolist(), strict=True)
    )
    return tuple(Excursion(None, None) if high < 0 else Excursion(high, low) for high, low in pairs)


def _market_return(scan: PathScan) -> float | None:
    if scan.first_twice is None or scan.last_twice is None:
        return None
    return (scan.last_twice - scan.first_twice) / scan.first_twice
