"""Plans of orders, and what offbook makes of them with the settings of another engine.

``same_trades.py`` gives the same plans to the other engines.
"""

from __future__ import annotations

import gzip
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from laid_plans import CENT, PLANS, Order, crossing

import offbook
from offbook import Bar, Strategy
from offbook.config.markets import MarketDescription
from offbook.domain.config import Adjustment, CorporateAction
from offbook.domain.instruments import AssetClass
from offbook.engine.strategy.view import Fill

Plan = dict[str, Any]


class Made(NamedTuple):
    """A fill: the bar it was made in, the signed quantity, price, commission."""

    bar: int
    qty: Decimal
    price: Decimal
    fee: Decimal


class Outcome(NamedTuple):
    """What an engine made of a plan."""

    fills: Sequence[Made]
    equity: Decimal
    version: str


class Case(NamedTuple):
    """One plan, the peers' settings for it, and offbook's."""

    name: str
    orders: str
    cash: str = "100000"
    symbol: str = "ibm"
    fee: Mapping[str, str] = {"type": "none"}
    peers: Mapping[str, Mapping[str, Any]] = {}
    venue: Mapping[str, Any] = {}
    account: Mapping[str, Any] = {}
    known: Mapping[str, str] = {}
    """Where a peer is known to differ, and why."""
    actions: Sequence[Mapping[str, str]] = ()
    lot: int = 100
    """How many shares the plans of crossing averages are about."""
    tick: str | None = None
    """Finer where prices are to be as a model gives them, which is no price that is traded."""


TENTH = {"type": "percent", "amount": "0.1"}
A_SHARE = {"type": "per_share", "amount": "0.005", "minimum": "1"}
AN_ORDER = {"type": "per_order", "amount": "7.95"}
PLAIN: Mapping[str, Mapping[str, Any]] = {"backtesting": {}, "backtrader": {}, "pyalgotrade": {}}
AT_CLOSE = {"backtesting": {"trade_on_close": True}, "backtrader": {"coc": True}}
LATER_CLOSE = {"pyalgotrade": {"on_close": True}, "zipline": {}}
CLOSES = {"zipline": {}}
IN_A_GAP = "over a gap it has the stop's own price, which the bar may never have seen"
NOT_SEEN = "where the close tells that the price came back it looks no further unless the bar fell"
ACTIONS = (
    {"kind": "dividend", "ex": "2006-08-08", "pay": "2006-09-11", "amount": "0.30"},
    {"kind": "split", "ex": "2006-10-02", "ratio": "2:1"},
    {"kind": "dividend", "ex": "2007-05-08", "pay": "2007-06-11", "amount": "0.40"},
    {"kind": "dividend", "ex": "2009-08-03", "pay": "2009-09-10", "amount": "0.55"},
    {"kind": "split", "ex": "2011-05-02", "ratio": "3:2"},
    {"kind": "dividend", "ex": "2012-02-08", "pay": "2012-03-09", "amount": "0.75"},
)

CASES = (
    Case("crossing", "crossing", fee=TENTH, peers=PLAIN),
    Case("crossing, per share", "crossing", fee=A_SHARE, peers=PLAIN),
    Case("crossing, per order", "crossing", fee=AN_ORDER, peers=PLAIN),
    Case(
        "crossing at this close",
        "crossing",
        fee=TENTH,
        peers=AT_CLOSE,
        venue={"fill_at": "this_close"},
    ),
    Case(
        "crossing at the next close",
        "crossing",
        fee=TENTH,
        peers=LATER_CLOSE,
        venue={"fill_at": "next_close"},
    ),
    Case("limits", "limits", fee=TENTH, symbol="aapl", peers=PLAIN),
    Case("stops", "stops", fee=TENTH, symbol="aapl", peers=PLAIN),
    Case(
        "stop limits",
        "stop_limits",
        fee=TENTH,
        symbol="aapl",
        peers=PLAIN,
        known={"backtesting": IN_A_GAP},
    ),
    Case(
        "limits before stops",
        "limits_before_stops",
        fee=TENTH,
        symbol="aapl",
        peers=PLAIN,
        known={"backtrader": NOT_SEEN},
    ),
    Case("limits at closes", "limits", fee=A_SHARE, symbol="aapl", peers=CLOSES),
    Case("stops at closes", "stops", fee=AN_ORDER, symbol="aapl", peers=CLOSES),
    Case("stop limits at closes", "stop_limits", fee=TENTH, symbol="aapl", peers=CLOSES),
    Case("dividends and splits", "crossing", fee=TENTH, peers=CLOSES, actions=ACTIONS),
    Case("held over splits", "holding", fee=TENTH, peers=CLOSES, actions=ACTIONS),
    Case(
        "slippage",
        "crossing",
        fee=TENTH,
        peers={"zipline": {"bps": 5}},
        venue={"slippage": {"type": "basis_points", "bps": "5"}, "slippage_bound": "none"},
        tick="0.000000000001",
    ),
    Case(
        "impact",
        "crossing",
        fee=TENTH,
        cash="100000000",
        lot=100_000,
        peers={"zipline": {"impact": 0.1}},
        venue={
            "slippage": {"type": "volume_share"},
            "slippage_bound": "none",
            "volume_share": "0.025",
        },
        tick="0.000000000001",
    ),
    Case("short of cash", "hoarding", cash="20000", fee=TENTH, peers=PLAIN),
)

