"""One pass over rows finds what looking at every moment finds, however the rows are cut."""

from dataclasses import dataclass
from math import floor

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.unit.services.reporting.plain_equity import (
    Row,
    Story,
    block,
    instrument,
    moments,
    path_of,
    plain_falls,
)

from offbook.domain.book_states import KnownBook
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.config import AccountConfig, ActionKind, CorporateAction, sources_of
from offbook.domain.joining import Joined
from offbook.domain.market_data import Cursor, DataKind, MarketInfo, SourceInfo
from offbook.engine.books.depth_book import DepthBook
from offbook.ports.recordings import RecordedPiece
from offbook.services.market_hub.feeds import RecordedFeed
from offbook.services.reporting.account_path import AccountStep
from offbook.services.reporting.drawdown import DrawdownTracker, Underwater
from offbook.services.reporting.equity_scan import EquityScan
from offbook.services.reporting.market_scan import (
    Block,
    MarkFinder,
    Part,
    PriceTrack,
    block_of,
    blocks,
    prices_of,
)
from offbook.testing.contracts.recordings import about
from offbook.testing.markets import (
    BTCUSDT,
    SECOND,
    START,
    XYZ,
    bars_market,
    combined,
    depth_market,
    quotes_market,
)
from offbook.testing.memory_recordings import InMemoryRecordings
from offbook.testing.scripted_gateway import ScriptedGateway


@dataclass(frozen=True)
class Shape:
    """What a story's numbers are like."""

    precisions: tuple[tuple[int, int], ...]
    prices: tuple[int, int]
    quantities: tuple[int, int]
    cash: tuple[int, int]


FEW_LEVELS = Shape(((2, 5), (2, 5), (3, 4)), (1, 9), (-7, 7), (20, 60))
"""Few levels, so that peaks are met again, and quantities of either sign."""

WIDE = Shape(((8, 8), (9, 9), (0, 0)), (1, 2**55), (-(2**50), 2**50), (-(2**60), 2**70))
"""Sums that no int64 holds."""

LEVERAGED = Shape(((0, 0), (0, 1), (1, 0)), (10**6, 10**6 + 3), (-(10**5), 10**5), (0, 10**11))
"""Positions worth many times the equity, which is a small difference and crosses zero."""


EURUSD = instrument("EURUSD", 4, 0, "USD", "EUR")
USDEUR = instrument("USDEUR", 4, 0, "EUR", "USD")
ACCOUNTS = {
    "one currency": (AccountConfig(currency="USD"), None),
    "a stated rate": (AccountConfig(currency="USD", rates={"EUR": "1.0713"}), None),
    "a pair": (AccountConfig(currency="USD", rates_from={"EUR": "EURUSD"}), EURUSD),
    "the pair the other way": (AccountConfig(currency="USD", rates_from={"EUR": "USDEUR"}), USDEUR),
}


@some.composite
def stories(draw: some.DrawFn) -> Story:
    """One to three instruments, rows some of which are at one moment, steps, and cuts; in one
    currency, or in two with a rate that stands or moves."""
    shape = draw(some.sampled_from([FEW_LEVELS, FEW_LEVELS, WIDE, LEVERAGED]))
    name = draw(some.sampled_from(["one currency", *ACCOUNTS]))
    account, pair = ACCOUNTS[name]
    currencies = ["USD"] if name == "one currency" else ["USD", "EUR"]
    instruments = [
        instrument("ABC"[i], *shape.precisions[i], draw(some.sampled_from(currencies)))
        for i in range(draw(some.integers(1, 3)))
    ]
    instruments += [] if pair is None else [pair]
    rows, ts = [], 100
    for step in draw(some.lists(some.integers(0, 3), min_size=1, max_size=40)):
        ts += step
        bid = draw(some.integers(*shape.prices))
        symbol = draw(some.sampled_from(instruments)).symbol
        rows.append(Row(ts, symbol, bid, bid + draw(some.integers(0, 1))))
    unit = instruments[0].notional_scale
    steps = [AccountStep(99, {"USD": 40 * unit}, {})]
    for at in sorted(draw(some.sets(some.integers(100, ts + 3), max_size=8))):
        held = {i.symbol: draw(some.integers(*shape.quantities)) for i in instruments}
        cash = {
            currency: draw(some.integers(*shape.cash)) * unit + draw(some.integers(0, 1))
            for currency in currencies
        }
        steps.append(AccountStep(at, cash, {s: qty for s, qty in held.items() if qty}))
    cuts = sorted(draw(some.sets(some.integers(1, len(rows)), max_size=6)) | {len(rows)})
    return Story(path_of(instruments, steps, account), rows, cuts)


