"""Small markets made from decimal text, for tests: a configuration and the rows that belong to it.

::

    market = quotes_market([("100.00", "100.01"), ("100.01", "100.02", "0.5", "0.7")])
    gateway = ScriptedGateway(market.slices)
    feed = await gateway.open(market.config)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from offbook.domain.book_orders import ACTION_WORDS
from offbook.domain.config import CombinedMarket, ReplayMarket
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    IntColumn,
    MergedSlice,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.domain.merging import merge
from offbook.domain.status import EVENTS
from offbook.domain.values import text_to_units, units_to_text

START: Final = 1_704_205_800_000_000_000
"""2024-01-02 14:30:00 UTC, in ns: the first opening of New York's stock market that year."""

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND

BTCUSDT: Final = Instrument(
    symbol="BTCUSDT",
    asset_class=AssetClass.CRYPTO_SPOT,
    base="BTC",
    quote_currency="USDT",
    price_precision=2,
    qty_precision=5,
    tick_size="0.01",
    lot_size="0.00001",
)
"""A crypto pair: prices with 2 decimals, sizes with 5, trading at all hours."""

XYZ: Final = Instrument(
    symbol="XYZ",
    asset_class=AssetClass.EQUITY,
    base="XYZ",
    quote_currency="USD",
    price_precision=2,
    qty_precision=0,
    tick_size="0.01",
    lot_size="1",
)
"""A share in US dollars: prices in cents, whole shares; the calendar is left at 24/7."""


class BuiltMarket(msgspec.Struct, frozen=True, kw_only=True):
    """A market's configuration and its rows, cut into slices in order."""

    config: ReplayMarket
    slices: tuple[SourceSlice, ...]

    @property
    def rows(self) -> int:
        """How many rows the market has."""
        return sum(len(part) for part in self.slices)


class BuiltCombination(msgspec.Struct, frozen=True, kw_only=True):
    """Several markets as one: its configuration and its merged rows, cut into slices in order."""

    config: CombinedMarket
    slices: tuple[MergedSlice, ...]

    @property
    def rows(self) -> int:
        """How many rows the market has."""
        return sum(len(part) for part in self.slices)


def combined(*markets: BuiltMarket, cut: int | Sequence[int] | None = None) -> BuiltCombination:
    """Markets as the sources of one, in this order; each built uncut.

    ``cut`` is the length of each slice, or the places where slices end (all rows in one by
    default).  Raises InvalidConfig for markets that cannot be sources of one market.
    """
    config = CombinedMarket(sources=tuple(market.config for market in markets))
    whole = merge(0, [_only(market) for market in markets])
    whole.check()
    if cut is None or isinstance(cut, int):
        places = list(range(0, len(whole), cut or max(len(whole), 1)))
    else:
        places = sorted({0, *(place for place in cut if 0 < place < len(whole))})
    ends = [*places[1:], len(whole)]
    slices = tuple(whole.rows(begin, end) for begin, end in zip(places, ends, strict=False))
    return BuiltCombination(config=config, slices=slices)


def quotes_market(
    rows: Sequence[tuple[str, ...]],
    *,
    instrument: Instrument = BTCUSDT,
    start: int = START,
    step: int = SECOND,
    times: Sequence[int] | None = None,
    events: Sequence[int] | None = None,
    cut: int | None = None,
    path: str = "scripted.csv",
) -> BuiltMarket:
    """Quotes from ``(bid, ask)`` or ``(bid, ask, bid_size, ask_size)`` as decimal text.

    Sizes default to 1.  Row i is at ``times[i]``, else ``start + i * step`` (ns UTC); ``events``
    are the venue's times.  ``cut`` is the length of each slice (all rows in one by default).
    Raises ValueError for text that is not a decimal of the instrument's precision, and
    BadMarketData for rows that cannot be true.
    """
    full = [row if len(row) == 4 else (*row, "1", "1") for row in rows]
    stamps = row_times(len(full), start, step, times)
    price, size = instrument.price_precision, instrument.qty_precision
    columns = [
        _column([row[index] for row in full], precision)
        for index, precision in enumerate((price, price, size, size))
    ]
    whole = QuoteSlice(instrument, 0, stamps, *columns)
    if events is not None:
        whole.ts_event = np.array(events, dtype=np.int64)
    config = ReplayMarket(path=path, kind=DataKind.QUOTES, instrument=instrument)
    return built(config, whole, cut)


