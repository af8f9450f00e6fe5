"""What a market is: its sources, its instruments, and the kinds of rows that they give."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from offbook.domain.instruments import Instrument


class DataKind(enum.Enum):
    """What the rows of a source are."""

    QUOTES = "quotes"
    TRADES = "trades"
    BARS = "bars"
    DEPTH = "depth"
    STATUS = "status"
    ORDERS = "orders"

    @property
    def is_book(self) -> bool:
        """Whether a book is made of the rows: level by level, or order by order."""
        return self in _BOOKS


_BOOKS: Final = frozenset({DataKind.DEPTH, DataKind.ORDERS})


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One source of a market: what its rows are, and of what; bars say of which timeframe, prints
    that those of ``auctions`` are marked where they are."""

    symbol: str
    kind: DataKind
    timeframe_ns: int | None = None
    auctions: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def price_rank(self) -> tuple[int, int]:
        """How well it tells a price, the lower the better: a book, quotes, trades, the
        shortest bars; a status tells none."""
        return _PRICE_ORDER.index(self.kind), self.timeframe_ns or 0


_PRICE_ORDER: Final = (
    DataKind.ORDERS,
    DataKind.DEPTH,
    DataKind.QUOTES,
    DataKind.TRADES,
    DataKind.BARS,
    DataKind.STATUS,
)


class MarketInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a market is, fixed for the life of a session.

    ``sources`` are in the order of the configuration; a market with one source gives slices of
    it, one with several gives merged ones.  ``instruments`` are those of the sources, each once.
    ``data_identity`` is a digest of everything that decides the rows (content and reading
    options); two markets with the same identity give the same rows.  ``calendar_identity`` is a
    digest of the session tables used.  ``clock_stops`` says whether session time stands still while
    the session is paused: so it is for recordings, and never for a live market.
    """

    sources: tuple[SourceInfo, ...]
    instruments: tuple[Instrument, ...]
    data_identity: str
    calendar_identity: str
    clock_stops: bool = True

    def sources_of(self, symbol: str) -> tuple[SourceInfo, ...]:
        """The sources that give rows of a symbol."""
        return tuple(source for source in self.sources if source.symbol == symbol)

    def pricing_sources(self) -> dict[str, int]:
        """The source (its place) that gives each symbol its price: its book where the market has
        depth of it, else quotes, else trades, else the shortest bars."""
        chosen: dict[str, int] = {}
        for place, source in enumerate(self.sources):
            known = chosen.get(source.symbol)
            if known is None or source.price_rank < self.sources[known].price_rank:
                chosen[source.symbol] = place
        return chosen
