"""NautilusTrader on one-minute bars that it builds of the quotes, with ten orders at rest."""

import pandas as pd
from answering import Clock, asked, tell
from grid import CASH, FIRST_SIZE, SIZE, Grid, last_mid
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import QuoteTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

SIM = Venue("SIM")
SYMBOL = InstrumentId(Symbol("XYZ"), SIM)
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


def engine_for(columns):
    """The engine with its venue, its instrument and the quotes as its objects."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"),
            logging=LoggingConfig(bypass_logging=True),
            run_analysis=False,
            risk_engine=RiskEngineConfig(bypass=True),
        )
    )
    engine.add_venue(
        venue=SIM,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=USD,
        starting_balances=[Money(CASH, USD)],
    )
    instrument = Equity(
        instrument_id=SYMBOL,
        raw_symbol=Symbol("XYZ"),
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )
    engine.add_instrument(instrument)
    names = {"bid_price": "bid", "ask_price": "ask", "bid_size": "bid_size", "ask_size": "ask_size"}
    index = pd.to_datetime(columns["ts"], utc=True)
    frame = pd.DataFrame({new: columns[old] for new, old in names.items()}, index=index)
    engine.add_data(QuoteTickDataWrangler(instrument).process(frame))
    return engine


def main():
    _, columns = asked()
    engine = engine_for(columns)
    strategy = Resting(StrategyConfig(strategy_id="S-001", order_id_tag="001"))
    strategy.begin(columns["slots"])
    engine.add_strategy(strategy)
    clock = Clock()
    engine.run()
    clock.stop()
    cash = engine.portfolio.account(SIM).balance_total(USD).as_double()
    held = float(engine.portfolio.net_position(SYMBOL))
    tell("nautilus_trader", clock, strategy.fills, cash + held * last_mid(columns))


main()
