"""What is stored of a session, as values that go through their stored form unchanged."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from offbook.domain import storing
from offbook.domain.commands import Pause
from offbook.domain.config import PauseOrders
from offbook.domain.errors import InvalidInput, JournalDamaged
from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    OperationKind,
    ScheduledCommand,
    Snapshot,
)
from offbook.domain.market_data import Cursor
from offbook.domain.session import (
    PaperTradingSession,
    SessionError,
    SessionHealth,
    SessionStatus,
    SessionSummary,
    StopParameters,
)
from offbook.domain.values import Amount
from offbook.testing.sessions import new_session

RICH = new_session(
    status=SessionStatus.STOPPING,
    stop_parameters=StopParameters(flatten=True, deadline_ns=5),
    cursor=Cursor(row=3, ts=4),
    summary=SessionSummary(
        cash=Amount.parse("0.000000000000000001"),
        equity=Amount.parse("-1.5"),
        fees=Amount(0),
        realized=Amount(10**30),
        positions={"BTCUSDT": "0.01"},
    ),
)
SCHEDULED = ScheduledCommand(
    at=5, ordinal=1, command=Pause(command_id="c", orders=PauseOrders.KEEP)
)
OPERATION = Operation(at=datetime(2026, 1, 5, tzinfo=UTC), kind=OperationKind.OWNED, detail="pid 1")
SNAPSHOT = Snapshot(seq=2, cursor=Cursor(row=1, ts=2), head=bytes(32), state=b"\x00\xff\n")
ANSWER = CommandAnswer(command_id="c", body_digest="d", answer=b"\x00{}")

CONFIG = storing.encode_config(RICH.config)
FORMS: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any], object]] = {
    "apart": (
        storing.encode_without_config,
        lambda raw: storing.decode_with_config(raw, CONFIG),
        RICH,
    ),
    "configuration": (
        lambda session: storing.encode_config(session.config),
        lambda raw: storing.decode_with_config(storing.encode_without_config(RICH), raw),
        RICH,
    ),
    "session": (storing.encode_session, storing.decode_session, RICH),
    "scheduled": (storing.encode_scheduled, storing.decode_scheduled, SCHEDULED),
    "operation": (storing.encode_operation, storing.decode_operation, OPERATION),
    "snapshot": (storing.encode_snapshot, storing.decode_snapshot, SNAPSHOT),
    "answer": (storing.encode_answer, storing.decode_answer, ANSWER),
}


def test_lines_of_the_operations_log_are_written_together_and_leave_nothing_in_memory() -> None:
    """Each commit writes some: msgspec 0.22 never lets go of the iterator of a tuple of lines."""
    lines = (OPERATION, OPERATION)
    joined = storing.encode_operations(lines)
    assert [storing.decode_operation(raw) for raw in joined.split(storing.NEWLINE)] == [*lines]
    before = sys.getallocatedblocks()
    for _ in range(1_000):
        storing.encode_operations(lines)
    assert sys.getallocatedblocks() - before < 500


@pytest.mark.parametrize("form", FORMS)
def test_what_is_stored_reads_back_equal(form: str) -> None:
    """And writes the same bytes again."""
    encode, decode, value = FORMS[form]
    raw = encode(value)
    assert decode(raw) == value
    assert encode(decode(raw)) == raw


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("raw", [b"", b"\xff", b"{}", b"[1]"])
def test_what_cannot_be_read_is_damage(form: str, raw: bytes) -> None:
    """Never an error of the decoder's own."""
    with pytest.raises(JournalDamaged, match="cannot be read"):
        FORMS[form][1](raw)


def test_nothing_of_a_session_is_lost_apart_from_its_configuration() -> None:
    """Each field, at another value than the one it has by itself."""
    at = datetime(2026, 1, 6, tzinfo=UTC)
    full = msgspec.structs.replace(
        RICH,
        started_at=at,
        stopped_at=at,
        status_reason="why",
        health=SessionHealth.LAGGING,
        health_detail="so",
        version=7,
        epoch=3,
        last_seq=9,
        chain_head="ab",
        start_command_id="c",
        error=SessionError(code="x", message="y"),
        parent_id="p",
    )
    for field in msgspec.structs.fields(PaperTradingSession):
        assert getattr(full, field.name) != field.default, field.name
    assert storing.decode_with_config(storing.encode_without_config(full), CONFIG) == full


def test_sessions_of_one_configuration_share_it() -> None:
    """It is most of a session, and never changes."""
    raw = storing.encode_without_config(RICH)
    one, other = (storing.decode_with_config(raw, bytes(bytearray(CONFIG))) for _ in range(2))
    assert one.config is other.config
    another = msgspec.structs.replace(RICH.config, seed=RICH.config.seed + 1)
    third = storing.decode_with_config(raw, storing.encode_config(another))
    assert third.config == another != one.config


def test_a_session_that_holds_a_configuration_keeps_it() -> None:
    """As one that was stored before they were kept apart."""
    another = storing.encode_config(msgspec.structs.replace(RICH.config, seed=5))
    assert storing.decode_with_config(storing.encode_session(RICH), another) == RICH


def test_an_amount_stored_as_a_number_is_damage() -> None:
    """Amounts are text, and nothing else is taken for one."""
    raw = storing.encode_session(RICH).replace(b'"equity":"-1.5"', b'"equity":-1.5')
    with pytest.raises(JournalDamaged):
        storing.decode_session(raw)


@pytest.mark.parametrize(
    ("first", "count", "last"), [(1, 0, 0), (1, 1, 1), (5, 3, 7)], ids=["none", "one", "three"]
)
def test_a_batch_knows_where_it_ends(first: int, count: int, last: int) -> None:
    """An empty one ends before it begins."""
    batch = JournalBatch(first_seq=first, records=(b"x",) * count, head=bytes(32), cursor=Cursor())
    assert batch.last_seq == last


def test_records_of_a_batch_are_joined_by_lines() -> None:
    """So a record is one line, or the batch could not be parted again."""
    records = (b'{"a":1}', b'{"b":2}')
    assert storing.join_records(records).split(storing.NEWLINE) == list(records)
    for bad in ((b"a\nb",), (b"",), (b"a", b""), (b"a\n", b"b")):
        with pytest.raises(InvalidInput, match="one line"):
            storing.join_records(bad)


def test_cursors_are_ordered_by_row_then_time() -> None:
    """Further on is greater."""
    assert Cursor() < Cursor(row=0, ts=1) < Cursor(row=1, ts=0) < Cursor(row=1, ts=9)
