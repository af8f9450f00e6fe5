"""Between what and what a session's result lies: its orders before a kinder and a harsher venue."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from offbook.domain.config import VenueConfig
from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidConfig,
    InvalidInput,
    NotComparable,
)
from offbook.domain.records import Record, decode_record, encode_record
from offbook.domain.session import PaperTradingSession
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import instrument_of
from offbook.ports.gateway import IBrokerGateway, MarketFeed
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.opening import open_to_run_again
from offbook.services.reporting.full_report import FullReport
from offbook.services.reporting.listing import read_pages
from offbook.services.shadowing.document import HangingOrder, Interval, OrderFate, ShadowLedger
from offbook.services.shadowing.made import Made
from offbook.services.shadowing.running import ShadowRun, run_shadow
from offbook.services.shadowing.steps import StepReader
from offbook.services.shadowing.venues import Shadow, changed, shadow_venue

MOST_ORDERS: Final = 10
"""How many orders are named that the result hangs on."""


async def add_interval(
    report: FullReport,
    session: PaperTradingSession,
    repository: IPaperTradingSessionRepository,
    gateway: IBrokerGateway,
    presets: Mapping[str, str] | None = None,
) -> FullReport:
    """The report of a session with its interval; ``presets`` name venues for ``optimistic`` and
    ``pessimistic``.  Raises what ``read_interval`` raises."""
    unknown = set(presets or {}) - {one.value for one in Shadow}
    if unknown:
        raise InvalidConfig(
            f"interval: there is no {min(unknown)} venue, but an optimistic and a pessimistic one",
            field="interval",
        )
    interval = await read_interval(
        session,
        repository,
        gateway,
        initial_equity=report.session.initial_equity,
        equity=report.session.equity,
        presets={Shadow(name): preset for name, preset in (presets or {}).items()},
    )
    return msgspec.structs.replace(report, interval=interval)


async def read_interval(
    session: PaperTradingSession,
    repository: IPaperTradingSessionRepository,
    gateway: IBrokerGateway,
    *,
    initial_equity: str,
    equity: str,
    presets: Mapping[Shadow, str] | None = None,
) -> Interval:
    """Put a session's orders, as far as committed, through both venues.

    ``initial_equity`` and ``equity`` are the session's own, as its report tells them.  Raises
    InvalidConfig for a preset there is not, InvalidInput for a session that never ran, and
    NotComparable where its recording cannot be read any more or is another.
    """
    named = presets or {}
    venues = {one: shadow_venue(session.config, one, named.get(one)) for one in Shadow}
    reader, own = StepReader(), Made()
    async for page in read_pages(session, repository):
        for stored in page:
            record: Record = decode_record(stored.raw)
            reader.take(record)
            own.take(record)
    reader.finish()
    if own.ledger.attached is None:
        raise InvalidInput(f"session {session.id} never ran: there is nothing to compare")
    runs = {}
    for one, venue in venues.items():
        feed = await _feed(session, own, gateway)
        try:
            runs[one] = await run_shadow(session, reader.steps, venue, feed)
        except (BadMarketData, GatewayUnavailable) as error:
            raise _unreadable(session, str(error)) from error
    initial = int(Amount.parse(initial_equity))
    ledgers = {
        one: _ledger(one, named.get(one), session.config.venue, venues[one], run, initial)
        for one, run in runs.items()
    }
    return _interval(session, own, runs, ledgers, initial, int(Amount.parse(equity)))


async def _feed(session: PaperTradingSession, own: Made, gateway: IBrokerGateway) -> MarketFeed:
    attached = own.ledger.attached
    assert attached is not None
    try:
        feed = await open_to_run_again(gateway, session.config, encode_record(attached))
    except (BadMarketData, GatewayUnavailable, InvalidConfig) as error:
        raise _unreadable(session, str(error)) from error
    if feed.info.data_identity != attached.market.data_identity:
        await feed.close()
        raise _unreadable(session, "it is not the one that was traded")
    return feed


def _unreadable(session: PaperTradingSession, why: str) -> NotComparable:
    return NotComparable(
        f"no interval for session {session.id}: its recording cannot be run again ({why})",
        what="data",
    )


def _ledger(
    shadow: Shadow,
    preset: str | None,
    own: VenueConfig,
    venue: VenueConfig,
    run: ShadowRun,
    initial: int,
) -> ShadowLedger:
    summary = run.summary
    return ShadowLedger(
        shadow=shadow.value,
        preset=preset,
        venue=changed(own, venue),
        result=str(Amount(summary.equity - initial)),
        equity=str(summary.equity),
        fees=str(summary.fees),
        fills=summary.fills,
        positions=summary.positions,
        refused=summary.denied + summary.rejected,
        reducing=run.reducing,
        ended=run.ended,
    )


def _interval(
    session: PaperTradingSession,
    own: Made,
    runs: Mapping[Shadow, ShadowRun],
    ledgers: Mapping[Shadow, ShadowLedger],
    initial: int,
    equity: int,
) -> Interval:
    kind, harsh = runs[Shadow.OPTIMISTIC], runs[Shadow.PESSIMISTIC]
    results = (equity - initial, kind.summary.equity - initial, harsh.summary.equity - initial)
    differing = _differing(kind.made, harsh.made)
    named, others = differing[:MOST_ORDERS], differing[MOST_ORDERS:]
    settled = sum(difference for _, difference in differing)
    return Interval(
        currency=session.config.account.currency,
        result=str(Amount(results[0])),
        least=str(Amount(min(results))),
        most=str(Amount(max(results))),
        optimistic=ledgers[Shadow.OPTIMISTIC],
        pessimistic=ledgers[Shadow.PESSIMISTIC],
        orders=tuple(_hanging(name, by, own, kind.made, harsh.made) for name, by in named),
        others=len(others),
        others_difference=str(Amount(sum(difference for _, difference in others))),
        open_difference=str(Amount(results[1] - results[2] - settled)),
    )


def _differing(kind: Made, harsh: Made) -> list[tuple[str, int]]:
    """Orders that the venues treat differently and by how much; of equal ones that first of which
    more was filled by one alone."""
    found: list[tuple[int, int, str]] = []
    for name in dict.fromkeys([*kind.orders, *harsh.orders]):
        ours, theirs = kind.orders.get(name), harsh.orders.get(name)
        made = [0 if one is None else one.made for one in (ours, theirs)]
        filled = [0 if one is None else one.value for one in (ours, theirs)]
        if made[0] != made[1] or filled[0] != filled[1]:
            found.append((made[0] - made[1], abs(filled[0] - filled[1]), name))
    found.sort(key=lambda one: (-abs(one[0]), -one[1]))
    return [(name, by) for by, _, name in found]


def _hanging(name: str, by: int, own: Made, kind: Made, harsh: Made) -> HangingOrder:
    filled = kind.orders.get(name) or harsh.orders[name]
    return HangingOrder(
        client_order_id=name,
        symbol=filled.symbol,
        difference=str(Amount(by)),
        optimistic=_fate(name, kind),
        session=_fate(name, own),
        pessimistic=_fate(name, harsh),
    )


def _fate(name: str, made: Made) -> OrderFate:
    found = made.orders.get(name)
    if found is None:
        return OrderFate(qty="0", avg_px=None, made="0")
    instrument = instrument_of(made.ledger, found.symbol)
    price = Decimal(instrument.price_text(found.value)) / found.qty
    places = Decimal(1).scaleb(-(instrument.price_precision + 4))
    return OrderFate(
        qty=instrument.qty_text(found.qty),
        avg_px=format(price.quantize(places), "f"),
        made=str(Amount(found.made)),
    )
