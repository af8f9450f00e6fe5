"""What a scenario's ``given`` lines say: instrument, market, account and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from offbook.adapters.calendars import load_calendar
from offbook.domain import config as c
from offbook.domain.calendars import TradingCalendar
from offbook.domain.market_data import DataKind, MarketInfo, SourceInfo
from offbook.testing.markets import BTCUSDT, XYZ
from tests.scenarios.wording import duration

INSTRUMENTS = {"XYZ": XYZ, "BTCUSDT": BTCUSDT}


class Setting:
    """The choices of one scenario; what is not said is free of charge, delay and limits."""

    def __init__(self) -> None:
        self.instrument = XYZ
        self.timeframe: int | None = None
        self.live = False
        self.hears: list[str] = []
        self.cash = "100000"
        self.fee: c.FeeConfig = c.BasisPointsFee(maker="0", taker="0")
        self.venue: dict[str, Any] = {"latency": c.ConstantLatency(entry_ns=0, response_ns=0)}
        self.risk: dict[str, Any] = {}
        self.lifecycle: dict[str, Any] = {}

    def read(self, line: str) -> None:
        """Take ``given`` with its clauses, parted by semicolons."""
        for clause in line.removeprefix("given").split(";"):
            word, *words = clause.split()
            if word in INSTRUMENTS:
                self.instrument = INSTRUMENTS[word]
            else:
                CLAUSES[word](self, *words)

    @property
    def config(self) -> c.SessionConfig:
        """The session's configuration."""
        kind = DataKind.QUOTES if self.timeframe is None else DataKind.BARS
        return c.SessionConfig(
            market=c.ReplayMarket(
                path="table", kind=kind, instrument=self.instrument, timeframe_ns=self.timeframe
            ),
            account=c.AccountConfig(
                currency=self.instrument.quote_currency, initial_cash=self.cash
            ),
            venue=c.VenueConfig(fee=self.fee, **self.venue),
            risk=c.RiskConfig(**self.risk),
            lifecycle=c.LifecycleConfig(**self.lifecycle),
        )

    @property
    def calendar(self) -> TradingCalendar:
        """The market's trading hours."""
        return load_calendar(self.instrument.calendar)

    @property
    def market(self) -> MarketInfo:
        """The market as an engine is joined to it."""
        return MarketInfo(
            sources=(
                SourceInfo(
                    symbol=self.instrument.symbol,
                    kind=self.config.market.kind,
                    timeframe_ns=self.timeframe,
                ),
            ),
            instruments=(self.instrument,),
            data_identity="table",
            calendar_identity=self.calendar.digest(),
            clock_stops=not self.live,
        )

    def rule(self, **changes: Any) -> None:
        """Change a rule of the instrument."""
        self.instrument = msgspec.structs.replace(self.instrument, **changes)

    def latency(self, entry: str, response: str) -> None:
        """Delays to the venue and back."""
        self.venue["latency"] = c.ConstantLatency(
            entry_ns=duration(entry), response_ns=duration(response)
        )

    def charges(self, *words: str) -> None:
        """``fee 2 / 4 bps`` (maker / taker) or ``fee 1.50 per order``."""
        if words[-1] == "bps":
            self.fee = c.BasisPointsFee(maker=words[0], taker=words[2])
        else:
            self.fee = c.FlatFee(per_order=words[0])

    def most(self, what: str, value: str) -> None:
        """``max order 1000``, ``max position 1000`` (values) or ``max open 2`` (orders)."""
        if what == "open":
            self.risk["max_open_orders"] = int(value)
        else:
            self.risk[f"max_{what}_notional"] = value


CLAUSES: dict[str, Callable[..., None]] = {
    "tick": lambda self, size: self.rule(tick_size=size),
    "lot": lambda self, size: self.rule(lot_size=size),
    "least": lambda self, value: self.rule(min_notional=value),
    "hours": lambda self, name: self.rule(calendar=name),
    "bars": lambda self, length: setattr(self, "timeframe", duration(length)),
    "live": lambda self: setattr(self, "live", True),
    "hears": lambda self, *words: self.hears.extend(words),
    "cash": lambda self, amount: setattr(self, "cash", amount),
    "fee": Setting.charges,
    "latency": Setting.latency,
    "collar": lambda self, share: self.venue.update(market_collar=share),
    "share": lambda self, share: self.venue.update(bar_volume_share=share),
    "max": Setting.most,
    "error": lambda self, action: self.lifecycle.update(
        on_strategy_error=c.OnStrategyError(action)
    ),
    "end": lambda self, action: self.lifecycle.update(at_end=c.AtEnd(action)),
}
