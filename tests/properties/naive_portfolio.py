"""One account over several instruments, told anew from fills and last prices alone.

It shares no code with the engine but what reads rows and books, and knows nothing of orders: what
was traded is taken from the records, and everything that follows from it for the account is added
up again in fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.reference_margins import shares_of
from tests.properties.reference_stress import stressed

from offbook.domain import records as r
from offbook.domain.config import BookStart, SessionConfig, instruments_of
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    QuoteSlice,
    SourceSlice,
    TradeSlice,
)
from offbook.domain.orders import OrderSide
from offbook.domain.records import Record
from offbook.engine.books.books import book_for
from offbook.engine.rows.rows import each_quote
from offbook.services.reporting.book_tops import BookTops

ZERO = Fraction(0)
FINEST = Fraction(1, 10**18)
PREFERRED = {
    DataKind.ORDERS: -1,
    DataKind.DEPTH: 0,
    DataKind.QUOTES: 1,
    DataKind.TRADES: 2,
    DataKind.BARS: 3,
    DataKind.STATUS: 4,
}
"""What gives an instrument its price where it has several."""


@dataclass
class Holding:
    """A position: what is held, what it cost, what it has brought."""

    qty: Fraction = ZERO
    cost: Fraction = ZERO
    realized: Fraction = ZERO

    def trade(self, signed: Fraction, price: Fraction) -> Fraction:
        """Add to it, or take away; what that realized."""
        if self.qty * signed >= 0:
            self.qty, self.cost = self.qty + signed, self.cost + abs(signed) * price
            return ZERO
        closing = min(abs(signed), abs(self.qty))
        part = round(self.cost * closing / abs(self.qty) / FINEST) * FINEST
        gain = (closing * price - part) * (1 if self.qty > 0 else -1)
        beyond = abs(signed) - closing
        self.cost = beyond * price if beyond else self.cost - part
        self.qty += signed
        self.realized += gain
        return gain


@dataclass
class NaivePortfolio:
    """The account of a session in one currency."""

    config: SessionConfig
    cash: Fraction = ZERO
    holdings: dict[str, Holding] = field(default_factory=dict)
    mids: dict[str, Fraction] = field(default_factory=dict)
    began_with: Fraction | None = None
    lost: bool = False
    called: bool = False
    sides: dict[int, OrderSide] = field(default_factory=dict)
    judged: int = 0

    def __post_init__(self) -> None:
        self.cash = Fraction(self.config.account.initial_cash)
        self._scales = {
            one.symbol: (10**one.price_precision, 10**one.qty_precision)
            for one in instruments_of(self.config.market)
        }
        self._books: dict[str, BookTops] = {}
        self._pricing = {}
        for number, source in enumerate(self.config.market.sources):
            rank = (PREFERRED[source.kind], source.timeframe_ns or 0, number)
            symbol = source.instrument.symbol
            self._pricing[symbol] = min(self._pricing.get(symbol, rank), rank)

    # -- what happens -----------------------------------------------------------------------

    def row(self, number: int, piece: SourceSlice) -> None:
        """The last price of an instrument, from the only row of a slice of source ``number``."""
        symbol = piece.instrument.symbol
        if self._pricing[symbol][2] != number:
            return
        scale = self._scales[symbol][0]
        if isinstance(piece, QuoteSlice):
            self.mids[symbol] = Fraction(int(piece.bid_px[0]) + int(piece.ask_px[0]), 2 * scale)
        elif isinstance(piece, TradeSlice):
            self.mids[symbol] = Fraction(int(piece.price_px[0]), scale)
        elif isinstance(piece, DepthSlice | BookOrderSlice):
            book = self._books.setdefault(
                symbol, BookTops(book_for(piece.kind, piece.instrument, BookStart.SNAPSHOT))
            )
            for top in each_quote(book.take(piece)):
                self.mids[symbol] = Fraction(top.bid_px + top.ask_px, 2 * scale)
        elif isinstance(piece, BarSlice):
            self.mids[symbol] = Fraction(int(piece.close_px[0]), scale)

    def take(self, record: Record, before: Mapping[str, Fraction]) -> None:
        """One more record; what it tells of the account must be so at the last prices, or at those
        ``before`` the row that is being taken."""
        if isinstance(record, r.OrderSubmitted):
            self.sides[record.order] = record.side
        elif isinstance(record, r.OrderFilled):
            self._filled(record)
        elif isinstance(record, r.DayBegan):
            self.began_with, self.lost = _money(record.equity), False
            self._is_equity(record.equity, before)
        elif isinstance(record, r.DailyLossReached):
            self.lost = True
            self._is_equity(record.equity, before)
            assert self.began_with is not None
            assert _money(record.loss) == self.began_with - _money(record.equity), record
            assert _money(record.loss) >= _money(record.limit) == self.most_lost(), record
        elif isinstance(record, r.MarginCalled | r.MarginRestored):
            self.called = isinstance(record, r.MarginCalled)
            self._is_equity(record.equity, before)
            which = "maintenance" if self.called else "initial"
            wanted = {self.required(which, mids) for mids in (before, self.mids)}
            assert _money(record.required) in wanted, (record, wanted)
        elif isinstance(record, r.SessionStopped):
            self._is_equity(record.equity, before)
            assert _money(record.cash) == self.cash, (record, self.cash)
            used = {self.required("initial", mids) for mids in (before, self.mids)}
            assert _money(record.margin_used) in used, (record, used)

    def _filled(self, fill: r.OrderFilled) -> None:
        price_scale, qty_scale = self._scales[fill.symbol]
        price, qty = Fraction(fill.last_px, price_scale), Fraction(fill.last_qty, qty_scale)
        signed = qty * fill.side.sign
        holding = self.holdings.setdefault(fill.symbol, Holding())
        realized = holding.trade(signed, price)
        self.cash -= signed * price + _money(fill.fee)
        assert _money(fill.realized) == realized, (fill, realized)
        assert Fraction(fill.position_qty, qty_scale) == holding.qty, (fill, holding)
        assert _money(fill.position_cost) == holding.cost, (fill, holding)

    # -- what must be so --------------------------------------------------------------------

    def equity(self, mids: Mapping[str, Fraction]) -> Fraction:
        """Cash, and all that is held at mid."""
        return self.cash + sum(
            (holding.qty * mids[name] for name, holding in self.holdings.items() if holding.qty),
            ZERO,
        )

    def required(self, which: str, mids: Mapping[str, Fraction]) -> Fraction:
        """A share of all that is held or owed, rounded up; or what it would lose together."""
        margin = self.config.account.portfolio_margin
        if margin is not None:
            values = {name: h.qty * mids[name] for name, h in self.holdings.items() if h.qty}
            return stressed(margin, values, opens=which == "initial")
        share = self._share(which)
        gross = sum((abs(h.qty) * mids[name] for name, h in self.holdings.items() if h.qty), ZERO)
        return -(-gross * share // FINEST) * FINEST

    def most_lost(self) -> Fraction:
        """The limit on the day's loss."""
        limit = self.config.risk.daily_loss
        assert limit is not None
        assert self.began_with is not None
        if limit.amount is not None:
            return Fraction(limit.amount)
        share = max(self.began_with, ZERO) * Fraction(limit.percent or 0) / 100
        return max(-(-share // FINEST) * FINEST, FINEST)

    def judge(self) -> None:
        """After a row, while the session lives: what should have been noticed was."""
        self.judged += 1
        equity = self.equity(self.mids)
        if self.config.account.is_margin and any(h.qty for h in self.holdings.values()):
            needed = self.required("maintenance", self.mids)
            assert self.called or equity >= needed, f"no margin call at {equity} of {needed}"
        if self.began_with is not None and not self.lost:
            loss = self.began_with - equity
            assert loss < self.most_lost(), f"nobody noticed that {loss} was lost"

    def _share(self, which: str) -> Fraction:
        account = self.config.account
        if not account.is_margin:
            return ZERO
        opens, keeps = shares_of(account)
        return opens if which == "initial" else keeps

    def _is_equity(self, told: int, before: Mapping[str, Fraction]) -> None:
        wanted = {self.equity(mids) for mids in (before, self.mids)}
        assert _money(told) in wanted, f"{_money(told)} is none of {wanted}"


def _money(amount: int) -> Fraction:
    return Fraction(amount, 10**18)
