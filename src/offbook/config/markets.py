"""What has to be known of a recording besides its rows, and how it becomes a market."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NoReturn

import msgspec

from offbook.config.contracts import contract_of, settlements_told
from offbook.config.decimals import decimals_of
from offbook.config.documents import convert, located, read_document
from offbook.config.settings import absolute
from offbook.domain.config import (
    Adjustment,
    BadRows,
    CorporateAction,
    FundingRate,
    MarketConfig,
    OffHours,
    ReplayMarket,
    SettlementPrice,
)
from offbook.domain.config.base import settle_enum
from offbook.domain.contracts import Settles
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import ALWAYS_OPEN, AssetClass, Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.timeframes import parse_timeframe

DEMO: Final = "demo"
"""Given as a data file, the recording that ships with offbook."""
SHIPPED: Final = MappingProxyType(
    {
        DEMO: "demo/btcusdt-quotes.csv.gz",
        "demo-trades": "demo/btcusdt-trades.csv.gz",
        "demo-stocks": "stocks/stocks.toml",
    }
)
"""Names that stand for data that ships: eleven minutes of BTCUSDT, its quotes and its prints, and
daily bars of four shares."""
AUTO: Final = "auto"
"""Given as decimals, as many as the recording has."""

FILES: Final = ("actions", "funding", "settlements")
"""Where a description may name a file beside it."""
_NUMBERS: Final = (
    *("tick", "lot", "min_notional"),
    *("multiplier", "contract_margin", "contract_maintenance"),
)


class Label(enum.Enum):
    """Which end of a bar its time names."""

    OPEN = "open"
    CLOSE = "close"


_CHOICES: Final[dict[str, type[enum.Enum]]] = {
    "asset_class": AssetClass,
    "kind": DataKind,
    "label": Label,
    "off_hours": OffHours,
    "adjustment": Adjustment,
    "settles": Settles,
}
"""What may be given as text in Python, as in a file."""


class MarketDescription(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What has to be known of a recording besides its rows; what is None is not told.

    ``tick``, ``lot`` and ``min_notional`` are decimal text.  ``price_decimals`` and
    ``size_decimals`` are how many decimals the recording has, where that is more than tick and lot
    have, or ``auto``.  ``columns`` maps our column names to the file's; ``header`` names the
    columns of a file without a header, ``timezone`` is that of times without an offset.
    ``actions`` are corporate actions, or a file of them, in which those of other symbols are passed
    over; ``adjustment`` says what the prices carry already.  ``funding`` are the rates of a
    perpetual, or a file of them; ``settlements`` the settlement prices of a future likewise.

    Of contracts: ``multiplier`` (decimal text), whether they are ``inverse``, ``expires`` (a moment
    with its offset from UTC), ``settles`` daily or at the expiry alone, and the margin that each
    needs, if that is an amount: ``contract_margin`` to open, ``contract_maintenance`` to keep it.
    """

    symbol: str | None = None
    asset_class: AssetClass | None = None
    base: str | None = None
    currency: str | None = None
    tick: str | None = None
    lot: str | None = None
    min_notional: str | None = None
    calendar: str | None = None
    price_decimals: int | Literal["auto"] | None = None
    size_decimals: int | Literal["auto"] | None = None
    kind: DataKind | None = None
    timeframe: str | None = None
    label: Label | None = None
    columns: dict[str, str] = {}
    header: str | tuple[str, ...] | None = None
    timezone: str | None = None
    off_hours: OffHours | None = None
    drop_bad_rows: bool | None = None
    adjustment: Adjustment | None = None
    actions: str | tuple[CorporateAction, ...] | None = None
    funding: str | tuple[FundingRate, ...] | None = None
    settlements: str | tuple[SettlementPrice, ...] | None = None
    multiplier: str | None = None
    inverse: bool | None = None
    expires: str | None = None
    settles: Settles | None = None
    contract_margin: str | None = None
    contract_maintenance: str | None = None

    def __post_init__(self) -> None:
        for name, kind in _CHOICES.items():
            if getattr(self, name) is not None:
                settle_enum(self, name, kind, f"market.{name}")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of a file without a header; a text is split at its commas."""
        if isinstance(self.header, str):
            return tuple(name.strip() for name in self.header.split(","))
        return self.header or ()

    def over(self, other: MarketDescription) -> MarketDescription:
        """This description, with what it leaves open taken from another."""
        told = {
            name: value
            for name in self.__struct_fields__
            if name != "columns" and (value := getattr(self, name)) is not None
        }
        return msgspec.structs.replace(other, **told, columns={**other.columns, **self.columns})


def beside(recording: Path) -> Path:
    """Where a recording's description is looked for: its whole name with ``.toml`` added."""
    return recording.parent / (recording.name + ".toml")


