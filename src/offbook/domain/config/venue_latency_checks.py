"""Whether venues that have latencies of their own fit the market of their session."""

from __future__ import annotations

from offbook.domain.config.latency import LatencyConfig
from offbook.domain.config.market import MarketConfig, actions_of, instruments_of
from offbook.domain.errors import InvalidConfig

FIELD = "venue.latency.venues"


def check_venues(market: MarketConfig, latency: LatencyConfig) -> None:
    """Raise InvalidConfig for a venue that names what is not traded here, and for instruments of
    which the one becomes the other and that are of different venues: what was told of the one
    would be overtaken by what is told of the other."""
    if not latency.venues:
        return
    known = [instrument.symbol for instrument in instruments_of(market)]
    venues = {symbol: venue.name for venue in latency.venues for symbol in venue.symbols}
    for symbol, name in venues.items():
        if symbol not in known:
            _refuse(f"name {symbol} in {name}; this market has {', '.join(known)}")
    for action in actions_of(market):
        symbol, new_symbol = action.symbol, action.new_symbol
        if new_symbol is not None and venues.get(symbol) != venues.get(new_symbol):
            _refuse(
                f"have {symbol} and {new_symbol} apart, and the one becomes the other: name both "
                "in one venue, or neither"
            )


def _refuse(what: str) -> None:
    raise InvalidConfig(f"{FIELD} {what}", field=FIELD)
