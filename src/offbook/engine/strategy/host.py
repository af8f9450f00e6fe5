"""The strategy's host: what it may call, and how it is called.

Callbacks never re-enter: whatever they cause is delivered later, by rounds.  An exception ends
the callback, not the session's venue: it becomes a ``StrategyFailed`` record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from offbook.domain import records as r
from offbook.domain.errors import EngineFault, InvalidStrategy, TooManyRequests
from offbook.domain.identifiers import plain_text
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.orders import (
    ExecType,
    OrderListRequest,
    OrderRequest,
    Origin,
    ReplaceRequest,
)
from offbook.domain.session import SessionError, SessionStatus
from offbook.domain.timeframes import parse_timeframe
from offbook.domain.values import (
    MAX_PRECISION,
    MAX_UNITS,
    Amount,
    Exact,
    Price,
    Quantity,
    exact_units,
    rounded_units,
    units_to_text,
)
from offbook.engine.agenda import STAGE_TIMER, ReportArrives, TimerDue
from offbook.engine.books.book_view import BookView, book_view
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.desk.list_desk import ListDesk
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import ZERO
from offbook.engine.market.built_bars import BuiltBars, described
from offbook.engine.market.history import Histories
from offbook.engine.rows.rows import Row
from offbook.engine.strategy.callbacks import CALLBACKS, TICK_CALLBACKS
from offbook.engine.strategy.host_checks import check_time, read_name
from offbook.engine.strategy.interruption import is_from_a_signal
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.strategy.strategy_errors import session_error
from offbook.engine.strategy.view import (
    AccountView,
    OrderUpdate,
    PositionView,
    ReportedPosition,
    fill_of,
)

MOST_REQUESTS: Final = 1_000
"""How much one callback may send: orders, cancels, replaces and timers together."""
MOST_TIMERS: Final = 1_000
"""How many timers may wait at a time: all of them may fall due at one instant."""
_PLAIN_QTY: Final = MAX_UNITS // 10**MAX_PRECISION
"""Fewer whole units are never too many, however exactly an instrument counts."""


def keeps_memory(strategy: type[Strategy]) -> bool:
    """Whether strategies of a class can save and load their memory."""
    saves = strategy.save_state is not Strategy.save_state
    return saves and strategy.load_state is not Strategy.load_state


class StrategyHost:
    """Runs one strategy; implements ``StrategyContext``."""

    def __init__(
        self,
        kernel: Kernel,
        desk: OrderDesk,
        lists: ListDesk,
        history: Histories,
        built: BuiltBars,
        strategy: Strategy,
        on_failure: Callable[[str], None],
    ) -> None:
        self._kernel = kernel
        self._desk = desk
        self._lists = lists
        self._history = history
        self._built = built
        self._on_failure = on_failure
        self.strategy = strategy
        self.error: SessionError | None = None
        self.acting = False
        """Whether a callback runs: only then may the strategy act."""
        self._requests = 0
        self._requests_at: Row | None = None
        strategy._context = self
        self._callbacks = {name: self._defined(name) for name in CALLBACKS}
        self.sees_ticks = any(self._callbacks[name] is not None for name in TICK_CALLBACKS)
        """Whether the strategy is shown single quotes, prints or books."""
        self._hears_of_orders = self.defines("on_fill") or self.defines("on_order")

    def _defined(self, name: str) -> Callable[..., None] | None:
        """A callback that the strategy's class defines, else None."""
        if getattr(type(self.strategy), name) is getattr(Strategy, name):
            return None
        bound: Callable[..., None] = getattr(self.strategy, name)
        return bound

    @property
    def sees_books(self) -> bool:
        """Whether the strategy is shown books as they change."""
        return self._callbacks["on_depth"] is not None

    def defines(self, name: str) -> bool:
        """Whether the strategy defines a callback."""
        return self._callbacks[name] is not None

    @property
    def builds_bars(self) -> bool:
        """Whether the strategy subscribed to bars that the market does not give."""
        return len(self._built) > 0

    def callback(self, name: str) -> Callable[..., None] | None:
        """A callback, if the strategy defines it."""
        return self._callbacks[name]

    @property
    def keeps_memory(self) -> bool:
        """Whether the strategy can save and load its memory."""
        return keeps_memory(type(self.strategy))

    # -- calling ----------------------------------------------------------------------------

    def call(self, name: str, *arguments: Any) -> None:
        """Run a callback, if it is defined; whatever it raises is recorded and acted upon.

        What a signal raised is for the process, and an EngineFault for whoever owns the engine.
        """
        callback = self._callbacks[name]
        if callback is None:
            return
        self.acting = True
        self._requests = 0
        try:
            callback(*arguments)
        except EngineFault:
            raise
        except BaseException as error:
            if is_from_a_signal(error):
                raise
            self.acting = False
            self.failed(name, error)
        finally:
            self.acting = False

    def failed(self, name: str, error: BaseException) -> None:
        """A callback raised: keep its text for people, record the fact, act by policy."""
        self.error = session_error(self.strategy, name, error)
        self._kernel.emit(
            r.StrategyFailed,
            callback=name,
            error_type=type(error).__name__,
            action=self._kernel.config.lifecycle.on_strategy_error,
        )
        self._on_failure(name)

    def deliver(self, report: ReportArrives) -> None:
        """A report has reached the strategy."""
        kernel = self._kernel
        order = kernel.ledger.orders[report.order]
        kernel.view.report(order, report)
        if not self._hears_of_orders:
            return
        instrument = kernel.instrument(order.symbol)
        update = kernel.view.update(order, instrument, self.now, report)
        if report.exec_type in {ExecType.TRADE, ExecType.FILL}:
            self.call("on_fill", fill_of(order.client_order_id, update, report, instrument))
        if not kernel.ledger.status.is_over:
            self.call("on_order", update)

    # -- StrategyContext --------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The strategy's clock, ns UTC: session time, where it sees the market at once."""
        return self._kernel.now

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The market's instruments."""
        market = self._kernel.market
        return () if market is None else market.instruments

    @property
    def account(self) -> AccountView:
        """The account as reported."""
        kernel, view = self._kernel, self._kernel.view
        currency = kernel.ledger.account_currency
        held = {symbol: one.qty for symbol, one in view.positions.items() if one.qty}
        cash = view.cash.get(currency, ZERO)
        reserved = view.reserved(kernel.ledger.orders, currency)
        equity = kernel.valuation.equity(view.money(), held)
        unsettled = view.unsettled.get(currency, ZERO)
        usable = cash - unsettled
        power = kernel.funds.buying_power(usable, equity, held, reserved, view.positions)
        return AccountView(
            currency=currency,
            cash=cash,
            balances=dict(view.cash),
            reserved=Amount(reserved),
            equity=equity,
            margin_used=Amount(kernel.funds.margin_used(held, view.positions)),
            buying_power=Amount(power),
            unsettled=unsettled,
        )

    def submit(self, request: OrderRequest) -> str:
        """Send an order; its client order id."""
        self._must_act()
        return self._desk.submit(request, Origin.STRATEGY).client_order_id

    def submit_group(self, request: OrderListRequest) -> tuple[str, ...]:
        """Send orders that depend on one another; their client order ids."""
        self._must_act(len(request.orders))
        sent = self._lists.submit(request, Origin.STRATEGY)
        return tuple(order.client_order_id for order in sent)

    def cancel(self, client_order_id: str) -> None:
        """Ask to cancel."""
        self._must_act()
        self._desk.cancel(client_order_id, Origin.STRATEGY)

    def replace(self, client_order_id: str, terms: ReplaceRequest) -> None:
        """Ask to replace."""
        self._must_act()
        self._desk.replace(client_order_id, terms, Origin.STRATEGY)

    def position(self, symbol: str) -> PositionView:
        """The position as reported."""
        instrument = self._kernel.instrument(symbol)
        known = self._kernel.view.positions.get(symbol) or ReportedPosition()
        return PositionView(
            symbol=symbol, signed_units=known.qty, cost=known.cost, instrument=instrument
        )

    def order(self, client_order_id: str) -> OrderUpdate:
        """An order as reported."""
        order = self._desk.find(client_order_id)
        instrument = self._kernel.instrument(order.symbol)
        return self._kernel.view.update(order, instrument, self.now)

    def open_orders(self, symbol: str | None) -> tuple[OrderUpdate, ...]:
        """Orders not known to have ended."""
        orders = [self._kernel.ledger.orders[o] for o in self._kernel.view.open_orders]
        return tuple(
            self.order(order.client_order_id) for order in orders if symbol in (None, order.symbol)
        )

    def history(self, symbol: str, count: int, timeframe: str | None) -> tuple[Row, ...]:
        """Last rows, or last bars of a timeframe."""
        self._kernel.instrument(symbol)
        if not (isinstance(count, int) and 1 <= count <= self._history.limit):
            raise InvalidStrategy(
                f"history of {count!r} rows: the session keeps {self._history.limit}; raise "
                "history_limit in its configuration",
                field="history_limit",
            )
        last = self._kernel.last
        taken = 0 if last is None else last.row + 1
        if timeframe is None:
            return self._history.last(symbol, count, taken)
        timeframe_ns = parse_timeframe(timeframe)
        source = self._history.source_of_bars(symbol, timeframe_ns)
        if source is not None:
            return self._history.last_of(source, count, taken)
        bars = self._built.bars(symbol, timeframe_ns)
        if bars is None:
            raise InvalidStrategy(
                f"no {timeframe} bars of {symbol} are being built: call "
                f"subscribe_bars({symbol!r}, {timeframe!r}) in on_start",
                field="timeframe",
            )
        return bars[-count:]

    def book(self, symbol: str, levels: int) -> BookView:
        """The book of a symbol."""
        self.require(symbol, DataKind.DEPTH)
        return book_view(self._kernel.depths[symbol], levels)

    def round_price(self, value: object, rounding: str, symbol: str | None) -> Price:
        """To the tick."""
        instrument = self._the(symbol)
        step, precision = instrument.tick_units, instrument.price_precision
        return instrument.price(rounded_units(value, step, precision, rounding))

    def round_qty(self, value: object, rounding: str, symbol: str | None) -> Quantity:
        """To the lot."""
        instrument = self._the(symbol)
        step, precision = instrument.lot_units, instrument.qty_precision
        return instrument.quantity(rounded_units(value, step, precision, rounding))

    def text_price(self, symbol: str, value: Exact, field: str = "price") -> str:
        """Exact text of a price."""
        precision = self._kernel.instrument(symbol).price_precision
        return units_to_text(exact_units(value, precision, field), precision)

    def text_qty(self, symbol: str, value: Exact) -> str:
        """Exact text of a quantity."""
        precision = self._kernel.instrument(symbol).qty_precision
        if type(value) is int and 0 < value < _PLAIN_QTY:
            return str(value)  # as most are
        return units_to_text(exact_units(value, precision, "qty"), precision)

    def set_timer(self, name: str, due: int, every_ns: int | None) -> None:
        """Set a timer; one of the past falls due at once. Raises InvalidStrategy."""
        self._must_act()
        name = read_name(name)
        check_time(name, "at", due)
        if every_ns is not None:
            check_time(name, "every", every_ns)
        kernel = self._kernel
        if kernel.ledger.status not in (SessionStatus.RUNNING, SessionStatus.PAUSED):
            return
        timers = kernel.ledger.timers
        if name not in timers and len(timers) >= MOST_TIMERS:
            raise TooManyRequests(
                f"timer {name!r}: {MOST_TIMERS} timers wait already, and more may not",
                limit=MOST_TIMERS,
            )
        due = max(due, self.now)
        kernel.emit(r.TimerSet, name=name, due=due, every_ns=every_ns)
        kernel.agenda.add(kernel.clock.session(due), STAGE_TIMER, TimerDue(name))
        kernel.agenda.prune(self._lives)

    def _lives(self, due: int, item: object) -> bool:
        """Whether something awaited still means anything: a timer set anew leaves its old time."""
        if not isinstance(item, TimerDue):
            return True
        timer = self._kernel.ledger.timers.get(item.name)
        return timer is not None and self._kernel.clock.session(timer.due) == due

    def cancel_timer(self, name: str) -> None:
        """Take a timer back."""
        self._must_act()
        if name in self._kernel.ledger.timers:
            self._kernel.emit(r.TimerCanceled, name=plain_text(name))

    def subscribe_bars(self, symbol: str, timeframe: str, price: str | None) -> None:
        """Have bars built that the market does not give."""
        self._kernel.instrument(symbol)
        self._kernel.look_up = True
        self._built.subscribe(symbol, parse_timeframe(timeframe), price)

    def require(self, symbol: str, kind: DataKind) -> None:
        """Check that the market gives such rows of a symbol; either kind of book is depth."""
        self._kernel.instrument(symbol)
        market = self._kernel.market
        given = () if market is None else market.sources_of(symbol)
        kinds = {DataKind.DEPTH if one.kind.is_book else one.kind for one in given}
        if kind not in kinds:
            name = type(self.strategy).__name__
            raise InvalidStrategy(
                f"{name} needs {kind.value} of {symbol}; this market has "
                f"{', '.join(map(described, given))} of it",
                strategy=name,
            )

    def _must_act(self, requests: int = 1) -> None:
        """A request is made: only from a callback, and only so many from one."""
        name = type(self.strategy).__name__
        if not self.acting:
            raise InvalidStrategy(
                f"{name}: orders and timers can be sent from a callback alone, while it runs",
                strategy=name,
            )
        self._kernel.look_up = True
        row = self._kernel.last
        if row is not self._requests_at:
            # Rows may be shown without ``call``; each is another.
            self._requests_at, self._requests = row, 0
        self._requests += requests
        if self._requests > MOST_REQUESTS:
            raise TooManyRequests(
                f"{name}: one callback may send {MOST_REQUESTS} orders, cancels, replaces and "
                "timers, and no more",
                limit=MOST_REQUESTS,
            )

    def _the(self, symbol: str | None) -> Instrument:
        market = self._kernel.market
        if symbol is None and market is not None:
            if len(market.instruments) > 1:
                known = ", ".join(instrument.symbol for instrument in market.instruments)
                raise InvalidStrategy(f"name the symbol: this market has {known}", field="symbol")
            return market.instruments[0]
        return self._kernel.instrument(symbol or "")
