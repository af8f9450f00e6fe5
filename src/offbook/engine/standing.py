"""How things stand in an engine at its present moment, for whoever explains it. Nothing changes."""

from __future__ import annotations

import msgspec

from offbook.domain.calendars import NEVER
from offbook.domain.config import LimitFill
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, DataKind, Quote, SourceInfo
from offbook.domain.orders import OrderSide, OrderView
from offbook.domain.session import SessionStatus
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.folding import order_view
from offbook.engine.ledger.state import OrderState
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.venue.holding_back import HeldBack, held_back
from offbook.engine.venue.venue import Venue

_DATA: tuple[str, ...] = ("on_quote", "on_trade", "on_depth", "on_bar")


class InstrumentStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument: prices and sizes in units, times in ns UTC.

    ``last_ts`` and the prices are those of the last row that gave it a price, None before the
    first; sizes are None where rows show none.  ``free_bid`` and ``free_ask`` are what the session
    may still take of the sizes shown.  ``opens_or_closes`` is when its hours change next, None for
    a market that never closes.  ``halted_since`` is when trading was halted, if it is; ``bands``
    (price units) are those between which the exchange lets trades be; ``is_extended`` tells that it
    is extended hours.
    """

    instrument: Instrument
    kind: DataKind
    is_open: bool
    opens_or_closes: int | None
    last_ts: int | None = None
    bid_px: int | None = None
    ask_px: int | None = None
    bid_qty: int | None = None
    ask_qty: int | None = None
    free_bid: int | None = None
    free_ask: int | None = None
    position_qty: int = 0
    halted_since: int | None = None
    bands: tuple[int, int] | None = None
    is_extended: bool = False
    held_back: HeldBack | None = None
    """Why orders take nothing from the last row, if they do not, beside its age."""
    age_limit_ns: int | None = None
    """The age beyond which they do not; None where any will do."""
    touch_fills: bool = False
    """Whether a print or a bar at a limit's price fills it, or a quote with it on its side."""


class OrderStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One order that has not ended. ``at_venue`` is False while it is on its way there.

    ``trigger_px`` (price units) is where one that waits is triggered as things stand, and
    ``queue_ahead`` (quantity units) what is ahead of one that rests on a book; None for all others.
    ``auction_ts`` is when the auction is that one is for.
    """

    view: OrderView
    side_sign: int
    at_venue: bool
    sent_ts: int
    accepted_ts: int | None
    price_px: int | None
    reduces: bool
    trigger_px: int | None
    queue_ahead: int | None = None
    auction_ts: int | None = None


class StrategyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """The strategy: its class, the market data callbacks that it defines, whether it has bars built
    that the market does not give, its own words, and what it says of its warm-up: how much it has
    of how much it needs, None where it declares none, text where that went wrong."""

    name: str
    callbacks: tuple[str, ...]
    builds_bars: bool
    says: str | None
    warm_up: tuple[int, int] | str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an explanation looks at, at session time ``ts`` after ``row`` rows."""

    ts: int
    row: int
    status: SessionStatus
    status_reason: str | None
    sources: tuple[SourceInfo, ...]
    instruments: tuple[InstrumentStanding, ...]
    orders: tuple[OrderStanding, ...]
    strategy: StrategyStanding | None


def standing_of(kernel: Kernel, venue: Venue, host: StrategyHost | None, row: int) -> Standing:
    """How things stand now."""
    market = kernel.market
    return Standing(
        ts=kernel.now,
        row=row,
        status=kernel.ledger.status,
        status_reason=kernel.ledger.status_reason,
        sources=() if market is None else market.sources,
        instruments=()
        if market is None
        else tuple(_instrument(kernel, venue, one) for one in market.instruments),
        orders=tuple(_order(kernel, venue, order) for order in kernel.ledger.working()),
        strategy=None if host is None else _strategy(host),
    )


