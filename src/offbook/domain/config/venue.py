"""The simulated venue: what it charges, how long messages take, how it matches."""

from __future__ import annotations

from typing import Final

from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_decimal, settle_enum
from offbook.domain.config.fees import BasisPointsFee, FeeConfig, FeeRounding
from offbook.domain.config.slippage import NoSlippage, SlippageConfig
from offbook.domain.errors import InvalidConfig

MAX_LATENCY_NS: Final = 60_000_000_000


class ConstantLatency(ConfigPart, frozen=True, kw_only=True):
    """Delay of messages in session time (ns): to the venue, and of its reports back."""

    entry_ns: int = 50_000_000
    response_ns: int = 50_000_000

    def __post_init__(self) -> None:
        for name in ("entry_ns", "response_ns"):
            if not 0 <= getattr(self, name) <= MAX_LATENCY_NS:
                raise InvalidConfig(
                    f"venue.latency.{name}={getattr(self, name)}, "
                    f"expected 0 to {MAX_LATENCY_NS} ns",
                    field=f"venue.latency.{name}",
                )


class VenueConfig(ConfigPart, frozen=True, kw_only=True):
    """The simulated venue.

    ``bar_volume_share`` (0 to 1): how much of a bar's volume the session's orders may take.
    ``market_collar`` (0 to 1): how far above the market a market buy reserves cash.
    ``whole_shares``: orders are for whole units, whatever the instrument's lot.
    """

    fee: FeeConfig = BasisPointsFee()
    fee_rounding: FeeRounding = FeeRounding.UP
    slippage: SlippageConfig = NoSlippage()
    latency: ConstantLatency = ConstantLatency()
    bar_volume_share: str = "0.1"
    market_collar: str = "0.05"
    whole_shares: bool = False

    def __post_init__(self) -> None:
        settle_enum(self, "fee_rounding", FeeRounding, "venue.fee_rounding")
        for name in ("bar_volume_share", "market_collar"):
            share = exact_decimal(f"venue.{name}", getattr(self, name), precision=RATIO_PRECISION)
            if not 0 <= share <= 1 or (name == "bar_volume_share" and share == 0):
                raise InvalidConfig(
                    f"venue.{name}={getattr(self, name)}, expected a share between 0 and 1",
                    field=f"venue.{name}",
                )
