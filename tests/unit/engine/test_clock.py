"""Whether session time moves, and where a command stands in it."""

from typing import Any

from tests.rehearsal import rehearse

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import ResumeTimers
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Take
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

HALF = SECOND // 2
RESUME = c.Resume(command_id="again", timers=ResumeTimers.SKIP)


class FailsBetweenRows(Strategy):
    """Raises when a timer falls due between two rows."""

    def on_start(self) -> None:
        self.set_timer("x", after=HALF)

    def on_timer(self, name: str) -> None:
        raise RuntimeError


def test_an_error_between_rows_leaves_the_clock_where_it_happened() -> None:
    """The row that was on its way is not taken, and session time does not reach it."""
    market = quotes_market([("100", "101")] * 3, instrument=XYZ, times=[START + SECOND] * 3)
    rehearsal = rehearse(market, FailsBetweenRows(), start=False)
    rehearsal.start(START)
    rehearsal.rest()
    assert rehearsal.engine.status is SessionStatus.PAUSED
    assert (rehearsal.engine.now, rehearsal.engine.cursor.row) == (START + HALF, 0)


def test_a_command_after_an_error_between_rows_is_found_again_by_row_and_time() -> None:
    """Without the row that was on its way, from the journal's words alone."""
    market = quotes_market([("100", "101")] * 3, instrument=XYZ)
    rehearsal = rehearse(market, FailsBetweenRows())
    rehearsal.rest()
    rehearsal.feed(Take(command=RESUME, ts=rehearsal.engine.now))
    rehearsal.rest()
    taken = rehearsal.of(r.CommandTaken)[-1]
    assert taken.ts == START + HALF + 1

    other = rehearse(market, FailsBetweenRows())
    other.rows(taken.row)
    other.feed(Take(command=RESUME, ts=taken.ts))
    other.rest()
    assert other.raws == rehearsal.raws


def test_a_command_that_opens_an_instant_comes_before_its_timers() -> None:
    """Commands are the first stage, and all commands of one instant are."""

    class Timed(Strategy):
        def on_start(self) -> None:
            self.heard: list[Any] = []
            self.set_timer("x", after=HALF)

        def on_timer(self, name: str) -> None:
            self.heard.append(name)

        def on_pause(self) -> None:
            self.heard.append("pause")

    strategy = Timed()
    rehearsal = rehearse(quotes_market([("100", "101")] * 3, instrument=XYZ), strategy)
    rehearsal.rows(1)
    rehearsal.pause(at=START + HALF)
    rehearsal.resume(at=START + HALF)
    rehearsal.rest()
    assert strategy.heard == ["pause", "x"]


def test_commands_keep_their_order_whether_or_not_time_was_promised_between_them() -> None:
    """A promise is a hint: what it set off is told apart by the second command's time."""
    heads = []
    for promised in (False, True):
        rehearsal = rehearse(quotes_market([("100", "101")] * 3, instrument=XYZ))
        rehearsal.rows(1)
        rehearsal.pause(at=START + HALF)
        if promised:
            rehearsal.advance(START + HALF)
        rehearsal.resume()
        rehearsal.rest()
        heads.append(rehearsal.raws)
    assert heads[0] == heads[1]


def test_on_a_live_market_time_goes_on_while_paused() -> None:
    """Rows are taken, counted and matched against; callbacks are silent."""

    class Counting(Strategy):
        def on_start(self) -> None:
            self.rows: list[int] = []
            self.missed: Any = None

        def on_quote(self, quote: Any) -> None:
            self.rows.append(quote.row)

        def on_resume(self, missed: Any) -> None:
            self.missed = missed

    strategy = Counting()
    market = quotes_market([("100", "101")] * 10, instrument=XYZ)
    rehearsal = rehearse(market, strategy, clock_stops=False)
    rehearsal.rows(2)
    rehearsal.pause()
    rehearsal.rows(5)
    rehearsal.resume()
    rehearsal.rest()
    assert strategy.rows == [0, 1, 7, 8, 9]
    assert strategy.missed.rows == 5


def test_on_a_recording_time_stands_still_while_paused() -> None:
    """Not a row is taken, and nothing is missed."""
    market = quotes_market([("100", "101")] * 10, instrument=XYZ)
    rehearsal = rehearse(market)
    rehearsal.rows(2)
    rehearsal.pause()
    assert rehearsal.rest() == []
    rehearsal.advance(START + 100 * SECOND)
    assert (rehearsal.engine.now, rehearsal.engine.cursor.row) == (START + SECOND, 2)
    rehearsal.resume()
    assert rehearsal.of(r.SessionResumed)[0].missed_rows == 0
    rehearsal.rest()
    assert rehearsal.engine.cursor.row == 10