def bars_market(
    rows: Sequence[tuple[str, str, str, str, str]],
    *,
    instrument: Instrument = BTCUSDT,
    start: int = START,
    timeframe_ns: int = MINUTE,
    times: Sequence[int] | None = None,
    cut: int | None = None,
    path: str = "scripted.csv",
) -> BuiltMarket:
    """Bars from ``(open, high, low, close, volume)`` as decimal text.

    Bar i opens at ``times[i]``, else ``start + i * timeframe_ns`` (ns UTC), and is known
    ``timeframe_ns`` later.  ``cut`` and errors as for :func:`quotes_market`.
    """
    opens = row_times(len(rows), start, timeframe_ns, times)
    price, size = instrument.price_precision, instrument.qty_precision
    columns = [
        _column([row[index] for row in rows], precision)
        for index, precision in enumerate((price, price, price, price, size))
    ]
    whole = BarSlice(instrument, 0, opens + timeframe_ns, opens, *columns)
    config = ReplayMarket(
        path=path, kind=DataKind.BARS, instrument=instrument, timeframe_ns=timeframe_ns
    )
    return built(config, whole, cut)


def trades_market(
    rows: Sequence[tuple[str, ...]],
    *,
    instrument: Instrument = BTCUSDT,
    start: int = START,
    step: int = SECOND,
    times: Sequence[int] | None = None,
    events: Sequence[int] | None = None,
    cut: int | None = None,
    path: str = "scripted.csv",
) -> BuiltMarket:
    """Prints from ``(price, size)`` or ``(price, size, "buy" | "sell")``, the side that took.

    Times, ``cut`` and errors as for :func:`quotes_market`.
    """
    stamps = row_times(len(rows), start, step, times)
    price = _column([row[0] for row in rows], instrument.price_precision)
    size = _column([row[1] for row in rows], instrument.qty_precision)
    sides = [{"buy": 1, "sell": -1}[row[2]] if len(row) == 3 else 0 for row in rows]
    aggressor = np.array(sides, dtype=np.int64)
    whole = TradeSlice(instrument, 0, stamps, price, size, aggressor)
    if events is not None:
        whole.ts_event = np.array(events, dtype=np.int64)
    config = ReplayMarket(path=path, kind=DataKind.TRADES, instrument=instrument)
    return built(config, whole, cut)


def status_market(
    events: Sequence[tuple[str, ...]],
    *,
    instrument: Instrument = BTCUSDT,
    start: int = START,
    step: int = SECOND,
    times: Sequence[int] | None = None,
    cut: int | None = None,
    path: str = "scripted-status.csv",
) -> BuiltMarket:
    """A status from ``("halt",)``, ``("resume",)`` and ``("bands", "99.50", "100.50")``.

    Times, ``cut`` and errors as for :func:`quotes_market`.
    """
    stamps = row_times(len(events), start, step, times)
    codes = {event.value: code for code, event in EVENTS.items()}
    event = np.array([codes[row[0]] for row in events], dtype=np.int64)
    bands = [row[1:] or ("0", "0") for row in events]
    lower, upper = (
        _column([band[place] for band in bands], instrument.price_precision) for place in (0, 1)
    )
    whole = StatusSlice(instrument, 0, stamps, event, lower, upper)
    config = ReplayMarket(path=path, kind=DataKind.STATUS, instrument=instrument)
    return built(config, whole, cut)


def depth_market(
    messages: Sequence[str],
    *,
    instrument: Instrument = BTCUSDT,
    start: int = START,
    step: int = SECOND,
    times: Sequence[int] | None = None,
    events: Sequence[int] | None = None,
    cut: int | None = None,
    path: str = "scripted.csv",
) -> BuiltMarket:
    """A book from messages such as ``"snapshot 100.00x5 99.99x7 / 100.02x3"`` or ``"/ 100.02x0"``:
    bids before the stroke, asks behind it, 0 deletes a level.

    Message i (from 1) is number i of the venue's, at ``times[i]``, else ``start + i * step`` (ns
    UTC); ``events`` are the venue's times.  ``cut`` and errors as for :func:`quotes_market`.
    """
    stamps = row_times(len(messages), start, step, times).tolist()
    rows: list[tuple[int, ...]] = []
    for number, (ts, message) in enumerate(zip(stamps, messages, strict=True), start=1):
        levels = _levels(message.removeprefix("snapshot"), instrument)
        flag = SNAPSHOT if message.startswith("snapshot") else 0
        rows += [(ts, *level, flag, number, number, number - 1) for level in levels]
        rows[-1] = (*rows[-1][:4], flag | LAST, *rows[-1][5:])
    whole = DepthSlice(instrument, 0, *np.array(rows, dtype=np.int64).reshape(-1, 8).T)
    if events is not None:
        of_message = dict(zip(stamps, events, strict=True))
        whole.ts_event = np.array([of_message[row[0]] for row in rows], dtype=np.int64)
    config = ReplayMarket(path=path, kind=DataKind.DEPTH, instrument=instrument)
    return built(config, whole, cut)


