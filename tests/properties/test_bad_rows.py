"""Whatever stands in a file, exactly the rows stay that a slow and simple reading lets stay."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recordings import HEADER, quotes

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.replay.numbers import units_from_text
from offbook.adapters.brokers.replay.times import time_from_text
from offbook.domain.config import BadRows
from offbook.domain.errors import BadMarketData
from offbook.testing.contracts.gateway import rows_of

Row = tuple[int, ...]

good_times = st.integers(1_704_205_800, 1_704_205_830).map(str)
times = st.one_of(
    good_times,
    good_times.map(lambda second: f"{second}.{second[-3:]}"),
    st.sampled_from(
        [
            "", "0", "-1", "1e9", "1704205815000", "1704205815000000001", "170420581500000000",
            "2024-01-02T14:30:20Z", "2024-01-02 14:30:20+00:00", "2024-01-02T15:30:20+01:00",
            "2024-01-02T24:00:00", "2024-01-02T14:30:60Z", "2024-01-02 14:30:20 UTC",
            "2024-01-02T14:30:20.1234567891", "2024-1-2", "2024-01-02 America/New_York", "now",
            "infinity", "99999999999999999999",
        ]
    ),
)  # fmt: skip
numbers = st.one_of(
    st.decimals(0, 200, places=2).map(str),
    st.sampled_from(
        [
            "", " ", "0", "-0", "-1", "+1", "1.", ".5", ".", "1e2", "1E-2", "1e-3", "1_0", "0x10",
            "nan", "inf", "1.005", "1.00500", "1.2300000000000000000000", "\u0661", "1 2", "1\x002",
            "100000000000000000", "99999999999999999.99", "46116860184273879.03",
            "46116860184273879.04", "1e400", "000000000000000000000000000000001.50", "1e-400",
        ]
    ),
)  # fmt: skip
lines = st.lists(st.tuples(times, numbers, numbers, numbers, numbers), min_size=1, max_size=40)


def expected(cells: list[tuple[str, ...]]) -> tuple[list[Row], Counter[str]]:
    """Read row by row, as slowly and as plainly as can be."""
    kept: list[Row] = []
    dropped: Counter[str] = Counter()
    last = 0
    for time, *values in cells:
        try:
            ts = time_from_text(time)
            row = [
                units_from_text(text, precision)
                for text, precision in zip(values, (2, 2, 5, 5), strict=True)
            ]
        except CellFault as fault:
            dropped[fault.reason] += 1
            continue
        bid, ask, bid_size, ask_size = row
        if bid <= 0 or ask <= 0:
            dropped["not_positive"] += 1
        elif bid_size < 0 or ask_size < 0:
            dropped["negative_size"] += 1
        elif bid > ask:
            dropped["crossed"] += 1
        elif ts < last:
            dropped["out_of_order"] += 1
        else:
            last = ts
            kept.append((ts, bid, ask, bid_size, ask_size))
    return kept, dropped


async def found(path: Path) -> tuple[list[Row], Counter[str]]:
    feed = await ReplayGateway().open(quotes(path, bad_rows=BadRows.DROP))
    rows: list[Row] = []
    with suppress(BadMarketData):  # that there is no good row at all
        part = await feed.read(0, 1_000_000)
        assert part is not None
        part.check()
        rows = rows_of(part)
    await feed.close()
    return rows, Counter(feed.dropped)


async def first_refused(path: Path) -> tuple[int, object]:
    """How many rows are given before one is refused, and the row that the error names."""
    feed, rows = await ReplayGateway().open(quotes(path)), 0
    try:
        while (part := await feed.read(rows, 7)) is not None:
            rows += len(part)
    except BadMarketData as error:
        return rows, error.fields["row"]
    finally:
        await feed.close()
    return rows, None


@settings(max_examples=60)
@given(cells=lines)
def test_rows_stay_or_go_as_a_plain_reading_says(cells: list[tuple[str, ...]]) -> None:
    kept, dropped = expected(list(cells))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quotes.csv"
        path.write_text("\n".join([HEADER, *(",".join(row) for row in cells), ""]), "utf-8")
        assert asyncio.run(found(path)) == (kept, dropped)
        rows, refused = asyncio.run(first_refused(path))
        assert refused == (rows + 1 if dropped else None)
