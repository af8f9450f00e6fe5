"""A session's orders, fills, positions and records as lines of plain data, each with its evidence.

What a line holds follows from the types: a field that is added to an order, a fill or its
evidence stands in the line at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.errors import InvalidInput, JournalDamaged
from offbook.domain.instruments import Instrument
from offbook.domain.journal import StoredRecord
from offbook.domain.orders import OrderView
from offbook.domain.record_parts import Evidence, Mark
from offbook.domain.records import OrderFilled, Record, decode_record
from offbook.domain.session import PaperTradingSession
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import instrument_of, order_view
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import PositionState
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.report import FillLine, make_report
from offbook.services.reporting.flows import FlowLine
from offbook.services.reporting.liquidation_levels import CalledWhere, LiquidationLevels

PAGE: Final = 1000
EXPORT_TABLES: Final = ("orders", "fills", "positions", "flows", "journal", "equity")
EXPORT_FORMATS: Final = ("csv", "parquet", "json")
_SPARE_PLACES: Final = 4
"""An average price is rounded to the stored decimals plus these."""


class FillDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, the number of its record, and all that its record holds of the market.

    ``evidence`` has the names of the record's own evidence; prices and quantities in it are
    decimal text.
    """

    seq: int
    exec_id: str
    cum_qty: str
    leaves_qty: str
    line: FillLine
    evidence: dict[str, Any]


class PositionLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of one instrument: ``qty`` is signed, amounts are in ``currency``, in which the
    instrument is settled; prices of inverse contracts are in the other of its pair.

    ``cost`` is what the open quantity was bought or sold for.  ``bid`` and ``ask`` are the last
    prices, and ``unrealized`` is marked at their middle; all None where the records do not hold
    them.  ``liquidation_px`` is the last middle at which a margin account is not called, or
    the position alone with isolated margin, everything else as it is, and ``liquidation_side`` is
    where it is called: see ``LiquidationLevels``.
    """

    symbol: str
    qty: str
    avg_px: str | None
    cost: str
    realized: str
    bid: str | None
    ask: str | None
    unrealized: str | None
    currency: str
    liquidation_px: str | None = None
    liquidation_side: CalledWhere | None = None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a session did, as committed."""

    session: PaperTradingSession
    orders: tuple[OrderView, ...]
    fills: tuple[FillDetail, ...]
    positions: tuple[PositionLine, ...]
    flows: tuple[FlowLine, ...]


async def read_pages(
    session: PaperTradingSession,
    repository: IPaperTradingSessionRepository,
    after_seq: int = 0,
) -> AsyncGenerator[Sequence[StoredRecord], None]:
    """A session's committed records after ``after_seq``, page by page.

    Raises JournalDamaged when they end before the session says, and StorageUnavailable.
    """
    reached = after_seq
    while reached < session.last_seq:
        limit = min(PAGE, session.last_seq - reached)
        page = await repository.read_journal(session.id, after_seq=reached, limit=limit)
        if not page:
            raise JournalDamaged(
                f"the journal of session {session.id} ends at record {reached} of "
                f"{session.last_seq}",
                session_id=session.id,
                seq=reached + 1,
            )
        yield page
        reached = page[-1].seq


async def read_listing(
    session: PaperTradingSession, repository: IPaperTradingSessionRepository
) -> Listing:
    """Fold a session's records into lines.

    Raises what ``read_pages`` does, also for records of another chain than the session's.
    """
    raws: list[bytes] = []
    async for page in read_pages(session, repository):
        raws.extend(stored.raw for stored in page)
    if raws and extend_all(GENESIS, raws).hex() != session.chain_head:
        raise JournalDamaged(
            f"the journal of session {session.id} has another chain than the session says",
            session_id=session.id,
            seq=len(raws),
        )
    return make_listing(session, list(map(decode_record, raws)))


def make_listing(session: PaperTradingSession, records: Sequence[Record]) -> Listing:
    """The lines of a session from its records, in order from the first."""
    ledger = LedgerState()
    for record in records:
        ledger.apply(record)
    report = make_report(session, records)
    filled = [record for record in records if isinstance(record, OrderFilled)]
    return Listing(
        session=session,
        orders=tuple(
            order_view(order, instrument_of(ledger, order.symbol))
            for order in ledger.orders.values()
        ),
        fills=tuple(
            _fill(record, line, instrument_of(ledger, record.symbol))
            for record, line in zip(filled, report.fills, strict=True)
        ),
        positions=tuple(_positions(ledger, session, report.unrealized)),
        flows=report.flows,
    )


