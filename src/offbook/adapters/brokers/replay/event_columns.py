"""Dividends and splits that stand in columns beside the prices, as dated actions.

As Quandl's WIKI tables (``Ex-Dividend``, ``Split Ratio``), yfinance (``Dividends``, ``Stock
Splits``), Tiingo (``divCash``, ``splitFactor``) and Alpha Vantage (``dividend_amount``,
``split_coefficient``) write them: what a share pays whose price is first without it on the row's
day, and how many new ones there are for an old one from that day on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

from offbook.adapters.brokers.replay.columns import event_columns, find_times, plain_name
from offbook.adapters.brokers.replay.names import DIVIDENDS, header_of
from offbook.adapters.brokers.replay.source import CSV_SUFFIXES, suffix_of
from offbook.adapters.brokers.replay.tidying import rows_of
from offbook.domain.config import ActionKind, Adjustment, CorporateAction
from offbook.domain.config.actions import AMOUNT_DECIMALS
from offbook.domain.errors import BadMarketData, InvalidConfig, InvalidInput

_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{0,20})?")
"""Neither words nor numbers of a thousand digits, as Decimal would read."""
_PLAIN_DAY: Final = re.compile(r"[0-9]{8}(?![0-9])")
_OLD_SHARES: Final = 30
"""A rounded ratio is for so many old shares at most: beyond, several would be written alike."""


def actions_in(
    table: Path,
    symbol: str,
    prices: Adjustment,
    *,
    header: tuple[str, ...] = (),
    columns: Mapping[str, str] | None = None,
) -> tuple[CorporateAction, ...]:
    """The actions of one table, by their days, a split before a dividend of its day.

    ``prices`` say what the prices of the table, and the amounts of its dividends, carry already:
    where they carry splits, these are left out.  Amounts are rounded to twelve decimals, halves to
    even.  ``header`` and ``columns`` are as of a recording.
    Raises InvalidInput for a table without such columns, BadMarketData for what is in it, and
    OSError.
    """
    if suffix_of(str(table)) not in CSV_SUFFIXES:
        raise InvalidInput(f"{table}: dividends and splits are taken from one CSV file alone")
    numbered = rows_of(table, 0)
    names = header_of(header) if header else [name.strip() for name in next(numbered, (0, []))[1]]
    kinds = {
        place: ActionKind.DIVIDEND if plain_name(name) in DIVIDENDS else ActionKind.SPLIT
        for place, name in enumerate(names)
        if name in event_columns(names)
    }
    if not kinds:
        raise InvalidInput(
            f"{table} has no column of dividends or splits (Ex-Dividend, Dividends, Split Ratio, "
            f"Stock Splits); it has {', '.join(names)}",
            field="take_actions",
        )
    times = find_times(columns or {}, names)
    if not times:
        raise InvalidInput(
            f"{table}: which column of {', '.join(names)} is the time? Say it with --column "
            "ts_event=NAME"
        )
    found: dict[CorporateAction, None] = {}  # what a day's rows repeat is one
    for line, row in numbered:
        cells = [cell.strip() for cell in row]
        told = {kind: cells[place] for place, kind in kinds.items() if place < len(cells)}
        try:
            for action in _actions(told, cells[times[0].position], symbol, prices):
                found[action] = None
        except (ValueError, InvalidConfig) as error:
            why = error.message if isinstance(error, InvalidConfig) else f"{', '.join(cells)}"
            raise BadMarketData(
                f"{table}, line {line}: no dividend or split of a day (2020-08-31): {why}",
                file=str(table),
                reason="bad_action",
            ) from None
    return tuple(sorted(found, key=lambda one: (one.ex, one.kind is ActionKind.DIVIDEND)))


def _actions(
    told: Mapping[ActionKind, str], time: str, symbol: str, prices: Adjustment
) -> Iterator[CorporateAction]:
    """Those of one row."""
    ratio = _number(told.get(ActionKind.SPLIT, ""))
    if ratio not in (0, 1) and prices is Adjustment.RAW:
        text = _ratio(ratio)
        yield CorporateAction(symbol=symbol, kind=ActionKind.SPLIT, ex=_day(time), ratio=text)
    amount = round(_number(told.get(ActionKind.DIVIDEND, "")), AMOUNT_DECIMALS)
    if amount:
        text = f"{amount.normalize():f}"
        yield CorporateAction(symbol=symbol, kind=ActionKind.DIVIDEND, ex=_day(time), amount=text)


def _number(text: str) -> Decimal:
    """Zero where nothing is told. Raises ValueError."""
    if text.lower() in ("", "nan", "none", "null"):
        return Decimal(0)
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def _day(time: str) -> str:
    """The date that a time begins with. Raises ValueError, also for seconds since 1970."""
    if "-" not in time and _PLAIN_DAY.match(time) is None:
        raise ValueError(time)
    return date.fromisoformat(time[:10] if "-" in time else time[:8]).isoformat()


def _ratio(ratio: Decimal) -> str:
    """New for old: the plain ratio that is written so (``0.3333`` is 1:3), else what is written."""
    exact = Fraction(ratio)
    plain = exact.limit_denominator(_OLD_SHARES)
    written = Decimal(plain.numerator) / plain.denominator if plain else Decimal(0)
    found = plain if written.quantize(ratio) == ratio else exact
    return f"{found.numerator}:{found.denominator}"
