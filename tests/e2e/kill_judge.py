"""Judging killed sessions by the store's file alone, with plain SQL, hashlib and Decimal.

Nothing of offbook is imported here.
"""

from __future__ import annotations

import collections
import hashlib
import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.kill_parent import Session


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


def check_nothing_lost_or_doubled(session: Session, records: list[dict[str, Any]]) -> None:
    """Each acknowledged command stands in the journal once; no order and no trade twice."""
    taken = collections.Counter(
        record["command"]["command_id"] for record in records if record["kind"] == "CommandTaken.1"
    )
    expected = {line["id"] for line in session.script} | {session.start_id}
    expected |= {name for name in session.acks if name.startswith("resume-")}
    assert {name: taken[name] for name in expected} == dict.fromkeys(expected, 1)
    assert set(taken) == expected
    for kind, key in (("OrderSubmitted.1", "client_order_id"), ("OrderFilled.1", "exec_id")):
        names = [record[key] for record in records if record["kind"] == kind]
        assert len(names) == len(set(names)), kind
    missing = set(session.kind.shows) - {record["kind"].partition(".")[0] for record in records}
    assert not missing, f"{session.kind.name} shows no {missing}"
    check_money(records)
    if session.kind.name == "margin":
        fills = [record for record in records if record["kind"] == "OrderFilled.1"]
        assert min(record["position_qty"] for record in fills) < 0, "it was never short"
    if session.kind.name == "plain":
        check_cash(records)


def check_money(records: list[dict[str, Any]]) -> None:
    """Every posting has its counterpart, and cash is what all of them come to."""
    cash: dict[str, Decimal] = collections.defaultdict(Decimal)
    for record in records:
        legs = record.get("postings") or record.get("opening") or []
        sums: dict[str, Decimal] = collections.defaultdict(Decimal)
        for account, currency, amount in legs:
            sums[currency] += Decimal(amount)
            if account == "cash":
                cash[currency] += Decimal(amount)
        assert not any(sums.values()), record
    stopped = records[-1]
    assert stopped["kind"] == "SessionStopped.1"
    told = {name: Decimal(text) for name, text in stopped["balances"].items()}
    assert {name: amount for name, amount in cash.items() if amount} == told


def check_cash(records: list[dict[str, Any]]) -> None:
    """Cash and holdings, added up again from prices and quantities alone."""
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
    assert Decimal(records[-1]["cash"]) == cash
