"""What all parts of one engine share: the ledger, the agenda, the present instant, the records."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import SessionConfig
from offbook.domain.errors import EngineFault, InvalidOrder
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, MarketInfo
from offbook.domain.orders import ExecType
from offbook.domain.records import Record
from offbook.domain.values import Amount
from offbook.engine.agenda import STAGE_MESSAGE, Agenda, ReportArrives
from offbook.engine.ledger import LedgerState
from offbook.engine.models.fees import FeeModel, fee_model
from offbook.engine.models.latency import LatencyModel, latency_model
from offbook.engine.risk import Market, RiskChecks
from offbook.engine.rows import Row
from offbook.engine.state import OrderState
from offbook.engine.view import StrategyView

R = TypeVar("R")
MAX_ROUNDS: Final = 1000


class Kernel:
    """The shared heart of an engine. ``emit`` is the only way by which the ledger changes."""

    def __init__(self, config: SessionConfig, *, reports: bool) -> None:
        self.config = config
        self.reports = reports
        self.ledger = LedgerState()
        self.agenda = Agenda()
        self.fees: FeeModel = fee_model(config.venue.fee)
        self.latency: LatencyModel = latency_model(config.venue.latency)
        self.risk = RiskChecks(config.risk, config.venue, self.fees, self.ledger)
        self.calendar: TradingCalendar = ALWAYS_OPEN_CALENDAR
        self.market: MarketInfo | None = None
        self.now = 0
        self.last: Row | None = None
        self.out: list[Record] = []
        self.view = StrategyView()

    def adopt(self, ledger: LedgerState) -> None:
        """Go on from another ledger state, as from a snapshot."""
        self.ledger = ledger
        self.risk = RiskChecks(self.config.risk, self.config.venue, self.fees, ledger)

    def emit(self, kind: type[R], **fields: Any) -> R:
        """Make the next record, fold it into the ledger and give it out."""
        record: Any = kind(seq=self.ledger.seq + 1, ts=self.now, **fields)  # type: ignore[call-arg]  # every record kind takes seq and ts
        self.ledger.apply(record)
        self.out.append(record)
        return record  # type: ignore[no-any-return]  # it is the R just made

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a symbol. Raises InvalidOrder naming those that the market has."""
        if self.market is None:
            raise EngineFault("the session has no market yet", reason="not_attached")
        for instrument in self.market.instruments:
            if instrument.symbol == symbol:
                return instrument
        known = ", ".join(i.symbol for i in self.market.instruments)
        raise InvalidOrder(
            f"unknown symbol {symbol!r}; this market has {known}", field="symbol", value=symbol
        )

    def prices(self) -> Market | None:
        """The last bid and ask (both the close on bar data), or None before the first row."""
        row = self.last
        if row is None:
            return None
        if isinstance(row, Bar):
            return Market(bid_px=row.close_px, ask_px=row.close_px)
        return Market(bid_px=row.bid_px, ask_px=row.ask_px)

    def entry_due(self, order: int) -> int:
        """When a message sent now reaches the venue."""
        return self.now + self.latency.entry(self.config.seed, order, self.ledger.seq)

    def response_due(self, order: int) -> int:
        """When a report sent now reaches the strategy."""
        return self.now + self.latency.response(self.config.seed, order, self.ledger.seq)

    def report(
        self, order: OrderState, exec_type: ExecType, due: int, reason: str | None = None
    ) -> None:
        """Send a report of something other than a fill on its way to the strategy."""
        if self.reports:
            self.send_report(
                due,
                ReportArrives(
                    order=order.ordinal,
                    exec_type=exec_type,
                    at=self.now,
                    reason=reason,
                    cum_qty=order.cum_qty,
                    cum_notional=str(order.cum_notional),
                    order_qty=order.order_qty,
                    price_px=order.price_px,
                    reserved=str(order.reserved),
                ),
            )

    def send_report(self, due: int, report: ReportArrives) -> None:
        """Put a report on its way."""
        if self.reports:
            self.agenda.add(due, STAGE_MESSAGE, report)

    def equity(self) -> Amount:
        """Cash and positions at mid, in units of 10**-18; exact halves are rounded down."""
        ledger = self.ledger
        total = ledger.balance("cash", ledger.account_currency)
        prices = self.prices()
        if prices is not None and self.market is not None:
            for instrument in self.market.instruments:
                qty = ledger.position(instrument.symbol).qty
                total += qty * (prices.bid_px + prices.ask_px) * instrument.notional_scale // 2
        return Amount(total)
