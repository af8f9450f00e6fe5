"""The gateway and its feeds: rows are made as they are read, in a thread of the loop's pool."""

from __future__ import annotations

import asyncio

import msgspec

from offbook.adapters.brokers.beginnings import require_before_expiry
from offbook.adapters.brokers.synthetic.bar_rows import BarRows
from offbook.adapters.brokers.synthetic.quote_rows import QuoteRows
from offbook.adapters.brokers.synthetic.recipe import work_out
from offbook.adapters.brokers.synthetic.trading_time import TradingTime
from offbook.adapters.brokers.synthetic.walk import Walk
from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import MarketConfig, SyntheticMarket, sources_of
from offbook.domain.errors import GatewayUnavailable, InvalidConfig
from offbook.domain.market_data import DataKind, MarketInfo, MarketSlice
from offbook.ports.gateway import FeedExtent


class SyntheticGateway:
    """Opens made-up markets: an ``IBrokerGateway`` for ``SyntheticMarket``."""

    async def open(self, market: MarketConfig) -> SyntheticFeed:
        """Work a market out and find its length; bars are counted, which takes a while for many.

        Raises InvalidConfig: unknown calendar, moves too large for one row, hours that do not
        suffice.
        """
        if not isinstance(market, SyntheticMarket):
            raise InvalidConfig(
                "the synthetic gateway opens made-up markets only", field="market.type"
            )
        return SyntheticFeed(await asyncio.to_thread(_open, market))


class SyntheticFeed:
    """One opened synthetic market: a ``MarketFeed``. Any place is read as fast as any other, but
    for the first look beyond what has been passed."""

    def __init__(self, opened: _Opened) -> None:
        self._rows = opened.rows
        self._info = opened.info
        self._calendars = (opened.calendar,)
        self._extent = opened.extent
        self._piece: MarketSlice | None = None
        self._closed = False

    @property
    def info(self) -> MarketInfo:
        """Instrument, kind and identity of the data."""
        return self._info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the instrument."""
        return self._calendars

    @property
    def extent(self) -> FeedExtent:
        """Rows, first and last time."""
        return self._extent

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row``, at least one and at most ``limit``; None past the end.

        Raises GatewayUnavailable after ``close``.
        """
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        self._require_open()
        if row >= self._extent.rows:
            return None
        piece = self._piece
        if piece is None or not piece.start <= row < piece.start + len(piece):
            # Pure and stateless enough to run twice at a time, should a reader be cancelled.
            piece = await self._make(row)
            self._require_open()
            self._piece = piece
        begin = row - piece.start
        return piece.rows(begin, min(begin + limit, len(piece)))

    async def close(self) -> None:
        """Let the rows go. Twice is allowed."""
        self._closed = True
        self._piece = None

    async def _make(self, row: int) -> MarketSlice:
        return await asyncio.to_thread(self._rows.piece, row)

    def _require_open(self) -> None:
        if self._closed:
            raise GatewayUnavailable("the synthetic market was closed", market="synthetic")


class _Opened(msgspec.Struct, frozen=True):
    """What a configuration came to."""

    rows: QuoteRows | BarRows
    info: MarketInfo
    calendar: TradingCalendar
    extent: FeedExtent


def _open(market: SyntheticMarket) -> _Opened:
    calendar = load_calendar(market.instrument.calendar)
    recipe = work_out(market, calendar)
    walk = Walk(recipe, TradingTime(calendar, market.start_ns))
    kind = QuoteRows if market.kind is DataKind.QUOTES else BarRows
    rows = kind(walk, market.instrument)
    info = MarketInfo(
        sources=sources_of(market),
        instruments=(market.instrument,),
        data_identity=recipe.identity(),
        calendar_identity=calendar.digest(),
    )
    first_ts = int(rows.piece(0).ts[0])
    require_before_expiry(market.instrument, first_ts, "synthetic market")
    extent = FeedExtent(rows=rows.total, first_ts=first_ts, last_ts=rows.last_ts())
    return _Opened(rows, info, calendar, extent)
