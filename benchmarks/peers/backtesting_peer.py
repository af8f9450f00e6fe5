"""backtesting.py."""

import time
import warnings

import pandas as pd
from answering import asked, tell
from backtesting import Backtest, Strategy
from crossing import SIZE, Crossing

warnings.filterwarnings("ignore")


class Crosses(Strategy):
    """Trades at market where the averages cross."""

    def init(self):
        self.crossing = Crossing("bars")

    def next(self):
        what = self.crossing.step(self.data.Close[-1])
        if what > 0:
            self.buy(size=SIZE)
        elif what < 0:
            self.position.close()


def main():
    _, columns = asked()
    frame = pd.DataFrame(
        {name.title(): columns[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(columns["ts"]),
    )
    test = Backtest(frame, Crosses, cash=1_000_000)
    began = time.perf_counter()
    result = test.run()
    seconds = time.perf_counter() - began
    strategy = result["_strategy"]
    fills = 2 * int(result["# Trades"]) + strategy.crossing.side
    tell("backtesting", seconds, fills, result["Equity Final [$]"])


main()
