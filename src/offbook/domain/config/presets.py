"""Whole venues by name, from one that costs nothing to one that is worse than most.

The figures are judgements, not measurements: whoever knows their venue says what it is instead.
"""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.config.fees import BasisPointsFee
from offbook.domain.config.latency import LatencyConfig, LogNormalDelay
from offbook.domain.config.slippage import BasisPointsSlippage
from offbook.domain.config.venue import VenueConfig


class Preset(enum.Enum):
    """How a venue treats those who trade there.

    ``FRICTIONLESS``: no charge, no delay, and the whole volume of bars: to see what an idea would
    be worth if trading were free, and nothing else.
    ``RETAIL``: from a home, through an app: slow, late now and then, and a little worse than shown.
    ``REALISTIC``: the default of every session.
    ``HARSH``: dear, slow, thin, and worse than what is shown.  What survives it may be real.
    """

    FRICTIONLESS = "frictionless"
    RETAIL = "retail"
    REALISTIC = "realistic"
    HARSH = "harsh"


_MS: Final = 1_000_000


def _delays(median_ms: int, sigma: str, least_ms: int) -> LatencyConfig:
    delay = LogNormalDelay(median_ns=median_ms * _MS, sigma=sigma, least_ns=least_ms * _MS)
    return LatencyConfig(entry=delay, response=delay)


_VENUES: Final = {
    Preset.FRICTIONLESS: VenueConfig(
        fee=BasisPointsFee(maker="0", taker="0"),
        latency=LatencyConfig(entry_ns=0, response_ns=0),
        volume_share="1",
    ),
    Preset.RETAIL: VenueConfig(
        slippage=BasisPointsSlippage(bps="2"),
        latency=_delays(120, "0.5", 30),
        volume_share="0.05",
    ),
    Preset.REALISTIC: VenueConfig(),
    Preset.HARSH: VenueConfig(
        fee=BasisPointsFee(maker="25", taker="25"),
        slippage=BasisPointsSlippage(bps="10", quotes=True),
        latency=_delays(300, "0.8", 50),
        volume_share="0.02",
    ),
}


def venue_preset(preset: Preset | str) -> VenueConfig:
    """The venue of a name; change it with ``msgspec.structs.replace``. ValueError if unknown."""
    return _VENUES[Preset(preset)]
