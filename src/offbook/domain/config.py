"""The configuration of one session: plain, frozen, exact, fully resolved.

Everything here that can change a record is part of the session's chain; ``name``, ``pace`` and
the places where data and code lie are not (their content is, by digest).
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any, Final

import msgspec

from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import SyntheticMarket as SyntheticMarket
from offbook.domain.values import AMOUNT_PRECISION, text_to_units

MAX_LATENCY_NS: Final = 60_000_000_000
RATIO_PRECISION: Final = 8


class PauseOrders(enum.Enum):
    """What pausing does to resting orders; protective ones stay unless all are canceled."""

    CANCEL_ENTRIES = "cancel_entries"
    KEEP = "keep"
    CANCEL_ALL = "cancel_all"


class ResumeTimers(enum.Enum):
    """What resuming does with timers that fell due while paused."""

    SKIP = "skip"
    FIRE_ONCE = "fire_once"
    REPLAY = "replay"


class OnStrategyError(enum.Enum):
    """What a callback that raises does to its session."""

    PAUSE = "pause"
    STOP = "stop"
    FAIL = "fail"


class AtEnd(enum.Enum):
    """What the end of a recording does to a running session."""

    STOP = "stop"
    PAUSE = "pause"


class BadRows(enum.Enum):
    """What to do with rows that cannot be true."""

    REFUSE = "refuse"
    DROP = "drop"


def _decimal(field: str, text: str, precision: int) -> Decimal:
    try:
        text_to_units(text, precision)
    except (ValueError, TypeError) as error:
        raise InvalidConfig(f"{field}: {error}", field=field) from None
    return Decimal(text)


def _amount(field: str, text: str) -> int:
    try:
        return text_to_units(text, AMOUNT_PRECISION)
    except (ValueError, TypeError) as error:
        raise InvalidConfig(f"{field}: {error}", field=field) from None


class _Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all configuration parts: immutable, named fields, nothing unknown."""


class ReplayMarket(_Config, frozen=True, kw_only=True, tag_field="type", tag="replay"):
    """A recording on disk: CSV, CSV.gz or Parquet, of one instrument.

    ``columns`` maps our column names to the file's where they differ.  Bars need
    ``timeframe_ns``; ``label`` says whether a bar's time is its opening or its closing.
    """

    path: str
    kind: DataKind
    instrument: Instrument
    timeframe_ns: int | None = None
    label: str = "open"
    columns: dict[str, str] = {}
    bad_rows: BadRows = BadRows.REFUSE

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

    @property
    def source(self) -> str:
        """What reports and screens call this market."""
        return self.path


MarketConfig = ReplayMarket | SyntheticMarket
"""The markets that a session can be joined to: a tagged union, told apart by ``type``."""


class StrategySpec(_Config, frozen=True, kw_only=True):
    """Which strategy runs: ``path/to/file.py:Class`` or ``package.module:Class``, and its
    parameters as JSON values."""

    ref: str
    params: dict[str, Any] = {}

    def __post_init__(self) -> None:
        target, _, name = self.ref.rpartition(":")
        if not target or not name.isidentifier():
            raise InvalidConfig(
                f"strategy {self.ref!r}: expected path/to/file.py:Class or package.module:Class",
                field="strategy.ref",
            )


class AccountConfig(_Config, frozen=True, kw_only=True):
    """A cash account in one currency; ``initial_cash`` is decimal text."""

    currency: str
    initial_cash: str = "100000"

    def __post_init__(self) -> None:
        if not self.currency:
            raise InvalidConfig("account.currency is empty", field="account.currency")
        if _amount("account.initial_cash", self.initial_cash) < 0:
            raise InvalidConfig(
                f"account.initial_cash={self.initial_cash} is negative",
                field="account.initial_cash",
            )


class BasisPointsFee(_Config, frozen=True, kw_only=True, tag_field="type", tag="basis_points"):
    """A share of each fill's value in basis points (decimal text, at most 4 decimals)."""

    maker: str = "10"
    taker: str = "10"

    def __post_init__(self) -> None:
        for name in ("maker", "taker"):
            bps = _decimal(f"venue.fee.{name}", getattr(self, name), precision=4)
            if not 0 <= bps <= 1000:
                raise InvalidConfig(
                    f"venue.fee.{name}={getattr(self, name)}, expected 0 to 1000 basis points",
                    field=f"venue.fee.{name}",
                )


class FlatFee(_Config, frozen=True, kw_only=True, tag_field="type", tag="flat"):
    """A fixed charge per order, taken at its first fill (a sell pays it out of its proceeds)."""

    per_order: str = "1"

    def __post_init__(self) -> None:
        if _amount("venue.fee.per_order", self.per_order) < 0:
            raise InvalidConfig(
                f"venue.fee.per_order={self.per_order} is negative", field="venue.fee.per_order"
            )


FeeConfig = BasisPointsFee | FlatFee


