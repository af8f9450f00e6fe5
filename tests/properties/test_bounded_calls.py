"""A call that makes only so many records: where it is cut changes no byte, and a session can be
stored, and taken up again, at every cut that is not within an instant."""

from collections.abc import Callable
from functools import partial
from random import Random

import pytest
from tests.properties.gambler import Dozer, Gambler, Sleeper
from tests.properties.random_markets import MAKERS, Kind
from tests.properties.random_sessions import Improvised, fresh, improvise
from tests.rehearsal import rehearse

from offbook.domain.market_data import Cursor
from offbook.domain.records import encode_record
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Advance, EndOfData, EngineInput, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, XYZ, quotes_market

KINDS: list[Kind] = list(MAKERS)
OVER = {SessionStatus.STOPPED, SessionStatus.FAILED}
Budget = Callable[[], int]
AtCut = Callable[[int], None]


def _nothing(fed: int) -> None:
    pass


class Feeder:
    """Feeds an engine what a session was fed, so many records a call, as a pump would."""

    def __init__(
        self,
        done: Improvised,
        engine: ProcessingEngine,
        budget: Budget,
        at_cut: AtCut = _nothing,
        turns: Budget | None = None,
    ) -> None:
        self.done = done
        self.engine = engine
        self.made: list[bytes] = []
        self._budget = budget
        self._at_cut = at_cut
        self._turns = turns
        self._fed = 0

    def run(self) -> list[bytes]:
        """All of it; the records."""
        self._call(self.done.rehearsal.attach)
        last = self.done.rehearsal.engine.cursor
        self.carry_on(0, len(self.done.fed), last, len(self.done.rehearsal.records))
        return self.made

    def carry_on(self, fed: int, until: int, last: Cursor, records: int) -> None:
        """The inputs from ``fed`` to ``until``, then rows and time up to a cursor and a record."""
        for self._fed in range(fed, until):
            entry = self.done.fed[self._fed]
            self.rows_to(entry.row)
            if entry.command is None:
                self._call(EndOfData())
                continue
            if entry.ts > self.engine.now:
                self.advance(entry.ts - 1)
            self._call(Take(command=entry.command, ts=entry.ts))
        self._fed = until
        self.rows_to(last.row)
        behind = self.engine.now < last.ts or len(self.made) < records
        if behind and self.engine.status not in OVER:
            self.advance(last.ts)

    def rows_to(self, row: int) -> None:
        """Rows, in as many calls as it takes."""
        rows, engine = self.done.rehearsal.all_rows, self.engine
        while (begin := engine.cursor.row) < row and engine.status not in OVER:
            before = engine.last_seq, engine.cursor
            self._call(rows.rows(begin, row))
            moved = (engine.last_seq, engine.cursor) != before
            if not moved and not engine.cut_short:
                return

    def advance(self, ts: int) -> None:
        """A stretch of time, in as many calls as it takes."""
        self._call(Advance(ts=ts))
        while self.engine.cut_short:
            self._call(Advance(ts=ts))

    def _call(self, item: EngineInput) -> None:
        turns = None if self._turns is None else self._turns()
        records = self.engine.process([item], max_records=self._budget(), max_turns=turns)
        self.made += map(encode_record, records)
        if self.engine.cut_short and not self.engine.is_within_instant:
            self._at_cut(self._fed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_however_many_records_a_call_may_make_the_chain_is_the_same(seed: int, kind: Kind) -> None:
    """One by one, at random, and as many as one likes."""
    done = improvise(4000 + seed, kind)
    rng = Random(seed)
    for budget in (lambda: 1, lambda: rng.randint(1, 5), lambda: 10**9):
        assert Feeder(done, fresh(done), budget).run() == done.rehearsal.raws, f"seed {seed}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_however_much_a_call_may_look_at_the_chain_is_the_same(seed: int, kind: Kind) -> None:
    """Also where rows are passed over: one turn, a few, and records bounded beside them."""
    for strategy in (Gambler, Dozer, Sleeper):
        done = improvise(4500 + seed, kind, strategy=strategy)
        rng = Random(seed)
        for budget in (lambda: 10**9, partial(rng.randint, 1, 5)):
            for turns in (lambda: 1, partial(rng.randint, 1, 7)):
                feeder = Feeder(done, fresh(done), budget, turns=turns)
                assert feeder.run() == done.rehearsal.raws, f"seed {seed}, {strategy.__name__}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_can_be_taken_up_at_every_cut(kind: Kind) -> None:
    """From a snapshot, and from the cursor and the records alone, as after a crash."""
    # Not every session is cut, for some end soon: several together are.
    assert sum(_cuts_taken_up(5004 + seed, kind) for seed in range(3)) >= 4


def _cuts_taken_up(seed: int, kind: Kind) -> int:
    """Take a session up at some of its cuts; how many cuts there were."""
    done = improvise(seed, kind)
    raws = done.rehearsal.raws
    cuts = 0

    def take_up(fed: int) -> None:
        nonlocal cuts
        cuts += 1
        if cuts % 4 != 1:
            return
        live, count = feeder.engine, len(feeder.made)
        again = Feeder(done, fresh(done), lambda: 2)
        again._call(done.rehearsal.attach)
        again.carry_on(0, fed, live.cursor, count)
        assert again.made == raws[:count], f"seed {seed}, record {count}"
        assert again.engine.cursor == live.cursor
        state = live.snapshot()
        assert again.engine.snapshot() == state
        assert state is not None
        other = fresh(done)
        other.restore(done.rehearsal.attach, state)
        tail = Feeder(done, other, lambda: 10**9)
        tail.carry_on(fed, len(done.fed), done.rehearsal.engine.cursor, len(raws) - count)
        assert tail.made == raws[count:], f"seed {seed}, record {count}"

    feeder = Feeder(done, fresh(done), lambda: 1, take_up)
    assert feeder.run() == raws
    return cuts


class Floods(Strategy):
    """Sends ten orders a quote that are all denied, and more in answer to each, at once."""

    def on_start(self) -> None:
        self.left = 0
        self.set_timer("tick", every=SECOND // 4)

    def on_quote(self, quote: object) -> None:
        self.left = 30
        for _ in range(10):
            self.buy("XYZ", "1000000")

    def on_order(self, order: object) -> None:
        self.left -= 1
        if self.left > 0:
            self.buy("XYZ", "1000000")


def test_a_call_begins_no_round_after_its_records() -> None:
    """It is over the bound by what one row, instant or round makes, and by no more."""
    rows = [("100", "101", "50", "50")] * 20
    whole = rehearse(quotes_market(rows, instrument=XYZ), Floods())
    whole.rest()
    cut = rehearse(quotes_market(rows, instrument=XYZ), Floods())
    engine, made, within = cut.engine, [], 0
    while engine.cursor.row < len(rows):
        part = cut.all_rows.rows(engine.cursor.row, len(rows))
        records = engine.process([part], max_records=5)
        made += records
        within += engine.is_within_instant
        assert len(records) <= 5 + 10
    assert within
    made += engine.process([Advance(ts=engine.now)])
    whole.advance(whole.engine.now)
    assert [encode_record(record) for record in cut.records + made] == whole.raws


def test_what_is_left_of_several_inputs_is_left_whole() -> None:
    """The caller gives it again."""
    rows = [("100", "101", "50", "50")] * 8
    rehearsal = rehearse(quotes_market(rows, instrument=XYZ), Floods())
    parts = [rehearsal.all_rows.rows(0, 4), rehearsal.all_rows.rows(4, 8)]
    rehearsal.engine.process(parts, max_records=1)
    assert rehearsal.engine.cut_short
    assert rehearsal.engine.cursor.row == 1
