"""Reports say where a corporate action has ended a book that was not told again."""

from __future__ import annotations

import msgspec
import pytest
from tests.stage import Stage

from offbook.domain.config import ActionKind, Adjustment, CorporateAction
from offbook.services.reporting.full_report import read_full_report
from offbook.testing.markets import depth_market

BEFORE = ["snapshot 100.00x5 / 100.02x3", "/ 100.03x4"]


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
    market = depth_market([*BEFORE, *messages])
    split = CorporateAction(
        symbol="BTCUSDT", kind=ActionKind.SPLIT, ex="2024-01-02T14:30:02Z", ratio="2:1"
    )
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=(split,))
    stage = Stage(msgspec.structs.replace(market, config=config))
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        session = await manager.wait(session.id)
    report = await read_full_report(session, stage.repository, stage.gateway)
    begins = "BTCUSDT: a corporate action ended its book at 2024-01-02 14:30:02 UTC"
    assert [note.startswith(begins) for note in report.notes] == [True] * ended
