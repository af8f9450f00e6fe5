"""Markets that a session can be joined to."""

from __future__ import annotations

import enum
import hashlib

import msgspec

from offbook.domain.config.actions import Adjustment, CorporateAction, require_fitting
from offbook.domain.config.base import ConfigPart
from offbook.domain.config.funding import FundingRate, check_funding
from offbook.domain.config.settlement_prices import SettlementPrice, check_settlements
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind, SourceInfo
from offbook.domain.synthetic import SyntheticMarket as SyntheticMarket


class BadRows(enum.Enum):
    """What to do with rows that cannot be true."""

    REFUSE = "refuse"
    DROP = "drop"


class OffHours(enum.Enum):
    """What to do with rows outside the trading hours of the instrument's calendar."""

    KEEP = "keep"
    REFUSE = "refuse"
    DROP = "drop"


class ReplayMarket(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="replay"):
    """A recording on disk: CSV, CSV.gz or Parquet, of one instrument.

    ``path`` is a file, a folder of files, or a pattern such as ``btc-*.csv.gz``; several files
    are one recording, in the order of their times.  ``columns`` maps our column names to the
    file's where they differ (``DATE+TIME`` joins two).  ``header`` names the columns of a CSV
    that has no header, or says which well-known kind of file it is.  ``timezone`` is that of
    times that say no offset; they are UTC without it.  Bars need ``timeframe_ns``; ``label``
    says whether a bar's time is its opening or its closing.  ``actions`` are corporate actions of
    the instrument, ``adjustment`` what its prices carry already; with actions it must be said.
    ``funding`` are the rates of a perpetual, ``settlements`` the settlement prices of a future, in
    order of time.
    Prints that are official prices of
    auctions are known where ``columns`` names the file's column that marks them, ``auction``.
    """

    path: str
    kind: DataKind
    instrument: Instrument
    timeframe_ns: int | None = None
    label: str = "open"
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    header: tuple[str, ...] = ()
    timezone: str | None = None
    bad_rows: BadRows = BadRows.REFUSE
    off_hours: OffHours = OffHours.KEEP
    adjustment: Adjustment | None = None
    actions: tuple[CorporateAction, ...] = ()
    funding: tuple[FundingRate, ...] = ()
    settlements: tuple[SettlementPrice, ...] = ()

    def __post_init__(self) -> None:
        if not self.path:
            raise InvalidConfig("market.path is empty: name a recording", field="market.path")
        if self.kind is DataKind.BARS and (self.timeframe_ns is None or self.timeframe_ns <= 0):
            raise InvalidConfig(
                "market.timeframe_ns: bars need a timeframe (for one minute: 60000000000)",
                field="market.timeframe_ns",
            )
        if self.label not in {"open", "close"}:
            raise InvalidConfig(
                f"market.label={self.label!r}, expected 'open' or 'close'", field="market.label"
            )
        check_funding(self.funding, self.instrument)
        check_settlements(self.settlements, self.instrument)
        require_fitting(self.actions, self.adjustment, self.instrument.symbol)

    @property
    def may_drop(self) -> bool:
        """Whether rows of the file may be left out."""
        return self.bad_rows is BadRows.DROP or self.off_hours is OffHours.DROP

    @property
    def marks_auctions(self) -> bool:
        """Whether prints that are official prices of auctions are marked."""
        return self.kind is DataKind.TRADES and "auction" in self.columns

    @property
    def sources(self) -> tuple[ReplayMarket]:
        """The market's sources: this one."""
        return (self,)

    @property
    def source(self) -> str:
        """What reports and screens call this market."""
        return self.path


SourceConfig = ReplayMarket | SyntheticMarket
"""One source of rows: of one instrument and one kind."""


