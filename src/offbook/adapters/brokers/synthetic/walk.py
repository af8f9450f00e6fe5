"""The rows: time, price, spread and sizes of one page, each from its own draws.

A page is a number of stretches made in one go; its length decides speed and no row.

- Time: waits are exponential and scaled so that a stretch lasts exactly 256 mean steps.
- Price: the walk within a stretch is bent so that it ends where the stretch's move leads (a
  Brownian bridge), and a level becomes a price only at the end.
- Spread: drawn once for 16 rows.  Sizes: drawn for each row and side.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from offbook.adapters.brokers.synthetic.chapters import CHAPTER_STRETCHES, Chapter, Chapters
from offbook.adapters.brokers.synthetic.hashing import Stream, UintColumn
from offbook.adapters.brokers.synthetic.powers import FRACTION_BITS, prices_at
from offbook.adapters.brokers.synthetic.recipe import SHARE_BITS, Recipe
from offbook.adapters.brokers.synthetic.tables import bits, exponential, normal
from offbook.adapters.brokers.synthetic.trading_time import Sessions, TradingTime
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import IntColumn
from offbook.domain.quantiles import QUANTILE_SCALE_BITS
from offbook.domain.synthetic import STRETCH_ROWS, BadMoment, VolumeShape
from offbook.domain.values import MAX_UNITS

PAGE_STRETCHES: Final = 32
PAGE_ROWS: Final = PAGE_STRETCHES * STRETCH_ROWS

SILENCE_STEPS: Final = 128
"""A silence is a wait of so many mean steps, before the stretch is scaled to its length."""

WIDE_FACTOR: Final = 8
WIDE_TICKS: Final = 8
"""A wide spread is the drawn one times the factor, and so many ticks more."""

_SPREAD_ROWS: Final = 16
_ROUNDING_BITS: Final = QUANTILE_SCALE_BITS + SHARE_BITS
_ROUNDING_MASK: Final = (1 << _ROUNDING_BITS) - 1
_PLACES: Final = np.arange(STRETCH_ROWS, dtype=np.int64)


class Page(msgspec.Struct, frozen=True):
    """Rows in columns, in the units of a quote slice; ``draws`` are the walk's own."""

    ts: IntColumn
    sessions: Sessions
    bid_px: IntColumn
    ask_px: IntColumn
    bid_qty: IntColumn
    ask_qty: IntColumn
    draws: UintColumn

    def cut(self, length: int) -> Page:
        """The first rows, without copying."""
        if length >= len(self.ts):
            return self
        sessions = self.sessions if isinstance(self.sessions, np.int64) else self.sessions[:length]
        return Page(
            ts=self.ts[:length],
            sessions=sessions,
            bid_px=self.bid_px[:length],
            ask_px=self.ask_px[:length],
            bid_qty=self.bid_qty[:length],
            ask_qty=self.ask_qty[:length],
            draws=self.draws[:length],
        )


class _Stretches(msgspec.Struct, frozen=True):
    """The stretches of one page: their chapter, their places in it, and the number of the first."""

    chapter: Chapter
    places: slice
    first: int

    def affected(self, kind: int) -> list[tuple[int, slice]]:
        """Stretch and rows of every bad moment of a kind."""
        chapter, places = self.chapter, self.places
        found = np.flatnonzero(chapter.moments[places] == kind).tolist()
        rows = chapter.moment_rows[places].tolist()
        lengths = chapter.moment_lengths[places].tolist()
        return [(at, slice(rows[at], rows[at] + lengths[at])) for at in found]


