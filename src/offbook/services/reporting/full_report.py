"""A stored session's whole report as one document: account, equity, statistics, trades, execution.

The document is plain data: amounts, prices and quantities are decimal text, times integers of
ns UTC, ratios floats.  ``msgspec.json.encode`` writes it and ``decode_report`` reads it back.  The
same session and recording give the same document.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidConfig,
    InvalidInput,
    JournalDamaged,
)
from offbook.domain.instruments import Instrument
from offbook.domain.records import Record, decode_record
from offbook.domain.session import PaperTradingSession
from offbook.domain.values import Amount
from offbook.engine.ledger import LedgerState
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.report import SessionReport, make_report
from offbook.services.reporting.account_path import AccountPath, PathBuilder
from offbook.services.reporting.drawdown import Drawdown
from offbook.services.reporting.equity_curve import (
    CHART_POINTS,
    EquityCurve,
    EquitySample,
    read_equity_curve,
)
from offbook.services.reporting.execution_quality import ExecutionQuality, execution_quality
from offbook.services.reporting.round_trips import (
    RoundTrip,
    fifo_trips,
    position_trips,
    time_held,
)
from offbook.services.reporting.statistics import Statistics, compute_statistics
from offbook.services.reporting.trip_statistics import (
    Excursions,
    TripStatistics,
    trip_statistics,
)

REPORT_VERSION: Final = 1
"""Grows when a field goes or changes its meaning; new fields leave it as it is."""

_PAGE: Final = 1000


class EquityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The account at ``ts``: marked at mid, and at the side at which it would be closed.

    ``position`` is signed; ``price`` is the mid, None before any row; ``exposure`` is gross
    position value over equity, None unless equity is positive.
    """

    ts: int
    equity: str
    equity_closing: str
    cash: str
    position: str
    price: str | None
    exposure: float | None


class DrawdownLine(msgspec.Struct, frozen=True, kw_only=True):
    """The deepest fall over every market row and fill: equity at its peak and its trough."""

    ratio: float
    amount: str
    peak: str
    peak_ts: int
    trough: str
    trough_ts: int
    recovered_ts: int | None


class EquitySection(msgspec.Struct, frozen=True, kw_only=True):
    """Equity from ``begin_ts`` to ``end_ts`` on three grids; see ``EquityCurve``."""

    begin_ts: int
    end_ts: int
    daily: tuple[EquityPoint, ...]
    even: tuple[EquityPoint, ...]
    at_fills: tuple[EquityPoint, ...]
    drawdown: DrawdownLine | None


class TripLine(msgspec.Struct, frozen=True, kw_only=True):
    """One round trip; ``exit_*`` and ``holding_ns`` are None while it is open.

    ``side`` is LONG or SHORT; average prices are rounded to the stored decimals plus four;
    ``return_ratio`` is net over the value of what was opened.  ``favourable`` and ``adverse`` are
    the furthest that the price went for and against it, as fractions of the entry price.
    """

    symbol: str
    side: str
    entry_ts: int
    exit_ts: int | None
    qty: str
    entry_px: str
    exit_px: str | None
    gross: str
    fees: str
    net: str
    return_ratio: float
    holding_ns: int | None
    favourable: float | None
    adverse: float | None
    fills: int
    entry_order: str
    exit_order: str | None


class TripSection(msgspec.Struct, frozen=True, kw_only=True):
    """Round trips by one way of pairing, and what the closed ones come to."""

    statistics: TripStatistics
    trips: tuple[TripLine, ...]


class FullReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a session's records and its recording tell.

    ``equity`` and ``statistics`` are None when the recording cannot be read any more or is
    another; ``notes`` say so.  The rest needs the records alone; then trips have no excursions.
    """

    version: int = REPORT_VERSION
    session: SessionReport
    equity: EquitySection | None
    statistics: Statistics | None
    fifo: TripSection
    by_position: TripSection
    execution: ExecutionQuality | None
    notes: tuple[str, ...] = ()


def decode_report(raw: bytes) -> FullReport:
    """Read a report's JSON back. Raises InvalidInput for another version or another document."""
    try:
        report = msgspec.json.decode(raw, type=FullReport)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"this is no session report: {error}") from None
    if report.version != REPORT_VERSION:
        raise InvalidInput(
            f"the report has version {report.version}, this reads version {REPORT_VERSION}"
        )
    return report


async def read_full_report(
    session: PaperTradingSession,
    repository: IPaperTradingSessionRepository,
    gateway: IBrokerGateway,
    *,
    points: int = CHART_POINTS,
) -> FullReport:
    """The report of a session as committed, at ``points`` evenly spaced moments.

    A recording that is gone, damaged or not the same any more is told in ``notes``.  Raises
    JournalDamaged or EngineFault for a journal that is not whole, and StorageUnavailable.
    """
    records = await _read_records(session, repository)
    ledger, builder = LedgerState(), PathBuilder()
    for record in records:
        ledger.apply(record)
        builder.take(record, ledger)
    path = builder.path(ledger)
    base = make_report(session, records)
    if path is None:
        return _assembled(base, ledger, None, None, None, ("the session never ran",))
    curve, statistics, note = await _equity(session, path, ledger, gateway, points)
    return _assembled(base, ledger, path, curve, statistics, (note,) if note else ())


