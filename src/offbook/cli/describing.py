"""Options that say what a recording holds, as its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from offbook.config.markets import AUTO, Label, MarketDescription
from offbook.config.sessions import parse_settings
from offbook.domain.config import Adjustment, OffHours
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind

_PLAIN: Final = (
    "symbol", "base", "currency", "tick", "lot", "min_notional", "calendar", "timeframe",
    "header", "timezone", "drop_bad_rows", "actions", "funding", "settlements", "multiplier",
    "inverse", "expires",
)  # fmt: skip
_CHOICES: Final = {
    "asset_class": AssetClass,
    "kind": DataKind,
    "label": Label,
    "off_hours": OffHours,
    "adjustment": Adjustment,
}
_DECIMALS: Final = ("price_decimals", "size_decimals")


def description_of_options(given: Mapping[str, Any]) -> MarketDescription:
    """What the options tell; those that a command does not have tell nothing.

    Raises InvalidConfig.
    """
    told: dict[str, Any] = {name: given.get(name) for name in _PLAIN}
    for name, kind in _CHOICES.items():
        value = given.get(name)
        told[name] = None if value is None else kind(value)
    for name in _DECIMALS:
        told[name] = _decimals(name, given.get(name))
    columns = parse_settings(given.get("column") or (), "OURS=THEIRS", "bid=best_bid")
    return MarketDescription(**told, columns=columns)


def _decimals(name: str, text: str | None) -> int | str | None:
    if text is None or text == AUTO:
        return text
    if not text.isdigit():
        raise InvalidConfig(f"{name} {text!r}: expected a number, or {AUTO}", field=name)
    return int(text)
