"""The words of scenario tables: how a line is read, and what is said of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from offbook.domain import records as r
from offbook.domain.instruments import Instrument
from offbook.domain.orders import (
    ContingencyType,
    Liquidity,
    OrderListRequest,
    OrderRequest,
    OrderSide,
    OrderType,
    PegType,
    TimeInForce,
)
from offbook.engine.ledger.state import OrderState

SECOND: Final = 10**9
FIRST_DAY: Final = "2024-01-02"
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_UNITS["d"] = 24 * _UNITS["h"]
_FIELDS: Final = {
    "@": "price",
    "stop": "stop_px",
    "touch": "stop_px",
    "trail": "trail_amount",
    "show": "display_qty",
    "least": "min_qty",
    "off": "peg_offset",
}
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


def order_request(words: Sequence[str], symbol: str) -> OrderRequest:
    """``buy a 3 @ 100.02 DAY reduce``: a name, a quantity, and a limit unless at market; ``of
    BTCUSD`` at the end names the instrument.

    ``stop 101`` and ``touch 99`` wait for a price, ``trail 0.50`` and ``trail 1%`` follow the
    market; ``until 10:00:00`` is GTD on the first day, ``post`` is post-only; ``show 2`` is an
    iceberg, ``show 0`` hidden, ``least 2`` the least that may trade at once, ``ext`` for extended
    hours; ``peg MIDPOINT off 0.01`` follows the market.
    """
    if "of" in words:
        words, symbol = words[:-2], words[-1]
    side, name, qty, *rest = words
    terms = _terms(rest)
    told = {"side": OrderSide(side.upper()), "order_qty": qty, "symbol": symbol}
    return OrderRequest(
        **told,
        order_type=_type_of(rest),
        client_order_id=None if name == "-" else name,
        reduce_only="reduce" in rest,
        post_only="post" in rest,
        **({"extended_hours": True} if "ext" in rest else {}),
        **terms,
    )


def order_list(kind: str, words: Sequence[str], symbol: str) -> OrderListRequest:
    """``bracket buy a 5 / sell b 5 @ 102 reduce / sell c 5 stop 98 reduce``, ``oco``, ``oto``."""
    orders: list[list[str]] = [[]]
    for word in words:
        if word == "/":
            orders.append([])
        else:
            orders[-1].append(word)
    return OrderListRequest(
        contingency_type=ContingencyType(kind.upper()),
        orders=tuple(order_request(order, symbol) for order in orders),
    )


def new_terms(words: Sequence[str]) -> dict[str, str]:
    """``5 @ 100.01``, ``5`` or ``@ 100.01``, ``stop 101``, ``trail 1%``: what a replace changes."""
    number = words[0] if words[0][0].isdigit() else None
    terms = _terms(words if number is None else words[1:])
    return terms if number is None else {"order_qty": number, **terms}


def _terms(words: Sequence[str]) -> dict[str, Any]:
    terms: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if word in _FIELDS:
            field, value = _FIELDS[word], next(rest)
            if value.endswith("%"):
                field, value = "trail_percent", value.removesuffix("%")
            terms[field] = value
        elif word == "peg":
            terms["peg"] = PegType(next(rest))
        elif word == "until":
            terms |= {
                "time_in_force": TimeInForce.GTD,
                "expire_time": moment(FIRST_DAY, next(rest)),
            }
        elif word in _KINDS:
            terms["time_in_force"] = TimeInForce(word)
        else:
            assert word in {"reduce", "post", "ext"}, f"an order says {word}"
    return terms


def _type_of(words: Sequence[str]) -> OrderType:
    if "peg" in words:
        return OrderType.PEGGED
    if "trail" in words:
        return OrderType.TRAILING_STOP
    kind = "LIMIT" if "@" in words else "MARKET"
    if "touch" in words:
        return OrderType(f"{kind}_IF_TOUCHED")
    if "stop" in words:
        return OrderType("STOP_LIMIT" if "@" in words else "STOP")
    return OrderType(kind)


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
    waits = record.expires is None or record.auction_ts is not None
    until = "" if waits else f" until {clock_text(record.expires or 0, record.ts)}"
    stop = "" if record.stop_px is None else f" stop {instrument.price_text(record.stop_px)}"
    ahead = record.queue_ahead
    queue = "" if ahead is None else f" behind {instrument.qty_text(ahead)}"
    at = record.auction_ts
    auction = "" if at is None else f" for {clock_text(at, record.ts)}"
    return f"{'HELD' if record.held else 'NEW'}{stop}{queue}{auction}{until}"


def _restated(record: r.OrderRestated, instrument: Instrument) -> str:
    how = "RELEASED" if record.released else "RESTATED"
    stop = "" if record.stop_px is None else f" stop {instrument.price_text(record.stop_px)}"
    return f"{how} {instrument.qty_text(record.order_qty)}{stop}"


def _trade(record: r.OrderFilled, instrument: Instrument) -> str:
    side = "maker" if record.liquidity is Liquidity.ADDED else "taker"
    verb = "TRADE" if record.leaves_qty else "FILL"
    qty, px = instrument.qty_text(record.last_qty), instrument.price_text(record.last_px)
    return f"{verb} {qty} @ {px} {side}"


def _replaced(record: r.OrderReplaced, instrument: Instrument) -> str:
    at = "" if record.price_px is None else f" @ {instrument.price_text(record.price_px)}"
    if record.stop_px is not None:
        at = f" stop {instrument.price_text(record.stop_px)}{at}"
    place = "in place" if record.kept_priority else "at the back"
    return f"REPLACED {instrument.qty_text(record.order_qty)}{at} {place}"


def _adjusted(record: r.OrderAdjusted, instrument: Instrument) -> str:
    at = "" if record.price_px is None else f" @ {instrument.price_text(record.price_px)}"
    if record.stop_px is not None:
        at = f" stop {instrument.price_text(record.stop_px)}{at}"
    return f"ADJUSTED {instrument.qty_text(record.order_qty)}{at}"


def _split(record: r.PositionRestated) -> str:
    ratio = f"{record.numerator}:{record.denominator}"
    lieu = f" in lieu {record.in_lieu}" if record.in_lieu else ""
    if record.new_symbol != record.symbol:
        return f"{record.symbol} BECOMES {record.new_symbol} {ratio}{lieu}"
    return f"SPLIT {ratio}{lieu}"


def _accrued(record: r.FlowAccrued) -> str:
    if record.days:
        return f"{record.reason.value} {record.amount} for {record.days}d"
    tax = f" less {record.withheld}" if record.withheld else ""
    return f"{record.reason.value} of {record.basis} at {record.rate}: {record.amount}{tax}"


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
    r.OrderRepegged: lambda record, instrument: (
        f"moved to {instrument.price_text(record.price_px)}"
    ),
    r.OrderRestated: _restated,
    r.OrderTriggered: lambda record, instrument: (
        f"TRIGGERED at {instrument.price_text(record.stop_px)}"
    ),
    r.OrderRejected: lambda record, _: f"REJECTED {record.reason.value}",
    r.OrderFilled: _trade,
    r.OrderCanceled: lambda record, _: f"CANCELED {record.reason.value}",
    r.OrderExpired: lambda record, _: "EXPIRED",
    r.OrderReplaced: _replaced,
    r.CancelRejected: lambda record, _: f"cancel REJECTED {record.reason.value}",
    r.OrderAdjusted: _adjusted,
    r.ReplaceRejected: lambda record, _: f"replace REJECTED {record.reason.value}",
}

_OF_THE_SESSION: Final[dict[type[Any], Callable[[Any], str]]] = {
    r.MarginCalled: lambda record: f"MARGIN CALL {record.equity} of {record.required}",
    r.LiquidationBegan: lambda record: f"LIQUIDATION {record.equity} of {record.required}",
    r.LiquidationEnded: lambda record: "LIQUIDATION OVER",
    r.MarginDrawn: lambda record: f"DRAWN {record.amount}",
    r.PositionRestated: _split,
    r.PositionDelisted: lambda record: f"DELISTED {record.paid}",
    r.PositionSettled: lambda record: (
        f"{'EXPIRED' if record.expired else 'SETTLED'} at {record.price}: {record.realized}"
    ),
    r.FlowAccrued: _accrued,
    r.SettlementPending: lambda record: (
        f"{record.amount or record.qty} settles {clock_text(record.settles, record.ts)}"
    ),
    r.SettlementDone: lambda record: f"{record.amount or record.qty} settled",
    r.FlowPaid: lambda record: f"{record.reason.value} paid {record.amount}",
    r.MarginRestored: lambda record: "MARGIN RESTORED",
    r.TradingStatusChanged: lambda record: "HALTED" if record.halted else "TRADING",
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
