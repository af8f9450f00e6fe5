"""Markets of few prices with small sizes, halts and prints, in which what a session took and where
it stands counts in most rows that it sleeps through."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from tests.properties.calm_books import calm_book, calm_orders
from tests.properties.depth_cases import MODELS
from tests.properties.random_conditions import margin
from tests.properties.random_markets import (
    LOT_OF_TWO,
    quotes_at_random,
    status_at_random,
    trades_at_random,
)
from tests.properties.test_books_of_many import Logged, Resting, _small_chunks
from tests.properties.test_wakes import Checked
from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import BookStart, DailyLoss, RiskConfig, SelfMatchPolicy
from offbook.domain.errors import OffbookError
from offbook.domain.market_data import QuoteSlice, TradeSlice
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.records import OrderFilled, encode_record
from offbook.engine.inputs import Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import (
    XYZ,
    BuiltCombination,
    BuiltMarket,
    combined,
    quotes_market,
    trades_market,
)

__all__ = ["_small_chunks"]


def crowded_quotes(rng: Random, rows: int) -> BuiltCombination:
    """Quotes at two prices, and prints beside them."""
    quotes, prints = quotes_at_random(rng, rows), trades_at_random(rng, rows // 2)
    (shown,), (traded,) = quotes.slices, prints.slices
    assert isinstance(shown, QuoteSlice)
    assert isinstance(traded, TradeSlice)
    bids = 9_999 + np.cumsum(rng.choices([0, 1], [9, 1], k=rows)) % 2
    shown.bid_px, shown.ask_px = bids, bids + 1
    traded.price_px = np.array(rng.choices(range(9_999, 10_002), k=len(traded)), np.int64)
    traded.ts = np.sort(rng.choices(shown.ts.tolist(), k=len(traded)))
    return combined(quotes, prints)


def halting(make: Callable[[Random, int], BuiltMarket]) -> Callable[[Random, int], Any]:
    """A book whose trading is halted now and then, with prints beside it where it tells levels."""

    def made(rng: Random, rows: int) -> BuiltCombination:
        book = make(rng, rows)
        times = book.slices[0].ts.tolist()
        status = status_at_random(rng, rows // 6, LOT_OF_TWO)
        status.slices[0].ts = np.sort(rng.choices(times, k=rows // 6))
        parts = [book, status]
        if make is calm_book:
            prints = trades_at_random(rng, rows // 3)
            prints.slices[0].ts = np.sort(rng.choices(times, k=rows // 3))
            parts.append(prints)
        return combined(*parts)

    return made


CROWDS: dict[str, Callable[[Random, int], Any]] = {
    "quotes": crowded_quotes,
    "levels": halting(calm_book),
    "orders": halting(calm_orders),
}
SEEDS, MESSAGES = range(12), 120
LOSSES = [None, "0.05", None, "0.3"]
"""A day's loss is soon reached where it is limited."""