def read_description(recording: Path) -> MarketDescription:
    """The description beside a recording; empty where there is none. Raises InvalidConfig."""
    path = beside(recording)
    if not path.is_file():
        return MarketDescription()
    try:
        known = description_of(read_document(path), str(path))
    except InvalidConfig as error:
        raise located(error, path) from None
    told = {
        name: str(path.parent / place)
        for name in FILES
        if isinstance(place := getattr(known, name), str)
    }
    return msgspec.structs.replace(known, **told)


def locate_recording(data: str) -> Path:
    """What a user names: a file, folder or pattern, or ``demo`` and the like for what ships.

    Raises InvalidConfig where nothing has that name and something that ships has one like it.
    """
    if data in SHIPPED:
        return Path(str(files("offbook") / "data" / SHIPPED[data]))
    recording = absolute(Path(data))
    if not recording.exists() and (meant := get_close_matches(data, SHIPPED, n=1)):
        raise InvalidConfig(
            f"there is no file {recording}; did you mean {meant[0]!r}? "
            f"What ships: {', '.join(SHIPPED)}",
            field="market.path",
        )
    return recording


def market_of(recording: Path, known: MarketDescription) -> ReplayMarket:
    """A recording of which all that is told is known, as a market.

    Raises InvalidConfig, naming what is still to be told, and what looking at the file raises.
    """
    from offbook.adapters.brokers.replay.peeking import check

    kind, instrument = _kind(recording, known), _instrument(recording, known)
    actions = _actions(known, instrument.symbol)
    if actions and known.adjustment is None:
        what = f"{actions[0].title}: say whether its prices have been adjusted for such actions"
        _ask(recording, what, "--adjustment raw (or split, all)")
    market = ReplayMarket(
        path=str(recording),
        kind=kind,
        instrument=instrument,
        timeframe_ns=None if known.timeframe is None else parse_timeframe(known.timeframe),
        label=(known.label or Label.OPEN).value,
        columns=known.columns,
        header=known.names,
        timezone=known.timezone,
        bad_rows=BadRows.DROP if known.drop_bad_rows else BadRows.REFUSE,
        off_hours=known.off_hours or OffHours.KEEP,
        adjustment=known.adjustment,
        actions=actions,
        funding=_funding(known, instrument.symbol),
        settlements=settlements_told(known, instrument.symbol),
    )
    check(market)
    if AUTO in (known.price_decimals, known.size_decimals):
        return _with_found_decimals(market, known)
    return market


def _actions(known: MarketDescription, symbol: str) -> tuple[CorporateAction, ...]:
    if not isinstance(known.actions, str):
        return known.actions or ()
    from offbook.adapters.action_files import read_actions

    found = read_actions(absolute(Path(known.actions)))
    return tuple(action for action in found if action.symbol == symbol)


def idle_action_files(market: MarketConfig) -> list[str]:
    """Files of corporate actions that descriptions beside the recordings name, and of which no row
    is for any of them."""
    sources = [source for source in market.sources if isinstance(source, ReplayMarket)]
    named: dict[str, bool] = {}
    for source in sources:
        file = read_description(Path(source.path)).actions
        if isinstance(file, str):
            named[file] = named.get(file, False) or bool(source.actions)
    return [file for file, is_used in named.items() if not is_used]


def _funding(known: MarketDescription, symbol: str) -> tuple[FundingRate, ...]:
    if not isinstance(known.funding, str):
        return known.funding or ()
    from offbook.adapters.action_files import read_funding

    return read_funding(absolute(Path(known.funding)), symbol)


def _with_found_decimals(market: ReplayMarket, known: MarketDescription) -> ReplayMarket:
    from offbook.adapters.brokers.replay.decimals import find_precision

    price, size = find_precision(market)
    changes = {}
    if known.price_decimals == AUTO:
        changes["price_precision"] = max(price, market.instrument.price_precision)
    if known.size_decimals == AUTO:
        changes["qty_precision"] = max(size, market.instrument.qty_precision)
    instrument = msgspec.structs.replace(market.instrument, **changes)
    return msgspec.structs.replace(market, instrument=instrument)


def description_of(document: Mapping[str, Any], origin: str) -> MarketDescription:
    """A description as it was written down; ``origin`` is named in errors. Raises InvalidConfig."""
    plain = {name.replace("-", "_"): value for name, value in document.items()}
    for name in _NUMBERS:
        if type(plain.get(name)) is int:
            plain[name] = str(plain[name])
    unknown = sorted(set(plain) - set(MarketDescription.__struct_fields__))
    if unknown:
        known = MarketDescription.__struct_fields__
        meant = get_close_matches(unknown[0], known, n=1)
        near = f". Did you mean {meant[0]}?" if meant else ""
        raise InvalidConfig(
            f"{origin}: {', '.join(unknown)} says nothing of a market; known: "
            f"{', '.join(known)}{near}",
            field=unknown[0],
        )
    return convert(plain, MarketDescription, origin)


