"""The log of a live market: one order, taken once, never changed afterwards."""

from random import Random

import numpy as np
import pytest

from offbook.domain.config import instruments_of, sources_of
from offbook.domain.joining import LastRow
from offbook.domain.market_data import Cursor, MarketInfo, MarketSlice, MergedSlice, QuoteSlice
from offbook.engine.rows.rows import rows_of as objects_of
from offbook.ports.recordings import ClockRow
from offbook.services.market_hub.chunks import CHUNK_ROWS
from offbook.services.market_hub.log import MarketLog
from offbook.testing.contracts.gateway import BARS, COMBINED, QUOTES, SHARES, TRADES, rows_of
from offbook.testing.markets import XYZ, BuiltCombination, BuiltMarket, quotes_market

MARKETS = [QUOTES, TRADES, BARS, COMBINED, SHARES]


def info_of(market: BuiltMarket | BuiltCombination) -> MarketInfo:
    """What a market is."""
    return MarketInfo(
        sources=sources_of(market.config),
        instruments=instruments_of(market.config),
        data_identity="data",
        calendar_identity="hours",
        clock_stops=False,
    )


def log_of(market: BuiltMarket | BuiltCombination, **begin: object) -> MarketLog:
    """An empty log of a market."""
    return MarketLog(info_of(market), **begin)  # type: ignore[arg-type]  # the caller's to fit


def all_rows(log: MarketLog, row: int = 0) -> list[tuple[int, ...]]:
    """Everything that is in memory from a position on."""
    found: list[tuple[int, ...]] = []
    while (part := log.from_row(row)) is not None:
        assert part.start == row
        part.check()
        found += rows_of(part)
        row += len(part)
    return found


def walk(rows: int) -> QuoteSlice:
    """Many quotes, a nanosecond apart."""
    step = np.arange(rows, dtype=np.int64)
    return QuoteSlice(XYZ, 0, step + 1, step + 100, step + 101, step % 7, step % 5)


