"""Quotes that show no sizes, as those of currency pairs often do, given one that is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from offbook.adapters.brokers.replay.opening import DAMAGED, DAMAGED_GZIP, opened
from offbook.adapters.brokers.replay.peeking import SIZES
from offbook.adapters.brokers.replay.source import open_source
from offbook.domain.errors import BadMarketData, InvalidInput
from offbook.domain.values import text_to_units

_MOST_DECIMALS: Final = 12


def _is_size(text: str) -> bool:
    try:
        return text_to_units(text, _MOST_DECIMALS) > 0
    except ValueError:
        return False


@contextmanager
def with_sizes(path: Path, size: str, names: tuple[str, ...]) -> Iterator[Path]:
    """A CSV with two columns more, ``SIZES``, of which each cell is ``size``; in a folder that is
    gone afterwards.  ``names`` are the columns of a file without a header.

    Raises InvalidInput (no CSV, no size), BadMarketData (damaged) and what ``open_source`` raises.
    """
    if not _is_size(size):
        raise InvalidInput(
            f"--quote-size {size!r}: write a plain number above 0, such as 1000000",
            field="quote_size",
        )
    source = open_source(str(path), names)
    if source.is_parquet:
        raise InvalidInput(f"{path} is no CSV: write the sizes into it yourself")
    cells = f"{source.delimiter}{size}{source.delimiter}{size}\n".encode()
    titles = source.delimiter.join(("", *SIZES)).encode() + b"\n"
    with TemporaryDirectory(prefix="offbook-sized-") as folder:
        target = Path(folder) / path.name.removesuffix(".gz")
        try:
            with (
                opened(path) as lines,
                target.open("wb") as out,
            ):
                for number, line in enumerate(lines):
                    text = line.rstrip(b"\r\n")
                    if text:
                        out.write(text + (titles if source.headed and not number else cells))
        except DAMAGED:
            raise BadMarketData(f"{path} {DAMAGED_GZIP}", file=str(path)) from None
        yield target