def _levels(text: str, instrument: Instrument) -> list[tuple[int, int, int]]:
    """Side, price and size of each level; one of no side where there is none."""
    levels, side = [], 1
    for word in text.split():
        if word == "/":
            side = -1
            continue
        px, _, qty = word.partition("x")
        price = text_to_units(px, instrument.price_precision)
        levels.append((side, price, text_to_units(qty, instrument.qty_precision)))
    return levels or [(0, 0, 0)]


def csv_text(market: BuiltMarket) -> str:
    """The market as the text of a CSV file, exact; times are integers of ns UTC.

    Quotes have ``ts_init`` (and ``ts_event`` where given), bars the time of their opening.
    """
    lines: list[str] = []
    for part in market.slices:
        names, columns = _text_columns(part)
        lines = lines or [",".join(names)]
        lines += [",".join(row) for row in zip(*columns, strict=True)]
    return "\n".join([*lines, ""])


def write_csv(market: BuiltMarket, path: Path) -> ReplayMarket:
    """Write the market to ``path`` as CSV and return the configuration that reads it."""
    path.write_text(csv_text(market), encoding="ascii")
    return msgspec.structs.replace(market.config, path=str(path))


def _only(market: BuiltMarket) -> SourceSlice:
    if len(market.slices) != 1:
        raise ValueError("a market that is to be combined must be built uncut")
    return market.slices[0]


def built(config: ReplayMarket, whole: SourceSlice, cut: int | None) -> BuiltMarket:
    whole.check()
    length = cut or max(len(whole), 1)
    slices = tuple(
        whole.rows(begin, min(begin + length, len(whole)))
        for begin in range(0, max(len(whole), 1), length)
    )
    return BuiltMarket(config=config, slices=slices)


def row_times(count: int, start: int, step: int, times: Sequence[int] | None) -> IntColumn:
    if times is None:
        return start + step * np.arange(count, dtype=np.int64)
    return np.array(times, dtype=np.int64)


def _column(texts: Sequence[str], precision: int) -> IntColumn:
    return np.array([text_to_units(text, precision) for text in texts], dtype=np.int64)


def _text_columns(part: SourceSlice) -> tuple[list[str], list[list[str]]]:
    price, size = part.instrument.price_precision, part.instrument.qty_precision
    columns: dict[str, tuple[IntColumn, int]]
    if isinstance(part, QuoteSlice):
        columns = {"ts_init": (part.ts, 0)}
        if part.ts_event is not None:
            columns["ts_event"] = (part.ts_event, 0)
        columns |= {"bid": (part.bid_px, price), "ask": (part.ask_px, price)}
        columns |= {"bid_size": (part.bid_qty, size), "ask_size": (part.ask_qty, size)}
    elif isinstance(part, TradeSlice):
        columns = {"ts_init": (part.ts, 0)}
        if part.ts_event is not None:
            columns["ts_event"] = (part.ts_event, 0)
        columns |= {"price": (part.price_px, price), "size": (part.size_qty, size)}
        columns["aggressor"] = (part.aggressor, 0)
    elif isinstance(part, StatusSlice):
        columns = {"ts_init": (part.ts, 0), "lower": (part.lower_px, price)}
        columns["upper"] = (part.upper_px, price)
        events = [EVENTS[event].value for event in part.event.tolist()]
        return [*columns, "event"], [*(_texts(*column) for column in columns.values()), events]
    elif isinstance(part, BookOrderSlice):
        columns = {"ts_init": (part.ts, 0)}
        if part.ts_event is not None:
            columns["ts_event"] = (part.ts_event, 0)
        columns |= {"book_side": (part.side, 0), "price": (part.price_px, price)}
        columns |= {"size": (part.size_qty, size), "order_id": (part.order_id, 0)}
        columns |= {name: (getattr(part, name), 0) for name in part.COLUMNS[-3:]}
        words = [ACTION_WORDS[action] for action in part.action.tolist()]
        return [*columns, "action"], [*(_texts(*column) for column in columns.values()), words]
    elif isinstance(part, DepthSlice):
        columns = {"ts_init": (part.ts, 0)}
        if part.ts_event is not None:
            columns["ts_event"] = (part.ts_event, 0)
        columns |= {"book_side": (part.side, 0), "price": (part.price_px, price)}
        columns |= {"size": (part.size_qty, size), "flags": (part.flags, 0)}
        columns |= {name: (getattr(part, name), 0) for name in part.COLUMNS[-3:]}
    else:
        columns = {"ts_event": (part.ts_open, 0)}
        columns |= {"open": (part.open_px, price), "high": (part.high_px, price)}
        columns |= {"low": (part.low_px, price), "close": (part.close_px, price)}
        columns["volume"] = (part.volume_qty, size)
    return list(columns), [_texts(*column) for column in columns.values()]


def _texts(column: IntColumn, precision: int) -> list[str]:
    return [units_to_text(units, precision, trim=False) for units in column.tolist()]
