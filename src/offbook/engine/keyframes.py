"""Going on from a keyframe: the last row of each source stands for all that were not taken."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from offbook.domain.book_states import KnownBook
from offbook.domain.commands import SkipRows
from offbook.domain.config import BookStart
from offbook.domain.errors import EngineFault
from offbook.domain.joining import Joined, LastRow
from offbook.engine.books.books import load_book
from offbook.engine.kernel import Kernel
from offbook.engine.market.statuses import follow_statuses, know_statuses
from offbook.engine.rows.last_rows import know_last_rows
from offbook.engine.snapshots import Parts
from offbook.engine.strategy.host import StrategyHost


def recorded(
    joined: Joined | None, host: StrategyHost | None, start: BookStart
) -> Joined | msgspec.UnsetType:
    """What a session's first record tells of where it joined: bars in progress only where there is
    a strategy, for nobody else can ask for any, and of books the one that is its own."""
    if joined is None:
        return msgspec.UNSET
    if host is None:
        joined = msgspec.structs.replace(joined, bars=msgspec.UNSET)
    if joined.books is not msgspec.UNSET:
        books = tuple(one.alone(start) for one in joined.books)
        joined = msgspec.structs.replace(joined, books=books)
    return joined


def join(parts: Parts, joined: Joined) -> None:
    """Know what a session knows where it joins a running market."""
    know(parts, joined.last, joined.row)
    know_books(parts.kernel, joined.books)
    know_statuses(parts.kernel, joined.statuses)
    parts.built.know(None if joined.bars is msgspec.UNSET else joined.bars, joined.row)


def know(parts: Parts, rows: Iterable[LastRow], taken: int) -> None:
    """Know these last rows; the row at position ``taken`` is the next."""
    parts.history.take_over(rows)
    know_last_rows(parts.kernel, parts.history, taken)


def know_books(kernel: Kernel, books: Iterable[KnownBook] | msgspec.UnsetType) -> None:
    """Have these books; of an instrument that is not among them nothing is known anew.  What one
    holds from before a corporate action is dropped still."""
    depths = kernel.depths
    for known in () if books is msgspec.UNSET else books:
        dropped_at, mark = depths.was_dropped(known.symbol)
        book = depths.know(known.symbol)
        load_book(book, known.of(kernel.config.venue.book_start))
        book.begun_at = known.begun or 0
        since = depths.since[known.symbol] = known.since or 0
        if dropped_at > since:
            book.drop(dropped_at, mark)


def skip(parts: Parts, command: SkipRows) -> None:
    """Leave rows out, and judge what turns on prices.

    Raises EngineFault for others than those that come next.
    """
    last = parts.kernel.last
    row = 0 if last is None else last.row + 1
    if command.first_row != row or command.to_row <= row:
        raise EngineFault(
            f"rows {command.first_row} to {command.to_row} were to be left out where row {row} "
            "was due",
            reason="row_order",
        )
    parts.built.leave_slices()
    know(parts, [one for one in command.last if one.row >= row], command.to_row)
    _leave_books_out(parts, command)
    follow_statuses(parts.kernel, command.statuses, row)
    parts.instants.equity.look()


def _leave_books_out(parts: Parts, command: SkipRows) -> None:
    """Have the books of after rows that are left out. Of one that was told as a whole among them,
    or had a gap there, places and what was taken are not followed across that."""
    depths = parts.kernel.depths
    before = {symbol: (depth.ts, depth.gaps) for symbol, depth in depths.all()}
    know_books(parts.kernel, command.books)
    for symbol, (ts, gaps) in before.items():
        places = parts.venue.depth.places(symbol)
        if depths.since.get(symbol, 0) >= ts or depths[symbol].gaps != gaps:
            places.renew()
        places.see()
