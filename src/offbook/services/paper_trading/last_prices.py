"""What the last rows of a market say of its prices, for those who look on."""

from __future__ import annotations

from decimal import Decimal

from offbook.domain.market_data import MarketSlice, MergedSlice, QuoteSlice, SourceSlice, TradeSlice


def last_prices(rows: MarketSlice | None) -> dict[str, str]:
    """The last price of each instrument that has a row there, as decimal text: the middle of a
    quote, else what was traded, else a bar's close."""
    if rows is None or not len(rows):
        return {}
    if not isinstance(rows, MergedSlice):
        return {rows.instrument.symbol: _price(rows)}
    found: dict[str, str] = {}
    by_rank = sorted((part for _, part in rows.parts()), key=_rank, reverse=True)
    for part in by_rank:
        found[part.instrument.symbol] = _price(part)
    return found


def _rank(rows: SourceSlice) -> int:
    """How near to the market a kind of rows is, nearest first."""
    return 0 if isinstance(rows, QuoteSlice) else 1 if isinstance(rows, TradeSlice) else 2


def _price(rows: SourceSlice) -> str:
    instrument = rows.instrument
    if isinstance(rows, QuoteSlice):
        twice = int(rows.bid_px[-1]) + int(rows.ask_px[-1])
        middle: Decimal = instrument.price_decimal(twice) / 2
        return format(middle, "f")
    traded = rows.price_px if isinstance(rows, TradeSlice) else rows.close_px
    return instrument.price_text(int(traded[-1]))