class Case:
    """A session that is sent orders for the few prices there are, and how it is run."""

    def __init__(self, seed: int, crowd: str) -> None:
        rng = self._rng = Random(f"{crowd} {seed}")
        market = CROWDS[crowd](rng, MESSAGES)
        venue: dict[str, Any] = {"self_match": rng.choice(list(SelfMatchPolicy))}
        if crowd != "quotes":
            venue["book_start"] = list(BookStart)[seed % 2]
        if crowd == "levels":
            venue["queue"] = rng.choice([None, *MODELS])
        amount = LOSSES[seed // 2 % 4]
        risk = RiskConfig(daily_loss=None if amount is None else DailyLoss(amount=amount))
        terms = {} if amount is None else margin("20")
        self.session = session_of(market, cash="100000", account=terms, venue=venue, risk=risk)
        self.attach = attach_of(market, clock_stops=False)
        (self.rows,) = market.slices
        places = sorted(rng.choices(range(20, len(self.rows)), k=rng.choice([12, 40])))
        self.commands = [(row, self._command(number)) for number, row in enumerate(places)]
        self.fills = 0

    def _command(self, number: int) -> c.Command:
        rng = self._rng
        if number > 4 and rng.random() < 0.25:
            name = f"o{rng.randrange(number)}"
            return c.CancelOrder(command_id=f"{number}", client_order_id=name)
        kind = rng.choice([OrderType.LIMIT] * 6 + [OrderType.MARKET, OrderType.STOP])
        order = OrderRequest(
            symbol=LOT_OF_TWO.symbol,
            side=rng.choice(list(OrderSide)),
            order_qty=str(2 * rng.randint(1, 4)),
            order_type=kind,
            price=f"{100 + rng.randint(-4, 4) / 100:.2f}" if kind.has_limit else None,
            stop_px=f"{100 + rng.randint(-5, 5) / 100:.2f}" if kind.has_stop else None,
            client_order_id=f"o{number}",
        )
        return c.SubmitOrder(command_id=f"{number}", order=order)

    def engine(self, *, every_row: bool = False) -> ProcessingEngine:
        """A new one."""
        return ProcessingEngine(self.session, every_row=every_row)

    def run(self, engine: Any, *, rows: Any = None, cut: int = 10**6) -> list[bytes]:
        """All records of an engine, fed rows in slices of a length."""
        given, first = self.rows if rows is None else rows, int(self.rows.ts[0])
        made = engine.process([self.attach])
        made += engine.process([Take(command=c.Start(command_id="start"), ts=first)])
        for row, command in [*self.commands, (len(self.rows), None)]:
            while engine.cursor.row < row:
                place = engine.cursor.row
                made += engine.process([given.rows(place, min(place + cut, row))])
            if command is not None and self._allowed(engine, command):
                made += engine.process([Take(command=command, ts=engine.now)])
        self.fills = sum(isinstance(one, OrderFilled) for one in made)
        return [encode_record(one) for one in made]

    def _allowed(self, engine: Any, command: c.Command) -> bool:
        try:
            engine.check(command)
        except OffbookError:
            return False
        return True


@pytest.mark.parametrize("crowd", CROWDS)
def test_nothing_of_it_is_slept_through(crowd: str) -> None:
    """By a session alone, and by one that shares its books; nor is one left asleep."""
    fills = 0
    for seed in SEEDS:
        case = Case(seed, crowd)
        wanted = case.run(case.engine(every_row=True))
        fills += case.fills
        assert case.run(case.engine()) == wanted, f"seed {seed}"
        assert case.run(Checked(case.engine(), case.attach.market), cut=1) == wanted, f"seed {seed}"
        if crowd != "quotes":
            shared = Logged(Random(seed), case.attach.market, case.rows)
            engine = Resting(Random(seed), case.engine())
            assert case.run(engine, rows=shared, cut=40) == wanted, f"seed {seed}, shared"
    assert fills > 2 * len(SEEDS), fills


@pytest.mark.parametrize("every_row", [True, False])
def test_what_a_print_gave_is_missing_in_quotes_that_are_passed_over(every_row: bool) -> None:
    """The first quote after it shows a level at its price, of which that may have been a part."""
    prices = [("99.90", "100.10", "2", "2")] * 3 + [("99.90", "99.99", "2", "2")] * 9
    quotes = quotes_market(prices, instrument=XYZ)
    (shown,) = quotes.slices
    times = [int(shown.ts[2]) + 1]
    prints = trades_market([("99.99", "2", "sell")], instrument=XYZ, times=times)
    market = combined(quotes, prints)
    (rows,) = market.slices
    engine = ProcessingEngine(session_of(market), every_row=every_row)
    start = Take(command=c.Start(command_id="start"), ts=int(rows.ts[0]))
    made = engine.process([attach_of(market, clock_stops=False), start, rows.rows(0, 2)])
    for number, price, row in (("1", "100.00", 11), ("2", None, 13)):
        order = OrderRequest(
            symbol="XYZ",
            side=OrderSide.BUY,
            order_qty="2",
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            price=price,
        )
        made += engine.process(
            [Take(command=c.SubmitOrder(command_id=number, order=order), ts=engine.now)]
        )
        made += engine.process([rows.rows(engine.cursor.row, row)])
    (fill,) = [one for one in made if isinstance(one, OrderFilled)]
    assert fill.order == 1, "the second order had what the first had taken"
