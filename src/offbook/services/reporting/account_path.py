"""The account between fills: what was held, and since when.

Cash and positions change by fills, and by dated events such as dividends, so a session's account is
a short list of steps, whatever the length of the recording.  Money of fills is exact in the
instrument's currency; the record of a fill tells what it was worth in the account's.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

import msgspec

from offbook.domain.config import AccountConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind, MarketInfo
from offbook.domain.orders import Liquidity
from offbook.domain.records import (
    FlowAccrued,
    FlowPaid,
    OrderFilled,
    PositionDelisted,
    PositionRestated,
    PositionSettled,
    Record,
    SessionAttached,
    SessionStarted,
)
from offbook.domain.values import share_of
from offbook.engine.ledger.folding import instrument_of
from offbook.engine.ledger.ledger import LedgerState
from offbook.services.reporting.grades import grade_of
from offbook.services.reporting.slippage import parts_of, slippage_of


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill, exact: ``qty`` is signed (positive bought) in quantity units, ``px`` in price
    units, ``notional`` (never negative) in units of 10**-18 of the instrument's currency.

    ``rate`` is what one unit of that currency was worth in the account's, numerator and
    denominator; ``fee`` and ``slippage`` are in the account's.  ``twice_mid`` is bid plus ask at
    the order's decision (price units), 0 where there was none.  ``spread`` and ``impact`` are parts
    of ``slippage``: see ``parts_of``; ``grade`` is that of ``grade_of``.
    """

    ts: int
    symbol: str
    client_order_id: str
    qty: int
    px: int
    notional: int
    fee: int
    twice_mid: int
    slippage: int
    liquidity: Liquidity
    rate: tuple[int, int] = (1, 1)
    spread: int = 0
    impact: int = 0
    grade: str = ""
    is_inverse: bool = False
    """Whether who is long gains what it was opened at more than it is closed at."""
    closed_by: str | None = None
    """What closed a position without an order: ``expiry`` or ``delisting``."""

    def gain(self, got: int, paid: int) -> int:
        """What closing for ``got`` brings who was long at ``paid``, in the instrument's currency;
        who was short loses it."""
        return paid - got if self.is_inverse else got - paid

    def worth(self, amount: int) -> int:
        """An amount of the instrument's currency in the account's, rounded down to 10**-18, as the
        ledger does with gains."""
        return amount * self.rate[0] // self.rate[1]

    @property
    def traded(self) -> int:
        """The fill's value in the account's currency."""
        return self.worth(self.notional)


class AccountStep(msgspec.Struct, frozen=True):
    """From ``ts`` (ns UTC) on: cash by currency (with what is owed and not paid yet, and less what
    open contracts were bought for, as ``LedgerState.money`` counts it), in units of
    10**-18, and what is held by symbol, in signed quantity units; a symbol of which nothing is held
    is not named."""

    ts: int
    cash: dict[str, int]
    positions: dict[str, int]


class Restatement(msgspec.Struct, frozen=True, kw_only=True):
    """From ``ts`` (ns UTC) on, each ``denominator`` units of ``symbol`` are ``numerator`` of
    ``new_symbol``; rows before are told in the old units, rows at that moment and later in the
    new ones."""

    ts: int
    symbol: str
    new_symbol: str
    numerator: int
    denominator: int


class AccountPath(msgspec.Struct, frozen=True, kw_only=True):
    """A session's account through time; ``steps`` rise strictly in time, the first is the opening.

    ``started_ts`` is None for a session that never ran.  ``restated`` are splits and the like, in
    order of time.  ``closings`` are positions that an expiry or a delisting closed, as if they
    had been traded for what it brought, without an order; ``gained`` is what contracts realized by
    fills and settlements, by symbol, in units of 10**-18 of the account's currency.
    """

    account: AccountConfig
    market: MarketInfo
    started_ts: int | None
    steps: tuple[AccountStep, ...]
    executions: tuple[Execution, ...]
    restated: tuple[Restatement, ...] = ()
    closings: tuple[Execution, ...] = ()
    gained: dict[str, int] = {}

    @property
    def dealings(self) -> tuple[Execution, ...]:
        """All that opened and closed positions, in order of time."""
        if not self.closings:
            return self.executions
        return tuple(sorted((*self.executions, *self.closings), key=lambda one: one.ts))

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments of the session's market."""
        return self.market.instruments

    def at(self, ts: int) -> AccountStep:
        """The account at ``ts``, everything that happened at that moment included."""
        return self.steps[max(bisect_right(self.steps, ts, key=lambda step: step.ts) - 1, 0)]

    def legs(self) -> dict[str, list[int]]:
        """By symbol, the moments of its fills and its end, each once: between two of them its
        position stands still."""
        found: dict[str, list[int]] = {instrument.symbol: [] for instrument in self.instruments}
        for execution in self.dealings:
            times = found[execution.symbol]
            if not times or times[-1] != execution.ts:
                times.append(execution.ts)
        return found


