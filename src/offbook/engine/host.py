"""The strategy's host: what it may call, and how it is called.

Callbacks never re-enter: whatever they cause is delivered later, by rounds.  An exception ends
the callback, not the session's venue: it becomes a ``StrategyFailed`` record.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN
from typing import Any, Final

from offbook.domain import records as r
from offbook.domain.errors import EngineFault, InvalidOrder, InvalidStrategy
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, DataKind, Quote
from offbook.domain.orders import ExecType, Liquidity, OrderRequest, Origin, ReplaceRequest
from offbook.domain.session import SessionError, SessionStatus
from offbook.domain.timeframes import parse_timeframe
from offbook.domain.values import Amount, Exact, Price, Quantity, exact_units, units_to_text
from offbook.engine.agenda import STAGE_TIMER, ReportArrives, TimerDue
from offbook.engine.desk import OrderDesk
from offbook.engine.kernel import Kernel
from offbook.engine.rows import History
from offbook.engine.strategy import Strategy, exact_decimal
from offbook.engine.view import AccountView, Fill, OrderUpdate, PositionView, ReportedPosition

_ROUNDING: Final = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_EVEN}


class StrategyHost:
    """Runs one strategy; implements ``StrategyContext``."""

    def __init__(
        self,
        kernel: Kernel,
        desk: OrderDesk,
        history: History,
        strategy: Strategy,
        on_failure: Callable[[str], None],
    ) -> None:
        self._kernel = kernel
        self._desk = desk
        self._history = history
        self._on_failure = on_failure
        self.strategy = strategy
        self.error: SessionError | None = None
        strategy._context = self
        self.on_quote = self._defined("on_quote")
        self.on_bar = self._defined("on_bar")

    def _defined(self, name: str) -> Callable[..., None] | None:
        """A callback that the strategy's class defines, else None."""
        if getattr(type(self.strategy), name) is getattr(Strategy, name):
            return None
        bound: Callable[..., None] = getattr(self.strategy, name)
        return bound

    @property
    def keeps_memory(self) -> bool:
        """Whether the strategy can save and load its memory."""
        own = type(self.strategy)
        return own.save_state is not Strategy.save_state

    # -- calling ----------------------------------------------------------------------------

    def call(self, name: str, *arguments: Any) -> None:
        """Run a callback, if it is defined; an exception is recorded and acted upon."""
        callback = self._defined(name)
        if callback is None:
            return
        try:
            callback(*arguments)
        except EngineFault:
            raise
        except (Exception, SystemExit) as error:
            self.failed(name, error)

    def failed(self, name: str, error: BaseException) -> None:
        """A callback raised: keep its text for people, record the fact, act by policy."""
        self.error = SessionError(
            code="strategy_error",
            message=f"{type(self.strategy).__name__}.{name} raised {type(error).__name__}: {error}",
            detail="".join(traceback.format_exception(error)),
        )
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
        instrument = kernel.instrument(order.symbol)
        kernel.view.report(order, report)
        update = kernel.view.update(order, instrument, kernel.now, report.exec_type)
        if report.exec_type in {ExecType.TRADE, ExecType.FILL}:
            self.call("on_fill", _fill(order.client_order_id, update, report, instrument))
        self.call("on_order", update)

    # -- StrategyContext --------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Session time, ns UTC."""
        return self._kernel.now

    @property
    def account(self) -> AccountView:
        """The account as reported."""
        view = self._kernel.view
        return AccountView(
            currency=self._kernel.ledger.account_currency,
            cash=view.cash,
            reserved=Amount(view.reserved()),
        )

    def submit(self, request: OrderRequest) -> str:
        """Send an order; its client order id."""
        return self._desk.submit(request, Origin.STRATEGY).client_order_id

    def cancel(self, client_order_id: str) -> None:
        """Ask to cancel."""
        self._desk.cancel(client_order_id, Origin.STRATEGY)

    def replace(self, client_order_id: str, terms: ReplaceRequest) -> None:
        """Ask to replace."""
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
        return self._kernel.view.update(order, instrument, self.now, None)

    def open_orders(self) -> tuple[OrderUpdate, ...]:
        """Orders not known to have ended."""
        orders = self._kernel.ledger.orders
        return tuple(
            self.order(orders[ordinal].client_order_id) for ordinal in self._kernel.view.open_orders
        )

    def history(self, symbol: str, count: int) -> tuple[Quote | Bar, ...]:
        """Last rows."""
        self._kernel.instrument(symbol)
        if not 1 <= count <= self._history.limit:
            raise InvalidStrategy(
                f"history of {count} rows: the session keeps {self._history.limit}; raise "
                "history_limit in its configuration",
                field="history_limit",
            )
        last = self._kernel.last
        return () if last is None else self._history.last(count, last.row + 1)

    def round_price(self, value: object, rounding: str, symbol: str | None) -> Price:
        """To the tick."""
        instrument = self._the(symbol)
        return instrument.price(
            _rounded(value, instrument.tick_units, instrument.price_precision, rounding)
        )

    def round_qty(self, value: object, rounding: str, symbol: str | None) -> Quantity:
        """To the lot."""
        instrument = self._the(symbol)
        return instrument.quantity(
            _rounded(value, instrument.lot_units, instrument.qty_precision, rounding)
        )

    def text_price(self, symbol: str, value: Exact) -> str:
        """Exact text of a price."""
        precision = self._kernel.instrument(symbol).price_precision
        return units_to_text(exact_units(value, precision, "price"), precision)

    def text_qty(self, symbol: str, value: Exact) -> str:
        """Exact text of a quantity."""
        precision = self._kernel.instrument(symbol).qty_precision
        return units_to_text(exact_units(value, precision, "qty"), precision)

    def set_timer(self, name: str, due: int, every_ns: int | None) -> None:
        """Set a timer; one of the past falls due at once."""
        kernel = self._kernel
        if kernel.ledger.status not in {SessionStatus.RUNNING, SessionStatus.PAUSED}:
            return
        due = max(due, kernel.now)
        kernel.emit(r.TimerSet, name=name, due=due, every_ns=every_ns)
        kernel.agenda.add(due, STAGE_TIMER, TimerDue(name))

    def cancel_timer(self, name: str) -> None:
        """Take a timer back."""
        if name in self._kernel.ledger.timers:
            self._kernel.emit(r.TimerCanceled, name=name)

    def require_bars(self, symbol: str, timeframe: str) -> None:
        """Check that the market gives such bars."""
        self._kernel.instrument(symbol)
        market = self._kernel.market
        wanted = parse_timeframe(timeframe)
        if market is None or market.kind is not DataKind.BARS or market.timeframe_ns != wanted:
            raise InvalidStrategy(
                f"{type(self.strategy).__name__} needs {timeframe} bars of {symbol}; this "
                "market does not have them",
                strategy=type(self.strategy).__name__,
            )

    def _the(self, symbol: str | None) -> Instrument:
        market = self._kernel.market
        if symbol is None and market is not None:
            return market.instruments[0]
        return self._kernel.instrument(symbol or "")


def _rounded(value: object, step: int, precision: int, rounding: str) -> int:
    number = exact_decimal(value)
    if not number.is_finite():
        raise InvalidOrder(f"{value!r} is not a finite number", field="value")
    steps = (number.scaleb(precision) / step).to_integral_value(rounding=_ROUNDING[rounding])
    return int(steps) * step


def _fill(
    client_order_id: str, update: OrderUpdate, report: ReportArrives, instrument: Instrument
) -> Fill:
    return Fill(
        ts=report.at,
        client_order_id=client_order_id,
        symbol=update.symbol,
        side=update.side,
        last_qty=instrument.quantity(report.last_qty),
        last_px=instrument.price(report.last_px),
        fee=Amount.parse(report.fee),
        liquidity=Liquidity.ADDED if report.maker else Liquidity.REMOVED,
    )
