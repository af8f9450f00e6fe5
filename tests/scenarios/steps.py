"""What a line asks for, as the engine takes it: a row of the market, or a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from offbook.domain import commands as c
from offbook.domain.book_orders import ACTION_WORDS, MISSED
from offbook.domain.config import PauseOrders, ResumeTimers
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    MarketSlice,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.domain.merging import merge
from offbook.domain.orders import ReplaceRequest
from offbook.domain.status import EVENTS
from offbook.domain.values import text_to_units
from tests.scenarios.setting import INSTRUMENTS, Setting
from tests.scenarios.wording import duration, moment, new_terms, order_list, order_request


def market_row(setting: Setting, row: int, ts: int, words: list[str]) -> MarketSlice:
    """The row that a line tells: what it is, of which symbol where it names one, its values."""
    kind, *rest = words
    named = rest.pop(0) if rest[0] in INSTRUMENTS else None
    made = ROWS[kind](setting, setting.named(named), ts, rest)
    made.start = row
    made.check()
    if len(setting.sources) == 1:
        return made
    pieces = [made.rows(0, 0)] * len(setting.sources)
    for number, (instrument, wanted) in enumerate(setting.sources):
        empty = EMPTY[wanted]
        columns = [np.zeros(0, np.int64) for _ in empty.COLUMNS]
        pieces[number] = empty(instrument, 0, *columns)
        if (instrument, wanted) == (made.instrument, made.kind):
            pieces[number] = made
    return merge(row, pieces)


def quote_row(
    setting: Setting, instrument: Instrument, ts: int, words: Sequence[str]
) -> QuoteSlice:
    """``quote <bid> <ask> [<bid size> <ask size>]``; sizes are 100 where they are not said."""
    bid, ask, *sizes = words
    units = [text_to_units(text, instrument.price_precision) for text in (bid, ask)]
    units += [text_to_units(text, instrument.qty_precision) for text in sizes or ("100", "100")]
    columns = [np.array([value], dtype=np.int64) for value in (ts, *units)]
    return QuoteSlice(instrument, 0, *columns)


def print_row(
    setting: Setting, instrument: Instrument, ts: int, words: Sequence[str]
) -> TradeSlice:
    """``print <price> <size> [buy | sell]``, the side that took, or ``opening``, ``closing``,
    ``reopening``: the official price of an auction."""
    price, size, *side = words
    units = [
        text_to_units(price, instrument.price_precision),
        text_to_units(size, instrument.qty_precision),
        TOOK[side[0]] if side else 0,
    ]
    columns = [np.array([value], dtype=np.int64) for value in (ts, *units)]
    return TradeSlice(instrument, 0, *columns)


def bar_row(setting: Setting, instrument: Instrument, ts: int, words: Sequence[str]) -> BarSlice:
    """``bar [from <time>] <open> <high> <low> <close> <volume>``; it ended at ``ts``."""
    begin = ts - (setting.timeframe or 0)
    if words[0] == "from":
        begin = moment(str(np.datetime64(ts, "ns"))[:10], words[1])
        words = words[2:]
    *prices, volume = words
    units = [text_to_units(text, instrument.price_precision) for text in prices]
    units.append(text_to_units(volume, instrument.qty_precision))
    columns = [np.array([value], dtype=np.int64) for value in (ts, begin, *units)]
    return BarSlice(instrument, 0, *columns)


def depth_rows(
    setting: Setting, instrument: Instrument, ts: int, words: Sequence[str]
) -> DepthSlice:
    """``depth 100.00x5 99.99x7 / 100.02x3 [#7 | #5-7] [after 4] [snapshot] [begun]``: one message,
    bids before the stroke and asks behind; ``#`` tells its sequence numbers, ``after`` that of the
    message before; one that is only ``begun`` has its last row in another line."""
    words, snapshot = list(words), "snapshot" in words
    ended = "begun" not in words
    numbers = [-1, -1, -1]
    levels, side = [], 1
    rest = iter(word for word in words if word not in {"snapshot", "begun"})
    for word in rest:
        if word == "/":
            side = -1
        elif word == "after":
            numbers[2] = int(next(rest))
        elif word.startswith("#"):
            first, _, last = word[1:].partition("-")
            numbers[:2] = [int(first), int(last or first)]
        else:
            px, _, qty = word.partition("x")
            levels.append((side, text_to_units(px, instrument.price_precision),
                           text_to_units(qty, instrument.qty_precision)))  # fmt: skip
    levels = levels or [(0, 0, 0)]
    flags = [SNAPSHOT * snapshot] * len(levels)
    flags[-1] |= LAST * ended
    rows = [(ts, *level, flag, *numbers) for level, flag in zip(levels, flags, strict=True)]
    return DepthSlice(instrument, 0, *np.array(rows, dtype=np.int64).T)


def order_rows(
    setting: Setting, instrument: Instrument, ts: int, words: Sequence[str]
) -> BookOrderSlice:
    """``orders add 1 bid 100.00x5 execute 2 ask 100.02x1 [#7] [after 4] [snapshot] [missed]
    [begun]``: one message; each part says what happened, to which order, of which side, at which
    price and, but for ``delete``, to how much of it.  ``clear`` and ``none`` stand alone."""
    rest, rows, numbers = iter(words), [], [-1, -1]
    flags, ended = 0, True
    for word in rest:
        if word in {"clear", "none"}:
            rows.append((ACTION_WORDS.index(word), 0, 0, 0, 0))
        elif word in ACTION_WORDS:
            number, side = next(rest), {"bid": 1, "ask": -1, "any": 0}[next(rest)]
            px, _, qty = next(rest).partition("x")
            price = text_to_units(px, instrument.price_precision)
            size = text_to_units(qty or "0", instrument.qty_precision)
            rows.append((ACTION_WORDS.index(word), side, price, size, int(number)))
        elif word == "after":
            numbers[1] = int(next(rest))
        elif word.startswith("#"):
            numbers[0] = int(word[1:])
        elif word == "begun":
            ended = False
        else:
            flags |= {"snapshot": SNAPSHOT, "missed": MISSED}[word]
    marks = [flags] * len(rows)
    marks[-1] |= LAST * ended
    table = [(ts, *row, mark, *numbers) for row, mark in zip(rows, marks, strict=True)]
    return BookOrderSlice(instrument, 0, *np.array(table, dtype=np.int64).T)


def status_row(
    setting: Setting, instrument: Instrument, ts: int, words: Sequence[str]
) -> StatusSlice:
    """``status halt``, ``status resume`` or ``status bands 99.00 101.00``."""
    event, *bands = words
    code = next(code for code, known in EVENTS.items() if known.value == event)
    units = [text_to_units(text, instrument.price_precision) for text in bands or ("0", "0")]
    columns = [np.array([value], dtype=np.int64) for value in (ts, code, *units)]
    return StatusSlice(instrument, 0, *columns)


ROWS: Final[dict[str, Callable[..., SourceSlice]]] = {
    "quote": quote_row,
    "print": print_row,
    "bar": bar_row,
    "depth": depth_rows,
    "orders": order_rows,
    "status": status_row,
}
EMPTY: Final[dict[DataKind, type[Any]]] = {
    DataKind.QUOTES: QuoteSlice,
    DataKind.TRADES: TradeSlice,
    DataKind.BARS: BarSlice,
    DataKind.DEPTH: DepthSlice,
    DataKind.ORDERS: BookOrderSlice,
    DataKind.STATUS: StatusSlice,
}


TOOK: Final = {"buy": 1, "sell": -1, "opening": 2, "closing": 3, "reopening": 4}


def command(name: str, verb: str, words: list[str], symbol: str) -> c.Command:
    """A command of the outside, called ``name``."""
    match verb:
        case "start":
            return c.Start(command_id=name)
        case "pause":
            return c.Pause(command_id=name, orders=PauseOrders(*words or ["cancel_entries"]))
        case "resume":
            return c.Resume(command_id=name, timers=ResumeTimers(*words or ["skip"]))
        case "stop":
            within = duration(words[2]) if len(words) > 2 else duration("1d")
            return c.Stop(command_id=name, flatten="flatten" in words, deadline_ns=within)
        case "force":
            return c.ForceStop(command_id=name)
        case "cancel":
            return c.CancelOrder(command_id=name, client_order_id=words[0])
        case "replace":
            terms = ReplaceRequest(**new_terms(words[1:]))
            return c.ReplaceOrder(command_id=name, client_order_id=words[0], terms=terms)
        case "bracket" | "oco" | "oto":
            return c.SubmitOrderList(command_id=name, orders=order_list(verb, words, symbol))
        case _:
            order = order_request([verb, *words], symbol)
            return c.SubmitOrder(command_id=name, order=order)
