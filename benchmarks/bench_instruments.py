"""What a row costs where the same number of rows is of 1, 4, 16 or 100 instruments.

    python benchmarks/bench_instruments.py [--rows 200000] [--instruments 1,4,16,100] [--rounds 5]

Quotes 100 ms apart, of the instruments in turn, each a source of its own, fed from memory to an
engine; nothing is stored.  *merging* puts the sources in one order.  *called* is a strategy that is
called at every quote, with arithmetic and no orders.  *asleep* has ten limits far below the market,
shared out among the instruments, none touched.  *bars* is asked for one-minute bars of each
instrument: there are as many bars a minute as there are instruments.  Nanoseconds of processor time
a row, each also as a ratio to the fewest instruments in the same round: medians, least and most.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import msgspec
from bench_many_sessions import numbers
from bench_replay import quotes
from rounds import machine, spread

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.commands import Start
from offbook.domain.config import (
    AccountConfig,
    CombinedMarket,
    ReplayMarket,
    SessionConfig,
    sources_of,
)
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    Bar,
    DataKind,
    MarketInfo,
    MergedSlice,
    Quote,
    QuoteSlice,
)
from offbook.domain.merging import merge
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ
from offbook.testing.sessions import new_session

CALL_ROWS = 16_384
RESTING = 10


class Traded(Strategy):
    """Knows what is traded."""

    symbols: str = ""

    def on_start(self) -> None:
        self.names = self.symbols.split(",")
        self.average = dict.fromkeys(self.names, 0.0)


class Called(Traded):
    """An average of each instrument's mids."""

    def on_quote(self, quote: Quote) -> None:
        mid = (quote.bid + quote.ask) * 0.5
        name = quote.instrument.symbol
        self.average[name] += 0.01 * (mid - self.average[name])


class Asleep(Traded):
    """Ten limits far below the market."""

    def on_start(self) -> None:
        super().on_start()
        self.set_timer("begun", after=10_000_000_000)  # by then each instrument has a price

    def on_timer(self, name: str) -> None:
        for step in range(RESTING):
            self.buy(self.names[step % len(self.names)], 1, price=f"{50 - step}.00")


class OnBars(Traded):
    """An average of each instrument's closes."""

    def on_start(self) -> None:
        super().on_start()
        for name in self.names:
            self.subscribe_bars(name, "1m")

    def on_bar(self, bar: Bar) -> None:
        name = bar.instrument.symbol
        self.average[name] += 0.01 * (bar.close - self.average[name])


class Market:
    """The same rows as those of so many instruments."""

    def __init__(self, whole: QuoteSlice, instruments: int) -> None:
        names = [f"S{number}" for number in range(instruments)]
        self.instruments = tuple(msgspec.structs.replace(XYZ, symbol=name) for name in names)
        self._pieces = [
            _every(whole, place, instruments, one) for place, one in enumerate(self.instruments)
        ]
        sources = tuple(
            ReplayMarket(path=f"{name}.csv", kind=DataKind.QUOTES, instrument=one)
            for name, one in zip(names, self.instruments, strict=True)
        )
        self.config = sources[0] if instruments == 1 else CombinedMarket(sources=sources)
        self.symbols = ",".join(names)

    def rows(self) -> QuoteSlice | MergedSlice:
        """In the market's order."""
        return self._pieces[0] if len(self._pieces) == 1 else merge(0, self._pieces)


def _every(whole: QuoteSlice, place: int, of: int, instrument: Instrument) -> QuoteSlice:
    """The rows that are one instrument's, of those that all take in turn."""
    columns = {name: getattr(whole, name)[place::of].copy() for name in whole.COLUMNS}
    return QuoteSlice(instrument, 0, **columns)


def run(market: Market, kind: type[Traded]) -> None:
    """An engine over all rows."""
    account = AccountConfig(currency="USD", initial_cash="1000000")
    config = SessionConfig(market=market.config, account=account)
    engine = ProcessingEngine(new_session(config=config), kind(symbols=market.symbols))
    info = MarketInfo(
        sources=sources_of(market.config),
        instruments=market.instruments,
        data_identity="benchmark",
        calendar_identity="benchmark",
    )
    rows = market.rows()
    calendars = (ALWAYS_OPEN_CALENDAR,) * len(market.instruments)
    engine.process([Attach(market=info, calendars=calendars)])
    engine.process([Take(command=Start(command_id="start"), ts=int(rows.ts[0]))])
    while (place := engine.cursor.row) < len(rows):
        engine.process([rows.rows(place, min(place + CALL_ROWS, len(rows)))])
        if engine.cursor.row == place:
            raise SystemExit(f"{kind.__name__} stands still at row {place:,}")
    engine.process([EndOfData()])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--instruments", type=numbers, default=[1, 4, 16, 100])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    whole = quotes(options.rows)
    markets = {count: Market(whole, count) for count in options.instruments}
    parts: dict[str, Callable[[Market], object]] = {
        "merging": Market.rows,
        "called": lambda market: run(market, Called),
        "asleep": lambda market: run(market, Asleep),
        "bars": lambda market: run(market, OnBars),
    }
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.rounds):
        for name, part in parts.items():
            for count, market in markets.items():
                began = time.process_time()
                part(market)
                spent = (time.process_time() - began) / options.rows * 1e9
                taken.setdefault((name, count), []).append(spent)
    print(f"{options.rows:,} rows in all, {options.rounds} rounds; {machine()}")
    print(f"{'':9}{'instruments':>11}{'ns a row':>10}{'least':>8}  ratio to fewest (min-max)")
    for (name, count), spent in taken.items():
        told = f"{name:9}{count:11}{statistics.median(spent):10.1f}{min(spent):8.1f}"
        fewest = taken[name, options.instruments[0]]
        if name != "merging":
            told += f"  {spread([one / own for one, own in zip(spent, fewest, strict=True)])}"
        print(told)


if __name__ == "__main__":
    main()
