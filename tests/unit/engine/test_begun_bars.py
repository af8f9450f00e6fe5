"""Bars in progress where a session joined: for whoever subscribes before its first row."""

import msgspec
import pytest
from tests.rehearsal import Rehearsal, Snapshotting, attach_of, restored, session_of, whole

from offbook.domain.joining import BegunBars, BegunStretch, Joined
from offbook.domain.market_data import Bar
from offbook.engine.inputs import Advance
from offbook.testing.markets import MINUTE, SECOND, START, BuiltMarket, quotes_market

MINUTE_BEGAN = START - START % MINUTE
NOW = MINUTE_BEGAN + 20 * SECOND


def market_of(*seconds: int) -> BuiltMarket:
    """Quotes so many seconds after the session joined."""
    return quotes_market(
        [("101", "103")] * len(seconds), times=[NOW + at * SECOND for at in seconds]
    )


MARKET = market_of(30, 50, 110)
BEGUN = BegunBars(
    ts=NOW - 1, stretches=(BegunStretch(0, "mid", MINUTE_BEGAN, 9000, 9900, 8000, 9500, 0, 0),)
)


class Asking(Snapshotting):
    """Subscribes by a timer."""

    after: int = 0

    def on_start(self) -> None:
        self.shown: list[list[int]] = []
        self.set_timer("ask", after=self.after * SECOND)

    def on_timer(self, name: str) -> None:
        self.subscribe_bars("BTCUSDT", "1m")

    def on_bar(self, bar: Bar) -> None:
        self.shown.append([bar.ts - MINUTE_BEGAN, bar.open_px, bar.high_px, bar.low_px, bar.row])


def shown_when_asked_after(
    seconds: int,
    bars: BegunBars | msgspec.UnsetType = BEGUN,
    *,
    market: BuiltMarket = MARKET,
    moves: bool = False,
) -> list[list[int]]:
    """What a session is shown that joined at the 20th second of a minute; ``moves``: it goes on
    from a snapshot before its first row."""
    strategy = Asking(after=seconds)
    joined = Joined(recording="r", row=0, ts=NOW, bars=bars)
    attach = msgspec.structs.replace(attach_of(market, clock_stops=False), joined=joined)
    rehearsal = Rehearsal(market, session_of(market, strategy), strategy, attach)
    rehearsal.start(NOW)
    engine = rehearsal.engine
    if moves:
        state = engine.snapshot()
        assert state is not None
        engine = restored(rehearsal, strategy := Asking(after=seconds), state)
        assert engine.snapshot() == state
    engine.process([whole(market)])
    engine.process([Advance(ts=MINUTE_BEGAN + 4 * MINUTE)])
    return strategy.shown


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize("seconds", [0, 10, 29])
def test_it_goes_on_with_what_others_began(seconds: int, moves: bool) -> None:
    """As long as it has taken no row, also from a snapshot."""
    scale = 10**MARKET.config.instrument.price_precision
    mid = 102 * scale
    first, *others = shown_when_asked_after(seconds, moves=moves)
    assert first == [MINUTE // 1, 9000, max(9900, mid), min(8000, mid), 0]
    assert [bar[0] for bar in others] == [2 * MINUTE, 3 * MINUTE]


@pytest.mark.parametrize("seconds", [31, 60])
def test_whoever_asks_after_a_row_begins_there(seconds: int) -> None:
    """What the session took itself is in nobody's stretch."""
    shown = shown_when_asked_after(seconds)
    assert 9000 not in [bar[1] for bar in shown]


def test_a_bar_that_ended_before_it_was_asked_for_is_not_shown() -> None:
    """Though no row came since."""
    shown = shown_when_asked_after(50, market=market_of(90, 150))
    assert [bar[0] for bar in shown] == [2 * MINUTE, 3 * MINUTE]


def test_without_bars_in_progress_the_first_begins_at_the_join() -> None:
    """So it was before they were told, and so it stays for what was recorded then."""
    with_them = shown_when_asked_after(0)
    without = shown_when_asked_after(0, msgspec.UNSET)
    assert [bar[0] for bar in without] == [bar[0] for bar in with_them]
    assert without[1:] == with_them[1:]
    assert without[0][1] != 9000
