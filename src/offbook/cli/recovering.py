"""``offbook recover``: sessions whose process is gone are taken over and carried on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from offbook.bootstrap import find_stored, list_stored, open_store
from offbook.cli.driving import BrokenOff, Driver, driven
from offbook.cli.failures import FAILURE, REFUSED, TERMINATED
from offbook.cli.looking import tell_unreadable, unreadable_document
from offbook.cli.loop import run_async
from offbook.cli.running import ended_well
from offbook.cli.shell import Shell, paint, short
from offbook.domain.config import symbols_of
from offbook.domain.errors import OffbookError, StoreOwned
from offbook.domain.session import (
    LifecycleCommand,
    PaperTradingSession,
    SessionStatus,
    invalid_transition,
)
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.reporting.formatting import counted, reached, strategy_name

_S = SessionStatus
_GOES_ON = (_S.STARTING, _S.RUNNING, _S.STOPPING)
_WAITING = (*_GOES_ON, _S.PAUSED)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of the sessions that are found, and how many processes rebuild them."""

    stop: bool = False
    resume: bool = False
    full_speed: bool = False
    jobs: int | None = None


class Outcome(msgspec.Struct):
    """What became of them: taken over, not recovered (id, reason, message), run elsewhere.

    ``broken_off`` is the exit code of a recovery that was broken off, else 0; ``left`` are the
    sessions that then still wait to be recovered.
    """

    taken: list[tuple[PaperTradingSession, Path]] = []
    failed: list[tuple[str, str, str]] = []
    elsewhere: list[tuple[str, Path, str]] = []
    unreadable: list[dict[str, Any]] = []
    suspended: bool = False
    broken_off: int = 0
    left: list[str] = []


def recover_sessions(shell: Shell, references: Sequence[str], wanted: Wanted) -> int:
    """Take over what is asked for, or all; gives the exit code."""
    outcome = run_async(shell, _recover(shell, references, wanted))
    if shell.json:
        shell.document(_document(outcome))
    else:
        _print_outcome(outcome, shell)
    if outcome.broken_off:
        return outcome.broken_off
    if outcome.suspended:
        return TERMINATED
    if outcome.elsewhere and references and not outcome.taken:
        return REFUSED
    ended = all(ended_well(session) == 0 for session, _ in outcome.taken)
    return 0 if ended and not outcome.failed and not outcome.unreadable else FAILURE


async def _recover(shell: Shell, references: Sequence[str], wanted: Wanted) -> Outcome:
    outcome = Outcome()
    for store, ids in (await _by_store(shell, references, outcome)).items():
        if outcome.broken_off:
            outcome.left += ids
            continue
        try:
            await _in_store(shell, store, ids, wanted, outcome)
        except StoreOwned as error:
            holder = str(error.fields.get("holder", "another process"))
            outcome.elsewhere += [(session_id, store, holder) for session_id in ids]
        if outcome.suspended:
            break
    return outcome


async def _in_store(
    shell: Shell, store: Path, ids: list[str], wanted: Wanted, outcome: Outcome
) -> None:
    jobs = wanted.jobs if wanted.jobs is not None else shell.settings.value("recovery", "jobs")
    async with open_store(shell.data_dir, exact=store) as repository:
        async with driven(shell, repository, recovery_jobs=jobs) as driver:
            try:
                await _take_over(driver, ids, wanted, outcome, shell)
            except BrokenOff as asked:
                outcome.broken_off = asked.code
        lost = {session_id for session_id, _, _ in outcome.failed}
        taken = [await repository.get(session_id) for session_id in ids if session_id not in lost]
        if outcome.broken_off:
            outcome.left += [session.id for session in taken if session.status in _WAITING]
            taken = [session for session in taken if session.status not in _WAITING]
        outcome.taken += [(session, store) for session in taken]


async def _by_store(
    shell: Shell, references: Sequence[str], outcome: Outcome
) -> dict[Path, list[str]]:
    """The sessions to take over, with the stores they are in.

    Raises SessionNotFound, and InvalidTransition for one that is named and over.
    """
    if references:
        found = [await find_stored(shell.data_dir, reference) for reference in references]
        for listed in found:
            if listed.session.status is _S.STOPPED:
                raise invalid_transition(listed.session, LifecycleCommand.RESUME)
    else:
        listing = await list_stored(shell.data_dir)
        found = [listed for listed in listing.sessions if listed.session.status in _WAITING]
        tell_unreadable(shell, listing.unreadable)
        outcome.unreadable = unreadable_document(listing.unreadable)
    stores: dict[Path, list[str]] = {}
    for listed in found:
        ids = stores.setdefault(listed.store, [])
        if listed.session.id not in ids:
            ids.append(listed.session.id)
    return stores


