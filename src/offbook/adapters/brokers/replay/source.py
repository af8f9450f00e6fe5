"""The file itself: what kind it is, what its header says, its digest, and how long it is."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from offbook.adapters.brokers.replay.lean_files import is_day_of_lean
from offbook.adapters.brokers.replay.names import HEADERS, header_of
from offbook.adapters.brokers.replay.opening import (
    DAMAGED,
    DAMAGED_GZIP,
    GZIP_MAGIC,
    opened,
    opened_text,
)
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig, system_reason

CSV_SUFFIXES: Final = (".csv", ".csv.gz")
SUFFIXES: Final = (*CSV_SUFFIXES, ".parquet")
PACKED: Final = (".zip", ".zst")
"""What is packed in these ways is unpacked by ``data convert`` (``unpacking``)."""
OTHERS: Final = (".npz", ".json", ".jsonl")
"""What may end so is converted too: arrays of events, captures."""
DELIMITERS: Final = (",", ";", "\t", "|")
CHUNK: Final = 1 << 20
HEADER_LIMIT: Final = 1 << 20
COUNTED_GZIP: Final = 512 << 20
"""Packed files up to this many bytes are unpacked once when opened, to check and count them."""

_DATA_CELL: Final = re.compile(r"[-+.]?\d[-+.:\deETZ ]*\Z")
_PARQUET_MAGIC: Final = b"PAR1"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file that exists: its kind and, for CSV, its header and delimiter.

    ``headed`` is False where the names of the columns were told and the first line is a row.
    """

    path: str
    suffix: str
    signature: tuple[int, ...]
    header: tuple[str, ...] = ()
    delimiter: str = ","
    headed: bool = True

    @property
    def is_parquet(self) -> bool:
        """Whether the columns and types come from the file's own schema."""
        return self.suffix == ".parquet"

    def check_unchanged(self) -> None:
        """Raise GatewayUnavailable if the file is not the one that was opened."""
        if _signature(self.path) != self.signature:
            raise GatewayUnavailable(
                f"{self.path} was changed or replaced while a session reads it", market=self.path
            )


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass over the bytes tells: their SHA-256 and, of a plain CSV, rows and both ends.

    ``rows`` is None where lines cannot simply be counted (quotes, blank lines, odd line ends).
    """

    sha256: str
    rows: int | None = None
    first_line: str = ""
    last_line: str = ""


def open_source(path: str, told: tuple[str, ...] = ()) -> Source:
    """Look at the file and its first bytes; ``told`` are the columns of one without a header.

    Raises InvalidConfig (no such file, unknown kind), BadMarketData (empty, not of its kind, no
    header) and GatewayUnavailable (it cannot be read).
    """
    suffix = suffix_of(path)
    if suffix is None:
        _signature(path)
        converted = path.lower().endswith((*PACKED, *OTHERS))
        this = "this one" if converted else "a raw capture of a venue"
        raise InvalidConfig(
            f"{path}: unknown kind of recording, expected a name ending in {', '.join(SUFFIXES)}. "
            f"Of {this} it is made by: offbook data convert {path} made.csv.gz",
            field="market.path",
        )
    signature = require_as_named(path, suffix)
    if suffix == ".parquet":
        return Source(path=path, suffix=suffix, signature=signature)
    cells, delimiter = _read_first_line(path)
    header = _told_header(path, cells, told) if told else _own_header(path, cells)
    return Source(
        path=path,
        suffix=suffix,
        signature=signature,
        header=header,
        delimiter=delimiter,
        headed=not told,
    )


def require_table(path: Path) -> None:
    """Refuse a file to be converted that is neither read as it is, by its name, nor made into a
    table: to hear how one is made would help nobody.  Raises InvalidConfig."""
    if suffix_of(str(path)) is None and path.is_file():
        raise InvalidConfig(
            f"{path} cannot be converted: its first lines are of no capture and no publisher's "
            "file that is known; a table of text has to be named .csv",
            field="market.path",
        )


def survey(source: Source, interrupted: Callable[[], bool]) -> Survey:
    """Digest the whole file, and count the rows of a CSV on the way.

    Raises BadMarketData when a packed file is damaged, GatewayUnavailable when reading fails or
    ``interrupted()`` turns true.
    """
    try:
        with open(source.path, "rb") as file:
            hashed = _HashedFile(file, interrupted)
            if source.is_parquet:
                _drain(hashed)
                return Survey(sha256=hashed.hexdigest())
            counter = _LineCounter(source.headed)
            if source.suffix == ".csv":
                _drain(hashed, counter.feed)
            elif os.fstat(file.fileno()).st_size <= COUNTED_GZIP:
                with gzip.GzipFile(fileobj=hashed, mode="rb") as unpacked:
                    _drain(unpacked, counter.feed)
            else:
                _drain(hashed)
                return Survey(sha256=hashed.hexdigest())
    except DAMAGED:
        raise BadMarketData(f"{source.path} {DAMAGED_GZIP}", file=source.path) from None
    except OSError as error:
        raise _unreadable(source.path, error) from None
    rows, first_line, last_line = counter.finish()
    if rows == 0:
        raise BadMarketData(f"{source.path} has a header and no rows", file=source.path)
    return Survey(sha256=hashed.hexdigest(), rows=rows, first_line=first_line, last_line=last_line)


def delimiter_of(line: str) -> str:
    """What parts the cells of a line: the one of ``DELIMITERS`` that is there most."""
    return max(DELIMITERS, key=line.count)


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of one CSV line; one that is no CSV, as by its length, is parted all the same."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def cells_of(source: Source) -> Iterator[list[str]]:
    """The cells of each row of a CSV, without its header. Raises what ``opened_text`` does."""
    with opened_text(Path(source.path)) as text:
        rows = csv.reader(text, delimiter=source.delimiter)
        if source.headed:
            next(rows, None)
        yield from rows


class _HashedFile(io.RawIOBase):
    """Reads through to a file and digests what passes."""

    def __init__(self, file: IO[bytes], interrupted: Callable[[], bool]) -> None:
        self._file = file
        self._interrupted = interrupted
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, ``CHUNK`` at least while there are so many asked for."""
        if self._interrupted():
            raise GatewayUnavailable("the recording was closed while it was being opened")
        data = self._file.read(size)
        self._digest.update(data)
        return data

    def readable(self) -> bool:
        """True."""
        return True

    def hexdigest(self) -> str:
        """SHA-256 of all that was read."""
        return self._digest.hexdigest()