def _kind(recording: Path, known: MarketDescription) -> DataKind:
    """What the rows are: as told, else as the columns show."""
    from offbook.adapters.brokers.replay.peeking import peek

    seen = peek(str(recording), known.columns, known.names, known.kind)
    kind = known.kind
    if kind is None and known.timeframe is not None and DataKind.BARS in seen.kinds:
        kind = DataKind.BARS
    if kind is None and len(seen.kinds) == 1:
        kind = seen.kinds[0]
        if seen.doubt:
            raise InvalidConfig(
                f"{recording.name}: {seen.doubt}", field="market.kind", file=str(recording)
            )
    if kind is None:
        fitting = [kind.value for kind in seen.kinds]
        what = f"both {' and '.join(fitting)}" if fitting else "neither quotes, trades nor bars"
        what += f"; {seen.nearest}" if seen.nearest else ""
        _ask(
            recording,
            f"its columns ({', '.join(seen.columns)}) make {what}. Quotes need a time, bid, ask, "
            "bid_size, ask_size; trades a time, price, size; bars a time, open, high, low, close, "
            "volume",
            " or ".join(f"--kind {kind}" for kind in fitting)
            or "--column OURS=THEIRS for each name",
        )
    if kind is DataKind.BARS and known.timeframe is None:
        _ask(
            recording,
            "it holds bars and nothing says how long one is",
            "--timeframe 1m (or 1d for days)",
        )
    if kind is not DataKind.BARS and known.timeframe is not None:
        raise InvalidConfig(
            f"{recording.name}: it holds {kind.value}, and they have no timeframe: leave it out",
            field="market.timeframe_ns",
            file=str(recording),
        )
    return kind


_EQUITY: Final = MarketDescription(currency="USD", tick="0.01", lot="1", calendar="XNYS")
"""What holds for US shares unless it is told otherwise."""


def _instrument(recording: Path, known: MarketDescription) -> Instrument:
    if known.asset_class is AssetClass.EQUITY:
        known = known.over(_EQUITY)
    base, currency = _pair(known)
    asked = {
        "--symbol": known.symbol,
        "--asset-class": known.asset_class,
        "--currency": currency,
        "--base": base,
        "--tick": known.tick,
        "--lot": known.lot,
    }
    missing = [flag for flag, value in asked.items() if not value]
    if missing == ["--base"]:
        _ask(recording, f"it is not plain what {known.symbol} is a unit of", "--base BTC")
    if missing:
        lacking = [flag for flag in missing if flag != "--base"]
        _ask(
            recording,
            "more has to be known of its instrument",
            *(_EXAMPLES[flag] for flag in lacking),
        )
    assert known.symbol is not None
    assert known.asset_class is not None
    assert base is not None
    assert currency is not None
    assert known.tick is not None
    assert known.lot is not None
    return Instrument(
        symbol=known.symbol,
        asset_class=known.asset_class,
        base=base,
        quote_currency=currency,
        price_precision=decimals_of(known.price_decimals, known.tick),
        qty_precision=decimals_of(known.size_decimals, known.lot),
        tick_size=known.tick,
        lot_size=known.lot,
        min_notional=known.min_notional or "0",
        calendar=known.calendar or ALWAYS_OPEN,
        contract=contract_of(known),
    )


def _pair(known: MarketDescription) -> tuple[str | None, str | None]:
    """What a unit is and what pays for it, as far as the symbol says so without guessing."""
    symbol, base, currency = known.symbol or "", known.base, known.currency
    if known.asset_class is AssetClass.EQUITY:
        return base or symbol, currency
    if known.asset_class is AssetClass.FUTURE and not known.inverse and symbol.isalnum():
        return base or symbol, currency
    for sign in "/-_":
        if symbol.count(sign) == 1:
            left, right = symbol.split(sign)
            return base or left, currency or right
    if base is None and currency and symbol.endswith(currency) and symbol != currency:
        base = symbol.removesuffix(currency)
    return base, currency


_EXAMPLES: Final = {
    "--symbol": "--symbol BTCUSDT",
    "--asset-class": "--asset-class crypto_spot (or equity, crypto_perpetual, future)",
    "--currency": "--currency USDT",
    "--tick": "--tick 0.01",
    "--lot": "--lot 0.00001",
}


def _ask(recording: Path, what: str, *add: str) -> NoReturn:
    raise InvalidConfig(
        f"{recording.name}: {what}. Add {', '.join(add)}; or write it once into "
        f"{beside(recording).name} beside the file",
        field="market",
        file=str(recording),
    )