def _instrument(kernel: Kernel, venue: Venue, instrument: Instrument) -> InstrumentStanding:
    symbol = instrument.symbol
    change = kernel.calendar_of(instrument).next_change(kernel.now)
    standing = InstrumentStanding(
        instrument=instrument,
        kind=kernel.pricing[symbol].kind,
        is_open=venue.times.is_open(instrument),
        opens_or_closes=None if change == NEVER else change,
        position_qty=kernel.ledger.position(symbol).qty,
        halted_since=kernel.halted.get(symbol),
        bands=kernel.bands.get(symbol),
        is_extended=instrument.calendar in venue.times.extended,
        touch_fills=_touch_fills(kernel, symbol),
    )
    row = kernel.pricing_row(symbol)
    if row is None:
        return standing
    standing = msgspec.structs.replace(
        standing,
        held_back=held_back(kernel, venue, row),
        age_limit_ns=venue.freshness.age_limit(symbol) if isinstance(row, Quote) else None,
    )
    if not isinstance(row, Quote):
        px = row.close_px if isinstance(row, Bar) else row.price_px
        return msgspec.structs.replace(standing, last_ts=row.ts, bid_px=px, ask_px=px)
    free_bid, free_ask = _free(kernel, venue, row)
    return msgspec.structs.replace(
        standing,
        last_ts=row.ts,
        bid_px=row.bid_px,
        ask_px=row.ask_px,
        bid_qty=row.bid_qty,
        ask_qty=row.ask_qty,
        free_bid=free_bid,
        free_ask=free_ask,
    )


def _touch_fills(kernel: Kernel, symbol: str) -> bool:
    by_rows = kernel.pricing[symbol].kind in {DataKind.TRADES, DataKind.BARS}
    touch = kernel.config.venue.limit_fill is LimitFill.TOUCH
    return symbol in kernel.touched or (touch and by_rows)


def _free(kernel: Kernel, venue: Venue, top: Quote) -> tuple[int, int]:
    """What the session may still take of the best bid and ask."""
    symbol = top.instrument.symbol
    if symbol in kernel.depths:
        places = venue.depth.places(symbol)
        free_bid = places.available(OrderSide.SELL, top.bid_px, top.bid_qty)
        return free_bid, places.available(OrderSide.BUY, top.ask_px, top.ask_qty)
    book = venue.book(symbol)
    return book.available(OrderSide.SELL, top), book.available(OrderSide.BUY, top)


def _order(kernel: Kernel, venue: Venue, order: OrderState) -> OrderStanding:
    position = kernel.ledger.position(order.symbol).qty
    triggers = venue.book(order.symbol).triggers
    waiting = order.ordinal in triggers
    return OrderStanding(
        view=order_view(order, kernel.instrument(order.symbol)),
        side_sign=order.side.sign,
        at_venue=order.accepted_ts is not None,
        sent_ts=order.sent_ts,
        accepted_ts=order.accepted_ts,
        price_px=order.price_px,
        reduces=position * order.side.sign < 0,
        trigger_px=triggers.stop_px(order.ordinal) if waiting else None,
        queue_ahead=_ahead(kernel, venue, order),
        auction_ts=order.auction_ts,
    )


def _ahead(kernel: Kernel, venue: Venue, order: OrderState) -> int | None:
    """What is ahead of an order that rests on a book, as far as that is known."""
    if order.symbol not in kernel.depths:
        return None
    place = venue.depth.places(order.symbol).place(order.ordinal)
    return None if place is None else place.ahead


def _strategy(host: StrategyHost) -> StrategyStanding:
    own = type(host.strategy)
    defined = tuple(name for name in _DATA if getattr(own, name) is not getattr(Strategy, name))
    return StrategyStanding(
        name=own.__name__,
        callbacks=defined,
        builds_bars=host.builds_bars,
        says=_words(host.strategy),
        warm_up=_warm_up(host.strategy),
    )


def _words(strategy: Strategy) -> str | None:
    """What the strategy says of itself; what it raises is said in its place."""
    try:
        said = strategy.why()
    except Exception as error:
        return f"(its why() raised {type(error).__name__}: {error})"
    return None if said is None else str(said)


def _warm_up(strategy: Strategy) -> tuple[int, int] | str | None:
    """How far it is with what it gathers; what it raises is said in its place."""
    try:
        found: object = strategy.warm_up()
    except Exception as error:
        return f"its warm_up() raised {type(error).__name__}: {error}"
    if found is None:
        return None
    if isinstance(found, tuple) and len(found) == 2 and all(type(n) is int for n in found):
        return found
    return f"its warm_up() gave {found!r}, expected two integers: how much it has, and needs"