AT_FILL = {"cash_check": "fill"}
LENDING = {
    "type": "margin",
    "cash_check": "fill",
    "leverage": "100",
    "maintenance_margin": "0.0001",
}
AS_OTHERS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "backtesting": {"account": AT_FILL, "venue": {"stop_gap": "open"}},
    "backtrader": {"account": {}, "venue": {"market_collar": "0", "stop_limit": "same_bar"}},
    "pyalgotrade": {"account": {**AT_FILL, "unpaid": "wait"}, "venue": {"stop_limit": "range"}},
    "zipline": {"account": LENDING, "venue": {"bar_prices": "close"}},
}
"""What each engine supposes, beside what a case asks of all."""
COMMON = {
    "limit_gap": "open",
    "limit_fill": "touch",
    "volume_share": "1",
    "fee_rounding": "exact",
    "bar_reports": "before",
    "latency": {"entry_ns": 0, "response_ns": 0},
}


def bars_of(case: Case) -> list[list[str]]:
    """The daily bars that ship, in cents, as there are engines that keep no more: date, open, high,
    low, close, volume; what the case's splits make of them."""
    path = Path(str(files("offbook"))) / "data" / "stocks" / f"{case.symbol}-daily.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.strip().split(",") for line in lines][1:]
    splits = [action for action in case.actions if action["kind"] == "split"]
    return [_split(row, [one["ratio"] for one in splits if one["ex"] <= row[0]]) for row in rows]


def _split(row: Sequence[str], ratios: Sequence[str]) -> list[str]:
    prices = [Decimal(text) for text in row[1:5]]
    for ratio in ratios:
        new, old = map(int, ratio.split(":"))
        prices = [price * old / new for price in prices]
    return [row[0], *(str(price.quantize(CENT)) for price in prices), row[5]]


def plan_of(case: Case, rules: Mapping[str, Any], most: int | None = None) -> Plan:
    """A case as a peer is told it, of all bars or of the first."""
    bars = bars_of(case)[:most]
    crosses = case.orders == "crossing"
    orders = list(crossing(bars, case.lot) if crosses else PLANS[case.orders](bars))
    return {
        "bars": bars,
        "orders": orders,
        "cash": case.cash,
        "fee": dict(case.fee),
        "actions": list(case.actions),
        "rules": dict(rules),
    }


# -- offbook --------------------------------------------------------------------------------------


class Planned(Strategy):
    """Sends what the plan says; subclassed for each plan."""

    symbol: str = "IBM"

    def on_start(self) -> None:
        self.bars.clear()
        self.sent: dict[str, str] = {}

    def on_bar(self, bar: Bar) -> None:
        self.bars[bar.ts] = at = len(self.bars)
        for order in self.orders_by_bar.get(at, ()):
            if "cancel" in order:
                self.take_back(order["cancel"])
            else:
                self.place(order)

    def on_fill(self, fill: Fill) -> None:
        qty = fill.last_qty.decimal * fill.side.sign
        self.made.append((fill.ts, qty, fill.last_px.decimal, fill.fee.decimal))

    def take_back(self, name: str) -> None:
        sent = self.sent.get(name)
        if sent is not None and not self.order(sent).is_closed:
            self.cancel(sent)

    def place(self, order: Order) -> None:
        qty, position = order["qty"], self.position(self.symbol)
        if qty == "all":
            if not position:
                return
            qty = position.qty
        send = self.buy if order["side"] == "buy" else self.sell
        prices = {"price": order.get("price"), "stop_price": order.get("stop")}
        self.sent[order["id"]] = send(self.symbol, qty, **prices)


