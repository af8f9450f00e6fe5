"""The index of wakes against asking every sleeper about every row."""

from random import Random

import pytest

from offbook.domain.calendars import NEVER
from offbook.domain.market_data import MarketSlice
from offbook.engine.rows.rows import rows_of
from offbook.engine.wake import NO_FALL, NO_RISE, Band, Wake
from offbook.services.market_hub.wake_index import SLACK, WakeIndex, reach_of
from offbook.testing.markets import BTCUSDT, XYZ, bars_market, quotes_market, trades_market


class Sleeping:
    """Counts how often it is woken."""

    def __init__(self) -> None:
        self.asleep = 0
        self.woken = 0
        self.wake = Wake()

    def wake_up(self) -> None:
        """Once more."""
        self.woken += 1


def wake_at_random(rng: Random) -> Wake:
    """Bounds near the market, far from it, or none."""
    near = [NO_FALL, *range(9_990, 10_011)]
    band = Band(
        ask_falls=rng.choice(near),
        ask_rises=rng.choice([*near[1:], NO_RISE]),
        bid_falls=rng.choice(near),
        bid_rises=rng.choice([*near[1:], NO_RISE]),
    )
    return Wake(
        every_row=frozenset(rng.choice([[], [], [], ["XYZ"], ["BTCUSDT"]])),
        bands=rng.choice([{}, {"XYZ": band}, {"BTCUSDT": band}, {"XYZ": band, "BTCUSDT": band}]),
        at=rng.choice([NEVER, rng.randint(0, 200)]),
    )


def rows_at_random(rng: Random, ts: int) -> MarketSlice:
    """One to three rows of either instrument at ``ts``."""
    instrument, count = rng.choice([XYZ, BTCUSDT]), rng.randint(1, 3)
    kind, times = rng.choice(["quotes", "trades", "bars"]), [ts] * count
    low = [rng.randint(9_985, 10_015) for _ in range(count)]
    if kind == "quotes":
        texts = [(f"{px / 100:.2f}", f"{(px + rng.randint(0, 3)) / 100:.2f}") for px in low]
        return quotes_market(texts, instrument=instrument, times=times).slices[0]
    if kind == "trades":
        prints = [(f"{px / 100:.2f}", "1") for px in low]
        return trades_market(prints, instrument=instrument, times=times).slices[0]
    px = low[0]
    bar = [f"{units / 100:.2f}" for units in (px, px + rng.randint(0, 4), px, px)]
    made = bars_market(
        [(bar[0], bar[1], bar[2], bar[3], "1")],
        instrument=instrument,
        times=[ts - 1],
        timeframe_ns=1,
    )
    return made.slices[0]


@pytest.mark.parametrize("seed", range(30))
def test_exactly_those_are_woken_whom_a_row_concerns(seed: int) -> None:
    """None is missed, and of single rows none too many; whoever was woken sleeps anew or not."""
    rng = Random(seed)
    index, sleepers = WakeIndex(["XYZ", "BTCUSDT"]), [Sleeping() for _ in range(40)]
    for ts in range(1, 150):
        for sleeper in sleepers:
            if not sleeper.asleep and rng.random() < 0.7:
                sleeper.wake = wake_at_random(rng)
                index.sleep(sleeper, sleeper.wake)
            elif sleeper.asleep and rng.random() < 0.02:
                index.rouse(sleeper)
        asleep = [sleeper for sleeper in sleepers if sleeper.asleep]
        assert index.sleeping == len(asleep)
        before = {id(sleeper): sleeper.woken for sleeper in sleepers}
        rows = rows_at_random(rng, ts)
        index.rows_came(rows.instrument.symbol, reach_of(rows))
        index.time_passed(ts)
        for sleeper in sleepers:
            concerned = any(sleeper.wake.concerns(row) for row in rows_of(rows))
            woken = sleeper.woken - before[id(sleeper)]
            assert woken == (1 if sleeper in asleep and concerned else 0)
            assert not (woken and sleeper.asleep)
        dues = [sleeper.wake.at for sleeper in sleepers if sleeper.asleep]
        assert index.next_at <= min(dues, default=NEVER)


def test_who_sleeps_again_and_again_leaves_no_heap_behind() -> None:
    """Stale entries are cleared out: what is kept grows with those who sleep, not with time."""
    index, sleeper = WakeIndex(["XYZ"]), Sleeping()
    band = Band(ask_falls=1, ask_rises=2**40, bid_falls=1, bid_rises=2**40)
    for _ in range(10_000):
        index.sleep(sleeper, Wake(bands={"XYZ": band}, at=2**60))
        index.rouse(sleeper)
        index.sleep(sleeper, Wake(every_row=frozenset(["XYZ"])))
    kept = index._instruments["XYZ"]
    heaps = [kept.ask_falls, kept.ask_rises, kept.bid_falls, kept.bid_rises, index._times]
    assert max(len(heap.entries) for heap in heaps) <= SLACK + 3
    assert len(kept.every_row) <= SLACK + 3
