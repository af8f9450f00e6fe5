"""What a strategy may ask for of a market, and what it is told where that cannot be had."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, NEVER, TradingCalendar
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    BuiltMarket,
    bars_market,
    combined,
    quotes_market,
    trades_market,
)

QUOTES = quotes_market([("100", "101")] * 4, instrument=XYZ)
TRADES = trades_market([("100", "5")] * 4, instrument=XYZ)
BARS = bars_market([("100", "101", "99", "100", "10")] * 4, instrument=XYZ)
BY_HOURS = quotes_market(
    [("100", "101")] * 4, instrument=msgspec.structs.replace(XYZ, calendar="DAYS")
)
DAYS = TradingCalendar(name="DAYS", opens=(START,), closes=(START + 100 * SECOND,))


class Asking(Strategy):
    """Asks at the start, and keeps the answer."""

    ask: Callable[[Asking], object]
    answer: object = None

    def on_start(self) -> None:
        type(self).answer = type(self).ask(self)


def asked(market: BuiltMarket | BuiltCombination, ask: Callable[[Asking], object]) -> Rehearsal:
    """A session whose strategy asks."""
    kind = type("Asking", (Asking,), {"ask": staticmethod(ask), "parameters": dict})
    return rehearse(market, kind(), calendar=DAYS if market is BY_HOURS else ALWAYS_OPEN_CALENDAR)


@pytest.mark.parametrize(
    ("market", "ask", "words"),
    [
        (
            QUOTES,
            lambda s: s.subscribe_trades("XYZ"),
            "needs trades of XYZ; this market has quotes",
        ),
        (BARS, lambda s: s.subscribe_quotes("XYZ"), "needs quotes of XYZ; this market has 1m bars"),
        (QUOTES, lambda s: s.subscribe_quotes("ABC"), "unknown symbol 'ABC'"),
        (QUOTES, lambda s: s.subscribe_bars("ABC", "5s"), "unknown symbol 'ABC'"),
        (QUOTES, lambda s: s.subscribe_bars("XYZ", "5 s"), "expected a number and ms, s"),
        (QUOTES, lambda s: s.subscribe_bars("XYZ", "5s", price="last"), "one of bid, ask, mid"),
        (TRADES, lambda s: s.subscribe_bars("XYZ", "5s", price="bid"), "this market has trades"),
        (BARS, lambda s: s.subscribe_bars("XYZ", "90s"), "this market has 1m bars"),
        (BARS, lambda s: s.subscribe_bars("XYZ", "30s"), "this market has 1m bars"),
        (
            QUOTES,
            lambda s: s.subscribe_bars("XYZ", "400d"),
            "the longest that can be built are 366d",
        ),
        (BY_HOURS, lambda s: s.subscribe_bars("XYZ", "2d"), "longest that can be built are 1d"),
        (QUOTES, lambda s: s.history("XYZ", 1, timeframe="5s"), "call subscribe_bars"),
        (QUOTES, lambda s: s.history("XYZ", 5000, timeframe="5s"), "raise history_limit"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_there_is(
    market: BuiltMarket, ask: Callable[[Asking], object], words: str
) -> None:
    """Before a row is taken; the session is paused with the error."""
    error = asked(market, ask).engine.error
    assert error is not None
    assert words in error.message


def test_two_kinds_of_bars_of_one_timeframe_are_refused() -> None:
    """``on_bar`` could not tell them apart."""

    def ask(strategy: Asking) -> None:
        strategy.subscribe_bars("XYZ", "5s", price="bid")
        strategy.subscribe_bars("XYZ", "5s")
        strategy.subscribe_bars("XYZ", "5s", price="ask")

    error = asked(QUOTES, ask).engine.error
    assert error is not None
    assert "5s bars of XYZ are built of bid already" in error.message


def test_bars_that_the_market_gives_are_not_built_again() -> None:
    """Asking for them costs nothing, and their history is that of the source."""
    market = combined(QUOTES, BARS)

    def ask(strategy: Asking) -> object:
        strategy.subscribe_bars("XYZ", "1m")
        strategy.subscribe_quotes("XYZ")
        return strategy.history("XYZ", 3, timeframe="1m")

    rehearsal = asked(market, ask)
    assert rehearsal.engine.error is None
    assert len(rehearsal.engine._built) == 0


def test_history_of_a_symbol_is_that_of_its_first_source() -> None:
    """And with a timeframe that of its bars."""
    seen: list[tuple[object, ...]] = []

    class Looking(Strategy):
        def on_trade(self, trade: Trade) -> None:
            seen.append((self.history("XYZ", 1)[-1], self.history("XYZ", 1, timeframe="1s")))

        def on_start(self) -> None:
            self.subscribe_bars("XYZ", "1s", price="ask")

    rehearse(combined(QUOTES, TRADES), Looking()).rest()
    quotes = [first for first, _ in seen]
    assert all(isinstance(quote, Quote) for quote in quotes)
    assert [quote.row for quote in quotes if isinstance(quote, Quote)] == [0, 2, 4, 6]
    built = [bars for _, bars in seen]
    assert built[0] == ()
    (bar,) = built[1] if isinstance(built[1], tuple) else ()
    assert isinstance(bar, Bar)
    assert (bar.ts, bar.close_px, bar.row, bar.timeframe_ns) == (START + SECOND, 10100, 0, SECOND)


def test_a_subscription_in_the_midst_begins_with_the_next_row() -> None:
    """What passed before it is in no bar."""
    shown: list[tuple[int, int]] = []

    class Late(Strategy):
        def on_quote(self, quote: Quote) -> None:
            if quote.row == 1:
                self.subscribe_bars("XYZ", "1m")

        def on_bar(self, bar: Bar) -> None:
            shown.append((bar.open_px, bar.row))

    prices = [("90", "90"), ("91", "91"), ("92", "92"), ("93", "93")]
    times = [START, START + SECOND, START + 2 * SECOND, START + MINUTE]
    market = quotes_market(prices, instrument=XYZ, times=times)
    rehearse(market, Late()).rest()
    assert shown == [(9200, 2)]


def test_long_gaps_cost_no_wake_for_empty_bars() -> None:
    """The next end that is awaited is that of a bar that will have rows."""

    class Bars(Strategy):
        def on_start(self) -> None:
            self.subscribe_bars("XYZ", "1s")

        def on_bar(self, bar: Bar) -> None:
            pass

    times = [START, START + 10 * 86_400 * SECOND]
    rehearsal = rehearse(quotes_market([("1", "2")] * 2, instrument=XYZ, times=times), Bars())
    rounds = []
    instants = rehearsal.engine._instants
    original = instants.round
    instants.round = lambda *bars: (rounds.append(rehearsal.engine.now), original(*bars))  # type: ignore[assignment,func-returns-value]  # counts and goes on
    rehearsal.rest()
    assert rounds == [START + SECOND]
    assert rehearsal.engine.wake().at == times[1] + SECOND
    assert rehearsal.engine.wake().every_row == frozenset()
    rehearsal.advance(times[1] + SECOND)
    assert rehearsal.engine.wake().at == NEVER
    assert rehearsal.engine.wake().every_row == frozenset({"XYZ"})  # the first row of a bar


def test_without_subscriptions_no_bar_is_awaited() -> None:
    """An idle session sleeps."""
    rehearsal = rehearse(QUOTES)
    rehearsal.rest()
    assert rehearsal.engine.wake().at == NEVER
    assert rehearsal.engine.wake().every_row == frozenset()


def test_combined_markets_are_cut_anywhere_and_only_if_they_fit_together() -> None:
    """The same rows in any number of slices."""
    by_length = combined(QUOTES, TRADES, cut=3)
    assert [len(part) for part in by_length.slices] == [3, 3, 2]
    assert [part.start for part in combined(QUOTES, TRADES, cut=[1, 6]).slices] == [0, 1, 6]
    assert by_length.rows == combined(QUOTES, TRADES).rows == 8
    with pytest.raises(InvalidConfig):
        combined(QUOTES, QUOTES)
    with pytest.raises(ValueError, match="uncut"):
        combined(quotes_market([("1", "2")] * 3, instrument=BTCUSDT, cut=1), TRADES)


def test_open_orders_are_told_of_all_symbols_or_of_one() -> None:
    """A quoter of two instruments asks for those of each."""
    seen: list[tuple[int, int, int]] = []

    class Both(Strategy):
        """Rests an order in each of two instruments."""

        def on_quote(self, quote: Quote) -> None:
            if quote.row == 1:  # both have a price
                self.buy("XYZ", "1", price="1.00")
                self.buy("BTCUSDT", "1", price="1.00")
            found = (None, "XYZ", "BTCUSDT")
            seen.append(tuple(len(self.open_orders(symbol)) for symbol in found))  # type: ignore[arg-type]  # three of them

    dollars = msgspec.structs.replace(BTCUSDT, quote_currency="USD")
    rows = [("99", "101")] * 3
    one, other = quotes_market(rows, instrument=XYZ), quotes_market(rows, instrument=dollars)
    rehearse(combined(one, other), Both()).rest()
    assert seen[-1] == (2, 1, 1)
