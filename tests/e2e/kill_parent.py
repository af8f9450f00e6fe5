"""The one who kills: commands a child by JSON lines, keeps its own record, and judges by itself.

Nothing of offbook is imported here: the journal is read with plain SQL and chained with hashlib.
"""

from __future__ import annotations

import collections
import contextlib
import json
import multiprocessing
import os
import queue
import random
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.killed_child import live
from tests.e2e.killed_kinds import Kind, Line, first_ts

BOUND = 60.0
"""Seconds that any one answer may take before the test gives up."""
PATIENCE = 2.0
"""Seconds in which running sessions must come to the place where they are to be killed, else they
are killed where they are: left to run, they would come past the commands that were sent to them."""
SPEED = "10"
"""The pace once a session has its next commands; until then it is that of a clock."""
UNREQUIRED = {"pace", "hurry"}
"""What a session that has just stopped may refuse."""
AHEAD = 16
"""How many commands a session is sent at a time: those of longer than it runs in a life."""

SERVER = multiprocessing.get_context("forkserver")
"""Has offbook imported and gives each life a process of its own, which saves most of its time."""
SERVER.set_forkserver_preload(
    [
        "tests.e2e.killed_child",
        "offbook.bootstrap",
        "offbook.adapters.brokers.combining",
        "offbook.adapters.brokers.replay.gateway",
        "offbook.adapters.brokers.routing",
        "offbook.adapters.brokers.synthetic.gateway",
        "offbook.adapters.clock",
        "offbook.adapters.ids",
        "offbook.adapters.persistence.reads",
        "offbook.adapters.persistence.stores",
        "offbook.adapters.strategy_loader",
        "offbook.services.paper_trading.session_manager",
        "duckdb",
    ]
)


