"""Reports say where a corporate action has ended a book that was not told again."""

from __future__ import annotations

import msgspec
import pytest
from tests.stage import Stage

from offbook.domain.config import ActionKind, Adjustment, CorporateAction
from offbook.services.reporting.full_report import read_full_report
from offbook.testing.markets import depth_market

BEFORE = ["snapshot 100.00x5 / 100.02x3", "/ 100.03x4"]


async def notes_of(messages: list[str], ex: str) -> tuple[str, ...]:
    """What the report of a session says whose instrument is split at ``ex``."""
    market = depth_market(messages)
    split = CorporateAction(symbol="BTCUSDT", kind=ActionKind.SPLIT, ex=ex, ratio="2:1")
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=(split,))
    stage = Stage(msgspec.structs.replace(market, config=config))
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        session = await manager.wait(session.id)
    return (await read_full_report(session, stage.repository, stage.gateway)).notes


@pytest.mark.parametrize(
    ("messages", "ended"),
    [
        (["50.00x5 /", "/ 50.02x3", "49.99x5 /"], True),
        (["snapshot 50.02x5 / 50.00x3", "49.99x5 /"], True),
        (["snapshot 50.00x5 / 50.02x3", "49.99x5 /"], False),
        ([], False),
    ],
    ids=["updates alone", "crossed", "told anew", "over before"],
)
async def test_a_book_that_was_not_told_again_is_noted(messages: list[str], ended: bool) -> None:
    """Where the session went on beyond the action, and only then."""
    notes = await notes_of([*BEFORE, *messages], "2024-01-02T14:30:02Z")
    begins = "BTCUSDT: a corporate action ended its book at 2024-01-02 14:30:02 UTC"
    assert [note.startswith(begins) for note in notes] == [True] * ended


async def test_an_action_of_before_the_session_ended_no_book_of_it() -> None:
    """There was none, and none came to be."""
    assert await notes_of(["100.00x5 /", "/ 100.02x3"], "2024-01-02T14:29:00Z") == ()
