"""Where a session joined a market that was running already: position and keyframe."""

from __future__ import annotations

import msgspec


class LastRow(msgspec.Struct, frozen=True, array_like=True):
    """The last row of one source before a session joined.

    ``source`` is its place in the market, ``row`` the row's position, ``values`` its columns by
    name (prices and quantities in units of the instrument, times in ns UTC).
    """

    source: int
    row: int
    values: dict[str, int]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the recording of a live market, and all that a session knows there.

    ``row`` is the position of the first row that the session takes, ``ts`` the session time
    (ns UTC) that the market had reached, and ``last`` the last row of each source that had one,
    by source: the keyframe from which the session goes on.  With these and the rows from ``row``
    on it can be run again, alone.
    """

    recording: str
    row: int
    ts: int
    last: tuple[LastRow, ...] = ()
