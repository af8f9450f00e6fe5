"""What holds for a whole stretch of rows: its regime, its move, its jump, its bad moment.

A stretch is 256 rows.  A chapter is 1,024 stretches; the state in which each chapter begins is
kept, so that a place far ahead costs a small part of the rows on the way, and a place behind
nothing but itself.
"""

from __future__ import annotations

from threading import Lock
from typing import Final

import msgspec
import numpy as np

from offbook.adapters.brokers.synthetic.hashing import Stream, UintColumn
from offbook.adapters.brokers.synthetic.recipe import CALM, CHANCE_BITS, NORMAL, WILD, Recipe
from offbook.adapters.brokers.synthetic.tables import bits, normal
from offbook.domain.market_data import IntColumn
from offbook.domain.quantiles import QUANTILE_SCALE_BITS
from offbook.domain.synthetic import STRETCH_ROWS

CHAPTER_STRETCHES: Final = 1024

_ROOT_OF_STRETCH: Final = 16
"""The square root of a stretch's rows: how much wider its move is than a row's."""

_REGIME_SHARES: Final = (77, 205)
"""Of 256 drawn regimes the first 77 are calm (30 %), those below 205 normal (50 %)."""

_LEVEL_BOUND: Final = 1 << 58
_CACHED: Final = 4


class Chapter(msgspec.Struct, frozen=True):
    """Columns with one entry a stretch.

    ``levels`` hold at each stretch's first row; ``moves`` lead from there to the next, without
    the jump of ``jumps`` at row ``jump_rows`` of the stretch (from 1; 0 where there is none).
    ``moments`` index the recipe's bad moments (-1: none), over rows ``moment_rows`` and so many
    more as ``moment_lengths`` say.
    """

    regimes: IntColumn
    levels: IntColumn
    moves: IntColumn
    jump_rows: IntColumn
    jumps: IntColumn
    moments: IntColumn
    moment_rows: IntColumn
    moment_lengths: IntColumn


class Chapters:
    """The chapters of one market, by number; may be asked from several threads."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        purposes = ("regime", "level", "gap", "moment")
        streams = (Stream(recipe.seed, purpose) for purpose in purposes)
        self._regime, self._level, self._gap, self._moment = streams
        self._starts = [(recipe.level, NORMAL)]
        self._kept: dict[int, Chapter] = {}
        self._lock = Lock()

    def chapter(self, number: int) -> Chapter:
        """A chapter; those before it are passed through once."""
        with self._lock:
            found = self._kept.get(number)
            while len(self._starts) <= number:
                self._pass(len(self._starts) - 1)
            if found is None:
                found = self._write(number)
                if len(self._kept) == _CACHED:
                    del self._kept[next(iter(self._kept))]
                self._kept[number] = found
            return found

    def _pass(self, number: int) -> None:
        level, _ = self._starts[number]
        regimes, moves, _, jumps = self._course(number)
        after = level + int(moves.sum()) + int(jumps.sum())
        self._starts.append((after, int(regimes[-1])))

    def _write(self, number: int) -> Chapter:
        level, _ = self._starts[number]
        regimes, moves, jump_rows, jumps = self._course(number)
        steps = moves + jumps
        bounded = min(max(level, -_LEVEL_BOUND), _LEVEL_BOUND)
        moments, rows, lengths = self._moments(number)
        return Chapter(
            regimes=regimes,
            levels=bounded + np.cumsum(steps) - steps,
            moves=moves,
            jump_rows=jump_rows,
            jumps=jumps,
            moments=moments,
            moment_rows=rows,
            moment_lengths=lengths,
        )

    def _course(self, number: int) -> tuple[IntColumn, IntColumn, IntColumn, IntColumn]:
        """Regimes, moves, and where and by how much the price jumps."""
        first = number * CHAPTER_STRETCHES
        regimes = self._regimes(first, self._starts[number][1])
        sigmas = np.array(self._recipe.sigma, dtype=np.int64) * _ROOT_OF_STRETCH
        drawn = normal(self._level.draws(first, CHAPTER_STRETCHES))
        moves = (drawn * sigmas[regimes] >> QUANTILE_SCALE_BITS) + self._recipe.drift
        draws = self._gap.draws(first, CHAPTER_STRETCHES)
        happens = _chances(draws) < self._recipe.gap
        rows = 1 + (bits(draws, 0, 255) * (STRETCH_ROWS - 1) >> 8)
        # Half to one and a half times the mean size, up or down.
        sizes = self._recipe.gap_move * (128 + bits(draws, 9, 255)) >> 8
        signed = np.where(bits(draws, 8, 1) == 1, sizes, -sizes)
        return regimes, moves, np.where(happens, rows, 0), np.where(happens, signed, 0)

    def _regimes(self, first: int, before: int) -> IntColumn:
        draws = self._regime.draws(first, CHAPTER_STRETCHES)
        places = np.arange(CHAPTER_STRETCHES)
        switches = _chances(draws) < self._recipe.switch
        latest = np.maximum.accumulate(np.where(switches, places, -1))
        calm_below, normal_below = _REGIME_SHARES
        lots = bits(draws, 0, 255)
        drawn = np.where(lots < calm_below, CALM, np.where(lots < normal_below, NORMAL, WILD))
        return np.where(latest < 0, before, drawn[latest])

    def _moments(self, number: int) -> tuple[IntColumn, IntColumn, IntColumn]:
        draws = self._moment.draws(number * CHAPTER_STRETCHES, CHAPTER_STRETCHES)
        happens = _chances(draws) < self._recipe.bad
        kinds = bits(draws, 13, 2**16 - 1) * len(self._recipe.bad_moments) >> 16
        if not self._recipe.bad_moments:
            happens[:] = False
        # From row 1 to 199 at most: both ends of a stretch stay as they are, also its time.
        rows, lengths = 1 + bits(draws, 0, 127), 8 + bits(draws, 7, 63)
        return np.where(happens, kinds, -1), rows, lengths


def _chances(draws: UintColumn) -> IntColumn:
    """The upper half of each draw, to be held against a chance."""
    return bits(draws, 64 - CHANCE_BITS, 2**CHANCE_BITS - 1)
