"""What all parts of one engine share: the ledger, the agenda, the present instant, the records."""

from __future__ import annotations

import math
from typing import Any, Final, TypeVar

import msgspec

from offbook.domain import records as r
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import LimitFill, SessionConfig
from offbook.domain.config.session import touched_by_quotes
from offbook.domain.errors import EngineFault, InvalidOrder
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    Bar,
    BookOrderUpdate,
    DepthUpdate,
    MarketInfo,
    Quote,
    SourceInfo,
    StatusUpdate,
)
from offbook.domain.orders import ExecType
from offbook.domain.records import Record
from offbook.domain.session import RUNNING
from offbook.domain.values import Amount, units_to_text
from offbook.engine.account.account_funds import funds_of
from offbook.engine.account.lending import Lending
from offbook.engine.account.valuation import Valuation
from offbook.engine.agenda import STAGE_MESSAGE, Agenda, ReportArrives, ReservesArrive
from offbook.engine.books.books import book_for
from offbook.engine.books.depths import Depths
from offbook.engine.desk.risk import RiskChecks
from offbook.engine.desk.terms import Market
from offbook.engine.inputs import Attach
from offbook.engine.ledger.changed_orders import ChangedOrders
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import ZERO, OrderState
from offbook.engine.models.fees import Charges
from offbook.engine.models.latency import LatencyModel, latency_model, venue_latencies
from offbook.engine.models.market_data_delay import (
    LateMarket,
    SameClock,
    StrategyClock,
    strategy_clock,
)
from offbook.engine.models.slippage import slippage_model
from offbook.engine.rows.rows import PriceRow, Row
from offbook.engine.strategy.view import StrategyView

R = TypeVar("R")
MAX_ROUNDS: Final = 1000
_UNPRICED: Final = (DepthUpdate, BookOrderUpdate, StatusUpdate)
UNBOUNDED: Final = 2**63
_SHIFTING: Final[frozenset[object]] = frozenset(
    {
        r.OrderRejected,
        r.OrderRestated,
        r.OrderFilled,
        r.OrderCanceled,
        r.OrderExpired,
        r.OrderReplaced,
        r.OrderAdjusted,
        r.ReplaceRequested,
        r.ReplaceRejected,
    }
)
"""Records after which other orders may reduce, or add to, a position that they did not before."""


