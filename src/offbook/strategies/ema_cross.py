"""A moving-average crossover: the smallest strategy that has all the parts of a real one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from offbook import Bar, Quote, Strategy


class EmaCross(Strategy):
    """Holds ``size`` while the fast average of the price is above the slow one, else nothing.

    ``fast`` and ``slow`` count rows: quotes on a recording of quotes, bars on one of bars; with a
    ``timeframe`` such as ``"5s"`` bars of it, built where the market gives none.  An exponential
    average of length n follows the price with weight 2 / (n + 1).  ``symbol`` is the market's
    first unless it is named.

    Follows trends and pays for it when there is none: every crossing trades at market.
    """

    fast: int = 500
    slow: int = 2000
    size: Decimal = Decimal("0.01")
    timeframe: str = ""
    symbol: str = ""

    def on_start(self) -> None:
        if not 0 < self.fast < self.slow:
            raise ValueError(f"fast={self.fast} must be positive and less than slow={self.slow}")
        self.symbol = self.symbol or self.instruments[0].symbol
        if self.timeframe:
            self.subscribe_bars(self.symbol, self.timeframe)
        self.rows = 0
        self.fast_ema = self.slow_ema = 0.0
        self.was_above: bool | None = None  # unknown until the slow average has seen enough

    def on_quote(self, quote: Quote) -> None:
        if not self.timeframe and quote.instrument.symbol == self.symbol:
            self.follow(quote.mid)

    def on_bar(self, bar: Bar) -> None:
        if bar.instrument.symbol == self.symbol and self.is_of_timeframe(bar):
            self.follow(bar.close)

    def is_of_timeframe(self, bar: Bar) -> bool:
        """Whether it is a bar that was asked for: ``on_bar`` is shown the market's own as well."""
        return not self.timeframe or bar in self.history(self.symbol, 1, self.timeframe)

    def follow(self, price: float) -> None:
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
                self.buy(self.symbol, self.size)
            else:
                self.close(self.symbol)

    def warm_up(self) -> tuple[int, int]:
        return self.rows, self.slow

    def why(self) -> str | None:
        if self.rows < self.slow:
            return f"{self.rows:,} of {self.slow:,} rows seen that the slow average needs"
        side = "above" if self.fast_ema > self.slow_ema else "below"
        return f"the fast average is {side} the slow one, and trades when that changes"

    # With these two, a session that was killed goes on from its last snapshot.

    def save_state(self) -> dict[str, Any]:
        return {
            "symbol": self.symbol,
            "rows": self.rows,
            "fast_ema": self.fast_ema,
            "slow_ema": self.slow_ema,
            "was_above": self.was_above,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
