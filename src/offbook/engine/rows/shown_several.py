"""Showing a strategy every row of several sources, in the market's order.

As of one source (``shown_rows``): up to the first row that may do more than be shown, the strategy
is called and nothing else is done, until it acts.  That row is of whichever source: a bar that
ended, what an exchange says, a price that comes to an order of its instrument, or a row by which
something falls due.  Rows of kinds for which the strategy has no callback are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from offbook.domain.market_data import IntColumn, MergedSlice, Quote, QuoteSlice, TradeSlice
from offbook.domain.session import RUNNING
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.rows.rows import Row, merged_rows
from offbook.engine.rows.running_several import RunningSeveral, SeveralStand, SteppedSeveral
from offbook.engine.rows.several_block import SHOWN_KINDS, Callback, SeveralBlock, SourceRows
from offbook.engine.rows.showing import show_until_it_acts
from offbook.engine.rows.shown_kinds import reached
from offbook.engine.rows.shown_rows import RUN_BLOCK, STEPPED_BLOCKS, STRETCH
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.book import Book
from offbook.engine.venue.venue import Venue

LEAST_RUN: Final = 8
"""Fewer rows are sooner taken one by one."""
MOST_STRETCH: Final = 256
"""How many rows are taken one by one at most before another look is taken."""
OneByOne = Callable[[Iterator[tuple[int, Row]]], bool]


class _Found(NamedTuple):
    """Where the next row is at which a price comes to an order, as long as the orders stay."""

    awaited: tuple[int, ...]
    begin: int
    place: int


class ShownSeveral:
    """Shows merged rows to the strategy of one engine.

    ``one_by_one`` takes rows with everything that they bring; it gives False where it goes on no
    further.
    """

    def __init__(
        self, kernel: Kernel, venue: Venue, instants: Instants, one_by_one: OneByOne
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._one_by_one = one_by_one
        self._found: dict[int, _Found] = {}
        self._stepped_blocks = 0
        """How many blocks to step through, for the strategy asks for much at each row."""
        self.host: StrategyHost | None = None

    def may_show(self, rows: int) -> bool:
        """Whether so many rows are worth it, and can be shown so: a book is made of each row."""
        kernel = self._kernel
        return rows >= LEAST_RUN and not (kernel.depths or kernel.every_row)

    def show(self, piece: MergedSlice, begin: int) -> int | None:
        """Take the rows of a block from a place on while the strategy sees them; the place after
        the last, or None where the session goes on no further."""
        block = SeveralBlock(
            piece.rows(begin, min(begin + RUN_BLOCK, len(piece))), self._callbacks()
        )
        rows = self._rows(block)
        self._found.clear()
        place: int | None = self._show_block(block, rows)
        if isinstance(rows, RunningSeveral) and rows.is_asked_for_much:
            self._stepped_blocks = STEPPED_BLOCKS
        rows.let_go()
        return None if place is None else begin + place

    def _callbacks(self) -> dict[str, Callback]:
        assert self.host is not None
        found = {kind.callback: self.host.callback(kind.callback) for kind in SHOWN_KINDS}
        return {name: callback for name, callback in found.items() if callback is not None}

    def _rows(self, block: SeveralBlock) -> RunningSeveral | SteppedSeveral:
        assert self.host is not None
        stand = SeveralStand(self._kernel, self._venue, block)
        if self._stepped_blocks > 0:
            self._stepped_blocks -= 1
            return SteppedSeveral(stand, merged_rows(block.rows))
        return RunningSeveral(stand, self.host)

    def _show_block(self, block: SeveralBlock, rows: RunningSeveral | SteppedSeveral) -> int | None:
        """How many rows were taken; None where the session goes on no further."""
        length, stretch, place = len(block.rows), STRETCH, 0
        while place < length and self._kernel.ledger.status is RUNNING:
            if not self._instants.may_go_on():
                break
            calm = self._calm(block, place)
            if calm:
                stretch = STRETCH
                place = self._pass(block, rows, place, place + calm)
            else:
                stretch = min(2 * stretch, MOST_STRETCH)
            end = min(place + stretch, length)
            if place < end and not self._one_by_one(rows.some(place, end)):
                return None
            place = end
        return place

    # -- looking ahead ----------------------------------------------------------------------

    def _calm(self, block: SeveralBlock, place: int) -> int:
        """How many rows from a place on do no more than be shown, if the strategy rests."""
        kernel, instants, ts = self._kernel, self._instants, block.rows.ts
        if instants.unbegun or not instants.hours_known or instants.ended:
            return 0
        if instants.equity.at_every_row or not instants.equity.is_settled:
            return 0
        if int(ts[place]) < kernel.now:
            return 0
        end, due = len(ts), kernel.agenda.next_due
        if due <= int(ts[-1]):
            end = int(np.searchsorted(ts, due))
        for rows in block.sources:
            if end <= place:
                return 0
            end = min(end, self._first(rows, place))
        return max(end - place, 0)

    def _first(self, rows: SourceRows, place: int) -> int:
        """The place of the first row of a source, from a place on, that may do more; beyond the
        block where none does."""
        piece = rows.piece
        if not isinstance(piece, QuoteSlice | TradeSlice):
            return _next_of(rows.places, place)
        book = self._venue.books.get(piece.instrument.symbol)
        if book is None or not (book.looking or len(book)):
            return BEYOND
        if book.watching:
            return _next_of(rows.places, place)
        awaited = (book.top_buy, book.top_sell, book.rise, book.fall)
        found = self._found.get(rows.source)
        if found is None or found.awaited != awaited or not found.begin <= place <= found.place:
            first = _first_reached(rows, piece, book, place)
            found = self._found[rows.source] = _Found(awaited, place, first)
        return found.place

    # -- showing ----------------------------------------------------------------------------

    def _pass(
        self,
        block: SeveralBlock,
        rows: RunningSeveral | SteppedSeveral,
        begin: int,
        end: int,
    ) -> int:
        """Show rows of a block until the strategy acts; the place after the last."""
        kernel, host, since = self._kernel, self.host, self._kernel.now
        assert host is not None
        show = partial(rows.show, begin, end)
        show_until_it_acts(kernel, host, show, lambda: _shown_by(kernel.last))
        assert kernel.last is not None
        if kernel.now > since:
            self._instants.rounds = 0
        return kernel.last.row - block.rows.start + 1


BEYOND: Final = 2**62
"""A place in no block."""


def _next_of(places: IntColumn, place: int) -> int:
    """The first of some places that is not before another."""
    at = int(places.searchsorted(place))
    return int(places[at]) if at < len(places) else BEYOND


def _first_reached(rows: SourceRows, piece: QuoteSlice | TradeSlice, book: Book, place: int) -> int:
    """The first row at which a price comes to what an order waits for."""
    at = int(rows.places.searchsorted(place))
    begin, end = rows.first + at, rows.first + len(rows.places)
    if isinstance(piece, QuoteSlice):
        hits = reached(piece.ask_px[begin:end], piece.bid_px[begin:end], book)
    else:
        hits = reached(piece.price_px[begin:end], piece.price_px[begin:end], book)
    first = int(hits.argmax()) if len(hits) else 0
    return int(rows.places[at + first]) if len(hits) and hits[first] else BEYOND


def _shown_by(row: Row | None) -> str:
    """The name of the callback that a row is for."""
    return "on_quote" if isinstance(row, Quote) else "on_trade"
