"""Which column of a file is which of ours: the mapping that was given, else names in common use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from offbook.domain.config import ReplayMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind

TIMES: Final = ("ts_init", "ts_event")
VALUES: Final[Mapping[DataKind, tuple[str, ...]]] = MappingProxyType(
    {
        DataKind.QUOTES: ("bid", "ask", "bid_size", "ask_size"),
        DataKind.BARS: ("open", "high", "low", "close", "volume"),
    }
)

ALIASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ts_init": (
            "ts_init", "local_timestamp", "local_ts", "local_time", "receive_time",
            "receipt_timestamp", "received_at", "ts_recv", "recv_time",
        ),
        "ts_event": (
            "ts_event", "timestamp", "time", "datetime", "date_time", "date", "ts", "event_time",
            "exchange_timestamp", "exch_ts", "transact_time", "open_time", "ts_open",
        ),
        "bid": ("bid", "bid_price", "bid_px", "best_bid", "best_bid_price"),
        "ask": ("ask", "ask_price", "ask_px", "best_ask", "best_ask_price", "offer"),
        "bid_size": (
            "bid_size", "bid_qty", "bid_quantity", "bid_amount", "bid_volume", "best_bid_qty",
            "best_bid_size",
        ),
        "ask_size": (
            "ask_size", "ask_qty", "ask_quantity", "ask_amount", "ask_volume", "best_ask_qty",
            "best_ask_size", "offer_size",
        ),
        "open": ("open", "o", "open_price"),
        "high": ("high", "h", "high_price"),
        "low": ("low", "l", "low_price"),
        "close": ("close", "c", "close_price"),
        "volume": ("volume", "v", "vol", "base_volume"),
    }
)  # fmt: skip
"""Our column -> names it goes by, the first that a file has being taken.

Names are compared in lower case, with every run of other characters as one underscore, so that
``Bid Price``, ``bid-price`` and ``bidPrice`` are ``bid_price``.  A name that the table lacks is
told through ``columns`` of the configuration.
"""


def choose_columns(market: ReplayMarket, header: Sequence[str]) -> dict[str, int]:
    """Our column names -> positions in the file.

    Quotes take ``ts_init``, ``ts_event`` or both.  Bars take one time, that of their label:
    ``ts_event``, else ``ts_init``.  Raises InvalidConfig, telling everything that is missing, what
    the file has and how to map it.
    """
    values = VALUES[market.kind]
    _require_known(market, (*TIMES, *values))
    positions = {
        ours: position
        for ours in (*TIMES, *values)
        if (position := _find(market, ours, header)) is not None
    }
    if market.kind is DataKind.BARS and "ts_event" in positions:
        positions.pop("ts_init", None)
    missing = [ours for ours in values if ours not in positions]
    if not any(ours in positions for ours in TIMES):
        missing.insert(0, "ts_event (or ts_init)")
    # A name that was mapped on purpose must not vanish silently, even where it is optional.
    missing += [ours for ours in TIMES if ours in market.columns and ours not in positions]
    if missing:
        example = missing[0].split(" ")[0]
        raise InvalidConfig(
            f"{market.path}: no column for {', '.join(missing)}. The file has: "
            f"{', '.join(header)}. Name them in market.columns, our name first: "
            f'{{"{example}": "its name in the file"}}',
            field="market.columns",
            file=market.path,
        )
    return positions


def _require_known(market: ReplayMarket, known: Sequence[str]) -> None:
    unknown = [ours for ours in market.columns if ours not in known]
    if unknown:
        raise InvalidConfig(
            f"market.columns: {', '.join(unknown)} is no column of {market.kind.value}; "
            f"ours are: {', '.join(known)}",
            field="market.columns",
        )


def _find(market: ReplayMarket, ours: str, header: Sequence[str]) -> int | None:
    if ours in market.columns:
        theirs = market.columns[ours]
        return header.index(theirs) if theirs in header else None
    plain = [_plain(name) for name in header]
    for alias in ALIASES[ours]:
        if plain.count(alias) > 1:
            twins = ", ".join(name for name in header if _plain(name) == alias)
            raise InvalidConfig(
                f"{market.path}: {twins} could each be {ours}; say which in market.columns",
                field="market.columns",
                file=market.path,
            )
        if alias in plain:
            return plain.index(alias)
    return None


def _plain(name: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
