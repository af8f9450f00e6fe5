"""The sessions that are killed, one of each kind, as plain JSON: market, account, rules, strategy,
and what is commanded from outside at which session time.

Nothing of offbook is imported here.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "src/offbook/data/demo"
QUOTES, TRADES = DEMO / "btcusdt-quotes.csv.gz", DEMO / "btcusdt-trades.csv.gz"
SECOND = 1_000_000_000
Line = dict[str, Any]


def first_ts() -> int:
    """Session time of the recordings' first row."""
    with gzip.open(QUOTES, "rt") as file:
        return int(next(csv.DictReader(file))["ts_init"])


@dataclass(frozen=True)
class Kind:
    """One kind of session; ``market`` names its sources, ``rules`` are parts of its config, and
    ``shows`` records without which it was not of its kind."""

    name: str
    market: tuple[str, ...]
    strategy: dict[str, Any]
    rules: dict[str, Any] = field(default_factory=dict)
    shows: tuple[str, ...] = ("OrderFilled", "OrderCanceled", "SessionPaused", "SessionResumed")
    dated: bool = False
    """Whether its instrument is split and pays a dividend meanwhile."""
    pause_orders: tuple[str, ...] = ("cancel_entries", "keep", "cancel_all")
    flatten: bool = True

    def config(self, recordings: Path) -> dict[str, Any]:
        """The session's configuration, so slow that it waits for what it will be commanded."""
        sources = [_source(name, recordings) for name in self.market]
        if self.dated:
            sources[0] |= {"adjustment": "raw", "actions": _actions()}
        market = sources[0] if len(sources) == 1 else {"type": "combined", "sources": sources}
        base = {"account": {"currency": "USDT", "initial_cash": "100000"}, "seed": 7}
        own = {"market": market, "strategy": self.strategy, "speed": "1", "name": self.name}
        return {**base, **self.rules, **own}

    def script(self, start_ts: int, until: int) -> list[Line]:
        """The outside commands of a run, in the order of their times."""
        lines = [*self._orders(start_ts, until), *self._pauses(start_ts, until)]
        stop: Line = {"id": "stop", "do": "stop", "at": start_ts + until * SECOND}
        if self.flatten:
            stop |= {"flatten": True, "deadline_ns": 30 * SECOND}
        return sorted([*lines, stop], key=lambda line: int(line["at"]))

    def _orders(self, start_ts: int, until: int) -> Iterator[Line]:
        for number, second in enumerate(range(8, until - 12, 4)):
            at = start_ts + second * SECOND + 17
            order = _order(number)
            yield {"id": f"submit-{number}", "do": "submit", "order": order, "at": at}
            name = order.get("client_order_id", f"outside-{number}")
            later = at + 5 * SECOND
            if number % 3 == 1:
                yield {"id": f"cancel-{number}", "do": "cancel", "order": name, "at": later}
            elif order.get("order_type") in {"LIMIT", "STOP_LIMIT"}:
                terms = {"order_qty": "0.006", "price": str(61700 + number)}
                line = {"id": f"replace-{number}", "do": "replace", "order": name, "at": later}
                yield {**line, "terms": terms}

    def _pauses(self, start_ts: int, until: int) -> Iterator[Line]:
        for number, second in enumerate(range(21, until - 12, 31)):
            at = start_ts + second * SECOND + 1
            policy = self.pause_orders[number % len(self.pause_orders)]
            yield {"id": f"pause-{number}", "do": "pause", "at": at, "orders": policy}


def _order(number: int) -> dict[str, Any]:
    """An order from outside: its type goes by its number; every sixth is a list."""
    side = "SELL" if number % 5 == 4 else "BUY"
    base = {"symbol": "BTCUSDT", "side": side, "order_qty": "0.004"}
    one = {**base, "client_order_id": f"outside-{number}"}
    low, high = str(61500 + number), str(61900 - number)
    forms: list[dict[str, Any]] = [
        {},
        {"order_type": "LIMIT", "price": low, "time_in_force": "DAY"},
        {"order_type": "STOP_LIMIT", "stop_px": high, "price": high},
        {"order_type": "MARKET_IF_TOUCHED", "stop_px": low},
        {"order_type": "TRAILING_STOP", "trail_amount": "9.5"},
    ]
    if number % 6 < len(forms):
        return {**one, **forms[number % 6]}
    other = {**base, "order_type": "STOP", "stop_px": high}
    first = {**one, "side": "BUY", "order_type": "LIMIT", "price": low}
    return {
        "contingency_type": "OCO",
        "orders": [first, {**other, "side": "BUY", "client_order_id": f"other-{number}"}],
    }


def _busy(cls: str, acts: str, **params: Any) -> dict[str, Any]:
    return {"ref": f"{HERE / 'busy_strategies.py'}:{cls}", "params": {"acts": acts, **params}}


_LATENCY = {"latency": {"entry_ns": 300_000_000, "response_ns": 700_000_000}}
_MARGIN = {"type": "margin", "leverage": "5", "maintenance_margin": "0.19"}
EUROS = {
    "currency": "EUR",
    "initial_cash": "50000",
    "cash": {"USDT": "30000"},
    "rates": {"USDT": "0.91"},
}

