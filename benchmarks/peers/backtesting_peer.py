"""backtesting.py."""

import warnings

import pandas as pd
from answering import Clock, asked, tell
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
    clock = Clock()
    result = test.run()
    clock.stop()
    strategy = result["_strategy"]
    fills = 2 * int(result["# Trades"]) + strategy.crossing.side
    tell("backtesting", clock, fills, result["Equity Final [$]"])


main()
