"""Every level of a session's book, what was taken of it and where orders stand in it: in the engine
and in the reference."""

from __future__ import annotations

from collections.abc import Callable

from tests.properties.reference_session import ReferenceSession

from offbook.domain.orders import OrderSide
from offbook.domain.record_parts import Evidence
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.venue.matching_depth import WALK_MODEL

Same = Callable[[str, object, object], None]


def kinds_of_fill(seen: Evidence) -> list[str]:
    """What of a book made a fill, in words by which a campaign counts them."""
    found = []
    if seen.level_px is not None:
        found.append("best level" if seen.level_px in (seen.bid_px, seen.ask_px) else "deep level")
        found += ["level taken from"] * (seen.available_qty < (seen.level_qty or 0))
    elif seen.queue_ahead is not None:
        found.append("queue ahead" if seen.queue_ahead else "front of the queue")
    elif seen.model == WALK_MODEL:
        found.append("print beyond")
    return found + ["incomplete book"] * seen.book_incomplete


def compare_books(engine: ProcessingEngine, venue: ReferenceSession, same: Same) -> None:
    """Tell ``same`` what there is of an instrument's book, in units of the instrument."""
    symbol, plain = venue.setup.instrument.symbol, venue.book
    assert plain is not None
    book, places = engine._kernel.depths[symbol], engine._venue.depth.places(symbol)
    same("bids", dict(book.bids.sizes), plain.bids)
    same("asks", dict(book.asks.sizes), plain.asks)
    same("soundness", book.is_sound, plain.sound)
    for side, buying in ((OrderSide.BUY, True), (OrderSide.SELL, False)):
        for px in plain.asks if buying else plain.bids:
            what = f"what a {side.value} has taken at {px}"
            same(what, places.missing(side, px), plain.missing(buying, px))
    for order in venue.account.working():
        standing = plain.standing(order)
        if order.is_in_book and not order.waits and standing.place:
            found = places.place(order.number)
            ahead = None if found is None else (found.ahead, found.slice_left or 0)
            same(
                f"place of order {order.number}",
                ahead,
                (plain.in_front(standing), standing.slice_left),
            )
