"""How long messages take, in session time (ns): to the venue and back."""

from __future__ import annotations

from typing import Protocol

from offbook.domain.config import ConstantLatency


class LatencyModel(Protocol):
    """Delays of messages, in session time (ns), never negative."""

    def entry(self, seed: int, order: int, n: int) -> int:
        """From the strategy to the venue, for the ``n``-th message of an order."""

    def response(self, seed: int, order: int, n: int) -> int:
        """From the venue back."""


class Constant:
    """The same delay always."""

    def __init__(self, config: ConstantLatency) -> None:
        self._entry = config.entry_ns
        self._response = config.response_ns

    def entry(self, seed: int, order: int, n: int) -> int:
        """The configured entry delay."""
        return self._entry

    def response(self, seed: int, order: int, n: int) -> int:
        """The configured response delay."""
        return self._response


def latency_model(config: ConstantLatency) -> LatencyModel:
    """The model that a configuration names."""
    return Constant(config)
