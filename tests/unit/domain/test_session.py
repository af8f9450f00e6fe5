"""The table of a session's life, entry by entry."""

import itertools

import msgspec
import pytest

from offbook.domain.errors import InvalidTransition
from offbook.domain.session import (
    LIFECYCLE,
    STATUS_CHANGES,
    LifecycleCommand,
    PaperTradingSession,
    SessionStatus,
    Verdict,
    invalid_transition,
)
from offbook.testing.sessions import new_session

S, C, V = SessionStatus, LifecycleCommand, Verdict
COMMANDS = (C.PAUSE, C.RESUME, C.STOP, C.BOOT)

# Written down a second time: whoever changes the life of a session says so twice.
EXPECTED = {
    S.STARTING: (V.AWAIT_START, V.INVALID, V.CANCEL_START, V.CARRY_ON_START),
    S.RUNNING: (V.PAUSE, V.INVALID, V.STOP, V.RECOVER),
    S.PAUSED: (V.INVALID, V.RESUME, V.STOP, V.RECOVER),
    S.STOPPING: (V.INVALID, V.INVALID, V.JOIN_STOP, V.FINISH_STOP),
    S.STOPPED: (V.INVALID, V.INVALID, V.INVALID, V.NOTHING),
    S.FAILED: (V.INVALID, V.RECOVER_AND_RUN, V.STOP_BY_FOLD, V.NOTHING),
}

MAY_FOLLOW = {
    S.STARTING: {S.RUNNING, S.PAUSED, S.STOPPED, S.FAILED},
    S.RUNNING: {S.PAUSED, S.STOPPING, S.STOPPED, S.FAILED},
    S.PAUSED: {S.RUNNING, S.STOPPING, S.STOPPED, S.FAILED},
    S.STOPPING: {S.STOPPED, S.FAILED},
    S.STOPPED: set(),
    S.FAILED: {S.STARTING, S.STOPPED},
}


def at(status: SessionStatus) -> PaperTradingSession:
    """A session in a status."""
    return new_session(status=status)


def test_every_state_and_every_command_is_listed() -> None:
    """Nothing is decided by being absent."""
    assert set(LIFECYCLE) == set(SessionStatus)
    for commands in LIFECYCLE.values():
        assert set(commands) == set(LifecycleCommand)
    assert set(STATUS_CHANGES) == set(SessionStatus)
    used = {verdict for commands in LIFECYCLE.values() for verdict in commands.values()}
    assert used == set(Verdict)


@pytest.mark.parametrize(
    ("status", "command"),
    list(itertools.product(SessionStatus, LifecycleCommand)),
    ids=lambda member: member.value,
)
def test_a_command_gets_its_verdict_or_a_refusal_with_the_session(
    status: SessionStatus, command: LifecycleCommand
) -> None:
    """A refusal changes nothing and shows what is."""
    session = at(status)
    before = msgspec.structs.replace(session)
    expected = EXPECTED[status][COMMANDS.index(command)]
    if expected is not Verdict.INVALID:
        assert session.verdict(command) is expected
    else:
        with pytest.raises(InvalidTransition) as caught:
            session.verdict(command)
        assert caught.value.session is session
        assert caught.value.fields == {
            "session_id": session.id,
            "status": status.value,
            "command": command.value,
        }
        assert f"cannot {command.value} session {session.id}" in str(caught.value)
    assert session == before


@pytest.mark.parametrize("status", SessionStatus, ids=lambda status: status.value)
def test_a_refusal_names_what_is_allowed_and_nothing_else(status: SessionStatus) -> None:
    """Booting is no command of users, so it is not proposed."""
    text = str(invalid_transition(at(status), C.PAUSE))
    allowed = [
        command.value
        for command, verdict in zip(COMMANDS, EXPECTED[status], strict=True)
        if verdict is not V.INVALID and command is not C.BOOT
    ]
    hint = f"allowed now: {', '.join(allowed)}" if allowed else "it is final: start a new one"
    assert text.endswith(hint)


@pytest.mark.parametrize(
    ("before", "after"),
    list(itertools.product(SessionStatus, SessionStatus)),
    ids=lambda status: status.value,
)
def test_a_status_follows_another_only_where_the_table_has_it(
    before: SessionStatus, after: SessionStatus
) -> None:
    """To be saved again unchanged is always allowed; nothing but status and reason changes."""
    session = at(before)
    if after is before or after in MAY_FOLLOW[before]:
        moved = session.with_status(after, "because")
        assert (moved.status, moved.status_reason) == (after, "because")
        assert msgspec.structs.replace(moved, status=before, status_reason=None) == session
    else:
        with pytest.raises(InvalidTransition, match=f"{before.value} to {after.value}"):
            session.with_status(after)
    assert STATUS_CHANGES[before] == MAY_FOLLOW[before]


@pytest.mark.parametrize("status", SessionStatus, ids=lambda status: status.value)
def test_only_stopped_is_final(status: SessionStatus) -> None:
    """What failed can be resumed or stopped; what stopped is over."""
    assert status.is_final is (status is S.STOPPED)
    assert status.is_final is (not STATUS_CHANGES[status])
    assert status.value == status.name


def test_every_status_can_come_to_stopped() -> None:
    """No session is beyond being ended."""
    for status in set(SessionStatus) - {S.STOPPED}:
        assert S.STOPPED in STATUS_CHANGES[status]


def test_a_new_reason_replaces_the_old_one() -> None:
    """Without one, nothing stale is left behind."""
    paused = at(S.RUNNING).with_status(S.PAUSED, "strategy_error")
    assert paused.with_status(S.RUNNING).status_reason is None
