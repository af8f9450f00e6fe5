"""Markets made at random from one seed: quotes, prints, bars, and several of them as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Literal

import msgspec
import numpy as np
from tests.properties.random_order_flow import OrderFlow

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    BookOrderSlice,
    DataKind,
    DepthSlice,
    IntColumn,
    QuoteSlice,
    TradeSlice,
)
from offbook.testing.markets import (
    MINUTE,
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    BuiltMarket,
    bars_market,
    combined,
    status_market,
    trades_market,
)

Kind = DataKind | Literal["several"]
"""What a market's rows are; ``several`` sources may be of all kinds, and of two instruments."""

ANOTHER = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC", calendar="TEST")
LOT_OF_TWO = msgspec.structs.replace(XYZ, lot_size="2", min_notional="150")


def times_at_random(rng: Random, rows: int) -> IntColumn:
    """Times, several the same now and then, with gaps of hours."""
    steps = rng.choices([0, 1, SECOND // 4, SECOND, 3600 * SECOND], [30, 2, 30, 35, 3], k=rows)
    return START + np.cumsum(np.array(steps, dtype=np.int64))


def quotes_at_random(rng: Random, rows: int) -> BuiltMarket:
    """Quotes around 100."""
    ts = times_at_random(rng, rows)
    mid = 10000 + np.cumsum(np.array(rng.choices([-2, -1, 0, 1, 2], k=rows), dtype=np.int64))
    spread = np.array(rng.choices([0, 1, 2, 5], [1, 5, 3, 1], k=rows), dtype=np.int64)
    sizes = [np.array(rng.choices(range(12), k=rows), dtype=np.int64) for _ in range(2)]
    piece = QuoteSlice(LOT_OF_TWO, 0, ts, mid, mid + spread, *sizes)
    piece.check()
    base = bars_market([("100", "100", "100", "100", "1")], instrument=LOT_OF_TWO).config
    config = msgspec.structs.replace(base, kind=DataKind.QUOTES, timeframe_ns=None)
    return BuiltMarket(config=config, slices=(piece,))


def trades_at_random(rng: Random, rows: int) -> BuiltMarket:
    """Prints around 100."""
    prices = [10000 + rng.randint(-4, 4) for _ in range(rows)]
    texts = [
        (f"{px / 100:.2f}", str(rng.randint(1, 12)), rng.choice(["buy", "sell"])) for px in prices
    ]
    made = trades_market(texts, instrument=LOT_OF_TWO, times=times_at_random(rng, rows).tolist())
    (piece,) = made.slices
    assert isinstance(piece, TradeSlice)
    marks = rng.choices([0, 2, 3, 4], [9, 1, 1, 1], k=rows)
    piece.aggressor = np.where(marks, marks, piece.aggressor)
    config = msgspec.structs.replace(made.config, columns={"auction": "auction"})
    return BuiltMarket(config=config, slices=(piece,))


def several_at_random(rng: Random, rows: int) -> BuiltCombination:
    """Sources of a share that trades by hours, and of one that always does, in any order,
    depth or orders, and mostly a status, among them."""
    made = [
        quotes_at_random(rng, rows // 3),
        trades_at_random(rng, rows // 3),
        of_another(trades_at_random(rng, rows // 3)),
        of_another(bars_at_random(rng, rows // 3)),
        bars_at_random(rng, rows // 3),
    ]
    book = depth_at_random(rng, rows // 3)
    seed = int(book.slices[0].ts.sum()) // SECOND
    made.append(orders_at_random(Random(seed), rows // 3) if seed % 2 else book)
    chosen = rng.sample(made, 4)
    instruments = {one.config.instrument.symbol: one.config.instrument for one in chosen}
    if rng.random() < 0.7:
        status = status_at_random(rng, rows // 6, rng.choice(list(instruments.values())))
        chosen.insert(rng.randrange(5), status)
    return combined(*chosen)


def status_at_random(rng: Random, rows: int, instrument: Instrument) -> BuiltMarket:
    """Halts, resumptions and bands around 100."""
    events: list[tuple[str, ...]] = []
    for _ in range(rows):
        low = 9990 + rng.randint(0, 8)
        bands = ("bands", f"{low / 100:.2f}", f"{(low + rng.randint(4, 16)) / 100:.2f}")
        events.append(rng.choice([("halt",), ("resume",), ("resume",), bands]))
    times = times_at_random(rng, rows).tolist()
    return status_market(events, instrument=instrument, times=times)


def of_another(market: BuiltMarket) -> BuiltMarket:
    """The same rows of the share that trades by hours."""
    (piece,) = market.slices
    piece = piece.rows(0, len(piece))
    piece.instrument = ANOTHER
    config = msgspec.structs.replace(market.config, instrument=ANOTHER)
    return BuiltMarket(config=config, slices=(piece,))


def bars_at_random(rng: Random, rows: int) -> BuiltMarket:
    """Minute bars around 100 with holes and gaps."""
    texts, times, now, last = [], [], START, 10000
    for _ in range(rows):
        now += MINUTE * rng.choices([1, 2, 60], [80, 15, 5])[0]
        opened = last + rng.choice([-6, -1, 0, 0, 1, 6])
        last = opened + rng.randint(-4, 4)
        high, low = max(opened, last) + rng.randint(0, 3), min(opened, last) - rng.randint(0, 3)
        prices = [f"{units / 100:.2f}" for units in (opened, high, low, last)]
        texts.append((prices[0], prices[1], prices[2], prices[3], str(rng.randint(0, 90))))
        times.append(now)
    return bars_market(texts, instrument=LOT_OF_TWO, times=times)


def depth_at_random(rng: Random, rows: int) -> BuiltMarket:
    """A book around 100 in messages of one to four levels, with snapshots, gaps, messages twice and
    crossed books now and then."""
    made: list[tuple[int, ...]] = []
    mid, number = 10000, 1
    for ts in times_at_random(rng, rows // 3).tolist():
        mid += rng.choice([-1, 0, 0, 1])
        snapshot = not made or rng.random() < 0.04
        first = number + rng.choices([1, 2, 0], [96, 2, 2])[0]
        number = max(number, first)
        count = 8 if snapshot else 1 + number % 4
        levels = [_level(rng, mid, snapshot=snapshot) for _ in range(count)]
        flag = SNAPSHOT if snapshot else 0
        made += [(ts, *level, flag, first, first, -1) for level in levels]
        made[-1] = (*made[-1][:4], flag | LAST, *made[-1][5:])
    piece = DepthSlice(LOT_OF_TWO, 0, *np.array(made, dtype=np.int64).reshape(-1, 8).T)
    piece.check()
    base = bars_market([("100", "100", "100", "100", "1")], instrument=LOT_OF_TWO).config
    config = msgspec.structs.replace(base, kind=DataKind.DEPTH, timeframe_ns=None)
    return BuiltMarket(config=config, slices=(piece,))


def orders_at_random(rng: Random, rows: int) -> BuiltMarket:
    """A book around 100 in messages of one to four rows, with snapshots, clears, gaps, messages
    twice, orders that are not there, and crossed books now and then."""
    return orders_of(OrderFlow(rng), times_at_random(rng, rows // 3).tolist())


def orders_of(flow: OrderFlow, times: Sequence[int]) -> BuiltMarket:
    """A message of a flow at each time."""
    made: list[Sequence[int]] = []
    for ts in times:
        told, flags, seq = flow.message()
        made += [(ts, *row, flags, seq, -1) for row in told]
        made[-1] = (*made[-1][:6], flags | LAST, *made[-1][7:])
    piece = BookOrderSlice(LOT_OF_TWO, 0, *np.array(made, dtype=np.int64).reshape(-1, 9).T)
    piece.check()
    base = bars_market([("100", "100", "100", "100", "1")], instrument=LOT_OF_TWO).config
    config = msgspec.structs.replace(base, kind=DataKind.ORDERS, timeframe_ns=None)
    return BuiltMarket(config=config, slices=(piece,))


def _level(rng: Random, mid: int, *, snapshot: bool) -> tuple[int, int, int]:
    side = rng.choice([1, -1])
    away = rng.choices([-1, 1, 2, 3, 4], [1, 30, 30, 20, 20])[0]
    if not snapshot and rng.random() < 0.05:
        return 0, 0, 0
    return side, mid - side * away, rng.randint(1 if snapshot else 0, 9) * rng.choice([0, 1, 1])


def hours_at_random(rng: Random) -> TradingCalendar:
    """An open market, or one with short days."""
    return ALWAYS_OPEN_CALENDAR if rng.random() < 0.5 else days_at_random(rng)


def days_at_random(rng: Random) -> TradingCalendar:
    """Short days, a third of them with a break at noon."""
    own = Random()
    own.setstate(rng.getstate())  # draws that shift no others
    length = rng.choice([20 * SECOND, 600 * SECOND, 3600 * SECOND])
    own.random()
    return _days(length, rests=own.random() < 1 / 3)


@cache
def _days(length: int, *, rests: bool) -> TradingCalendar:
    opens = tuple(START + (day - 9) * 2 * length for day in range(4000))
    return TradingCalendar(
        name="TEST",
        opens=opens,
        closes=tuple(t + length for t in opens),
        break_starts=tuple(t + length * 3 // 10 for t in opens) if rests else (),
        break_ends=tuple(t + length // 2 for t in opens) if rests else (),
    )


ALONE = [kind for kind in DataKind if kind is not DataKind.STATUS]
"""Kinds of rows that make a market by themselves."""
MAKERS: dict[Kind, Callable[[Random, int], BuiltMarket | BuiltCombination]] = {
    DataKind.QUOTES: quotes_at_random,
    DataKind.TRADES: trades_at_random,
    DataKind.BARS: bars_at_random,
    DataKind.DEPTH: depth_at_random,
    DataKind.ORDERS: orders_at_random,
    "several": several_at_random,
}