def scanned(story: Story) -> EquityScan:
    """A story's rows gone through block by block."""
    scan = EquityScan(story.path)
    for part in story.blocks():
        scan.take(part)
    scan.finish(story.end)
    return scan


@settings(max_examples=200)
@given(stories())
def test_drawdowns_are_those_of_every_single_moment(story: Story) -> None:
    """The deepest fall and the longest time below a peak, to the last digit, against a loop."""
    scan, plain = scanned(story), plain_falls(moments(story))
    deepest, longest = scan.drawdown.deepest(), scan.drawdown.longest()
    if plain.deepest is None:
        assert deepest is None
    else:
        assert deepest is not None
        peak, peak_ts, trough, trough_ts, recovered_ts = plain.deepest
        assert (deepest.peak, deepest.trough) == (floor(peak), floor(trough))
        assert (deepest.peak_ts, deepest.trough_ts) == (peak_ts, trough_ts)
        assert deepest.recovered_ts == recovered_ts
    if plain.longest is None:
        assert longest is None
    else:
        assert longest is not None
        assert (longest.from_ts, longest.to_ts, longest.recovered) == plain.longest


CLOSE = some.sampled_from([2**60 + i for i in range(3)] + [2**59 + i for i in range(3)])
"""Levels whose falls are shares that double precision cannot tell apart."""


@settings(max_examples=300)
@given(
    some.lists(some.lists(CLOSE | some.integers(0, 9), min_size=1, max_size=30), max_size=3),
    some.integers(-10, 10),
    some.integers(1, 3),
)
def test_falls_that_double_precision_cannot_tell_apart_are_compared_exactly(
    stretches: list[list[int]], base: int, slope: int
) -> None:
    """Stretches of levels, among them equal falls and falls that differ in the last digit."""
    tracker, found = DrawdownTracker(1), []
    for levels in stretches:
        times = [len(found) + i for i in range(len(levels))]
        found += [(ts, base + slope * level) for ts, level in zip(times, levels, strict=True)]
        column = np.array(levels, dtype=np.int64)
        tracker.stretch(np.array(times, dtype=np.int64), column, base, slope)
    expected = plain_falls(found).deepest if found else None
    deepest = tracker.deepest()
    assert (deepest is None) == (expected is None)
    if deepest is not None and expected is not None:
        times = (deepest.peak_ts, deepest.trough_ts, deepest.recovered_ts)
        assert times == (expected[1], expected[3], expected[4])


@given(stories(), some.lists(some.integers(95, 230), max_size=12))
def test_marks_are_the_last_rows_at_or_before(story: Story, times: list[int]) -> None:
    """In any order, repeated, before the first row and after the last; of each instrument."""
    for found in story.path.instruments:
        marks = MarkFinder(times)
        for part in story.blocks():
            for own in part.parts:
                if own.symbol == found.symbol:
                    marks.take(own.prices)
        expected = []
        for ts in times:
            before = [row for row in story.rows if row.ts <= ts and row.symbol == found.symbol]
            expected.append((before[-1].bid, before[-1].ask) if before else None)
        assert marks.result() == expected


@given(stories(), some.sets(some.integers(95, 230), max_size=8))
def test_extremes_are_those_of_each_leg_s_rows(story: Story, fills: set[int]) -> None:
    """Highest and lowest mid from one fill to the next, beginning with the mark at its moment."""
    times = sorted(fills)
    own = [row for row in story.rows if row.symbol == "A"]
    track = PriceTrack(times)
    for part in story.blocks():
        for found in part.parts:
            if found.symbol == "A":
                track.take(found.prices)
    bounds = [0, *times, 10**6]
    for leg, found in enumerate(track.extremes()):
        since, until = bounds[leg], bounds[leg + 1]
        seen = [row.bid + row.ask for row in own if since <= row.ts < until]
        if leg and all(row.ts != since for row in own):
            seen += [row.bid + row.ask for row in own if row.ts < since][-1:]
        assert found == ((max(seen), min(seen)) if seen else None)
    assert track.first == (own[0].bid + own[0].ask if own else None)
    assert track.last == (own[-1].bid + own[-1].ask if own else None)


def whole(path_steps: list[AccountStep], market: object, end: int) -> EquityScan:
    """A market of one slice and one instrument, gone through at once."""
    scan = EquityScan(path_of([BTCUSDT], path_steps, AccountConfig(currency="USDT")))
    prices = prices_of(market.slices[0])
    scan.take(Block(prices.ts, (Part("BTCUSDT", prices, None),)))
    scan.finish(end)
    return scan


