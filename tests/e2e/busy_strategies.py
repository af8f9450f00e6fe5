"""Strategies that use every kind of order, deterministic, with memory that can be saved."""

from __future__ import annotations

from typing import Any

from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.orders import OrderSide
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.strategy.view import Fill, OrderUpdate

SECOND = 1_000_000_000
MOST_OPEN = 10
BUY, SELL = OrderSide.BUY, OrderSide.SELL


class Busy(Strategy):
    """Does the next of its acts at every so many rows, at prices near the last one."""

    symbols: str = "BTCUSDT"
    acts: str = "market"
    every: int = 100
    step: float = 3.0

    def on_start(self) -> None:
        """Begin to count."""
        self.rows = self.turn = self.seen = 0
        self.set_timer("tick", every=11 * SECOND)

    def on_order(self, order: OrderUpdate) -> None:
        """Mix what became of orders into what is done next."""
        self.seen = (self.seen * 31 + len(order.order_status.value)) % 1009

    def on_fill(self, fill: Fill) -> None:
        """As with orders."""
        self.seen = (self.seen * 31 + fill.last_qty.units + fill.last_px.units) % 1009

    def on_timer(self, name: str) -> None:
        """Take the oldest order away when there are many."""
        mine = self.open_orders()
        if len(mine) > MOST_OPEN:
            self.cancel(mine[0].client_order_id)

    def save_state(self) -> Any:
        """All that there is."""
        return [self.rows, self.turn, self.seen]

    def load_state(self, state: Any) -> None:
        """Go on."""
        self.rows, self.turn, self.seen = state

    def saw(self, symbol: str, price: float) -> None:
        """Count a row; act when it is time."""
        self.rows += 1
        if self.rows % self.every:
            return
        acts = self.acts.split()
        act = acts[self.turn % len(acts)]
        self.turn += 1
        if len(self.open_orders()) < 2 * MOST_OPEN:
            getattr(self, f"act_{act}")(symbol, price + self.seen % 3 * self.step / 10)

    def near(self, price: float, steps: float, symbol: str) -> Any:
        """A price so many steps away."""
        return self.price(price + steps * self.step, symbol=symbol)

    # -- acts -------------------------------------------------------------------------------

    def act_market(self, symbol: str, price: float) -> None:
        """Buy, or sell what there is."""
        self.buy(symbol, "0.003") if self.seen % 3 else self.sell(symbol, "0.002")

    def act_flip(self, symbol: str, price: float) -> None:
        """From long to short and back."""
        long = self.position(symbol).signed_units > 0
        self.sell(symbol, "0.011") if long else self.buy(symbol, "0.013")

    def act_short(self, symbol: str, price: float) -> None:
        """Sell what is not owned, protected by a stop above."""
        self.sell(symbol, "0.004", stop_loss=self.near(price, 3, symbol))

    def act_bracket(self, symbol: str, price: float) -> None:
        """An entry with its exits."""
        above, below = self.near(price, 2, symbol), self.near(price, -2, symbol)
        self.buy(symbol, "0.004", take_profit=above, stop_loss=below)

    def act_trail_bracket(self, symbol: str, price: float) -> None:
        """An entry that waits, with an exit that trails."""
        entry, above = self.near(price, -0.5, symbol), self.near(price, 2, symbol)
        trail = self.price(2 * self.step, symbol=symbol)
        self.bracket(symbol, BUY, "0.006", price=entry, take_profit=above, trail=trail)

    def act_oco(self, symbol: str, price: float) -> None:
        """Buy below, or above."""
        below, above = self.near(price, -1, symbol), self.near(price, 1, symbol)
        self.oco(
            self.draft(BUY, symbol, "0.005", price=below),
            self.draft(BUY, symbol, "0.005", stop_price=above),
        )

    def act_oto(self, symbol: str, price: float) -> None:
        """What is bought is offered."""
        self.oto(
            self.draft(BUY, symbol, "0.005", price=self.near(price, -0.3, symbol)),
            self.draft(SELL, symbol, "0.005", price=self.near(price, 1, symbol)),
        )

    def act_stop(self, symbol: str, price: float) -> None:
        """Buy on a rise, sell on a fall."""
        self.buy(symbol, "0.003", stop_price=self.near(price, 1, symbol))
        self.sell(symbol, "0.002", stop_price=self.near(price, -1, symbol))

    def act_stop_limit(self, symbol: str, price: float) -> None:
        """The same, not at any price."""
        stop, limit = self.near(price, 1, symbol), self.near(price, 1.3, symbol)
        self.buy(symbol, "0.003", stop_price=stop, price=limit)

    def act_touch(self, symbol: str, price: float) -> None:
        """Market and limit if touched."""
        low, lower = self.near(price, -1, symbol), self.near(price, -1.2, symbol)
        self.buy(symbol, "0.002", touch_price=low)
        self.buy(symbol, "0.002", touch_price=low, price=lower)

    def act_trail(self, symbol: str, price: float) -> None:
        """Two trailing stops: a distance and a share."""
        distance = self.price(self.step, symbol=symbol)
        self.sell(symbol, "0.002", trail=distance, reduce_only=True)
        self.buy(symbol, "0.002", trail="0.01%")

    def act_timed(self, symbol: str, price: float) -> None:
        """GTD, post-only, DAY."""
        low = self.near(price, -1, symbol)
        self.buy(symbol, "0.002", price=low, expire_time=self.now + 9 * SECOND, post_only=True)
        self.buy(symbol, "0.002", price=low, time_in_force="DAY")

    def act_immediate(self, symbol: str, price: float) -> None:
        """FOK and IOC."""
        self.buy(symbol, "0.004", price=self.near(price, 0.2, symbol), time_in_force="FOK")
        self.sell(symbol, "9", price=self.near(price, -0.2, symbol), time_in_force="FOK")
        self.buy(symbol, "0.004", price=self.near(price, 0.1, symbol), time_in_force="IOC")

    def act_peg(self, symbol: str, price: float) -> None:
        """Two that follow the market, one as far as a cap."""
        self.buy(symbol, "0.003", peg="PRIMARY")
        self.buy(symbol, "0.002", peg="MIDPOINT", price=self.near(price, 1, symbol))

    def act_iceberg(self, symbol: str, price: float) -> None:
        """One that shows a part of itself, and one that shows nothing."""
        low = self.near(price, -0.2, symbol)
        self.buy(symbol, "0.006", price=low, display_qty="0.002")
        self.buy(symbol, "0.004", price=low, display_qty="0", min_qty="0.001")

    def act_replace(self, symbol: str, price: float) -> None:
        """New terms for the last open order."""
        mine = [order for order in self.open_orders(symbol) if order.order_type.has_limit]
        if mine:
            self.replace(
                mine[-1].client_order_id, qty="0.007", price=self.near(price, -0.7, symbol)
            )


class OnTicks(Busy):
    """Acts on quotes and prints."""

    def on_quote(self, quote: Quote) -> None:
        """The bid."""
        self.saw(quote.instrument.symbol, quote.bid)

    def on_trade(self, trade: Trade) -> None:
        """The last price."""
        self.saw(trade.instrument.symbol, trade.price)


class OnBars(Busy):
    """Acts on bars, those of the market or built for it."""

    timeframe: str = ""

    def on_start(self) -> None:
        """Have bars built."""
        super().on_start()
        if self.timeframe:
            for symbol in self.symbols.split():
                self.subscribe_bars(symbol, self.timeframe)

    def on_bar(self, bar: Bar) -> None:
        """The close; looks back as well."""
        past = self.history(bar.instrument.symbol, 3, timeframe=self.timeframe or None)
        self.seen = (self.seen + sum(row.row for row in past)) % 1009
        self.saw(bar.instrument.symbol, bar.close)
