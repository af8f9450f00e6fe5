"""Last prices, for those who look on."""

from __future__ import annotations

from offbook.services.paper_trading.last_prices import last_prices
from offbook.testing.markets import XYZ, bars_market, combined, quotes_market, trades_market

QUOTES = quotes_market([("100.00", "100.02", "1", "1"), ("101.00", "101.01", "1", "1")])
TRADES = trades_market([("101.50", "1")], times=[QUOTES.slices[0].ts.tolist()[-1] + 1])


def test_the_price_is_the_middle_of_a_quote_a_trade_or_a_close() -> None:
    """Of the last row; without a row there is none."""
    assert last_prices(QUOTES.slices[0]) == {"BTCUSDT": "101.005"}
    assert last_prices(TRADES.slices[0]) == {"BTCUSDT": "101.50"}
    bars = bars_market([("1.00", "3.00", "1.00", "2.00", "5")], instrument=XYZ)
    assert last_prices(bars.slices[0]) == {"XYZ": "2.00"}
    assert last_prices(None) == {}
    assert last_prices(QUOTES.slices[0].rows(0, 0)) == {}


def test_each_instrument_of_several_sources_has_its_own() -> None:
    """Where one has several kinds of rows, quotes tell more than trades."""
    other = trades_market([("7.00", "1")], instrument=XYZ)
    [rows] = combined(QUOTES, TRADES, other).slices
    assert last_prices(rows) == {"BTCUSDT": "101.005", "XYZ": "7.00"}