@pytest.mark.parametrize("market", MARKETS, ids=["quotes", "trades", "bars", "kinds", "shares"])
@pytest.mark.parametrize("seed", range(3))
def test_what_was_added_is_read_from_any_row_on(
    market: BuiltMarket | BuiltCombination, seed: int
) -> None:
    """However it was cut as it came."""
    rng, log = Random(seed), log_of(market)
    for part in market.slices:
        begin = 0
        while begin < len(part):
            end = min(begin + rng.randint(1, 9), len(part))
            log.add(0, part.rows(begin, end))
            begin = end
    expected = [row for part in market.slices for row in rows_of(part)]
    assert log.rows == len(expected)
    for row in (0, 1, len(expected) // 2, len(expected) - 1):
        assert all_rows(log, row) == expected[row:]
    assert log.from_row(len(expected)) is None
    assert log.late == 0


def test_rows_of_one_source_at_a_time_are_merged_as_they_come() -> None:
    """The order of arrival is the market's order."""
    log = log_of(COMBINED)
    merged = [part for part in COMBINED.slices if isinstance(part, MergedSlice)]
    expected = [row for part in merged for row in rows_of(part)]
    for part in merged:
        for place in range(len(part)):
            ((source, one),) = part.rows(place, place + 1).parts()
            log.add(source, one)
    assert all_rows(log) == expected


def test_views_given_before_never_change() -> None:
    """A session may hold rows for long while the log grows under it, over many chunks."""
    rows, log = walk(3 * CHUNK_ROWS), log_of(quotes_market([("1", "2")], instrument=XYZ))
    log.add(0, rows.rows(0, 10))
    early = log.from_row(3)
    assert early is not None
    before = rows_of(early)
    log.add(0, rows.rows(10, 3 * CHUNK_ROWS))
    assert rows_of(early) == before == rows_of(rows)[3:10]
    assert all_rows(log, 5) == rows_of(rows)[5:]


def test_a_late_row_is_taken_under_the_time_that_was_reached() -> None:
    """Session time never runs backwards, and time that has passed has passed."""
    log = log_of(quotes_market([("1", "2")]))
    times = [[10, 10, 20], [15, 25], [21, 40, 50], [50]]
    log.add(0, quotes_market([("1", "2")] * 3, times=times[0]).slices[0])
    log.add(0, quotes_market([("1", "2")] * 2, times=times[1]).slices[0])
    assert log.pass_time(29)
    assert not log.pass_time(29)
    assert not log.pass_time(3)
    log.add(0, quotes_market([("1", "2")] * 3, times=times[2]).slices[0])
    log.add(0, quotes_market([("1", "2")], times=times[3]).slices[0])
    assert [row[0] for row in all_rows(log)] == [10, 10, 20, 20, 25, 30, 40, 50, 50]
    assert (log.late, log.floor) == (2, 50)


def test_pieces_hold_everything_once_and_in_order() -> None:
    """Rows, the clock rows among them, and the last row of each source."""
    log = log_of(COMBINED)
    first, *others = COMBINED.slices
    log.pass_time(int(first.ts[0]) - 5)
    log.add(0, first)
    log.pass_time(int(first.ts[-1]))
    piece = log.unsaved()
    assert piece is not None
    assert piece.rows is not None
    assert rows_of(piece.rows) == rows_of(first)
    assert piece.clocks == (
        ClockRow(0, int(first.ts[0]) - 4),
        ClockRow(len(first), int(first.ts[-1]) + 1),
    )
    assert piece.last == log.last()
    log.saved(piece)
    assert log.durable == Cursor(row=len(first), ts=int(first.ts[-1]) + 1)
    assert log.unsaved() is None
    for part in others:
        log.add(0, part)
    again = log.unsaved()
    assert again is not None
    assert again.rows is not None
    assert again.rows.start == len(first)
    assert again.clocks == ()
    log.saved(again)
    assert log.unsaved() is None


def test_it_goes_on_where_a_recording_ended() -> None:
    """Positions, time and last rows are those of the recording."""
    known = (LastRow(0, 41, {"ts": 7}),)
    log = log_of(QUOTES, rows=42, floor=2**61, last=known)
    assert log.last() == known
    assert log.from_row(0) is None
    log.add(0, QUOTES.slices[0])
    assert log.from_row(41) is None
    assert [row[0] for row in all_rows(log, 42)] == [2**61] * len(QUOTES.slices[0])
    (last,) = log.last()
    assert last.row == log.rows - 1


def test_only_what_is_durable_is_forgotten() -> None:
    """And about as many rows as asked stay in memory; the last rows are known all the same."""
    rows, log = walk(5 * CHUNK_ROWS), log_of(quotes_market([("1", "2")], instrument=XYZ))
    log.add(0, rows)
    log.forget(10)
    assert log.in_memory == 0
    while log.durable.row < 3 * CHUNK_ROWS:
        piece = log.unsaved()
        assert piece is not None
        log.saved(piece)
    log.forget(10)
    assert log.in_memory == 3 * CHUNK_ROWS
    assert log.from_row(0) is None
    assert log.from_row(3 * CHUNK_ROWS) is not None
    assert log.last()[0].row == log.rows - 1


def test_rows_are_made_into_objects_once_for_all() -> None:
    """Only where several share them, and never another than each would make."""
    rows, log = walk(2 * CHUNK_ROWS), log_of(quotes_market([("1", "2")], instrument=XYZ))
    log.add(0, rows)
    part: MarketSlice | None = log.from_row(100)
    assert isinstance(part, QuoteSlice)
    assert part.made is not None
    assert part.made.of(100, 1000) is None
    log.maker.shared = True
    made = part.made.of(100, 1000)
    assert made is not None
    assert list(made) == list(objects_of(rows.rows(100, 1100)))
    again = part.rows(50, 90).made
    assert again is not None
    shared = again.of(150, 40)
    assert shared is not None
    assert all(one is other for one, other in zip(shared, made[50:], strict=False))
    assert part.made.of(2000, 3) is None
