"""Two instruments in one session fare as each would alone, while there is cash for both."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from tests.properties.random_markets import ALONE, MAKERS, days_at_random, of_another
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import LatencyConfig, VenueLatency
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, PegType, TimeInForce
from offbook.engine.inputs import Take
from offbook.testing.markets import SECOND, BuiltCombination, BuiltMarket, combined

TOLD = (
    r.OrderAccepted,
    r.OrderTriggered,
    r.OrderFilled,
    r.OrderCanceled,
    r.OrderExpired,
    r.OrderRejected,
)


def wishes(
    rng: Random, symbols: list[str], first: int, last: int
) -> list[tuple[int, OrderRequest]]:
    """Orders and when they are sent: never at the moment of a row."""
    made = []
    for number in range(40):
        kind = rng.choice([*OrderType, OrderType.LIMIT, OrderType.LIMIT])
        force = rng.choice(list(TimeInForce))
        pegged = kind is OrderType.PEGGED
        if (kind.waits and force.is_auction) or (
            pegged and (force.is_immediate or force.is_auction)
        ):
            force = TimeInForce.GTC
        sent = rng.randint(first, last) // 1000 * 1000 + 7
        order = OrderRequest(
            symbol=rng.choice(symbols),
            side=rng.choice([OrderSide.BUY, OrderSide.BUY, OrderSide.SELL]),
            order_qty=str(2 * rng.randint(1, 9)),
            order_type=kind,
            price=_near(rng) if kind.has_limit else None,
            stop_px=_near(rng) if kind.has_stop else None,
            trail_amount="0.03" if kind is OrderType.TRAILING_STOP else None,
            time_in_force=force,
            expire_time=sent + 30 * SECOND if force is TimeInForce.GTD else None,
            client_order_id=f"order-{number}",
            **({"peg": PegType.MIDPOINT, "peg_offset": "0.01"} if pegged else {}),
        )
        made.append((sent, order))
    return sorted(made, key=lambda wish: wish[0])


def _near(rng: Random) -> str:
    return f"{100 + rng.randint(-3, 3) / 100:.2f}"


def carried_out(
    market: BuiltMarket | BuiltCombination,
    orders: list[tuple[int, OrderRequest]],
    hours: TradingCalendar,
    latency: LatencyConfig,
) -> dict[str, list[Any]]:
    """What became of each order."""
    rehearsal = rehearse(market, calendar=hours, latency=latency, cash="1000000")
    for number, (ts, order) in enumerate(orders):
        rows_before(rehearsal, ts)
        command = c.SubmitOrder(command_id=f"c{number}", order=order)
        rehearsal.feed(Take(command=command, ts=max(ts, rehearsal.engine.now + 1)))
    rehearsal.rest()
    rehearsal.end()
    found: dict[str, list[Any]] = {}
    for record in rehearsal.of(*TOLD):
        name = rehearsal.ledger.orders[record.order].client_order_id
        ended = isinstance(record, r.OrderCanceled) and record.reason.value == "STOPPED"
        story = [type(record).__name__, 0 if ended else record.ts]
        if isinstance(record, r.OrderFilled):
            seen = record.evidence
            story += [record.last_qty, record.last_px, record.liquidity, seen.rule, seen.row_ts]
        found.setdefault(name, []).append(story)
    return found


def rows_before(rehearsal: Rehearsal, ts: int) -> None:
    """Feed the rows before a time."""
    ahead = int((rehearsal.all_rows.ts < ts).sum()) - rehearsal.engine.cursor.row
    if ahead > 0:
        rehearsal.rows(ahead)


@pytest.mark.parametrize("seed", range(24))
def test_each_instrument_fares_as_it_would_alone(seed: int) -> None:
    """Whatever their rows are, though only one of them has trading hours, and at times trades at
    a venue that is nearer, or farther away."""
    rng = Random(seed)
    one = MAKERS[rng.choice(ALONE)](rng, 60)
    other = MAKERS[rng.choice(ALONE)](rng, 60)
    assert isinstance(one, BuiltMarket)
    assert isinstance(other, BuiltMarket)
    other = of_another(other)
    both = combined(one, other)
    rows = both.slices[0]
    hours, latency = days_at_random(rng), LatencyConfig(entry_ns=SECOND // 3, response_ns=0)
    orders = wishes(rng, ["XYZ", "ABC"], int(rows.ts[0]), int(rows.ts[-1]))
    orders = [wish for wish in orders if known(wish, one, other)]
    far = VenueLatency(name="far", symbols=("ABC",), entry_ns=SECOND * (seed % 4))
    apart = msgspec.structs.replace(latency, venues=(far,)) if seed % 2 else latency
    together = carried_out(both, orders, hours, apart)
    alone: dict[str, list[Any]] = {}
    for market in (one, other):
        symbol = market.config.instrument.symbol
        mine = [(ts, order) for ts, order in orders if order.symbol == symbol]
        its = apart.of(far) if seed % 2 and symbol == "ABC" else latency
        alone |= carried_out(market, mine, always_if(symbol, hours), its)
    last = {m.config.instrument.symbol: int(m.slices[0].ts[-1]) for m in (one, other)}
    symbols = {order.client_order_id: order.symbol for _, order in orders}
    for name, story in [*together.items(), *alone.items()]:
        if story[-1][0] in {"OrderExpired", "OrderCanceled"} and not (
            0 < story[-1][1] <= last[symbols[name]]
        ):
            story[-1] = ["ended with its market, or after it"]
    assert together == alone
    assert together


def known(wish: tuple[int, OrderRequest], one: BuiltMarket, other: BuiltMarket) -> bool:
    """Whether the instrument of an order has a price by then, and rows after it."""
    market = one if wish[1].symbol == "XYZ" else other
    first, last = market.slices[0].ts[0], market.slices[0].ts[-1]
    return bool(first < wish[0] < last - SECOND)


def always_if(symbol: str, hours: TradingCalendar) -> TradingCalendar:
    """The hours of an instrument: the second trades by the calendar."""
    return hours if symbol == "ABC" else ALWAYS_OPEN_CALENDAR
