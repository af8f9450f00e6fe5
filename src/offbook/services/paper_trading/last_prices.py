"""What the last rows of a market say of its prices, for those who look on."""

from __future__ import annotations

from decimal import Decimal

from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DepthSlice,
    MarketSlice,
    QuoteSlice,
    StatusSlice,
    TradeSlice,
    rows_by_source,
)

PricedSlice = QuoteSlice | TradeSlice | BarSlice


def last_prices(rows: MarketSlice | None) -> dict[str, str]:
    """The last price of each instrument that has a row there, as decimal text: the middle of a
    quote, else what was traded, else a bar's close.  Single updates of a book say none, nor does a
    status."""
    if rows is None or not len(rows):
        return {}
    found: dict[str, str] = {}
    priced = [
        part
        for _, part in rows_by_source(rows)
        if not isinstance(part, DepthSlice | BookOrderSlice | StatusSlice)
    ]
    by_rank = sorted(priced, key=_rank, reverse=True)
    for part in by_rank:
        found[part.instrument.symbol] = _price(part)
    return found


def _rank(rows: PricedSlice) -> int:
    """How near to the market a kind of rows is, nearest first."""
    return 0 if isinstance(rows, QuoteSlice) else 1 if isinstance(rows, TradeSlice) else 2


def _price(rows: PricedSlice) -> str:
    instrument = rows.instrument
    if isinstance(rows, QuoteSlice):
        twice = int(rows.bid_px[-1]) + int(rows.ask_px[-1])
        middle: Decimal = instrument.price_decimal(twice) / 2
        return format(middle, "f")
    traded = rows.price_px if isinstance(rows, TradeSlice) else rows.close_px
    return instrument.price_text(int(traded[-1]))
