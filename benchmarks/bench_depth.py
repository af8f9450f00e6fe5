"""Events per second on a book with a queue model, beside hftbacktest on the same capture.

    python benchmarks/bench_depth.py CAPTURE.gz [--rounds 5] [--peers] [--hftbacktest PYTHON]

``CAPTURE.gz`` is a raw capture of Binance USD-M futures (see ``docs/reference/depth.md``); without
one, nothing is measured.  An event is one level of a message of depth, or one trade.  *followed* is
a session without orders, which only follows the book; *quoting* has a resting order on each side,
looked at every 100 ms and moved to the best price where that went away, ``fifo`` queue, 50 us each
way, every record made; *on_depth* also shows every message to the strategy.  All are engines fed
from memory.  *hftbacktest* does the same as *quoting* (``risk_adverse_queue_model``, compiled
beforehand), with ``--peers`` in an environment of its own, else in the interpreter that is given by
``--hftbacktest``, or in this one where it is installed; what it runs in stands in
``hftbacktest_quoting.py``.  Its fills differ, for it moves by the venue's clock where offbook moves
by the receiver's.  Each round runs all in turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from peers import PEERS, Unavailable, ready
from rounds import machine, spread

from offbook.adapters.brokers.replay.captures import write_capture
from offbook.adapters.brokers.replay.gateway import open_recording
from offbook.domain import config as c
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.commands import Start
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind, MarketInfo, MergedSlice, SourceSlice
from offbook.domain.merging import merge
from offbook.domain.orders import OrderSide
from offbook.domain.records import OrderFilled
from offbook.engine.books.book_view import BookView
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.sessions import new_session

LATENCY_NS = 50_000
STEP_NS = 100_000_000
BTCUSDT = Instrument(
    symbol="BTCUSDT",
    asset_class=AssetClass.CRYPTO_SPOT,
    base="BTC",
    quote_currency="USDT",
    price_precision=1,
    qty_precision=3,
    tick_size="0.1",
    lot_size="0.001",
)
KINDS = (DataKind.DEPTH, DataKind.TRADES)


class Quoting(Strategy):
    """A resting order on each side, at the best price."""

    symbol: str = "BTCUSDT"

    def on_start(self) -> None:
        self.resting: dict[OrderSide, tuple[str, int]] = {}
        self.set_timer("look", every=STEP_NS)

    def on_timer(self, name: str) -> None:
        book = self.book(self.symbol, 1)
        if book.best_bid is None or book.best_ask is None or not book.is_sound:
            return
        for side, best in ((OrderSide.BUY, book.best_bid), (OrderSide.SELL, book.best_ask)):
            known = self.resting.get(side)
            if known is not None:
                if self.order(known[0]).is_closed:
                    del self.resting[side]
                elif known[1] != best.px:
                    self.cancel(known[0])
                    del self.resting[side]
            if side not in self.resting:
                send = self.buy if side is OrderSide.BUY else self.sell
                order = send(self.symbol, "0.01", price=book.price_of(best), post_only=True)
                self.resting[side] = (order, best.px)


class Watching(Quoting):
    """The same, shown every message."""

    def on_depth(self, book: BookView) -> None:
        self.seen = book.mid


def rows_of(capture: Path, folder: Path) -> MergedSlice:
    """Depth and trades of the capture, merged."""
    pieces: list[SourceSlice] = []
    for kind in KINDS:
        path = folder / f"{kind.value}.csv"
        write_capture(capture, kind, path)
        opened = open_recording(market(path, kind), Event())
        parts = []
        while (piece := opened.reader.next()) is not None:
            parts.append(piece)
        opened.reader.close()
        pieces.append(joined(parts))
    return merge(0, pieces)


def joined(parts: list[SourceSlice]) -> SourceSlice:
    """Pieces of one source as one."""
    import numpy as np

    names = [*parts[0].COLUMNS, "ts_event"]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return type(parts[0])(BTCUSDT, 0, **columns)


def market(path: Path | str, kind: DataKind) -> c.ReplayMarket:
    """One source of the market."""
    return c.ReplayMarket(path=str(path), kind=kind, instrument=BTCUSDT)


def run(rows: MergedSlice, strategy: Strategy | None) -> tuple[float, int]:
    """Seconds of an engine over all rows, and its fills."""
    sources = c.CombinedMarket(sources=tuple(market("capture", kind) for kind in KINDS))
    config = c.SessionConfig(
        market=sources,
        account=c.AccountConfig(
            currency="USDT", initial_cash="1000000", type=c.AccountType.MARGIN, leverage="5"
        ),
        venue=c.VenueConfig(latency=c.LatencyConfig(entry_ns=LATENCY_NS, response_ns=LATENCY_NS)),
    )
    engine = ProcessingEngine(new_session(config=config), strategy)
    info = MarketInfo(
        sources=c.sources_of(sources),
        instruments=(BTCUSDT,),
        data_identity="benchmark",
        calendar_identity="benchmark",
    )
    engine.process([Attach(market=info, calendars=(ALWAYS_OPEN_CALENDAR,))])
    engine.process([Take(command=Start(command_id="start"), ts=int(rows.ts[0]))])
    began = time.perf_counter()
    records = []
    while engine.cursor.row < len(rows):
        place = engine.cursor.row
        records += engine.process([rows.rows(place, min(place + 16_384, len(rows)))])
    records += engine.process([EndOfData()])
    seconds = time.perf_counter() - began
    return seconds, sum(isinstance(record, OrderFilled) for record in records)


def beside(python: str, capture: Path) -> tuple[float, int, int] | str:
    """Seconds, fills and events of hftbacktest in another interpreter; why there are none."""
    program = Path(__file__).with_name("hftbacktest_quoting.py")
    command = [python, str(program), str(capture), str(LATENCY_NS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
    told = json.loads(done.stdout.strip().rpartition("\n")[2])
    return told["seconds"], told["fills"], told["events"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hftbacktest", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--peers", action="store_true", help="hftbacktest, installed for it")
    options = parser.parse_args()
    if options.capture is None or not options.capture.is_file():
        there = "none is named" if options.capture is None else f"there is no {options.capture}"
        print(f"skipped: it needs a raw capture of Binance futures, and {there}", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = rows_of(options.capture, Path(folder))
    variants: dict[str, Callable[[], Strategy | None]] = {
        "followed": lambda: None,
        "quoting": Quoting,
        "on_depth": Watching,
    }
    taken: dict[str, list[tuple[float, int]]] = {}
    others: list[tuple[float, int, int]] = []
    python, trouble = options.hftbacktest, ""
    if options.peers:
        try:
            python = str(ready(next(peer for peer in PEERS if peer.name == "hftbacktest")))
        except Unavailable as error:
            trouble = str(error)
    for _ in range(options.rounds):
        for name, make in variants.items():
            taken.setdefault(name, []).append(run(rows, make()))
        other = trouble or beside(python, options.capture)
        if isinstance(other, str):
            trouble = other
        else:
            others.append(other)
    print(f"{len(rows):,} events, {options.rounds} rounds; {machine()}")
    print(f"{'':14}{'seconds':>9}{'events/s':>13}{'fills':>7}")
    for name, runs in taken.items():
        _print(name, [seconds for seconds, _ in runs], len(rows), runs[0][1])
    for name in ("quoting", "on_depth"):
        pairs = zip(taken[name], taken["followed"], strict=True)
        print(f"{name} takes {spread([mine[0] / bare[0] for mine, bare in pairs])} times followed")
    if trouble:
        print(f"hftbacktest skipped: {trouble}")
        return
    _print("hftbacktest", [one[0] for one in others], others[0][2], others[0][1])
    quoting = [seconds / len(rows) for seconds, _ in taken["quoting"]]
    ratios = [ours / (one[0] / one[2]) for ours, one in zip(quoting, others, strict=True)]
    print(f"quoting takes {spread(ratios, 1)} times as long per event as hftbacktest")


def _print(name: str, seconds: list[float], events: int, fills: int) -> None:
    median = statistics.median(seconds)
    print(f"{name:14}{median:9.3f}{events / median:13,.0f}{fills:7}")


if __name__ == "__main__":
    main()
