"""A recovery crew in this process: what it is asked and what it answers goes through bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from offbook.adapters.recovery.messages import (
    Rebuild,
    Rebuilt,
    decode_for_worker,
    decode_from_worker,
    encode,
)
from offbook.domain.session import PaperTradingSession
from offbook.ports.recovery import EndState, TellStuck
from offbook.services.paper_trading.rebuilding_apart import rebuild_apart
from tests.stage import Stage


class CrewHere:
    """An ``IRecoveryCrew`` that rebuilds sessions of a stage; ``made`` are those it could."""

    places = 2

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.made: list[str] = []
        self.troubles: dict[str, str] = {}

    @asynccontextmanager
    async def at_work(
        self, sessions: Sequence[PaperTradingSession], on_stuck: TellStuck
    ) -> AsyncIterator[CrewHere]:
        """See ``IRecoveryCrew``."""
        yield self

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """See ``IRebuilder``."""
        asked = decode_for_worker(encode(Rebuild.of(session)))
        assert isinstance(asked, Rebuild)
        stage = self._stage
        try:
            end = await rebuild_apart(
                asked.session(), stage.gateway, stage.engine, stage.repository, stage.limits
            )
        except Exception as error:
            self.troubles[session.id] = type(error).__name__
            return None
        answer = decode_from_worker(encode(Rebuilt(session.id, end)))
        assert isinstance(answer, Rebuilt)
        if answer.end is not None:
            self.made.append(session.id)
        return answer.end
