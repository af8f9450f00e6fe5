"""A lifecycle command in a status that does not allow it: refused, and nothing changed."""

from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import commands as c
from offbook.domain.config import PauseOrders, ResumeTimers
from offbook.domain.errors import EngineFault, InvalidInput
from offbook.domain.orders import OrderRequest, OrderSide
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Take
from offbook.testing.markets import XYZ, quotes_market

S = SessionStatus
COMMANDS: dict[str, c.Command] = {
    "start": c.Start(command_id="x"),
    "pause": c.Pause(command_id="x", orders=PauseOrders.KEEP),
    "resume": c.Resume(command_id="x", timers=ResumeTimers.SKIP),
    "stop": c.Stop(command_id="x"),
    "force_stop": c.ForceStop(command_id="x"),
}
ALLOWED = {
    S.STARTING: {"start", "stop"},
    S.RUNNING: {"pause", "stop"},
    S.PAUSED: {"pause", "resume", "stop"},
    S.STOPPING: {"force_stop"},
}


def in_status(status: SessionStatus) -> Rehearsal:
    """A session in a status."""
    market = quotes_market([("100", "101", "9", "9"), ("100", "101", "0", "9")], instrument=XYZ)
    rehearsal = rehearse(market, start=status is not S.STARTING)
    if status is S.STARTING:
        rehearsal.feed(rehearsal.attach)
    if status is S.PAUSED:
        rehearsal.pause()
    if status is S.STOPPING:
        rehearsal.rows(1)
        rehearsal.send("A", OrderSide.BUY, "1")
        rehearsal.rest()
        rehearsal.stop(flatten=True)
    rehearsal.advance(rehearsal.engine.now)
    assert rehearsal.engine.status is status
    return rehearsal


@pytest.mark.parametrize("status", list(ALLOWED))
@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_in_every_status_is_taken_or_refused(
    status: SessionStatus, name: str
) -> None:
    """A second pause may come where an error has just paused; all else is by the table."""
    rehearsal = in_status(status)
    take: Any = Take(command=COMMANDS[name], ts=rehearsal.engine.now)
    before = list(rehearsal.raws)
    if name in ALLOWED[status]:
        rehearsal.feed(take)
        assert len(rehearsal.raws) > len(before)
        return
    with pytest.raises(EngineFault, match=f"{status.value}.*{name}"):
        rehearsal.feed(take)
    assert rehearsal.engine.status is status
    assert rehearsal.engine.last_seq == len(before)


@pytest.mark.parametrize(
    "command",
    [
        c.Stop(command_id="x", flatten=True, deadline_ns=-1),
        c.Stop(command_id="x", flatten=True, deadline_ns=2**63),
        c.Stop(command_id="x", deadline_ns=2**70),
        c.Stop(command_id="\ud800"),
        c.CancelOrder(command_id=5, client_order_id="A"),  # type: ignore[arg-type]  # what a careless caller gives
        c.SubmitOrder(
            command_id="x",
            order=OrderRequest(symbol="XYZ", side=OrderSide.BUY, order_qty=5),  # type: ignore[arg-type]  # the same
        ),
    ],
)
def test_what_could_not_be_read_back_is_refused_before_it_is_taken(command: Any) -> None:
    """A journal holds nothing that it cannot give back."""
    rehearsal = in_status(S.RUNNING)
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "1", "90")
    with pytest.raises(InvalidInput):
        rehearsal.engine.check(command)