KINDS = (
    Kind("plain", ("quotes",), {"ref": f"{HERE / 'churn_strategy.py'}:Churn"}, flatten=False),
    Kind(
        "lists",
        ("quotes",),
        _busy("OnTicks", "bracket oco oto trail_bracket market"),
        shows=("OrderRestated", "OrderTriggered", "OrderFilled"),
    ),
    Kind(
        "triggers",
        ("quotes", "status"),
        _busy("OnTicks", "stop peg touch iceberg timed stop_limit replace trail immediate market"),
        {"venue": {**_LATENCY, "slippage": {"type": "basis_points", "bps": "0.5", "quotes": True}}},
        ("OrderTriggered", "OrderExpired", "OrderRepegged", "TradingStatusChanged", "OrderFilled"),
    ),
    Kind(
        "margin",
        ("quotes",),
        _busy("OnTicks", "flip short stop bracket flip trail"),
        {
            "account": {"currency": "USDT", "initial_cash": "220", **_MARGIN},
            "venue": {"fee": {"type": "basis_points", "maker": "50", "taker": "50"}},
        },
        ("ReservationsMoved", "OrderTriggered", "OrderFilled"),
    ),
    Kind("prints", ("trades",), _busy("OnTicks", "market bracket touch replace oco", every=40)),
    Kind(
        "several",
        ("quotes", "trades", "trades in EUR"),
        _busy("OnTicks", "market bracket stop timed oto replace", every=170),
        {"account": EUROS, "venue": _LATENCY},
    ),
    Kind(
        "built bars",
        ("quotes",),
        _busy("OnBars", "market bracket stop immediate", every=2, timeframe="5s"),
        {"account": {"currency": "USDT", "initial_cash": "4000"}},
    ),
    Kind(
        "bars",
        ("bars", "status"),
        _busy("OnBars", "market bracket stop oco trail touch replace", every=3),
        {
            "venue": {
                "fill_at": "this_close",
                "intrabar": "olhc",
                "stop_gap": "stop",
                "slippage": {"type": "spread_share", "share": "0.5", "assumed_spread": "0.05"},
                "latency": {"entry_ns": 0, "response_ns": 0},
            }
        },
        ("PositionRestated", "OrderAdjusted", "FlowPaid", "TradingStatusChanged", "OrderFilled"),
        dated=True,
    ),
    Kind(
        "loss",
        ("quotes",),
        _busy("OnTicks", "market trail market oco", every=60),
        {"risk": {"daily_loss": {"amount": "5"}, "max_position_qty": "0.05"}},
        ("DailyLossReached", "SessionPaused", "SessionResumed", "OrderFilled"),
    ),
)
"""Every kind there is."""


# -- recordings ---------------------------------------------------------------------------------


def _source(name: str, recordings: Path) -> dict[str, Any]:
    instrument = {
        "symbol": "BTCUSDT",
        "asset_class": "crypto_spot",
        "base": "BTC",
        "quote_currency": "USDT",
        "price_precision": 2,
        "qty_precision": 5,
        "tick_size": "0.01",
        "lot_size": "0.00001",
    }
    if name.endswith("EUR"):
        instrument |= {"symbol": "BTCEUR", "quote_currency": "EUR"}
    kind = name.split()[0]
    path = str(recordings / f"{kind}.csv")
    source = {"type": "replay", "kind": kind, "instrument": instrument, "path": path}
    return {**source, "timeframe_ns": SECOND} if kind == "bars" else source


def _actions() -> list[dict[str, str]]:
    """A split and a dividend in the first half of the recording."""
    moments = [datetime.fromtimestamp(first_ts() // SECOND + s, UTC).isoformat() for s in (33, 52)]
    split = {"symbol": "BTCUSDT", "kind": "split", "ex": moments[0], "ratio": "11:10"}
    dividend = {"symbol": "BTCUSDT", "kind": "dividend", "ex": moments[1], "amount": "1.5"}
    return [split, dividend]


def make_recordings(folder: Path, until: int) -> None:
    """The demo's first seconds: quotes, prints, and the prints as bars of a second."""
    folder.mkdir(parents=True, exist_ok=True)
    last = first_ts() + (until + 40) * SECOND
    for path, name in ((QUOTES, "quotes"), (TRADES, "trades")):
        with gzip.open(path, "rt") as file:
            rows = list(csv.reader(file))
        kept = [row for row in rows[1:] if int(row[0]) < last]
        _write(folder / f"{name}.csv", [rows[0], *kept])
    _write(folder / "bars.csv", _bars_of(kept))
    _write(folder / "status.csv", _status(until))


def _status(until: int) -> list[list[str]]:
    """Bands from the beginning, and a halt of some seconds now and then."""
    lines = [["0", "bands", "60000", "63000"]]
    for second in range(15, until - 20, 27):
        lines += [[str(second), "halt", "", ""], [str(second + 4), "resume", "", ""]]
    rows = [[str(first_ts() + int(second) * SECOND), *rest] for second, *rest in lines]
    return [["ts_init", "event", "lower", "upper"], *rows]


def _bars_of(prints: list[list[str]]) -> list[list[str]]:
    bars: dict[int, list[str]] = {}
    for ts, price, size, _ in prints:
        bar = bars.setdefault(int(ts) // SECOND * SECOND, [price, price, price, price, "0"])
        bar[1], bar[2] = max(bar[1], price, key=float), min(bar[2], price, key=float)
        bar[3], bar[4] = price, f"{float(bar[4]) + float(size):.5f}"
    header = ["ts_init", "open", "high", "low", "close", "volume"]
    return [header, *([str(opened), *bar] for opened, bar in bars.items())]


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
