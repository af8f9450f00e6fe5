"""NautilusTrader on one-minute bars that it builds of the quotes, with ten orders at rest."""

from answering import Clock, asked, tell
from grid import CASH, FIRST_SIZE, SIZE, Grid, last_mid
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.trading.strategy import Strategy
from share_venue import SYMBOL, engine_with, equity_of, quotes_of

BARS = BarType.from_str("XYZ.SIM-1-MINUTE-MID-INTERNAL")


class Resting(Strategy):
    """Ten orders around the last close, replaced every ten bars; a filled one is sent anew."""

    def begin(self, slots):
        self.grid = Grid(slots)
        self.by_order = {}
        self.fills = 0

    def on_start(self):
        self.subscribe_bars(BARS)

    def on_bar(self, bar):
        # Halves of a tick are rounded down.
        close = round(bar.close.as_double() * 200) // 2
        for slot, ticks in self.grid.at_close(close):
            self.place(slot, Price(ticks / 100, 2))
        if self.grid.bars == 1:
            quantity = Quantity.from_int(FIRST_SIZE)
            self.submit_order(self.order_factory.market(SYMBOL, OrderSide.BUY, quantity))

    def place(self, slot, price):
        buys, stops, _ = self.grid.slots[slot]
        order = self.grid.resting[slot]
        if order is not None:
            terms = {"trigger_price": price} if stops else {"price": price}
            self.modify_order(order, **terms)
            return
        side = OrderSide.BUY if buys else OrderSide.SELL
        make = self.order_factory.stop_market if stops else self.order_factory.limit
        order = make(SYMBOL, side, Quantity.from_int(SIZE), price)
        self.grid.resting[slot] = order
        self.by_order[order.client_order_id] = slot
        self.submit_order(order)

    def on_order_filled(self, event):
        self.fills += 1
        slot = self.by_order.pop(event.client_order_id, None)
        if slot is not None:
            self.grid.resting[slot] = None


def main():
    _, columns = asked()
    engine, instrument = engine_with(CASH)
    engine.add_data(quotes_of(columns, instrument))
    strategy = Resting(StrategyConfig(strategy_id="S-001", order_id_tag="001"))
    strategy.begin(columns["slots"])
    engine.add_strategy(strategy)
    clock = Clock()
    engine.run()
    clock.stop()
    held = float(engine.portfolio.net_position(SYMBOL))
    tell("nautilus_trader", clock, strategy.fills, equity_of(engine, held, last_mid(columns)))


main()