class Walk:
    """Pages of rows by number, of one market; keeps nothing but the chapters it has passed."""

    def __init__(self, recipe: Recipe, time: TradingTime) -> None:
        self.recipe = recipe
        self.time = time
        self._chapters = Chapters(recipe)
        self._steps = Stream(recipe.seed, "walk")
        self._sizes = Stream(recipe.seed, "sizes")
        self._spreads = Stream(recipe.seed, "spread")
        self._sigmas = np.array(recipe.sigma, dtype=np.int64)
        self._excesses = np.array(recipe.spread_excess, dtype=np.int64)
        nights = normal(Stream(recipe.seed, "overnight").draws(0, time.sessions))
        nights = nights * recipe.overnight_sigma >> QUANTILE_SCALE_BITS
        nights = np.where(time.ends_day, nights, 0)
        self._nights = np.cumsum(nights) - nights
        self._stretch_ns = recipe.step_ns * STRETCH_ROWS
        room = min(time.capacity, MAX_UNITS - 1 - recipe.start_ns)
        self.rows = room // self._stretch_ns * STRETCH_ROWS
        """How many rows the market's hours have room for."""
        if not self.rows:
            raise InvalidConfig(
                f"market.start_ns: the calendar's table ends within {STRETCH_ROWS} rows of it",
                field="market.start_ns",
            )

    def rows_before(self, spent: int) -> int:
        """How many rows come before a trading time (ns)."""
        page = min(spent // (self._stretch_ns * PAGE_STRETCHES), self.rows // PAGE_ROWS)
        inside = int(np.searchsorted(self._times(page), spent, side="left"))
        return min(page * PAGE_ROWS + inside, self.rows)

    def times(self, number: int) -> tuple[IntColumn, Sessions]:
        """Clock times (ns UTC) and sessions of a page's rows; nothing past the last row."""
        spent = self._times(number)[: self.rows - number * PAGE_ROWS]
        sessions = self.time.session_at(spent)
        return self.time.clock(spent, sessions), sessions

    def page(self, number: int) -> Page:
        """A page's rows; the last may be short. ``number`` must not lie past it."""
        stretches = self._stretches(number)
        draws = self._steps.draws(number * PAGE_ROWS, PAGE_ROWS)
        spent = self._spent(stretches, draws)
        sessions = self.time.session_at(spent)
        ts = self.time.clock(spent, sessions)
        levels = self._levels(stretches, draws)
        levels += self._nights[sessions]
        np.clip(levels, 0, self.recipe.level_most, out=levels)
        spread = self._spread(stretches)
        bid = prices_at(levels)
        bid -= spread << (FRACTION_BITS - 1)
        bid >>= FRACTION_BITS
        np.maximum(bid, 1, out=bid)
        ask = bid + spread
        bid *= self.recipe.tick_units
        ask *= self.recipe.tick_units
        bid_qty, ask_qty = self._shown(stretches, ts, sessions)
        whole = Page(ts, sessions, bid, ask, bid_qty, ask_qty, draws)
        return whole.cut(self.rows - number * PAGE_ROWS)

    def _stretches(self, number: int) -> _Stretches:
        first = number * PAGE_STRETCHES
        place = first % CHAPTER_STRETCHES
        chapter = self._chapters.chapter(first // CHAPTER_STRETCHES)
        return _Stretches(chapter, slice(place, place + PAGE_STRETCHES), first)

    def _times(self, number: int) -> IntColumn:
        draws = self._steps.draws(number * PAGE_ROWS, PAGE_ROWS)
        return self._spent(self._stretches(number), draws)

    def _spent(self, stretches: _Stretches, draws: UintColumn) -> IntColumn:
        """Trading time of each row (ns); the first row of a stretch is at its very beginning."""
        waits = exponential(draws, 44).reshape(PAGE_STRETCHES, STRETCH_ROWS)
        for at, rows in self._affected(stretches, BadMoment.BURST):
            waits[at, rows] = 0
        for at, rows in self._affected(stretches, BadMoment.SILENCE):
            waits[at, rows.start] += SILENCE_STEPS << QUANTILE_SCALE_BITS
        passed = np.cumsum(waits, axis=1)
        # As many bits below one ns as the products leave room for.
        shift = 62 - self._stretch_ns.bit_length()
        scale = (self._stretch_ns << shift) // passed[:, -1]
        passed -= waits
        passed *= scale[:, np.newaxis]
        passed >>= shift
        numbers = np.arange(stretches.first, stretches.first + PAGE_STRETCHES, dtype=np.int64)
        passed += (numbers * self._stretch_ns)[:, np.newaxis]
        return passed.reshape(-1)

    def _levels(self, stretches: _Stretches, draws: UintColumn) -> IntColumn:
        chapter, places = stretches.chapter, stretches.places
        path = np.empty((PAGE_STRETCHES, STRETCH_ROWS + 1), dtype=np.int64)
        path[:, 0] = 0
        drawn = normal(draws).reshape(PAGE_STRETCHES, STRETCH_ROWS)
        np.cumsum(drawn, axis=1, out=path[:, 1:])
        path *= self._sigmas[chapter.regimes[places]][:, np.newaxis]
        path >>= QUANTILE_SCALE_BITS
        # Bent by a share of what is missing at the end: 256 rows, hence the shift by 8.
        missing = chapter.moves[places] - path[:, -1]
        bend = missing[:, np.newaxis] * _PLACES
        bend >>= 8
        bend += path[:, :-1]
        bend += chapter.levels[places][:, np.newaxis]
        jump_rows, jumps = chapter.jump_rows[places], chapter.jumps[places]
        for at in np.flatnonzero(jump_rows).tolist():
            bend[at, jump_rows[at] :] += jumps[at]
        return bend.reshape(-1)

    def _spread(self, stretches: _Stretches) -> IntColumn:
        """Spreads in ticks."""
        groups = STRETCH_ROWS // _SPREAD_ROWS
        draws = self._spreads.draws(stretches.first * groups, PAGE_STRETCHES * groups)
        excess = self._excesses[stretches.chapter.regimes[stretches.places]]
        drawn = exponential(draws) * np.repeat(excess, groups)
        drawn += bits(draws, 0, _ROUNDING_MASK)
        drawn >>= _ROUNDING_BITS
        drawn += self.recipe.spread_least
        spread = np.repeat(drawn, _SPREAD_ROWS).reshape(PAGE_STRETCHES, STRETCH_ROWS)
        for at, rows in self._affected(stretches, BadMoment.WIDE_SPREAD):
            spread[at, rows] = spread[at, rows] * WIDE_FACTOR + WIDE_TICKS
        for at, rows in self._affected(stretches, BadMoment.LOCKED):
            spread[at, rows] = 0
        return spread.reshape(-1)

    def _shown(
        self, stretches: _Stretches, ts: IntColumn, sessions: Sessions
    ) -> tuple[IntColumn, IntColumn]:
        """Sizes at bid and ask, in quantity units."""
        draws = self._sizes.draws(stretches.first * STRETCH_ROWS, PAGE_ROWS)
        means: IntColumn | int = self.recipe.size_mean
        if self.recipe.volume_shape is VolumeShape.U:
            away = 2 * self.time.day_share(ts, sessions) - 1024
            # Half the mean at noon, twice the mean at both ends, the mean on average.
            means = means * (128 + (384 * away * away >> 20)) >> 8
        tiny = self._affected(stretches, BadMoment.TINY_SIZE)
        shown = []
        for entry, rounding in ((54, 0), (44, _ROUNDING_BITS)):
            drawn = exponential(draws, entry)
            drawn *= means
            drawn += bits(draws, rounding, _ROUNDING_MASK)
            drawn >>= _ROUNDING_BITS
            np.maximum(drawn, 1, out=drawn)
            matrix = drawn.reshape(PAGE_STRETCHES, STRETCH_ROWS)
            for at, rows in tiny:
                matrix[at, rows] = 1
            drawn *= self.recipe.size_grain
            shown.append(drawn)
        return shown[0], shown[1]

    def _affected(self, stretches: _Stretches, moment: BadMoment) -> list[tuple[int, slice]]:
        if moment not in self.recipe.bad_moments:
            return []
        return stretches.affected(self.recipe.bad_moments.index(moment))
