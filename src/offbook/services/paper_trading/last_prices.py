"""What the last row of a market says of its price, for those who look on."""

from __future__ import annotations

from decimal import Decimal

from offbook.domain.market_data import MarketSlice, QuoteSlice


def last_prices(row: MarketSlice | None) -> dict[str, str]:
    """The price of each instrument in a slice's last row as decimal text; empty without one."""
    if row is None or not len(row):
        return {}
    instrument = row.instrument
    if isinstance(row, QuoteSlice):
        twice = int(row.bid_px[-1]) + int(row.ask_px[-1])
        middle: Decimal = instrument.price_decimal(twice) / 2
        return {instrument.symbol: format(middle, "f")}
    return {instrument.symbol: instrument.price_text(int(row.close_px[-1]))}