class CombinedMarket(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="combined"):
    """Several sources as one market, merged by (time, order of the sources here, row).

    Sources may be of different instruments, or of different kinds of one instrument.
    """

    sources: tuple[SourceConfig, ...]

    def __post_init__(self) -> None:
        if not self.sources:
            raise InvalidConfig("market.sources is empty: name one", field="market.sources")
        known: dict[str, Instrument] = {}
        seen: set[tuple[str, DataKind, int | None]] = set()
        for number, source in enumerate(self.sources):
            symbol = source.instrument.symbol
            if known.setdefault(symbol, source.instrument) != source.instrument:
                raise InvalidConfig(
                    f"market.sources[{number}] describes {symbol} otherwise than one before",
                    field=f"market.sources[{number}].instrument",
                )
            timeframe = source.timeframe_ns if source.kind is DataKind.BARS else None
            place = (symbol, source.kind, timeframe)
            if place in seen:
                raise InvalidConfig(
                    f"market.sources[{number}] gives {source.kind.value} of {symbol} once more; "
                    "join files of one source by a folder or a pattern as its path",
                    field=f"market.sources[{number}]",
                )
            seen.add(place)

    @property
    def source(self) -> str:
        """What reports and screens call this market."""
        return ", ".join(dict.fromkeys(source.source for source in self.sources))


MarketConfig = ReplayMarket | SyntheticMarket | CombinedMarket
"""The markets that a session can be joined to: a tagged union, told apart by ``type``."""


def market_key(market: MarketConfig) -> str:
    """By what a market is found again: a digest of its configuration."""
    return hashlib.sha256(msgspec.json.encode(market, order="deterministic")).hexdigest()


def instruments_of(market: MarketConfig) -> tuple[Instrument, ...]:
    """The instruments of a market, each once, in the order of its sources."""
    return tuple({s.instrument.symbol: s.instrument for s in market.sources}.values())


def sources_of(market: MarketConfig) -> tuple[SourceInfo, ...]:
    """What a market's sources are."""
    return tuple(
        SourceInfo(
            symbol=source.instrument.symbol,
            kind=source.kind,
            timeframe_ns=source.timeframe_ns,
            auctions=True if _marks_auctions(source) else msgspec.UNSET,
        )
        for source in market.sources
    )


def _marks_auctions(source: SourceConfig) -> bool:
    return isinstance(source, ReplayMarket) and source.marks_auctions


def pricing_kinds(market: MarketConfig, instrument: Instrument) -> list[DataKind]:
    """What the rows of an instrument are that give its price."""
    return [
        s.kind
        for s in market.sources
        if s.instrument.symbol == instrument.symbol and s.kind is not DataKind.STATUS
    ]


def require_every_row(source: SourceConfig, what: str) -> None:
    """Raise InvalidConfig for a source, a ``what``, of which rows may be left out."""
    if isinstance(source, ReplayMarket) and source.may_drop:
        raise InvalidConfig(
            f"{source.path}: a {what} of which rows are left out is another {what}: mend the file, "
            "and leave bad_rows and off_hours as they are",
            field="market.bad_rows",
        )


def symbols_of(market: MarketConfig) -> str:
    """The symbols of a market as people read them."""
    return ", ".join(instrument.symbol for instrument in instruments_of(market))


def kinds_of(market: MarketConfig) -> str:
    """The kinds of rows of a market as people read them."""
    return ", ".join(dict.fromkeys(source.kind.value for source in market.sources))


def actions_of(market: MarketConfig) -> tuple[CorporateAction, ...]:
    """The corporate actions of a market, each once, in the order of its sources."""
    found = (action for source in market.sources for action in _actions(source))
    return tuple(dict.fromkeys(found))


def _actions(source: SourceConfig) -> tuple[CorporateAction, ...]:
    return source.actions if isinstance(source, ReplayMarket) else ()


def funding_of(market: MarketConfig) -> dict[str, tuple[FundingRate, ...]]:
    """The funding rates of each symbol that has some; of several sources the first that tells."""
    found: dict[str, tuple[FundingRate, ...]] = {}
    for source in market.sources:
        if isinstance(source, ReplayMarket) and source.funding:
            found.setdefault(source.instrument.symbol, source.funding)
    return found


def settlements_of(market: MarketConfig) -> dict[str, tuple[SettlementPrice, ...]]:
    """The settlement prices of each symbol that has some; of several sources the first that
    tells."""
    found: dict[str, tuple[SettlementPrice, ...]] = {}
    for source in market.sources:
        if isinstance(source, ReplayMarket) and source.settlements:
            found.setdefault(source.instrument.symbol, source.settlements)
    return found
