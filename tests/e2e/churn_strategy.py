"""A strategy that is busy in every way, deterministic, with memory that can be saved."""

from __future__ import annotations

from typing import Any

from offbook.domain.market_data import Quote
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.strategy.view import Fill


class Churn(Strategy):
    """Buys and sells by the count of quotes, keeps a limit below the market, sets timers."""

    symbol: str = "BTCUSDT"
    every: int = 150

    def on_start(self) -> None:
        """Begin to count."""
        self.count = 0
        self.ticks = 0
        self.filled = 0
        self.resting: str | None = None
        self.set_timer("tick", every=7_000_000_000)

    def on_quote(self, quote: Quote) -> None:
        """Trade at fixed counts."""
        self.count += 1
        step = self.count % (2 * self.every)
        if step == self.every:
            self.buy(self.symbol, "0.002")
        elif step == 0 and self.position(self.symbol):
            self.sell(self.symbol, "0.001")
        elif step == self.every // 2:
            if self.resting is not None and not self.order(self.resting).is_closed:
                self.cancel(self.resting)
            price = self.price(quote.bid - 3 - self.ticks % 5)
            self.resting = self.buy(self.symbol, "0.003", price=price)

    def on_fill(self, fill: Fill) -> None:
        """Count fills."""
        self.filled += fill.last_qty.units

    def on_timer(self, name: str) -> None:
        """Count the timer; it changes the next limit."""
        self.ticks += 1

    def save_state(self) -> Any:
        """All that there is."""
        return [self.count, self.ticks, self.filled, self.resting]

    def load_state(self, state: Any) -> None:
        """Go on."""
        self.count, self.ticks, self.filled, self.resting = state
