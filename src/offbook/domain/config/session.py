"""The whole configuration of one session, and the part of it that decides records."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

import msgspec

from offbook.domain.config.account import (
    AccountConfig,
    Liquidation,
    MaintenanceBasis,
    MarginMode,
    MarginRules,
)
from offbook.domain.config.action_checks import check_actions
from offbook.domain.config.actions import ActionOrders
from offbook.domain.config.arriving import BeyondBand, WhileClosed
from offbook.domain.config.auctions import AuctionRules
from offbook.domain.config.base import ConfigPart, exact_decimal
from offbook.domain.config.books import check_books, usual_queue
from offbook.domain.config.contract_checks import check_contracts, check_groups
from offbook.domain.config.fee_groups import check_fees
from offbook.domain.config.late_view_checks import check_late_view
from offbook.domain.config.lifecycle import LifecycleConfig
from offbook.domain.config.market import MarketConfig, instruments_of, pricing_kinds
from offbook.domain.config.queue import QueueBack
from offbook.domain.config.risk import RiskConfig
from offbook.domain.config.slippage import SpreadSlippage
from offbook.domain.config.status_checks import check_status
from offbook.domain.config.venue import FillAt, LimitFill, VenueConfig, WhileHalted
from offbook.domain.config.venue_latency_checks import check_venues
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind


class StrategySpec(ConfigPart, frozen=True, kw_only=True):
    """Which strategy runs: ``path/to/file.py:Class`` or ``package.module:Class``, and its
    parameters as JSON values."""

    ref: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        target, _, name = self.ref.rpartition(":")
        if not target or not name.isidentifier():
            raise InvalidConfig(
                f"strategy {self.ref!r}: expected path/to/file.py:Class or package.module:Class",
                field="strategy.ref",
            )

    def arguments(self) -> dict[str, Any]:
        """The parameters for one strategy, its own to change: many sessions share a specification,
        and one that is run again must begin with what it began with."""
        return deepcopy(self.params)


class SessionConfig(ConfigPart, frozen=True, kw_only=True):
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
        _check_currencies(self)
        _check_spread(self)
        _check_fill_at(self)
        _check_bar_rules(self)
        check_books(self.market, self.venue)
        check_late_view(self.market, self.venue.latency)
        check_venues(self.market, self.venue.latency)
        check_actions(self.market, self.account)
        check_contracts(self.market, self.account)
        check_groups(self.market, self.account)
        check_status(self.market, self.venue)
        check_fees(self.market, self.venue.fee)
        _check_limit_fill(self)
        _check_freshness(self)
        self._check_risk()
        parse_speed(self.speed)

    def _check_risk(self) -> None:
        known = [instrument.symbol for instrument in instruments_of(self.market)]
        for symbol in self.risk.allowed_symbols or ():
            if symbol not in known:
                raise InvalidConfig(
                    f"risk.allowed_symbols names {symbol}; this market has {', '.join(known)}",
                    field="risk.allowed_symbols",
                )


def _check_fill_at(config: SessionConfig) -> None:
    """Raise InvalidConfig unless every instrument has the rows that ``venue.fill_at`` asks for."""
    fill_at = config.venue.fill_at
    if fill_at is None:
        return
    for instrument in instruments_of(config.market):
        kinds = pricing_kinds(config.market, instrument)
        quoted = any(kind is DataKind.QUOTES or kind.is_book for kind in kinds)
        if fill_at is FillAt.QUOTE and not quoted:
            raise InvalidConfig(
                f"venue.fill_at=quote: this market has no quotes of {instrument.symbol}",
                field="venue.fill_at",
            )
        if fill_at is not FillAt.QUOTE and set(kinds) != {DataKind.BARS}:
            raise InvalidConfig(
                f"venue.fill_at={fill_at.value} is for bars, and this market has "
                f"{', '.join(kind.value for kind in kinds)} of {instrument.symbol}, which are "
                "matched as they come: leave it out, or leave those rows out",
                field="venue.fill_at",
            )


_OF_BARS: Final = (
    ("venue", "stop_gap"),
    ("venue", "limit_gap"),
    ("venue", "intrabar"),
    ("venue", "stop_limit"),
    ("venue", "bar_prices"),
    ("venue", "bar_reports"),
    ("venue", "slippage_bound"),
    ("account", "unpaid"),
)


def _check_bar_rules(config: SessionConfig) -> None:
    """Raise InvalidConfig for a rule of bars where none are matched: it would change nothing, and
    whoever set it would compare what is not comparable."""
    instruments = instruments_of(config.market)
    if any(set(pricing_kinds(config.market, one)) == {DataKind.BARS} for one in instruments):
        return
    usual = {"venue": VenueConfig(), "account": AccountConfig(currency=config.account.currency)}
    for part, name in _OF_BARS:
        value = getattr(getattr(config, part), name)
        if value is not getattr(usual[part], name):
            kinds = sorted({source.kind.value for source in config.market.sources})
            raise InvalidConfig(
                f"{part}.{name}={value.value} is for bars, and this market's "
                f"orders are matched on {' and '.join(kinds)}: leave it out, or take a market "
                "that has bars alone of an instrument",
                field=f"{part}.{name}",
            )


def touch_counts(config: MarketConfig) -> bool:
    """Whether ``venue.limit_fill`` makes a difference in a market: an instrument without depth has
    trades, or has bars alone; a status beside them fills nothing."""
    for instrument in instruments_of(config):
        kinds = {s.kind for s in config.sources if s.instrument.symbol == instrument.symbol}
        kinds.discard(DataKind.STATUS)
        if kinds == {DataKind.BARS} or (
            DataKind.TRADES in kinds and not any(kind.is_book for kind in kinds)
        ):
            return True
    return False


def touched_by_quotes(config: MarketConfig) -> frozenset[str]:
    """The instruments of which quotes are all that fills limits, so that ``venue.limit_fill`` is
    about these: no book, which has queues, and no trades."""
    kinds: dict[str, set[DataKind]] = {}
    for source in config.sources:
        kinds.setdefault(source.instrument.symbol, set()).add(source.kind)
    alone = (
        symbol
        for symbol, have in kinds.items()
        if DataKind.QUOTES in have
        and not any(kind.is_book or kind is DataKind.TRADES for kind in have)
    )
    return frozenset(alone)


def _check_limit_fill(config: SessionConfig) -> None:
    """Raise InvalidConfig where books alone fill limits."""
    market = config.market
    counts = touch_counts(market) or touched_by_quotes(market)
    if config.venue.limit_fill is LimitFill.TOUCH and not counts:
        raise InvalidConfig(
            "venue.limit_fill=touch is for quotes, prints and bars, and this market has books, "
            "where orders queue (venue.queue): leave it out",
            field="venue.limit_fill",
        )


def _check_freshness(config: SessionConfig) -> None:
    """Raise InvalidConfig where there is nothing that grows old, or no such symbol."""
    freshness = config.venue.freshness
    if freshness is None:
        return
    if not any(s.kind is DataKind.QUOTES or s.kind.is_book for s in config.market.sources):
        raise InvalidConfig(
            "venue.freshness is for quotes and books, which stand until the next; this market has "
            "neither: leave it out",
            field="venue.freshness",
        )
    known = [instrument.symbol for instrument in instruments_of(config.market)]
    for symbol in freshness.by_symbol:
        if symbol not in known:
            raise InvalidConfig(
                f"venue.freshness.by_symbol names {symbol}; this market has {', '.join(known)}",
                field="venue.freshness.by_symbol",
            )


def _check_currencies(config: SessionConfig) -> None:
    """What instruments are paid in must be worth something in the account's currency."""
    account = config.account
    instruments = {one.symbol: one for one in instruments_of(config.market)}
    for instrument in instruments.values():
        account.require_rate(
            instrument.settle_currency,
            f"{instrument.symbol} is paid in {instrument.settle_currency}",
        )
    for currency, symbol in account.rates_from.items():
        field = f"account.rates_from.{currency}"
        known = instruments.get(symbol)
        if known is None:
            raise InvalidConfig(
                f"{field}={symbol}: the market has {', '.join(instruments)}", field=field
            )
        if {known.base, known.quote_currency} != {currency, account.currency}:
            raise InvalidConfig(
                f"{field}={symbol} is {known.base} in {known.quote_currency}, not {currency} in "
                f"{account.currency}",
                field=field,
            )


