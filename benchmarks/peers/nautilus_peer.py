"""NautilusTrader's backtest engine, its limit on the rate of orders switched off."""

import pandas as pd
from answering import Clock, asked, tell
from crossing import SIZE, Crossing
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler, QuoteTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

SIM = Venue("SIM")
SYMBOL = InstrumentId(Symbol("XYZ"), SIM)
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
    index = pd.to_datetime(columns["ts"], utc=True)
    if work == "quotes":
        names = {"bid_price": "bid", "ask_price": "ask", "bid_size": "bid_size"}
        names["ask_size"] = "ask_size"
        frame = pd.DataFrame({new: columns[old] for new, old in names.items()}, index=index)
        return QuoteTickDataWrangler(instrument).process(frame)
    frame = pd.DataFrame(
        {name: columns[name] for name in ("open", "high", "low", "close", "volume")}, index=index
    )
    return BarDataWrangler(BARS, instrument).process(frame)


def main():
    work, columns = asked()
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
        starting_balances=[Money(1_000_000, USD)],
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
    engine.add_data(data(work, columns, instrument))
    strategy = Crosses(StrategyConfig(strategy_id="S-001", order_id_tag="001"))
    strategy.begin(work)
    engine.add_strategy(strategy)
    clock = Clock()
    engine.run()
    clock.stop()
    cash = engine.portfolio.account(SIM).balance_total(USD).as_double()
    last = (
        (columns["bid"][-1] + columns["ask"][-1]) / 2 if work == "quotes" else columns["close"][-1]
    )
    tell("nautilus_trader", clock, strategy.fills, cash + strategy.crossing.side * SIZE * last)


main()
