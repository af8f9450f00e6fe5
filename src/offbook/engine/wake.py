"""What can change a sleeping session: the engine's hint to whoever feeds it.

A wake is a hint. An extra one changes no byte; a missed one is the only error.
"""

from __future__ import annotations

import msgspec

from offbook.domain.calendars import NEVER


class Wake(msgspec.Struct, frozen=True, kw_only=True):
    """The next things that can change the session.

    ``every_row``: symbols whose every row concerns it (always a legal answer).  ``at``: the
    earliest session time (ns UTC) at which something falls due; ``NEVER`` if nothing does.
    """

    every_row: frozenset[str] = frozenset()
    at: int = NEVER
