"""Plans of orders over daily bars: what is sent at the close of which bar.

A plan is made of the bars alone, so that every engine is told the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

Order = dict[str, Any]
CENT = Decimal("0.01")


def crossing(bars: Sequence[Sequence[str]], lot: int = 100) -> Iterator[Order]:
    """So many shares while the mean of 10 closes is above that of 30."""
    closes = [Decimal(bar[4]) for bar in bars]
    long = False
    for at in range(30, len(bars) - 2):
        above = sum(closes[at - 9 : at + 1]) / 10 > sum(closes[at - 29 : at + 1]) / 30
        if above is not long:
            long = above
            yield _order(at, "buy" if long else "sell", lot if long else "all", "market")


def hoarding(bars: Sequence[Sequence[str]]) -> Iterator[Order]:
    """Sixty shares every tenth day, whether they can be paid for or not; all sold each 70 days."""
    for at in range(10, len(bars) - 2, 10):
        sells = at % 70 == 0
        yield _order(at, "sell" if sells else "buy", "all" if sells else 60, "market")


def limits(bars: Sequence[Sequence[str]]) -> Iterator[Order]:
    """In below the close, out above it; what is left after some days is taken back."""
    for at in range(10, len(bars) - 22, 20):
        close, far = Decimal(bars[at][4]), Decimal(1 + at // 20 % 4) / 200
        yield _order(at, "buy", 100, "limit", price=close * (1 - far))
        yield _cancel(at + 8, f"{at}")
        later = Decimal(bars[at + 9][4])
        yield _order(at + 9, "sell", "all", "limit", price=later * (1 + far))
        yield _cancel(at + 17, f"{at + 9}")
        yield _order(at + 18, "sell", "all", "market")


def stops(bars: Sequence[Sequence[str]]) -> Iterator[Order]:
    """In above the close, out below it."""
    for at in range(10, len(bars) - 22, 20):
        close, far = Decimal(bars[at][4]), Decimal(1 + at // 20 % 4) / 200
        yield _order(at, "buy", 100, "stop", stop=close * (1 + far))
        yield _cancel(at + 8, f"{at}")
        later = Decimal(bars[at + 9][4])
        yield _order(at + 9, "sell", "all", "stop", stop=later * (1 - far))
        yield _cancel(at + 17, f"{at + 9}")
        yield _order(at + 18, "sell", "all", "market")


def stop_limits(bars: Sequence[Sequence[str]], more: Decimal = Decimal("0.004")) -> Iterator[Order]:
    """The same with a limit a little beyond the stop."""
    for at in range(10, len(bars) - 22, 20):
        close, far = Decimal(bars[at][4]), Decimal(1 + at // 20 % 4) / 200
        stop = close * (1 + far)
        yield _order(at, "buy", 100, "stop_limit", stop=stop, price=stop * (1 + more))
        yield _cancel(at + 8, f"{at}")
        stop = Decimal(bars[at + 9][4]) * (1 - far)
        yield _order(at + 9, "sell", "all", "stop_limit", stop=stop, price=stop * (1 - more))
        yield _cancel(at + 17, f"{at + 9}")
        yield _order(at + 18, "sell", "all", "market")


def limits_before_stops(bars: Sequence[Sequence[str]]) -> Iterator[Order]:
    """With a limit that the price must come back to."""
    return stop_limits(bars, Decimal("-0.006"))


def holding(bars: Sequence[Sequence[str]]) -> Iterator[Order]:
    """A hundred shares from the beginning to shortly before the end, and limits about splits."""
    yield _order(10, "buy", 100, "market")
    for at in (180, 186, 187, 188, *range(400, 412)):
        yield _order(at, "buy", 10, "limit", price=Decimal(bars[at][4]) * Decimal("0.97"))
    yield _order(len(bars) - 5, "sell", "all", "market")


PLANS = {
    plan.__name__: plan
    for plan in (crossing, hoarding, limits, stops, stop_limits, limits_before_stops, holding)
}


def _order(at: int, side: str, qty: int | str, kind: str, **prices: Decimal) -> Order:
    cents = {name: str(price.quantize(CENT)) for name, price in prices.items()}
    return {"id": f"{at}", "at": at, "side": side, "qty": qty, "type": kind, **cents}


def _cancel(at: int, what: str) -> Order:
    return {"at": at, "cancel": what}
