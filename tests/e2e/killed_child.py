"""The process that is killed: offbook on a real store, commanded by JSON lines.

It tells on a pipe what it acknowledged, and stops dead ("halted") at the place that it was told
to, to be killed there.  The parent shares no code with it: it has a fork server begin ``live`` in
a process of its own, where offbook is imported already.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import msgspec


class Outlet:
    """Where the parent listens."""

    fd = 1


def tell(**line: object) -> None:
    """One line to the parent, written at once."""
    os.write(Outlet.fd, json.dumps(line).encode() + b"\n")


class Halts:
    """Counts the places of one phase and stops for ever at the one asked for."""

    def __init__(self) -> None:
        self.phase = "open"
        self.wanted_phase: str | None = None
        self.left = 0
        self.stopping = False
        self.starting = 0

    def expect(self, spec: dict[str, Any]) -> None:
        """What the parent wants of this life."""
        self.phase = "migration" if spec["fresh"] else "open"
        wanted = spec.get("halt") or {}
        self.wanted_phase = wanted.get("phase")
        self.left = wanted.get("n", 0)

    def reach(self, phase: str, session: str | None = None) -> None:
        """A place of a phase, in the work for a session where one can be told."""
        if phase != self.wanted_phase or self.left == 0:
            return
        self.left -= 1
        if self.left == 0:
            tell(event="halted", phase=phase, session=session)
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
    pipe = os.fdopen(0, "rb", closefd=False)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def start(manager: Any, line: dict[str, Any]) -> Any:
    """A start; while there is one, statements count for that phase."""
    from offbook.domain.config import SessionConfig

    config = msgspec.convert(line["config"], SessionConfig)
    HALTS.starting += 1
    HALTS.phase = "start"
    started = await manager.start_session(config, command_id=line["id"])
    HALTS.starting -= 1
    HALTS.phase = "start" if HALTS.starting else "running"
    return {"session": started.id}


async def order(manager: Any, line: dict[str, Any]) -> Any:
    """A command about orders."""
    from offbook.domain.orders import OrderListRequest, OrderRequest, ReplaceRequest

    session, do = line["session"], line["do"]
    timing = {"command_id": line["id"], "at": line.get("at")}
    if do == "submit":
        shape = OrderListRequest if "orders" in line["order"] else OrderRequest
        request = msgspec.convert(line["order"], shape)
        view = await manager.submit_order(session, request, **timing)
    elif do == "replace":
        terms = msgspec.convert(line["terms"], ReplaceRequest)
        view = await manager.replace_order(session, line["order"], terms, **timing)
    else:
        view = await manager.cancel_order(session, line["order"], **timing)
    return msgspec.to_builtins(view)


async def carry_out(manager: Any, line: dict[str, Any]) -> Any:
    """One command; what it is answered, as JSON values."""
    from offbook.domain.config import PauseOrders

    session, do, at = line.get("session"), line["do"], line.get("at")
    timing = {"command_id": line["id"], "at": at}
    if do == "start":
        return await start(manager, line)
    if do in {"submit", "replace", "cancel"}:
        return await order(manager, line)
    if do == "pause":
        policy = PauseOrders(line["orders"])
        return {"session": (await manager.pause_session(session, orders=policy, **timing)).id}
    if do == "resume":
        return {"session": (await manager.resume_session(session, command_id=line["id"])).id}
    if do == "stop":
        closing = {"flatten": line.get("flatten", False), "deadline_ns": line.get("deadline_ns")}
        return {"session": (await manager.stop_session(session, **closing, **timing)).id}
    if do == "speed":
        await manager.set_speed(session, line["speed"])
        return {}
    raise ValueError(do)


async def answer(manager: Any, line: dict[str, Any]) -> None:
    """Carry a command out and acknowledge it."""
    from offbook.domain.errors import OffbookError

    told = {"kind": line["kind"], "id": line["id"]}
    try:
        result = await carry_out(manager, line)
    except OffbookError as error:
        tell(event="refused", **told, code=error.code, message=error.message)
    else:
        tell(event="ack", **told, result=result)


async def watch(manager: Any, line: dict[str, Any]) -> None:
    """Tell when a session has paused and when it is over, from committed records."""
    async for seq, record in manager.events(line["session"], 0):
        event = type(record).__name__
        if event in {"SessionPaused", "SessionResumed", "SessionStopped"}:
            tell(event=event, kind=line["kind"], seq=seq)


async def summarize(manager: Any, line: dict[str, Any]) -> None:
    """Tell how a session stands."""
    session = await manager.get_session(line["session"])
    summary = msgspec.json.encode(session.summary, enc_hook=lambda value: str(value))
    tell(
        event="summary",
        kind=line["kind"],
        status=session.status.value,
        reason=session.status_reason,
        head=session.chain_head,
        last_seq=session.last_seq,
        row=session.cursor.row,
        summary=json.loads(summary),
    )


async def obey(manager: Any) -> None:
    """Do what the parent says, until it says no more."""
    sessions = await manager.list_sessions()
    tell(event="ready", sessions=[[s.id, s.status.value] for s in sessions])
    does = {"watch": watch, "summary": summarize}
    tasks: set[asyncio.Future[None]] = set()
    reader = await commands()
    while raw := await reader.readline():
        line = json.loads(raw)
        tasks.add(asyncio.ensure_future(does.get(line["do"], answer)(manager, line)))


async def main(data: Path) -> None:
    """Open, recover, obey."""
    from offbook.adapters.persistence.stores import open_for_writing
    from offbook.adapters.strategy_loader import load_strategy
    from offbook.bootstrap import make_gateway
    from offbook.engine.processing_engine import ProcessingEngine
    from offbook.services.paper_trading.limits import Limits
    from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

    process = ProcessingEngine.process

    def counted(self: Any, inputs: Any, **bounds: Any) -> Any:
        if HALTS.phase == "recovery":
            HALTS.reach("recovery", self._session.id)
        return process(self, inputs, **bounds)

    ProcessingEngine.process = counted  # type: ignore[method-assign]  # a place to be killed at
    sqlite3.connect = _halting_connect  # type: ignore[assignment]  # so that statements are places
    limits = Limits(snapshot_rows=700, pass_snapshot_rows=700, snapshot_records=60)

    def make_engine(session: Any) -> ProcessingEngine:
        spec = session.config.strategy
        loaded = load_strategy(spec.ref)
        return ProcessingEngine(session, loaded.strategy(**spec.params), loaded.source)

    repository = open_for_writing(data)
    manager = PaperTradingSessionManager(make_gateway(), make_engine, repository, limits=limits)
    async with manager:
        HALTS.phase = "recovery"
        await manager.recover_sessions()
        HALTS.phase = "running"
        await obey(manager)


def live(spec: dict[str, Any], commanded: Any, told: Any, errors: Any) -> None:
    """One life of the process; the pipes become its standard input, its voice, its errors."""
    Outlet.fd = told.fileno()
    os.dup2(commanded.fileno(), 0)
    for fd in (1, 2):  # whatever prints must not disturb the protocol
        os.dup2(errors.fileno(), fd)
    HALTS.expect(spec)
    asyncio.run(main(Path(spec["data"])))
