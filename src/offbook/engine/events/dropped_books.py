"""Books across a corporate action: what a venue's book held is of another market from then on."""

from __future__ import annotations

from offbook.domain.config import CorporateAction
from offbook.engine.events.restating import restate_quote
from offbook.engine.kernel import Kernel
from offbook.engine.venue.venue import Venue


def drop_book(
    kernel: Kernel,
    venue: Venue,
    symbol: str,
    ratio: tuple[int, int] = (1, 1),
    due: int | None = None,
) -> None:
    """What is known of a book, if there is one, is of another market: until the next is told, its
    last best bid and ask read as after this split.  It was ``due`` now, or then (ns UTC).

    One that was handed on where rows were left out may be of later than the session is: whatever
    was told as a whole from this moment on stays.
    """
    if symbol in kernel.depths and kernel.depths.since.get(symbol, 0) < kernel.now:
        mark = kernel.depths[symbol].quote()
        if mark is not None and ratio != (1, 1):
            mark = restate_quote(mark, ratio)
        venue.depth.drop(symbol, mark, kernel.now if due is None else due)


def rejoin_book(kernel: Kernel, venue: Venue, symbol: str) -> None:
    """Orders that are open still, on their terms of now, wait for that."""
    if symbol in kernel.depths:
        venue.depth.rejoin(symbol)


def drop_older_book(kernel: Kernel, venue: Venue, action: CorporateAction, due: int) -> None:
    """An action was past when the session began: a book that was handed on, and told as a whole
    before it, is of before."""
    if kernel.depths.since.get(action.symbol, due) < due:
        is_older = kernel.depths[action.symbol].ts < due
        drop_book(kernel, venue, action.symbol, action.new_for_old if is_older else (1, 1), due)