def document_of(line: OrderView | FillDetail | PositionLine) -> dict[str, Any]:
    """A line as JSON holds it: a fill's own line stands beside its number, not below it."""
    document: dict[str, Any] = msgspec.to_builtins(line)
    own = document.pop("line") if isinstance(line, FillDetail) else {}
    return {**document, **own}


def evidence_of(evidence: Evidence, instrument: Instrument) -> dict[str, Any]:
    """A fill's evidence with prices and quantities as decimal text, under the same names."""
    return {
        name: _in_words(name, value, instrument)
        for name, value in msgspec.to_builtins(evidence).items()
    }


def _in_words(name: str, value: Any, instrument: Instrument) -> Any:
    if isinstance(value, int) and name.endswith("_px"):
        return instrument.price_text(value)
    if isinstance(value, int) and name.endswith("_qty"):
        return instrument.qty_text(value)
    return value


def _fill(record: OrderFilled, line: FillLine, instrument: Instrument) -> FillDetail:
    return FillDetail(
        seq=record.seq,
        exec_id=record.exec_id,
        cum_qty=instrument.qty_text(record.cum_qty),
        leaves_qty=instrument.qty_text(record.leaves_qty),
        line=line,
        evidence=evidence_of(record.evidence, instrument),
    )


def _positions(
    ledger: LedgerState, session: PaperTradingSession, unrealized: str
) -> Iterable[PositionLine]:
    marks = {} if ledger.stopped is None else {mark.symbol: mark for mark in ledger.stopped.marks}
    held = [symbol for symbol, position in ledger.positions.items() if position.qty]
    levels = LiquidationLevels(session.config, ledger)
    for symbol, position in ledger.positions.items():
        instrument = instrument_of(ledger, symbol)
        currency = instrument.settle_currency
        mark = marks.get(symbol) if position.qty else None
        # The account's own unrealized result is that of its only open position.
        is_all = held == [symbol] and currency == session.config.account.currency
        known = unrealized if is_all else None
        if not position.qty:
            known = "0"
        elif mark is not None:
            known = _unrealized(position, mark, instrument)
        level = levels.of(symbol)
        yield PositionLine(
            symbol=symbol,
            qty=instrument.qty_text(position.qty),
            avg_px=_average(position, instrument),
            cost=str(position.cost),
            realized=str(position.realized),
            bid=None if mark is None else instrument.price_text(mark.bid_px),
            ask=None if mark is None else instrument.price_text(mark.ask_px),
            unrealized=known,
            currency=currency,
            liquidation_px=None if level is None else instrument.price_text(level),
            liquidation_side=None if level is None else levels.called(symbol, level),
        )


def _average(position: PositionState, instrument: Instrument) -> str | None:
    if not position.qty:
        return None
    price, of = instrument.average_px(int(position.cost), abs(position.qty))
    average = Decimal(price) / Decimal(of)
    places = instrument.price_precision + _SPARE_PLACES
    return format(abs(average).quantize(Decimal(1).scaleb(-places)), "f")


def _unrealized(position: PositionState, mark: Mark, instrument: Instrument) -> str:
    """Value at the middle less cost: a half of both sides' value, exact in units of 10**-18."""
    cost = position.cost if position.qty > 0 else -position.cost
    if instrument.is_inverse:
        value = instrument.value_of(position.qty, mark.bid_px + mark.ask_px, 2)
        return str(Amount(cost - value))
    twice = position.qty * (mark.bid_px + mark.ask_px) * instrument.notional_scale
    return str(Amount(twice // 2 - cost))


def export_paths(to: Path, form: str, names: Collection[str]) -> dict[str, Path]:
    """The files of an export: one for each table, with JSON one for the ``session``.

    Raises InvalidInput for several tables in a file that holds one.
    """
    is_file = to.suffix.removeprefix(".") in EXPORT_FORMATS
    if form == "json":
        return {"session": to if is_file else to / "session.json"}
    if not is_file:
        return {name: to / f"{name}.{form}" for name in names}
    if len(names) != 1:
        raise InvalidInput(
            f"{to.name} holds one table: choose it with --table, or name a directory",
            field="table",
        )
    return dict.fromkeys(names, to)
