"""The one who kills: commands a child by JSON lines, keeps its own record, and judges by itself.

Nothing of offbook is imported here: the journal is read with plain SQL and chained with hashlib.
"""

from __future__ import annotations

import collections
import contextlib
import csv
import gzip
import hashlib
import json
import queue
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDING = HERE.parents[1] / "src/offbook/data/demo/btcusdt-quotes.csv.gz"
SECOND = 1_000_000_000
FULL_SPEED = "asked for full speed"
BOUND = 60.0
"""Seconds that any one answer may take before the test gives up."""
PATIENCE = 1.5
"""Seconds in which a running session must come to the place where it is to be killed, else it is
killed where it is: left to run, it would come past the commands that were sent to it."""


def first_ts() -> int:
    """Session time of the recording's first row."""
    with gzip.open(RECORDING, "rt") as file:
        return int(next(csv.DictReader(file))["ts_init"])


def session_config(speed: str | None) -> dict[str, Any]:
    """The session that is killed, as plain JSON."""
    return {
        "market": {
            "type": "replay",
            "path": str(RECORDING),
            "kind": "quotes",
            "instrument": {
                "symbol": "BTCUSDT",
                "asset_class": "crypto_spot",
                "base": "BTC",
                "quote_currency": "USDT",
                "price_precision": 2,
                "qty_precision": 5,
                "tick_size": "0.01",
                "lot_size": "0.00001",
            },
        },
        "account": {"currency": "USDT", "initial_cash": "100000"},
        "strategy": {"ref": f"{HERE / 'churn_strategy.py'}:Churn"},
        "seed": 7,
        "speed": speed,
    }


def script(start_ts: int, until: int) -> list[dict[str, Any]]:
    """The outside commands of a run, each for a session time, in the order of their times."""
    lines: list[dict[str, Any]] = []
    for number, second in enumerate(range(20, until - 30, 12)):
        side = "SELL" if number % 5 == 4 else "BUY"
        order = {"symbol": "BTCUSDT", "side": side, "order_qty": "0.004"}
        if number % 3 == 1:
            order |= {"order_type": "LIMIT", "price": str(61500 + number), "time_in_force": "DAY"}
        order["client_order_id"] = f"outside-{number}"
        at = start_ts + second * SECOND + 17
        lines.append({"id": f"submit-{number}", "do": "submit", "order": order, "at": at})
        if number % 3 == 1:
            order_id = f"outside-{number}"
            at = start_ts + (second + 7) * SECOND + 3
            lines.append({"id": f"cancel-{number}", "do": "cancel", "order": order_id, "at": at})
    for number, second in enumerate(range(45, until - 30, 110)):
        at = start_ts + second * SECOND + 1
        lines.append({"id": f"pause-{number}", "do": "pause", "at": at})
    lines.append({"id": "stop", "do": "stop", "at": start_ts + until * SECOND})
    return sorted(lines, key=lambda line: line["at"])


