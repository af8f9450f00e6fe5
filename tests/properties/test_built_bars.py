"""Built bars against a plain reference that looks at one row after the other."""

from __future__ import annotations

from bisect import bisect_right
from random import Random
from typing import Any

import msgspec
import pytest
from tests.rehearsal import Rehearsal, Snapshotting, rehearse, restored

from offbook.domain.calendars import DAY_NS, TradingCalendar
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.records import encode_record
from offbook.engine.inputs import EndOfData
from offbook.engine.rows.rows import Row, merged_rows
from offbook.testing.markets import (
    MINUTE,
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    bars_market,
    combined,
    quotes_market,
    trades_market,
)

DAY_START = START - START % DAY_NS
TRADED = msgspec.structs.replace(XYZ, calendar="SHORT", quote_currency="USDT")
HOURS = TradingCalendar(
    name="SHORT",
    opens=tuple(START + n * 600 * SECOND for n in range(40)),
    closes=tuple(START + n * 600 * SECOND + 247 * SECOND for n in range(40)),
)
WANTED = {
    "BTCUSDT": (("1s", None), ("7s", "ask"), ("1m", None)),
    "XYZ": (("5s", None), ("1d", None)),
}


class Watching(Snapshotting):
    """Has bars built and sends an order named by all that it was shown."""

    quotes: bool = False

    def on_start(self) -> None:
        self.shown: list[list[int]] = []
        self.count = 0
        for symbol, kinds in WANTED.items():
            for timeframe, price in kinds:
                self.subscribe_bars(symbol, timeframe, price=price)
        self.set_timer("tick", every=5 * SECOND)

    def on_bar(self, bar: Bar) -> None:
        name = bar.instrument.symbol
        self.shown.append([self.now, *values(bar)])
        timeframe = bar.timeframe_ns // SECOND
        if timeframe in {5, 7}:
            kept = self.history(name, 2, timeframe=f"{timeframe}s")
            assert kept[-1] == bar
            self.count = (self.count * 31 + bar.row + bar.close_px) % 2**40
            self.buy("BTCUSDT", "0.001", price="1", client_order_id=f"o{self.count}")


class Busy(Watching):
    """Is shown every row as well."""

    def on_quote(self, quote: Quote) -> None:
        self.count += 1

    def on_trade(self, trade: Trade) -> None:
        self.count += 1


def values(bar: Bar) -> list[int]:
    """A bar in units."""
    prices = [bar.open_px, bar.high_px, bar.low_px, bar.close_px]
    return [ord(bar.instrument.symbol[0]), bar.ts, bar.ts_open, *prices, bar.volume_qty, bar.row]


