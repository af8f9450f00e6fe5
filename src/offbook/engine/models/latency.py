"""How long messages take, in session time (ns): to the venue and back.

A random delay is the entry of a table of 1,024 equally likely ones that a keyed draw falls on, so
that it depends on the message alone.  The tables are made of the quantiles that ship and of decimal
arithmetic, which is the same on every machine.
"""

from __future__ import annotations

import decimal
from functools import lru_cache
from typing import Protocol

from offbook.domain.config import (
    MAX_LATENCY_NS,
    Delay,
    EmpiricalDelay,
    LatencyConfig,
    LogNormalDelay,
    NormalDelay,
)
from offbook.domain.quantiles import NORMAL_UPPER, QUANTILE_SCALE_BITS
from offbook.engine.models.draws import draw, quantile

_EXACT = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN)


class LatencyModel(Protocol):
    """Delays of messages, in session time (ns), never negative."""

    def entry(self, seed: int, order: int, n: int) -> int:
        """From the strategy to the venue, for the ``n``-th message of an order."""

    def response(self, seed: int, order: int, n: int) -> int:
        """From the venue back."""


class Constant:
    """The same delay always."""

    def __init__(self, config: LatencyConfig) -> None:
        self._entry = config.entry_ns
        self._response = config.response_ns

    def entry(self, seed: int, order: int, n: int) -> int:
        """The configured entry delay."""
        return self._entry

    def response(self, seed: int, order: int, n: int) -> int:
        """The configured response delay."""
        return self._response


class Random:
    """Delays drawn from tables of equally likely ones; a constant is a table of one."""

    def __init__(self, config: LatencyConfig) -> None:
        self._entry = delays(config.entry) if config.entry else (config.entry_ns,)
        self._response = delays(config.response) if config.response else (config.response_ns,)

    def entry(self, seed: int, order: int, n: int) -> int:
        """Drawn for this message."""
        return quantile(draw(seed, "entry latency", order, n), self._entry)

    def response(self, seed: int, order: int, n: int) -> int:
        """Drawn for this report."""
        return quantile(draw(seed, "response latency", order, n), self._response)


@lru_cache(maxsize=32)
def delays(config: Delay) -> tuple[int, ...]:
    """Equally likely delays (ns), ascending, at most ``MAX_LATENCY_NS``."""
    if isinstance(config, EmpiricalDelay):
        return config.quantiles_ns
    if isinstance(config, NormalDelay):
        at = [_normal(config, z) for z in _standard_normal()]
    else:
        at = [_log_normal(config, z) for z in _standard_normal()]
    return tuple(min(one, MAX_LATENCY_NS) for one in at)


def _standard_normal() -> list[int]:
    """Quantiles in units of 2**-12, ascending."""
    return [*(-z for z in reversed(NORMAL_UPPER)), *NORMAL_UPPER]


def _normal(config: NormalDelay, z: int) -> int:
    return max(config.least_ns, config.mean_ns + (config.deviation_ns * z >> QUANTILE_SCALE_BITS))


def _log_normal(config: LogNormalDelay, z: int) -> int:
    """``exp`` of the decimal arithmetic is correctly rounded, and so the same everywhere."""
    power = _EXACT.divide(decimal.Decimal(config.sigma) * z, decimal.Decimal(1 << 12))
    scaled = _EXACT.multiply(decimal.Decimal(config.median_ns), _EXACT.exp(power))
    return config.least_ns + int(scaled)


def latency_model(config: LatencyConfig) -> LatencyModel:
    """The model that a configuration names: that of the instruments which none of its venues
    names."""
    return Constant(config) if config.entry is config.response is None else Random(config)


def venue_latencies(config: LatencyConfig) -> dict[str | None, LatencyModel]:
    """The models of the instruments that venues with delays of their own name, by symbol."""
    found: dict[str | None, LatencyModel] = {}
    for venue in config.venues:
        model = latency_model(config.of(venue))
        found.update(dict.fromkeys(venue.symbols, model))
    return found
