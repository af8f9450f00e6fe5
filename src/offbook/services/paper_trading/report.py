"""What a session's records tell a person: the account, the orders, and each fill with its cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.config import AccountConfig, kinds_of, symbols_of
from offbook.domain.errors import JournalDamaged
from offbook.domain.instruments import Instrument
from offbook.domain.journal import StoredRecord
from offbook.domain.margin_records import MarginCalled, MarginRestored
from offbook.domain.records import (
    OrderFilled,
    Record,
    SessionPaused,
    SessionResumed,
    SessionStarted,
    decode_record,
)
from offbook.domain.session import PaperTradingSession, SessionError
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import instrument_of, order_view, summary_of
from offbook.engine.ledger.ledger import LedgerState
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.event_moments import event_moment
from offbook.services.reporting.account_path import Execution, execution_of
from offbook.services.reporting.closings import Closings
from offbook.services.reporting.flows import FlowLine, flow_of
from offbook.services.reporting.worth import Worth

_PAGE: Final = 1000
_BPS: Final = 10_000


class FillLine(msgspec.Struct, frozen=True, kw_only=True):
    """One fill, what it cost beside the price, and the evidence for it.

    Times are ns UTC of session time.  ``price`` and ``mid`` are in the instrument's ``currency``,
    money is in the account's, at the rate of the fill.  ``origin`` tells who sent the order: the
    strategy, an outsider, or the venue with a ``liquidation``.  ``mid`` is the middle of the market
    when the order was decided, None where there was none; ``slippage`` and ``slippage_bps`` are
    what the fill's price was worse than that, negative where it was better; ``delay_ns`` is the
    time in between.  ``row`` is the market row traded against, ``rule`` the clause that allowed it,
    ``available`` how much could be had there; ``grade`` (A, B, C) how sure it is by its evidence.
    """

    ts: int
    client_order_id: str
    symbol: str
    currency: str
    origin: str
    side: str
    qty: str
    price: str
    fee: str
    liquidity: str
    mid: str | None
    slippage: str
    slippage_bps: str
    delay_ns: int
    realized: str
    row: int
    row_ts: int
    model: str
    rule: str
    available: str
    grade: str


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One order as it ended up, or stands; ``fees`` are in the instrument's currency."""

    ts: int
    client_order_id: str
    symbol: str
    origin: str
    side: str
    order_type: str
    order_status: str
    order_qty: str
    cum_qty: str
    price: str | None
    stop_px: str | None
    avg_px: str | None
    fees: str
    reason: str | None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A change in the session's life, at session time ``ts``."""

    ts: int
    event: str
    reason: str | None = None


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the numbers that matter; amounts are decimal text in ``currency``, those of
    ``balances`` (cash) in each one's own.

    ``initial_equity`` is the cash of all currencies that the session began with, at stated rates,
    else at the last that are known.  ``margin_used`` is what positions bind in a margin account.
    ``equity`` is marked at mid; ``equity_closing`` at the side at which positions would be closed,
    None where the last prices are not in the records.  ``return_pct`` is of the initial
    equity.
    ``trades`` counts what closed or reduced a position: fills, an expiry, a delisting;
    ``trades_won`` those with a gain before fees, of a contract since it was opened.
    """

    session_id: str
    name: str
    status: str
    status_reason: str | None
    error: SessionError | None
    strategy: str | None
    params: dict[str, Any]
    market: str
    data_identity: str
    kind: str
    symbol: str
    currency: str
    seed: int
    started_ts: int | None
    ended_ts: int
    rows: int
    account_type: str
    initial_cash: str
    initial_equity: str
    cash: str
    balances: dict[str, str]
    margin_used: str
    equity: str
    equity_closing: str | None
    return_pct: str
    realized: str
    unrealized: str
    fees: str
    income: str
    slippage: str
    traded: str
    trades: int
    trades_won: int
    positions: dict[str, str]
    orders: int
    orders_by_status: dict[str, int]
    refusals: dict[str, int]
    fills: tuple[FillLine, ...]
    order_list: tuple[OrderLine, ...]
    flows: tuple[FlowLine, ...] = ()
    moments: tuple[Moment, ...]
    records: int
    chain_head: str


async def read_report(
    session: PaperTradingSession, repository: IPaperTradingSessionRepository
) -> SessionReport:
    """The report of a session as committed.

    Raises JournalDamaged for a journal that ends early, or of another chain than the session's.
    """
    stored: list[StoredRecord] = []
    while len(stored) < session.last_seq:
        page = await repository.read_journal(session.id, after_seq=len(stored), limit=_PAGE)
        if not page:
            break
        stored.extend(page)
    raws = [record.raw for record in stored[: session.last_seq]]
    if len(raws) < session.last_seq or (
        raws and extend_all(GENESIS, raws).hex() != session.chain_head
    ):
        what = f"ends at record {len(raws)} of {session.last_seq}"
        if len(raws) == session.last_seq:
            what = "has another chain than the session says"
        raise JournalDamaged(
            f"the journal of session {session.id} is damaged: it {what}",
            session_id=session.id,
            seq=len(raws),
        )
    return make_report(session, map(decode_record, raws))


def make_report(session: PaperTradingSession, records: Iterable[Record]) -> SessionReport:
    """The report of a session from its records, in order from the first."""
    ledger = LedgerState()
    fills: list[FillLine] = []
    flows: list[FlowLine] = []
    moments: list[Moment] = []
    closings = Closings()
    traded = slippage = 0
    for record in records:
        ledger.apply(record)
        execution = None
        if isinstance(record, OrderFilled):
            execution = execution_of(record, ledger)
            fills.append(_fill_line(ledger, record, execution))
            slippage += execution.slippage
            traded += execution.traded
        elif (moment := _moment_of(record)) is not None:
            moments.append(moment)
        if (flow := flow_of(record, ledger)) is not None:
            flows.append(flow)
        closings.take(record, ledger, execution)
    if ledger.stopped is not None:
        moments.append(Moment(ts=ledger.ts, event="stopped", reason=ledger.stopped.reason))
    return _report(session, ledger, (fills, flows, moments), (traded, slippage), closings)


def _moment_of(record: Record) -> Moment | None:
    """What a record tells of the session's life; None for one that is told elsewhere."""
    match record:
        case SessionStarted():
            event: tuple[str, str | None] | None = ("started", None)
        case SessionPaused():
            event = ("paused", record.reason)
        case SessionResumed():
            event = ("resumed", None)
        case MarginCalled():
            event = ("margin call", record.action.value)
        case MarginRestored():
            event = ("margin restored", None)
        case _:
            event = event_moment(record)
    return None if event is None else Moment(ts=record.ts, event=event[0], reason=event[1])


