"""NautilusTrader's backtest engine, its limit on the rate of orders switched off."""

import pandas as pd
from answering import Clock, asked, tell
from crossing import SIZE, Crossing
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.objects import Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy
from share_venue import SYMBOL, engine_with, equity_of, quotes_of

BARS = BarType.from_str("XYZ.SIM-1-MINUTE-LAST-EXTERNAL")


class Crosses(Strategy):
    """Trades at market where the averages cross."""

    def begin(self, work):
        self.work = work
        self.crossing = Crossing(work)
        self.fills = 0

    def on_start(self):
        if self.work == "quotes":
            self.subscribe_quote_ticks(SYMBOL)
        else:
            self.subscribe_bars(BARS)

    def on_quote_tick(self, tick):
        self.act(
            self.crossing.step((tick.bid_price.as_double() + tick.ask_price.as_double()) * 0.5)
        )

    def on_bar(self, bar):
        self.act(self.crossing.step(bar.close.as_double()))

    def act(self, what):
        if what:
            side = OrderSide.BUY if what > 0 else OrderSide.SELL
            quantity = Quantity.from_int(SIZE)
            self.submit_order(self.order_factory.market(SYMBOL, side, quantity))

    def on_order_filled(self, event):
        self.fills += 1


def data(work, columns, instrument):
    """Rows as its objects; sizes are large, for it splits a bar's volume in four."""
    if work == "quotes":
        return quotes_of(columns, instrument)
    index = pd.to_datetime(columns["ts"], utc=True)
    frame = pd.DataFrame(
        {name: columns[name] for name in ("open", "high", "low", "close", "volume")}, index=index
    )
    return BarDataWrangler(BARS, instrument).process(frame)


def main():
    work, columns = asked()
    engine, instrument = engine_with(1_000_000)
    engine.add_data(data(work, columns, instrument))
    strategy = Crosses(StrategyConfig(strategy_id="S-001", order_id_tag="001"))
    strategy.begin(work)
    engine.add_strategy(strategy)
    clock = Clock()
    engine.run()
    clock.stop()
    last = (
        (columns["bid"][-1] + columns["ask"][-1]) / 2 if work == "quotes" else columns["close"][-1]
    )
    equity = equity_of(engine, strategy.crossing.side * SIZE, last)
    tell("nautilus_trader", clock, strategy.fills, equity)


main()
