"""What an engine is fed. Market rows come as slices; the rest is below."""

from __future__ import annotations

import msgspec

from offbook.domain.calendars import TradingCalendar
from offbook.domain.commands import Command
from offbook.domain.joining import Joined
from offbook.domain.market_data import MarketInfo, MarketSlice
from offbook.domain.receipts import Receipts


class Attach(msgspec.Struct, frozen=True, kw_only=True):
    """Join a fresh engine to its market: the first input of every session.

    ``calendars`` are the trading hours of its instruments, each named as they name it.  A market
    that was running already is joined at a place in its recording: ``joined``.  The first row is
    then the one at ``joined.row``, and the rows of its keyframe count as taken.  ``receipts`` are
    the times of all rows, for a session whose configuration asks for those; ``received`` tells that
    rows of a recording have the times of their reception.
    """

    market: MarketInfo
    calendars: tuple[TradingCalendar, ...]
    joined: Joined | None = None
    receipts: Receipts | None = None
    received: bool = False


class Take(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Take an outside command at session time ``ts`` (ns UTC).

    ``ts`` is the engine's present time, for "after the last row", or later: then everything due
    before ``ts`` happens first and the command opens the instant ``ts``.  Where timers or messages
    alone brought the session to its present time, the command is taken a nanosecond later, also
    while the clock stands still; its record tells the time.
    """

    command: Command
    ts: int


class Advance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A promise that no row with a time up to and including ``ts`` is still to come.

    What is due up to ``ts`` happens. It is never recorded and changes no byte, for the next row
    would have done the same; so it is given between rows, never after the last one.
    """

    ts: int


class EndOfData(msgspec.Struct, frozen=True, kw_only=True):
    """The recording is over; what is due at the last instant happens, then ``at_end``."""


EngineInput = Attach | MarketSlice | Take | Advance | EndOfData