class Child:
    """One life of the process."""

    def __init__(self, data: Path, halt: dict[str, Any] | None, *, fresh: bool) -> None:
        spec = {"data": str(data), "halt": halt, "fresh": fresh}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "killed_child.py"), json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=HERE.parents[1],
        )
        self.lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.errors: list[bytes] = []
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            self.lines.put(json.loads(raw))
        self.lines.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)

    def send(self, line: dict[str, Any]) -> None:
        """A command; a child that is dead or halted may never take it."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(line).encode() + b"\n")
            self.process.stdin.flush()

    def next(self, within: float = BOUND) -> dict[str, Any] | None:
        """The next line; None when none came in that time. Fails when the child died by itself."""
        try:
            line = self.lines.get(timeout=within)
        except queue.Empty:
            return None
        if line is None:
            self.process.wait(BOUND)
            text = b"".join(self.errors).decode()
            raise AssertionError(f"the child ended by itself: {self.process.returncode}\n{text}")
        return line

    def kill(self) -> list[dict[str, Any]]:
        """SIGKILL; what it had told before and nobody had read yet."""
        self.process.kill()
        self.process.wait(BOUND)
        for reader in self._readers:
            reader.join(BOUND)
        told = []
        while not self.lines.empty():
            line = self.lines.get()
            if line is not None:
                told.append(line)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        return told


class Run:
    """One session from start to stop, through as many lives as it takes."""

    def __init__(self, data: Path, until: int, speed: str | None) -> None:
        self.data = data
        self.start_ts = first_ts()
        self.speed = speed
        self.script = script(self.start_ts, until)
        self.acks: dict[str, Any] = {}
        self.kills: collections.Counter[str] = collections.Counter()
        self.session: str | None = None
        self.stopped = False
        self.summary: dict[str, Any] | None = None
        self.ready = False
        self.repeats = 0

    # -- what the child tells ---------------------------------------------------------------

    def hear(self, line: dict[str, Any]) -> str:
        """Note one line in the record; its event."""
        event: str = line["event"]
        if event == "ack":
            known = self.acks.get(line["id"])
            if known is None:
                self.acks[line["id"]] = line["result"]
            elif line["id"].startswith("submit"):
                self.repeats += 1
                same = ("client_order_id", "order_qty", "price", "side")
                assert all(known[key] == line["result"][key] for key in same), (known, line)
            if line["id"] == "start":
                self.session = line["result"]["session"]
        elif event == "refused":
            raise AssertionError(f"refused: {line}")
        elif event == "ready":
            self.ready = True
            if line["sessions"]:
                assert len(line["sessions"]) == 1, line
                self.session = line["sessions"][0][0]
        elif event == "SessionStopped":
            self.stopped = True
        elif event == "summary":
            self.summary = line
        return event

    # -- what is asked of it ----------------------------------------------------------------

    def begin(self, child: Child) -> None:
        """Start the session, or ask for the answer again; then look at it."""
        if "start" not in self.acks:
            child.send({"id": "start", "do": "start", "config": session_config(self.speed)})

    def command(self, child: Child, rng: random.Random, many: int) -> None:
        """Send the next commands that were not acknowledged, and one again that was."""
        waiting = [line for line in self.script if self._may_be_sent(line)]
        again = [line for line in self.script if line["id"] in self.acks]
        for line in waiting[:many]:
            child.send({**line, "session": self.session})
        if again:
            child.send({**rng.choice(again), "session": self.session})

    def _may_be_sent(self, line: dict[str, Any]) -> bool:
        """A cancel waits until its order is acknowledged."""
        order = line["id"].replace("cancel", "submit")
        return line["id"] not in self.acks and (order == line["id"] or order in self.acks)

    def follow_up(self, child: Child, line: dict[str, Any]) -> None:
        """The cancel that belongs to an order acknowledged just now."""
        wanted = line["id"].replace("submit", "cancel")
        for command in self.script:
            if command["id"] == wanted and self._may_be_sent(command):
                child.send({**command, "session": self.session})

    def resume(self, child: Child, seq: int) -> None:
        """A pause that took place is answered by one resume, at the same place on every run."""
        command_id = f"resume-{seq}"
        if command_id not in self.acks:
            child.send({"id": command_id, "do": "resume", "session": self.session})

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
        self.acks.pop(FULL_SPEED, None)
        child = Child(self.data, halt, fresh=not self.ready)
        if halt is not None:
            seconds = BOUND if to_the_end else PATIENCE
        phase = self._converse(child, rng, seconds, to_the_end)
        for line in child.kill():
            self.hear(line)
        assert to_the_end or not self.stopped, "it ended before all commands were sent to it"
        self.kills[phase] += 1

    def _converse(self, child: Child, rng: random.Random, seconds: float, to_the_end: bool) -> str:
        ends = None
        watched = False
        while True:
            left = BOUND if ends is None else ends - time.monotonic()
            line = child.next(max(left, 0.0))
            if line is None:
                return "running"
            event = self.hear(line)
            if event == "halted":
                return str(line["phase"])
            if event == "ready":
                self.begin(child)
            if event == "SessionPaused":
                self.resume(child, line["seq"])
            if event == "ack" and line["id"].startswith("submit"):
                self.follow_up(child, line)
            if self.session is not None and not watched and self.ready:
                watched = True
                child.send({"do": "watch", "session": self.session})
                self.command(child, rng, len(self.script) if to_the_end else 12)
                ends = time.monotonic() + seconds
            if watched and to_the_end:
                self._hurry(child)
            if self.stopped:
                return "stopped"

    def finish(self, rng: random.Random) -> dict[str, Any]:
        """A last life that nobody kills: at full speed to the end; how the session ended."""
        self.acks.pop(FULL_SPEED, None)
        child = Child(self.data, None, fresh=not self.ready)
        asked = False
        while self.summary is None:
            line = child.next()
            assert line is not None, "the child says nothing more"
            event = self.hear(line)
            if event == "ready":
                self.begin(child)
            if event == "SessionPaused":
                self.resume(child, line["seq"])
            if event == "ack" and line["id"].startswith("submit"):
                self.follow_up(child, line)
            if self.session is not None and self.ready and not asked:
                asked = True
                child.send({"do": "watch", "session": self.session})
                self.command(child, rng, len(self.script))
            if asked:
                self._hurry(child)
            if self.stopped:
                child.send({"do": "summary", "session": self.session})
        child.kill()
        return self.summary

    def _hurry(self, child: Child) -> None:
        """Ask for full speed, once, when every scheduled command is safe with the child."""
        scheduled = {line["id"] for line in self.script} - {"stop"}
        if scheduled <= self.acks.keys() and FULL_SPEED not in self.acks:
            self.acks[FULL_SPEED] = True
            child.send({"id": "speed", "do": "speed", "session": self.session, "speed": None})


# -- judging by the file alone ------------------------------------------------------------------


def journal(data: Path, session: str) -> list[dict[str, Any]]:
    """Every record of a session, its chain computed again and compared with the stored head."""
    with sqlite3.connect(f"file:{data / 'store' / 'sessions.sqlite3'}?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        batches = db.execute(
            "SELECT first_seq, records, head FROM journal WHERE session_id = ? ORDER BY first_seq",
            (session,),
        ).fetchall()
    db.close()
    head, records = bytes(32), []
    for first_seq, blob, stored_head in batches:
        assert first_seq == len(records) + 1, "the sequence has a hole"
        for raw in bytes(blob).split(b"\n"):
            head = hashlib.sha256(head + raw).digest()
            records.append(json.loads(raw))
            assert records[-1]["seq"] == len(records)
        assert head == stored_head, "the stored head is of other records"
    return records


def check_nothing_lost_or_doubled(run: Run, records: list[dict[str, Any]]) -> None:
    """Each acknowledged command stands in the journal once; no order and no trade twice."""
    taken = collections.Counter(
        record["command"]["command_id"] for record in records if record["kind"] == "CommandTaken.1"
    )
    expected = {line["id"] for line in run.script} | {"start"}
    expected |= {name for name in run.acks if name.startswith("resume-")}
    assert {name: taken[name] for name in expected} == dict.fromkeys(expected, 1)
    assert set(taken) == expected
    for kind, key in (("OrderSubmitted.1", "client_order_id"), ("OrderFilled.1", "exec_id")):
        names = [record[key] for record in records if record["kind"] == kind]
        assert len(names) == len(set(names)), kind
    check_cash(records)


def check_cash(records: list[dict[str, Any]]) -> None:
    """Cash and holdings, added up again from prices and quantities alone."""
    from decimal import Decimal

    cash, held = Decimal("100000"), Decimal(0)
    for record in records:
        if record["kind"] != "OrderFilled.1":
            continue
        sign = 1 if record["side"] == "BUY" else -1
        qty = Decimal(record["last_qty"]).scaleb(-5)
        cash -= sign * qty * Decimal(record["last_px"]).scaleb(-2) + Decimal(record["fee"])
        held += sign * qty
        assert Decimal(record["position_qty"]).scaleb(-5) == held >= 0
        assert cash >= 0
    stopped = records[-1]
    assert stopped["kind"] == "SessionStopped.1"
    assert Decimal(stopped["cash"]) == cash
