"""Sessions of the engine for made markets, with silent strategies, and their inputs once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from tests.properties.market_cases import Setup

from offbook.domain import records as r
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import (
    Adjustment,
    CombinedMarket,
    ReplayMarket,
    SessionConfig,
    sources_of,
)
from offbook.domain.market_data import DataKind, MarketInfo
from offbook.domain.records import Record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.inputs import Advance, Attach, EndOfData, EngineInput, Take
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.strategy.view import Fill


class Silent(Strategy):
    """Listens and does nothing, so that reports travel."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int | str] = []

    def on_start(self) -> None:
        """Nothing: to be a strategy is enough."""


class OnStatus(Silent):
    """Is shown every event of a status, and hears of every fill."""

    def on_status(self, status: Any) -> None:
        self.seen.append(status.ts)

    def on_fill(self, fill: Fill) -> None:
        self.seen.append(fill.client_order_id)


class OnQuote(OnStatus):
    """Is shown every quote."""

    def on_quote(self, quote: Any) -> None:
        self.seen.append(quote.ts)


class OnBar(OnStatus):
    """Is shown every bar."""

    def on_bar(self, bar: Any) -> None:
        self.seen.append(bar.ts)


class OnTrade(OnStatus):
    """Is shown every print."""

    def on_trade(self, trade: Any) -> None:
        self.seen.append(trade.ts)


class OnBoth(OnQuote, OnTrade):
    """Is shown every quote and print."""


class OnDepth(OnStatus):
    """Is shown a book after each of its messages."""

    def on_depth(self, book: Any) -> None:
        self.seen.append(book.ts)


class OnDepthAndTrade(OnDepth, OnTrade):
    """Is shown that and every print."""


LISTENERS: dict[str, type[Silent]] = {
    "on_start": Silent,
    "on_quotes": OnQuote,
    "on_trades": OnTrade,
    "on_quotes_trades": OnBoth,
    "on_bars": OnBar,
    "on_depth": OnDepth,
    "on_depth_trades": OnDepthAndTrade,
    "on_orders": OnDepth,
    "on_orders_trades": OnDepthAndTrade,
}


def session_of(setup: Setup) -> PaperTradingSession:
    """The session that a setup describes."""
    marks = {"auction": "auction"}
    sources = tuple(
        ReplayMarket(
            path="made.csv",
            kind=kind,
            instrument=part.instrument,
            timeframe_ns=setup.timeframe if kind is DataKind.BARS else None,
            actions=part.actions if kind is part.kinds[0] else (),
            adjustment=Adjustment.RAW if part.actions else None,
            funding=part.funding if kind is part.kinds[0] else (),
            columns=marks if part.marked and kind is DataKind.TRADES else {},
            settlements=part.settlements,
        )
        for part in setup.parts
        for kind in part.sources
    )
    config = SessionConfig(
        market=sources[0] if len(sources) == 1 else CombinedMarket(sources=sources),
        account=setup.account,
        venue=setup.venue,
        risk=setup.risk,
        lifecycle=setup.lifecycle,
        seed=setup.seed,
    )
    return PaperTradingSession(
        id="00000000-0000-7000-8000-000000000000",
        config=config,
        status=SessionStatus.STARTING,
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
    )


def attach_of(setup: Setup) -> Attach:
    """How its engine is joined to the made market."""
    calendars = {part.instrument.calendar: _calendar(part) for part in setup.parts}
    info = MarketInfo(
        sources=sources_of(session_of(setup).config.market),
        instruments=tuple(part.instrument for part in setup.parts),
        data_identity="made",
        calendar_identity="made",
        clock_stops=setup.clock_stops,
    )
    return Attach(market=info, calendars=tuple(calendars.values()))


def _calendar(part: Setup) -> TradingCalendar:
    """The hours of an instrument."""
    calendar = ALWAYS_OPEN_CALENDAR
    if part.hours:
        calendar = TradingCalendar(
            name="MADE",
            opens=tuple(begin for begin, _ in part.hours),
            closes=tuple(end for _, end in part.hours),
            break_starts=tuple(begin for begin, _ in part.breaks),
            break_ends=tuple(end for _, end in part.breaks),
        )
    return msgspec.structs.replace(calendar, name=part.instrument.calendar)


def merged(inputs: list[EngineInput], records: list[Record]) -> list[EngineInput]:
    """The inputs as a journal gives them back: commands at their recorded times, and no hints but
    one on which no row followed any more."""
    times = iter([m.ts for m in records if isinstance(m, r.CommandTaken)])
    made: list[EngineInput] = []
    for item, following in zip(inputs, [*inputs[1:], None], strict=True):
        if isinstance(item, Take):
            made.append(Take(command=item.command, ts=next(times, item.ts)))
        elif not isinstance(item, Advance) or following is None or isinstance(following, EndOfData):
            made.append(item)
    return made
