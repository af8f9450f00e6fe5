"""A snapshot that is of no use costs time, not the session: the journal is there."""

import re
from collections.abc import Callable

import msgspec
import pytest
from tests.stage import Stage, Trader, chain, eventually

from offbook.domain import storing
from offbook.domain.errors import JournalDamaged
from offbook.domain.journal import OperationKind, Snapshot
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Attach
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.snapshotting import unpacked

Damage = Callable[[Snapshot], bytes]


def _changed(**fields: object) -> Damage:
    return lambda snapshot: storing.encode_snapshot(msgspec.structs.replace(snapshot, **fields))


def _wrong_memory(snapshot: Snapshot) -> bytes:
    """Sound to look at, but the strategy is three quotes on."""
    state, found = re.subn(
        rb'"seen":(\d+)', lambda m: b'"seen":%d' % (int(m[1]) + 3), unpacked(snapshot.state)
    )
    assert found == 1
    return storing.encode_snapshot(msgspec.structs.replace(snapshot, state=state))


DAMAGES: dict[str, Damage] = {
    "no state": _changed(state=b"{}"),
    "cut short": lambda s: _changed(state=s.state[:-9])(s),
    "of another chain": _changed(head=bytes(32)),
    "of a later record": _changed(seq=10**9),
    "of an earlier record": _changed(seq=1),
    "of no record": _changed(seq=-1),
    "wrong memory": _wrong_memory,
    "unreadable": lambda snapshot: storing.encode_snapshot(snapshot)[:-9],
    "empty": lambda _: b"",
}


async def _killed(stage: Stage, seconds: float = 40) -> list[int]:
    """A session that ran for a while; the records after which its two snapshots were taken."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.clock.advance(seconds)
        await eventually(lambda: _has_rows(manager, int(seconds) + 1))
        stage.kill()
    found = [seq for seq, _ in stage.repository._rows["a"].snapshots]
    assert len(found) == 2
    return found


async def _has_rows(manager: PaperTradingSessionManager, rows: int) -> bool:
    return (await manager.progress("a")).cursor.row == rows


async def _ended(stage: Stage) -> list[bytes]:
    """Take it up, run it to its end; its chain."""
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert report.recovered == ("a",)
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        return await chain(stage.repository, "a")


async def _undisturbed() -> list[bytes]:
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        await manager.wait("a")
    return await chain(stage.repository, "a")


@pytest.mark.parametrize("both", [False, True], ids=["newest", "both"])
@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_snapshot_is_left_out_and_told(
    damage: str, both: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on from the one before, or from the start, with the same bytes."""
    stage = Stage(strategy=Trader)
    places = await _killed(stage)
    kept = stage.repository._rows["a"].snapshots
    for place in (0, 1) if both else (1,):
        seq, raw = kept[place]
        kept[place] = (seq, DAMAGES[damage](storing.decode_snapshot(raw)))
    restored = _restored_to(monkeypatch)
    assert await _ended(stage) == await _undisturbed()
    told = [
        operation.detail
        for operation in await stage.repository.operations("a")
        if operation.kind is OperationKind.ERROR
    ]
    assert len(told) == (2 if both else 1)
    assert all(line.startswith("snapshot_damaged: ") for line in told)
    for line, place in zip(told, reversed(places), strict=False):
        assert f"at record {place} is of no use" in line
    assert (places[0] in restored) is (not both or damage == "wrong memory")


@pytest.mark.parametrize("fault", ["unreadable", "of a later record"])
async def test_a_store_that_does_not_say_which_one_is_damaged(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on from the start, for the one before cannot be asked for."""
    stage = Stage(strategy=Trader)
    await _killed(stage)
    found = await stage.repository.latest_snapshot("a")
    assert found is not None

    async def latest(*_: object, **__: object) -> Snapshot:
        if fault == "unreadable":
            raise JournalDamaged("a stored snapshot cannot be read")
        return msgspec.structs.replace(found, seq=10**9)

    monkeypatch.setattr(stage.repository, "latest_snapshot", latest)
    restored = _restored_to(monkeypatch)
    assert await _ended(stage) == await _undisturbed()
    assert not restored


def _restored_to(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After which records engines were brought back from snapshots."""
    found: list[int] = []
    restore = ProcessingEngine.restore

    def watched(self: ProcessingEngine, attach: Attach, state: bytes) -> None:
        restore(self, attach, state)
        found.append(self.last_seq)

    monkeypatch.setattr(ProcessingEngine, "restore", watched)
    return found


async def test_a_sound_snapshot_is_stored_soon_after() -> None:
    """Else every further recovery would meet the damaged one, and run from far back."""
    stage = Stage(strategy=Trader)
    places = await _killed(stage)
    kept = stage.repository._rows["a"].snapshots
    kept[1] = (places[1], b"")
    async with stage.manager() as manager:
        await manager.recover_sessions()
        await eventually(lambda: kept[-1][1] != b"" and len(kept) == 2)
        session = await stage.repository.get("a")
        assert kept[-1][0] == session.last_seq
        stage.kill()
    assert await _ended(stage) == await _undisturbed()
    assert (
        sum(
            operation.kind is OperationKind.ERROR
            for operation in await stage.repository.operations("a")
        )
        == 1
    )
