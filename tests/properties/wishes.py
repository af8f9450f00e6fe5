"""Wishes as requests: what the steps of a comparison ask for, in the words of a user."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.properties.made_market import OneMarket
from tests.properties.market_cases import Setup
from tests.properties.reference_charges import most_charged
from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_session import ReferenceSession
from tests.properties.step_cases import Ask, Send, kind_of

from offbook.domain.config import BasisPointsFee
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, PegType, TimeInForce


class Wishes:
    """Makes requests for a session as it stands."""

    def __init__(self, setup: Setup, market: OneMarket, reference: ReferenceSession) -> None:
        self.setup = setup
        self.market = market
        self.reference = reference

    def request(self, step: Send, name: str | None) -> OrderRequest:
        return OrderRequest(
            symbol="NONE" if step.flaw == "symbol" else self.setup.instrument.symbol,
            side=step.side,
            order_qty=self.qty_text(self._lots(step), step.odd, step.flaw),
            order_type=kind_of(step),
            price=None if step.price is None else self.price_text(step.price, step.odd),
            **self._trigger_of(step),
            time_in_force=self._force(step),
            expire_time=self._expiry(step) if step.tif is TimeInForce.GTD else None,
            post_only=step.post_only,
            reduce_only=step.reduce_only,
            client_order_id=name,
            **self._parts(step),
        )

    def _force(self, step: Send) -> TimeInForce:
        """Where no auction is, orders for one are for the day but now and then."""
        futile = step.tif.is_auction and not self.setup.has_auctions
        return TimeInForce.DAY if futile and step.expire != 100 else step.tif

    def _parts(self, step: Send) -> dict[str, Any]:
        """How much is shown, the least that may trade at once, in which hours, and what it
        follows."""
        parts: dict[str, Any] = {"display_qty": "0"} if step.hidden else {}
        if step.extended:
            parts["extended_hours"] = True
        if step.least:
            lots = min(step.least, step.qty or 1)
            parts["min_qty"] = self.qty_text(lots, 0, "")
        if step.display and step.qty > step.display:
            parts["display_qty"] = self.qty_text(step.display, 0, "")
        if step.peg:
            parts |= {"peg": PegType(step.peg), "peg_offset": self._offset_text(step.offset)}
        return parts

    def _offset_text(self, halves: int) -> str:
        """So many halves of a tick, rounded to what can be written."""
        instrument = self.setup.instrument
        units = halves * instrument.tick_units // 2
        return f"{Decimal(units).scaleb(-instrument.price_precision):f}"

    def _trigger_of(self, step: Send) -> dict[str, str]:
        """The terms of an order that waits."""
        if step.wait in {"", "stop", "touch"}:
            return {"stop_px": self.price_text(step.stop, step.odd)} if step.wait else {}
        return self._trail(step.wait, step.stop)

    def _trail(self, kind: str, ticks: int) -> dict[str, str]:
        """A distance of one to six ticks, or in percent."""
        ticks = abs(ticks) + 1
        if kind == "percent":
            return {"trail_percent": f"{Decimal(ticks) / 3:.6f}"}
        instrument = self.setup.instrument
        units = ticks * instrument.tick_units
        return {"trail_amount": f"{Decimal(units).scaleb(-instrument.price_precision):f}"}

    def _expiry(self, step: Send) -> int:
        return max(self.reference.now, self.market.from_ts) + step.expire * (
            self.setup.timeframe // 10
        )

    def new_trigger(self, step: Ask, order: Order) -> dict[str, str]:
        if step.stop is None:
            return {}
        if order.trails:
            return self._trail("percent" if step.stop > 0 else "trail", step.stop)
        return {"stop_px": self.price_text(step.stop, 0)}

    def _lots(self, step: Send) -> int:
        few = 1 + step.stop % 9
        return step.qty or (few if self.setup.alone else self._all_lots(step))

    def _all_lots(self, step: Send) -> int:
        """How many lots the cash pays for at about the last price, or how many are held."""
        account, lot = self.reference.account, Fraction(self.setup.instrument.lot_size)
        if step.side is OrderSide.SELL and account.held > 0:
            return max(int(account.held / lot), 1)
        price = Fraction(self.market.bid, 10**self.setup.instrument.price_precision)
        fee, cash = self.setup.venue.fee, self._power()
        if isinstance(fee, BasisPointsFee):
            price *= 1 + max(Fraction(fee.maker), Fraction(fee.taker)) / 10_000
        else:
            none = Order(0, "", step.side, OrderType.LIMIT, step.tif, ZERO, None, False, 0)
            most = max(cash / price, ZERO)
            cash -= most_charged(
                self.setup.venue, self.setup.instrument, none, most, cash, now=account.now
            )
        return max(int(cash / (price * lot)), 1)

    def _power(self) -> Fraction:
        """About what there is to buy for, in the instrument's currency."""
        account, market = self.reference.account, self.reference.market()
        if isinstance(account, MarginAccount):
            return max(account.free(market), ZERO) / account.initial / (account.rate or 1)
        purse = account.purse[account.pays_in]
        return purse / (account.rate or 1) if account.converts else purse

    def price_text(self, ticks: int, odd: int) -> str:
        instrument = self.setup.instrument
        tick = instrument.tick_units
        units = max((self.market.bid // tick + ticks) * tick + odd * (tick // 2), tick)
        return f"{Decimal(units).scaleb(-instrument.price_precision):f}"

    def qty_text(self, lots: int, odd: int, flaw: str) -> str:
        instrument = self.setup.instrument
        units = lots * instrument.lot_units + odd * (instrument.lot_units // 2)
        text = f"{Decimal(units).scaleb(-instrument.qty_precision):f}"
        if flaw == "decimals":
            text = f"{Decimal(units * 10 + 1).scaleb(-instrument.qty_precision - 1):f}"
        return {"zero": "0", "word": "two", "huge": "9" * 40}.get(flaw, text)
