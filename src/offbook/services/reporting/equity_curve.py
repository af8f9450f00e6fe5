"""An account's equity over time, from committed records and the market's own rows.

No engine is run: cash and positions stand still between fills (``AccountPath``), and the recording
gives the prices of any moment.  Equity is marked at mid, as the engine marks it; beside it stands
what closing the positions would bring (bid for a long one, ask for a short one), fees left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Final

import msgspec

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import BookStart, CorporateAction
from offbook.domain.market_data import Cursor
from offbook.ports.gateway import MarketFeed
from offbook.services.reporting.account_path import AccountPath, AccountStep, Restatement
from offbook.services.reporting.drawdown import Drawdown, Underwater
from offbook.services.reporting.equity_scan import EquityScan
from offbook.services.reporting.market_scan import BLOCK_ROWS, Block, MarkFinder, PriceTrack, blocks
from offbook.services.reporting.restatements import cut, factor, restated_mark
from offbook.services.reporting.trading_days import day_ends
from offbook.services.reporting.worth import Marks, Worth

CHART_POINTS: Final = 500
"""Evenly spaced samples when nothing else is asked for."""


class EquitySample(msgspec.Struct, frozen=True, kw_only=True):
    """The account at one moment (``ts``, ns UTC), everything of that moment included.

    Money is in units of 10**-18 of the account's currency, ``cash`` in those of each currency.
    ``positions`` are signed, in quantity units, by symbol; ``marks`` are bid and ask (price units;
    both the close for bars) of the last row at or before ``ts``, without symbols that had none.
    ``gross`` and ``net`` are the values of the positions, added up without and with their signs.
    """

    ts: int
    cash: dict[str, int]
    positions: dict[str, int]
    marks: dict[str, tuple[int, int]]
    equity: int
    equity_closing: int
    gross: int
    net: int

    @property
    def exposure(self) -> float | None:
        """Gross value of the positions as a share of equity; None unless equity is positive."""
        return self.gross / self.equity if self.equity > 0 else None

    @property
    def net_exposure(self) -> float | None:
        """Net value of the positions as a share of equity; None unless equity is positive."""
        return self.net / self.equity if self.equity > 0 else None


class Excursion(msgspec.Struct, frozen=True):
    """Twice the highest and the lowest price while a leg of a position lasted (price units);
    None where no row came."""

    twice_high: int | None
    twice_low: int | None


class EquityCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Equity of one session on three grids, and what only a pass over every row can tell.

    ``daily`` begins with the opening and holds the end of each trading day, the last one as far
    as it went; ``even`` are evenly spaced moments from start to end; ``at_fills`` are the moments
    of fills.  ``excursions`` belong to the legs of each symbol (``AccountPath.legs``), the first
    being that before any fill.  ``market_returns`` are the instruments' own, from the first mid to
    the last, None without a row.  ``drawdown`` and ``underwater`` are over every row and fill.
    ``priced_until`` is when the last row came that gave an instrument a price.
    """

    begin_ts: int
    end_ts: int
    daily: tuple[EquitySample, ...]
    even: tuple[EquitySample, ...]
    at_fills: tuple[EquitySample, ...]
    excursions: dict[str, tuple[Excursion, ...]]
    drawdown: Drawdown | None
    underwater: Underwater | None
    market_returns: dict[str, float | None]
    priced_until: dict[str, int] = {}

    @property
    def last(self) -> EquitySample:
        """The account at the end."""
        return self.daily[-1]


