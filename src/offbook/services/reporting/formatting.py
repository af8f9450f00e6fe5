"""Figures as people read them. The exact ones stand in the documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Final

from offbook.services.reporting.figure import Figure

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_AMOUNT: Final = Context(prec=1000)
_THINGS: Final = frozenset({"quotes", "trades", "bars"})
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000))


def money(text: str, *, signed: bool = False, least: int = 2) -> str:
    """An amount with thousands parted: ``least`` decimals, more for a small one, as ``0.0023``."""
    amount = Decimal(text)
    places = least
    while amount and abs(amount) < Decimal(10) ** (1 - places) and places < 8:
        places += 1
    rounded = amount.quantize(Decimal(1).scaleb(-places), context=_ANY_AMOUNT)
    rounded = _ANY_AMOUNT.plus(rounded)
    return format(rounded, "+,f" if signed and rounded else ",f")


def percent(value: float, *, signed: bool = True) -> str:
    """A fraction in percent: two decimals, four below a tenth of a percent."""
    places = 4 if 0 < abs(value) < 0.001 else 2
    return format(100 * value, f"{'+' if signed and value else ''}.{places}f") + " %"


def figure(found: Figure, form: Callable[[float], str]) -> str:
    """A figure, or why there is none."""
    return f"n/a: {found.reason}" if found.value is None else form(found.value)


def clock(ts: int | None, *, date: bool = True) -> str:
    """Session time (ns UTC) to the second, as ``2024-08-08 23:54:14``; a dash for none."""
    if not ts:
        return "-"
    return _utc(ts).strftime("%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S")


def reached(ts: int) -> str:
    """Where a session stands, by its session time (ns UTC; 0 before it has taken anything)."""
    return f"at {clock(ts)} UTC" if ts else "before its first row"


def span(begin: int | None, end: int) -> str:
    """From when to when a session went, and how long (ns UTC; None: it has not started)."""
    if begin is None:
        return "not started yet"
    return f"{clock(begin)} to {clock(end)} UTC ({duration(end - begin)})"


def iso(ts: int) -> str:
    """Session time (ns UTC) in ISO 8601 with all nine decimals, as ``...T23:54:14.087891268Z``."""
    return f"{_utc(ts):%Y-%m-%dT%H:%M:%S}.{ts % 10**9:09d}Z"


def _utc(ts: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ts // 1000)


def duration(ns: int) -> str:
    """A length of time in its two largest units; below a minute with decimals or in ms.

    A second unit that is zero is left out: ``1 d``, not ``1 d 0 h``.
    """
    milliseconds = ns // 1_000_000
    if milliseconds < 1000:
        return f"{ns / 1e6:.3g} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    parts: list[str] = []
    for name, size in _UNITS:
        count, milliseconds = divmod(milliseconds, size)
        if count or parts:
            parts.append(f"{count:,} {name}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 "))


def words(name: str) -> str:
    """``MAX_ORDER_NOTIONAL`` as ``max order notional``."""
    return name.lower().replace("_", " ")


def counted(count: int, one: str, many: str = "") -> str:
    """``1 fill``, ``2 fills``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def rows_of(count: int, kind: str) -> str:
    """``1 quote``, ``2 bars``; ``5 rows of depth`` where a row is no thing by itself, or of several
    kinds (``depth, trades``)."""
    if kind in _THINGS:
        return counted(count, kind.removesuffix("s"))
    return f"{counted(count, 'row')} of {kind}"


def strategy_name(ref: str | None) -> str:
    """The class alone."""
    return "no strategy" if ref is None else ref.rpartition(":")[2]
