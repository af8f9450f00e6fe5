"""A two-sided quoter: it offers to buy and to sell, and leans against what it is left with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from offbook import Fill, OrderStatus, OrderUpdate, Quote, Strategy

BASIS_POINT = 0.0001
WORKING = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class Quoter(Strategy):
    """Rests a bid and an ask around a fair price, and moves them with the market.

    The fair price is the mid, lowered by ``skew`` basis points for a full position of ``most``
    (raised when short), so that what it holds is the likelier to be traded away.  Bid and ask of
    ``size`` are ``half_spread`` basis points from it, and are replaced when the price that they
    should have is ``step`` basis points away.  Where a side has no room, it has no order.

    It is filled most readily by those who know more: what a quoter earns is the spread less what
    the price then moves against it, and the charges.
    """

    symbol: str = ""
    size: Decimal = Decimal("0.01")
    most: Decimal = Decimal("0.05")
    half_spread: float = 2.0
    skew: float = 2.0
    step: float = 0.5

    def on_start(self) -> None:
        if not 0 < self.size <= self.most:
            raise ValueError(f"size={self.size} must be positive and at most most={self.most}")
        self.symbol = self.symbol or self.instruments[0].symbol
        self.held = Decimal(0)
        self.orders: dict[str, str] = {}  # side -> the client order id of its order
        self.prices: list[float] = []  # bid and ask that it has answered; none after a report
        self.refused: list[str] = []  # sides that were denied, until a fill changes the account

    def on_quote(self, quote: Quote) -> None:
        prices = [quote.bid, quote.ask]
        if quote.instrument.symbol != self.symbol or prices == self.prices:
            return  # most quotes change sizes alone
        self.prices = prices
        lean = self.skew * BASIS_POINT * float(self.held / self.most)
        fair = quote.mid * (1 - lean)
        away = fair * self.half_spread * BASIS_POINT
        # Never through the other side: a quoter that takes pays the spread that it is after.  The
        # market may move while an order travels; then post-only has it rejected instead.
        self.keep("BUY", min(fair - away, quote.bid), self.held + self.size <= self.most)
        self.keep("SELL", max(fair + away, quote.ask), self.held - self.size >= -self.most)

    def keep(self, side: str, price: float, has_room: bool) -> None:
        """Have an order on a side near a price, or none where there is no room."""
        known = self.orders.get(side)
        if known is None:
            if has_room and side not in self.refused:
                send = self.buy if side == "BUY" else self.sell
                at = self.price(price, symbol=self.symbol)
                self.orders[side] = send(self.symbol, self.size, price=at, post_only=True)
            return
        order = self.order(known)
        if order.order_status not in WORKING:
            return  # an answer is on its way, and what is asked before it comes is denied
        if not has_room:
            self.cancel(known)
        elif order.price and abs(float(order.price) - price) > price * self.step * BASIS_POINT:
            self.replace(known, price=self.price(price, symbol=self.symbol))

    def on_fill(self, fill: Fill) -> None:
        self.held = self.position(self.symbol).signed_qty
        self.refused = []

    def on_order(self, order: OrderUpdate) -> None:
        side = order.side.value
        self.prices = []
        if order.order_status is OrderStatus.DENIED:
            self.refused.append(side)  # as on a cash account that has nothing yet to sell
        if order.is_closed and self.orders.get(side) == order.client_order_id:
            del self.orders[side]

    def why(self) -> str | None:
        refused = f"; denied: {', '.join(self.refused)}" if self.refused else ""
        return f"{len(self.orders)} of 2 sides have an order, {self.held} is held{refused}"

    def save_state(self) -> dict[str, Any]:
        return {
            "symbol": self.symbol,
            "held": str(self.held),
            "orders": self.orders,
            "prices": self.prices,
            "refused": self.refused,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.symbol, self.held = state["symbol"], Decimal(state["held"])
        self.orders, self.prices = state["orders"], state["prices"]
        self.refused = state["refused"]
