"""A synthetic market asked for on one line: ``synthetic:seed=7,rows=50000,preset=wild``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from offbook.config.contracts import contract_of
from offbook.config.decimals import decimals_of
from offbook.config.documents import first_fault
from offbook.config.markets import MarketDescription
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import ALWAYS_OPEN, AssetClass, Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import Preset, SyntheticMarket, synthetic_market
from offbook.domain.timeframes import parse_timeframe

SYNTHETIC: Final = "synthetic:"
"""What such a line begins with; alone it is a whole market."""

_SPANS: Final = {"step": "step_ns", "duration": "duration_ns", "timeframe": "timeframe_ns"}
_FIELDS: Final = {"start": "start_ns", **_SPANS}
_READING: Final = (
    *("label", "drop_bad_rows", "header", "timezone", "off_hours"),
    *("adjustment", "actions", "funding", "settlements"),
)
_KNOWN: Final = sorted(
    {*SyntheticMarket.__struct_fields__, *_FIELDS, "preset"} - {"instrument", *_FIELDS.values()}
)


def is_synthetic(data: str) -> bool:
    """Whether a data argument asks for a synthetic market."""
    return data.startswith(SYNTHETIC)


def describe_synthetic(data: str, given: MarketDescription) -> SyntheticMarket:
    """The market that a line asks for; ``given`` may say which instrument, kind and timeframe.

    Spans are written as ``100ms``, ``1m``, ``2h``, the start as a date with or without time (UTC
    unless it says otherwise), bad moments as ``burst+silence`` or ``none``.  Raises InvalidConfig.
    """
    if given.columns or any(getattr(given, name) is not None for name in _READING):
        raise InvalidConfig(
            "columns, label, bad rows and the like say how a recording is read, and this is none",
            field="market",
        )
    told = _settings(data.removeprefix(SYNTHETIC))
    for name, value in (("timeframe", given.timeframe), ("kind", given.kind)):
        if value is not None:
            told.setdefault(name, value if isinstance(value, str) else value.value)
    preset = _preset(told.pop("preset", Preset.NORMAL.value))
    changes: dict[str, Any] = {
        _FIELDS.get(name, name): _read(name, value) for name, value in told.items()
    }
    if "timeframe_ns" in changes:
        changes.setdefault("kind", DataKind.BARS.value)
    whole = synthetic_market(_instrument(given), preset)
    asked = {**msgspec.to_builtins(whole), **changes}
    try:
        return msgspec.convert(asked, SyntheticMarket, strict=False)
    except msgspec.ValidationError as error:
        field, wrong = first_fault(error, asked, SyntheticMarket, strict=False)
        raise InvalidConfig(f"{SYNTHETIC} {wrong}", field=f"market.{field}") from None


def _settings(text: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not sign or name not in _KNOWN:
            raise InvalidConfig(
                f"{SYNTHETIC} {pair!r}: write NAME=VALUE with a NAME of {', '.join(_KNOWN)}",
                field="market",
            )
        if name in told:
            raise InvalidConfig(f"{SYNTHETIC} {name} is given twice", field=f"market.{name}")
        told[name] = value
    return told


def _read(name: str, value: str) -> Any:
    if name in _SPANS:
        return parse_timeframe(value)
    if name == "start":
        return _start_ns(value)
    if name == "bad_moments":
        return [] if value == "none" else value.split("+")
    return value


def _preset(text: str) -> Preset:
    try:
        return Preset(text)
    except ValueError:
        known = ", ".join(preset.value for preset in Preset)
        raise InvalidConfig(f"preset {text!r}: expected {known}", field="market.preset") from None


def _start_ns(text: str) -> int:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidConfig(
            f"start {text!r}: expected a date such as 2024-01-02 or 2024-01-02T14:30",
            field="market.start_ns",
        ) from None
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    since = start - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def _instrument(given: MarketDescription) -> Instrument:
    """The instrument as far as it is told; the rest such that a first step needs nothing."""
    asset_class = given.asset_class or AssetClass.CRYPTO_SPOT
    is_share = asset_class is AssetClass.EQUITY
    symbol, currency = given.symbol or "SYN", given.currency or "USD"
    tick, lot = given.tick or "0.01", given.lot or ("1" if is_share else "0.0001")
    return Instrument(
        symbol=symbol,
        asset_class=asset_class,
        base=given.base or symbol.removesuffix(currency) or symbol,
        quote_currency=currency,
        price_precision=decimals_of(given.price_decimals, tick),
        qty_precision=decimals_of(given.size_decimals, lot),
        tick_size=tick,
        lot_size=lot,
        min_notional=given.min_notional or "0",
        calendar=given.calendar or ("XNYS" if is_share else ALWAYS_OPEN),
        contract=contract_of(given),
    )
