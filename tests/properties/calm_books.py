"""Books as venues have them: mostly sound, a few levels a message, around a price that moves."""

from __future__ import annotations

from itertools import accumulate
from random import Random

import msgspec
import numpy as np
from tests.properties.gambler import Sleeper
from tests.properties.random_markets import (
    LOT_OF_TWO,
    orders_of,
    trades_at_random,
)
from tests.properties.random_order_flow import OrderFlow, Told

from offbook.domain.depth import ASK, BID, LAST, SNAPSHOT
from offbook.domain.market_data import DataKind, DepthSlice
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, START, BuiltCombination, BuiltMarket, combined

_DEEP = 8


def calm_book(rng: Random, messages: int) -> BuiltMarket:
    """A book around 100 that is seldom crossed, gapped, or told as a whole."""
    made: list[tuple[int, ...]] = []
    mid, number, ts = 10000, 0, START
    shown: dict[int, dict[int, int]] = {BID: {}, ASK: {}}
    for _ in range(messages):
        ts += rng.choice([0, 1, SECOND // 4, SECOND, 3 * SECOND])
        number += 1 if rng.random() < 0.99 else rng.choice([0, 2])
        mid += rng.choices([-1, 0, 1], [1 + (mid > 10_003), 6, 1 + (mid < 9_997)])[0]
        if not made or rng.random() < 0.02:
            rows, flag = _whole(rng, mid, shown), SNAPSHOT
        else:
            rows, flag = _changes(rng, mid, shown), 0
        numbers = (max(number, 1), max(number, 1), -1)
        made += [(ts, *row, flag, *numbers) for row in rows]
        made[-1] = (*made[-1][:4], flag | LAST, *numbers)
    piece = DepthSlice(LOT_OF_TWO, 0, *np.array(made, dtype=np.int64).reshape(-1, 8).T)
    piece.check()
    base = trades_at_random(rng, 1).config
    config = msgspec.structs.replace(base, kind=DataKind.DEPTH, columns={})
    return BuiltMarket(config=config, slices=(piece,))


def with_prints(rng: Random, messages: int) -> BuiltCombination:
    """Such a book with prints beside it."""
    book, prints = calm_book(rng, messages), trades_at_random(rng, messages // 3)
    times = sorted(rng.choices(book.slices[0].ts.tolist(), k=messages // 3))
    prints.slices[0].ts = np.array(times, dtype=np.int64)
    return combined(book, prints)


def calm_orders(rng: Random, messages: int) -> BuiltMarket:
    """A book order by order that is seldom crossed, gapped, cleared, or told as a whole."""
    steps = rng.choices([0, 1, SECOND // 4, SECOND, 3 * SECOND], k=messages)
    return orders_of(CalmFlow(rng), [START + passed for passed in accumulate(steps)])


class CalmFlow(OrderFlow):
    """Mostly one or two orders a message."""

    def message(self) -> tuple[list[Told], int, int]:
        rng = self._rng
        self.mid += rng.choices([-1, 0, 1], [1 + (self.mid > 10_003), 6, 1 + (self.mid < 9_997)])[0]
        roll = rng.random()
        if not self.seq or roll < 0.02:
            return self.anew()
        if roll < 0.03:
            return super().message()
        self.seq += 1
        return self._rows(rng.choices([1, 2, 3], [6, 2, 1])[0]), 0, self.seq


def _whole(rng: Random, mid: int, shown: dict[int, dict[int, int]]) -> list[tuple[int, int, int]]:
    rows = []
    for side in (BID, ASK):
        shown[side] = {mid - side * away: rng.randint(1, 9) for away in range(1, _DEEP)}
        rows += [(side, px, qty) for px, qty in shown[side].items()]
    return rows


def _changes(rng: Random, mid: int, shown: dict[int, dict[int, int]]) -> list[tuple[int, int, int]]:
    """What lies beyond the middle is gone; then some levels are others."""
    rows = [
        (side, px, 0)
        for side in (BID, ASK)
        for px in sorted(shown[side])
        if (px - mid) * side >= 0 and rng.random() < 0.95
    ]
    for _ in range(rng.choices([1, 2, 3], [8, 1, 1])[0]):
        side = rng.choice([BID, ASK])
        px = mid - side * rng.randint(1, _DEEP)
        rows.append((side, px, rng.randint(0, 9)))
    for side, px, qty in rows:
        shown[side][px] = qty
        if not qty:
            del shown[side][px]
    return rows


class Quoter(Sleeper):
    """Keeps some orders of all kinds in the book, and looks at it by a timer alone."""

    on_depth = Strategy.on_depth

    def on_start(self) -> None:
        self.calls = 0
        self.seen = 1
        self.set_timer("look", every=4 * SECOND)
        self._act()

    def on_timer(self, name: str) -> None:
        for level in (*self.book(self.symbols, 3).bids, *self.book(self.symbols, 3).asks):
            self._see(level.px, level.qty)
        self._act()

    def _act(self) -> None:
        mine = [order.client_order_id for order in self.open_orders()]
        if len(mine) > 4:
            self.cancel(mine[self._roll(len(mine))])
            return
        kind = [OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT, *OrderType][self._roll(9)]
        trails = kind is OrderType.TRAILING_STOP
        order = OrderRequest(
            symbol=self.symbols,
            side=[OrderSide.BUY, OrderSide.SELL][self._roll(2)],
            order_qty=str(2 * (1 + self._roll(6))),
            order_type=OrderType.LIMIT if kind is OrderType.PEGGED else kind,
            price=self._far() if kind.has_limit or kind is OrderType.PEGGED else None,
            stop_px=self._far() if kind.has_stop else None,
            trail_amount="0.04" if trails else None,
            client_order_id=f"q{self.seen}-{self.calls}",
        )
        self.submit(order)

    def _far(self) -> str:
        return f"{100 + (self._roll(17) - 8) / 100:.2f}"
