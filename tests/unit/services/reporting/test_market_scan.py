"""One pass over rows finds what looking at every moment finds, however the rows are cut."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from offbook.domain.market_data import Cursor
from offbook.services.reporting.account_path import AccountStep
from offbook.services.reporting.drawdown import DrawdownTracker, Underwater
from offbook.services.reporting.market_scan import Marks, PathScan, Prices, blocks, prices_of
from offbook.testing.markets import BTCUSDT, SECOND, START, bars_market, quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway

SCALE = BTCUSDT.notional_scale
Row = tuple[int, int, int]  # ts, bid, ask


@some.composite
def stories(draw: some.DrawFn) -> tuple[list[Row], list[AccountStep], list[int]]:
    """Rows in time order (some at one moment), an account's steps, and where blocks are cut."""
    steps_of_time = draw(some.lists(some.integers(0, 3), min_size=1, max_size=40))
    rows: list[Row] = []
    ts = 100
    for step in steps_of_time:
        ts += step
        bid = draw(some.integers(1, 9))  # few levels, so that peaks are met again
        rows.append((ts, bid, bid + draw(some.integers(0, 1))))
    times = sorted(draw(some.sets(some.integers(100, ts + 3), max_size=8)))
    steps = [AccountStep(99, 40 * SCALE, 0)]
    steps += [
        AccountStep(at, draw(some.integers(20, 60)) * SCALE + draw(some.integers(0, 1)), qty)
        for at in times
        if (qty := draw(some.integers(-7, 7))) is not None
    ]
    cuts = sorted(draw(some.sets(some.integers(1, len(rows)), max_size=6)) | {len(rows)})
    return rows, steps, cuts


def prices(rows: Sequence[Row]) -> Prices:
    """Quotes as columns."""
    ts, bid, ask = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return Prices(ts, bid, ask, bid + ask, bid + ask)


def moments(rows: list[Row], steps: list[AccountStep], end: int) -> list[tuple[int, int, int]]:
    """(ts, doubled equity, step) at every row, at every step no row is at, and at the end."""
    found = []
    for index, step in enumerate(steps[1:], start=1):
        if step.ts <= end and all(row[0] != step.ts for row in rows) and rows[0][0] < step.ts:
            found.append((step.ts, index))
    found += [(row[0], -1) for row in rows]
    found.sort(key=lambda pair: pair[0])
    out, last = [], 0
    queue = iter(rows)
    for ts, _ in [*found, (end, 0)]:
        if _ == -1:
            row = next(queue)
            last = row[1] + row[2]
        index = max(i for i, step in enumerate(steps) if step.ts <= ts)
        out.append((ts, 2 * steps[index].cash + steps[index].qty * SCALE * last, index))
    return out


@settings(max_examples=250)
@given(stories())
def test_drawdowns_are_those_of_every_single_moment(
    story: tuple[list[Row], list[AccountStep], list[int]],
) -> None:
    """The deepest fall and the longest time below a peak, against a plain loop."""
    rows, steps, cuts = story
    end = max(rows[-1][0], steps[-1].ts)
    scan = PathScan(steps, SCALE)
    begin = 0
    for cut in cuts:
        scan.take(prices(rows[begin:cut]))
        begin = cut
    scan.finish(end)

    plain = DrawdownTracker(SCALE)
    peak, peak_ts, below, worst = None, 0, False, (0, 1)
    longest = 0
    for ts, equity, _ in moments(rows, steps, end):
        plain.point(ts, equity)
        if peak is None or equity >= peak:
            if below:
                longest = max(longest, ts - peak_ts)
            peak, peak_ts, below = equity, ts, False
        else:
            below = True
            if peak > 0 and (peak - equity) * worst[1] > worst[0] * peak:
                worst = (peak - equity, peak)
    if below:
        longest = max(longest, end - peak_ts)

    deepest, expected = scan.drawdown.deepest(), plain.deepest()
    assert (deepest is None) == (expected is None) == (worst[0] == 0)
    if deepest is not None and expected is not None:
        assert abs(deepest.ratio - worst[0] / worst[1]) < 1e-15
        assert abs(deepest.ratio - expected.ratio) < 1e-15
        assert deepest.peak_ts <= deepest.trough_ts
        assert deepest.recovered_ts is None or deepest.recovered_ts >= deepest.trough_ts
        if (deepest.peak, deepest.trough_ts) == (expected.peak, expected.trough_ts):
            assert deepest == expected
    under = scan.drawdown.longest()
    assert (0 if under is None else under.duration_ns) == longest


@given(stories(), some.lists(some.integers(95, 230), max_size=12))
def test_marks_are_the_last_rows_at_or_before(
    story: tuple[list[Row], list[AccountStep], list[int]], times: list[int]
) -> None:
    """In any order, repeated, before the first row and after the last."""
    rows, _, cuts = story
    marks = Marks(times)
    begin = 0
    for cut in cuts:
        marks.take(prices(rows[begin:cut]))
        begin = cut
    expected = []
    for ts in times:
        before = [row for row in rows if row[0] <= ts]
        expected.append(before[-1][1:] if before else None)
    assert marks.result() == expected


@given(stories())
def test_extremes_are_those_of_each_step_s_rows(
    story: tuple[list[Row], list[AccountStep], list[int]],
) -> None:
    """Highest and lowest mid while a step lasted, beginning with the mark at its own moment."""
    rows, steps, cuts = story
    end = max(rows[-1][0], steps[-1].ts)
    scan = PathScan(steps, SCALE)
    begin = 0
    for cut in cuts:
        scan.take(prices(rows[begin:cut]))
        begin = cut
    scan.finish(end)
    for index, step in enumerate(steps):
        until = steps[index + 1].ts if index + 1 < len(steps) else end + 1
        seen = [bid + ask for ts, bid, ask in rows if step.ts <= ts < until]
        if index and all(row[0] != step.ts for row in rows):
            seen += [bid + ask for ts, bid, ask in rows if ts < step.ts][-1:]
        assert int(scan.highest[index]) == max(seen, default=-1)
        assert int(scan.lowest[index]) == min(seen, default=-1)


def test_a_drawdown_by_hand() -> None:
    """One coin at mids 100, 120, 90, 120, 60 with no cash: 120 to 60 is the deepest, for good.

    The fall to 90 lasts from second 1 to second 3; the one to 60 from second 3 to the end at 9.
    """
    market = quotes_market([(f"{p}.00", f"{p}.00") for p in (100, 120, 90, 120, 60)])
    held = AccountStep(START - 1, 0, 10**5)
    scan = PathScan([held], SCALE)
    scan.take(prices_of(market.slices[0]))
    scan.finish(START + 9 * SECOND)
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
    scan = PathScan([AccountStep(START - 1, 1000 * 10**18, -(10**5))], SCALE)
    scan.take(prices_of(market.slices[0]))
    scan.finish(START + 2 * SECOND)
    fall = scan.drawdown.deepest()
    assert fall is not None
    assert (fall.peak, fall.trough) == (900 * 10**18, 800 * 10**18)
    assert fall.recovered_ts == START + 2 * SECOND


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
