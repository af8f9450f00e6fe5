"""A stored session's whole report as one document: account, equity, statistics, trades, execution.

The document is plain data: amounts, prices and quantities are decimal text, times integers of
ns UTC, ratios floats.  ``msgspec.json.encode`` writes it and ``decode_report`` reads it back.  The
same session and recording give the same document.
"""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain.config import actions_of
from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidConfig,
    InvalidInput,
    JournalDamaged,
)
from offbook.domain.records import Record, decode_record, encode_record
from offbook.domain.session import PaperTradingSession
from offbook.engine.ledger.ledger import LedgerState
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.opening import open_to_replay
from offbook.services.paper_trading.report import SessionReport, make_report
from offbook.services.reporting.account_path import AccountPath, PathBuilder
from offbook.services.reporting.attribution import Attribution, Carry, attribution
from offbook.services.reporting.by_instrument import InstrumentLine, instrument_lines
from offbook.services.reporting.ended_books import ended_books
from offbook.services.reporting.equity_curve import (
    CHART_POINTS,
    EquityCurve,
    read_equity_curve,
)
from offbook.services.reporting.execution_quality import (
    ExecutionQuality,
    execution_quality,
    quality_by_symbol,
)
from offbook.services.reporting.grade_shares import GradeShare, grade_shares
from offbook.services.reporting.lines import (
    EquitySection,
    TripSection,
    equity_section,
    trip_section,
)
from offbook.services.reporting.restatements import comparable
from offbook.services.reporting.round_trips import fifo_trips, position_trips, time_held
from offbook.services.reporting.statistics import Statistics, compute_statistics
from offbook.services.reporting.trading_days import days_per_year
from offbook.services.shadowing.document import Interval

REPORT_VERSION: Final = 1
"""Grows when a field goes or changes its meaning; new fields leave it as it is."""

_PAGE: Final = 1000


class FullReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a session's records and its recording tell.

    ``equity`` and ``statistics`` are None when the recording cannot be read any more or is
    another; ``notes`` say so.  The rest needs the records alone; then trips have no excursions.
    ``interval`` is there where it was asked for: see ``add_interval``.
    """

    version: int = REPORT_VERSION
    session: SessionReport
    equity: EquitySection | None
    statistics: Statistics | None
    instruments: tuple[InstrumentLine, ...]
    fifo: TripSection
    by_position: TripSection
    execution: ExecutionQuality | None
    execution_by_symbol: dict[str, ExecutionQuality]
    attribution: Attribution | None = None
    grades: tuple[GradeShare, ...] = ()
    notes: tuple[str, ...] = ()
    interval: Interval | None = None


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

    A recording that is gone, damaged or not the same any more is told in ``notes``, and a book that
    a corporate action ended and that was not told again.  Raises
    JournalDamaged or EngineFault for a journal that is not whole, and StorageUnavailable.
    """
    records = await _read_records(session, repository)
    ledger, builder = LedgerState(), PathBuilder(session.config.account)
    carry = Carry(session.config.account.currency)
    for record in records:
        ledger.apply(record)
        builder.take(record, ledger)
        carry.take(record)
    path = builder.path(ledger)
    base = make_report(session, records)
    if path is None:
        return _assembled(base, ledger, None, None, None, ("the session never ran",))
    curve, statistics, notes = await _equity(session, path, ledger, gateway, points)
    report = _assembled(base, ledger, path, curve, statistics, notes)
    split = attribution(base, path.executions, carry.total)
    return msgspec.structs.replace(report, attribution=split)


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
) -> tuple[EquityCurve | None, Statistics | None, tuple[str, ...]]:
    """The curve and its statistics, or why there are none; and what else is to be said of it."""
    assert ledger.attached is not None
    try:
        attached = encode_record(ledger.attached)
        feed = await open_to_replay(gateway, session.config.market, attached)
    except (BadMarketData, GatewayUnavailable, InvalidConfig) as error:
        return None, None, (f"no equity over time: the market cannot be opened ({error})",)
    try:
        if feed.info.data_identity != ledger.attached.market.data_identity:
            note = "no equity over time: the recording is not the one that was traded"
            return None, None, (note,)
        actions = actions_of(session.config.market)
        curve = await read_equity_curve(
            feed,
            path,
            session.cursor,
            points=points,
            book_start=session.config.venue.book_start,
            actions=actions,
        )
        notes = ended_books(feed.info, feed.calendars, actions, curve)
        statistics = compute_statistics(
            curve,
            days_per_year(feed.calendars),
            traded=sum(execution.traded for execution in path.executions),
            held_ns=time_held(comparable(path.dealings, path.restated), curve.end_ts),
        )
    except (BadMarketData, GatewayUnavailable) as error:
        return None, None, (f"no equity over time: the market cannot be read ({error})",)
    finally:
        await feed.close()
    return curve, statistics, notes


def _assembled(
    base: SessionReport,
    ledger: LedgerState,
    path: AccountPath | None,
    curve: EquityCurve | None,
    statistics: Statistics | None,
    notes: tuple[str, ...],
) -> FullReport:
    executions = () if path is None else path.executions
    scales = {i.symbol: i.notional_scale for i in (() if path is None else path.instruments)}
    by_symbol = quality_by_symbol(ledger, executions, scales)
    paired = () if path is None else comparable(path.dealings, path.restated)
    trips = position_trips(paired)
    return FullReport(
        session=base,
        equity=None if path is None or curve is None else equity_section(path, curve),
        statistics=statistics,
        instruments=() if path is None else instrument_lines(ledger, path, curve, trips, by_symbol),
        fifo=trip_section(fifo_trips(paired).trips, path, curve),
        by_position=trip_section(trips, path, curve),
        execution=None if path is None else execution_quality(ledger, executions, scales),
        execution_by_symbol=by_symbol,
        grades=grade_shares(executions),
        notes=notes,
    )
