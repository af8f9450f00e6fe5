"""How much worse than the shown price a taking order trades where the data has no depth."""

from __future__ import annotations

from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_amount, exact_decimal
from offbook.domain.errors import InvalidConfig


class NoSlippage(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="none"):
    """Taking orders trade at the price that the data gives."""


class BasisPointsSlippage(
    ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="basis_points"
):
    """A share of the price in basis points (decimal text, at most 4 decimals).

    ``quotes`` says whether it also applies where quotes show a price: then the fill is worse than
    what was shown, as by impact.
    """

    bps: str
    quotes: bool = False

    def __post_init__(self) -> None:
        bps = exact_decimal("venue.slippage.bps", self.bps, precision=4)
        if not 0 <= bps <= 1000:
            raise InvalidConfig(
                f"venue.slippage.bps={self.bps}, expected 0 to 1000 basis points",
                field="venue.slippage.bps",
            )


class SpreadSlippage(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="spread_share"):
    """A share (0 to 10) of the spread between bid and ask.

    Bars and trades show no spread: for them ``assumed_spread``, a price, must say what it is.
    ``quotes`` is as for basis points.
    """

    share: str = "0.5"
    assumed_spread: str | None = None
    quotes: bool = False

    def __post_init__(self) -> None:
        share = exact_decimal("venue.slippage.share", self.share, precision=RATIO_PRECISION)
        if not 0 <= share <= 10:
            raise InvalidConfig(
                f"venue.slippage.share={self.share}, expected 0 to 10 spreads",
                field="venue.slippage.share",
            )
        field = "venue.slippage.assumed_spread"
        if self.assumed_spread is not None and exact_amount(field, self.assumed_spread) < 0:
            raise InvalidConfig(f"{field}={self.assumed_spread} is negative", field=field)


class SquareRootSlippage(
    ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="square_root"
):
    """Impact by the square root of participation: ``bps`` basis points of the price times the
    square root of the fill's share of the volume that its row shows: a bar's volume, a print's
    size, or with ``quotes`` the size shown.

    That impact grows by about the square root of what is traded against the market's volume is
    the law of Torre and Ferrari, "BARRA Market Impact Model Handbook" (1997), found again by
    Almgren, Thum, Hauptmann and Li, "Direct Estimation of Equity Market Impact" (2005).
    """

    bps: str
    quotes: bool = False

    def __post_init__(self) -> None:
        bps = exact_decimal("venue.slippage.bps", self.bps, precision=4)
        if not 0 <= bps <= 10_000:
            raise InvalidConfig(
                f"venue.slippage.bps={self.bps}, expected 0 to 10000 basis points",
                field="venue.slippage.bps",
            )


class VolumeShareSlippage(
    ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="volume_share"
):
    """Impact by the square of participation: the price times ``impact`` (0 to 10) times the square
    of the fill's share of the volume that its row shows.

    It is the formula of ``VolumeShareSlippage`` in Quantopian's zipline, with 0.1 as the impact
    there, and is here to be compared with it: impact that grows faster than size is not what
    markets show (see ``square_root``).
    """

    impact: str = "0.1"
    quotes: bool = False

    def __post_init__(self) -> None:
        impact = exact_decimal("venue.slippage.impact", self.impact, precision=RATIO_PRECISION)
        if not 0 <= impact <= 10:
            raise InvalidConfig(
                f"venue.slippage.impact={self.impact}, expected 0 to 10",
                field="venue.slippage.impact",
            )


SlippageConfig = (
    NoSlippage | BasisPointsSlippage | SpreadSlippage | SquareRootSlippage | VolumeShareSlippage
)