def market_at_random(seed: int) -> BuiltCombination:
    """Quotes of a pair, prints of a share with hours, and minute bars of both now and then."""
    rng = Random(seed)

    def times(count: int) -> list[int]:
        steps = rng.choices(
            [0, 1, SECOND // 3, SECOND, 40 * SECOND, 900 * SECOND], [6, 2, 9, 9, 3, 1], k=count
        )
        now, made = START + rng.choice([-3, 0, 2]) * SECOND, []
        for step in steps:
            now += step
            if rng.random() < 0.3:
                now += -now % SECOND  # on the border of intervals
            made.append(now)
        return made

    mids = [rng.randint(9990, 10010) for _ in range(60)]
    quotes = quotes_market(
        [(f"{mid / 100:.2f}", f"{(mid + rng.randint(0, 3)) / 100:.2f}") for mid in mids],
        times=times(60),
    )
    prints = trades_market(
        [(f"{rng.randint(9990, 10010) / 100:.2f}", str(rng.randint(1, 9))) for _ in range(60)],
        instrument=TRADED,
        times=times(60),
    )
    tens = sorted(rng.sample(range(80), 12))
    bars = bars_market(
        [("100", "101", "99", "100", str(n)) for n in range(12)],
        times=[START - START % (10 * SECOND) + n * 10 * SECOND for n in tens],
        timeframe_ns=10 * SECOND,
    )
    return combined(*rng.sample([quotes, prints, bars], 3))


def plain_bars(rows: list[Row], symbol: str, length: str, price: str | None) -> list[list[int]]:
    """What the rows of a market make, one after the other; bars that nothing ended are none."""
    found: dict[tuple[int, int], list[Row]] = {}
    mine = [row for row in rows if row.instrument.symbol == symbol]
    kind: type[Any] = Trade if symbol == "XYZ" else Quote
    if length == "1m" and symbol == "BTCUSDT":
        kind = Bar
    for row in mine:
        if isinstance(row, kind):
            place = interval(row, length)
            if place is not None:
                found.setdefault(place, []).append(row)
    last = max(row.ts for row in rows)
    made = []
    for (opens, ends), held in sorted(found.items(), key=lambda item: item[0][1]):
        if ends <= last:
            made.append([ord(symbol[0]), ends, opens, *held_values(held, price), held[-1].row])
    return made


def held_values(rows: list[Any], price: str | None) -> list[int]:
    """Open, high, low, close and volume of some rows."""
    if isinstance(rows[0], Bar):
        high, low = max(r.high_px for r in rows), min(r.low_px for r in rows)
        return [rows[0].open_px, high, low, rows[-1].close_px, sum(r.volume_qty for r in rows)]
    if isinstance(rows[0], Trade):
        px, volume = [r.price_px for r in rows], sum(r.size_qty for r in rows)
    else:
        px = [r.ask_px if price == "ask" else (r.bid_px + r.ask_px) // 2 for r in rows]
        volume = 0
    return [px[0], max(px), min(px), px[-1], volume]


def interval(row: Row, length: str) -> tuple[int, int] | None:
    """The interval of a row; None outside trading days."""
    ts = row.ts - 1 if isinstance(row, Bar) else row.ts
    if length == "1d":
        index = bisect_right(HOURS.opens, ts) - 1
        if index < 0 or ts >= HOURS.closes[index]:
            return None
        return HOURS.opens[index], HOURS.closes[index]
    size = {"s": SECOND, "m": MINUTE}[length[-1]] * int(length[:-1])
    return ts - ts % size, ts - ts % size + size


def rehearsed(market: BuiltCombination, actor: Watching) -> Rehearsal:
    """A session of it; the share trades in short days."""
    return rehearse(market, actor, calendar=HOURS)


@pytest.mark.parametrize("actor", [Watching, Busy])
@pytest.mark.parametrize("seed", range(12))
def test_built_bars_are_what_the_rows_make(seed: int, actor: type[Watching]) -> None:
    """Of quotes, prints and shorter bars; each shown at its end, before the row of that time."""
    market, strategy = market_at_random(seed), actor()
    rehearsal = rehearsed(market, strategy)
    rehearsal.rest()
    rehearsal.end()
    rows = [row for part in market.slices for _, row in merged_rows(part)]
    expected = [
        bar
        for symbol, kinds in WANTED.items()
        for timeframe, price in kinds
        for bar in plain_bars(rows, symbol, timeframe, price)
    ]
    given = [values(row) for row in rows if isinstance(row, Bar)]
    assert sorted(bar[1:] for bar in strategy.shown) == sorted([*expected, *given])
    assert all(bar[0] == bar[2] for bar in strategy.shown), "a bar is shown at its end"
    assert [bar[0] for bar in strategy.shown] == sorted(bar[0] for bar in strategy.shown)


@pytest.mark.parametrize("seed", range(12))
def test_cuts_and_snapshots_change_no_byte(seed: int) -> None:
    """Wherever a slice ends, and whether an engine goes on or another from its snapshot."""
    rng = Random(seed)
    market = market_at_random(seed)
    actor = [Watching, Busy][seed % 2]
    once = rehearsed(market, actor())
    once.rest()
    once.end()
    (whole,) = market.slices
    again = rehearsed(market, strategy := actor())
    engine, raws = again.engine, list(again.raws)
    row = 0
    while row < len(whole):
        end = min(row + rng.choice([1, 1, 2, 5, 20]), len(whole))
        raws += map(encode_record, engine.process([whole.rows(row, end)]))
        row = end
        state = engine.snapshot()
        assert state is not None
        if rng.random() < 0.5:
            engine = restored(again, strategy := actor(), state)
            assert engine.snapshot() == state
    raws += map(encode_record, engine.process([EndOfData()]))
    assert raws == once.raws
    assert strategy.shown == once.engine._strategy.shown  # type: ignore[union-attr]  # it has one