def test_a_drawdown_by_hand() -> None:
    """One coin at mids 100, 120, 90, 120, 60 with no cash: 120 to 60 is the deepest, for good.

    The fall to 90 lasts from second 1 to second 3; the one to 60 from second 3 to the end at 9.
    """
    market = quotes_market([(f"{p}.00", f"{p}.00") for p in (100, 120, 90, 120, 60)])
    held = AccountStep(START - 1, {}, {"BTCUSDT": 10**5})
    scan = whole([held], market, START + 9 * SECOND)
    fall = scan.drawdown.deepest()
    assert fall is not None
    assert (fall.peak, fall.trough, fall.ratio) == (120 * 10**18, 60 * 10**18, 0.5)
    assert (fall.peak_ts, fall.trough_ts) == (START + 3 * SECOND, START + 4 * SECOND)
    assert fall.recovered_ts is None
    expected = Underwater(from_ts=START + 3 * SECOND, to_ts=START + 9 * SECOND, recovered=False)
    assert scan.drawdown.longest() == expected


def test_a_short_position_falls_when_the_price_rises() -> None:
    """1000 of cash less one coin owed at 100, then 200, then 50: 900, 800, 950."""
    market = quotes_market([(f"{p}.00", f"{p}.00") for p in (100, 200, 50)])
    owed = AccountStep(START - 1, {"USDT": 1000 * 10**18}, {"BTCUSDT": -(10**5)})
    fall = whole([owed], market, START + 2 * SECOND).drawdown.deepest()
    assert fall is not None
    assert (fall.peak, fall.trough) == (900 * 10**18, 800 * 10**18)
    assert fall.recovered_ts == START + 2 * SECOND


