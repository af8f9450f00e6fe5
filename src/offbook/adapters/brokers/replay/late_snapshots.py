"""Books that are asked for while updates come: the answer is brought up to what had come already,
as a client does it, so that the next update follows."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Final

import msgspec

from offbook.adapters.brokers.replay.venue_message import Level, VenueMessage

KEPT_LEVELS: Final = 200_000
"""Updates of so many levels, less than 100 MB, are remembered for an answer to come."""


class LateSnapshots:
    """Remembers the updates of one market."""

    def __init__(self) -> None:
        self._recent: deque[VenueMessage] = deque()
        self._levels = 0

    def brought_up(self, message: VenueMessage) -> VenueMessage:
        """An answer with the updates that follow it and are here; another message as it is.

        Where one of them is missing the book ends before it, and what comes next shows the gap.
        """
        if not message.is_answer:
            if message.has_book and not message.is_snapshot:
                self._remember(message)
            return message
        books = _by_price(message.bids), _by_price(message.asks)
        seq = message.seq
        for later in self._recent:
            if later.seq <= seq:
                continue
            begins = later.first_seq if later.first_seq >= 0 else later.prev_seq + 1
            if begins > seq + 1:
                break
            # Of one that begins before the answer all is said again: what a price comes to is the
            # same.
            for book, levels in zip(books, (later.bids, later.asks), strict=True):
                book.update(_by_price(levels))
            seq = later.seq
        bids, asks = (list(book.values()) for book in books)
        return msgspec.structs.replace(message, bids=bids, asks=asks, seq=seq)

    def _remember(self, update: VenueMessage) -> None:
        self._recent.append(update)
        self._levels += _size(update)
        while self._levels > KEPT_LEVELS:
            self._levels -= _size(self._recent.popleft())


def _size(update: VenueMessage) -> int:
    return 1 + len(update.bids) + len(update.asks)


def _by_price(levels: list[Level]) -> dict[Decimal, Level]:
    return {Decimal(px): (px, qty) for px, qty in levels}
