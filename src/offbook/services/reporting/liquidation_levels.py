"""At which prices positions of a margin account would be called, by the engine's own judgement.

Nothing is solved here by a formula: the account is judged at other prices of one instrument, as
``MarginWatch`` and ``IsolatedWatch`` judge it, until the level is found.  So tiers, charges paid,
funding and other positions are in it, and it is where the formulas of exchanges say.
"""

from __future__ import annotations

import enum

from offbook.domain.config import SessionConfig
from offbook.engine.account.account_funds import funds_of
from offbook.engine.account.isolated_funds import IsolatedFunds
from offbook.engine.account.margin import MarginFunds
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.terms import Market
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.models.fees import Charges

_MOST = 1 << 62


class CalledWhere(enum.Enum):
    """On which side of its level a position is called; ``HERE``, at that very price already."""

    BELOW = "below"
    ABOVE = "above"
    HERE = "here"


class LiquidationLevels:
    """Those of an account as a session's records leave it; other instruments stay at their last
    prices, as far as the records tell these."""

    def __init__(self, config: SessionConfig, ledger: LedgerState) -> None:
        self._ledger = ledger
        self._moved: dict[str, int] = {}
        self._marks = {}
        if ledger.stopped is not None:
            self._marks = {one.symbol: (one.bid_px, one.ask_px) for one in ledger.stopped.marks}
        self._valuation = Valuation(config.account, self._prices)
        self._funds: MarginFunds | None = None
        if ledger.attached is None or config.account.portfolio_margin is not None:
            return
        market = ledger.attached.market
        self._valuation.join(market)
        self._instruments = {one.symbol: one for one in market.instruments}
        charges = Charges(config.venue.fee, config.venue.fee_rounding)
        found = funds_of(
            config.account, config.venue, charges, self._valuation, ledger, self._instruments
        )
        self._funds = found if isinstance(found, MarginFunds) else None

    def of(self, symbol: str) -> int | None:
        """The last price (units) at which a position stands: a long one is called below it, a short
        one above.  It may be the other way round where the instrument's price is also the rate of
        a currency, by what else the account has in it: told where nothing is on the usual side.
        Of what is called already the price that it has.  None for what is not held or not on
        margin, where no price does it, where another position has no price or a currency no rate,
        and with portfolio margin."""
        qty = self._ledger.held_positions().get(symbol, 0)
        if not qty or self._funds is None:
            return None
        start = self._start(symbol, qty)
        if not self._is_priced(symbol, start):
            return None
        is_called = self._is_called(symbol, start)
        if is_called and symbol in self._marks:
            return start
        lower, higher = (self._falling, self._rising) if is_called else (self._below, self._above)
        # A long position stands at higher prices, and is called at lower ones.
        usual, other = (higher, lower) if (qty > 0) is is_called else (lower, higher)
        level = usual(symbol, start)
        return other(symbol, start) if level is None else level

    def called(self, symbol: str, level: int) -> CalledWhere:
        """Where a position is called, as seen from the level that ``of`` tells of it."""
        if self._is_called(symbol, level):
            return CalledWhere.HERE
        further = -1 if self._ledger.held_positions().get(symbol, 0) > 0 else 1
        is_below = (further < 0) is self._is_called(symbol, level + further)
        return CalledWhere.BELOW if is_below else CalledWhere.ABOVE

    def _start(self, symbol: str, qty: int) -> int:
        """The last price, or what the position cost: where the search begins."""
        if symbol in self._marks:
            return sum(self._marks[symbol]) // 2
        cost = int(self._ledger.position(symbol).cost)
        px, of = self._instruments[symbol].average_px(cost, abs(qty))
        return max(abs(px) // of, 1)

    def _rising(self, symbol: str, called: int) -> int | None:
        """Of what would be called at what it cost, and stands at a higher price, as a long one."""
        fine = 2 * called
        while self._is_called(symbol, fine):
            called, fine = fine, 2 * fine
            if fine > _MOST:
                return None
        return self._between(symbol, fine, called)

    def _falling(self, symbol: str, called: int) -> int | None:
        """At a lower, as a short one."""
        return None if self._is_called(symbol, 1) else self._between(symbol, 1, called)

    def _below(self, symbol: str, fine: int) -> int | None:
        called = 1
        if fine <= called or not self._is_called(symbol, called):
            return None
        return self._between(symbol, fine, called)

    def _above(self, symbol: str, fine: int) -> int | None:
        called = 2 * fine
        while not self._is_called(symbol, called):
            fine, called = called, 2 * called
            if called > _MOST:
                return None
        return self._between(symbol, fine, called)

    def _between(self, symbol: str, fine: int, called: int) -> int:
        while abs(called - fine) > 1:
            middle = (fine + called) // 2
            if self._is_called(symbol, middle):
                called = middle
            else:
                fine = middle
        return fine

    def _is_called(self, symbol: str, px: int) -> bool:
        funds, self._moved = self._funds, {symbol: px}
        if isinstance(funds, IsolatedFunds):
            return funds.equity_of(symbol) < funds.need_of(symbol).required
        assert funds is not None
        held = self._ledger.held_positions()
        equity = self._valuation.equity(self._ledger.money(), held)
        return equity < funds.maintenance(held).required

    def _is_priced(self, symbol: str, px: int) -> bool:
        """Whether the records tell all else that the judgement takes."""
        self._moved = {symbol: px}
        held = self._ledger.held_positions()
        currencies = {name for name, amount in self._ledger.money().items() if amount}
        if isinstance(self._funds, IsolatedFunds):
            held, currencies = {symbol: held[symbol]}, set()
        currencies |= {self._instruments[one].settle_currency for one in held}
        return all(self._prices(one) is not None for one in held) and all(
            self._valuation.rate(currency) is not None for currency in currencies
        )

    def _prices(self, symbol: str) -> Market | None:
        px = self._moved.get(symbol)
        bid, ask = self._marks.get(symbol, (0, 0)) if px is None else (px, px)
        return Market(bid_px=bid, ask_px=ask) if ask else None
