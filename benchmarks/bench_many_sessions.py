"""What many sessions cost on one live market.

    python benchmarks/bench_many_sessions.py [--rounds 5] [--strategies 1,10,100] [--rows 20000]
        [--minutes 60] [--sessions 1,10000] [--ticks 2000]

*Called at every quote*: so many strategies (an EMA pair that trades by market orders) on one feed,
through hub, recording on disk, runners and journals in memory; from the first row that is pushed
until the last session has taken the last one.  *On one-minute bars*: so many strategies, the same
pair on bars of 600 quotes, which the market does not give.  *Asleep*: so many sessions with ten
resting orders each, none of them touched; what one tick costs from its arrival until nobody has
anything left to do.  Then one of these sessions, drawn at random, is run again alone and compared
byte by byte; and so is one that joined within a minute, one that was given commands, and one that
fell behind (``one_alone.py``).  Each round runs all variants in turn; what counts are the ratios.
*cpu* is the time that the process was given, by which a machine that is not quiet can be judged
too.  Whoever is called has seen every row, and has sent as many orders as the bare loop; whoever is
asleep has ten orders that rest.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bench_bars import EmaCross
from bench_replay import EmaPair, bare_loop, quotes
from one_alone import LIMITS, ROWS, EachTenth, LimitAtLow, SomeApart, alone
from rounds import Run, machine, spread

from offbook.adapters.clock import SystemClock
from offbook.adapters.ids import Uuid7Source
from offbook.adapters.recordings.files import FileRecordings
from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig, StrategySpec
from offbook.domain.depth import DepthSlice
from offbook.domain.market_data import DataKind, QuoteSlice
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.services.market_hub.hub import MarketHub
from offbook.services.market_hub.shared_market import SharedMarket
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.live_gateway import HandDrivenGateway
from offbook.testing.markets import SECOND, XYZ
from offbook.testing.memory_repository import InMemoryRepository

BLOCK = 1000
SHORT = 100
"""Rows that come at once where a bar holds no more than a few times as many."""
A_MINUTE = 600
"""Quotes to a bar."""
USUAL = Limits()
MARKET = ReplayMarket(path="live", kind=DataKind.QUOTES, instrument=XYZ)


class Resting(Strategy):
    """Sends ten limits far below the market, and waits.

    A moment after its start: before the first row of a market all orders are denied.
    """

    def on_start(self) -> None:
        self.set_timer("send", after=SECOND // 4)

    def on_timer(self, name: str) -> None:
        for step in range(10):
            self.buy("XYZ", 1, price=f"{50 - step}.00")


class EmaOnMinutes(EmaCross):
    """The pair on one-minute bars, which are built from the quotes."""

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_bars(self.symbol, "1m")


STRATEGIES = {
    kind.__name__: kind for kind in (EmaPair, EmaOnMinutes, Resting, LimitAtLow, EachTenth)
}


def make_engine(session: PaperTradingSession) -> ProcessingEngine:
    """An engine with the strategy that the session names."""
    assert session.config.strategy is not None
    kind = STRATEGIES[session.config.strategy.ref.partition(":")[2]]
    return ProcessingEngine(session, kind(), "benchmark")


class Setting:
    """A live market, its hub and a manager with so many sessions of one strategy."""

    def __init__(
        self,
        place: Path,
        rows: QuoteSlice | DepthSlice,
        market: ReplayMarket = MARKET,
        limits: Limits = USUAL,
    ) -> None:
        self.rows = rows
        self.market = market
        self.gateway = HandDrivenGateway(start=int(rows.ts[0]))
        self.hub = MarketHub(
            {ReplayMarket: self.gateway},
            FileRecordings(place),
            clock=SystemClock(),
            ids=Uuid7Source(),
        )
        self.repository = InMemoryRepository()
        self.manager = PaperTradingSessionManager(
            self.hub, make_engine, self.repository, limits=limits
        )
        self.ids: list[str] = []

    async def start(self, count: int, strategy: type[Strategy]) -> None:
        """Start the sessions, and wait until each has done what it does at its start."""
        config = SessionConfig(
            market=self.market,
            account=AccountConfig(currency="USD", initial_cash="1000000"),
            strategy=StrategySpec(ref=f"benchmark:{strategy.__name__}"),
        )
        for _ in range(count):
            self.ids.append((await self.manager.start_session(config)).id)

    async def followed(self) -> None:
        """Until all that are awake have taken all rows, and sleep."""
        shared = self.shared
        while (  # noqa: ASYNC110 - turns of the loop are what it waits for
            shared.log.rows < self.pushed or shared.index.sleeping < len(self.ids)
        ):
            await asyncio.sleep(0)

    @cached_property
    def shared(self) -> SharedMarket:
        """The market as the hub holds it."""
        found = self.hub.shared(self.market)
        assert found is not None
        return found

    pushed = 0

    def push(self, begin: int, end: int) -> None:
        """These rows come."""
        assert end <= len(self.rows), f"there are {len(self.rows)} rows"
        self.gateway.push(self.rows.rows(begin, end))
        self.pushed = end

    async def require(self, *, orders: int, fills: int, resting: int) -> None:
        """Ends the program unless every session has taken all rows, sent so many orders and traded
        so often, and so many rest: what was measured is what was to be done."""
        wanted = self.pushed, orders, fills, resting
        for name in self.ids:
            told = await self.manager.progress(name)
            assert told.summary is not None
            made = told.summary
            found = told.cursor.row, made.orders - made.denied, made.fills, made.open_orders
            if found != wanted:
                raise SystemExit(
                    f"session {name}: rows, orders, fills and resting orders are {found}, "
                    f"not {wanted}"
                )

    async def close(self) -> None:
        """Everything is let go."""
        await self.manager.shutdown()
        await self.hub.close()


class Spent(NamedTuple):
    """Seconds by the wall, and of this process."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Spent:
        """Both clocks."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, began: Spent, parts: int = 1) -> Spent:
        """What has been spent on each of so many parts."""
        return Spent((self.wall - began.wall) / parts, (self.cpu - began.cpu) / parts)


async def called(
    strategies: int, rows: QuoteSlice, place: Path, kind: type[Strategy], block: int, orders: int
) -> Spent:
    """What is spent until so many strategies have taken all rows, which come in blocks; each is to
    send so many orders, all of which trade."""
    setting = Setting(place, rows)
    await setting.start(strategies, kind)
    await setting.followed()
    began = Spent.now()
    for begin in range(0, len(rows), block):
        setting.push(begin, min(begin + block, len(rows)))
        await setting.followed()
    spent = Spent.now().since(began)
    await setting.require(orders=orders, fills=orders, resting=0)
    await setting.close()
    return spent


class Asleep:
    """Sessions with resting orders that nothing touches; a tick is so many rows."""

    def __init__(self, setting: Setting, ticks: int, *, first: int = 10, rows: int = 1) -> None:
        self.ticks = ticks
        self.setting = setting
        self._first = first
        self._rows = rows

    async def load(self, sessions: int, strategy: type[Strategy] = Resting) -> None:
        """Start them; the first rows let their orders arrive."""
        await self.setting.start(sessions, strategy)
        self.setting.push(0, self._first)
        await self.setting.followed()

    async def rest(self) -> None:
        """Ends the program unless each still has its ten orders, and none has traded."""
        await self.setting.require(orders=10, fills=0, resting=10)

    async def tick(self) -> Spent:
        """What one tick takes, of so many."""
        setting, step = self.setting, self._rows
        begin = setting.pushed
        began = Spent.now()
        for row in range(begin, begin + step * self.ticks, step):
            setting.push(row, row + step)
            await setting.followed()
        return Spent.now().since(began, self.ticks)

    async def one_verifies(self) -> str:
        """One of them, drawn at random, is run again alone."""
        return await alone(self.setting, random.SystemRandom().choice(self.setting.ids))


async def every_quote(counts: list[int], rows: QuoteSlice, rounds: int, place: Path) -> None:
    """Measure and print the callbacks."""
    taken: dict[int, list[Spent]] = {count: [] for count in counts}
    loops: list[Run] = []
    for number in range(rounds):
        loops.append(bare_loop(rows))
        for count in counts:
            taken[count].append(
                await called(
                    count, rows, place / f"called-{number}-{count}", EmaPair, BLOCK, loops[-1].fills
                )
            )
    print(f"\ncalled at every quote, {len(rows):,} quotes, {rounds} rounds")
    print(
        f"{'strategies':>10}{'callbacks/s':>14}{'by cpu':>14}"
        "  a callback, of a bare loop's turn, cpu  a strategy more costs, cpu"
    )
    fewest, least = counts[0], taken[counts[0]]
    for count, runs in taken.items():
        made = count * len(rows)
        rates = [made / statistics.median(spent[place] for spent in runs) for place in (0, 1)]
        each = [
            spent.cpu / count / (loop.cpu or loop.seconds)
            for spent, loop in zip(runs, loops, strict=True)
        ]
        line = f"{count:10,}{rates[0]:14,.0f}{rates[1]:14,.0f}  {spread(each):38}"
        if count > fewest:
            more = [
                (spent.cpu - one.cpu) / (count - fewest) / len(rows) * 1e9
                for spent, one in zip(runs, least, strict=True)
            ]
            line += f"  {spread(more, 0)} ns a quote"
        print(line.rstrip())


async def on_minutes(counts: list[int], minutes: int, rounds: int, place: Path) -> None:
    """Measure and print what a bar costs each of those who are shown it."""
    rows, bars = quotes(minutes * A_MINUTE + 1), minutes
    taken: dict[int, list[Spent]] = {count: [] for count in counts}
    for number in range(rounds):
        for count in counts:
            name = place / f"minutes-{number}-{count}"
            taken[count].append(await called(count, rows, name, EmaOnMinutes, SHORT, 0))
    print(f"\non one-minute bars of {A_MINUTE} quotes, {bars:,} bars, {rounds} rounds")
    print(
        f"{'strategies':>10}{'µs a bar, each':>16}{'cpu':>8}  a strategy more, of the only one, cpu"
    )
    fewest, least = counts[0], taken[counts[0]]
    for count, runs in taken.items():
        each = [statistics.median(spent[n] for spent in runs) / count / bars for n in (0, 1)]
        line = f"{count:10,}{each[0] * 1e6:16,.1f}{each[1] * 1e6:8,.1f}"
        if count > fewest:
            more = [
                (spent.cpu - one.cpu) / (count - fewest) / (one.cpu / fewest)
                for spent, one in zip(runs, least, strict=True)
            ]
            line += f"  {spread(more)}"
        print(line)


async def nothing_touched(counts: list[int], ticks: int, rounds: int, place: Path) -> None:
    """Measure and print what a tick costs."""
    loaded: dict[int, Asleep] = {}
    for count in counts:
        began = time.perf_counter()
        rows = quotes(ticks * (rounds + 1) + 10 + ROWS)
        setting = Setting(place / f"asleep-{count}", rows, limits=LIMITS)
        loaded[count] = Asleep(setting, ticks)
        await loaded[count].load(count)
        print(f"  {count:,} sessions were loaded in {time.perf_counter() - began:.1f} s")
    for asleep in loaded.values():
        await asyncio.sleep(1.0)  # what loading has left to be done is no part of it
        await asleep.tick()
    taken: dict[int, list[Spent]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            taken[count].append(await loaded[count].tick())
    print(f"\nasleep with ten resting orders each, {ticks:,} ticks, {rounds} rounds")
    print(f"{'sessions':>10}{'µs a tick':>12}{'cpu':>8}  ratio to fewest{'':12}cpu")
    base = taken[counts[0]]
    for count, runs in taken.items():
        line = f"{count:10,}"
        for place, width in ((0, 12), (1, 8)):
            line += f"{statistics.median(spent[place] for spent in runs) * 1e6:{width}.1f}"
        for place in (0, 1):
            ratios = [spent[place] / one[place] for spent, one in zip(runs, base, strict=True)]
            line += f"  {spread(ratios):25}"
        print(line.rstrip())
    for asleep in loaded.values():
        await asleep.rest()
    apart = SomeApart(loaded[counts[-1]].setting)
    await apart.happen()
    print("\n".join(await apart.verified()))
    for asleep in loaded.values():
        await asleep.setting.close()


def numbers(text: str) -> list[int]:
    """Whole numbers, with commas between."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--strategies", type=numbers, default=[1, 10, 100])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--sessions", type=numbers, default=[1, 10_000])
    parser.add_argument("--ticks", type=int, default=2_000)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = quotes(options.rows)
        asyncio.run(every_quote(options.strategies, rows, options.rounds, place))
        asyncio.run(on_minutes(options.strategies, options.minutes, options.rounds, place))
        asyncio.run(nothing_touched(options.sessions, options.ticks, options.rounds, place))


if __name__ == "__main__":
    main()