class _LineCounter:
    """Counts the lines of a text that comes in blocks, as long as counting is safe."""

    def __init__(self, headed: bool) -> None:
        self._headed = headed
        self._lines = 0
        self._rest = b""
        self._first = b""
        self._last = b""
        self._plain = True

    def feed(self, block: bytes) -> None:
        """Take the next block; only whole lines of it are counted, the rest is kept."""
        data = self._rest + block
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        if not end or not self._plain:
            return
        whole = data[:end]
        blank = whole.startswith((b"\n", b"\r\n")) or b"\n\n" in whole or b"\n\r\n" in whole
        lone_return = whole.count(b"\r") != whole.count(b"\r\n")
        self._plain = not (blank or lone_return or b'"' in whole)
        count = whole.count(b"\n")
        if not self._first and self._lines + count > self._headed:
            self._first = whole.split(b"\n", 2)[1 if self._headed and self._lines == 0 else 0]
        self._lines += count
        self._last = whole[whole.rfind(b"\n", 0, end - 1) + 1 :]

    def finish(self) -> tuple[int | None, str, str]:
        """Rows without the header, None if unknown; the first and the last of them."""
        rest = self._rest.strip(b"\r")
        if not self._plain or b'"' in rest or b"\r" in rest:
            return None, "", ""
        if rest:
            self._lines += 1
            self._last = rest
        first, last = (
            line.decode("utf-8", errors="replace").strip("\r\n")
            for line in (self._first or self._last, self._last)
        )
        return self._lines - self._headed, first, last


def _drain(
    file: IO[bytes] | io.RawIOBase | gzip.GzipFile, take: Callable[[bytes], None] | None = None
) -> None:
    while block := file.read(CHUNK):
        if take is not None:
            take(block)


