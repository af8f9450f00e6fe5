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


class MarginRestored(RecordBase, frozen=True, kw_only=True, tag="MarginRestored.1"):
    """The margin call is over: nothing is held any more, or equity covers the initial margin."""

    equity: Amount
    required: Amount
