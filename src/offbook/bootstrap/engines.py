"""Making engines, with the strategies that sessions name or with those of this process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from offbook.adapters.strategy_loader import load_strategy
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy


def load_engine(session: PaperTradingSession) -> ProcessingEngine:
    """The engine of a session, with the strategy that its configuration names.

    Raises InvalidStrategy.
    """
    spec = session.config.strategy
    if spec is None:
        return ProcessingEngine(session)
    loaded = load_strategy(spec.ref)
    return ProcessingEngine(session, loaded.strategy(**spec.arguments()), loaded.source)


EngineFactory = Callable[[PaperTradingSession], ProcessingEngine]
"""What makes the engine of a session."""


def engine_factory(strategy: type[Strategy], source: str) -> EngineFactory:
    """Makes engines with a strategy's class as it is in this process, whatever a configuration
    names; ``source`` is the text whose digest is recorded."""
    digest = hashlib.sha256(source.encode()).hexdigest()

    def make(session: PaperTradingSession) -> ProcessingEngine:
        spec = session.config.strategy
        return ProcessingEngine(session, strategy(**(spec.arguments() if spec else {})), digest)

    return make