class ConstantLatency(_Config, frozen=True, kw_only=True):
    """Delay of messages in session time (ns): to the venue, and of its reports back."""

    entry_ns: int = 50_000_000
    response_ns: int = 50_000_000

    def __post_init__(self) -> None:
        for name in ("entry_ns", "response_ns"):
            if not 0 <= getattr(self, name) <= MAX_LATENCY_NS:
                raise InvalidConfig(
                    f"venue.latency.{name}={getattr(self, name)}, "
                    f"expected 0 to {MAX_LATENCY_NS} ns",
                    field=f"venue.latency.{name}",
                )


class VenueConfig(_Config, frozen=True, kw_only=True):
    """The simulated venue.

    ``bar_volume_share`` (0 to 1): how much of a bar's volume the session's orders may take.
    ``market_collar`` (0 to 1): how far above the market a market buy reserves cash.
    """

    fee: FeeConfig = BasisPointsFee()
    latency: ConstantLatency = ConstantLatency()
    bar_volume_share: str = "0.1"
    market_collar: str = "0.05"

    def __post_init__(self) -> None:
        for name in ("bar_volume_share", "market_collar"):
            share = _decimal(f"venue.{name}", getattr(self, name), precision=RATIO_PRECISION)
            if not 0 <= share <= 1 or (name == "bar_volume_share" and share == 0):
                raise InvalidConfig(
                    f"venue.{name}={getattr(self, name)}, expected a share between 0 and 1",
                    field=f"venue.{name}",
                )


class RiskConfig(_Config, frozen=True, kw_only=True):
    """Limits checked before an order leaves; None means no limit. Values are decimal text in the
    account's currency."""

    max_order_notional: str | None = None
    max_position_notional: str | None = None
    max_open_orders: int | None = 200

    def __post_init__(self) -> None:
        for name in ("max_order_notional", "max_position_notional"):
            text = getattr(self, name)
            if text is not None and _amount(f"risk.{name}", text) <= 0:
                raise InvalidConfig(f"risk.{name}={text} is not positive", field=f"risk.{name}")
        if self.max_open_orders is not None and self.max_open_orders < 1:
            raise InvalidConfig(
                f"risk.max_open_orders={self.max_open_orders} is not positive",
                field="risk.max_open_orders",
            )


class LifecycleConfig(_Config, frozen=True, kw_only=True):
    """What pausing, resuming, errors and the end of data do."""

    pause_orders: PauseOrders = PauseOrders.CANCEL_ENTRIES
    resume_timers: ResumeTimers = ResumeTimers.SKIP
    on_strategy_error: OnStrategyError = OnStrategyError.PAUSE
    at_end: AtEnd = AtEnd.STOP


class SessionConfig(_Config, frozen=True, kw_only=True):
    """Everything that a session is made of.

    ``speed`` is the pace of a replay: decimal text, ``"1"`` is real time, None as fast as
    possible; it can be changed while running and is no part of the chain.
    """

    market: MarketConfig
    account: AccountConfig
    strategy: StrategySpec | None = None
    venue: VenueConfig = VenueConfig()
    risk: RiskConfig = RiskConfig()
    lifecycle: LifecycleConfig = LifecycleConfig()
    seed: int = 0
    history_limit: int = 1000
    name: str = ""
    speed: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**63:
            raise InvalidConfig(f"seed={self.seed}, expected 0 to 2**63-1", field="seed")
        if not 1 <= self.history_limit <= 100_000:
            raise InvalidConfig(
                f"history_limit={self.history_limit}, expected 1 to 100000", field="history_limit"
            )
        instrument = self.market.instrument
        if instrument.quote_currency != self.account.currency:
            raise InvalidConfig(
                f"the account is in {self.account.currency} and {instrument.symbol} is paid in "
                f"{instrument.quote_currency}: use one currency",
                field="account.currency",
            )
        parse_speed(self.speed)


def parse_speed(text: str | None) -> Decimal | None:
    """The pace of a replay: None as fast as possible. Raises InvalidConfig unless positive."""
    if text is None:
        return None
    speed = _decimal("speed", text, precision=6)
    if speed <= 0:
        raise InvalidConfig(
            f"speed={text}: expected a positive number, or nothing for full speed", field="speed"
        )
    return speed


def chain_config(config: SessionConfig) -> bytes:
    """The part of a configuration that decides records, as canonical JSON.

    Names, pace and locations are left out; data and strategy source enter the chain by digest.
    """
    document = msgspec.to_builtins(config)
    for name in ("name", "speed"):
        del document[name]
    if isinstance(config.market, ReplayMarket):
        del document["market"]["path"]
    if document["strategy"] is not None:
        ref: str = document["strategy"]["ref"]
        document["strategy"]["ref"] = ref.rpartition(":")[2]
    return msgspec.json.encode(document, order="deterministic")


def decode_config(raw: bytes) -> SessionConfig:
    """Read a stored configuration. Raises InvalidConfig naming the field that does not fit."""
    try:
        return msgspec.json.decode(raw, type=SessionConfig)
    except msgspec.DecodeError as error:
        raise InvalidConfig(f"the configuration does not fit: {error}") from None
