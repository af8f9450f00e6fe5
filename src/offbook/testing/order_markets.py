"""Books order by order, scripted: each message as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from offbook.domain.book_orders import ACTION_WORDS
from offbook.domain.config import ReplayMarket
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BookOrderSlice, DataKind
from offbook.domain.values import text_to_units
from offbook.testing.markets import BTCUSDT, SECOND, START, BuiltMarket, built, row_times


def orders_market(
    messages: Sequence[str],
    *,
    instrument: Instrument = BTCUSDT,
    start: int = START,
    step: int = SECOND,
    times: Sequence[int] | None = None,
    cut: int | None = None,
    path: str = "scripted.csv",
) -> BuiltMarket:
    """A book order by order from messages such as ``"snapshot add 1 bid 100.00x5 add 2 ask
    100.02x3"``, ``"execute 1 bid 100.00x2"`` or ``"clear"``: what happened, to which order, of
    which side, at which price, and to how much of it.

    Numbers of messages, times, ``cut`` and errors as for :func:`depth_market`.
    """
    stamps = row_times(len(messages), start, step, times).tolist()
    rows: list[tuple[int, ...]] = []
    for number, (ts, message) in enumerate(zip(stamps, messages, strict=True), start=1):
        flag = SNAPSHOT if message.startswith("snapshot") else 0
        told = _orders(message.removeprefix("snapshot"), instrument)
        rows += [(ts, *one, flag, number, number - 1) for one in told]
        rows[-1] = (*rows[-1][:6], flag | LAST, *rows[-1][7:])
    whole = BookOrderSlice(instrument, 0, *np.array(rows, dtype=np.int64).reshape(-1, 9).T)
    config = ReplayMarket(path=path, kind=DataKind.ORDERS, instrument=instrument)
    return built(config, whole, cut)


def _orders(text: str, instrument: Instrument) -> list[tuple[int, int, int, int, int]]:
    """Action, side, price, size and number of the order of each part of a message."""
    words, found = iter(text.split()), []
    for word in words:
        action, side, price, size, order = ACTION_WORDS.index(word), 0, 0, 0, 0
        if word not in {"clear", "none"}:
            order, side = int(next(words)), {"bid": 1, "ask": -1, "none": 0}[next(words)]
            px, _, qty = next(words).partition("x")
            price = text_to_units(px, instrument.price_precision)
            size = text_to_units(qty or "0", instrument.qty_precision)
        found.append((action, side, price, size, order))
    return found
