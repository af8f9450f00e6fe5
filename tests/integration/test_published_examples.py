"""Worked examples that exchanges, brokers and other engines publish, as a user would put them.

Small files, a strategy of orders by row, and what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import offbook
from offbook import AccountEvent, OrderUpdate, Quote, Strategy
from offbook.config.markets import MarketDescription

NOW = {"entry_ns": 0, "response_ns": 0}
FREE: dict[str, Any] = {"latency": NOW, "fee": {"type": "flat", "per_order": "0"}}
Plan = Mapping[int, tuple[str, str]]


class Came(NamedTuple):
    """Fills as ``side qty @ price``, what the account was told of, orders refused, the equity."""

    fills: list[str]
    flows: list[str]
    refused: list[str]
    equity: str


class Planned(Strategy):
    """Sends its orders at the rows they are for (from 0), and keeps what it is told."""

    plan: ClassVar[Plan] = {}
    flows: ClassVar[list[str]] = []
    refused: ClassVar[list[str]] = []
    symbol: str = "XYZ"

    def on_start(self) -> None:
        self.row = -1

    def on_quote(self, quote: Quote) -> None:
        self.row += 1
        if self.row in Planned.plan:
            side, qty = Planned.plan[self.row]
            (self.buy if side == "buy" else self.sell)(self.symbol, qty)

    def on_account(self, event: AccountEvent) -> None:
        Planned.flows.append(f"{event.kind.value} {event.amount}")

    def on_order(self, update: OrderUpdate) -> None:
        if update.reason is not None:
            Planned.refused.append(update.reason)


def run(
    folder: Path,
    quotes: Sequence[tuple[str, str]],
    plan: Plan,
    terms: dict[str, Any],
    account: dict[str, Any],
    venue: Mapping[str, Any] = FREE,
) -> Came:
    """Quotes of one price at moments of 2024-01-01, or of the day that is written."""
    file = folder / "quotes.csv"
    rows = [f"{at},{px},{px},1000000000,1000000000" for at, px in quotes]
    file.write_text("\n".join(["time,bid,ask,bid_size,ask_size", *rows]) + "\n")
    Planned.plan, Planned.flows, Planned.refused = plan, [], []
    made = offbook.run(
        Planned,
        file,
        market=MarketDescription(**terms),
        config={"account": account, "venue": dict(venue)},
        symbol=terms["symbol"],
    )
    columns = (made.fills[name] for name in ("side", "qty", "price"))
    fills = [f"{side} {qty} @ {price}" for side, qty, price in zip(*columns, strict=True)]
    return Came(fills, Planned.flows, Planned.refused, str(made.summary.equity))


def at(*pairs: str) -> list[tuple[str, str]]:
    """``"10:00 750"`` and the like, on one day."""
    return [(f"2024-01-01T{clock}Z", px) for clock, px in (pair.split() for pair in pairs)]


def seconds(*prices: str) -> list[tuple[str, str]]:
    """One price a second."""
    return at(*(f"10:00:{n:02d} {px}" for n, px in enumerate(prices)))


def test_a_perpetual_of_bitmex(tmp_path: Path) -> None:
    """Its guide: 15,000 contracts from 750 to 800, held over a funding of 0.25 %, bring 1.25 less
    0.05 bitcoin (Perpetual Contracts Guide Examples). The rates are named as in its own answers."""
    rates = tmp_path / "rates.csv"
    rates.write_text("timestamp,symbol,fundingRate\n2024-01-01T12:00:00Z,XBTUSD,0.0025\n")
    terms = {"symbol": "XBTUSD", "asset_class": "crypto_perpetual", "base": "XBT"}
    terms |= {"currency": "USD", "inverse": True, "tick": "0.5", "lot": "1"}
    quotes = at("10:00 750", "11:00 750", "18:00 800", "19:00 800")
    account = {"type": "margin", "leverage": "25", "initial_cash": "2"}
    plan = {0: ("buy", "15000"), 2: ("sell", "15000")}
    came = run(tmp_path, quotes, plan, terms | {"funding": str(rates)}, account)
    assert came.flows == ["funding -0.05"]
    assert came.equity == "3.2"


def test_a_future_is_marked_to_market(tmp_path: Path) -> None:
    """A textbook's: ten short at 96, settled at 99, 95 and 97, lose 30, gain 40 and lose 20."""
    prices = tmp_path / "settlements.csv"
    days = (("02", "99"), ("03", "95"), ("04", "97"))
    rows = [f"2024-01-{day}T21:00:00Z,{px}" for day, px in days]
    prices.write_text("\n".join(["time,settle", *rows]) + "\n")
    terms = {"symbol": "ABC", "asset_class": "future", "currency": "USD", "tick": "0.01"}
    terms |= {"lot": "1", "multiplier": "1", "settlements": str(prices)}
    quotes = [(f"2024-01-{day}T10:00Z", px) for day, px in (("01", "96"), ("02", "96"), *days[1:])]
    quotes += [("2024-01-05T10:00Z", "97")]
    account = {"type": "margin", "leverage": "10", "initial_cash": "200"}
    came = run(tmp_path, quotes, {1: ("sell", "10")}, terms, account)
    assert came.flows == ["marked -30", "marked 40", "marked -20"]
    assert came.equity == "190"