def _check_spread(config: SessionConfig) -> None:
    """A share of the spread needs one: where no quotes are, it must be given."""
    slippage = config.venue.slippage
    if not isinstance(slippage, SpreadSlippage) or slippage.assumed_spread is not None:
        return
    sources = config.market.sources
    two_sided = (s for s in sources if s.kind is DataKind.QUOTES or s.kind.is_book)
    quoted = {s.instrument.symbol for s in two_sided}
    for instrument in instruments_of(config.market):
        if instrument.symbol not in quoted:
            raise InvalidConfig(
                f"venue.slippage: the market has no quotes of {instrument.symbol} to tell the "
                "spread: give venue.slippage.assumed_spread, a price",
                field="venue.slippage.assumed_spread",
            )


def parse_speed(text: str | None) -> Decimal | None:
    """The pace of a replay: None as fast as possible. Raises InvalidConfig unless positive."""
    if text is None:
        return None
    try:
        speed = exact_decimal("speed", text, precision=6)
    except InvalidConfig:
        speed = Decimal(0)
    if speed <= 0:
        raise InvalidConfig(
            f"speed={text}: expected a positive number, so many times real time, with at most 6 "
            "decimals; as fast as possible is 'full' for the program, and None in Python",
            field="speed",
        )
    return speed


def chain_config(config: SessionConfig) -> bytes:
    """The part of a configuration that decides records, as canonical JSON.

    Names, pace and locations are left out; data and strategy source enter the chain by digest.
    """
    document = msgspec.to_builtins(config)
    for name in ("name", "speed"):
        del document[name]
    sources = document["market"].get("sources", [document["market"]])
    for source in sources:
        source.pop("path", None)
    _leave_out_unused(document, sources)
    if document["venue"]["queue"] is None:
        document["venue"]["queue"] = msgspec.to_builtins(usual_queue(config.market))
    if document["strategy"] is not None:
        ref: str = document["strategy"]["ref"]
        document["strategy"]["ref"] = ref.rpartition(":")[2]
    return msgspec.json.encode(document, order="deterministic")


