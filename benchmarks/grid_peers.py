"""The grid of ``bench_skipping.py`` beside peers: the same quotes, orders and fills."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from peers import with_peers
from rounds import Run, Variant, in_turn, require_same, spread

from offbook.domain.market_data import QuoteSlice
from offbook.domain.orders import OrderSide
from offbook.domain.row_index import BLOCK, MID

OURS = "as peers"
CENT = 0.01


class GridWork:
    """Quotes that are never short, for a session and, as a file, for peers."""

    def __init__(
        self, walk: QuoteSlice, slots: Sequence[tuple[OrderSide, bool, int]], folder: Path
    ) -> None:
        rows = len(walk)
        size = np.full(rows, 1_000_000, np.int64)
        # At the very end of a minute engines do not agree to which bar a quote belongs.
        ts = walk.ts + 1
        piece = QuoteSlice(walk.instrument, 0, ts, walk.bid_px, walk.ask_px, size, size)
        self._piece = piece.indexed()
        assert self._piece.index is not None
        for name in ("bid_px", "ask_px", MID):
            self._piece.index.of(name, rows // BLOCK + 1)
        self._folder = folder
        self._columns = folder / "quotes.npz"
        terms = [(side is OrderSide.BUY, stops, ticks) for side, stops, ticks in slots]
        np.savez(
            self._columns,
            ts=ts,
            bid=walk.bid_px / 100,
            ask=walk.ask_px / 100,
            bid_size=size.astype(float),
            ask_size=size.astype(float),
            slots=np.array(terms, np.int64),
        )

    def in_turn(
        self, ours: Callable[[QuoteSlice, Path, int], Run], names: Sequence[str], rounds: int
    ) -> dict[str, list[Run]]:
        """So many rounds of ours and of peers: all, or those named."""
        variants: dict[str, Variant] = {OURS: lambda n: ours(self._piece, self._folder, n)}
        return in_turn(variants | with_peers("grid", self._columns, names), rounds)


def tell_peers(
    taken: Mapping[str, list[Run]], rows: int, indexed: Sequence[tuple[float, float]]
) -> None:
    """What each takes for a quote, and that over ours: over as few rows, and over all rows of the
    variant *indexed*, of which ``indexed`` are the seconds a row, by the wall and of the processor,
    round by round.

    Stops unless all have the same fills, and the same equity to a cent for each.
    """
    mine = taken[OURS]
    print(
        f"\n{'':14}{'quotes':>13}{'seconds':>9}  (min-max)      {'cpu':>7}{'M quotes/s':>12} fills"
    )
    for name, runs in taken.items():
        seconds = [run.seconds for run in runs]
        median, cpu = statistics.median(seconds), statistics.median(run.cpu or 0 for run in runs)
        print(
            f"{name:14}{rows:13,}{median:9.3f}  ({min(seconds):.3f}-{max(seconds):.3f}){cpu:9.3f}"
            f"{rows / median / 1e6:12.3f}{runs[0].fills:6}"
        )
    for name, runs in taken.items():
        if name == OURS:
            continue
        few = [peer.seconds / run.seconds for peer, run in zip(runs, mine, strict=True)]
        by_cpu = [(peer.cpu or 0) / (run.cpu or 1) for peer, run in zip(runs, mine, strict=True)]
        pairs = list(zip(runs, indexed, strict=True))
        many = [peer.seconds / rows / wall for peer, (wall, _) in pairs]
        many_by_cpu = [(peer.cpu or 0) / rows / spent for peer, (_, spent) in pairs]
        print(f"as fast as {name}: {spread(few, 1)} times over as many rows")
        print(f"as fast as {name}, by cpu: {spread(by_cpu, 1)} times over as many rows")
        print(f"as fast as {name}: {spread(many, 1)} times a quote, indexed over all rows")
        print(f"as fast as {name}, by cpu: {spread(many_by_cpu, 1)} times a quote, so too")
    require_same(taken, within=CENT * mine[0].fills)
