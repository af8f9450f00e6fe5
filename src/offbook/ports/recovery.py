"""Who helps to take sessions up again, on other processors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

import msgspec

from offbook.domain.journal import Snapshot
from offbook.domain.session import PaperTradingSession

TellStuck = Callable[[str, float, str], None]
"""``(session_id, seconds, stack)`` of a callback that does not return."""


class EndState(msgspec.Struct, frozen=True, kw_only=True):
    """A session where its committed journal ends, which was verified and run again up to there.

    ``snapshot`` is of its last record, and ``attached`` its first one.
    """

    snapshot: Snapshot
    attached: bytes


@runtime_checkable
class IRebuilder(Protocol):
    """Runs journals again, elsewhere. It reads what is stored, and writes nothing."""

    @property
    def places(self) -> int:
        """How many sessions it takes at a time; who asks for more waits."""

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """The session's state where its journal, as stored, ends.

        None where that cannot be had here, for whatever reason: whoever asks rebuilds the session
        himself, and so meets every error himself.  A caller that is cancelled takes only itself
        away.
        """


@runtime_checkable
class IRecoveryCrew(Protocol):
    """Processes that rebuild sessions, called for one recovery."""

    def at_work(
        self, sessions: Sequence[PaperTradingSession], on_stuck: TellStuck
    ) -> AbstractAsyncContextManager[IRebuilder | None]:
        """A crew for taking up these sessions, all of it gone afterwards; None where they are not
        worth one.  ``on_stuck`` is called on the loop."""
