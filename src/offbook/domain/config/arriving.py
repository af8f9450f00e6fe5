"""What a venue does with orders that arrive where they cannot trade as things are."""

from __future__ import annotations

import enum


class WhileClosed(enum.Enum):
    """What becomes of orders that arrive outside the hours in which they may trade: they wait for
    these in the book, as a broker keeps them, or are rejected, as at exchanges.  Orders for an
    auction are taken where auctions take them."""

    QUEUE = "queue"
    REJECT = "reject"


class BeyondBand(enum.Enum):
    """What becomes of limits that arrive beyond a price band, a buy above the upper or a sell below
    the lower, and of replaces that ask for one: they wait in the book, or are rejected."""

    WAIT = "wait"
    REJECT = "reject"
