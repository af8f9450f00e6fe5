"""What happens in a margin account beside orders."""

from __future__ import annotations

from offbook.domain.config import MarginCall
from offbook.domain.record_parts import RecordBase
from offbook.domain.values import Amount


class ReservationsMoved(RecordBase, frozen=True, kw_only=True, tag="ReservationsMoved.1"):
    """What orders of a margin account hold changed with what happened just before: which of them
    reduce a position and which add to it. ``reserved`` gives (order, what it holds now)."""

    symbol: str
    reserved: tuple[tuple[int, Amount], ...]
    due: int


class MarginCalled(RecordBase, frozen=True, kw_only=True, tag="MarginCalled.1"):
    """Equity fell below what the open positions require; what follows is ``action``."""

    equity: Amount
    required: Amount
    action: MarginCall


class MarginDrawn(RecordBase, frozen=True, kw_only=True, tag="MarginDrawn.1"):
    """Of the margin of an isolated position of ``qty`` (signed units) ``amount`` of its currency is
    out, all in all: what it had to pay was more than was free.  Nothing, once it is closed."""

    symbol: str
    qty: int
    amount: Amount


class LiquidationBegan(RecordBase, frozen=True, kw_only=True, tag="LiquidationBegan.1"):
    """The margin of an isolated position, with what it gained, fell below what it requires: the
    venue closes it.  ``equity`` and ``required`` are in the account's currency, ``margin`` in that
    of the position: no more than this is lost."""

    symbol: str
    equity: Amount
    required: Amount
    margin: Amount


class LiquidationEnded(RecordBase, frozen=True, kw_only=True, tag="LiquidationEnded.1"):
    """The position is closed, or what is left of it has margin enough."""

    symbol: str


class MarginRestored(RecordBase, frozen=True, kw_only=True, tag="MarginRestored.1"):
    """The margin call is over: nothing is held any more, or equity covers the initial margin."""

    equity: Amount
    required: Amount
