"""Bars that sessions build, made once for all sessions of a market."""

from __future__ import annotations

from typing import Final

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, MarketInfo, SourceSlice
from offbook.domain.rows import BarUnits, Stretch, bar_of
from offbook.engine.market.stretches import stretch_of
from offbook.services.market_hub.made_rows import RowsMaker

KEPT_STRETCHES: Final = 256
"""How many stretches of one source's part of a chunk are kept; sessions that come to rest at the
same rows ask for far fewer, and all others for some of their own."""
KEPT_BARS: Final = 1024
"""How many bars of a source are kept."""


class BuiltOnce:
    """The bars that somebody built last of one source."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._bars: dict[BarUnits, Bar] = {}

    def of(self, units: BarUnits) -> Bar:
        """The bar of these numbers, the same object for all who ask before it is forgotten."""
        found = self._bars.get(units)
        if found is None:
            if len(self._bars) >= KEPT_BARS:
                del self._bars[next(iter(self._bars))]
            found = self._bars[units] = bar_of(units, self._instrument)
        return found


class SharedStretches:
    """What stretches of one source's rows in a chunk come to: a ``MadeStretches``.

    While there is a single session nothing is kept.  What is kept is bounded; whatever is not there
    is made again and comes to the same.
    """

    def __init__(self, rows: SourceSlice, maker: RowsMaker, bars: BuiltOnce) -> None:
        """``rows`` are the whole columns; of those not filled yet nobody asks."""
        self._rows = rows
        self._maker = maker
        self._bars = bars
        self._known: dict[tuple[int, int, str], Stretch] = {}

    def of(self, begin: int, end: int, price: str) -> Stretch:
        """Rows ``begin`` to ``end`` of the columns."""
        if not self._maker.shared:
            return stretch_of(self._rows, begin, end, price)
        key = (begin, end, price)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KEPT_STRETCHES:
                self._known.clear()
            found = self._known[key] = stretch_of(self._rows, begin, end, price)
        return found

    def bar(self, units: BarUnits) -> Bar:
        """A bar that ends with these rows, or a little later."""
        if not self._maker.shared:
            return bar_of(units, self._rows.instrument)
        return self._bars.of(units)


class BarsMaker:
    """What the chunks of a market give to sessions that build bars of them."""

    def __init__(self, info: MarketInfo, maker: RowsMaker) -> None:
        instruments = {instrument.symbol: instrument for instrument in info.instruments}
        self._maker = maker
        self._bars = [BuiltOnce(instruments[source.symbol]) for source in info.sources]

    def of(self, source: int, rows: SourceSlice) -> SharedStretches:
        """Those of one source's columns in one chunk."""
        return SharedStretches(rows, self._maker, self._bars[source])
