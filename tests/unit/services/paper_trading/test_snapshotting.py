"""Large snapshots are written in turns with everybody else, and stored when they are done."""

import asyncio
import itertools
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from tests.stage import (
    SECOND,
    SMALL,
    Stage,
    Trader,
    chain,
    eventually,
    limit_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.config import AtEnd
from offbook.domain.journal import Snapshot
from offbook.domain.market_data import Cursor
from offbook.domain.session import SessionStatus
from offbook.engine import capture as capturing
from offbook.engine.capture import Captured, Held, Piece
from offbook.services.paper_trading import snapshotting
from offbook.services.paper_trading.snapshotting import AT_ONCE, SnapshotMaker, unpacked
from offbook.services.paper_trading.verification import ReplayOutcome

PLACE = Snapshot(seq=7, cursor=Cursor(row=3, ts=4), head=bytes(32), state=b"")


def held(name: str, entries: dict[Any, Any]) -> Held:
    """A map as it is now; of what grows where it stands, the map itself."""
    return Held(name, entries.copy() if name == "orders" else entries, len(entries))


class Told:
    """Stands in for a captured state; ``on_piece`` is called as each piece is asked for."""

    def __init__(self, pieces: list[bytes], on_piece: Any = None, entries: int = AT_ONCE + 1):
        self.entries = entries
        self.mark = None
        self._pieces = pieces
        self._on_piece = on_piece or (lambda: None)

    def pieces(self) -> Iterator[Piece]:
        for piece in self._pieces:
            self._on_piece()
            yield Piece(piece)

    def whole(self) -> bytes:
        return b"".join(self._pieces)


class Line:
    """Whoever is told of a snapshot."""

    def __init__(self) -> None:
        self.ready = 0
        self.failed: list[tuple[int, str]] = []
        self.maker = SnapshotMaker(self._on_ready, self._on_failed)

    def _on_ready(self) -> None:
        self.ready += 1

    def _on_failed(self, seq: int, error: BaseException) -> None:
        self.failed.append((seq, str(error)))


@pytest.fixture
def _all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshotting, "AT_ONCE", -1)
    monkeypatch.setattr(snapshotting, "_FLUSH_BYTES", 1)


async def test_a_small_one_is_there_at_once() -> None:
    """And as the engine gave it."""
    line = Line()
    line.maker.begin(Told([b"{", b"}"], entries=AT_ONCE), PLACE)
    made = line.maker.take()
    assert made is not None
    assert (made.seq, made.cursor, made.state) == (7, PLACE.cursor, b"{}")
    assert unpacked(made.state) == b"{}"
    assert line.maker.take() is None


@pytest.mark.usefixtures("_all_are_large")
async def test_others_have_their_turns_between_the_pieces_of_a_large_one() -> None:
    """However many pieces there are: each finds the loop to have gone round since the last."""
    line, turns, seen = Line(), [0], []

    async def other() -> None:
        while not line.ready:
            turns[0] += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    pieces = [b"{"] + [b'"%d":0,' % number for number in range(20)] + [b"}"]
    line.maker.begin(Told(pieces, lambda: seen.append(turns[0])), PLACE)
    assert line.maker.is_busy
    assert not seen, "the call itself writes nothing"
    await line.maker.finish()
    await beside
    assert all(before < after for before, after in itertools.pairwise(seen)), seen
    made = line.maker.take()
    assert made is not None
    assert unpacked(made.state) == b"".join(pieces)
    assert made.state != b"".join(pieces)


