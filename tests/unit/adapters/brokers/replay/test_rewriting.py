"""Bars summed up from rows, decimals that are found, recordings looked into and written anew."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.recordings import NS, csv, first_slice, parquet, quotes

from offbook.adapters.brokers.replay.converting import convert_recording
from offbook.adapters.brokers.replay.decimals import find_precision
from offbook.adapters.brokers.replay.inspecting import inspect_recording
from offbook.adapters.brokers.replay.summing import BarSummer
from offbook.domain.errors import BadMarketData, InvalidInput
from offbook.domain.market_data import BarSlice, SourceSlice
from offbook.domain.values import MAX_UNITS
from offbook.testing.contracts.gateway import QUOTES, TRADES, rows_of
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    SECOND,
    START,
    bars_market,
    quotes_market,
    trades_market,
    write_csv,
)

NAMES = ["ts_init", "bid", "ask", "bid_size", "ask_size"]


def summed(pieces: Sequence[SourceSlice], timeframe_ns: int) -> list[tuple[int, ...]]:
    summer = BarSummer(BTCUSDT, timeframe_ns)
    bars = [*(summer.take(piece) for piece in pieces), summer.finish()]
    found: list[tuple[int, ...]] = []
    for part in bars:
        if part is not None:
            part.check()
            found += rows_of(part)
    return found


def plainly(rows: Sequence[tuple[int, ...]], timeframe_ns: int) -> list[tuple[int, ...]]:
    """Bars of (ts, price, size), one row at a time."""
    bars: dict[int, list[int]] = {}
    for ts, price, size in rows:
        opens = ts - ts % timeframe_ns
        bar = bars.setdefault(opens, [price, price, price, price, 0])
        bar[1], bar[2], bar[3] = max(bar[1], price), min(bar[2], price), price
        bar[4] += size
    return [(opens + timeframe_ns, opens, *bar) for opens, bar in bars.items()]


def test_bars_are_those_of_a_plain_reading_however_rows_are_cut() -> None:
    draw = random.Random(3)
    for _ in range(20):
        count = draw.randrange(1, 60)
        times = sorted(START + draw.randrange(100) * SECOND for _ in range(count))
        rows = [(f"{draw.randrange(1, 500)}", f"{draw.randrange(1, 9)}") for _ in range(count)]
        market = trades_market(rows, times=times, cut=draw.randrange(1, count + 1))
        plain = [row[:3] for part in market.slices for row in rows_of(part)]
        assert summed(market.slices, 7 * SECOND) == plainly(plain, 7 * SECOND)


def test_quotes_give_their_middle_and_bars_belong_where_they_end() -> None:
    market = quotes_market([("1.00", "1.01"), ("1.02", "1.04")])
    opens = START - START % MINUTE
    assert summed(market.slices, MINUTE) == [(opens + MINUTE, opens, 100, 103, 100, 103, 0)]
    bars = bars_market([("1", "9", "1", "2", "1"), ("2", "3", "2", "3", "5")], start=opens)
    assert summed(bars.slices, 2 * MINUTE) == [
        (opens + 2 * MINUTE, opens, 100, 900, 100, 300, 600_000)
    ]
    assert len(summed(bars.slices, MINUTE)) == 2


def test_a_volume_beyond_64_bits_is_summed_exactly() -> None:
    market = trades_market([("1", "1")] * 4)
    part = market.slices[0]
    part.size_qty = np.full(4, MAX_UNITS - 1, dtype=np.int64)  # type: ignore[union-attr] # they are prints
    with pytest.raises(OverflowError):
        summed([part], MINUTE)


@pytest.mark.parametrize(
    ("sql_type", "values", "decimals"),
    [
        ("VARCHAR", ["1", "1.50", "1.0250", "1e-6", "2.5E+2"], 6),
        ("DOUBLE", ["1", "0.1", "1e-7", "123456.75"], 7),
        ("FLOAT", ["0.5", "0.25"], 2),
        ("DECIMAL(18,8)", ["1.5", "2.12500000"], 3),
        ("BIGINT", ["7"], 0),
        ("VARCHAR", ["nan", "", "x.123"], 3),
    ],
)
def test_decimals_are_counted_without_zeros_at_their_end(
    tmp_path: Path, sql_type: str, values: list[str], decimals: int
) -> None:
    columns = {name: ["1704205800"] * len(values) for name in NAMES} | {"bid": values}
    types = dict.fromkeys(NAMES, "BIGINT") | {"bid": sql_type}
    market = quotes(parquet(tmp_path / "q.parquet", columns, types))
    assert find_precision(market) == (decimals, 0)


def test_more_decimals_than_can_be_stored_are_refused_with_their_row(tmp_path: Path) -> None:
    values = ["0.1", "0.30000000000000004"]
    columns = {name: ["1704205800"] * 2 for name in NAMES} | {"ask": values}
    types = dict.fromkeys(NAMES, "BIGINT") | {"ask": "DOUBLE"}
    market = quotes(parquet(tmp_path / "q.parquet", columns, types))
    with pytest.raises(BadMarketData) as caught:
        find_precision(market)
    assert "row 2, column ask: '0.30000000000000004' has more than 12" in str(caught.value)


@pytest.mark.parametrize(
    ("sql_type", "value", "unit"),
    [
        ("BIGINT", "1704205800000", "ms since 1970"),
        ("TIMESTAMP", "2024-01-02 14:30:00", "TIMESTAMP, taken as Europe/Berlin"),
        ("TIMESTAMPTZ", "2024-01-02 14:30:00+00", "TIMESTAMP WITH TIME ZONE"),
        ("VARCHAR", "2024-01-02T14:30:00Z", "text with an offset"),
        ("VARCHAR", "2024-01-02T14:30:00", "text without an offset, taken as Europe/Berlin"),
    ],
)
def test_the_unit_of_time_is_told(tmp_path: Path, sql_type: str, value: str, unit: str) -> None:
    columns = {name: ["1"] for name in NAMES} | {"ts_init": [value]}
    types = dict.fromkeys(NAMES, "BIGINT") | {"ts_init": sql_type}
    path = parquet(tmp_path / "q.parquet", columns, types)
    assert inspect_recording(str(path), timezone="Europe/Berlin").time_unit == unit


def test_many_files_are_looked_into_as_one(tmp_path: Path) -> None:
    for number in range(3):
        rows = [f"{1704205800 + 10 * number + n},{n % 2},2,1,1" for n in range(4)]
        csv(tmp_path / f"{number}.csv", ",".join(NAMES), *rows)
    found = inspect_recording(str(tmp_path))
    assert (len(found.files), found.rows, found.bad) == (3, 6, {"not_positive": 6})
    assert [(Path(bad.file).name, bad.row) for bad in found.examples][:3] == [
        ("0.csv", 1), ("0.csv", 3), ("1.csv", 1),
    ]  # fmt: skip
    assert (found.first_ts, found.last_ts) == (NS + SECOND, NS + 23 * SECOND)
    assert [gap.ends - gap.begins for gap in found.gaps] == [8 * SECOND, 8 * SECOND, 2 * SECOND]


def test_a_recording_with_both_times_tells_its_delays(tmp_path: Path) -> None:
    """64 equally likely ones: of 128 rows every second, the longer of each pair."""
    lags = random.Random(5).sample(range(1, 129), 128)
    times = [START + place * SECOND for place in range(128)]
    events = [ts - lag for ts, lag in zip(times, lags, strict=True)]
    write_csv(quotes_market([("1", "2")] * 128, times=times, events=events), tmp_path / "q.csv")
    assert inspect_recording(str(tmp_path / "q.csv")).delays_ns == tuple(range(2, 129, 2))
    write_csv(quotes_market([("1", "2")] * 9), tmp_path / "one.csv")
    assert inspect_recording(str(tmp_path / "one.csv")).delays_ns is None


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet"])
async def test_both_times_and_every_digit_survive_a_rewriting(tmp_path: Path, name: str) -> None:
    for market in (QUOTES, TRADES):
        config = write_csv(market, tmp_path / "in.csv")
        made = convert_recording(config, tmp_path / name, replace=True)
        assert (made.rows, made.kind) == (market.rows, config.kind)
        again = msgspec.structs.replace(config, path=str(tmp_path / name))
        expected = [row for part in market.slices for row in rows_of(part)]
        assert rows_of(await first_slice(again)) == expected


async def test_bars_labelled_by_their_end_are_written_by_their_beginning(tmp_path: Path) -> None:
    path = csv(tmp_path / "b.csv", "time,open,high,low,close,volume", "1704205860,1,2,1,2,5")
    market = bars_market([("1", "2", "1", "2", "5")])
    config = msgspec.structs.replace(market.config, path=str(path), label="close")
    convert_recording(config, tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text().splitlines()[1] == f"{NS},1,2,1,2,5"
    again = msgspec.structs.replace(config, path=str(tmp_path / "o.csv"), label="open")
    part = await first_slice(again)
    assert isinstance(part, BarSlice)
    assert part.ts.tolist() == [NS + MINUTE]


def cut(begin: int, since: int | None, until: int | None) -> tuple[int | None, int | None]:
    """Minutes after a beginning as times."""
    return (
        None if since is None else begin + since * MINUTE,
        None if until is None else begin + until * MINUTE,
    )


@pytest.mark.parametrize(
    ("since", "until", "rows"),
    [
        (None, None, [0, 1, 2, 3]),
        (1, None, [1, 2, 3]),
        (None, 3, [0, 1, 2]),
        (1, 2, [1]),
    ],
)
async def test_a_part_is_written_by_itself(
    tmp_path: Path, since: int | None, until: int | None, rows: list[int]
) -> None:
    """From one time on and before the other; of bars when they begin counts, and what they are
    summed up to."""
    times = [START + place * MINUTE for place in range(4)]
    path = write_csv(quotes_market([("1", "2")] * 4, times=times), tmp_path / "q.csv")
    between = cut(times[0], since, until)
    made = convert_recording(path, tmp_path / "o.csv", between=between)
    written = [line.split(",")[0] for line in (tmp_path / "o.csv").read_text().splitlines()[1:]]
    assert (made.rows, written) == (len(rows), [str(times[row]) for row in rows])
    lines = [f"{(NS + place * MINUTE) // 10**9},1,2,1,2,5" for place in range(4)]
    bars = bars_market([("1", "2", "1", "2", "5")])
    file = csv(tmp_path / "b.csv", "time,open,high,low,close,volume", *lines)
    config = msgspec.structs.replace(bars.config, path=str(file))
    between = cut(NS, since, until)
    for timeframe_ns in (None, 2 * MINUTE):
        convert_recording(config, tmp_path / "ob.csv", timeframe_ns=timeframe_ns, replace=True,
                          between=between)  # fmt: skip
        begun = [line.split(",")[0] for line in (tmp_path / "ob.csv").read_text().splitlines()[1:]]
        length = timeframe_ns or MINUTE
        starts = dict.fromkeys((NS + row * MINUTE) // length * length for row in rows)
        assert begun == [str(start) for start in starts]


@pytest.mark.parametrize(("since", "until"), [(4, None), (None, 0), (2, 2)])
def test_no_file_is_written_of_no_row(tmp_path: Path, since: int | None, until: int | None) -> None:
    times = [START + place * MINUTE for place in range(4)]
    config = write_csv(quotes_market([("1", "2")] * 4, times=times), tmp_path / "q.csv")
    between = cut(times[0], since, until)
    for name in ("o.csv", "o.parquet"):
        with pytest.raises(InvalidInput, match="no row in the time"):
            convert_recording(config, tmp_path / name, between=between)
    assert [entry.name for entry in tmp_path.iterdir()] == ["q.csv"]


def test_a_rewriting_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = csv(tmp_path / "q.csv", ",".join(NAMES), "1704205800,1,2,1,1", "1704205801,0,2,1,1")
    for name in ("o.csv", "o.parquet"):
        with pytest.raises(BadMarketData, match="row 2"):
            convert_recording(quotes(path), tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == ["q.csv"]