def _report(
    session: PaperTradingSession,
    ledger: LedgerState,
    lines: tuple[list[FillLine], list[FlowLine], list[Moment]],
    counted: tuple[int, int],
    closings: Closings,
) -> SessionReport:
    config = session.config
    summary = session.summary or summary_of(ledger)
    fills, flows, moments = lines
    traded, slippage = counted
    worth = _worth_at_the_end(config.account, ledger)
    initial = _opening(config.account, ledger, worth)
    unrealized = summary.equity - initial - summary.realized + summary.fees - summary.income
    market, spec = config.market, config.strategy
    return SessionReport(
        session_id=session.id,
        name=config.name,
        status=session.status.value,
        status_reason=session.status_reason,
        error=session.error,
        strategy=None if spec is None else spec.ref,
        params={} if spec is None else spec.params,
        market=market.source,
        data_identity="" if ledger.attached is None else ledger.attached.market.data_identity,
        kind=kinds_of(market),
        symbol=symbols_of(market),
        currency=config.account.currency,
        seed=config.seed,
        started_ts=moments[0].ts if moments else None,
        ended_ts=session.cursor.ts,
        rows=session.cursor.row,
        account_type=config.account.type.value,
        initial_cash=str(Amount.parse(config.account.initial_cash)),
        initial_equity=str(Amount(initial)),
        cash=str(summary.cash),
        balances={currency: str(amount) for currency, amount in summary.balances.items()},
        margin_used=str(summary.margin_used),
        equity=str(summary.equity),
        equity_closing=_closing(ledger, worth),
        return_pct=_ratio(summary.equity - initial, initial, 100, "0.0001"),
        realized=str(summary.realized),
        unrealized=str(Amount(unrealized)),
        income=str(summary.income),
        fees=str(summary.fees),
        slippage=str(Amount(slippage)),
        traded=str(Amount(traded)),
        trades=closings.count,
        trades_won=closings.won,
        positions=summary.positions,
        orders=len(ledger.orders),
        orders_by_status=dict(Counter(o.status.value for o in ledger.orders.values())),
        refusals=dict(ledger.refusals),
        fills=tuple(fills),
        order_list=tuple(_order_lines(ledger)),
        flows=tuple(flows),
        moments=tuple(moments),
        records=session.last_seq,
        chain_head=session.chain_head,
    )


