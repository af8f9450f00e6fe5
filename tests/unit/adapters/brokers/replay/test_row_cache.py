"""Rows that are kept: the same as the recording's, and never trusted unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.recordings import HEADER, csv, quotes

from offbook.adapters.brokers.replay import row_files
from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway
from offbook.adapters.brokers.replay.row_cache import PieceReader, RowCache
from offbook.domain import row_index
from offbook.domain.config import BadRows, ReplayMarket
from offbook.domain.market_data import DataKind, QuoteSlice, TradeSlice

ROWS = 30
COLUMNS = ("ts", "bid_px", "ask_px", "bid_qty", "ask_qty", "ts_event")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks to a piece, and several pieces, the last of each a part."""
    for module in (row_files, row_index):
        monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(row_files, "PIECE", 12)


def recording(folder: Path, *, lift: int = 0) -> ReplayMarket:
    """A recording of quotes with both times."""
    lines = []
    for i in range(ROWS):
        bid = 100 + lift + i % 7
        times, sizes = f"{1704205800 + i},{1704205700 + i}", f"{1 + i % 3},{2 + i % 4}"
        lines.append(f"{times},{bid}.00,{bid + 1 + i % 5}.00,{sizes}")
    header = HEADER.replace("ts_init", "ts_init,ts_event")
    return quotes(csv(folder / "quotes.csv", header, *lines))


def cache(folder: Path) -> RowCache:
    """A cache that keeps all but the shortest recordings."""
    return RowCache(folder / "elsewhere", least_rows=10)


async def read(feed: ReplayFeed, row: int = 0) -> dict[str, list[int]]:
    """All rows from one on, by column; positions must follow one another."""
    found: dict[str, list[int]] = {name: [] for name in COLUMNS}
    while (piece := await feed.read(row, 1000)) is not None:
        assert isinstance(piece, QuoteSlice)
        assert piece.start == row
        for name in COLUMNS:
            found[name] += getattr(piece, name).tolist()
        row += len(piece)
    return found


async def read_all(market: ReplayMarket, kept: RowCache | None = None) -> dict[str, list[int]]:
    """All rows of a recording, opened anew."""
    feed = await ReplayGateway(kept).open(market)
    try:
        return await read(feed)
    finally:
        await feed.close()


def files(folder: Path) -> list[Path]:
    """What is kept beside the recordings of a folder, or elsewhere."""
    return sorted([*folder.glob(".offbook/*"), *folder.glob("elsewhere/*")])


async def test_rows_read_to_their_end_are_kept_and_are_the_same(tmp_path: Path) -> None:
    """All columns, from any row on; the recording itself is not read again."""
    market = recording(tmp_path)
    plain = await read_all(market)
    assert len(plain["ts"]) == ROWS
    assert await read_all(market, cache(tmp_path)) == plain
    (kept,) = files(tmp_path)
    assert kept.suffix == ".rows"
    assert kept.parent.name == ".offbook"
    feed = await ReplayGateway(cache(tmp_path)).open(market)
    assert type(feed._reader).__name__ == "KeptReader"
    feed._reader._inner.next = None  # type: ignore[union-attr,method-assign]  # nobody may call it
    assert await read(feed) == plain
    for row in (0, 5, 12, 29, 3):
        assert await read(feed, row) == {name: column[row:] for name, column in plain.items()}
    assert await feed.read(ROWS, 10) is None
    await feed.close()


async def test_the_extremes_are_those_of_the_blocks(tmp_path: Path) -> None:
    """Of bid, ask and mid, through every part of a slice."""
    market = recording(tmp_path)
    plain = {name: np.array(column) for name, column in (await read_all(market)).items()}
    plain["mid"] = (plain["bid_px"] + plain["ask_px"]) // 2
    await read_all(market, cache(tmp_path))
    feed = await ReplayGateway(cache(tmp_path)).open(market)
    piece = await feed.read(14, 1000)
    await feed.close()
    assert isinstance(piece, QuoteSlice)
    assert piece.index is not None
    assert piece.offset == 14
    for name in ("bid_px", "ask_px", "mid"):
        extremes = piece.index.of(name, 8)
        for block in range(8):
            rows = plain[name][4 * block : 4 * block + 4]
            assert (extremes.lows[block], extremes.highs[block]) == (rows.min(), rows.max())


async def test_prints_are_kept_too(tmp_path: Path) -> None:
    """With the side that took."""
    lines = [f"{1704205800 + i},{100 + i % 5}.00,{1 + i % 3},{'bs'[i % 2]}" for i in range(ROWS)]
    path = csv(tmp_path / "trades.csv", "ts_init,price,size,side", *lines)
    market = msgspec.structs.replace(quotes(path), kind=DataKind.TRADES)
    for _ in range(2):
        feed = await ReplayGateway(cache(tmp_path)).open(market)
        row = 0
        while (piece := await feed.read(row, 1000)) is not None:
            assert isinstance(piece, TradeSlice)
            for place in range(len(piece)):
                seen = (piece.price_px[place], piece.aggressor[place])
                assert seen == (10000 + 100 * ((row + place) % 5), 1 - 2 * ((row + place) % 2))
            row += len(piece)
        assert row == ROWS
        await feed.close()
    assert len(files(tmp_path)) == 1


