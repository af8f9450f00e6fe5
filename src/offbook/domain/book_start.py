"""From when on a book is matched."""

from __future__ import annotations

import enum


class BookStart(enum.Enum):
    """From when on a book is matched: its first snapshot, or as soon as updates have built both of
    its sides, incomplete as it then is."""

    SNAPSHOT = "snapshot"
    UPDATES = "updates"