def suffix_of(path: str) -> str | None:
    """What kind of recording a file is by its name, one of ``SUFFIXES``; None for another."""
    return next((suffix for suffix in SUFFIXES if path.lower().endswith(suffix)), None)


def require_as_named(path: str, suffix: str) -> tuple[int, ...]:
    """What changes when the file is replaced (``Source.signature``).

    Raises InvalidConfig (there is none), BadMarketData (empty, or not of the kind that its name
    says) and GatewayUnavailable (it cannot be read).
    """
    signature = _signature(path)
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise _unreadable(path, error) from None
    _check_magic(path, suffix, magic)
    return signature


def _signature(path: str) -> tuple[int, ...]:
    """What changes when a file is written or replaced: device, inode, size, time of change."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise InvalidConfig(
            f"there is no file {path} (looked in {Path.cwd()})", field="market.path"
        ) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidConfig(f"{path} is not a file", field="market.path")
    if found.st_size == 0:
        raise BadMarketData(f"{path} is empty (0 bytes)", file=path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _unreadable(path: str, error: Exception) -> GatewayUnavailable:
    told = system_reason(error) if isinstance(error, OSError) else error
    return GatewayUnavailable(f"{path} cannot be read: {told}", market=path)


def _check_magic(path: str, suffix: str, magic: bytes) -> None:
    packed = magic.startswith(GZIP_MAGIC)
    if suffix == ".csv.gz" and not packed:
        trouble = "is named .gz and is not a gzip file; if it is plain text, name it .csv"
    elif suffix == ".csv" and packed:
        trouble = "is a gzip file; name it .csv.gz"
    elif suffix == ".csv" and magic == _PARQUET_MAGIC:
        trouble = "is a Parquet file; name it .parquet"
    elif suffix == ".parquet" and magic != _PARQUET_MAGIC:
        trouble = "is named .parquet and is not a Parquet file"
    else:
        return
    raise BadMarketData(f"{path} {trouble}", file=path)


def _read_first_line(path: str) -> tuple[tuple[str, ...], str]:
    try:
        with opened(Path(path)) as file:
            line = file.readline(HEADER_LIMIT)
    except DAMAGED:
        raise BadMarketData(f"{path} {DAMAGED_GZIP}", file=path) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        text = line.decode("utf-8-sig").split("\r", 1)[0].rstrip("\n")
    except UnicodeDecodeError:
        raise BadMarketData(f"{path} is not UTF-8 text", file=path) from None
    delimiter = delimiter_of(text)
    cells = tuple(cell.strip() for cell in split_line(text, delimiter))
    return cells if len(line) < HEADER_LIMIT else (), delimiter


def _own_header(path: str, cells: tuple[str, ...]) -> tuple[str, ...]:
    """The first line as names, if it can be that."""
    if any(cells) and not any(_DATA_CELL.match(cell) for cell in cells):
        return cells
    fitting = [name for name, names in HEADERS.items() if len(names) == len(cells)]
    example = " or ".join(fitting) or "time,price,size"
    if is_day_of_lean(Path(path).name):
        raise BadMarketData(
            f"{path} is named as a day of Lean, whose times begin with the day: it is read once "
            f"it is made a recording: offbook data convert {path} made.csv.gz, with --layout "
            "lean-equity, lean-forex or lean-crypto where its name and folders do not tell that",
            file=path,
        )
    raise BadMarketData(
        f"{path} has no header: its first line must name the columns, and is "
        f"{','.join(cells)[:80]!r}. If that is a row, name the columns: --header {example}",
        file=path,
    )


def _told_header(path: str, cells: tuple[str, ...], told: tuple[str, ...]) -> tuple[str, ...]:
    """The names that were told, if the first line is a row of so many cells."""
    names = header_of(told)
    if len(names) != len(cells):
        raise BadMarketData(
            f"{path} has {len(cells)} columns, and header names {len(names)}: {', '.join(names)}",
            file=path,
        )
    if not any(_DATA_CELL.match(cell) for cell in cells):
        raise BadMarketData(
            f"{path} has a header of its own ({','.join(cells)[:80]}): leave header out", file=path
        )
    return names
