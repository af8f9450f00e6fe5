"""A pairs trade: two prices that used to go together, and a bet that they will again."""

from __future__ import annotations

import math
from statistics import fmean, pstdev
from typing import Any

from offbook import Bar, Strategy


class Pairs(Strategy):
    """Sells the dearer and buys the cheaper of two shares until their prices meet again.

    Once a day it takes the logarithm of ``first``'s close over ``second``'s and tells by how many
    standard deviations it is away from its mean over ``lookback`` days: its z-score.  Beyond
    ``enter`` both legs are opened with ``value`` each, inside ``leave`` both are closed.  One leg
    is sold short, so the account must be a margin account.

    Nothing makes two prices meet again: the mean moves with them, and there is no stop.
    """

    first: str = "MSFT"
    second: str = "IBM"
    lookback: int = 60
    enter: float = 2.0
    leave: float = 0.5
    value: float = 40_000.0

    def on_start(self) -> None:
        if self.lookback < 2 or not 0 <= self.leave < self.enter:
            raise ValueError("needs lookback of 2 or more, and leave from 0 up to less than enter")
        self.bars: dict[str, tuple[int, float]] = {}  # each leg's last end and close
        self.ratios: list[float] = []
        self.z: float | None = None

    def on_bar(self, bar: Bar) -> None:
        pair = (self.first, self.second)
        if bar.instrument.symbol not in pair:
            return
        self.bars[bar.instrument.symbol] = (bar.ts, bar.close)
        legs = [self.bars.get(symbol) for symbol in pair]
        # A day counts once both legs have ended it; one that a leg did not trade is left out.
        if legs[0] and legs[1] and legs[0][0] == legs[1][0] == bar.ts:
            self.decide(legs[0][1], legs[1][1])

    def decide(self, first: float, second: float) -> None:
        """Open or close both legs by the closes of a day."""
        self.ratios = [*self.ratios, math.log(first / second)][-self.lookback :]
        deviation = pstdev(self.ratios)
        if len(self.ratios) < self.lookback or not deviation:
            return
        self.z = (self.ratios[-1] - fmean(self.ratios)) / deviation
        if self.open_orders():
            return
        one, other = self.position(self.first), self.position(self.second)
        # Long the first leg, it waits for z to rise; short, for it to fall.
        met = self.z > -self.leave if one.is_long else self.z < self.leave
        if bool(one) != bool(other) or (one and met):
            # Also when one leg alone was filled: half a pair is a bet on the market.
            self.close(self.first)
            self.close(self.second)
        elif not one and abs(self.z) > self.enter:
            trades = (self.sell, self.buy) if self.z > 0 else (self.buy, self.sell)
            for trade, symbol, price in zip(
                trades, (self.first, self.second), (first, second), strict=True
            ):
                trade(symbol, self.qty(self.value / price, symbol=symbol))

    def warm_up(self) -> tuple[int, int]:
        return len(self.ratios), self.lookback

    def why(self) -> str | None:
        if self.z is None:
            return f"{len(self.ratios)} of {self.lookback} days seen"
        if self.position(self.first):
            return f"the pair is on at z = {self.z:+.2f}, and is closed inside {self.leave}"
        return f"z = {self.z:+.2f}, and it trades beyond {self.enter}"

    def save_state(self) -> dict[str, Any]:
        bars = {symbol: list(bar) for symbol, bar in self.bars.items()}
        return {"bars": bars, "ratios": self.ratios, "z": self.z}

    def load_state(self, state: dict[str, Any]) -> None:
        self.bars = {symbol: (ts, close) for symbol, (ts, close) in state["bars"].items()}
        self.ratios, self.z = state["ratios"], state["z"]