async def _take_over(
    driver: Driver,
    ids: list[str],
    wanted: Wanted,
    outcome: Outcome,
    shell: Shell,
) -> None:
    """Raises BrokenOff."""
    manager = driver.manager
    await driver.unless_broken_off(_take_up(manager, ids, wanted, outcome, shell))
    if wanted.stop:
        return
    now = [await manager.get_session(session_id) for session_id in ids]
    going = [session for session in now if session.status in _GOES_ON]
    if going:
        await driver.drive(going)
        outcome.suspended = driver.suspended


async def _take_up(
    manager: PaperTradingSessionManager,
    ids: list[str],
    wanted: Wanted,
    outcome: Outcome,
    shell: Shell,
) -> None:
    """Bring sessions to where they run, or stop them."""
    sessions = [await manager.get_session(session_id) for session_id in ids]
    for session in sessions:
        shell.note(f"found {_described(session)}")
    if wanted.stop:
        await _each(manager.stop_session, ids, outcome)
        return
    report = await manager.recover_sessions(ids)
    outcome.failed += [(f.session_id, f.reason, f.message) for f in report.failed]
    if wanted.resume:
        again = [s.id for s in sessions if s.status in (_S.PAUSED, _S.FAILED)]
        lost = {session_id for session_id, _, _ in outcome.failed}
        await _each(manager.resume_session, [i for i in again if i not in lost], outcome)
    for session_id in report.recovered:
        if wanted.full_speed:
            with suppress(OffbookError):  # it may have come to its end already
                await manager.set_speed(session_id, None)
        shell.note(f"  {short(session_id)}: rebuilt from its journal, every byte the same")


async def _each(command: Any, ids: Sequence[str], outcome: Outcome) -> None:
    """One command for each, the trouble of one being no concern of the rest."""
    for session_id in ids:
        try:
            await command(session_id)
        except OffbookError as error:
            outcome.failed.append((session_id, error.code, str(error)))


def _described(session: PaperTradingSession) -> str:
    config, summary = session.config, session.summary
    name = strategy_name(None if config.strategy is None else config.strategy.ref)
    fills = "" if summary is None else f", {counted(summary.fills, 'fill')}"
    return (
        f"{short(session.id)}  {session.status.value}  {name} on "
        f"{symbols_of(config.market)} {reached(session.cursor.ts)}{fills}"
    )


def _print_outcome(outcome: Outcome, shell: Shell) -> None:
    for session, _ in outcome.taken:
        why = f" ({session.status_reason})" if session.status_reason else ""
        shell.say(f"{_described(session)}{why}")
        named = short(session.id)
        if session.status is _S.PAUSED:
            shell.say(f"  go on  {shell.command('recover', named, '--resume')}")
        else:
            shell.say(f"  look   {shell.command('show', named)}")
    for session_id, _, message in outcome.failed:
        shell.say(paint(f"{short(session_id)} not recovered: {message}", "red", sys.stdout))
    for session_id, _, holder in outcome.elsewhere:
        shell.say(f"{short(session_id)} is left alone: it is run by {holder}")
    if outcome.broken_off:
        waiting = counted(len(outcome.left), "session")
        shell.say(f"broken off; to be recovered: {waiting}, with {shell.command('recover')}")
    elif not (outcome.taken or outcome.failed or outcome.elsewhere or outcome.unreadable):
        shell.say("nothing to recover: no session is waiting for a process")


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "recovered": [
            {
                "session_id": session.id,
                "status": session.status.value,
                "status_reason": session.status_reason,
                "store": str(store),
            }
            for session, store in outcome.taken
        ],
        "failed": [
            {"session_id": session_id, "reason": reason, "message": message}
            for session_id, reason, message in outcome.failed
        ],
        "elsewhere": [
            {"session_id": session_id, "store": str(store), "holder": holder}
            for session_id, store, holder in outcome.elsewhere
        ],
        "unreadable": outcome.unreadable,
        "left": outcome.left,
    }
