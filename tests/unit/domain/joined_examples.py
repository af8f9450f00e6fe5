"""What stands in the records of a session that joined a running market."""

import msgspec

from offbook.domain.commands import SkipRows
from offbook.domain.joining import Joined, LastRow
from offbook.domain.records import Record, SessionAttached
from offbook.testing.markets import START

LAST_ROW = LastRow(0, 8, {"ts": START, "bid_px": 9999, "ask_px": 10_001})
SKIP_ROWS = SkipRows(command_id="c9", first_row=5, to_row=9, last=(LAST_ROW,))


def joined_examples(attached: Record) -> list[Record]:
    """The first record of a session, as it is where the session joined."""
    assert isinstance(attached, SessionAttached)
    place = Joined(recording="recording", row=9, ts=START, last=(LAST_ROW,))
    return [msgspec.structs.replace(attached, joined=place)]
