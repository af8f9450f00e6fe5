"""A plan of orders in PyAlgoTrade."""

import datetime

from pyalgotrade import broker
from pyalgotrade.bar import BasicBar, Frequency
from pyalgotrade.barfeed import membf
from pyalgotrade.broker import backtesting, fillstrategy
from pyalgotrade.strategy import BacktestingStrategy
from trading import asked, by_bar, charge, tell

SYMBOL = "XYZ"


class Bars(membf.BarFeed):
    """Daily bars out of a list."""

    def __init__(self, given):
        super().__init__(Frequency.DAY)
        rows = []
        for date, *numbers in given:
            first, high, low, close, volume = map(float, numbers)
            at = datetime.datetime.fromisoformat(date)
            rows.append(BasicBar(at, first, high, low, close, volume, close, Frequency.DAY))
        self.addBarsFromSequence(SYMBOL, rows)

    def barsHaveAdjClose(self):  # noqa: N802 - its name there
        return False


class Charged(backtesting.Commission):
    """The plan's commission."""

    def __init__(self, fee):
        self.fee = charge(fee)

    def calculate(self, order, price, quantity):
        return self.fee(quantity, price)


class Planned(BacktestingStrategy):
    """Sends what the plan says."""

    def __init__(self, feed, plan):
        trader = backtesting.Broker(float(plan["cash"]), feed, Charged(plan["fee"]))
        trader.setFillStrategy(fillstrategy.DefaultStrategy(plan["rules"].get("volume")))
        super().__init__(feed, trader)
        self.plan, self.sent, self.fills, self.bar = by_bar(plan), {}, [], -1
        self.on_close = plan["rules"].get("on_close", False)
        self.names = {}

    def told(self, _, event):
        kinds = (broker.OrderEvent.Type.FILLED, broker.OrderEvent.Type.PARTIALLY_FILLED)
        if event.getEventType() in kinds:
            done, order = event.getEventInfo(), event.getOrder()
            quantity = done.getQuantity() * (1 if order.isBuy() else -1)
            fill = [quantity, done.getPrice(), done.getCommission()]
            self.fills.append([self.names[order.getId()], self.bar + 1, *fill])

    def onStart(self):  # noqa: N802 - its name there
        self.getBroker().getOrderUpdatedEvent().subscribe(self.told)

    def onBars(self, bars):  # noqa: N802 - its name there
        self.bar += 1
        for order in self.plan.get(self.bar, ()):
            if "cancel" in order:
                sent = self.sent.get(order["cancel"])
                if sent is not None and sent.isActive():
                    self.getBroker().cancelOrder(sent)
                continue
            held = self.getBroker().getShares(SYMBOL)
            size = held if order["qty"] == "all" else order["qty"]
            if size:
                self.send(order, size)

    def send(self, order, size):
        actions = broker.Order.Action
        action, trader = actions.BUY if order["side"] == "buy" else actions.SELL, self.getBroker()
        if order["type"] == "limit":
            sent = trader.createLimitOrder(action, SYMBOL, float(order["price"]), size)
        elif order["type"] == "stop":
            sent = trader.createStopOrder(action, SYMBOL, float(order["stop"]), size)
        elif order["type"] == "stop_limit":
            stop, price = float(order["stop"]), float(order["price"])
            sent = trader.createStopLimitOrder(action, SYMBOL, stop, price, size)
        else:
            sent = trader.createMarketOrder(action, SYMBOL, size, self.on_close)
        sent.setGoodTillCanceled(True)
        self.sent[order["id"]] = sent
        trader.submitOrder(sent)
        self.names[sent.getId()] = order["id"]


def main():
    plan = asked()
    strategy = Planned(Bars(plan["bars"]), plan)
    strategy.run()
    tell("PyAlgoTrade", strategy.fills, strategy.getBroker().getEquity())


main()
