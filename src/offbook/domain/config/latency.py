"""How long messages take to the simulated venue, and its reports back."""

from __future__ import annotations

from typing import Final

from offbook.domain.config.base import ConfigPart, exact_decimal
from offbook.domain.errors import InvalidConfig

MAX_LATENCY_NS: Final = 60_000_000_000
MOST_SIGMA: Final = 3


class NormalDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="normal"):
    """Normally distributed around ``mean_ns``, never below ``least_ns``."""

    mean_ns: int
    deviation_ns: int
    least_ns: int = 0

    def __post_init__(self) -> None:
        for name in ("mean_ns", "deviation_ns", "least_ns"):
            _require_delay(name, getattr(self, name))


class LogNormalDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="log_normal"):
    """Half of all delays are below ``median_ns``, with a long tail above: the logarithm is normal
    with the deviation ``sigma`` (0 to 3, at most 4 decimals).  ``least_ns`` comes on top."""

    median_ns: int
    sigma: str = "0.5"
    least_ns: int = 0

    def __post_init__(self) -> None:
        for name in ("median_ns", "least_ns"):
            _require_delay(name, getattr(self, name))
        sigma = exact_decimal("venue.latency.sigma", self.sigma, precision=4)
        if not 0 <= sigma <= MOST_SIGMA:
            raise InvalidConfig(
                f"venue.latency.sigma={self.sigma}, expected 0 to {MOST_SIGMA}",
                field="venue.latency.sigma",
            )


class EmpiricalDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="empirical"):
    """As it was measured: ``quantiles_ns`` are equally likely delays in ascending order."""

    quantiles_ns: tuple[int, ...]

    def __post_init__(self) -> None:
        field = "venue.latency.quantiles_ns"
        if not self.quantiles_ns or list(self.quantiles_ns) != sorted(self.quantiles_ns):
            raise InvalidConfig(f"{field}: give delays in ascending order", field=field)
        for delay in self.quantiles_ns:
            _require_delay("quantiles_ns", delay)


Delay = NormalDelay | LogNormalDelay | EmpiricalDelay


class LatencyConfig(ConfigPart, frozen=True, kw_only=True):
    """Delay of messages in session time: to the venue, and of its reports back.

    ``entry_ns`` and ``response_ns`` are constant; ``entry`` and ``response`` are distributions that
    take their places.  A message never overtakes an earlier one on the same way.
    """

    entry_ns: int = 50_000_000
    response_ns: int = 50_000_000
    entry: Delay | None = None
    response: Delay | None = None

    def __post_init__(self) -> None:
        for name in ("entry_ns", "response_ns"):
            _require_delay(name, getattr(self, name))


def _require_delay(name: str, value: int) -> None:
    if not 0 <= value <= MAX_LATENCY_NS:
        raise InvalidConfig(
            f"venue.latency.{name}={value}, expected 0 to {MAX_LATENCY_NS} ns",
            field=f"venue.latency.{name}",
        )
