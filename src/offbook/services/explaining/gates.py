"""The gates between a strategy and a fill, in the order in which a trade passes them.

Session, data, freshness, hours, strategy, risk, venue, and for each working order what it waits
for.  A gate is open, shut, or merely told; the first that is shut is the answer.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from offbook.domain.market_data import DataKind
from offbook.domain.orders import OrderStatus, OrderType, RejectReason, TimeInForce
from offbook.domain.records import (
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    Record,
    RequestDenied,
    SessionPaused,
    StrategyFailed,
)
from offbook.domain.session import SessionStatus
from offbook.engine.standing import InstrumentStanding, OrderStanding, Standing, StrategyStanding
from offbook.services.explaining.sayings import held_back_text, refusal_text
from offbook.services.reporting.formatting import clock, duration, words

STALE_NS: Final = 60_000_000_000
"""A price older than this, in open hours, is called old; bars are given three of their lengths."""

_CALLBACKS: Final = {
    DataKind.QUOTES: "on_quote",
    DataKind.TRADES: "on_trade",
    DataKind.BARS: "on_bar",
    DataKind.DEPTH: "on_depth",
    DataKind.ORDERS: "on_depth",
    DataKind.STATUS: "on_status",
}

_TWO_SIDED: Final = frozenset({DataKind.QUOTES, DataKind.DEPTH, DataKind.ORDERS})


class GateState(enum.Enum):
    """Whether a trade could pass."""

    OPEN = "open"
    SHUT = "shut"
    TOLD = "told"


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One gate: its name, whether it let a trade pass, and what was seen there."""

    name: str
    state: GateState
    text: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What stood between a strategy and a fill at session time ``ts`` (ns UTC)."""

    session_id: str
    ts: int
    row: int
    status: str
    answer: str
    gates: tuple[Gate, ...]


def explain(session_id: str, standing: Standing, records: Sequence[Record]) -> Explanation:
    """The explanation of the moment at which things stand so. ``records`` were made up to it."""
    gates = tuple(_gates(standing, records))
    shut = next((gate for gate in gates if gate.state is GateState.SHUT), None)
    filled = next((r for r in reversed(records) if isinstance(r, OrderFilled)), None)
    if shut is not None:
        answer = f"{shut.name}: {shut.text}"
    elif filled is not None and filled.ts == standing.ts:
        answer = f"there was a trade at this moment: record {filled.seq}"
    else:
        answer = "nothing stood in the way: there was no order to fill"
    return Explanation(
        session_id=session_id,
        ts=standing.ts,
        row=standing.row,
        status=standing.status.value,
        answer=answer,
        gates=gates,
    )


def _gates(standing: Standing, records: Sequence[Record]) -> Iterator[Gate]:
    yield _session(standing, records)
    for instrument in standing.instruments:
        yield _data(standing, instrument)
        yield _hours(instrument)
    if standing.strategy is not None:
        yield from _strategy(standing, records)
    yield from _refusals(records)
    for order in standing.orders:
        yield _order(standing, order)
    yield from _last_fill(standing, records)


def _gate(name: str, shut: bool, text: str) -> Gate:
    return Gate(name=name, state=GateState.SHUT if shut else GateState.OPEN, text=text)


def _session(standing: Standing, records: Sequence[Record]) -> Gate:
    status = standing.status
    if status is SessionStatus.RUNNING:
        return _gate("session", shut=False, text="it was running")
    text = f"it was {status.value}"
    if standing.status_reason:
        text += f" ({words(standing.status_reason)})"
    if status is SessionStatus.PAUSED:
        since = next((r.ts for r in reversed(records) if isinstance(r, SessionPaused)), None)
        if since is not None:
            text += f" since {clock(since)} UTC"
        text += "; while paused the strategy sees no data, and only what reduces may trade"
    failed = next((r for r in reversed(records) if isinstance(r, StrategyFailed)), None)
    if failed is not None:
        text += f"; {failed.callback} had raised {failed.error_type} at {clock(failed.ts)} UTC"
    return _gate("session", shut=True, text=text)


def _data(standing: Standing, found: InstrumentStanding) -> Gate:
    name = f"data of {found.instrument.symbol}"
    if found.last_ts is None:
        text = f"no row had come; orders are denied with {RejectReason.NO_MARKET_DATA.value}"
        return _gate(name, shut=True, text=text)
    age = standing.ts - found.last_ts
    seen = f"{_prices(found)}, {duration(age)} old" if age else _prices(found)
    lengths = [
        source.timeframe_ns or 0
        for source in standing.sources
        if source.symbol == found.instrument.symbol and source.kind is found.kind
    ]
    held = held_back_text(standing, found)
    if held is not None:
        return _gate(name, shut=True, text=f"{held}: {seen}")
    late = age > max(STALE_NS, 3 * max(lengths, default=0)) and found.is_open
    return _gate(name, shut=late, text=f"{'the last price was old: ' if late else ''}{seen}")


def _prices(found: InstrumentStanding) -> str:
    instrument = found.instrument
    assert found.bid_px is not None
    assert found.ask_px is not None
    if found.kind not in _TWO_SIDED:
        what = "close" if found.kind is DataKind.BARS else "last trade"
        return f"{what} {instrument.price_text(found.bid_px)}"
    sizes = ""
    if found.bid_qty is not None and found.ask_qty is not None:
        sizes = f", {instrument.qty_text(found.bid_qty)} by {instrument.qty_text(found.ask_qty)}"
    bid, ask = instrument.price_text(found.bid_px), instrument.price_text(found.ask_px)
    return f"bid {bid}, ask {ask}{sizes}"


def _hours(found: InstrumentStanding) -> Gate:
    name = f"hours of {found.instrument.symbol}"
    if found.halted_since is not None:
        since = clock(found.halted_since)
        return _gate(name, shut=True, text=f"its trading was halted at {since} UTC, not resumed")
    if found.opens_or_closes is None:
        return _gate(name, shut=False, text="it trades at all hours")
    change = clock(found.opens_or_closes)
    if found.is_extended:
        return _gate(name, shut=False, text=f"it was extended hours, it opens at {change} UTC")
    if found.is_open:
        return _gate(name, shut=False, text=f"its market was open, to {change} UTC")
    return _gate(name, shut=True, text=f"its market was shut; it opens at {change} UTC")


def _strategy(standing: Standing, records: Sequence[Record]) -> Iterator[Gate]:
    strategy = standing.strategy
    assert strategy is not None
    given = {_CALLBACKS[source.kind] for source in standing.sources}
    if strategy.builds_bars:
        given.add("on_bar")
    hears = [name for name in strategy.callbacks if name in given]
    deaf = standing.row > 0 and not hears
    if not strategy.callbacks:
        text = f"{strategy.name} defines no callback for market data, only timers can make it act"
    elif deaf:
        text = (
            f"{strategy.name} defines {', '.join(strategy.callbacks)}, and this market gives "
            f"{', '.join(sorted(given))}"
        )
    else:
        text = f"{strategy.name} saw {standing.row:,} rows by {', '.join(hears)}"
    yield _gate("subscribed data", shut=deaf, text=text)
    sent = [r for r in records if isinstance(r, (OrderSubmitted, OrderDenied))]
    yield _warm_up(standing, strategy, bool(sent))
    if sent:
        text = f"it last sent an order at {clock(sent[-1].ts)} UTC, {len(sent):,} in all"
    else:
        text = f"it had not sent any order yet: {_idle(strategy)}"
    if strategy.says:
        text += f"; it says: {strategy.says}"
    waiting = not standing.orders and not (sent and sent[-1].ts == standing.ts)
    yield _gate("decision", shut=waiting, text=text)


def _idle(strategy: StrategyStanding) -> str:
    """Why a strategy has done nothing so far, as far as it declares that."""
    told = strategy.warm_up
    if not isinstance(told, tuple):
        return "it may be warming up, or its condition was not met"
    return "it was warming up" if told[0] < told[1] else "its condition was not met"


def _warm_up(standing: Standing, strategy: StrategyStanding, has_sent: bool) -> Gate:
    """Only a strategy knows what it still gathers: shut where its ``warm_up`` says so."""
    told = strategy.warm_up
    if isinstance(told, tuple):
        seen, needed = told
        text = f"{strategy.name} had {seen:,} of the {needed:,} that it needs before it acts"
        return _gate("warm-up", shut=seen < needed, text=text)
    if told is not None:
        return Gate(name="warm-up", state=GateState.TOLD, text=told)
    if has_sent:
        return _gate("warm-up", shut=False, text="it was past it, for it had ordered before")
    text = f"{standing.row:,} rows seen and nothing ordered yet: it may still be gathering some"
    return Gate(name="warm-up", state=GateState.TOLD, text=text)


def _refusals(records: Sequence[Record]) -> Iterator[Gate]:
    """The last refusals of our risk and of the venue, shut where nothing was sent since."""
    last = next(
        (r for r in reversed(records) if isinstance(r, (OrderSubmitted, OrderDenied))), None
    )
    denied = next(
        (r for r in reversed(records) if isinstance(r, (OrderDenied, RequestDenied))), None
    )
    if denied is None:
        yield _gate("risk", shut=False, text="nothing was denied")
    else:
        yield _gate("risk", shut=denied is last, text=refusal_text("denied", denied))
    rejected = next((r for r in reversed(records) if isinstance(r, OrderRejected)), None)
    if rejected is None:
        yield _gate("venue", shut=False, text="nothing was rejected")
    else:
        newest = last is not None and rejected.order == last.order
        yield _gate("venue", shut=newest, text=refusal_text("rejected", rejected))


def _order(standing: Standing, order: OrderStanding) -> Gate:
    view = order.view
    terms = f"{view.side.value.lower()} {view.leaves_qty} {view.symbol}"
    if view.stop_px is not None:
        terms += f", {words(view.order_type.value)}"
    terms += f" at {view.price}" if view.price is not None else " at market"
    name = f"order {view.client_order_id}"
    found = next(one for one in standing.instruments if one.instrument.symbol == view.symbol)
    return _gate(name, shut=True, text=f"{terms}: {_waits_for(standing, order, found)}")


def _is_not_matched(
    standing: Standing, order: OrderStanding, found: InstrumentStanding
) -> str | None:
    """Why a working order is not held against the market at all."""
    view = order.view
    if not order.at_venue:
        return "it was on its way to the venue"
    if view.order_status is OrderStatus.HELD or (view.order_type.waits and not view.triggered):
        return _is_not_active(order, found)
    if standing.status is SessionStatus.PAUSED and not order.reduces:
        return "the session was paused, and it does not reduce a position"
    if order.auction_ts is not None:
        which = "opening" if view.time_in_force is TimeInForce.OPG else "closing"
        return f"it is for the {which} auction at {clock(order.auction_ts)}, and no other"
    if found.halted_since is not None:
        return f"trading was halted at {clock(found.halted_since)}; it waits for its resumption"
    if found.is_open or (found.is_extended and view.extended_hours):
        held = held_back_text(standing, found)
        if held is not None:
            return f"{held}; it waits for the next"
        return _beyond_bands(order, found)
    return "it was extended hours" if found.is_extended else "its market was shut"


def _beyond_bands(order: OrderStanding, found: InstrumentStanding) -> str | None:
    """Why nothing may trade at what the market shows an order."""
    market = found.ask_px if order.side_sign > 0 else found.bid_px
    if found.bands is None or market is None or found.bands[0] <= market <= found.bands[1]:
        return None
    lower, upper = map(found.instrument.price_text, found.bands)
    return f"the exchange lets trades be from {lower} to {upper}, and the market was beyond"


def _waits_for(standing: Standing, order: OrderStanding, found: InstrumentStanding) -> str:
    """What a working order waits for."""
    view = order.view
    shut = _is_not_matched(standing, order, found)
    if shut is not None:
        return shut
    if found.kind not in _TWO_SIDED:
        return _waits_for_rows(order, found)
    assert found.bid_px is not None
    assert found.ask_px is not None
    buying = order.side_sign > 0
    market = found.ask_px if buying else found.bid_px
    if order.price_px is not None and (market - order.price_px) * order.side_sign > 0:
        return _queue(order, found) or _distance(order, found, market, "ask" if buying else "bid")
    shown, free = (found.ask_qty, found.free_ask) if buying else (found.bid_qty, found.free_bid)
    side = "ask" if buying else "bid"
    size = found.instrument.qty_text
    if free is not None and shown is not None and free < shown:
        return f"liquidity: of {size(shown)} shown at the {side} it had taken all but {size(free)}"
    if shown is not None and not shown:
        return f"liquidity: nothing was shown at the {side}"
    if view.time_in_force is TimeInForce.IOC:
        return "it was just being answered"
    return f"the price was reached; the next quote with size at the {side} fills it"


def _is_not_active(order: OrderStanding, found: InstrumentStanding) -> str:
    if order.view.order_status is OrderStatus.HELD:
        return "it is held until the first order of its list trades"
    market = found.ask_px if order.side_sign > 0 else found.bid_px
    if order.trigger_px is None or market is None:
        return "it waits to be triggered"
    away, text = abs(market - order.trigger_px), found.instrument.price_text
    return (
        f"not triggered: {text(market)} is {text(away)} ({100 * away / market:.2f} %) away from "
        f"its trigger at {text(order.trigger_px)}"
    )


def _waits_for_rows(order: OrderStanding, found: InstrumentStanding) -> str:
    what = "bar" if found.kind is DataKind.BARS else "print"
    assert found.bid_px is not None
    if order.price_px is None:
        if found.kind is DataKind.BARS:
            return "it trades at the open of the next bar that begins after it was sent"
        return "it trades at the next print"
    if (found.bid_px - order.price_px) * order.side_sign >= 0:
        return _distance(order, found, found.bid_px, "the last price")
    reach = "comes to its price" if found.touch_fills else "goes through its price"
    return f"it needs a {what} that {reach}, and size there"


def _queue(order: OrderStanding, found: InstrumentStanding) -> str | None:
    """What a limit with a place in a queue, or at the best price of its own side, waits for."""
    if order.queue_ahead is not None:
        ahead = found.instrument.qty_text(order.queue_ahead)
        return (
            f"queue: {ahead} are ahead of it at its price; trades there, once these have traded, "
            "trades beyond it, or the other side reaching it fill it"
        )
    buying = order.side_sign > 0
    best, shown = (found.bid_px, found.bid_qty) if buying else (found.ask_px, found.ask_qty)
    if order.price_px != best or shown is None:
        return None
    own, other = ("bid", "ask") if buying else ("ask", "bid")
    reached = f"the {other} reaches it"
    if found.touch_fills:
        reached += ", or by the next quote that shows it there, as far as the size is not taken"
    return (
        f"queue: it stands at the best {own}, where {found.instrument.qty_text(shown)} are shown; "
        f"quotes tell no place in a queue, so it fills when {reached}"
    )


def _distance(order: OrderStanding, found: InstrumentStanding, market: int, side: str) -> str:
    assert order.price_px is not None
    away = abs(market - order.price_px)
    share = 100 * away / market
    text = found.instrument.price_text
    kind = order.view.order_type
    level = "limit" if kind is OrderType.LIMIT else words(kind.value)
    return (
        f"price not reached: {side} {text(market)} is {text(away)} ({share:.2f} %) away from its "
        f"{level} {text(order.price_px)}; that a price was merely touched on its own side fills "
        "nothing"
    )


def _last_fill(standing: Standing, records: Iterable[Record]) -> Iterator[Gate]:
    fills = [record for record in records if isinstance(record, OrderFilled)]
    if fills:
        ago = standing.ts - fills[-1].ts
        text = f"{len(fills):,} so far, the last {duration(ago)} before, record {fills[-1].seq}"
    else:
        text = "none so far"
    yield Gate(name="fills", state=GateState.TOLD, text=text)
