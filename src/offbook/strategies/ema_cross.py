"""A moving-average crossover: the smallest strategy that has all the parts of a real one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from offbook import Strategy
from offbook.domain.market_data import Bar, Quote


class EmaCross(Strategy):
    """Holds ``size`` while the fast average of the price is above the slow one, else nothing.

    ``fast`` and ``slow`` count rows: quotes on a recording of quotes, bars on one of bars.  An
    exponential average of length n follows the price with weight 2 / (n + 1).
    """

    fast: int = 500
    slow: int = 2000
    size: Decimal = Decimal("0.01")

    def on_start(self) -> None:
        if not 0 < self.fast < self.slow:
            raise ValueError(f"fast={self.fast} must be positive and less than slow={self.slow}")
        self.rows = 0
        self.fast_ema = self.slow_ema = 0.0
        self.was_above: bool | None = None  # unknown until the slow average has seen enough

    def on_quote(self, quote: Quote) -> None:
        self.follow(quote.instrument.symbol, quote.mid)

    def on_bar(self, bar: Bar) -> None:
        self.follow(bar.instrument.symbol, bar.close)

    def follow(self, symbol: str, price: float) -> None:
        """Move both averages to a new price, and trade where they have crossed."""
        if self.rows == 0:
            self.fast_ema = self.slow_ema = price
        self.rows += 1
        self.fast_ema += (price - self.fast_ema) * 2 / (self.fast + 1)
        self.slow_ema += (price - self.slow_ema) * 2 / (self.slow + 1)
        if self.rows < self.slow:
            return
        above = self.fast_ema > self.slow_ema
        if self.was_above is None:
            self.was_above = above
        if above != self.was_above and not self.open_orders():
            self.was_above = above
            if above:
                self.buy(symbol, self.size)
            else:
                self.close(symbol)

    # With these two, a session that was killed goes on from its last snapshot.

    def save_state(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "fast_ema": self.fast_ema,
            "slow_ema": self.slow_ema,
            "was_above": self.was_above,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
