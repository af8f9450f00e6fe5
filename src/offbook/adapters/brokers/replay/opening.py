"""Files as bytes and text, packed with gzip or not, as their first bytes say."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from offbook.domain.errors import BadMarketData, GatewayUnavailable

GZIP_MAGIC: Final = b"\x1f\x8b"
DAMAGED: Final = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a packed file raises that is not whole."""

DAMAGED_GZIP: Final = "is a damaged gzip file, cut off or changed; fetch it again or pack it anew"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """The bytes of a file, unpacked. Raises OSError, and ``DAMAGED`` while it is read."""
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        yield file


@contextmanager
def opened_text(path: Path) -> Iterator[IO[str]]:
    """The text of a table, unpacked; a mark of its encoding at the beginning is left out.

    Raises, also while it is read as CSV, BadMarketData (damaged, no UTF-8 text, no CSV),
    GatewayUnavailable (there is no such file) and OSError.
    """
    try:
        with (
            opened(path) as file,
            io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text,
        ):
            yield text
    except UnicodeDecodeError:
        raise BadMarketData(
            f"{path} is not UTF-8 text", file=str(path), reason="unreadable"
        ) from None
    except DAMAGED:
        raise BadMarketData(
            f"{path} {DAMAGED_GZIP}",
            file=str(path),
            reason="unreadable",
        ) from None
    except csv.Error as error:
        raise BadMarketData(
            f"{path} cannot be read: {error}; fetch it again", file=str(path), reason="unreadable"
        ) from None
    except FileNotFoundError:
        raise GatewayUnavailable(
            f"{path} cannot be read: there is no such file", market=str(path)
        ) from None
