"""Where a session joined a market that was running already: position and keyframe."""

from __future__ import annotations

import msgspec

from offbook.domain.book_states import KnownBook, KnownStatus


class LastRow(msgspec.Struct, frozen=True, array_like=True):
    """The last row of one source before a session joined.

    ``source`` is its place in the market, ``row`` the row's position, ``values`` its columns by
    name (prices and quantities in units of the instrument, times in ns UTC).
    """

    source: int
    row: int
    values: dict[str, int]


class BegunStretch(msgspec.Struct, frozen=True, array_like=True):
    """What the rows of one source came to from the time ``begins`` (ns UTC) on, up to where a
    session joined.

    ``price`` is what a bar built of them would take: bid, ask or mid of quotes, else the kind of
    the rows.  Prices and volume are in units of the instrument; ``row`` is the position of the last
    of them.
    """

    source: int
    price: str
    begins: int
    open_px: int
    high_px: int
    low_px: int
    close_px: int
    volume_qty: int
    row: int


class BegunBars(msgspec.Struct, frozen=True, kw_only=True):
    """The bars in progress where a session joined: those whose interval holds the time ``ts``
    (ns UTC), each told by the stretch of rows that begins where it does.

    Where there is no such stretch, there were no rows, or nobody has seen all of them.
    """

    ts: int
    stretches: tuple[BegunStretch, ...]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the recording of a live market, and all that a session knows there.

    ``row`` is the position of the first row that the session takes, ``ts`` the session time
    (ns UTC) that the market had reached, and ``last`` the last row of each source that had one,
    by source: the keyframe from which the session goes on.  ``bars`` are the bars in progress, if
    any are known whole, ``books`` the books of a market with depth, and ``statuses`` what is in
    force where the market tells.  With these and the rows from ``row`` on it can be run again,
    alone.
    """

    recording: str
    row: int
    ts: int
    last: tuple[LastRow, ...] = ()
    bars: BegunBars | msgspec.UnsetType = msgspec.UNSET
    books: tuple[KnownBook, ...] | msgspec.UnsetType = msgspec.UNSET
    statuses: tuple[KnownStatus, ...] | msgspec.UnsetType = msgspec.UNSET
