"""What crashes and bad disks leave of a recording."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from offbook.adapters.recordings import rows_file
from offbook.adapters.recordings.files import FileRecordings
from offbook.adapters.recordings.frames import PREFIX
from offbook.domain.errors import BadMarketData, GatewayUnavailable, StorageUnavailable
from offbook.ports.recordings import ClockRow, RecordedPiece
from offbook.testing.contracts.gateway import COMBINED, QUOTES, TRADES, rows_of
from offbook.testing.contracts.recordings import about, append_all, read_on

PARTS = QUOTES.slices
EXPECTED = [row for part in PARTS for row in rows_of(part)]


async def written(place: Path, parts: Any = PARTS) -> Path:
    """A recording of quotes, closed; its file of rows."""
    made = await FileRecordings(place).create(about(QUOTES))
    for part in parts:
        await made.append(RecordedPiece(rows=part))
    await made.close()
    return place / "made" / "rows.obr"


async def opened_and_read(place: Path) -> None:
    """What anybody does who goes on with it."""
    found = await FileRecordings(place).open("made", to_append=True)
    try:
        await found.read(0, 1)
    finally:
        await found.close()


async def test_a_frame_that_was_broken_off_is_no_row(tmp_path: Path) -> None:
    """At every byte: what was durable before is there, and the recording goes on after it."""
    path = await written(tmp_path)
    whole = path.read_bytes()
    last = len(whole) - whole.rindex(b"OBR1")
    kept = sum(len(part) for part in PARTS[:-1])
    for missing in {*range(1, last, 7), last - 1, last - PREFIX.size, last - PREFIX.size + 1}:
        path.write_bytes(whole[:-missing])
        reading = await FileRecordings(tmp_path).open("made", to_append=False)
        assert await read_on(reading, 0, 9) == EXPECTED[:kept]
        await reading.close()
        again = await FileRecordings(tmp_path).open("made", to_append=True)
        assert again.rows == kept
        await again.append(RecordedPiece(rows=PARTS[-1]))
        assert await read_on(again, 0, 9) == EXPECTED
        await again.close()
        assert path.read_bytes() == whole


@pytest.mark.parametrize("junk", [bytes(40), bytes(5000), b"OBR1", b"\xff" * 700])
async def test_what_was_allocated_and_not_written_is_no_row(tmp_path: Path, junk: bytes) -> None:
    """A file system may have made the file longer without its content."""
    path = await written(tmp_path, PARTS[:1])
    with path.open("ab") as file:
        file.write(junk)
    again = await FileRecordings(tmp_path).open("made", to_append=True)
    for part in PARTS[1:]:
        await again.append(RecordedPiece(rows=part))
    assert await read_on(again, 0, 50) == EXPECTED
    await again.close()


async def test_damage_before_the_end_is_told_and_nothing_is_cut_off(tmp_path: Path) -> None:
    """One wrong bit in a length, a header or a column."""
    path = await written(tmp_path)
    whole = path.read_bytes()
    second = whole.index(b"OBR1", 1)
    for place in (1, 6, 14, 20, PREFIX.size + 3, second - 9):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(BadMarketData, match="damaged"):
            await opened_and_read(tmp_path)
        assert path.read_bytes() == bytes(damaged)


async def test_a_write_that_fails_did_not_happen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the write or the flush fails; later it is written anew, and once."""
    made = await FileRecordings(tmp_path).create(about(QUOTES))
    await made.append(RecordedPiece(rows=PARTS[0]))

    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for broken in ("write_at", "_sync"):
        with monkeypatch.context() as patched:
            patched.setattr(rows_file, broken, full)
            with pytest.raises(StorageUnavailable, match="No space left"):
                await made.append(RecordedPiece(rows=PARTS[1]))
        assert made.rows == len(PARTS[0])
        assert await read_on(made, 0, 50) == rows_of(PARTS[0])
    for part in PARTS[1:]:
        await made.append(RecordedPiece(rows=part))
    assert await read_on(made, 0, 50) == EXPECTED
    await made.close()
    again = await FileRecordings(tmp_path).open("made", to_append=False)
    assert await read_on(again, 0, 50) == EXPECTED
    await again.close()