async def _read_records(
    session: PaperTradingSession, repository: IPaperTradingSessionRepository
) -> list[Record]:
    records: list[Record] = []
    while len(records) < session.last_seq:
        limit = min(_PAGE, session.last_seq - len(records))
        page = await repository.read_journal(session.id, after_seq=len(records), limit=limit)
        if not page:
            raise JournalDamaged(
                f"the journal of session {session.id} ends at record {len(records)} of "
                f"{session.last_seq}",
                session_id=session.id,
                seq=len(records) + 1,
            )
        records.extend(decode_record(stored.raw) for stored in page)
    return records


async def _equity(
    session: PaperTradingSession,
    path: AccountPath,
    ledger: LedgerState,
    gateway: IBrokerGateway,
    points: int,
) -> tuple[EquityCurve | None, Statistics | None, str | None]:
    """The curve and its statistics, or why there are none."""
    assert ledger.attached is not None
    try:
        feed = await gateway.open(session.config.market)
    except (BadMarketData, GatewayUnavailable, InvalidConfig) as error:
        return None, None, f"no equity over time: the market cannot be opened ({error})"
    try:
        if feed.info.data_identity != ledger.attached.market.data_identity:
            return None, None, "no equity over time: the recording is not the one that was traded"
        curve = await read_equity_curve(feed, path, session.cursor, points=points)
        statistics = compute_statistics(
            curve,
            feed.calendars[0],
            traded=sum(execution.notional for execution in path.executions),
            held_ns=time_held(path.executions, curve.end_ts),
        )
    except (BadMarketData, GatewayUnavailable) as error:
        return None, None, f"no equity over time: the market cannot be read ({error})"
    finally:
        await feed.close()
    return curve, statistics, None


def _assembled(
    base: SessionReport,
    ledger: LedgerState,
    path: AccountPath | None,
    curve: EquityCurve | None,
    statistics: Statistics | None,
    notes: tuple[str, ...],
) -> FullReport:
    executions = () if path is None else path.executions
    return FullReport(
        session=base,
        equity=None if path is None or curve is None else _equity_section(path, curve),
        statistics=statistics,
        fifo=_trip_section(fifo_trips(executions).trips, path, curve),
        by_position=_trip_section(position_trips(executions), path, curve),
        execution=None
        if path is None
        else execution_quality(ledger, executions, path.instrument.notional_scale),
        notes=notes,
    )


def _equity_section(path: AccountPath, curve: EquityCurve) -> EquitySection:
    daily, even, at_fills = (
        tuple(_point(sample, path.instrument) for sample in samples)
        for samples in (curve.daily, curve.even, curve.at_fills)
    )
    return EquitySection(
        begin_ts=curve.begin_ts,
        end_ts=curve.end_ts,
        daily=daily,
        even=even,
        at_fills=at_fills,
        drawdown=None if curve.drawdown is None else _drawdown_line(curve.drawdown),
    )


def _point(sample: EquitySample, instrument: Instrument) -> EquityPoint:
    price = None
    if sample.bid_px is not None and sample.ask_px is not None:
        price = format(instrument.price_decimal(sample.bid_px + sample.ask_px) / 2, "f")
    return EquityPoint(
        ts=sample.ts,
        equity=str(Amount(sample.equity)),
        equity_closing=str(Amount(sample.equity_closing)),
        cash=str(Amount(sample.cash)),
        position=instrument.qty_text(sample.qty),
        price=price,
        exposure=sample.exposure,
    )


def _drawdown_line(fall: Drawdown) -> DrawdownLine:
    return DrawdownLine(
        ratio=fall.ratio,
        amount=str(Amount(fall.amount)),
        peak=str(Amount(fall.peak)),
        peak_ts=fall.peak_ts,
        trough=str(Amount(fall.trough)),
        trough_ts=fall.trough_ts,
        recovered_ts=fall.recovered_ts,
    )


def _trip_section(
    trips: Sequence[RoundTrip], path: AccountPath | None, curve: EquityCurve | None
) -> TripSection:
    if path is None:
        return TripSection(statistics=trip_statistics(()), trips=())
    found = None if curve is None else Excursions(path, curve)
    return TripSection(
        statistics=trip_statistics(trips),
        trips=tuple(_trip_line(trip, path.instrument, found) for trip in trips),
    )


def _trip_line(trip: RoundTrip, instrument: Instrument, found: Excursions | None) -> TripLine:
    excursion = None if found is None else found.of(trip)
    return TripLine(
        symbol=trip.symbol,
        side="LONG" if trip.sign > 0 else "SHORT",
        entry_ts=trip.entry_ts,
        exit_ts=trip.exit_ts,
        qty=instrument.qty_text(trip.qty),
        entry_px=_average(trip.entry_notional, trip.qty, instrument),
        exit_px=_average(trip.exit_notional, trip.closed_qty, instrument)
        if trip.closed_qty
        else None,
        gross=str(Amount(trip.gross)),
        fees=str(Amount(trip.fees)),
        net=str(Amount(trip.net)),
        return_ratio=trip.net / trip.entry_notional,
        holding_ns=trip.holding_ns,
        favourable=None if excursion is None else excursion.favourable,
        adverse=None if excursion is None else excursion.adverse,
        fills=trip.fills,
        entry_order=trip.entry_order,
        exit_order=trip.exit_order,
    )


def _average(notional: int, qty: int, instrument: Instrument) -> str:
    value = Decimal(str(Amount(notional))) / Decimal(instrument.qty_text(qty))
    return format(value.quantize(Decimal(1).scaleb(-(instrument.price_precision + 4))), "f")
