"""Mean reversion with resting limits: each entry takes its own exits along, as a bracket."""

from __future__ import annotations

from decimal import Decimal
from statistics import fmean, pstdev
from typing import Any

from offbook import Bar, Strategy

SECOND = 1_000_000_000


class BracketReversion(Strategy):
    """Bids below the average of the last bars, to sell at the average or at a stop below.

    With the mean and the standard deviation of the last ``length`` closes it rests a buy of
    ``size`` at ``width`` deviations below the mean.  The exits leave with it and wait until it
    trades: a limit at the mean, and a stop at ``risk`` deviations below it; the first that is
    filled cancels the other.  An entry that does not trade within ``patience`` seconds expires.

    It wins often and little, and loses seldom and much: falls that go on are those that fill it.
    """

    size: Decimal = Decimal("0.01")
    timeframe: str = "5s"
    length: int = 24
    width: float = 1.0
    risk: float = 3.0
    patience: int = 30
    symbol: str = ""

    def on_start(self) -> None:
        if self.length < 2 or not 0 < self.width < self.risk:
            raise ValueError("needs length of 2 or more, and width above 0 and less than risk")
        self.symbol = self.symbol or self.instruments[0].symbol
        self.subscribe_bars(self.symbol, self.timeframe)

    def on_bar(self, bar: Bar) -> None:
        # Exits are open orders, so this waits for a trade to be over as well as for an entry.
        if bar.instrument.symbol != self.symbol or self.open_orders():
            return
        bars = self.bars()
        if len(bars) < self.length or bar != bars[-1]:
            return  # warming up; or a bar of another timeframe, as the market may have as well
        closes = [bar.close for bar in bars]
        mean, deviation = fmean(closes), pstdev(closes)
        entry = self.price(mean - self.width * deviation, symbol=self.symbol)
        target = self.price(mean, symbol=self.symbol)
        stop = self.price(mean - self.risk * deviation, symbol=self.symbol)
        # Nothing to gain when all closes are alike; and where the price is below the entry the
        # fall is under way already.
        if stop.units < entry.units < target.units and float(entry) < bar.close:
            self.buy(
                self.symbol,
                self.size,
                price=entry,
                take_profit=target,
                stop_loss=stop,
                expire_time=self.now + self.patience * SECOND,
            )

    def bars(self) -> list[Bar]:
        """The last bars; the session keeps them, so there is no memory to save here."""
        rows = self.history(self.symbol, self.length, self.timeframe)
        return [row for row in rows if isinstance(row, Bar)]

    def warm_up(self) -> tuple[int, int]:
        return len(self.bars()), self.length

    def why(self) -> str | None:
        seen = len(self.bars())
        if seen < self.length:
            return f"{seen} of {self.length} bars of {self.timeframe} seen"
        return "one trade at a time, and an entry only while the price is above it"

    def save_state(self) -> dict[str, Any]:
        return {"symbol": self.symbol}

    def load_state(self, state: dict[str, Any]) -> None:
        self.symbol = state["symbol"]