def run_here(case: Case, peer: str, plan: Plan) -> Outcome:
    """What offbook makes of a plan, with the settings of a peer."""
    by_bar: dict[int, list[Order]] = defaultdict(list)
    for order in plan["orders"]:
        by_bar[order["at"]].append(order)
    made: list[tuple[int, Decimal, Decimal, Decimal]] = []
    bars: dict[int, int] = {}
    members = {"orders_by_bar": by_bar, "bars": bars, "made": made}
    strategy = type("Given", (Planned,), {**members, "__module__": __name__})
    others = AS_OTHERS[peer]
    config = {
        "venue": {
            **COMMON,
            "fee": FEES[case.fee["type"]](case.fee),
            **others["venue"],
            **case.venue,
        },
        "account": {**others["account"], **case.account},
        "risk": {},
    }
    symbol = case.symbol.upper()
    market = MarketDescription(
        symbol=symbol,
        asset_class=AssetClass.EQUITY,
        timeframe="1d",
        tick=case.tick,
        adjustment=Adjustment.RAW if case.actions else None,
        actions=tuple(CorporateAction(symbol=symbol, **action) for action in case.actions),
    )
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "bars.csv"
        head = "date,open,high,low,close,volume"
        data.write_text("\n".join([head, *map(",".join, plan["bars"])]), encoding="utf-8")
        result = offbook.run(
            strategy, data, config=config, market=market, cash=case.cash, symbol=symbol
        )
    fills = [Made(bars[ts], *rest) for ts, *rest in made]
    return Outcome(fills, result.summary.equity.decimal, offbook.__version__)


FEES = {
    "none": lambda _: {"type": "basis_points", "maker": "0", "taker": "0"},
    "percent": lambda fee: _both(Decimal(fee["amount"]) * 100),
    "per_share": lambda fee: {
        "type": "per_unit",
        "per_unit": fee["amount"],
        "minimum": fee["minimum"],
    },
    "per_order": lambda fee: {"type": "flat", "per_order": fee["amount"]},
}


def _both(bps: Decimal) -> dict[str, str]:
    return {"type": "basis_points", "maker": f"{bps:f}", "taker": f"{bps:f}"}


# -- comparing ------------------------------------------------------------------------------------


def together(fills: Sequence[Made]) -> dict[tuple[int, bool], Made]:
    """Fills by bar and side: some engines tell of one as several."""
    found: dict[tuple[int, bool], Made] = {}
    for fill in fills:
        key = fill.bar, fill.qty > 0
        before = found.get(key)
        if before is None:
            found[key] = fill
            continue
        qty = before.qty + fill.qty
        price = (before.price * before.qty + fill.price * fill.qty) / qty
        found[key] = Made(fill.bar, qty, price, before.fee + fill.fee)
    return found


def differences(ours: Outcome, theirs: Outcome, bars: Sequence[Sequence[str]]) -> list[str]:
    """What does not agree, a line for each."""
    here, there = together(ours.fills), together(theirs.fills)
    lines = []
    for key in sorted(here.keys() | there.keys()):
        one, other = here.get(key), there.get(key)
        if one is None or other is None or not _alike(one, other):
            lines.append(f"{' '.join(bars[key[0]])}: offbook {_text(one)}, there {_text(other)}")
    if abs(ours.equity - theirs.equity) >= CENT / 2:
        lines.append(f"equity: offbook {ours.equity:.4f}, there {theirs.equity:.4f}")
    return lines


def _alike(one: Made, other: Made) -> bool:
    near = [abs(a - b) < Decimal("0.00001") for a, b in zip(one[1:], other[1:], strict=True)]
    return all(near)


def _text(fill: Made | None) -> str:
    return "nothing" if fill is None else f"{fill.qty:+} @ {fill.price:f} fee {fill.fee:f}"
