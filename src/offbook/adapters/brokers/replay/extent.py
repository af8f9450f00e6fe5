"""How long a recording is, where that can be told without reading it all."""

from __future__ import annotations

import numpy as np

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.reader import RecordingReader
from offbook.adapters.brokers.replay.source import Survey, split_line
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.ports.gateway import FeedExtent


def find_extent(
    market: ReplayMarket, reader: RecordingReader, surveyed: Survey
) -> FeedExtent | None:
    """Rows, first and last session time, exact if the recording has no bad row; else None.

    None also where rows may be dropped, and where the lines of a CSV could not be counted.  What
    is bad at either end is left for the read that meets it to tell.
    """
    if market.may_drop:
        return None
    if reader.source.is_parquet:
        return _parquet_extent(reader)
    if surveyed.rows is None:
        return None
    first = _line_ts(reader, surveyed.first_line)
    last = _line_ts(reader, surveyed.last_line)
    if first is None or last is None:
        return None
    return FeedExtent(rows=surveyed.rows, first_ts=first, last_ts=last)


def _parquet_extent(reader: RecordingReader) -> FeedExtent | None:
    rows = reader.parquet_rows()
    try:
        first = reader.next()
        reader.seek(rows)
        last = reader.next()
        reader.seek(0)
    except BadMarketData:
        reader.seek(0)
        return None
    if first is None or last is None:
        return None
    return FeedExtent(rows=rows, first_ts=int(first.ts[0]), last_ts=int(last.ts[-1]))


def _line_ts(reader: RecordingReader, line: str) -> int | None:
    cells = split_line(line, reader.source.delimiter)
    try:
        ts = reader.time_of(cells)
    except CellFault:
        return None
    if reader.intervals is None:
        return ts
    _, closes, known = reader.intervals.of(np.array([ts], dtype=np.int64))
    return int(closes[0]) if known[0] else None
