"""The funds of an account whose positions have margins of their own.

The margin of a position is the initial margin of what its open quantity cost: assigned when it is
opened, released in proportion as it is reduced, less what ``margin_draws`` took out of it.  What is
free is the cash and what it would be had every position been closed at its cost, less these margins
and what open orders hold: neither gains nor losses of open positions add to it or take from it.
Charges, funding and the gains of settlements come from, and go to, what is free.

With ``lp`` the price at which a long position of ``qty`` at ``entry`` is liquidated,
``margin + qty * (lp - entry) = rate * qty * lp``: the formula of Binance for isolated USD-margined
contracts, ``lp = (margin + amount - qty * entry) / (qty * rate - qty)`` ("How to Calculate
Liquidation Price of USD-M Futures Contracts"), where ``amount`` comes of tiers.  Of inverse
contracts ``margin + qty / entry - qty / lp = rate * qty / lp``.  With the maintenance margin
of the value at entry it is Bybit's, ``qty / (value + margin - rate * value)`` of inverse ones
("Liquidation Price Calculation under Isolated Mode").
"""

from __future__ import annotations

from offbook.domain.values import share_of
from offbook.engine.account.funds import Positions
from offbook.engine.account.margin import MarginFunds
from offbook.engine.account.margin_rules import has_own_margin, own_initial
from offbook.engine.account.need import Need
from offbook.engine.account.valuation import part_of


class IsolatedFunds(MarginFunds):
    """Each position is covered by its own margin, the rest of the account by none."""

    def margin_of(self, symbol: str, qty: int, cost: int) -> int:
        """The margin of a position, in the currency that it is settled in; less than nothing where
        more is out of it than there was."""
        return self.assigned(symbol, qty, cost) - self.drawn(symbol, qty)

    def assigned(self, symbol: str, qty: int, cost: int) -> int:
        """The same, had nothing been taken out of it."""
        instrument = self._instruments[symbol]
        if has_own_margin(instrument):
            return own_initial(instrument, abs(qty))
        return part_of(cost, self._initial)

    def drawn(self, symbol: str, qty: int) -> int:
        """What is out of the margin of a position of so much: all, or of a smaller one a part."""
        known = self._ledger.events.drawn.get(symbol)
        if known is None or known.qty * qty <= 0:
            return 0
        size, before = abs(qty), abs(known.qty)
        return known.amount if size >= before else share_of(known.amount, size, before)

    def shortage(self) -> int:
        """What is missing in the account for its margins, in its currency, whatever open orders
        hold; negative is free."""
        return self._bound(self._ledger.held_positions(), None) - self._equity()

    def most_lost(self, symbol: str) -> int | None:
        """The margin of a position."""
        position = self._ledger.position(symbol)
        return self.margin_of(symbol, position.qty, position.cost)

    def equity_of(self, symbol: str) -> int:
        """What a position's margin and its gains are at mid, in the account's currency."""
        position = self._ledger.position(symbol)
        margin = self._margin(symbol, position.qty, position.cost)
        return margin + self._valuation.gain(symbol, position.qty, position.cost)

    def need_of(self, symbol: str) -> Need:
        """The maintenance margin of a position."""
        qty = self._ledger.position(symbol).qty
        if not self._at_entry or has_own_margin(self._instruments[symbol]):
            return self.maintenance({symbol: qty})
        return Need(self._rule.on(self._size(symbol, qty)), {symbol: 0}, 1)

    def _size(self, symbol: str, qty: int) -> int:
        if not self._at_entry:
            return super()._size(symbol, qty)
        currency = self._instruments[symbol].settle_currency
        return self._valuation.costs(self._ledger.position(symbol).cost, currency)

    def margin_used(self, held: dict[str, int], of: Positions | None = None) -> int:
        """The margins of all positions."""
        positions = self._ledger.positions if of is None else of
        return sum(
            self._margin(symbol, position.qty, position.cost)
            for symbol, position in positions.items()
            if position.qty
        )

    def _margin(self, symbol: str, qty: int, cost: int) -> int:
        currency = self._instruments[symbol].settle_currency
        return self._valuation.costs(self.margin_of(symbol, qty, cost), currency)

    def _bound(self, held: dict[str, int], of: Positions | None) -> int:
        """The margins, and what positions have gained."""
        positions = self._ledger.positions if of is None else of
        gains = sum(
            self._valuation.gain(symbol, position.qty, position.cost)
            for symbol, position in positions.items()
            if position.qty
        )
        return self.margin_used(held, of) + gains

    def _freed(self, symbol: str, closes: int) -> int:
        """The margin of what is closed, and what it has gained at mid."""
        position = self._ledger.position(symbol)
        qty, cost = position.qty, int(position.cost)
        closes = min(closes, abs(qty))
        if not closes:
            return 0
        left = qty - closes if qty > 0 else qty + closes
        rest = cost - share_of(cost, closes, abs(qty))
        before = self._margin(symbol, qty, cost) + self._valuation.gain(symbol, qty, cost)
        after = self._margin(symbol, left, rest) + self._valuation.gain(symbol, left, rest)
        return before - after

    def _is_called(self, symbol: str) -> bool:
        return symbol in self._ledger.events.liquidations
