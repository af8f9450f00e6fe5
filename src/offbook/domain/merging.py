"""Rows of several sources, put into the one order in which a market gives them.

A row's place is decided by (session time; bars that ended before quotes and trades; the order of
the sources; the order within the source).  A bar holds what happened before its end, so it comes
before the rows of that moment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from offbook.domain.market_data import DataKind, MergedSlice, SourceSlice


def merge(start: int, pieces: Sequence[SourceSlice], horizon: int | None = None) -> MergedSlice:
    """The rows of one piece per source (in the order of the sources) as a merged slice.

    The first row stands at ``start`` in the market.  With a ``horizon``, only rows of session
    time below it are taken: what a source has not read yet must lie at or after it.  Pieces are
    not copied; each must be in the order of its own time.
    """
    ends = [_below(piece, horizon) for piece in pieces]
    ranked = sorted(range(len(pieces)), key=lambda source: _rank(pieces[source], source))
    none = np.zeros(0, np.int64)
    ts = np.concatenate([none, *(pieces[source].ts[: ends[source]] for source in ranked)])
    which = np.repeat(np.array(ranked, np.int64), [ends[source] for source in ranked])
    index = np.concatenate([none, *(np.arange(ends[s], dtype=np.int64) for s in ranked)])
    order = np.argsort(ts, kind="stable")
    return MergedSlice(start, ts[order], which[order], index[order], tuple(pieces))


def safe_horizon(pieces: Sequence[SourceSlice], finished: Sequence[bool]) -> int | None:
    """Up to where rows can be merged while some sources have more to read; None: all the way.

    Further rows of a source may be of the same time as the last one read, so only what lies
    before that is certain to be complete.  A source of which nothing is read yet gives 0.
    """
    return min(
        (
            int(piece.ts[-1]) if len(piece) else 0
            for piece, done in zip(pieces, finished, strict=True)
            if not done
        ),
        default=None,
    )


def rows_by_source(merged: MergedSlice) -> tuple[int, ...]:
    """How many rows of each source are in a merged slice: by so much its sources move on."""
    counts: list[int] = np.bincount(merged.which, minlength=len(merged.pieces)).tolist()
    return tuple(counts)


def _below(piece: SourceSlice, horizon: int | None) -> int:
    return len(piece) if horizon is None else int(np.searchsorted(piece.ts, horizon))


def _rank(piece: SourceSlice, source: int) -> tuple[bool, int]:
    return piece.kind is not DataKind.BARS, source