_FIRST_AUCTION_RULES: Final = {
    name: value
    for name, value in msgspec.to_builtins(AuctionRules()).items()
    if name != "at_break"  # it came later, and is left out before the table is looked at
}
_UNUSED: Final[tuple[tuple[str, str, object], ...]] = (
    ("venue", "limit_fill", "through"),
    ("venue", "freshness", None),
    ("venue", "self_match", "allow"),
    ("venue", "stop_limit", "next_bar"),
    ("venue", "bar_prices", "range"),
    ("venue", "bar_reports", "after"),
    ("venue", "slippage_bound", "bar"),
    ("venue", "replace_priority", "smaller"),
    ("account", "unpaid", "cancel"),
    ("venue", "action_orders", ActionOrders.ADJUST.value),
    ("venue", "auctions", _FIRST_AUCTION_RULES),
    ("venue", "while_halted", WhileHalted.QUEUE.value),
    ("venue", "while_closed", WhileClosed.QUEUE.value),
    ("venue", "beyond_band", BeyondBand.WAIT.value),
    ("venue", "extended_hours", None),
    ("account", "withholding", "0"),
    ("account", "financing", None),
    ("account", "settlement", None),
    ("account", "margin_rules", MarginRules.SHARE.value),
    ("account", "maintenance_tiers", []),
    ("account", "liquidation_fee", "0"),
    ("account", "margin_mode", MarginMode.CROSS.value),
    ("account", "liquidation", Liquidation.FULL.value),
    ("account", "maintenance_basis", MaintenanceBasis.MARK.value),
    ("account", "portfolio_margin", None),
)
_UNUSED_OF_SOURCES: Final[tuple[tuple[str, object], ...]] = (
    ("adjustment", None),
    ("actions", []),
    ("funding", []),
    ("settlements", []),
)
_UNUSED_OF_AUCTIONS: Final[tuple[tuple[str, object], ...]] = (("at_break", "calendar"),)
_UNUSED_OF_LATENCY: Final[tuple[tuple[str, object], ...]] = (
    ("market_data_ns", 0),
    ("market_data", None),
    ("row_times", None),
    ("venues", []),
)
_UNUSED_OF_QUEUES: Final[dict[str, tuple[tuple[str, object], ...]]] = {
    "probabilistic": (("unit", None), ("back", QueueBack.AFTER_PRINTS.value)),
    "pro_rata": (("minimum", "0"),),
}
_UNUSED_OF_FEES: Final[dict[str, tuple[tuple[str, object], ...]]] = {
    "basis_points": (("minimum", None), ("maximum", None), ("maximum_percent", None)),
    "us_regulatory": (("round_each", False),),
    "bounded": (("surcharge_percent", None),),
}


def _leave_out_unused(document: dict[str, Any], sources: list[dict[str, Any]]) -> None:
    """Leave out what came after sessions were first kept, where it says nothing: their chains
    stay what they were."""
    parts = [(document[part], name, value) for part, name, value in _UNUSED]
    parts += [(source, name, value) for source in sources for name, value in _UNUSED_OF_SOURCES]
    parts += [(document["venue"]["auctions"], *one) for one in _UNUSED_OF_AUCTIONS]
    latency = document["venue"]["latency"]
    parts += [(latency, name, value) for name, value in _UNUSED_OF_LATENCY]
    queue = document["venue"]["queue"] or {"type": ""}
    parts += [(queue, name, value) for name, value in _UNUSED_OF_QUEUES.get(queue["type"], ())]
    fee = document["venue"]["fee"]
    for one in (fee, *fee.get("parts", ())):
        parts += [(one, name, value) for name, value in _UNUSED_OF_FEES.get(one["type"], ())]
    listed = [group["fee"] for group in fee.get("groups", ())]  # price lists came with the others
    for one in (*listed, *(part for whole in listed for part in whole.get("parts", ()))):
        if one["type"] == "bounded":
            parts += [(one, name, value) for name, value in _UNUSED_OF_FEES["bounded"]]
    for part, name, value in reversed(parts):  # what is within a table before the table
        if name in part and part[name] in (value, ()):
            del part[name]


def well_formed_config(config: object) -> SessionConfig:
    """The configuration as the store will give it back. Raises InvalidConfig for what it could
    not: no SessionConfig, or one with a value of another type than declared."""
    if not isinstance(config, SessionConfig):
        raise InvalidConfig(f"the configuration is a {type(config).__name__}: make a SessionConfig")
    try:
        raw = msgspec.json.encode(config)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidConfig(f"the configuration cannot be stored: {error}") from None
    return decode_config(raw)


def decode_config(raw: bytes) -> SessionConfig:
    """Read a stored configuration. Raises InvalidConfig naming the field that does not fit."""
    try:
        return msgspec.json.decode(raw, type=SessionConfig)
    except msgspec.DecodeError as error:
        raise InvalidConfig(f"the configuration does not fit: {error}") from None
