"""The contract of ``IMarketRecordings``, as tests for pytest with pytest-asyncio.

::

    class TestMyRecordings(RecordingsContract):
        def recordings(self, tmp_path): ...
"""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.domain.book_states import BookPhase, BooksAt, DepthState, KnownBook, KnownStatus
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.config import instruments_of, sources_of
from offbook.domain.errors import GatewayUnavailable, InvalidInput
from offbook.domain.joining import LastRow
from offbook.domain.market_data import MarketInfo
from offbook.ports.recordings import (
    ClockRow,
    IMarketRecordings,
    MarketRecording,
    RecordedPiece,
    RecordingInfo,
)
from offbook.testing.contracts.gateway import BARS, COMBINED, QUOTES, SHARES, TRADES, rows_of
from offbook.testing.markets import BuiltCombination, BuiltMarket

AnyMarket = BuiltMarket | BuiltCombination


BOOKS = BooksAt(
    row=1,
    books=(
        KnownBook(
            symbol="BTCUSDT",
            state=DepthState(
                phase=BookPhase.LIVE,
                last_seq=9,
                bids=[(10_000, 5), (9_999, 2**61)],
                asks=[],
                at=(0, 4, None),
                mark=(10_000, 10_001, 1, 1, 3, 0, None),
                begun=[(1, 9_998, 0)],
                gaps=2,
            ),
        ),
    ),
)
"""A book that has lost one side, in the middle of a message."""


