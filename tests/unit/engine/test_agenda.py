"""What falls due when, and in which order it is taken."""

from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.calendars import NEVER
from offbook.domain.orders import ExecType
from offbook.engine.agenda import (
    STAGE_MESSAGE,
    STAGE_TIMER,
    STAGE_VENUE,
    Agenda,
    AgendaEntry,
    AgendaItem,
    CancelArrives,
    Expiry,
    HoursChange,
    NewArrives,
    ReplaceArrives,
    ReportArrives,
    StopDeadline,
    TimerDue,
)
from offbook.engine.ledger.state import Amendment

STAGES = (STAGE_VENUE, STAGE_TIMER, STAGE_MESSAGE)
entries = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(STAGES)), max_size=30)
steps = st.lists(st.one_of(entries, st.integers(0, 9)), max_size=8)


class Plain:
    """A sorted list that does the same, slowly."""

    def __init__(self) -> None:
        self.all: list[tuple[int, int, int, AgendaItem]] = []
        self.count = 0

    def add(self, due: int, stage: int, item: AgendaItem) -> None:
        self.count += 1
        self.all.append((due, stage, self.count, item))

    def take_due(self, ts: int) -> list[tuple[int, AgendaItem]]:
        due = [entry for entry in self.all if entry[0] <= ts]
        self.all = [entry for entry in self.all if entry[0] > ts]
        due.sort(key=lambda entry: (entry[1], entry[0], entry[2]))
        return [(stage, item) for _, stage, _, item in due]


@given(steps)
def test_an_agenda_takes_as_a_sorted_list_would(steps: list[object]) -> None:
    """Stage by stage, within a stage by time and then in the order put in."""
    agenda, plain = Agenda(), Plain()
    for step in steps:
        if isinstance(step, int):
            assert agenda.take_due(step) == plain.take_due(step)
        else:
            for due, stage in step:  # type: ignore[attr-defined]  # a list of entries
                item = NewArrives(plain.count)
                agenda.add(due, stage, item)
                plain.add(due, stage, item)
        assert agenda.next_due == min((entry[0] for entry in plain.all), default=NEVER)


@given(entries, entries, st.integers(0, 9))
def test_an_agenda_loaded_from_a_snapshot_goes_on_as_it_would_have(
    before: list[tuple[int, int]], after: list[tuple[int, int]], ts: int
) -> None:
    """Also with what is put in later."""
    one, other = Agenda(), Agenda()
    for due, stage in before:
        one.add(due, stage, NewArrives(due))
    other.load(*one.dump())
    assert other.dump() == one.dump()
    assert other.next_due == one.next_due
    for due, stage in after:
        one.add(due, stage, CancelArrives(due))
        other.add(due, stage, CancelArrives(due))
    assert one.take_due(ts) == other.take_due(ts)
    assert one.take_due(NEVER) == other.take_due(NEVER)


def test_stages_go_before_times_within_a_round() -> None:
    """A venue's timer of now comes before a message that has been due for longer."""
    agenda = Agenda()
    agenda.add(1, STAGE_MESSAGE, NewArrives(1))
    agenda.add(3, STAGE_TIMER, TimerDue("t"))
    agenda.add(5, STAGE_VENUE, Expiry(1))
    taken = [stage for stage, _ in agenda.take_due(5)]
    assert taken == [STAGE_VENUE, STAGE_TIMER, STAGE_MESSAGE]


def test_what_a_round_causes_at_its_own_instant_waits_for_the_next() -> None:
    """A round is what was due when it began."""
    agenda = Agenda()
    agenda.add(5, STAGE_MESSAGE, NewArrives(1))
    rounds = []
    while agenda.next_due <= 5:
        taken = [item for _, item in agenda.take_due(5)]
        rounds.append(taken)
        if len(rounds) == 1:
            agenda.add(5, STAGE_MESSAGE, NewArrives(2))
            agenda.add(5, STAGE_VENUE, Expiry(1))
            agenda.add(6, STAGE_MESSAGE, NewArrives(3))
    assert rounds == [[NewArrives(1)], [Expiry(1), NewArrives(2)]]
    assert agenda.next_due == 6


def test_a_cleared_agenda_has_nothing_to_come() -> None:
    """The session is over."""
    agenda = Agenda()
    agenda.add(1, STAGE_TIMER, TimerDue("t"))
    agenda.clear()
    assert agenda.next_due == NEVER
    assert agenda.take_due(NEVER) == []


def test_items_of_one_time_are_never_compared_themselves() -> None:
    """They have no order; the ordinal always decides."""
    agenda = Agenda()
    kinds: list[AgendaItem] = [
        StopDeadline(),
        HoursChange("XNYS"),
        ReplaceArrives(1, Amendment(order_qty=2, from_qty=3), 3, 4),
        ReportArrives(order=1, exec_type=ExecType.NEW, at=1),
        TimerDue("t"),
    ]
    for item in kinds:
        agenda.add(1, STAGE_VENUE, item)
    assert [entry.item for entry in agenda.dump()[1]] == kinds
    assert all(isinstance(entry, AgendaEntry) for entry in agenda.dump()[1])
    assert [item for _, item in agenda.take_due(1)] == kinds
