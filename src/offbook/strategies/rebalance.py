"""A monthly rebalance: no forecast, only the same share of the account for everything."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from offbook import Bar, Strategy


class Rebalance(Strategy):
    """Brings every share of the market back to an equal part of the account, once a month.

    On the first day of a month for which all have a bar, what is above its part by ``least`` (in
    money) or more is sold, and when that is done what is below it is bought, in whole lots.
    ``invested`` of the account is divided; the rest stays in cash, for a buy at market holds more
    than its price until it fills.

    It sells what rose and buys what fell, which is a discipline and not an edge.
    """

    invested: Decimal = Decimal("0.94")
    least: Decimal = Decimal("500")

    def on_start(self) -> None:
        if not 0 < self.invested <= 1:
            raise ValueError(f"invested={self.invested} must be above 0 and at most 1")
        self.day = 0  # the end of the day whose bars come in
        self.closes: dict[str, float] = {}  # of that day, by symbol
        self.month = ""
        self.buys: dict[str, str] = {}  # wait for the sells to bring the money

    def on_bar(self, bar: Bar) -> None:
        if bar.ts != self.day:
            self.day, self.closes = bar.ts, {}
        self.closes[bar.instrument.symbol] = bar.close
        if len(self.closes) < len(self.instruments) or self.open_orders():
            return
        month = datetime.fromtimestamp(bar.ts // 10**9, UTC).strftime("%Y-%m")
        if month != self.month:
            self.month = month
            self.plan()
        if not self.open_orders():
            for symbol, qty in self.buys.items():
                self.buy(symbol, qty)
            self.buys = {}

    def plan(self) -> None:
        """Sell what is too much of each share, and note what is to be bought."""
        part = self.account.equity.decimal * self.invested / len(self.instruments)
        self.buys = {}
        for symbol, close in self.closes.items():
            price = self.price(close, symbol=symbol).decimal
            wanted = self.qty(part / price, symbol=symbol).decimal
            change = wanted - self.position(symbol).signed_qty
            if abs(change) * price < self.least:
                continue
            if change < 0:
                self.sell(symbol, -change)
            else:
                self.buys[symbol] = str(change)

    def why(self) -> str | None:
        if self.buys:
            return f"{', '.join(self.buys)} are bought when what was sold has been paid for"
        return f"{self.month or 'the first day'} is arranged; the next month is waited for"

    def save_state(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "closes": self.closes,
            "month": self.month,
            "buys": self.buys,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