def evenly(begin: int, end: int, count: int) -> list[int]:
    """At most ``count`` (2 or more) evenly spaced moments, both ends included, none twice."""
    if end <= begin:
        return [begin]
    steps = min(max(count, 2) - 1, end - begin)
    return [begin + (end - begin) * i // steps for i in range(steps + 1)]


def sample(step: AccountStep, ts: int, marks: Marks, worth: Worth) -> EquitySample:
    """Value an account at its marks, as the engine does: exact parts of a unit are rounded down,
    for each position.  A position without a mark counts nothing."""
    worth.at(marks)
    return EquitySample(
        ts=ts,
        cash=step.cash,
        positions=step.positions,
        marks=marks,
        equity=worth.equity(step.cash, step.positions),
        equity_closing=worth.closing(step.cash, step.positions),
        gross=worth.gross(step.positions),
        net=worth.net(step.positions),
    )


async def read_equity_curve(
    feed: MarketFeed,
    path: AccountPath,
    until: Cursor,
    *,
    points: int = CHART_POINTS,
    block_rows: int = BLOCK_ROWS,
    book_start: BookStart = BookStart.SNAPSHOT,
    actions: Sequence[CorporateAction] = (),
) -> EquityCurve:
    """The equity of an account over the rows that its session took (``until``); ``actions`` are
    those of its market, at which books begin anew.

    Reads the market once, block by block; memory grows with fills, days and ``points`` alone.
    The feed stays the caller's to close.  Raises what ``MarketFeed.read`` raises.
    """
    pass_ = _Pass(path, feed.calendars, until.ts, points)
    async for block in blocks(feed, until.row, block_rows, book_start, actions):
        pass_.take(block)
    return pass_.curve()


class _Pass:
    """One pass over a market: everything that is asked of its rows."""

    def __init__(
        self, path: AccountPath, calendars: Sequence[TradingCalendar], end: int, points: int
    ) -> None:
        self._path = path
        self._calendars = calendars
        self._begin = path.started_ts or 0
        self._end = end
        self._points = points
        self._worth = Worth(path.account, path.market)
        self._scan = EquityScan(path)
        self._tracks = {symbol: PriceTrack(times) for symbol, times in path.legs().items()}
        self._to_restate = list(path.restated)
        self._grids: tuple[list[int], ...] = ()
        self._marks: dict[str, MarkFinder] = {}
        self._priced_until: dict[str, int] = {}

    def take(self, block: Block) -> None:
        if not self._marks:
            self._lay_grids(max(self._begin, int(block.ts[0])))
        rest: Block | None = block
        while rest is not None and self._to_restate and self._to_restate[0].ts <= rest.ts[-1]:
            before, rest = cut(rest, self._to_restate[0].ts)
            if before is not None:
                self._take(before)
            self._restate(self._to_restate.pop(0))
        if rest is not None:
            self._take(rest)

    def _restate(self, one: Restatement) -> None:
        mark = partial(restated_mark, one=one)
        old, new = self._marks[one.symbol], self._marks[one.new_symbol]
        old.restate(one.ts, mark)
        if new is not old:
            new.inherit(old)
        self._tracks[one.symbol].restate(mark)

    def _take(self, block: Block) -> None:
        for part in block.parts:
            self._marks[part.symbol].take(part.prices)
            self._tracks[part.symbol].take(part.prices)
            self._priced_until[part.symbol] = int(part.prices.ts[-1])
        self._scan.take(block)

    def curve(self) -> EquityCurve:
        if not self._marks:
            self._lay_grids(self._begin)
        for one in self._to_restate:
            self._restate(one)
        self._scan.finish(self._end)
        samples = self._samples()
        daily, even, at_fills = (tuple(next(samples) for _ in grid) for grid in self._grids)
        tracks = self._tracks
        return EquityCurve(
            begin_ts=self._begin,
            end_ts=max(self._begin, self._end),
            daily=(self._opening(), *daily),
            even=even,
            at_fills=at_fills,
            excursions={symbol: _excursions(track) for symbol, track in tracks.items()},
            drawdown=self._scan.drawdown.deepest(),
            underwater=self._scan.drawdown.longest(),
            market_returns={
                symbol: _market_return(track, factor(symbol, self._path.restated))
                for symbol, track in tracks.items()
            },
            priced_until=self._priced_until,
        )

    def _opening(self) -> EquitySample:
        """The account before any row; money in other currencies counts at the first rates."""
        firsts = {symbol: track.first for symbol, track in self._tracks.items()}
        marks = {s: (twice // 2, twice - twice // 2) for s, twice in firsts.items() if twice}
        opening = sample(self._path.steps[0], self._begin, marks, self._worth)
        return msgspec.structs.replace(opening, marks={})

    def _lay_grids(self, begin: int) -> None:
        self._begin = begin
        self._grids = (
            day_ends(self._calendars, begin, max(begin, self._end)),
            evenly(begin, self._end, self._points),
            [step.ts for step in self._path.steps[1:]],
        )
        times = [ts for grid in self._grids for ts in grid]
        self._marks = {symbol: MarkFinder(times) for symbol in self._tracks}

    def _samples(self) -> Iterator[EquitySample]:
        found = {symbol: iter(marks.result()) for symbol, marks in self._marks.items()}
        for grid in self._grids:
            for ts in grid:
                now = {symbol: next(marks) for symbol, marks in found.items()}
                known = {symbol: mark for symbol, mark in now.items() if mark is not None}
                yield sample(self._path.at(ts), ts, known, self._worth)


def _excursions(track: PriceTrack) -> tuple[Excursion, ...]:
    return tuple(
        Excursion(None, None) if found is None else Excursion(*found) for found in track.extremes()
    )


def _market_return(track: PriceTrack, units: Fraction) -> float | None:
    if track.first is None or track.last is None:
        return None
    first, last = units.denominator * track.first, units.numerator * track.last
    return (last - first) / first
