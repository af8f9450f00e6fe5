"""A path through a bar's prices, and when along it an order is reached.

Nobody knows which way the price went inside a bar.  Many engines suppose open, high, low, close,
or open, low, high, close; moments along such a path are the distance that the price has travelled,
in price units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from offbook.domain.config import Intrabar
from offbook.domain.market_data import Bar
from offbook.domain.orders import OrderSide
from offbook.engine.ledger.state import OrderState

Path = tuple[int, ...]
"""Prices in the order in which they come; between two of them the price moves straight."""


def path_of(bar: Bar, intrabar: Intrabar) -> Path:
    """The path that is supposed."""
    extremes = (bar.high_px, bar.low_px)
    if intrabar is Intrabar.OLHC:
        extremes = extremes[::-1]
    return bar.open_px, *extremes, bar.close_px


def reached_at(
    order: OrderState, stop_px: int | None, path: Path, *, touch: bool = False
) -> int | None:
    """How far along a path an order can first trade or be triggered, or None if it does not.

    With ``stop_px``, where it is triggered; else a market order at once, and a limit where the path
    goes beyond its price, or with ``touch`` comes to it.
    """
    buying = order.side is OrderSide.BUY
    if stop_px is not None:
        return _first(path, stop_px, up=buying is not order.order_type.is_touched)
    limit = order.price_px
    if limit is None:
        return 0
    beyond = 0 if touch else 1
    return _first(path, limit - beyond if buying else limit + beyond, up=not buying)


def rest_of(path: Path, at: int) -> Path:
    """A path from a moment on."""
    travelled = 0
    for place, (begin, end) in enumerate(pairwise(path)):
        if travelled + abs(end - begin) >= at:
            step = at - travelled
            return begin + (step if end >= begin else -step), *path[place + 1 :]
        travelled += abs(end - begin)
    return path[-1:]


def length(path: Path) -> int:
    """The moment at which a path ends."""
    return sum(abs(end - begin) for begin, end in pairwise(path))


def in_order(
    orders: Iterable[OrderState], moments: Mapping[int, int | None], path: Path
) -> list[OrderState]:
    """Orders in the order in which a path reaches them, at one moment by time priority; what it
    does not reach comes last. ``moments`` says when that is, by order."""
    far = length(path) + 1

    def place(order: OrderState) -> tuple[int, int]:
        at = moments[order.ordinal]
        return (far if at is None else at), order.priority

    return sorted(orders, key=place)


def _first(path: Path, level: int, *, up: bool) -> int | None:
    """The moment at which a path first stands at or above (below) a level."""
    travelled = 0
    if path[0] >= level if up else path[0] <= level:
        return 0
    for begin, end in pairwise(path):
        if end >= level if up else end <= level:
            return travelled + abs(level - begin)
        travelled += abs(end - begin)
    return None
