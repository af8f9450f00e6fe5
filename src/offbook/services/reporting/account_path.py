"""The account between fills: what was held, and since when.

Cash and position change by fills alone, so a session's account is a short list of steps, whatever
the length of the recording.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from offbook.domain.errors import EngineFault
from offbook.domain.instruments import Instrument
from offbook.domain.orders import Liquidity
from offbook.domain.records import OrderFilled, Record, SessionAttached, SessionStarted
from offbook.engine.folding import instrument_of
from offbook.engine.ledger import CASH, LedgerState
from offbook.services.reporting.slippage import slippage_of


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill, exact: ``qty`` is signed (positive bought) in quantity units, ``px`` in price
    units, ``notional`` (never negative), ``fee`` and ``slippage`` in units of 10**-18.

    ``twice_mid`` is bid plus ask at the order's decision (price units), 0 where there was none.
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


class AccountStep(msgspec.Struct, frozen=True):
    """From ``ts`` (ns UTC) on: cash in units of 10**-18, position in signed quantity units."""

    ts: int
    cash: int
    qty: int


class AccountPath(msgspec.Struct, frozen=True, kw_only=True):
    """A session's account through time; ``steps`` rise strictly in time, the first is the opening.

    ``started_ts`` is None for a session that never ran.
    """

    instrument: Instrument
    started_ts: int | None
    steps: tuple[AccountStep, ...]
    executions: tuple[Execution, ...]

    @property
    def opening_cash(self) -> int:
        """The cash that the session began with, in units of 10**-18."""
        return self.steps[0].cash

    def at(self, ts: int) -> AccountStep:
        """The account at ``ts``, everything that happened at that moment included."""
        return self.steps[max(bisect_right(self.steps, ts, key=lambda step: step.ts) - 1, 0)]


def execution_of(record: OrderFilled, ledger: LedgerState) -> Execution:
    """A fill with what its order's decision tells; ``ledger`` has applied the record."""
    order = ledger.orders[record.order]
    instrument = instrument_of(ledger, record.symbol)
    twice_mid = order.decision_bid_px + order.decision_ask_px
    sign = record.side.sign
    return Execution(
        ts=record.ts,
        symbol=record.symbol,
        client_order_id=order.client_order_id,
        qty=sign * record.last_qty,
        px=record.last_px,
        notional=record.last_qty * record.last_px * instrument.notional_scale,
        fee=int(record.fee),
        twice_mid=twice_mid,
        slippage=slippage_of(sign, record.last_qty, record.last_px, twice_mid, instrument),
        liquidity=record.liquidity,
    )


class PathBuilder:
    """Makes the path of a session from its records, taken one by one together with a ledger."""

    def __init__(self) -> None:
        self._steps: list[AccountStep] = []
        self._executions: list[Execution] = []
        self._started: int | None = None

    def take(self, record: Record, ledger: LedgerState) -> None:
        """Look at a record that ``ledger`` has just applied."""
        if isinstance(record, OrderFilled):
            self._executions.append(execution_of(record, ledger))
            self._step(record.ts, ledger, record.symbol)
        elif isinstance(record, SessionStarted):
            self._started = self._started or record.ts
        elif isinstance(record, SessionAttached):
            # Just before, so that a fill of the very first moment is a step of its own.
            self._step(record.ts - 1, ledger, record.market.instruments[0].symbol)

    def _step(self, ts: int, ledger: LedgerState, symbol: str) -> None:
        cash = ledger.balance(CASH, ledger.account_currency)
        if self._steps and self._steps[-1].ts == ts:
            self._steps.pop()  # fills of one moment are one step
        self._steps.append(AccountStep(ts, int(cash), ledger.position(symbol).qty))

    def path(self, ledger: LedgerState) -> AccountPath | None:
        """The path so far; None for a session that was never joined to a market."""
        if ledger.attached is None:
            return None
        instruments = ledger.attached.market.instruments
        if len(instruments) != 1:
            raise EngineFault("a report covers one instrument", reason="several_instruments")
        return AccountPath(
            instrument=instruments[0],
            started_ts=self._started,
            steps=tuple(self._steps),
            executions=tuple(self._executions),
        )
