"""The words of scenario tables: how a line is read, and what is said of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from offbook.domain import records as r
from offbook.domain.instruments import Instrument
from offbook.domain.orders import Liquidity, OrderRequest, OrderSide, OrderType, TimeInForce
from offbook.engine.state import OrderState

SECOND: Final = 10**9
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_UNITS["d"] = 24 * _UNITS["h"]
_KINDS: Final = {kind.value for kind in TimeInForce}


def duration(text: str) -> int:
    """``50ms``, ``1.5s`` or ``0`` in ns."""
    number = text.rstrip("nsumhd")
    return int(Decimal(number) * _UNITS[text[len(number) :] or "s"])


def moment(day: str, clock: str) -> int:
    """A day and a time of day (UTC) in ns; the time may have up to nine decimals."""
    whole, _, part = clock.partition(".")
    seconds = int(datetime.fromisoformat(f"{day} {whole}+00:00").timestamp())
    return seconds * SECOND + int(part.ljust(9, "0"))


def clock_text(ts: int, day_of: int | None = None) -> str:
    """The time of day, with its day where that is another than ``day_of``'s."""
    seconds, part = divmod(ts, SECOND)
    when = datetime.fromtimestamp(seconds, UTC)
    text = f"{when:%H:%M:%S}" + (f".{part:09}".rstrip("0") if part else "")
    same = day_of is None or ts // _UNITS["d"] == day_of // _UNITS["d"]
    return text if same else f"{when:%Y-%m-%d} {text}"


def order_request(words: list[str], symbol: str) -> OrderRequest:
    """``buy a 3 @ 100.02 DAY reduce``: a name, a quantity, and a limit unless at market; ``of
    BTCUSD`` at the end names the instrument."""
    if "of" in words:
        words, symbol = words[:-2], words[-1]
    side, name, qty, *rest = words
    price = rest[rest.index("@") + 1] if "@" in rest else None
    known = [word for word in rest if word in _KINDS]
    unknown = set(rest) - {"@", price, "reduce", *known}
    assert not unknown, f"an order says {unknown}"
    return OrderRequest(
        symbol=symbol,
        side=OrderSide(side.upper()),
        order_qty=qty,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        price=price,
        time_in_force=TimeInForce(known[0]) if known else TimeInForce.GTC,
        reduce_only="reduce" in rest,
        client_order_id=None if name == "-" else name,
    )


def new_terms(words: list[str]) -> tuple[str | None, str | None]:
    """``5 @ 100.01``, ``5`` or ``@ 100.01``: total quantity and limit price of a replace."""
    price = words[words.index("@") + 1] if "@" in words else None
    return (None if words[0] == "@" else words[0]), price


def outcome(
    record: r.Record, orders: Mapping[int, OrderState], instrument: Instrument
) -> str | None:
    """What a table says of a record; None for those that only repeat the line."""
    kind = type(record)
    if kind in _OF_ORDERS:
        named: Any = record
        name = orders[named.order].client_order_id
        return f"{name} {_OF_ORDERS[kind](record, instrument)}"
    return _OF_THE_SESSION[kind](record) if kind in _OF_THE_SESSION else None


def _accepted(record: r.OrderAccepted, instrument: Instrument) -> str:
    if record.expires is None:
        return "NEW"
    return f"NEW until {clock_text(record.expires, record.ts)}"


def _trade(record: r.OrderFilled, instrument: Instrument) -> str:
    side = "maker" if record.liquidity is Liquidity.ADDED else "taker"
    verb = "TRADE" if record.leaves_qty else "FILL"
    qty, px = instrument.qty_text(record.last_qty), instrument.price_text(record.last_px)
    return f"{verb} {qty} @ {px} {side}"


def _replaced(record: r.OrderReplaced, instrument: Instrument) -> str:
    at = "" if record.price_px is None else f" @ {instrument.price_text(record.price_px)}"
    place = "in place" if record.kept_priority else "at the back"
    return f"REPLACED {instrument.qty_text(record.order_qty)}{at} {place}"


def _stopping(record: r.SessionStopping) -> str:
    closes = record.deadline > record.ts
    return f"STOPPING until {clock_text(record.deadline, record.ts)}" if closes else "STOPPING"


def _resumed(record: r.SessionResumed) -> str:
    missed = f"{record.missed_rows} rows {record.missed_timers} timers"
    expired = f" {record.missed_expiries} expiries" if record.missed_expiries else ""
    return f"RESUMED missed {missed} {record.missed_fills} fills{expired}"


_OF_ORDERS: Final[dict[type[Any], Callable[[Any, Instrument], str]]] = {
    r.OrderSubmitted: lambda record, _: "PENDING_NEW",
    r.OrderDenied: lambda record, _: f"DENIED {record.reason.value}",
    r.CancelRequested: lambda record, _: "PENDING_CANCEL",
    r.ReplaceRequested: lambda record, _: "PENDING_REPLACE",
    r.RequestDenied: lambda record, _: (
        f"{'replace' if record.replace else 'cancel'} DENIED {record.reason.value}"
    ),
    r.OrderAccepted: _accepted,
    r.OrderRejected: lambda record, _: f"REJECTED {record.reason.value}",
    r.OrderFilled: _trade,
    r.OrderCanceled: lambda record, _: f"CANCELED {record.reason.value}",
    r.OrderExpired: lambda record, _: "EXPIRED",
    r.OrderReplaced: _replaced,
    r.CancelRejected: lambda record, _: f"cancel REJECTED {record.reason.value}",
    r.ReplaceRejected: lambda record, _: f"replace REJECTED {record.reason.value}",
}

_OF_THE_SESSION: Final[dict[type[Any], Callable[[Any], str]]] = {
    r.MarginCalled: lambda record: f"MARGIN CALL {record.equity} of {record.required}",
    r.MarginRestored: lambda record: "MARGIN RESTORED",
    r.TimerSet: lambda record: f"timer {record.name} set for {clock_text(record.due, record.ts)}",
    r.TimerCanceled: lambda record: f"timer {record.name} taken back",
    r.TimerFired: lambda record: (
        f"timer {record.name} {'fired' if record.delivered else 'counted'}"
    ),
    r.StrategyFailed: lambda record: f"{record.callback} raised {record.error_type}",
    r.SessionStarted: lambda record: "STARTED",
    r.SessionPaused: lambda record: f"PAUSED {record.reason}",
    r.SessionResumed: _resumed,
    r.SessionStopping: _stopping,
    r.SessionStopped: lambda record: f"STOPPED {record.reason}",
    r.SessionFailed: lambda record: f"FAILED {record.reason}",
}
