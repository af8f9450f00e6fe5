"""What stands in the records of a session that joined a running market."""

import msgspec

from offbook.domain.commands import SkipRows
from offbook.domain.joining import BegunBars, BegunStretch, Joined, LastRow
from offbook.domain.records import Record, SessionAttached
from offbook.testing.markets import START

LAST_ROW = LastRow(0, 8, {"ts": START, "bid_px": 9999, "ask_px": 10_001})
SKIP_ROWS = SkipRows(command_id="c9", first_row=5, to_row=9, last=(LAST_ROW,))
_PLACE = Joined(recording="recording", row=9, ts=START, last=(LAST_ROW,))


def joined_examples(attached: Record) -> list[Record]:
    """The first record of a session, as it is where the session joined."""
    assert isinstance(attached, SessionAttached)
    return [msgspec.structs.replace(attached, joined=_PLACE)]


def joined_within_bars(attached: Record) -> list[Record]:
    """The same where bars were in progress."""
    assert isinstance(attached, SessionAttached)
    begun = BegunStretch(0, "mid", START - 9, 10_000, 10_002, 9998, 10_001, 0, 8)
    bars = BegunBars(ts=START - 1, stretches=(begun,))
    return [msgspec.structs.replace(attached, joined=msgspec.structs.replace(_PLACE, bars=bars))]
