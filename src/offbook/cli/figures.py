"""Numbers and times as people read them. The exact ones are in the JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def money(text: str, *, signed: bool = False, least: int = 2) -> str:
    """An amount with thousands parted: two decimals, more where it is small, as ``0.0023``."""
    amount = Decimal(text)
    places = least
    while amount and abs(amount) < Decimal(10) ** (1 - places) and places < 8:
        places += 1
    rounded = amount.quantize(Decimal(1).scaleb(-places))
    return format(rounded + 0, "+,f" if signed and rounded else ",f")


def clock(ts: int | None, *, date: bool = True) -> str:
    """Session time (ns UTC) to the second."""
    if not ts:
        return "-"
    form = "%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S"
    return (_EPOCH + timedelta(microseconds=ts // 1000)).strftime(form)


def span(ns: int) -> str:
    """A length of time, in its two largest units."""
    seconds = ns // 1_000_000_000
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def strategy_name(ref: str | None) -> str:
    """The class alone."""
    return "no strategy" if ref is None else ref.rpartition(":")[2]


def near(path: str) -> str:
    """A path from here where that is shorter."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def counted(count: int, one: str, many: str = "") -> str:
    """``1 fill``, ``2 fills``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
