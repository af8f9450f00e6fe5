"""Where the time of a replay goes, row by row: parts of the work, each measured alone.

    python benchmarks/bench_parts.py [--rows 200000] [--rounds 9]

Nanoseconds of processor time for each quote, and for each one-minute bar, of the sessions of
``bench_replay.py`` and ``bench_bars.py``:

- *bare loop*: the strategy's arithmetic on floats made beforehand, without objects;
- *callback*: the strategy, called with rows made beforehand;
- *whole rows*: rows made with all their numbers, as they are for a strategy that asks for many;
- *packed rows*: rows made with the floats that most strategies read, the other numbers packed;
- *floor*: packed rows made and the strategy called in the shortest loop that does both;
- *engine, no orders*: a session's engine with a strategy that decides and sends nothing;
- *engine*: with its orders;
- *session*: the engine, the manager and the store.

What lies between *floor* and *engine, no orders* is the engine's own; no loop in Python that makes
rows and shows them can be below the floor.  Each round runs all in turn; the least counts, for what
others do on the machine only adds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bench_bars
import bench_replay
from committed import committed
from rounds import Run, machine

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.commands import Start
from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig, sources_of
from offbook.domain.market_data import BarSlice, DataKind, MarketInfo, QuoteSlice
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.engine.market.price_table import PriceTable
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.rows.packed_rows import BARS, QUOTES, PackedBlock, Packing
from offbook.engine.rows.rows import each_bar, each_quote
from offbook.engine.rows.shown_rows import BLOCK, RUN_BLOCK
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ
from offbook.testing.scripted_gateway import ScriptedGateway
from offbook.testing.sessions import new_session

CALL_ROWS = 16_384
Part = Callable[[], object]


class Work(NamedTuple):
    """One kind of rows, and the strategy on them."""

    piece: QuoteSlice | BarSlice
    each: Callable[..., Iterator[Any]]
    packing: Packing[Any]
    strategy: type[Strategy]
    callback: str
    bare: Callable[[], Run]
    market: ReplayMarket


def silent(strategy: type[Strategy]) -> type[Strategy]:
    """The same strategy, but for its orders."""

    def nothing(*_: object) -> str:
        return ""

    return type(strategy.__name__, (strategy,), {"buy": nothing, "sell": nothing})


class RowParts:
    """What is done with rows alone, without an engine."""

    def __init__(self, work: Work) -> None:
        piece, count = work.piece, len(work.piece)
        self._work = work
        self._blocks, self._long_blocks = (
            [piece.rows(i, min(i + length, count)) for i in range(0, count, length)]
            for length in (BLOCK, RUN_BLOCK)
        )
        self._made = list(work.each(piece))

    def _called(self) -> Callable[[Any], None]:
        strategy = silent(self._work.strategy)()
        strategy.on_start()
        found: Callable[[Any], None] = getattr(strategy, self._work.callback)
        return found

    def callback(self) -> None:
        """The strategy, with rows made beforehand."""
        function = self._called()
        for row in self._made:
            function(row)

    def whole(self) -> None:
        """Rows made with all their numbers."""
        table = PriceTable(100)
        for block in self._blocks:
            for _ in self._work.each(block, table):
                pass

    def _packed(self) -> Iterator[Iterator[Any]]:
        table = PriceTable(100)
        for block in self._long_blocks:
            packed = PackedBlock(block, self._work.packing, table)
            yield map(packed.make, *packed.columns)

    def packed(self) -> None:
        """Rows made, most of their numbers packed."""
        for rows in self._packed():
            for _ in rows:
                pass

    def floor(self) -> None:
        """The same, and shown."""
        function = self._called()
        for rows in self._packed():
            for row in rows:
                function(row)


def parts_of(work: Work, folder: Path) -> dict[str, Part]:
    """All parts, ready to run."""
    piece, count = work.piece, len(work.piece)
    cuts = [piece.rows(i, min(i + 65_536, count)) for i in range(0, count, 65_536)]
    gateway, stores, rows = ScriptedGateway(cuts), iter(range(10**9)), RowParts(work)

    def session() -> Run:
        store = folder / f"{work.callback}-{next(stores)}"
        return committed(gateway, work.market, work.strategy, store)

    return {
        "bare loop": work.bare,
        "callback": rows.callback,
        "whole rows": rows.whole,
        "packed rows": rows.packed,
        "floor": rows.floor,
        "engine, no orders": lambda: engine(work, silent(work.strategy)),
        "engine": lambda: engine(work, work.strategy),
        "session": session,
    }


def engine(work: Work, strategy: type[Strategy]) -> int:
    """An engine over all rows; how many records it made."""
    account = AccountConfig(currency="USD", initial_cash="1000000")
    one = ProcessingEngine(
        new_session(config=SessionConfig(market=work.market, account=account)), strategy()
    )
    info = MarketInfo(
        sources=sources_of(work.market),
        instruments=(XYZ,),
        data_identity="benchmark",
        calendar_identity="benchmark",
    )
    one.process([Attach(market=info, calendars=(ALWAYS_OPEN_CALENDAR,))])
    one.process([Take(command=Start(command_id="start"), ts=int(work.piece.ts[0]))])
    while (place := one.cursor.row) < len(work.piece):
        one.process([work.piece.rows(place, min(place + CALL_ROWS, len(work.piece)))])
    one.process([EndOfData()])
    return one.last_seq


def works(rows: int, folder: Path) -> dict[str, Work]:
    """Quotes and bars."""
    quotes, bars = bench_replay.quotes(rows), bench_bars.bars(rows)
    path = folder / "market"
    path.write_bytes(b"rows in memory")
    market = ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=XYZ)
    of_bars = ReplayMarket(
        path=str(path), kind=DataKind.BARS, instrument=XYZ, timeframe_ns=bench_bars.MINUTE
    )
    return {
        "quote": Work(
            quotes,
            each_quote,
            QUOTES,
            bench_replay.EmaPair,
            "on_quote",
            lambda: bench_replay.bare_loop(quotes),
            market,
        ),
        "bar": Work(
            bars,
            each_bar,
            BARS,
            bench_bars.EmaCross,
            "on_bar",
            lambda: bench_bars.bare_loop(bars),
            of_bars,
        ),
    }


def spent(part: Part) -> float:
    """Processor time; of what measures itself, what it says, for it prepares something first."""
    began = time.process_time()
    done = part()
    if isinstance(done, Run) and done.cpu is not None:
        return done.cpu
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    taken: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ready = {what: parts_of(work, folder) for what, work in works(options.rows, folder).items()}
        for _ in range(options.rounds):
            for what, parts in ready.items():
                least = taken.setdefault(what, {})
                for part, run in parts.items():
                    ns = spent(run) / options.rows * 1e9
                    least[part] = min(ns, least.get(part, ns))
    print(f"ns a row, least of {options.rounds} rounds; {machine()}")
    print(f"{'':19}{''.join(f'{what:>8}{chr(32):>9}' for what in taken)}")
    for part in next(iter(taken.values())):
        told = [f"{t[part]:8.0f} ({t[part] / t['bare loop']:.2f} x)" for t in taken.values()]
        print(f"{part:19}{' '.join(told)}")


if __name__ == "__main__":
    main()
