"""Going on from a keyframe: the last row of each source stands for all that were not taken."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from offbook.domain.commands import SkipRows
from offbook.domain.errors import EngineFault
from offbook.domain.joining import Joined, LastRow
from offbook.engine.host import StrategyHost
from offbook.engine.last_rows import know_last_rows
from offbook.engine.snapshots import Parts


def recorded(joined: Joined | None, host: StrategyHost | None) -> Joined | msgspec.UnsetType:
    """What a session's first record tells of where it joined: bars in progress only where there is
    a strategy, for nobody else can ask for any."""
    if joined is None:
        return msgspec.UNSET
    return joined if host is not None else msgspec.structs.replace(joined, bars=msgspec.UNSET)


def join(parts: Parts, joined: Joined) -> None:
    """Know what a session knows where it joins a running market."""
    know(parts, joined.last, joined.row)
    parts.built.know(None if joined.bars is msgspec.UNSET else joined.bars, joined.row)


def know(parts: Parts, rows: Iterable[LastRow], taken: int) -> None:
    """Know these last rows; the row at position ``taken`` is the next."""
    parts.history.take_over(rows)
    know_last_rows(parts.kernel, parts.history, taken)


def skip(parts: Parts, command: SkipRows) -> None:
    """Leave rows out, and judge what turns on prices.

    Raises EngineFault for others than those that come next.
    """
    last = parts.kernel.last
    row = 0 if last is None else last.row + 1
    if command.first_row != row or command.to_row <= row:
        raise EngineFault(
            f"rows {command.first_row} to {command.to_row} were to be left out where row {row} "
            "was due",
            reason="row_order",
        )
    parts.built.leave_slices()
    know(parts, [one for one in command.last if one.row >= row], command.to_row)
    parts.instants.equity.look()