def test_what_one_position_loses_another_may_win() -> None:
    """One of A held and one of B owed, with 50 of cash, at mids (A, B):

    (100, 90) is 60; (110, 90) is 70; (110, 120) is 40; (140, 120) is 70 again.
    """
    a, b = instrument("A", 0, 0), instrument("B", 0, 0)
    prices = (("B", 90), ("A", 100), ("A", 110), ("B", 120), ("A", 140))
    rows = [Row(ts, symbol, px, px) for ts, (symbol, px) in enumerate(prices, start=1)]
    steps = (
        AccountStep(0, {"USD": 60 * 10**18}, {}),
        AccountStep(2, {"USD": 50 * 10**18}, {"A": 1, "B": -1}),
    )
    scan = EquityScan(path_of([a, b], steps))
    scan.take(block(rows))
    scan.finish(5)
    fall = scan.drawdown.deepest()
    assert fall is not None
    assert (fall.peak // 10**18, fall.trough // 10**18) == (70, 40)
    assert (fall.peak_ts, fall.trough_ts, fall.recovered_ts) == (3, 4, 5)


def test_a_bar_is_valued_at_its_close_and_reaches_to_its_extremes() -> None:
    """Open 10, high 14, low 8, close 11."""
    market = bars_market([("10.00", "14.00", "8.00", "11.00", "5")])
    found = prices_of(market.slices[0])
    assert found.bid.tolist() == found.ask.tolist() == [1100]
    assert (found.twice_high.tolist(), found.twice_low.tolist()) == ([2800], [1600])


async def test_rows_beyond_the_session_s_are_not_read() -> None:
    """A session that stopped at row 5 saw five rows, whatever the recording holds."""
    market = quotes_market([("1.00", "1.01")] * 12, cut=4)
    feed = await ScriptedGateway(market.slices).open(market.config)
    lengths = [len(piece.ts) async for piece in blocks(feed, Cursor(row=5).row, 3)]
    assert lengths == [3, 1, 1]
    assert [len(piece.ts) async for piece in blocks(feed, 99, 50)] == [4, 4, 4]
    await feed.close()


async def test_rows_that_give_no_price_are_left_out() -> None:
    """Bars of a coin beside its quotes, and quotes of a share: the bars give no price."""
    coin = quotes_market([("10.00", "10.01"), ("10.02", "10.03")], start=START, step=2 * SECOND)
    bars = bars_market([("10.00", "14.00", "8.00", "11.00", "5")], start=START, timeframe_ns=SECOND)
    share = quotes_market([("5.00", "5.02")], instrument=XYZ, start=START + SECOND)
    market = combined(bars, share, coin)
    feed = await ScriptedGateway(market.slices).open(market.config)
    (found,) = [piece async for piece in blocks(feed, 99)]
    await feed.close()
    assert [(ts - START) // SECOND for ts in found.ts.tolist()] == [0, 1, 2]
    places = {part.symbol: part.places for part in found.parts}
    assert {symbol: p.tolist() for symbol, p in places.items() if p is not None} == {
        "XYZ": [1],
        "BTCUSDT": [0, 2],
    }


async def test_who_joined_a_book_late_is_valued_by_what_it_was_handed() -> None:
    """Levels that came before the first row of its own are there, told after an action as they
    were."""
    market = depth_market(["snapshot 100.00x5 99.99x7 / 100.02x3", "100.01x2 /", "100.01x0 /"])
    (rows,) = market.slices
    depth = DepthBook(BTCUSDT)
    depth.take_all(rows, 0, 3, np.arange(3))
    books = (KnownBook(symbol="BTCUSDT", state=depth.dump(), since=int(rows.ts[0])),)
    recording = await InMemoryRecordings().create(about(market))
    await recording.append(RecordedPiece(rows=rows))
    joined = Joined(recording="made", row=3, ts=int(rows.ts[3]), books=books)
    feed = RecordedFeed(recording, joined)
    split = CorporateAction(
        symbol="BTCUSDT", kind=ActionKind.SPLIT, ex="2024-01-02T14:29:00Z", ratio="2:1"
    )
    (found,) = [piece async for piece in blocks(feed, 99, actions=[split])]
    (part,) = found.parts
    assert found.ts.tolist() == rows.ts[3:].tolist()
    assert part.prices.bid.tolist() == [10_001, 10_000]
    assert part.prices.ask.tolist() == [10_002, 10_002]
    await feed.close()


async def test_a_book_gives_no_price_from_an_action_on_until_it_is_told_anew() -> None:
    """Neither levels of before nor changes of these; a book that was told since is believed."""
    messages = ["snapshot 100.00x5 / 100.02x3", "50.00x1 /", "snapshot 50.00x5 / 50.02x3"]
    market = depth_market([*messages, "/ 50.01x1"])
    (rows,) = market.slices
    split = CorporateAction(
        symbol="BTCUSDT", kind=ActionKind.SPLIT, ex="2024-01-02T14:30:01Z", ratio="2:1"
    )
    assert int(rows.ts[2]) == split.takes_effect(ALWAYS_OPEN_CALENDAR)
    feed = await ScriptedGateway(market.slices).open(market.config)
    (found,) = [piece async for piece in blocks(feed, 99, actions=[split])]
    assert found.ts.tolist() == [rows.ts[1], rows.ts[4], rows.ts[5]]
    assert found.parts[0].prices.ask.tolist() == [10_002, 5002, 5001]
    await feed.close()


async def test_a_slice_without_a_price_is_passed_over() -> None:
    """Read three rows at a time, of which some are bars alone."""
    coin = quotes_market([("10.00", "10.01")] * 2, times=[START, START + 90 * SECOND])
    bar = ("10.00", "14.00", "8.00", "11.00", "5")
    bars = bars_market([bar] * 6, start=START, timeframe_ns=10 * SECOND)
    market = combined(bars, coin)
    feed = await ScriptedGateway(market.slices).open(market.config)
    assert [len(piece.ts) async for piece in blocks(feed, 99, 3)] == [1, 1]
    await feed.close()


def test_one_priced_instrument_needs_no_places() -> None:
    """Bars of two timeframes of one coin: the shorter ones give its price."""
    short = bars_market([("10.00", "14.00", "8.00", "11.00", "5")] * 2, timeframe_ns=SECOND)
    long = bars_market([("10.00", "14.00", "8.00", "11.00", "5")], timeframe_ns=2 * SECOND)
    market = combined(long, short)
    info = MarketInfo(
        sources=sources_of(market.config),
        instruments=(BTCUSDT,),
        data_identity="",
        calendar_identity="",
    )
    (part,) = block_of(market.slices[0], info).parts
    assert (part.places, len(part.prices.ts)) == (None, 2)
    assert np.array_equal(block_of(market.slices[0], info).ts, part.prices.ts)


def test_quotes_tell_a_price_best_then_trades_then_the_shortest_bars() -> None:
    """Whatever the order of the sources."""
    of = [
        SourceInfo(symbol="A", kind=DataKind.BARS, timeframe_ns=60),
        SourceInfo(symbol="A", kind=DataKind.BARS, timeframe_ns=10),
        SourceInfo(symbol="B", kind=DataKind.TRADES),
        SourceInfo(symbol="B", kind=DataKind.BARS, timeframe_ns=1),
        SourceInfo(symbol="C", kind=DataKind.TRADES),
        SourceInfo(symbol="C", kind=DataKind.QUOTES),
    ]
    info = MarketInfo(sources=tuple(of), instruments=(), data_identity="", calendar_identity="")
    assert info.pricing_sources() == {"A": 1, "B": 2, "C": 5}