def execution_of(record: OrderFilled, ledger: LedgerState) -> Execution:
    """A fill with what its order's decision tells; ``ledger`` has applied the record."""
    order = ledger.orders[record.order]
    instrument = instrument_of(ledger, record.symbol)
    twice_mid = order.decision_bid_px + order.decision_ask_px
    sign = record.side.sign
    slippage = slippage_of(sign, record.last_qty, record.last_px, twice_mid, instrument)
    spread, impact = parts_of(record, twice_mid, instrument)
    fee, rate = record.fee, (1, 1)
    if record.conversion is not None:
        fee = record.conversion.fee
        rate = (record.conversion.numerator, record.conversion.denominator)
    return Execution(
        ts=record.ts,
        symbol=record.symbol,
        client_order_id=order.client_order_id,
        qty=sign * record.last_qty,
        px=record.last_px,
        notional=instrument.value_of(record.last_qty, record.last_px),
        fee=int(fee),
        twice_mid=twice_mid,
        slippage=share_of(slippage, *rate),
        liquidity=record.liquidity,
        rate=rate,
        spread=share_of(spread, *rate),
        impact=share_of(impact, *rate),
        grade=grade_of(record).value,
        is_inverse=instrument.is_inverse,
    )


def closing_of(record: Record, held: int, ledger: LedgerState) -> Execution | None:
    """A position that ended without an order, as if what was ``held`` before (signed units) had
    been traded for what it brought: by an expiry at the final price, by a delisting for the amount
    that was paid.  None for any other record, and where nothing was held."""
    if not held:
        return None
    if isinstance(record, PositionSettled) and record.expired:
        instrument = instrument_of(ledger, record.symbol)
        price = Fraction(record.price) * 10**instrument.price_precision
        value = instrument.value_of(abs(held), price.numerator, price.denominator)
        return _closed(record, held, (value, round(price)), instrument, "expiry")
    if isinstance(record, PositionDelisted):
        instrument = instrument_of(ledger, record.symbol)
        paid = abs(record.paid)
        price = Fraction(paid, abs(held) * instrument.notional_scale)
        return _closed(record, held, (paid, round(price)), instrument, "delisting")
    return None


def _closed(
    record: PositionSettled | PositionDelisted,
    held: int,
    traded: tuple[int, int],
    instrument: Instrument,
    reason: str,
) -> Execution:
    value, px = traded
    return Execution(
        ts=record.ts,
        symbol=record.symbol,
        client_order_id="",
        qty=-held,
        px=px,
        notional=value,
        fee=0,
        twice_mid=0,
        slippage=0,
        liquidity=Liquidity.REMOVED,
        # What was booked tells the rate.
        rate=(abs(record.worth), abs(record.realized)) if record.realized else (1, 1),
        is_inverse=instrument.is_inverse,
        closed_by=reason,
    )


class PathBuilder:
    """Makes the path of a session from its records, taken one by one together with a ledger."""

    def __init__(self, account: AccountConfig) -> None:
        self._account = account
        self._steps: list[AccountStep] = []
        self._executions: list[Execution] = []
        self._restated: list[Restatement] = []
        self._closings: list[Execution] = []
        self._gained: dict[str, int] = {}
        self._realized = 0
        self._started: int | None = None

    def take(self, record: Record, ledger: LedgerState) -> None:
        """Look at a record that ``ledger`` has just applied."""
        gain, self._realized = ledger.realized - self._realized, int(ledger.realized)
        if isinstance(record, (OrderFilled, PositionSettled)):
            self._gain(record.symbol, gain, ledger)
        if isinstance(record, OrderFilled):
            self._executions.append(execution_of(record, ledger))
            self._step(record.ts, ledger)
        elif isinstance(record, PositionRestated):
            self._restate(record, ledger)
        elif isinstance(record, (PositionSettled, PositionDelisted)):
            held = self._steps[-1].positions.get(record.symbol, 0)
            closing = closing_of(record, held, ledger)
            if closing is not None:
                self._closings.append(closing)
            self._step(record.ts, ledger)
        elif isinstance(record, (FlowAccrued, FlowPaid)):
            self._step(record.ts, ledger)
        elif isinstance(record, SessionStarted):
            self._started = self._started or record.ts
        elif isinstance(record, SessionAttached):
            # Just before, so that a fill of the very first moment is a step of its own.
            self._step(record.ts - 1, ledger)

    def _gain(self, symbol: str, gain: int, ledger: LedgerState) -> None:
        if symbol in ledger.events.contracts:
            self._gained[symbol] = self._gained.get(symbol, 0) + gain

    def _restate(self, record: PositionRestated, ledger: LedgerState) -> None:
        assert ledger.attached is not None
        market = ledger.attached.market
        source = market.sources[market.pricing_sources()[record.symbol]]
        # A bar that ended at this very moment holds what was traded before it.
        ts = record.ts + (source.kind is DataKind.BARS)
        self._restated.append(
            Restatement(
                ts=ts,
                symbol=record.symbol,
                new_symbol=record.new_symbol,
                numerator=record.numerator,
                denominator=record.denominator,
            )
        )
        self._step(ts, ledger)

    def _step(self, ts: int, ledger: LedgerState) -> None:
        if self._steps:
            ts = max(ts, self._steps[-1].ts)
        if self._steps and self._steps[-1].ts == ts:
            self._steps.pop()  # fills of one moment are one step
        cash = {currency: int(amount) for currency, amount in ledger.money().items()}
        self._steps.append(AccountStep(ts, cash, ledger.held_positions()))

    def path(self, ledger: LedgerState) -> AccountPath | None:
        """The path so far; None for a session that was never joined to a market."""
        if ledger.attached is None:
            return None
        return AccountPath(
            account=self._account,
            market=ledger.attached.market,
            started_ts=self._started,
            steps=tuple(self._steps),
            executions=tuple(self._executions),
            restated=tuple(self._restated),
            closings=tuple(self._closings),
            gained=self._gained,
        )