async def test_one_that_is_given_up_is_never_stored() -> None:
    """Neither when another takes its place, nor when the session ends."""
    line = Line()
    line.maker.begin(Told([b"{first}"]), PLACE)
    line.maker.begin(Told([b"{second}"]), PLACE)
    await line.maker.finish()
    made = line.maker.take()
    assert made is not None
    assert (unpacked(made.state), line.ready) == (b"{second}", 1)
    line.maker.begin(Told([b"{third}"]), PLACE)
    line.maker.close()
    await settle()
    assert (line.maker.is_busy, line.maker.is_ready, line.ready) == (False, False, 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_goes_wrong_is_told() -> None:
    """With the record that it would have stood at."""

    def breaks() -> None:
        raise ValueError("no such piece")

    line = Line()
    line.maker.begin(Told([b"{}"], breaks), PLACE)
    await line.maker.finish()
    assert line.failed == [(7, "no such piece")]
    assert (line.maker.is_ready, line.ready) == (False, 0)


def test_bytes_that_were_never_packed_are_left_to_the_engine() -> None:
    """Which refuses them in its own words."""
    assert unpacked(b"\xff") == b"\xff"
    assert unpacked(zlib.compress(b'{"a":1}')) == b'{"a":1}', "as older stores hold them"


@pytest.mark.usefixtures("_all_are_large")
async def test_bytes_that_were_damaged_are_left_to_the_engine_too() -> None:
    line = Line()
    line.maker.begin(Told([b"{}"]), PLACE)
    await line.maker.finish()
    made = line.maker.take()
    assert made is not None
    assert unpacked(made.state) == b"{}"
    for place in range(1, len(made.state)):
        damaged = bytearray(made.state)
        damaged[place] ^= 1
        assert unpacked(bytes(damaged)) == bytes(damaged)


@pytest.mark.usefixtures("_all_are_large")
async def test_pieces_that_did_not_change_are_not_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor are those that did change taken from the snapshot before, wherever it was given up."""
    written: list[dict[Any, Any]] = []
    text = Piece.text

    def noted(piece: Piece) -> bytes:
        if piece.entries is not None:
            written.append(piece.entries)
        return text(piece)

    monkeypatch.setattr(Piece, "text", noted)
    monkeypatch.setattr(capturing, "PIECE", 4)
    chance = Random(3)
    orders, names = dict.fromkeys(range(40), 0), {"a": 1}
    maker = Line().maker
    spared = 0
    for number in range(60):
        for _ in range(chance.randrange(3)):
            orders[chance.randrange(len(orders))] = number
        orders |= dict.fromkeys(range(len(orders), len(orders) + chance.randrange(4)), 0)
        captured = Captured(b"[\0,\0]", [held("orders", orders), held("lists", names)])
        whole = captured.whole()
        pieces = sum(piece.entries is not None for piece in captured.pieces())
        written.clear()
        maker.begin(captured, PLACE)
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        if chance.random() < 0.3:
            maker.close()
            continue
        await maker.finish()
        made = maker.take()
        assert made is not None
        assert unpacked(made.state) == whole, number
        assert names in written, "what grows where it stands is written each time"
        spared += pieces - len(written)
    assert spared > 200


@pytest.mark.usefixtures("_all_are_large")
@pytest.mark.parametrize("runner", ["near", "encoded"])
async def test_a_session_is_taken_up_from_a_large_snapshot(runner: str) -> None:
    """Stored later than it was taken, with what came since run again: the same chain as of one that
    was never interrupted, and verified."""
    chains = []
    for kills in (True, False):
        stage = Stage(wave(), Trader, runner=runner)
        manager = stage.manager()
        await manager.start_session(stage.config(speed="1", at_end=AtEnd.PAUSE), session_id="a")
        later = [(n, stage.market.slices[0].ts[0] + 40 * SECOND + n) for n in range(5)]
        for number, at in later:
            order = limit_order("99.00", client_order_id=f"o{number}")
            await manager.submit_order("a", order, command_id=f"c{number}", at=int(at))
        await manager.set_speed("a", None)

        async def stored(least: int, stage: Stage = stage) -> bool:
            snapshot = await stage.repository.latest_snapshot("a")
            return snapshot is not None and snapshot.seq >= least

        await eventually(lambda: stored(20))
        if kills:
            stage.kill()
            await manager.shutdown()
            manager = stage.manager()
            await manager.recover_sessions()
            await manager.set_speed("a", None)  # again: a pace belongs to the process
        session = await manager.wait("a")
        assert session.status is SessionStatus.PAUSED
        snapshot = await stage.repository.latest_snapshot("a")
        assert snapshot is not None
        assert not snapshot.state.startswith(b"{")
        verified = await manager.verify("a")
        assert verified.outcome is ReplayOutcome.EQUAL
        chains.append(await chain(stage.repository, "a"))
        await manager.shutdown()
        await quiet(stage, manager)
    assert chains[0] == chains[1]


@pytest.mark.usefixtures("_all_are_large")
async def test_one_that_is_written_is_stored_though_the_next_falls_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often that is: each that is written to its end is stored, in order."""
    begun: list[int] = []
    makers: set[SnapshotMaker] = set()
    begin = SnapshotMaker.begin

    def noted(maker: SnapshotMaker, captured: Any, place: Snapshot) -> None:
        begun.append(place.seq)
        makers.add(maker)
        begin(maker, captured, place)

    monkeypatch.setattr(SnapshotMaker, "begin", noted)
    limits = msgspec.structs.replace(SMALL, snapshot_rows=1)
    stage = Stage(wave(600), Trader, limits=limits)
    saved: list[int] = []
    save = stage.repository.save

    async def seen(session: Any, batch: Any, **more: Any) -> Any:
        for maker in makers:
            await maker.finish()  # so that it is written when the next falls due
        if batch is not None and batch.snapshot is not None:
            saved.append(batch.snapshot.seq)
        return await save(session, batch, **more)

    monkeypatch.setattr(stage.repository, "save", seen)
    manager = stage.manager()
    await manager.start_session(stage.config(), session_id="a")
    assert (await manager.wait("a")).status is SessionStatus.STOPPED
    assert saved
    # All but one that was being written when the session stopped.
    assert saved in (begun, begun[:-1])
    await manager.shutdown()
    await quiet(stage, manager)


@pytest.mark.usefixtures("_all_are_large")
async def test_who_pauses_again_and_again_has_snapshots_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is being made is not given up for that of the next pause, which comes after it."""
    stage = Stage(wave(600), Trader, limits=msgspec.structs.replace(SMALL, snapshot_rows=10**9))
    manager = stage.manager()
    await manager.start_session(stage.config(), session_id="a")
    await manager.set_speed("a", "1")
    given_up: list[int] = []
    close = SnapshotMaker.close

    def noted(maker: SnapshotMaker) -> None:
        given_up.append(maker.is_busy)
        close(maker)

    monkeypatch.setattr(SnapshotMaker, "close", noted)
    for _ in range(6):
        await manager.pause_session("a")
        await manager.resume_session("a")
    paused = await manager.pause_session("a")
    assert not any(given_up)
    snapshots = stage.repository.latest_snapshot
    # The last pause's own comes when the one before it is stored.
    await eventually(lambda: _is_of(snapshots, paused.last_seq))
    await manager.stop_session("a")
    await manager.shutdown()
    await quiet(stage, manager)


async def _is_of(snapshots: Any, seq: int) -> bool:
    found = await snapshots("a")
    return found is not None and found.seq >= seq


@pytest.mark.usefixtures("_all_are_large")
async def test_that_one_cannot_be_made_is_stored_while_nothing_else_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def failing(*arguments: Any) -> Snapshot:
        await settle()  # until the pause is stored
        raise MemoryError("too large")

    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await settle()
        monkeypatch.setattr(snapshotting, "_made", failing)
        await manager.pause_session("a")

        async def is_told() -> bool:
            lines = await stage.repository.operations("a")
            return any("no snapshot" in line.detail for line in lines)

        await eventually(is_told, turns=500)
    await quiet(stage, manager)