async def test_what_was_not_read_to_its_end_is_not_kept(tmp_path: Path) -> None:
    """And leaves nothing behind; nor does a jump over rows."""
    market = recording(tmp_path)
    feed = await ReplayGateway(cache(tmp_path)).open(market)
    assert await feed.read(0, 4) is not None
    await feed.close()
    assert all(file.suffix != ".part" for file in files(tmp_path))
    for file in files(tmp_path):
        file.unlink()  # a recording of one piece is read ahead to its end
    reader = cache(tmp_path).reader(Pieces(tmp_path, recording_slice()), feed.info, feed.extent)
    reader.next()
    reader.seek(21)
    while reader.next() is not None:
        pass
    reader.close()
    assert files(tmp_path) == []


async def opened(folder: Path, *, lift: int = 0) -> PieceReader:
    """A reader of thirty rows, through a cache of its own as in another process."""
    feed = await ReplayGateway().open(recording(folder, lift=lift))
    await feed.close()
    return cache(folder).reader(Pieces(folder, recording_slice()), feed.info, feed.extent)


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def rest_of(reader: PieceReader) -> list[int]:
    """The times of the rows that are left."""
    found: list[int] = []
    while (piece := reader.next()) is not None:
        found += piece.ts.tolist()
    reader.close()
    return found


async def test_nothing_is_written_of_what_is_opened_and_not_read(tmp_path: Path) -> None:
    """Not even a folder."""
    reader = await opened(tmp_path)
    assert names(tmp_path) == ["quotes.csv"]
    reader.close()
    assert names(tmp_path) == ["quotes.csv"]


async def test_one_keeps_what_several_read_at_the_same_time(tmp_path: Path) -> None:
    """The others only read; when he has left before the end the next does it."""
    times = recording_slice().ts.tolist()
    first, second = await opened(tmp_path), await opened(tmp_path)
    first.next()
    assert [file.suffix for file in files(tmp_path)] == [".part"]
    assert rest_of(second) == times
    assert [file.suffix for file in files(tmp_path)] == [".part"]
    first.close()
    assert files(tmp_path) == []
    third, fourth = await opened(tmp_path), await opened(tmp_path)
    for reader in (third, fourth):
        reader.next()
    assert rest_of(third) == rest_of(fourth) == times[7:]
    (kept,) = files(tmp_path)
    assert kept.suffix == ".rows"
    assert type(await opened(tmp_path)).__name__ == "KeptReader"


async def test_what_a_process_that_is_gone_has_left_is_taken_away(tmp_path: Path) -> None:
    """Of this recording and of any other in its folder; not what is being written."""
    (tmp_path / "other").mkdir()
    busy = await opened(tmp_path / "other", lift=1)
    busy.next()
    (part,) = files(tmp_path / "other")
    folder = tmp_path / ".offbook"
    folder.mkdir()
    living = folder / part.name
    living.hardlink_to(part)
    reader = await opened(tmp_path)
    (made,) = reader._begin.args[0][:1]  # type: ignore[attr-defined]  # where it is to be kept
    for name in (f"{made.name}.part", "another.rows.part", "another.rows.77.7f.part"):
        (folder / name).write_bytes(b"x" * 99_999)
    assert rest_of(reader) == recording_slice().ts.tolist()
    assert files(tmp_path) == sorted([living, made])
    assert type(await opened(tmp_path)).__name__ == "KeptReader"
    busy.close()


async def test_rows_that_come_again_are_kept_once(tmp_path: Path) -> None:
    """After a jump back to where they were read before."""
    market = recording(tmp_path)
    feed = await ReplayGateway().open(market)
    await feed.close()
    reader = cache(tmp_path).reader(Pieces(tmp_path, recording_slice()), feed.info, feed.extent)
    for _ in range(3):
        reader.next()
    reader.seek(0)
    while reader.next() is not None:
        pass
    reader.close()
    again = cache(tmp_path).reader(Pieces(tmp_path, recording_slice()), feed.info, feed.extent)
    found: list[int] = []
    while (piece := again.next()) is not None:
        found += piece.ts.tolist()
    assert type(again).__name__ == "KeptReader"
    assert found == recording_slice().ts.tolist()


def recording_slice() -> QuoteSlice:
    """Thirty rows in memory."""
    column = np.arange(1, ROWS + 1, dtype=np.int64)
    instrument = quotes(Path("x.csv")).instrument
    return QuoteSlice(instrument, 0, column, column, column + 1, column, column)