class Kernel:
    """The shared heart of an engine. ``emit`` is the only way by which the ledger changes."""

    def __init__(self, config: SessionConfig, *, reports: bool) -> None:
        self.config = config
        self.reports = reports
        self.agenda = Agenda()
        self.charges = Charges(config.venue.fee, config.venue.fee_rounding, lambda: self.now)
        self.slippage = slippage_model(config.venue.slippage)
        self.latency: LatencyModel = latency_model(config.venue.latency)
        self.latencies = venue_latencies(config.venue.latency)
        """Those of the instruments of venues that have delays of their own."""
        self.clock: StrategyClock = SameClock()
        """The strategy's clock, which is ahead where it sees the market late."""
        touch = config.venue.limit_fill is LimitFill.TOUCH
        self.touched = touched_by_quotes(config.market) if touch else frozenset()
        """The instruments of which a quote fills limits at the price of its own side."""
        self.lending = Lending(config.account.financing)
        self.valuation = Valuation(config.account, self.prices)
        self.instruments: dict[str, Instrument] = {}
        self.adopt(LedgerState())
        self.calendars: dict[str, TradingCalendar] = {}
        self.market: MarketInfo | None = None
        self.pricing: dict[str, SourceInfo] = {}
        self.sole_source = True
        self.now = 0
        self.last: Row | None = None
        self.latest: dict[str, PriceRow] = {}
        self.depths = Depths()
        """The books of the instruments that have one."""
        self.halted: dict[str, int] = {}
        """The instruments whose trading is halted, since when."""
        self.resumed: dict[str, int] = {}
        """When trading of others was last resumed, or they were last split: what was seen before is
        of another market."""
        self.bands: dict[str, tuple[int, int]] = {}
        """Between which prices an instrument's trades may be, where the exchange limits them."""
        self.present: PriceRow | None = None
        """The pricing row that is being matched, before it is the last."""
        self._priced: tuple[Row | None, Market | None] = (None, None)
        self.out: list[Record] = []
        self.most_seq = UNBOUNDED
        """The number of the record after which this call begins nothing more."""
        self.every_row = False
        """Whether no row is passed over, for comparison."""
        self.turns = 0
        """Rows that were taken one by one, and rounds, in this call."""
        self.most_turns = UNBOUNDED
        self.look_up = False
        """Whether a loop over rows must look up: the strategy has acted, or the session does not
        run, or it has made enough."""
        self.view = StrategyView()
        self.changed = ChangedOrders()

    def adopt(self, ledger: LedgerState) -> None:
        """Go on from another ledger state, as from a snapshot."""
        config = self.config
        self.ledger = ledger
        self.funds = funds_of(
            config.account,
            config.venue,
            self.charges,
            self.valuation,
            ledger,
            self.instruments,
        )
        self.risk = RiskChecks(config.risk, self.valuation, self.funds, ledger, self.lending)

    def join(self, attach: Attach) -> None:
        """Take the market in: what there is to trade, and which source gives each its prices."""
        market = self.market = attach.market
        self._show_late(attach)
        for one in market.instruments:
            self.instruments[one.symbol] = self._as_traded(one)
        self.valuation.join(market)
        self.calendars = {calendar.name: calendar for calendar in attach.calendars}
        self.pricing = {
            symbol: market.sources[place] for symbol, place in market.pricing_sources().items()
        }
        for symbol, source in self.pricing.items():
            if source.kind.is_book:
                start = self.config.venue.book_start
                self.depths[symbol] = book_for(source.kind, self.instruments[symbol], start)
        self.sole_source = len(market.sources) == 1 and not self.depths
        for instrument in market.instruments:
            if instrument.calendar not in self.calendars:
                raise EngineFault(
                    f"{instrument.symbol} trades by {instrument.calendar}, which was not given",
                    reason="no_calendar",
                )

    def _show_late(self, attach: Attach) -> None:
        """Have the strategy see the market as late as it is configured to."""
        latency = self.config.venue.latency
        if latency.shows_late:
            self.clock = strategy_clock(
                latency,
                self.config.seed,
                received=attach.received or not attach.market.clock_stops,
                receipts=attach.receipts,
            )
            self.latency = self._late(self.latency)
            self.latencies = {symbol: self._late(one) for symbol, one in self.latencies.items()}

    def _late(self, messages: LatencyModel) -> LatencyModel:
        return LateMarket(messages, self.clock, lambda: self.now)

    def _as_traded(self, instrument: Instrument) -> Instrument:
        """The instrument with the lots of this venue: whole units where those are asked for."""
        if not self.config.venue.whole_shares:
            return instrument
        lot = math.lcm(instrument.lot_units, int(10**instrument.qty_precision))
        return msgspec.structs.replace(
            instrument, lot_size=units_to_text(lot, instrument.qty_precision)
        )

    def calendar_of(self, instrument: Instrument) -> TradingCalendar:
        """The trading hours of an instrument."""
        return self.calendars[instrument.calendar]

    def saw(self, source: SourceInfo, row: Row) -> None:
        """A row of one of several sources was taken."""
        self.last = row
        if self.pricing[source.symbol] is source and not isinstance(row, _UNPRICED):
            self.latest[source.symbol] = row

    def pricing_row(self, symbol: str) -> PriceRow | None:
        """The last row that gives an instrument its price, or None before the first.

        That is the top of its book where the market has depth of it, else a quote, else a trade,
        else the shortest bar.
        """
        if symbol in self.depths:
            return self.depths[symbol].quote()
        present = self.present
        if present is not None and present.instrument.symbol == symbol:
            return present
        if not self.sole_source:
            return self.latest.get(symbol)
        return self.last  # type: ignore[return-value]  # the sole source, which has no book, prices

    def emit(self, kind: type[R], **fields: Any) -> R:
        """Make the next record, fold it into the ledger and give it out."""
        record: Any = kind(seq=self.ledger.seq + 1, ts=self.now, **fields)  # type: ignore[call-arg]  # every record kind takes seq and ts
        self.enter(record)
        return record  # type: ignore[no-any-return]  # it is the R just made

    def enter(self, record: Any) -> None:
        """The same with a record made by the caller, as number ``ledger.seq + 1`` at ``now``: what
        is made for every order is made without the detour over a dictionary of its fields."""
        ledger = self.ledger
        ledger.apply(record)
        self.out.append(record)
        if self.changed.watches:
            self.changed.note(record, ledger)
        if ledger.seq >= self.most_seq or ledger.status is not RUNNING:
            self.look_up = True
        if self.funds.shifts and type(record) in _SHIFTING:
            self._shift(ledger.orders[record.order])

    def _shift(self, order: OrderState) -> None:
        """What an order's event changed in what the other orders of its instrument hold."""
        moved = self.funds.moved(order.symbol)
        if moved:
            due = self.response_due(order.ordinal, order.symbol)
            self.emit(r.ReservationsMoved, symbol=order.symbol, reserved=moved, due=due)
            if self.reports:
                self.agenda.add(due, STAGE_MESSAGE, ReservesArrive(moved))

    @property
    def is_full(self) -> bool:
        """Whether this call has made as many records as it may."""
        return self.ledger.seq >= self.most_seq

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a symbol. Raises InvalidOrder naming those that the market has."""
        try:
            return self.instruments[symbol]
        except (KeyError, TypeError):  # TypeError for what is not even text
            raise self._unknown(symbol) from None

    def _unknown(self, symbol: object) -> Exception:
        if self.market is None:
            return EngineFault("the session has no market yet", reason="not_attached")
        known = ", ".join(self.instruments)
        return InvalidOrder(
            f"unknown symbol {symbol!r}; this market has {known}", field="symbol", value=symbol
        )

    def prices(self, symbol: str) -> Market | None:
        """The last bid and ask of an instrument, or None before its first row.

        Both are the price of the last trade, or the close of the last bar, where there are no
        quotes.
        """
        row = self.pricing_row(symbol)
        if row is None:
            return None
        if row is self._priced[0]:
            return self._priced[1]
        if isinstance(row, Quote):
            market = Market(bid_px=row.bid_px, ask_px=row.ask_px)
        else:
            px = row.close_px if isinstance(row, Bar) else row.price_px
            market = Market(bid_px=px, ask_px=px)
        self._priced = (row, market)
        return market

    def price_within(self, symbol: str, seen_px: int, px: int) -> int | None:
        """The price of a trade at ``px`` where the market shows ``seen_px``, moved into the bands
        of the exchange; None where nothing may trade at what is seen."""
        band = self.bands.get(symbol)
        if band is None:
            return px
        if not band[0] <= seen_px <= band[1]:
            return None
        return min(max(px, band[0]), band[1])

    def entry_due(self, order: int, symbol: str) -> int:
        """When a message about an order of an instrument that is sent now reaches its venue, not
        before those that were sent there earlier."""
        latency, ways = self.latency, self.ledger.ways
        last = ways.entry
        if self.latencies:
            latency, last = self.latencies.get(symbol, latency), ways.of(symbol).entry
        due = self.now + latency.entry(self.config.seed, order, self.ledger.seq)
        return due if due > last else last

    def response_due(self, order: int, symbol: str | None) -> int:
        """When a report sent now reaches the strategy, not before those that the venue of its
        instrument sent earlier; ``order`` is 0 for what is about none, and ``symbol`` None for what
        concerns no instrument."""
        latency, ways = self.latency, self.ledger.ways
        last = ways.response
        if self.latencies:
            latency, last = self.latencies.get(symbol, latency), ways.of(symbol).response
        due = self.now + latency.response(self.config.seed, order, self.ledger.seq)
        return due if due > last else last

    def is_apart(self, symbol: str, other: str) -> bool:
        """Whether two instruments are of different venues, each with ways of its own."""
        ways = self.ledger.ways
        return bool(self.latencies) and ways.of(symbol) is not ways.of(other)

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
                    cum_notional=order.cum_notional,
                    order_qty=order.order_qty,
                    price_px=order.price_px,
                    reserved=order.reserved,
                    stop_px=order.stop_px,
                    trail_px=order.trail_px,
                    trail_ratio=order.trail_ratio,
                ),
            )

    def send_report(self, due: int, report: ReportArrives) -> None:
        """Put a report on its way."""
        if self.reports:
            self.agenda.add(due, STAGE_MESSAGE, report)

    def equity(self) -> Amount:
        """Cash of all currencies and positions at mid, in units of 10**-18 of the account's."""
        return self.valuation.equity(self.ledger.money(), self.ledger.held_positions())

    def margin_used(self) -> Amount:
        """What positions bind of the equity, in units of 10**-18."""
        return Amount(self.funds.margin_used(self.ledger.held_positions())) or ZERO