async def test_small_frames_are_read_together(tmp_path: Path) -> None:
    """A market that came row by row is not read row by row; where the columns change, it ends."""
    made = await FileRecordings(tmp_path).create(about(TRADES))
    rows = TRADES.slices[0]
    for place in range(6):
        clock = ClockRow(place, int(rows.ts[place]))
        await made.append(RecordedPiece(rows=None, clocks=(clock,)))
        await made.append(RecordedPiece(rows=rows.rows(place, place + 1)))
    plain = TRADES.slices[0].rows(6, 9)
    plain.ts_event = None  # type: ignore[union-attr]  # these are prints
    await made.append(RecordedPiece(rows=plain))
    found = await made.read(1, 100)
    assert found is not None
    assert (found.start, len(found)) == (1, 5)
    rest = await made.read(6, 100)
    assert rest is not None
    assert (rest.start, len(rest)) == (6, 3)
    await made.close()


async def test_reading_some_sources_keeps_them_apart(tmp_path: Path) -> None:
    """A merged market, read from the middle."""
    made = await FileRecordings(tmp_path).create(about(COMBINED))
    await append_all(made, COMBINED)
    expected = [row for part in COMBINED.slices for row in rows_of(part)]
    for row in (1, 49, 50, 51, len(expected) - 1):
        part = await made.read(row, 1000)
        assert part is not None
        part.check()
        assert rows_of(part) == expected[row : row + len(part)]
    await made.close()


async def test_a_recording_without_its_description_is_none(tmp_path: Path) -> None:
    """One that was broken off while it was made is not there; one that is damaged says so."""
    await written(tmp_path)
    about_file = tmp_path / "made" / "about.json"
    raw = about_file.read_bytes()
    about_file.write_bytes(raw[:-5])
    with pytest.raises(BadMarketData, match="damaged"):
        await FileRecordings(tmp_path).open("made", to_append=False)
    about_file.unlink()
    with pytest.raises(GatewayUnavailable, match="no recording"):
        await FileRecordings(tmp_path).open("made", to_append=False)
    assert await FileRecordings(tmp_path).latest("key") is None


async def test_one_damaged_description_is_no_other_recordings_trouble(tmp_path: Path) -> None:
    """Others are found past it, and its own market is given the one before, or a new one."""
    here = FileRecordings(tmp_path)
    for name, key in (("0", "one"), ("1", "one"), ("2", "two"), ("3", "three")):
        await (await here.create(about(QUOTES, name, key))).close()
    for name in ("1", "3"):
        (tmp_path / name / "about.json").write_bytes(b'{"id":')
    assert [await here.latest(key) for key in ("one", "two", "three")] == ["0", "2", None]
    with pytest.raises(BadMarketData, match="damaged"):
        await here.open("3", to_append=True)


async def test_a_recording_that_cannot_be_closed_well_is_let_go_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk's last word is told once, and the recording can be gone on with."""
    here = FileRecordings(tmp_path)
    made = await here.create(about(QUOTES))
    await made.append(RecordedPiece(rows=PARTS[0]))
    with monkeypatch.context() as patch:
        patch.setattr(rows_file.RowsFile, "close", _no_space)
        with pytest.raises(StorageUnavailable, match="No space"):
            await made.close()
    await made.close()
    again = await here.open("made", to_append=True)
    assert again.rows == len(PARTS[0])
    await again.close()


def _no_space(rows: rows_file.RowsFile) -> None:
    rows._let_go()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_closed_recording_says_so(tmp_path: Path) -> None:
    """Twice is allowed."""
    made = await FileRecordings(tmp_path).create(about(QUOTES))
    await made.close()
    await made.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await made.read(0, 1)
