"""NautilusTrader's backtest engine with one share on a cash account, and quotes as its objects; its
limit on the rate of orders is switched off."""

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import AccountType, OmsType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import QuoteTickDataWrangler

SIM = Venue("SIM")
SYMBOL = InstrumentId(Symbol("XYZ"), SIM)


def engine_with(cash):
    """The engine with its venue, and its instrument."""
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
        starting_balances=[Money(cash, USD)],
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
    return engine, instrument


def quotes_of(columns, instrument):
    """The quotes as its objects."""
    names = {"bid_price": "bid", "ask_price": "ask", "bid_size": "bid_size", "ask_size": "ask_size"}
    index = pd.to_datetime(columns["ts"], utc=True)
    frame = pd.DataFrame({new: columns[old] for new, old in names.items()}, index=index)
    return QuoteTickDataWrangler(instrument).process(frame)


def equity_of(engine, held, price):
    """Cash, and what is held at a price."""
    return engine.portfolio.account(SIM).balance_total(USD).as_double() + held * price
