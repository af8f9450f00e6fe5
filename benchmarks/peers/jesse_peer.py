"""jesse's research backtest. It wants a PostgreSQL on this machine even for that."""

import os
import tempfile
import warnings

from answering import Clock, asked, tell
from crossing import SIZE, Crossing

warnings.filterwarnings("ignore")
SETTINGS = {
    "PASSWORD": "bench",
    "POSTGRES_HOST": os.environ.get("PGHOST", "localhost"),
    "POSTGRES_PORT": os.environ.get("PGPORT", "5432"),
    "POSTGRES_NAME": os.environ.get("PGDATABASE", "bench"),
    "POSTGRES_USERNAME": os.environ.get("PGUSER", "bench"),
    "POSTGRES_PASSWORD": os.environ.get("PGPASSWORD", "bench"),
}
EXCHANGE, PAIR = "Binance Perpetual Futures", "BTC-USDT"


def main():
    _, columns = asked()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in ("strategies", "storage"):
            os.mkdir(name)
        with open(".env", "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in SETTINGS.items())
        run(columns)


def run(columns):
    import numpy as np
    from jesse import helpers
    from jesse.research import backtest
    from jesse.strategies import Strategy

    class Crosses(Strategy):
        """Trades at market where the averages cross."""

        def before(self):
            if not hasattr(self, "crossing"):
                self.crossing = Crossing("bars")
            self.crossing.step(self.close)

        def should_long(self):
            return self.crossing.side == 1

        def go_long(self):
            self.buy = SIZE, self.price

        def should_cancel_entry(self):
            return False

        def update_position(self):
            if self.crossing.side == 0:
                self.liquidate()

    minutes = np.column_stack(
        [columns["ts"] / 1e6, *[columns[n] for n in ("open", "close", "high", "low", "volume")]]
    )
    config = {
        "starting_balance": 1_000_000,
        "fee": 0,
        "type": "futures",
        "futures_leverage": 2,
        "futures_leverage_mode": "cross",
        "exchange": EXCHANGE,
        "warm_up_candles": 0,
    }
    routes = [{"exchange": EXCHANGE, "strategy": Crosses, "symbol": PAIR, "timeframe": "1m"}]
    candles = {
        helpers.key(EXCHANGE, PAIR): {"exchange": EXCHANGE, "symbol": PAIR, "candles": minutes}
    }
    clock = Clock()
    result = backtest(config, routes, [], candles)
    clock.stop()
    metrics = result["metrics"]
    tell("jesse", clock, 2 * metrics["total"], metrics["finishing_balance"])


main()