def tiers(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"above": above, "rate": rate} for above, rate in pairs]


def test_positions_of_binance_are_liquidated_where_its_calculator_says(tmp_path: Path) -> None:
    """freqtrade's tests (test_liquidation_price_binance) have its examples: a wallet of
    1,535,443.01 with a maintenance amount of 16,300 at 2.5 % is called at 18,778.73, with one of
    135,365 at 10 % at 1,114.78; the tiers that make these amounts are given here."""
    terms = {"symbol": "BTCUSDT", "asset_class": "crypto_perpetual", "currency": "USDT"}
    terms |= {"tick": "0.01", "lot": "0.001", "multiplier": "1"}
    account = {"type": "margin", "leverage": "5", "initial_cash": "1535443.01"}
    account["maintenance_tiers"] = tiers(
        ("0", "0.004"), ("50000", "0.005"), ("250000", "0.01"), ("1000000", "0.025")
    )  # fmt: skip
    prices = seconds("32481.98", "32481.98", "20000", "18778.73", "18778.72")
    came = run(tmp_path, prices, {1: ("buy", "109.488")}, terms, account)
    assert came.fills[1:] == ["SELL 109.488 @ 18778.72"]
    account["maintenance_tiers"] = tiers(
        *(("0", "0.005"), ("10000", "0.0065"), ("100000", "0.01")),
        *(("500000", "0.02"), ("1000000", "0.05"), ("2000000", "0.1")),
    )
    prices = seconds("1456.84", "1456.84", "1114.79", "1114.78")
    came = run(tmp_path, prices, {1: ("buy", "3683.979")}, terms | {"symbol": "ETHUSDT"}, account)
    assert came.fills[1:] == ["SELL 3683.979 @ 1114.78"]


def test_a_good_faith_violation_is_denied(tmp_path: Path) -> None:
    """Fidelity's Trudy: 10,000 of settled money buy, the shares are sold for 10,500 and these buy
    again. To sell what they bought on the same day is the violation; a day later it is none."""
    terms = {"symbol": "ABC", "asset_class": "equity"}
    day = "2024-06-03T15:0"
    quotes = [(f"{day}{n}Z", px) for n, px in enumerate(("100", "105", "105", "105", "105"))]
    quotes += [("2024-06-04T15:00Z", "105"), ("2024-06-04T15:01Z", "105")]
    account = {"initial_cash": "10000", "settlement": {"days": 1, "unsettled": "good_faith"}}
    plan = {0: ("buy", "100"), 1: ("sell", "100"), 2: ("buy", "100")}
    plan |= {3: ("sell", "100"), 5: ("sell", "100")}
    came = run(tmp_path, quotes, plan, terms, account, {**FREE, "market_collar": "0"})
    assert came.refused == ["UNSETTLED"]
    assert [fill.split()[0] for fill in came.fills] == ["BUY", "SELL", "BUY", "SELL"]
    assert Decimal(came.equity) == 10500
