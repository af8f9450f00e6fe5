"""A plan of orders in backtrader."""

import datetime

import backtrader
from trading import asked, by_bar, charge, tell

TYPES = {
    "market": backtrader.Order.Market,
    "close": backtrader.Order.Close,
    "limit": backtrader.Order.Limit,
    "stop": backtrader.Order.Stop,
    "stop_limit": backtrader.Order.StopLimit,
}
FIELDS = ("open", "high", "low", "close", "volume")


class Bars(backtrader.feed.DataBase):
    """Daily bars out of a list."""

    def start(self):
        super().start()
        self.rows = iter(self.given)

    def _load(self):
        row = next(self.rows, None)
        if row is None:
            return False
        self.lines.datetime[0] = backtrader.date2num(datetime.datetime.fromisoformat(row[0]))
        for name, value in zip(FIELDS, row[1:], strict=True):
            getattr(self.lines, name)[0] = float(value)
        self.lines.openinterest[0] = 0.0
        return True


class Charged(backtrader.CommInfoBase):
    """Shares, with the plan's commission."""

    params = (("stocklike", True), ("commtype", backtrader.CommInfoBase.COMM_PERC))

    def _getcommission(self, size, price, pseudoexec):
        return self.charge(size, price)


class Planned(backtrader.Strategy):
    """Sends what the plan says."""

    def __init__(self):
        self.plan, self.sent, self.fills = by_bar(self.given), {}, []

    def notify_order(self, order):
        name = order.info["name"]
        if order.status == order.Completed:
            done = order.executed
            bar = len(self) - 1
            if self.cheats:  # the fill is of the bar before, at whose close the order was sent
                bar -= 1
            self.fills.append([name, bar, done.size, done.price, done.comm])

    def next(self):
        for order in self.plan.get(len(self) - 1, ()):
            if "cancel" in order:
                sent = self.sent.get(order["cancel"])
                if sent is not None and sent.alive():
                    self.cancel(sent)
                continue
            size = self.position.size if order["qty"] == "all" else order["qty"]
            if not size:
                continue
            send = self.buy if order["side"] == "buy" else self.sell
            prices = {"price": price_of(order, "stop" if "stop" in order else "price")}
            if order["type"] == "stop_limit":
                prices["plimit"] = price_of(order, "price")
            self.sent[order["id"]] = send(
                size=size, exectype=TYPES[order["type"]], name=order["id"], **prices
            )


def price_of(order, name):
    """A price of the plan as a number."""
    return float(order[name]) if name in order else None


def main():
    plan = asked()
    rules = plan["rules"]
    Bars.given, Planned.given, Planned.cheats = plan["bars"], plan, rules.get("coc", False)
    broker = backtrader.brokers.BackBroker(**rules)
    charged = Charged()
    charged.charge = charge(plan["fee"])
    broker.addcommissioninfo(charged)
    broker.setcash(float(plan["cash"]))
    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.broker = broker
    cerebro.adddata(Bars())
    cerebro.addstrategy(Planned)
    (strategy,) = cerebro.run()
    tell("backtrader", strategy.fills, broker.getvalue())


main()