class Child:
    """One life of the process."""

    def __init__(self, data: Path, halt: dict[str, Any] | None, *, fresh: bool) -> None:
        spec = {"data": str(data), "halt": halt, "fresh": fresh}
        commanded, self._commands = SERVER.Pipe(duplex=False)
        self._told, told = SERVER.Pipe(duplex=False)
        self._wrong, wrong = SERVER.Pipe(duplex=False)
        self.process = SERVER.Process(target=live, args=(spec, commanded, told, wrong))
        self.process.start()
        for end in (commanded, told, wrong):
            end.close()
        self.lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.errors: list[bytes] = []
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        with open(self._told.fileno(), "rb", closefd=False) as pipe:
            for raw in pipe:
                self.lines.put(json.loads(raw))
        self.lines.put(None)

    def _read_errors(self) -> None:
        with open(self._wrong.fileno(), "rb", closefd=False) as pipe:
            self.errors.extend(pipe)

    def send(self, line: Line) -> None:
        """A command; a child that is dead or halted may never take it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._commands.fileno(), json.dumps(line).encode() + b"\n")

    def next(self, within: float = BOUND) -> dict[str, Any] | None:
        """The next line; None when none came in that time. Fails when the child died by itself."""
        try:
            line = self.lines.get(timeout=within)
        except queue.Empty:
            return None
        if line is None:
            self.process.join(BOUND)
            text = b"".join(self.errors).decode()
            raise AssertionError(f"the child ended by itself: {self.process.exitcode}\n{text}")
        return line

    def kill(self) -> list[dict[str, Any]]:
        """SIGKILL; what it had told before and nobody had read yet."""
        self.process.kill()
        self.process.join(BOUND)
        for reader in self._readers:
            reader.join(BOUND)
        told = []
        while not self.lines.empty():
            line = self.lines.get()
            if line is not None:
                told.append(line)
        for pipe in (self._commands, self._told, self._wrong):
            pipe.close()
        self.process.close()
        return told


class Session:
    """What is known from outside of one session, through all lives of the process."""

    def __init__(self, kind: Kind, start_ts: int, until: int) -> None:
        self.kind = kind
        self.script = kind.script(start_ts, until)
        self.acks: dict[str, Any] = {}
        self.kills: collections.Counter[str] = collections.Counter()
        self.id: str | None = None
        self.stopped = False
        self.hurried = False
        self.sent: set[str] = set()
        self.paced = False
        self.summary: dict[str, Any] | None = None
        self.repeats = 0

    @property
    def start_id(self) -> str:
        """The command that starts it."""
        return f"start-{self.kind.name}"

    def hear(self, line: dict[str, Any]) -> None:
        """Note what is told of it."""
        event = line["event"]
        if event == "ack":
            self._acknowledged(line["id"], line["result"])
        elif event == "SessionStopped":
            self.stopped = True
        elif event == "summary":
            self.summary = line

    def _acknowledged(self, name: str, result: dict[str, Any]) -> None:
        known = self.acks.setdefault(name, result)
        if known is not result and name.startswith("submit"):
            self.repeats += 1
            same = ("client_order_id", "order_qty", "price", "side")
            assert all(known[key] == result[key] for key in same), (known, result)
        if name == self.start_id:
            self.id = result["session"]

    def waiting(self) -> list[Line]:
        """Commands that may be sent and are not acknowledged."""
        return [line for line in self.script if self._may_be_sent(line)]

    def _may_be_sent(self, line: Line) -> bool:
        """What is about an order waits until that is acknowledged."""
        do, _, number = line["id"].partition("-")
        needed = f"submit-{number}" if do in {"cancel", "replace"} else line["id"]
        return line["id"] not in self.acks and (needed == line["id"] or needed in self.acks)

    def followers(self, name: str) -> list[Line]:
        """What is about an order acknowledged just now."""
        number = name.partition("-")[2]
        wanted = {f"cancel-{number}", f"replace-{number}"}
        return [line for line in self.waiting() if line["id"] in wanted]

    def has_its_commands(self) -> bool:
        """Whether all commands of this life are safe with the child, noticed once a life."""
        if self.paced or self.hurried or self.stopped or not self.sent <= self.acks.keys():
            return False
        self.paced = True
        return True

    def new_life(self) -> None:
        """Nothing is under way to it."""
        self.hurried = self.paced = False
        self.sent = set()

    def may_hurry(self) -> bool:
        """Whether every scheduled command is safe with the child; asked for once a life."""
        scheduled = {line["id"] for line in self.script} - {"stop"}
        return scheduled <= self.acks.keys() and not self.hurried and not self.stopped


class Run:
    """Sessions from start to stop, side by side, through as many lives as it takes."""

    def __init__(self, data: Path, kinds: Sequence[Kind], until: int) -> None:
        self.data = data
        start_ts = first_ts()
        self.sessions = {kind.name: Session(kind, start_ts, until) for kind in kinds}
        self.kills: collections.Counter[str] = collections.Counter()
        self.ready = False
        self._watched: set[str] = set()

    @property
    def over(self) -> bool:
        """Whether all have stopped."""
        return all(session.stopped for session in self.sessions.values())

    # -- what the child tells, and what is asked of it ----------------------------------------

    def hear(self, line: dict[str, Any]) -> str:
        """Note one line in the record; its event."""
        event: str = line["event"]
        assert event != "refused" or line["id"] in UNREQUIRED, line
        if event == "ready":
            self.ready = True
            known = {session.id for session in self.sessions.values()} - {None}
            there = [name for name, _ in line["sessions"]]
            assert known <= set(there), (known, there)
            assert len(there) == len(set(there)) <= len(self.sessions), there
        elif "kind" in line:
            self.sessions[line["kind"]].hear(line)
        return event

    def send(self, child: Child, session: Session, line: Line) -> None:
        """Something for one session."""
        child.send({**line, "kind": session.kind.name, "session": session.id})

    def react(self, child: Child, line: dict[str, Any], rng: random.Random, many: int) -> None:
        """What follows at once from a line."""
        event = line["event"]
        if event == "ready":
            for session in self.sessions.values():
                if session.start_id in session.acks:
                    self._begin(child, session, rng, many)
                else:
                    config = session.kind.config(self.data.parent)
                    begin = {"id": session.start_id, "do": "start", "config": config}
                    self.send(child, session, begin)
        elif "kind" in line:
            self._about(child, self.sessions[line["kind"]], line, rng, many)

    def _about(
        self, child: Child, session: Session, line: dict[str, Any], rng: random.Random, many: int
    ) -> None:
        if line["event"] == "SessionPaused":
            self._resume(child, session, line["seq"])
        elif line["event"] == "ack" and line["id"] == session.start_id:
            self._begin(child, session, rng, many)
        elif line["event"] == "ack" and line["id"].startswith("submit"):
            self._command(child, session, session.followers(line["id"]))
        watched = session.kind.name in self._watched
        if line["event"] == "ack" and watched and session.has_its_commands():
            self.send(child, session, {"id": "pace", "do": "speed", "speed": SPEED})

    def _begin(self, child: Child, session: Session, rng: random.Random, many: int) -> None:
        """Look at a session, send the next commands that were not acknowledged, and one again
        that was."""
        self._watched.add(session.kind.name)
        self.send(child, session, {"do": "watch"})
        again = [line for line in session.script if line["id"] in session.acks]
        self._command(child, session, session.waiting()[:many])
        if again:
            self.send(child, session, rng.choice(again))

    def _command(self, child: Child, session: Session, lines: Iterable[Line]) -> None:
        for line in lines:
            if line["id"] != "stop":  # which is answered when it has stopped
                session.sent.add(line["id"])
            self.send(child, session, line)

    def _resume(self, child: Child, session: Session, seq: int) -> None:
        """A pause that took place is answered by one resume, at the same place on every run."""
        command_id = f"resume-{seq}"
        if command_id not in session.acks:
            self.send(child, session, {"id": command_id, "do": "resume"})

    def _hurry(self, child: Child) -> None:
        for session in self.sessions.values():
            if session.may_hurry():
                session.hurried = True
                self.send(child, session, {"id": "hurry", "do": "speed", "speed": None})

    # -- lives ------------------------------------------------------------------------------

    def _new_life(self, halt: dict[str, Any] | None) -> Child:
        self._watched = set()
        for session in self.sessions.values():
            session.new_life()
        return Child(self.data, halt, fresh=not self.ready)

    def live(
        self,
        halt: dict[str, Any] | None,
        rng: random.Random,
        seconds: float,
        *,
        to_the_end: bool = False,
    ) -> None:
        """One life: until it halts where it was told to, or for so many seconds.

        ``to_the_end`` lets it run at full speed once every command is acknowledged.
        """
        child = self._new_life(halt)
        if halt is not None:
            seconds = BOUND if to_the_end else PATIENCE
        phase = self._converse(child, rng, seconds, to_the_end)
        alive = [session for session in self.sessions.values() if not session.stopped]
        for line in child.kill():
            self.hear(line)
        for session in alive:
            assert to_the_end or not session.stopped, "it ended before its commands were sent"
            session.kills[phase] += 1
        self.kills[phase] += 1

    def _converse(self, child: Child, rng: random.Random, seconds: float, to_the_end: bool) -> str:
        ends = None
        many = len(next(iter(self.sessions.values())).script) if to_the_end else AHEAD
        while True:
            left = BOUND if ends is None else ends - time.monotonic()
            line = child.next(max(left, 0.0))
            if line is None:
                return "running"
            if self.hear(line) == "halted":
                return str(line["phase"])
            self.react(child, line, rng, many)
            if ends is None and len(self._watched) == len(self.sessions):
                ends = time.monotonic() + seconds
            if ends is not None and to_the_end:
                self._hurry(child)
            if self.over:
                return "stopped"

    def finish(self, rng: random.Random) -> dict[str, dict[str, Any]]:
        """A last life that nobody kills: at full speed to the end; how the sessions ended."""
        child = self._new_life(None)
        asked = False
        while any(session.summary is None for session in self.sessions.values()):
            line = child.next()
            assert line is not None, "the child says nothing more"
            self.hear(line)
            self.react(child, line, rng, 10_000)
            if len(self._watched) == len(self.sessions):
                self._hurry(child)
            if self.over and not asked:
                asked = True
                for session in self.sessions.values():
                    self.send(child, session, {"do": "summary"})
        child.kill()
        return {name: session.summary or {} for name, session in self.sessions.items()}
