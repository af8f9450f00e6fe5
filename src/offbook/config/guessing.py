"""What the name and the numbers of a recording suggest of its instrument: to be confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from offbook.config.markets import MarketDescription
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind
from offbook.domain.timeframes import format_timeframe

_MONEY: Final = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "BTC", "ETH")
"""What crypto pairs are paid in, the longer names first."""
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_TIMEFRAME: Final = re.compile(r"(\d+)(s|m|h|d)\Z")
_NO_SYMBOL: Final = frozenset(
    ["WIKI", "DATA", "TRADES", "QUOTES", "BARS", "KLINES", "DAILY", "BINANCE", "CSV", "BOOK"]
)


def guess(
    path: Path,
    kind: DataKind,
    price_decimals: int,
    size_decimals: int,
    step_ns: int | None,
    *,
    symbol: str | None = None,
) -> MarketDescription:
    """A description as far as it can be guessed: the symbol by the file's name, unless it is told,
    what it is by the symbol, tick and lot by the decimals of the numbers, the timeframe by the
    commonest step."""
    symbol = symbol or next((word for word in _words(path) if _may_be_symbol(word)), None)
    money = next((m for m in _MONEY if symbol and symbol.endswith(m) and symbol != m), None)
    asset_class = AssetClass.CRYPTO_SPOT if money else None
    if asset_class is None and kind is DataKind.BARS and symbol and symbol.isalpha():
        asset_class = AssetClass.EQUITY
    is_pair = asset_class is AssetClass.CRYPTO_SPOT
    is_share = asset_class is AssetClass.EQUITY
    timeframe = None
    if kind is DataKind.BARS and step_ns:
        timeframe = format_timeframe(step_ns)
    return MarketDescription(
        symbol=symbol,
        asset_class=asset_class,
        currency=money,
        tick=_step(price_decimals) if is_pair else None,
        lot=_step(size_decimals) if is_pair else None,
        price_decimals=price_decimals
        if asset_class and not is_pair and price_decimals > 2
        else None,
        size_decimals=size_decimals if is_share and size_decimals else None,
        kind=kind,
        timeframe=timeframe,
    )


def as_toml(told: Mapping[str, object]) -> str:
    """A description as the file beside a recording has it."""
    lines = [f"{name} = {_value(value)}" for name, value in told.items() if value != {}]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_value(v)}" for name, v in value.items()) + " }"
    if isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
        return "[\n" + "".join(f"    {_value(one)},\n" for one in value) + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _words(path: Path) -> list[str]:
    return [word.upper() for word in _WORD.findall(path.name.split(".")[0])]


def _may_be_symbol(word: str) -> bool:
    if word in _NO_SYMBOL or word.isdigit() or _TIMEFRAME.match(word.lower()):
        return False
    return 1 <= len(word) <= 12 and not word[0].isdigit()


def _step(decimals: int) -> str:
    return "1" if decimals == 0 else f"0.{'0' * (decimals - 1)}1"
