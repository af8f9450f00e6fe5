"""The simulated venue: what it charges, how long messages take, how it matches."""

from __future__ import annotations

from typing import Final

from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_amount, exact_decimal
from offbook.domain.errors import InvalidConfig

MAX_LATENCY_NS: Final = 60_000_000_000


class BasisPointsFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="basis_points"):
    """A share of each fill's value in basis points (decimal text, at most 4 decimals)."""

    maker: str = "10"
    taker: str = "10"

    def __post_init__(self) -> None:
        for name in ("maker", "taker"):
            bps = exact_decimal(f"venue.fee.{name}", getattr(self, name), precision=4)
            if not 0 <= bps <= 1000:
                raise InvalidConfig(
                    f"venue.fee.{name}={getattr(self, name)}, expected 0 to 1000 basis points",
                    field=f"venue.fee.{name}",
                )


class FlatFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="flat"):
    """A fixed charge per order, taken at its first fill (a sell pays it out of its proceeds)."""

    per_order: str = "1"

    def __post_init__(self) -> None:
        if exact_amount("venue.fee.per_order", self.per_order) < 0:
            raise InvalidConfig(
                f"venue.fee.per_order={self.per_order} is negative", field="venue.fee.per_order"
            )


FeeConfig = BasisPointsFee | FlatFee


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
    """

    fee: FeeConfig = BasisPointsFee()
    latency: ConstantLatency = ConstantLatency()
    bar_volume_share: str = "0.1"
    market_collar: str = "0.05"

    def __post_init__(self) -> None:
        for name in ("bar_volume_share", "market_collar"):
            share = exact_decimal(f"venue.{name}", getattr(self, name), precision=RATIO_PRECISION)
            if not 0 <= share <= 1 or (name == "bar_volume_share" and share == 0):
                raise InvalidConfig(
                    f"venue.{name}={getattr(self, name)}, expected a share between 0 and 1",
                    field=f"venue.{name}",
                )