class Pieces:
    """Reads rows that are in memory, so many at a time."""

    dropped: dict[str, int] = {}  # noqa: RUF012 - never changed

    def __init__(self, folder: Path, rows: QuoteSlice, length: int = 7) -> None:
        self.path = str(folder / "quotes.csv")
        self._rows, self._length, self._row = rows, length, 0

    def seek(self, row: int) -> int:
        self._row = row
        return row

    def next(self) -> QuoteSlice | None:
        begin = self._row
        self._row = min(begin + self._length, len(self._rows))
        return self._rows.rows(begin, self._row) if begin < len(self._rows) else None

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


async def test_a_changed_recording_has_other_rows(tmp_path: Path) -> None:
    """What is kept goes by the content, whatever the name."""
    first = await read_all(recording(tmp_path), cache(tmp_path))
    market = recording(tmp_path, lift=50)
    second = await read_all(market, cache(tmp_path))
    assert second != first
    assert second == await read_all(market)
    assert len(files(tmp_path)) == 2


Harm = Callable[[bytes], bytes]


def flipped(place: int) -> Harm:
    """One bit is another."""

    def harm(raw: bytes) -> bytes:
        at = place % len(raw)
        return raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :]

    return harm


HARMS: dict[str, Harm] = {
    "empty": lambda raw: b"",
    "torn": lambda raw: raw[: len(raw) // 2],
    "torn at the end": lambda raw: raw[:-1],
    "longer": lambda raw: raw[:100] + raw,
    "no row file": lambda raw: b"x" * 5000,
    "first row": flipped(1),
    "second column": flipped(8 * ROWS + 3),
    "last piece": flipped(8 * ROWS - 4),
    "extremes": flipped(6 * 8 * ROWS + 9),
    "footer": flipped(-150),
    "its digest": flipped(-50),
    "its end": flipped(-3),
}


@pytest.mark.parametrize("name", HARMS)
async def test_a_damaged_file_is_found_out_and_made_again(tmp_path: Path, name: str) -> None:
    """Whatever is wrong with it, the rows are those of the recording."""
    market = recording(tmp_path)
    plain = await read_all(market, cache(tmp_path))
    (kept,) = files(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes(HARMS[name](whole))
    assert await read_all(market, cache(tmp_path)) == plain
    assert not kept.exists() or kept.read_bytes() == whole
    assert await read_all(market, cache(tmp_path)) == plain
    assert kept.read_bytes() == whole


async def test_the_rows_of_another_recording_are_not_taken(tmp_path: Path) -> None:
    """However their file came to this name."""
    (tmp_path / "other").mkdir()
    await read_all(recording(tmp_path / "other", lift=9), cache(tmp_path))
    (other,) = files(tmp_path / "other")
    market = recording(tmp_path)
    plain = await read_all(market, cache(tmp_path))
    (kept,) = files(tmp_path)
    kept.write_bytes(other.read_bytes())
    assert await read_all(market, cache(tmp_path)) == plain


async def test_where_the_folder_cannot_be_written_rows_are_kept_elsewhere(tmp_path: Path) -> None:
    """And where nothing can, they are read as ever."""
    market = recording(tmp_path)
    (tmp_path / ".offbook").write_text("a file where the folder would be")
    plain = await read_all(market, cache(tmp_path))
    (kept,) = files(tmp_path)
    assert kept.parent.name == "elsewhere"
    assert await read_all(market, cache(tmp_path)) == plain
    kept.unlink()
    kept.parent.rmdir()
    (tmp_path / "elsewhere").write_text("a file here too")
    assert await read_all(market, cache(tmp_path)) == plain


async def test_short_ones_and_those_with_holes_are_not_kept(tmp_path: Path) -> None:
    """It would not be worth it, or the rows would not be all that is to be told."""
    market = recording(tmp_path)
    await read_all(market, RowCache(tmp_path / "elsewhere", least_rows=ROWS + 1))
    dropping = msgspec.structs.replace(market, bad_rows=BadRows.DROP)
    await read_all(dropping, cache(tmp_path))
    assert files(tmp_path) == []


async def test_sessions_of_one_gateway_share_what_is_open(tmp_path: Path) -> None:
    """One map, and every piece checked once."""
    market = recording(tmp_path)
    await read_all(market, cache(tmp_path))
    gateway = ReplayGateway(cache(tmp_path))
    feeds = [await gateway.open(market) for _ in range(2)]
    pieces = [await feed.read(0, 1000) for feed in feeds]
    assert pieces[0] is not None
    assert pieces[1] is not None
    assert np.shares_memory(pieces[0].ts, pieces[1].ts)
    for feed in feeds:
        await feed.close()
    assert pieces[0].ts[0] == pieces[1].ts[0]  # what was given out stays
