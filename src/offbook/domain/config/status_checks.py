"""Whether what an exchange says of instruments fits a market, and rules of it are used there."""

from __future__ import annotations

from offbook.domain.config.arriving import BeyondBand
from offbook.domain.config.market import MarketConfig, pricing_kinds, require_every_row
from offbook.domain.config.venue import VenueConfig, WhileHalted
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind


def check_status(market: MarketConfig, venue: VenueConfig) -> None:
    """Raise InvalidConfig for a status of what has no price, or of which rows are left out, and for
    a rule of halts or bands where nothing tells of any."""
    if DataKind.STATUS not in {source.kind for source in market.sources}:
        _check_rules(venue)
    for source in market.sources:
        if source.kind is not DataKind.STATUS:
            continue
        symbol = source.instrument.symbol
        if not pricing_kinds(market, source.instrument):
            raise InvalidConfig(
                f"the market has a status of {symbol} and nothing that gives its price: add its "
                "quotes, trades, bars or depth as another source",
                field="market.sources",
            )
        require_every_row(source, "status")


def _check_rules(venue: VenueConfig) -> None:
    """A rule of what nothing tells of would change nothing."""
    rules = (
        ("while_halted", "halts", venue.while_halted is WhileHalted.REJECT),
        ("beyond_band", "price bands", venue.beyond_band is BeyondBand.REJECT),
    )
    for name, what, is_used in rules:
        if is_used:
            raise InvalidConfig(
                f"venue.{name} is for {what}, and nothing in this market tells of any: leave it "
                'out, or add a source of kind = "status"',
                field=f"venue.{name}",
            )
