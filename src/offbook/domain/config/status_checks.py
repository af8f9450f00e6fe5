"""Whether what an exchange says of instruments fits a market, and rules of it are used there."""

from __future__ import annotations

from offbook.domain.config.arriving import BeyondBand
from offbook.domain.config.market import MarketConfig, ReplayMarket
from offbook.domain.config.venue import VenueConfig, WhileHalted
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind


def kinds_of(market: MarketConfig, instrument: Instrument) -> list[DataKind]:
    """What the rows of an instrument are that give its price."""
    return [
        s.kind
        for s in market.sources
        if s.instrument.symbol == instrument.symbol and s.kind is not DataKind.STATUS
    ]


def check_status(market: MarketConfig, venue: VenueConfig) -> None:
    """Raise InvalidConfig for a status of what has no price, or of which rows are left out, and for
    a rule of halts or bands where nothing tells of any."""
    if DataKind.STATUS not in {source.kind for source in market.sources}:
        _check_rules(venue)
    for source in market.sources:
        if source.kind is not DataKind.STATUS:
            continue
        symbol = source.instrument.symbol
        if not kinds_of(market, source.instrument):
            raise InvalidConfig(
                f"the market has a status of {symbol} and nothing that gives its price: add its "
                "quotes, trades, bars or depth as another source",
                field="market.sources",
            )
        if isinstance(source, ReplayMarket) and source.may_drop:
            raise InvalidConfig(
                f"{source.path}: a status of which rows are left out is another: mend the file, "
                "and leave bad_rows and off_hours as they are",
                field="market.bad_rows",
            )


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
