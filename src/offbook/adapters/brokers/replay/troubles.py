"""What duckdb says of a file that it cannot read, as our errors and in plain words."""

from __future__ import annotations

import re
from typing import Final

from offbook.adapters.brokers.replay.opening import DAMAGED_GZIP
from offbook.domain.errors import BadMarketData, GatewayUnavailable, OffbookError

_CSV_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
_LIBRARYS: Final = re.compile(r"^(?:[A-Z][A-Za-z]* )*(?:Error|TProtocolException): ")
_LINES: Final = (
    ("not utf-8", "it is not UTF-8 text: write the file anew as UTF-8"),
    ("invalid unicode", "it is not UTF-8 text: write the file anew as UTF-8"),
    ("unterminated quote", "a quote in it is never closed"),
    ("maximum line size", "it is too long"),
)
_PACKING: Final = ("gzip", "zlib", "miniz")
_DAMAGED_PARQUET: Final = (
    *("magic bytes", "too small to be a parquet", "tprotocol", "ttype", "know what type"),
    *("thrift", "footer", "metadata"),
)


def explained(path: str, headed: int, error: Exception) -> OffbookError:
    """An error of a query over a recording as ours: trouble in the file's text, or in reaching it.

    ``headed`` is how many lines of the file are its header.
    """
    message = str(error)
    found = _CSV_LINE.search(message)
    if found is not None:
        # Blank lines before this one would make the row smaller.
        return _bad_line(path, int(found[1]) - headed, message)
    low, first_line = message.lower(), message.strip().partition("\n")[0]
    if "interrupt" in low:
        return GatewayUnavailable(f"{path} was closed while it was being read", market=path)
    if any(word in low for word in _PACKING):
        return BadMarketData(f"{path} {DAMAGED_GZIP}", file=path)
    if path.lower().endswith(".parquet") and any(word in low for word in _DAMAGED_PARQUET):
        return BadMarketData(
            f"{path} cannot be read: it is a damaged Parquet file, cut off or changed; fetch it "
            "again",
            file=path,
        )
    told = f"{path} cannot be read: {_LIBRARYS.sub('', first_line)}"
    if "io error" in low or "out of memory" in low:
        return GatewayUnavailable(told, market=path)
    return BadMarketData(told, file=path)


def _bad_line(path: str, row: int, message: str) -> BadMarketData:
    low = message.lower()
    told = next((words for sign, words in _LINES if sign in low), "")
    if not told:
        said = " ".join(message.split("Possible")[0].split())
        told = _LIBRARYS.sub("", said)
    return BadMarketData(
        f"{path}, row {row}: the line cannot be read as CSV: {told}. Mend the file; such a line is "
        "not dropped.",
        file=path,
        row=row,
        column="",
        reason="unreadable",
    )
