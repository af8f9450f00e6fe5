"""A strategy that gambles: keyed draws decide what it does, and all that it sees is mixed in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tests.rehearsal import Snapshotting

from offbook.domain.errors import InvalidStrategy
from offbook.domain.market_data import Quote, Trade
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, PegType, TimeInForce
from offbook.engine.books.book_view import BookView
from offbook.engine.models.draws import draw
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND


class Gambler(Snapshotting):
    """Acts by keyed draws, and mixes all that it sees into the names of its orders, so that any
    difference in what it saw shows in the records."""

    luck: int = 0
    nerve: int = 40
    symbols: str = "XYZ"

    def on_start(self) -> None:
        self.calls = 0
        self.seen = 1
        if self.luck % 3:
            for symbol in self.symbols.split():
                with suppress(InvalidStrategy):  # there are none of a book
                    self.subscribe_bars(symbol, "2m")
        self._act()

    def on_quote(self, quote: Quote) -> None:
        self._see(quote.row, quote.bid_px, quote.ask_px, quote.ask_qty)
        self._act()

    def on_trade(self, trade: Trade) -> None:
        self._see(trade.row, trade.price_px, trade.size_qty)
        self._act()

    def on_depth(self, book: BookView) -> None:
        best = (level for side in (book.bids, book.asks) for level in side[:3])
        self._see(book.row, *(number for level in best for number in (level.px, level.qty)))
        self._act()

    def on_bar(self, bar: Any) -> None:
        self._see(bar.row, bar.open_px, bar.close_px, bar.volume_qty, bar.ts_open % 997)
        self._act()

    def on_order(self, order: Any) -> None:
        reason = sum(map(ord, order.reason or ""))
        self._see(len(order.order_status.value), order.cum_qty.units, reason, order.ts % 997)
        if self._roll(4) == 0:
            self._act()

    def on_fill(self, fill: Any) -> None:
        self._see(fill.last_qty.units, fill.last_px.units, int(fill.fee), fill.ts % 997)
        if self._roll(4) == 0:
            self._act()

    def on_timer(self, name: str) -> None:
        self._see(len(name), self.now % 997)
        self._act()

    def on_pause(self) -> None:
        self._see(3)
        self._act()

    def on_resume(self, missed: Any) -> None:
        self._see(missed.rows, missed.timers, missed.fills)
        self._act()

    def on_stop(self) -> None:
        self._see(5)
        self._act()

    def _see(self, *values: int) -> None:
        for value in values:
            self.seen = (self.seen * 31 + value) % (2**61 - 1)

    def _roll(self, sides: int) -> int:
        self.calls += 1
        return draw(self.luck, "gamble", self.calls, self.seen) % sides

    def _act(self) -> None:
        account = self.account
        self.symbol = self.symbols.split()[self._roll(len(self.symbols.split()))]
        past = self.history(self.symbol, 1 + self._roll(5))
        if self.luck % 3:
            built = self.history(self.symbol, 2, timeframe="2m")
            self._see(*[bar.row for bar in built])
        self._see(
            account.cash % 10007,
            account.reserved % 10007,
            account.equity % 10007,
            account.buying_power % 10007,
            len(past),
            self.now % 997,
            self.position(self.symbol).signed_units,
        )
        self._see(*[row.row for row in past], len(self.open_orders()))
        if self._roll(100) >= self.nerve:
            return
        move = self._roll(12)
        mine = [order.client_order_id for order in self.open_orders()]
        if move <= 5:
            self._trade()
        elif move == 6 and mine:
            self.cancel(mine[self._roll(len(mine))])
        elif move in {7, 8} and mine:
            order = self.order(mine[self._roll(len(mine))])
            self.symbol = order.symbol
            price = None if order.price is None else self._near()
            qty = None if price and self._roll(2) else 2 * (1 + self._roll(9))
            self.replace(order.client_order_id, qty=qty, price=price)
            self._see(0 if order.stop_px is None else order.stop_px.units, int(order.triggered))
        elif move == 9:
            every = [None, 40 * SECOND, 400 * SECOND][self._roll(3)]
            self.set_timer(
                "ab"[: 1 + self._roll(2)], after=self._roll(5) * SECOND // 4, every=every
            )
        elif move == 10:
            self.cancel_timer("a")
        elif self._roll(6) == 0:
            raise RuntimeError("bad luck")

    def _trade(self) -> None:
        if self._roll(4):
            self.submit(self._wish(OrderSide.BUY if self._roll(5) < 3 else OrderSide.SELL))
            return
        one, other = OrderSide.BUY, OrderSide.SELL
        what = self._roll(3)
        if what == 0:
            self.oco(self._listed(one), self._listed([one, other][self._roll(2)]))
        elif what == 1:
            second = self._listed([one, other][self._roll(2)])
            self.oto(self._listed(one), second, self._listed(other))
        else:
            price = None if self._roll(2) else self._near()
            trail = "0.03" if self._roll(3) == 0 else None
            worse, better = (self.price(px, symbol=self.symbol) for px in (99.98, 100.02))
            self.bracket(
                self.symbol,
                one,
                2 * (1 + self._roll(8)),
                price=price,
                take_profit=better,
                stop_loss=None if trail else worse,
                trail=trail,
            )

    def _listed(self, side: OrderSide) -> OrderRequest:
        """For a list, in which no order is pegged."""
        wish = self._wish(side)
        while wish.order_type is OrderType.PEGGED:
            wish = self._wish(side)
        return wish

    def _wish(self, side: OrderSide) -> OrderRequest:
        kind = list(OrderType)[self._roll(len(OrderType) + 3) % len(OrderType)]
        force = list(TimeInForce)[self._roll(len(TimeInForce))]
        if force.is_auction and kind.waits:
            kind = OrderType.MARKET
        if kind is OrderType.PEGGED and (force.is_immediate or force.is_auction):
            force = TimeInForce.GTC
        percent = self._roll(2) == 0
        trails = kind is OrderType.TRAILING_STOP
        self._see(7)
        return OrderRequest(
            symbol=self.symbol,
            side=side,
            order_qty=str(2 * (1 + self._roll(8))),
            order_type=kind,
            price=str(self._near()) if kind.has_limit else None,
            stop_px=str(self._near()) if kind.has_stop else None,
            trail_amount="0.02" if trails and not percent else None,
            trail_percent="0.015" if trails and percent else None,
            time_in_force=force,
            expire_time=self.now + self._roll(90) * SECOND if force is TimeInForce.GTD else None,
            reduce_only=self._roll(6) == 0,
            client_order_id=f"g{self.seen}",
            **self._parts(kind, force),
            **self._peg(kind),
        )

    def _parts(self, kind: OrderType, force: TimeInForce) -> dict[str, Any]:
        """How much of an order is shown, the least that may trade at once, extended hours."""
        if force is TimeInForce.IOC and not kind.waits:
            return {"min_qty": "2"} if self._roll(3) == 0 else {}
        if kind is not OrderType.LIMIT or force.is_immediate or force.is_auction:
            return {}
        extended: dict[str, Any] = {"extended_hours": True} if self._roll(3) == 0 else {}
        shown = [{}, {}, {"display_qty": "1"}, {"display_qty": "0", "min_qty": "2"}][self._roll(4)]
        return extended | shown

    def _peg(self, kind: OrderType) -> dict[str, Any]:
        """What a pegged order follows."""
        if kind is not OrderType.PEGGED:
            return {}
        peg = list(PegType)[self._roll(3)]
        return {"peg": peg, "peg_offset": ["0", "-0.01", "0.02"][self._roll(3)]}

    def _near(self) -> Any:
        return self.price(100 + (self._roll(9) - 4) / 100, symbol=self.symbol)


class Dozer(Gambler):
    """Gambles too, but is shown no ticks: bars, its orders and its timers wake it."""

    on_quote = Strategy.on_quote
    on_trade = Strategy.on_trade


class Sleeper(Dozer):
    """Is shown no row at all."""

    on_bar = Strategy.on_bar
