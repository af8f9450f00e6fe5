"""``Strategy``: what an author writes.

Parameters are annotated class attributes; callbacks are called one at a time, never from within
one another; only those that a class defines are called at all.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

import msgspec

from offbook.domain.account_events import AccountEvent
from offbook.domain.errors import InvalidOrder, InvalidStrategy
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, DataKind, Quote, StatusUpdate, Trade
from offbook.domain.orders import OrderListRequest, OrderRequest, ReplaceRequest
from offbook.domain.values import Exact, Price, Quantity
from offbook.engine.books.book_view import SHOWN_LEVELS, BookView
from offbook.engine.rows.rows import Row
from offbook.engine.strategy.ordering import Ordering
from offbook.engine.strategy.parameters import Parameter, declared_parameters, resolve_parameters
from offbook.engine.strategy.view import AccountView, Fill, OrderUpdate, PositionView

SHORTEST_INTERVAL_NS: Final = 1_000_000
"""A repeating timer turns at most every millisecond: every turn is a record."""


class Rounding(enum.Enum):
    """To which side ``price`` and ``qty`` round."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """What passed while the session was paused; zero rows where its clock stood still."""

    rows: int
    timers: int
    fills: int
    expiries: int


class StrategyContext(Protocol):
    """What a running strategy may do; the engine provides it."""

    @property
    def now(self) -> int:
        """The strategy's clock, ns UTC."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The market's instruments."""

    @property
    def account(self) -> AccountView:
        """The account as reported."""

    def submit(self, request: OrderRequest) -> str:
        """Send an order; its client order id."""

    def submit_group(self, request: OrderListRequest) -> tuple[str, ...]:
        """Send orders that depend on one another; their client order ids."""

    def cancel(self, client_order_id: str) -> None:
        """Ask to cancel."""

    def replace(self, client_order_id: str, terms: ReplaceRequest) -> None:
        """Ask to replace."""

    def position(self, symbol: str) -> PositionView:
        """The position as reported."""

    def order(self, client_order_id: str) -> OrderUpdate:
        """An order as reported."""

    def open_orders(self, symbol: str | None) -> tuple[OrderUpdate, ...]:
        """Orders not known to have ended."""

    def history(self, symbol: str, count: int, timeframe: str | None) -> tuple[Row, ...]:
        """Last rows, or last bars of a timeframe."""

    def book(self, symbol: str, levels: int) -> BookView:
        """The book of a symbol."""

    def round_price(self, value: object, rounding: str, symbol: str | None) -> Price:
        """To the tick."""

    def round_qty(self, value: object, rounding: str, symbol: str | None) -> Quantity:
        """To the lot."""

    def text_price(self, symbol: str, value: Exact, field: str = "price") -> str:
        """Exact text of a price."""

    def text_qty(self, symbol: str, value: Exact) -> str:
        """Exact text of a quantity."""

    def set_timer(self, name: str, due: int, every_ns: int | None) -> None:
        """Set a timer."""

    def cancel_timer(self, name: str) -> None:
        """Take a timer back."""

    def subscribe_bars(self, symbol: str, timeframe: str, price: str | None) -> None:
        """Have bars built that the market does not give."""

    def require(self, symbol: str, kind: DataKind) -> None:
        """Check that the market gives such rows of a symbol."""


class Strategy(Ordering):
    """Base of all strategies.

    Write parameters as annotated attributes with defaults, keep state in attributes set in
    ``on_start``, and act through the methods below.  Callbacks run synchronously and must return
    soon; the clock is ``self.now``, never the machine's.
    """

    def __init__(self, **parameters: Any) -> None:
        values = resolve_parameters(type(self), self.parameters(), parameters)
        for name, value in values.items():
            setattr(self, name, value)
        self._context: StrategyContext | None = None

    @classmethod
    def parameters(cls) -> Mapping[str, Parameter]:
        """The declared parameters, by name."""
        return declared_parameters(cls, Strategy)

    # -- callbacks --------------------------------------------------------------------------

    def on_start(self) -> None:
        """Once, before the first row."""

    def on_quote(self, quote: Quote) -> None:
        """Each quote, after the venue has matched against it."""

    def on_trade(self, trade: Trade) -> None:
        """Each print, after the venue has matched against it."""

    def on_depth(self, book: BookView) -> None:
        """Each message of a book, after the venue has matched against it: the best levels."""

    def on_bar(self, bar: Bar) -> None:
        """Each bar, once it has ended."""

    def on_status(self, status: StatusUpdate) -> None:
        """Each halt, resumption or change of price bands, once the venue obeys it."""

    def on_order(self, order: OrderUpdate) -> None:
        """Each report about an order, fills included, when it reaches the strategy."""

    def on_fill(self, fill: Fill) -> None:
        """Each fill, before the ``on_order`` of the same report."""

    def on_account(self, event: AccountEvent) -> None:
        """What happened to the account at its date and without a trade: a corporate action, a
        dividend, funding, interest, a settlement; ``position`` and ``account`` know it already."""

    def on_timer(self, name: str) -> None:
        """A timer that fell due."""

    def on_pause(self) -> None:
        """The session was paused: only reducing orders and cancels are taken from now on, and what
        is sent is reduce-only for as long as it lives."""

    def on_resume(self, missed: Missed) -> None:
        """The session goes on; called before any further data."""

    def on_stop(self) -> None:
        """The session is over; orders sent from here are denied."""

    def warm_up(self) -> tuple[int, int] | None:
        """How much it has gathered (rows, bars, days) and how much it needs before it acts, as
        whole numbers; None where it declares nothing.

        Only looks, as ``why`` does: while it has less, the gate *warm-up* of ``offbook why`` is
        shut.
        """
        return None

    def why(self) -> str | None:
        """What the strategy waits for, in its own words, for whoever asks why there was no trade.

        Only looks: called on a copy of the session, and never while one runs.
        """
        return None

    def save_state(self) -> Any:
        """The strategy's memory as JSON values (dict, list, str, int, float, bool, None).

        Define it together with ``load_state`` and recovery starts from the last snapshot;
        without them the strategy is run again from the start of the session.
        """
        raise NotImplementedError

    def load_state(self, state: Any) -> None:
        """Take back what ``save_state`` gave. ``on_start`` is not called again."""
        raise NotImplementedError

    # -- asking -----------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The time by the strategy's clock, in ns UTC: session time, ahead of which it is where it
        sees rows later than the venue has them (``venue.latency.market_data_ns``)."""
        return self._running().now

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What the market trades, each once, in the order of its sources: for a strategy that
        takes its symbols from the data that it is run on."""
        return self._running().instruments

    @property
    def account(self) -> AccountView:
        """Cash, reservations and buying power as reported to the strategy."""
        return self._running().account

    def position(self, symbol: str) -> PositionView:
        """The position in a symbol as reported to the strategy; false when flat."""
        return self._running().position(symbol)

    def order(self, client_order_id: str) -> OrderUpdate:
        """An order as last reported. Raises OrderNotFound."""
        return self._running().order(client_order_id)

    def open_orders(self, symbol: str | None = None) -> tuple[OrderUpdate, ...]:
        """The orders, all or of one symbol, that are not known to have ended, oldest first."""
        return self._running().open_orders(symbol)

    def history(self, symbol: str, count: int, timeframe: str | None = None) -> tuple[Row, ...]:
        """The last ``count`` rows (fewer at the beginning), oldest first, the present one last.

        They are of the market's first source of the symbol; with a ``timeframe`` such as
        ``"5m"`` they are bars, of the market or as subscribed to.  Raises InvalidStrategy when
        ``count`` exceeds the session's ``history_limit`` or there are no such bars.
        """
        return self._running().history(symbol, count, timeframe)

    def book(self, symbol: str, levels: int = SHOWN_LEVELS) -> BookView:
        """The best ``levels`` of each side of a symbol's book, as after its last whole message;
        empty before the first. Raises InvalidStrategy when the market has no depth of it."""
        if levels < 1:
            raise InvalidStrategy(f"book({symbol!r}, levels={levels}): one or more", field="levels")
        return self._running().book(symbol, levels)

    def price(
        self,
        value: float | Exact,
        *,
        rounding: Rounding | str = Rounding.NEAREST,
        symbol: str | None = None,
    ) -> Price:
        """A price on the instrument's tick, from a float or anything exact."""
        return self._running().round_price(value, _rounding(rounding), symbol)

    def qty(
        self,
        value: float | Exact,
        *,
        rounding: Rounding | str = Rounding.DOWN,
        symbol: str | None = None,
    ) -> Quantity:
        """A quantity in whole lots, from a float or anything exact."""
        return self._running().round_qty(value, _rounding(rounding), symbol)

    # -- time and data ----------------------------------------------------------------------

    def set_timer(
        self,
        name: str,
        *,
        after: timedelta | int | None = None,
        at: int | None = None,
        every: timedelta | int | None = None,
    ) -> None:
        """Have ``on_timer(name)`` called when ``now`` is ``at`` (ns), ``after`` a delay, or
        ``every`` interval (a millisecond or more); integers are ns. A timer of the same name is
        replaced. Each turn leaves a record, also across gaps in the data."""
        every_ns = None if every is None else _nanoseconds("every", every)
        if at is None:
            delay = every_ns if after is None else _nanoseconds("after", after)
            if delay is None:
                raise InvalidStrategy(f"timer {name!r}: give one of after, at or every")
            at = self.now + delay
        elif after is not None:
            raise InvalidStrategy(f"timer {name!r}: give after or at, not both")
        if every_ns is not None and every_ns < SHORTEST_INTERVAL_NS:
            raise InvalidStrategy(
                f"timer {name!r}: every={every!r} is less than a millisecond "
                f"({SHORTEST_INTERVAL_NS} ns); each turn leaves a record"
            )
        self._running().set_timer(name, at, every_ns)

    def cancel_timer(self, name: str) -> None:
        """Take a timer back; nothing happens when there is none."""
        self._running().cancel_timer(name)

    def subscribe_bars(self, symbol: str, timeframe: str, *, price: str | None = None) -> None:
        """Say that ``on_bar`` needs bars of this timeframe, such as ``"1m"``.

        Bars that the market does not give are built, from now on: from its prints, else from
        shorter bars that fit, else from quotes' mids; ``price`` asks for quotes' ``"bid"``,
        ``"ask"`` or ``"mid"``.  Intervals are aligned to the epoch UTC, a day is the market's
        trading day; where nothing happened there is no bar.  Raises InvalidStrategy when the
        session's market has nothing to build them from.
        """
        self._running().subscribe_bars(symbol, timeframe, price)

    def subscribe_quotes(self, symbol: str) -> None:
        """Say that ``on_quote`` needs quotes of a symbol. All rows of a market are shown without
        asking; this raises InvalidStrategy when the market gives none."""
        self._running().require(symbol, DataKind.QUOTES)

    def subscribe_trades(self, symbol: str) -> None:
        """Say that ``on_trade`` needs prints of a symbol; see ``subscribe_quotes``."""
        self._running().require(symbol, DataKind.TRADES)

    def subscribe_depth(self, symbol: str) -> None:
        """Say that ``on_depth`` needs the book of a symbol; see ``subscribe_quotes``."""
        self._running().require(symbol, DataKind.DEPTH)

    # -- inside -----------------------------------------------------------------------------

    def _running(self) -> StrategyContext:
        if self._context is None:
            raise InvalidStrategy(
                f"{type(self).__name__} is not running: use on_start instead of __init__ for "
                "whatever needs the market or the account",
                strategy=type(self).__name__,
            )
        return self._context


def _rounding(asked: Rounding | str) -> str:
    """Which way, also where its text was given. Raises InvalidOrder."""
    try:
        return asked.value if isinstance(asked, Rounding) else Rounding(asked).value
    except ValueError:
        known = ", ".join(one.value for one in Rounding)
        raise InvalidOrder(
            f"rounding={asked!r}: expected one of {known}", field="rounding"
        ) from None


def _nanoseconds(field: str, value: timedelta | int) -> int:
    if isinstance(value, timedelta):
        return (value.days * 86_400 + value.seconds) * 1_000_000_000 + value.microseconds * 1000
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidStrategy(f"{field}={value!r}: expected a timedelta or integer nanoseconds")
