"""How a manager's collaborators are told apart, and found where none are given."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.ports.clock import IClock, IIdSource
from offbook.services.paper_trading.rebuilding import EngineFactory


def engine_factory(
    source: type[ProcessingEngine] | ProcessingEngine | EngineFactory,
) -> EngineFactory:
    """What makes a session's engine: a class or callable as it is, an instance as prototype."""
    if isinstance(source, type):
        return source
    if isinstance(source, ProcessingEngine):
        prototype = source

        def like_the_prototype(session: PaperTradingSession) -> ProcessingEngine:
            return prototype.for_session(session)

        return like_the_prototype
    return source


def default_clock() -> IClock:
    """The system's clock.

    Wall time lives in adapters, which services must not import; it is found by name, and only for
    a manager that was given no clock.
    """
    return cast(IClock, import_module("offbook.adapters.clock").SystemClock())


def default_ids() -> IIdSource:
    """The system's identifiers, found like the clock."""
    return cast(IIdSource, import_module("offbook.adapters.ids").Uuid7Source())
