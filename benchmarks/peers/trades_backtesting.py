"""A plan of orders in backtesting.py."""

import warnings

import pandas as pd
from backtesting import Backtest, Strategy
from trading import asked, by_bar, charge, tell

warnings.filterwarnings("ignore")


class Planned(Strategy):
    """Sends what the plan says."""

    def init(self):
        self.plan, self.sent = by_bar(self.given), {}

    def next(self):
        for order in self.plan.get(len(self.data) - 1, ()):
            if "cancel" in order:
                sent = self.sent.get(order["cancel"])
                if sent is not None and sent in self.orders:
                    sent.cancel()
                continue
            size = self.position.size if order["qty"] == "all" else order["qty"]
            if not size:
                continue
            send = self.buy if order["side"] == "buy" else self.sell
            self.sent[order["id"]] = send(
                size=size, limit=order.get("price"), stop=order.get("stop"), tag=order["id"]
            )


def main():
    plan = asked()
    rows = pd.DataFrame(
        [row[1:] for row in plan["bars"]],
        columns=["Open", "High", "Low", "Close", "Volume"],
        index=pd.to_datetime([row[0] for row in plan["bars"]]),
    ).astype(float)
    Planned.given = plan
    fee = charge(plan["fee"])
    test = Backtest(rows, Planned, cash=float(plan["cash"]), commission=fee, **plan["rules"])
    result = test.run()
    broker = result["_strategy"]._broker
    fills = []
    for trade in [*broker.closed_trades, *broker.trades]:
        fills.append([None, trade.entry_bar, trade.size, trade.entry_price])
        if trade.exit_bar is not None:
            fills.append([None, trade.exit_bar, -trade.size, trade.exit_price])
    told = [[*fill, fee(fill[2], fill[3])] for fill in fills]
    tell("backtesting", told, broker.equity)


main()