def _fill_line(ledger: LedgerState, record: OrderFilled, execution: Execution) -> FillLine:
    order = ledger.orders[record.order]
    instrument = instrument_of(ledger, record.symbol)
    twice_mid = execution.twice_mid
    evidence, conversion = record.evidence, record.conversion
    return FillLine(
        ts=record.ts,
        client_order_id=order.client_order_id,
        symbol=record.symbol,
        currency=instrument.quote_currency,
        origin=order.origin.value,
        side=record.side.value,
        qty=instrument.qty_text(record.last_qty),
        price=instrument.price_text(record.last_px),
        fee=str(Amount(execution.fee)),
        liquidity=record.liquidity.value,
        mid=_half(twice_mid, instrument) if twice_mid else None,
        slippage=str(Amount(execution.slippage)),
        slippage_bps=_ratio(
            record.side.sign * (2 * record.last_px - twice_mid), twice_mid, _BPS, "0.001"
        ),
        delay_ns=record.ts - order.sent_ts,
        realized=str(record.realized if conversion is None else conversion.realized),
        row=evidence.row,
        row_ts=evidence.row_ts,
        model=evidence.model,
        rule=evidence.rule,
        available=instrument.qty_text(evidence.available_qty),
        grade=execution.grade,
    )


def _order_lines(ledger: LedgerState) -> Iterable[OrderLine]:
    for order in ledger.orders.values():
        view = order_view(order, instrument_of(ledger, order.symbol))
        yield OrderLine(
            ts=view.submitted_ts,
            client_order_id=view.client_order_id,
            symbol=view.symbol,
            origin=order.origin.value,
            side=view.side.value,
            order_type=view.order_type.value,
            order_status=view.order_status.value,
            order_qty=view.order_qty,
            cum_qty=view.cum_qty,
            price=view.price,
            stop_px=view.stop_px,
            avg_px=view.avg_px,
            fees=view.fees,
            reason=view.reason,
        )


def _worth_at_the_end(account: AccountConfig, ledger: LedgerState) -> Worth | None:
    """What things are worth at the last prices that the records tell; None before any record."""
    if ledger.attached is None:
        return None
    marks = () if ledger.stopped is None else ledger.stopped.marks
    prices = {mark.symbol: (mark.bid_px, mark.ask_px) for mark in marks}
    return Worth(account, ledger.attached.market).at(prices)


def _opening(account: AccountConfig, ledger: LedgerState, worth: Worth | None) -> int:
    """The cash that the session began with, in the account's currency."""
    total = int(Amount.parse(account.initial_cash))
    for currency, text in account.cash.items():
        known = None if worth is None else worth.rate(currency)
        numerator, denominator = known or ledger.rates.get(currency, (0, 1))
        total += Amount.parse(text) * numerator // denominator
    return total


def _closing(ledger: LedgerState, worth: Worth | None) -> str | None:
    """Cash and what selling at the bid, or buying back at the ask, would bring; fees left out.
    None where a price or a rate for it is not in the records."""
    held = ledger.held_positions()
    if ledger.stopped is None or worth is None:
        return None
    if not set(held) <= {mark.symbol for mark in ledger.stopped.marks}:
        return None
    needed = {instrument_of(ledger, symbol).settle_currency for symbol in held}
    needed |= {currency for currency, amount in ledger.money().items() if amount}
    if any(worth.rate(currency) is None for currency in needed):
        return None
    return str(Amount(worth.closing(ledger.money(), held)))


def _half(twice: int, instrument: Instrument) -> str:
    mid = instrument.price_decimal(twice) / 2
    return format(mid, "f")


def _ratio(part: int, whole: int, scale: int, places: str) -> str:
    if not whole:
        return "0"
    ratio = Decimal(int(part)) * scale / Decimal(int(whole))
    return format(ratio.quantize(Decimal(places)), "f")