class RecordingsContract:
    """Everything that recordings promise: derive a test class and say where they are kept."""

    def recordings(self, tmp_path: Path) -> IMarketRecordings:
        """The recordings of one place; called again for the same place, they are the same."""
        raise NotImplementedError

    @pytest.fixture(
        params=[QUOTES, TRADES, BARS, COMBINED, SHARES],
        ids=["quotes", "trades", "bars", "kinds", "instruments"],
    )
    def market(self, request: pytest.FixtureRequest) -> AnyMarket:
        """The market under test."""
        market: AnyMarket = request.param
        return market

    async def test_what_was_appended_is_read_however_it_is_cut(
        self, market: AnyMarket, tmp_path: Path
    ) -> None:
        made = await self.recordings(tmp_path).create(about(market))
        await append_all(made, market)
        expected = [row for part in market.slices for row in rows_of(part)]
        assert made.rows == len(expected)
        for limit in (1, 3, 1000):
            assert await read_on(made, 0, limit) == expected
        for row in (7, 0, len(expected) - 1, 5, 5):
            assert await read_on(made, row, 2) == expected[row:]
        assert await made.read(len(expected), 1) is None
        await made.close()

    async def test_what_is_read_keeps_the_promises_of_slices(
        self, market: AnyMarket, tmp_path: Path
    ) -> None:
        made = await self.recordings(tmp_path).create(about(market))
        await append_all(made, market)
        row = 0
        while (part := await made.read(row, 9)) is not None:
            assert part.start == row
            assert 1 <= len(part) <= 9
            part.check()
            row += len(part)
        await made.close()

    async def test_it_is_there_for_those_who_come_later_and_goes_on(
        self, market: AnyMarket, tmp_path: Path
    ) -> None:
        here = self.recordings(tmp_path)
        made = await here.create(about(market))
        first, *others = market.slices
        last = (LastRow(0, first.start + len(first) - 1, {"ts": 5}),)
        clock = ClockRow(len(first), int(first.ts[-1]) + 1)
        halted = (KnownStatus("BTCUSDT", halted=7, bands=(5, 0, 1)),)
        piece = RecordedPiece(rows=first, clocks=(clock,), last=last, statuses=halted, books=BOOKS)
        await made.append(piece)
        await made.close()
        again = await self.recordings(tmp_path).open("made", to_append=True)
        assert again.about == about(market)
        assert (again.rows, again.floor, again.last) == (len(first), clock.ts, last)
        assert (again.statuses, again.books) == (halted, BOOKS)
        for part in others:
            await again.append(RecordedPiece(rows=part))
        # What is in force is told with each piece, the books now and then.
        assert (again.statuses, again.books) == (() if others else halted, BOOKS)
        reading = await self.recordings(tmp_path).open("made", to_append=False)
        expected = [row for part in market.slices for row in rows_of(part)]
        assert await read_on(reading, 0, 11) == expected
        await again.close()
        await reading.close()

    async def test_clock_rows_alone_move_its_time(self, tmp_path: Path) -> None:
        made = await self.recordings(tmp_path).create(about(QUOTES))
        (first, *_) = QUOTES.slices
        await made.append(RecordedPiece(rows=None, clocks=(ClockRow(0, 3), ClockRow(0, 5))))
        assert (made.rows, made.floor) == (0, 5)
        assert await made.read(0, 1) is None
        await made.append(RecordedPiece(rows=first))
        await made.append(RecordedPiece(rows=None, clocks=(ClockRow(len(first), 2**61),)))
        assert (made.rows, made.floor) == (len(first), 2**61)
        assert await read_on(made, 0, 4) == rows_of(first)
        await made.close()

    async def test_a_reader_sees_what_is_appended_after_it_was_opened(self, tmp_path: Path) -> None:
        here = self.recordings(tmp_path)
        made = await here.create(about(QUOTES))
        reading = await here.open("made", to_append=False)
        assert await reading.read(0, 1) is None
        for part in QUOTES.slices:
            await made.append(RecordedPiece(rows=part))
            found = await reading.read(part.start, len(part))
            assert found is not None
            assert rows_of(found) == rows_of(part)[: len(found)]
        await made.close()
        await reading.close()

    async def test_a_piece_that_does_not_continue_it_is_refused(self, tmp_path: Path) -> None:
        made = await self.recordings(tmp_path).create(about(QUOTES))
        first, second, *_ = QUOTES.slices
        with pytest.raises(InvalidInput, match="was due"):
            await made.append(RecordedPiece(rows=second))
        await made.append(RecordedPiece(rows=first))
        with pytest.raises(InvalidInput, match="was due"):
            await made.append(RecordedPiece(rows=first))
        assert made.rows == len(first)
        await made.close()

    async def test_it_has_one_writer_at_a_time(self, tmp_path: Path) -> None:
        here = self.recordings(tmp_path)
        first, second, *_ = QUOTES.slices
        made = await here.create(about(QUOTES))
        await made.append(RecordedPiece(rows=first))
        with pytest.raises(InvalidInput, match="being written already"):
            await here.open("made", to_append=True)
        reading = await here.open("made", to_append=False)
        assert await read_on(reading, 0, 50) == rows_of(first)
        await reading.close()
        with pytest.raises(InvalidInput, match="being written already"):
            await here.open("made", to_append=True)
        await made.close()
        again = await here.open("made", to_append=True)
        with pytest.raises(InvalidInput, match="being written already"):
            await here.open("made", to_append=True)
        await again.append(RecordedPiece(rows=second))
        await again.close()
        await again.close()
        assert (await here.open("made", to_append=False)).rows == len(first) + len(second)

    async def test_a_read_that_makes_no_sense_is_refused(self, tmp_path: Path) -> None:
        made = await self.recordings(tmp_path).create(about(QUOTES))
        for row, limit in ((-1, 1), (0, 0)):
            with pytest.raises(ValueError, match="expected row >= 0 and limit >= 1"):
                await made.read(row, limit)
        await made.close()

    async def test_recordings_are_found_by_id_and_by_market(self, tmp_path: Path) -> None:
        here = self.recordings(tmp_path)
        assert await here.latest("key") is None
        for name in ("0-one", "1-two"):
            await (await here.create(about(QUOTES, name))).close()
        await (await here.create(about(BARS, "2-three", key="other"))).close()
        assert await here.latest("key") == "1-two"
        assert await here.latest("other") == "2-three"
        with pytest.raises(InvalidInput, match="already"):
            await here.create(about(QUOTES, "0-one"))
        for name in ("three", "../0-one", ""):
            with pytest.raises(GatewayUnavailable, match="no recording"):
                await here.open(name, to_append=False)


def about(market: AnyMarket, name: str = "made", key: str = "key") -> RecordingInfo:
    """What a recording of a market is of."""
    info = MarketInfo(
        sources=sources_of(market.config),
        instruments=instruments_of(market.config),
        data_identity=f"recording:{name}",
        calendar_identity=ALWAYS_OPEN_CALENDAR.digest(),
        clock_stops=False,
    )
    return RecordingInfo(id=name, market=key, info=info, calendars=(ALWAYS_OPEN_CALENDAR,))


async def append_all(recording: MarketRecording, market: AnyMarket) -> None:
    """Append a market slice by slice."""
    for part in market.slices:
        await recording.append(RecordedPiece(rows=part))


async def read_on(recording: MarketRecording, row: int, limit: int) -> list[tuple[int, ...]]:
    """All rows from one on, read ``limit`` at a time."""
    rows: list[tuple[int, ...]] = []
    while (part := await recording.read(row, limit)) is not None:
        rows += rows_of(part)
        row += len(part)
    return rows
