"""What ``offbook data book`` answers: the best levels of a recording's book, as a table."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from offbook.cli.describing import description_of_options
from offbook.cli.shell import Shell, near
from offbook.config.book_reading import BookAt, read_book
from offbook.config.moments import parse_moment
from offbook.domain.book_checksums import CHECKSUMS, OF_ORDERS
from offbook.domain.config import BookStart
from offbook.domain.errors import InvalidInput, StorageUnavailable, system_reason
from offbook.domain.timeframes import parse_timeframe
from offbook.services.reporting.formatting import counted

HASHED: Final = 100
"""How many levels a checksum may be made of."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be shown: of each side so many levels, when, and where to."""

    levels: int
    at: list[str]
    every: str | None
    checksum: str | None
    orders: bool
    begins: BookStart
    target: Path | None


def show_book(shell: Shell, data: str, given: dict[str, Any], wanted: Wanted) -> int:
    """Write a line for each moment; how the book ended is said on stderr. 0 when it is done."""
    if wanted.checksum is not None and wanted.checksum not in CHECKSUMS:
        raise InvalidInput(
            f"checksum {wanted.checksum!r}: expected one of {', '.join(CHECKSUMS)}; others are "
            "functions in Python, see offbook.domain.book_checksums"
        )
    if wanted.orders and wanted.checksum is not None:
        raise InvalidInput("--checksum is a column of levels: leave --orders out, or it")
    books = read_book(
        data,
        description_of_options(given),
        levels=wanted.levels if wanted.checksum is None else max(wanted.levels, HASHED),
        at=sorted(map(parse_moment, wanted.at)),
        every_ns=None if wanted.every is None else parse_timeframe(wanted.every),
        book_start=wanted.begins,
        with_orders=wanted.orders or wanted.checksum in OF_ORDERS,
    )
    write = _write_orders if wanted.orders else _write
    try:
        with _writing(wanted.target) as out:
            written, last = write(books, wanted, out)
    except BrokenPipeError:
        raise  # whoever read it has enough
    except OSError as error:
        told = system_reason(error)
        raise StorageUnavailable(f"{wanted.target} cannot be written: {told}") from None
    shell.note(_ending(written, last))
    if wanted.target is not None:
        shell.note(f"written to {near(str(wanted.target))}")
    return 0


def _headed(books: Iterator[BookAt], header: str, out: IO[str]) -> Iterator[BookAt]:
    """The books; the header is written once the first could be made, for a recording that is
    refused has no table."""
    first = next(books, None)
    out.write(header + "\n")
    if first is not None:
        yield first
        yield from books


def _write(books: Iterator[BookAt], wanted: Wanted, out: IO[str]) -> tuple[int, BookAt | None]:
    names = ["ts", "row", "phase"]
    for place in range(1, wanted.levels + 1):
        names += [f"ask_{place}", f"ask_size_{place}", f"bid_{place}", f"bid_size_{place}"]
    if wanted.checksum is not None:
        names.append("checksum")
    written, last = 0, None
    for book in _headed(books, ",".join(names), out):
        out.write(",".join(_cells(book, wanted)) + "\n")
        written, last = written + 1, book
    return written, last


def _write_orders(books: Iterator[BookAt], _: Wanted, out: IO[str]) -> tuple[int, BookAt | None]:
    written, last = 0, None
    for book in _headed(books, "ts,row,phase,side,price,size,order_id,place", out):
        for side, orders in (("ask", book.ask_orders), ("bid", book.bid_orders)):
            place, px = 0, None
            for one in orders:
                place, px = place + 1 if one.px == px else 1, one.px
                price, size = book.instrument.price_text(px), book.instrument.qty_text(one.qty)
                out.write(f"{_when(book)},{side},{price},{size},{one.order_id},{place}\n")
        written, last = written + 1, book
    return written, last


def _when(book: BookAt) -> str:
    return f"{book.at},{book.row},{'crossed' if book.is_crossed else book.phase.value}"


def _cells(book: BookAt, wanted: Wanted) -> Iterator[str]:
    yield _when(book)
    for place in range(wanted.levels):
        for side in (book.asks, book.bids):
            if place < len(side):
                px, qty = side[place]
                yield book.instrument.price_text(px)
                yield book.instrument.qty_text(qty)
            else:
                yield from ("", "")
    if wanted.checksum is not None:
        yield str(CHECKSUMS[wanted.checksum](book.top))


def _ending(written: int, last: BookAt | None) -> str:
    if last is None:
        return "no message ends in the recording (flag 2), or none of the moments lies within it"
    found = {"gap": last.gaps, "unknown order": last.unknown, "order twice": last.duplicates}
    faults = ", ".join(f"{number} x {what}" for what, number in found.items() if number)
    return f"{counted(written, 'book')}; {last.phase.value} at the end; {faults or 'nothing amiss'}"


@contextmanager
def _writing(target: Path | None) -> Iterator[IO[str]]:
    """Where lines go: a file appears whole or not at all, and what was there stays until then."""
    if target is None:
        yield sys.stdout
        return
    if target.exists() and not target.is_file():  # as a pipe: nothing can take its place
        with target.open("w", encoding="ascii", newline="\n") as file:
            yield file
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="ascii", newline="\n") as file:
            yield file
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
