"""backtrader, fed from columns without pandas."""

import backtrader
from answering import Clock, asked, tell
from crossing import SIZE, Crossing

FIELDS = ("datetime", "open", "high", "low", "close", "volume")
DAY_NS = 86_400e9
EPOCH_DAY = 719_163


class Columns(backtrader.feed.DataBase):
    """Rows out of columns."""

    def start(self):
        super().start()
        self.rows = zip(*[self.columns[name] for name in FIELDS], strict=True)

    def _load(self):
        row = next(self.rows, None)
        if row is None:
            return False
        for name, value in zip(FIELDS, row, strict=True):
            getattr(self.lines, name)[0] = value
        self.lines.openinterest[0] = 0.0
        return True


class Crosses(backtrader.Strategy):
    """Trades at market where the averages cross."""

    def __init__(self):
        self.crossing = Crossing("bars")
        self.fills = 0

    def notify_order(self, order):
        if order.status == order.Completed:
            self.fills += 1

    def next(self):
        what = self.crossing.step(self.data.close[0])
        if what:
            (self.buy if what > 0 else self.sell)(size=SIZE)


def main():
    _, columns = asked()
    Columns.columns = {name: columns[name].tolist() for name in FIELDS[1:]}
    Columns.columns["datetime"] = (EPOCH_DAY + columns["ts"] / DAY_NS).tolist()
    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.adddata(Columns())
    cerebro.addstrategy(Crosses)
    clock = Clock()
    (strategy,) = cerebro.run()
    clock.stop()
    tell("backtrader", clock, strategy.fills, cerebro.broker.getvalue())


main()
