"""Whether a market can be seen as late as a session's configuration says."""

from __future__ import annotations

from offbook.domain.config.latency import LatencyConfig
from offbook.domain.config.market import MarketConfig, instruments_of
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind

FIELD = "venue.latency.market_data"
ROW_TIMES = "venue.latency.row_times"


def check_late_view(market: MarketConfig, latency: LatencyConfig) -> None:
    """Raise InvalidConfig where rows are to tell how late they are, and cannot."""
    if not latency.is_recorded:
        return
    instruments = instruments_of(market)
    if len(instruments) > 1:
        raise InvalidConfig(
            f"{FIELD}: type each_row is for one instrument, whose venue's clock it follows, and "
            f"this market has {len(instruments)}: give a measured distribution instead",
            field=FIELD,
        )
    if any(source.kind is DataKind.BARS for source in market.sources):
        raise InvalidConfig(
            f"{FIELD}: type each_row is for rows that hold the venue's time and that of their "
            "reception, and bars do not: give market_data_ns, or a distribution",
            field=FIELD,
        )
