"""Numbers of messages that a venue begins anew: OKX may after maintenance, and says so only by a
message whose number is lower than that of the one before it (*Order book channel: sequence reset*).
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from offbook.adapters.brokers.replay.venue_message import VenueMessage

KEPT: Final = 1_000
"""So many messages are remembered, for where a capture has some of them twice."""


class RisingNumbers:
    """Writes numbers that go on rising within what a snapshot began; for one market."""

    def __init__(self) -> None:
        self._last = -1
        self._added = 0
        self._is_pushed = False
        self._seen: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def risen(self, message: VenueMessage) -> VenueMessage:
        """The message with numbers that follow those before it.

        Where the message is missing with which they began anew, its number leaves a gap.  One that
        comes a second time is left as it is, for the book knows it; so are all after a book that
        was asked for, which may be older than it.
        """
        if message.is_snapshot:
            self._last, self._added = message.seq, 0
            self._seen.clear()
            self._is_pushed = not message.is_answer
            return message
        if not self._is_pushed or message.prev_seq < 0 or message.seq < 0:
            return message
        told = message.seq, message.prev_seq
        seq, before = message.seq + self._added, message.prev_seq + self._added
        if seq < self._last and told not in self._seen:
            before = self._last if before == self._last else self._last + 1
            self._added = before + 1 - message.seq
            seq = before + 1
        self._last = max(self._last, seq)
        self._seen.append(told)
        return msgspec.structs.replace(message, seq=seq, prev_seq=before)
