"""The process that is killed: offbook on a real store, commanded by JSON lines.

It tells on standard output what it acknowledged, and stops dead ("halted") at the place that it
was told to, to be killed there.  The parent shares no code with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

SPEC = json.loads(sys.argv[1])
OUT = os.dup(1)
os.dup2(2, 1)  # whatever prints must not disturb the protocol


def tell(**line: object) -> None:
    """One line to the parent, written at once."""
    os.write(OUT, json.dumps(line).encode() + b"\n")


class Halts:
    """Counts the places of one phase and stops for ever at the one asked for."""

    def __init__(self) -> None:
        self.phase = "migration" if SPEC["fresh"] else "open"
        wanted = SPEC.get("halt") or {}
        self.wanted_phase = wanted.get("phase")
        self.left = wanted.get("n", 0)
        self.stopping = False

    def reach(self, phase: str) -> None:
        """A place of a phase."""
        if phase != self.wanted_phase or self.left == 0:
            return
        self.left -= 1
        if self.left == 0:
            tell(event="halted", phase=phase)
            threading.Event().wait()


HALTS = Halts()


class HaltingConnection(sqlite3.Connection):
    """A writer whose statements are places to be killed at."""

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Every statement counts for the phase it serves; COMMIT before and after."""
        text = statement.strip().upper()
        HALTS.reach(_phase_of(text, parameters))
        cursor = super().execute(statement, parameters)
        if text.startswith("COMMIT"):
            HALTS.reach(_phase_of(text, parameters))
        return cursor


def _phase_of(text: str, parameters: Any) -> str:
    if "INTO SNAPSHOTS" in text:
        return "snapshot"
    if text.startswith("UPDATE SESSIONS"):
        HALTS.stopping = parameters[2] in {"STOPPING", "STOPPED"}
    if HALTS.stopping:
        return "stop"
    if HALTS.phase == "running" and text.startswith("COMMIT"):
        return "commit"
    return HALTS.phase


_connect = sqlite3.connect


def _halting_connect(path: Any, *args: Any, **options: Any) -> sqlite3.Connection:
    if not options.get("uri"):
        options["factory"] = HaltingConnection
    return _connect(path, *args, **options)


async def commands() -> asyncio.StreamReader:
    """Standard input as lines."""
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def carry_out(manager: Any, line: dict[str, Any]) -> Any:
    """One command; what it is answered, as JSON values."""
    from offbook.domain.config import SessionConfig
    from offbook.domain.orders import OrderRequest

    session, do, at = line.get("session"), line["do"], line.get("at")
    timing = {"command_id": line["id"], "at": at}
    if do == "start":
        config = msgspec.convert(line["config"], SessionConfig)
        HALTS.phase = "start"
        started = await manager.start_session(config, command_id=line["id"])
        HALTS.phase = "running"
        return {"session": started.id}
    if do == "submit":
        request = msgspec.convert(line["order"], OrderRequest)
        return msgspec.to_builtins(await manager.submit_order(session, request, **timing))
    if do == "cancel":
        view = await manager.cancel_order(session, line["order"], **timing)
        return msgspec.to_builtins(view)
    if do == "pause":
        return {"session": (await manager.pause_session(session, **timing)).id}
    if do == "resume":
        return {"session": (await manager.resume_session(session, command_id=line["id"])).id}
    if do == "stop":
        return {"session": (await manager.stop_session(session, **timing)).id}
    if do == "speed":
        await manager.set_speed(session, line["speed"])
        return {}
    raise ValueError(do)


async def answer(manager: Any, line: dict[str, Any]) -> None:
    """Carry a command out and acknowledge it."""
    from offbook.domain.errors import OffbookError

    try:
        result = await carry_out(manager, line)
    except OffbookError as error:
        tell(event="refused", id=line["id"], code=error.code, message=error.message)
    else:
        tell(event="ack", id=line["id"], result=result)


async def watch(manager: Any, session_id: str) -> None:
    """Tell when the session has paused and when it is over, from committed records."""
    async for seq, record in manager.events(session_id, 0):
        kind = type(record).__name__
        if kind in {"SessionPaused", "SessionResumed", "SessionStopped"}:
            tell(event=kind, seq=seq)


async def main() -> None:
    """Open, recover, obey."""
    from offbook.adapters.brokers.replay.gateway import ReplayGateway
    from offbook.adapters.persistence.stores import open_for_writing
    from offbook.adapters.strategy_loader import load_strategy
    from offbook.engine.processing_engine import ProcessingEngine
    from offbook.services.paper_trading.limits import Limits
    from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

    process = ProcessingEngine.process

    def counted(self: Any, inputs: Any, max_records: int | None = None) -> Any:
        if HALTS.phase == "recovery":
            HALTS.reach("recovery")
        return process(self, inputs, max_records)

    ProcessingEngine.process = counted  # type: ignore[method-assign]  # a place to be killed at
    sqlite3.connect = _halting_connect  # type: ignore[assignment]  # so that statements are places
    limits = Limits(snapshot_rows=700, snapshot_records=60)

    def make_engine(session: Any) -> ProcessingEngine:
        spec = session.config.strategy
        loaded = load_strategy(spec.ref)
        return ProcessingEngine(session, loaded.strategy(**spec.params), loaded.source)

    repository = open_for_writing(Path(SPEC["data"]))
    manager = PaperTradingSessionManager(ReplayGateway(), make_engine, repository, limits=limits)
    async with manager:
        HALTS.phase = "recovery"
        await manager.recover_sessions()
        HALTS.phase = "running"
        sessions = await manager.list_sessions()
        tell(event="ready", sessions=[[s.id, s.status.value] for s in sessions])
        tasks = {asyncio.ensure_future(watch(manager, s.id)) for s in sessions}
        reader = await commands()
        while raw := await reader.readline():
            line = json.loads(raw)
            if line["do"] == "watch":
                tasks.add(asyncio.ensure_future(watch(manager, line["session"])))
            elif line["do"] == "summary":
                session = await manager.get_session(line["session"])
                tell(
                    event="summary",
                    status=session.status.value,
                    reason=session.status_reason,
                    head=session.chain_head,
                    last_seq=session.last_seq,
                    row=session.cursor.row,
                    summary=json.loads(
                        msgspec.json.encode(session.summary, enc_hook=lambda value: str(value))
                    ),
                )
            else:
                tasks.add(asyncio.ensure_future(answer(manager, line)))


asyncio.run(main())
