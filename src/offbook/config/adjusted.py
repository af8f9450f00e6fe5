"""Recordings with a column of adjusted closes: what is made of it, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from offbook.config.markets import MarketDescription
from offbook.domain.config import ActionKind, Adjustment, MarketConfig, ReplayMarket
from offbook.domain.errors import InvalidConfig, OffbookError
from offbook.domain.market_data import DataKind


def as_adjusted(told: MarketDescription) -> MarketDescription:
    """What is known of a recording whose prices carry all splits and dividends from now on, and
    have more decimals than its ticks.

    Raises InvalidConfig where that is not what was told of it, or where actions would count twice.
    """
    if told.adjustment not in (None, Adjustment.ALL):
        raise InvalidConfig(
            "--adj-close adjusted makes prices that carry splits and dividends, and these are "
            f"told to be adjustment = {told.adjustment.value}: leave one of them out",
            field="market.adjustment",
        )
    actions = told.actions if isinstance(told.actions, tuple) else ()
    twice = [one.title for one in actions if one.kind in {ActionKind.SPLIT, ActionKind.DIVIDEND}]
    if twice or isinstance(told.actions, str):
        what = twice[0] if twice else f"actions = {told.actions}"
        raise InvalidConfig(
            f"{what} is told of the recording, and --adj-close adjusted makes prices that carry "
            "splits and dividends: they would count twice. Leave the actions out, or keep the raw "
            "prices",
            field="market.actions",
        )
    # However many the day's prices were told to have, quotients have more.
    return msgspec.structs.replace(told, adjustment=Adjustment.ALL, price_decimals="auto")


def with_actions(table: Path, told: MarketDescription, prices: Adjustment) -> MarketDescription:
    """What is known of a recording with the dividends and splits that stand in columns of it, whose
    prices carry splits or nothing yet.

    Raises InvalidConfig where that is not what was told of it, or it is not told what it is of, and
    what ``actions_in`` raises.
    """
    from offbook.adapters.brokers.replay.event_columns import actions_in

    if told.adjustment not in (None, prices) or told.actions:
        what = "actions" if told.actions else f"adjustment = {told.adjustment.value}"  # type: ignore[union-attr]  # one of both
        raise InvalidConfig(
            f"--take-actions {prices.value} says what the prices carry and which actions there "
            f"are, and the recording is told to have {what}: leave one of them out",
            field="market.actions",
        )
    if told.symbol is None:
        raise InvalidConfig(
            "actions are of a symbol, and nothing says which this recording is of: write "
            f"SYMBOL={table.name}",
            field="market.instrument",
        )
    found = actions_in(table, told.symbol, prices, header=told.names, columns=told.columns)
    return msgspec.structs.replace(told, adjustment=prices, actions=found or None)


def unread_adjustment(recording: Path, told: MarketDescription) -> str | None:
    """What to say of a column of adjusted closes that is passed over, None where there is none, or
    whoever described the recording said what its prices carry."""
    from offbook.adapters.brokers.replay.columns import adjusted_close, event_columns
    from offbook.adapters.brokers.replay.peeking import peek

    if told.adjustment is not None or told.actions:
        return None
    try:
        header = peek(str(recording), told.columns, told.names, told.kind).columns
    except OffbookError:
        return None  # whoever reads it says what is wrong
    name = adjusted_close(header)
    if name is None or name in told.columns.values():
        return None
    return _hint(name, event_columns(header))


def unread_adjustments(config: MarketConfig) -> list[str]:
    """The same of all bars of a market."""
    bars = (
        source
        for source in config.sources
        if isinstance(source, ReplayMarket) and source.kind is DataKind.BARS
    )
    told = (
        unread_adjustment(
            Path(source.path),
            MarketDescription(
                kind=source.kind,
                columns=source.columns,
                header=source.header or None,
                adjustment=source.adjustment,
                actions=source.actions or None,
            ),
        )
        for source in bars
    )
    return [one for one in told if one is not None]


def _hint(name: str, events: list[str]) -> str:
    """What a column of adjusted closes is good for, and columns of dividends and splits."""
    taken = (
        f"; those in {' and '.join(events)} are kept by offbook data convert --take-actions"
        if events
        else ""
    )
    return (
        f"{name} is not read: prices are those of the day, and sessions are told of dividends and "
        "splits by --actions, with --adjustment raw, or split where the closes carry splits, as "
        f"Yahoo's do{taken}. Adjusted prices instead: offbook data convert --adj-close adjusted"
    )
