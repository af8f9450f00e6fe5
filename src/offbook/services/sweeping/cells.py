"""One cell: a session run to its end, and what it came to."""

from __future__ import annotations

import asyncio
from typing import Final

from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    ManagerClosed,
    OffbookError,
    SessionNotFound,
    StorageUnavailable,
    SweepConflict,
)
from offbook.domain.session import (
    PaperTradingSession,
    SessionError,
    SessionHealth,
    SessionStatus,
)
from offbook.domain.sweeps import CellResult, CellTask, SweepIdentity
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.reporting.full_report import read_full_report
from offbook.services.sweeping.statistics import figures_of

START: Final = "start"
"""The command id of every start: the same cell has the same chain each time."""

_OVER: Final = (SessionStatus.STOPPED, SessionStatus.FAILED)
_BY_REQUEST: Final = "requested"
LOOK_SECONDS: Final = 1.0
_PATIENCE: Final = 10
"""Looks at a store that does not answer, before the cell is given up."""

_OF_ALL: Final = (BadMarketData, GatewayUnavailable, StorageUnavailable, ManagerClosed)
"""Troubles that the other cells would meet too."""

_OF_DATA: Final = {kind.code: kind for kind in (BadMarketData, GatewayUnavailable)}


async def run_cell(
    manager: PaperTradingSessionManager,
    repository: IPaperTradingSessionRepository,
    gateway: IBrokerGateway,
    task: CellTask,
    identity: SweepIdentity,
) -> CellResult:
    """Start the cell's session, or carry on or look up the one that is there, and report it.

    A session that stands still is stopped: nobody is there to resume it.  Raises what concerns more
    than this cell; see ``ICellWorker.run``.
    """
    await _check_data(gateway, task, identity)
    try:
        await _begin(manager, repository, task)
        session = await _ended(manager, task.session_id)
    except _OF_ALL:
        raise
    except OffbookError as error:
        session = await repository.get(task.session_id)
        if session.error is None:
            told = SessionError(code=error.code, message=error.message)
            return CellResult(session_id=task.session_id, ended=error.code, error=told)
    ended = session.status_reason or ""
    if session.status is SessionStatus.PAUSED:
        session = await manager.stop_session(session.id)
    if session.error is not None:
        return _failed(session, ended)
    return await _reported(repository, gateway, session, ended)


async def _check_data(gateway: IBrokerGateway, task: CellTask, identity: SweepIdentity) -> None:
    """Raise SweepConflict unless the data are those of the sweep; no session is begun before."""
    feed = await gateway.open(task.config.market)
    try:
        if feed.info.data_identity != identity.data:
            raise SweepConflict(
                "the data are not those that the sweep began with: put them back, or sweep them "
                "under a new --name",
                what="data",
            )
    finally:
        await feed.close()


async def _begin(
    manager: PaperTradingSessionManager,
    repository: IPaperTradingSessionRepository,
    task: CellTask,
) -> None:
    """Start the session, or take up the one that is there, as it was configured then.

    Raises what ended it, and StorageUnavailable when it cannot be taken up just now.
    """
    try:
        session = await repository.get(task.session_id)
    except SessionNotFound:
        await manager.start_session(task.config, session_id=task.session_id, command_id=START)
        return
    if session.status in _OVER:
        return
    taken_up = await manager.recover_sessions([session.id])
    session = await repository.get(session.id)
    if taken_up.failed and session.status not in _OVER:
        raise StorageUnavailable(taken_up.failed[0].message, session_id=session.id)
    if session.status is SessionStatus.PAUSED and session.status_reason == _BY_REQUEST:
        await manager.resume_session(session.id)


async def _ended(manager: PaperTradingSessionManager, session_id: str) -> PaperTradingSession:
    """The session at its end. Raises StorageUnavailable when its store stays away."""
    ending = asyncio.ensure_future(manager.wait(session_id))
    looks = 0
    try:
        while not (await asyncio.wait({ending}, timeout=LOOK_SECONDS))[0]:
            session = await manager.get_session(session_id)
            looks = looks + 1 if session.health is SessionHealth.STORAGE_DOWN else 0
            if looks > _PATIENCE:
                raise StorageUnavailable(
                    session.health_detail or "the store does not answer", session_id=session_id
                )
        return ending.result()
    finally:
        ending.cancel()


def _failed(session: PaperTradingSession, ended: str) -> CellResult:
    """The cell's own trouble. Raises trouble with the data, which every cell would have."""
    error = session.error
    assert error is not None
    kind = _OF_DATA.get(error.code)
    if kind is not None:
        raise kind(error.message, session_id=session.id)
    return CellResult(
        session_id=session.id,
        ended=ended,
        error=error,
        records=session.last_seq,
        chain_head=session.chain_head,
    )


async def _reported(
    repository: IPaperTradingSessionRepository,
    gateway: IBrokerGateway,
    session: PaperTradingSession,
    ended: str,
) -> CellResult:
    session = await repository.get(session.id)
    report = await read_full_report(session, repository, gateway)
    if report.statistics is None:
        raise GatewayUnavailable("; ".join(report.notes), session_id=session.id)
    return CellResult(
        session_id=session.id,
        ended=ended,
        statistics=figures_of(report),
        records=session.last_seq,
        chain_head=session.chain_head,
    )
