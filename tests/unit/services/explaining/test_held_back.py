"""Orders that take nothing from what the market last showed: it is said why."""

from __future__ import annotations

import pytest
from tests.scenarios.stage import Stage, Table

from offbook.engine.inputs import Advance
from offbook.services.explaining.gates import Explanation, GateState, explain


def explained(text: str) -> Explanation:
    """The explanation at the last line of a table."""
    table = Table(text)
    stage = Stage(table)
    for line in table.lines:
        stage.carry_out(line)
        stage.feed(Advance(ts=line.ts))
    return explain("s", stage.engine.standing(), stage.records)


@pytest.mark.parametrize(
    ("table", "gate", "said"),
    [
        (
            """
            given fresh 2s defer
            time         what                     expect
            09:30:00     quote 100.00 100.10 5 5
            09:30:10     buy a 5 @ 100.20         a PENDING_NEW; a NEW
            """,
            "order a",
            "older than the 2.0 s of venue.freshness; it waits for the next",
        ),
        (
            """
            given rows quotes status
            time         what                     expect
            09:30:00     quote 100.00 100.10 5 5
            09:30:01     status halt              HALTED
            09:30:02     status resume            TRADING
            09:30:03     buy a 5 @ 100.20         a PENDING_NEW; a NEW
            """,
            "order a",
            "the last price was from before a halt or a split; it waits for the next",
        ),
        (
            """
            given rows quotes status
            time         what                     expect
            09:30:00     quote 100.00 100.10 5 5
            09:30:01     status halt              HALTED
            09:30:03     buy a 5 @ 100.20         a PENDING_NEW; a NEW
            """,
            "order a",
            "trading was halted at",
        ),
        (
            """
            given rows depth
            time         what                     expect
            09:30:00     depth 100x5 / snapshot
            09:30:03     buy a 5 @ 100.20         a DENIED NO_MARKET_DATA
            """,
            "data of XYZ",
            "no row had come",
        ),
        (
            """
            given hours 24/7; rows depth; action split 2:1 ex 2024-01-03
            time         what                                expect
            09:30:00     depth 100x5 / 100.02x5 snapshot
            2024-01-03
            00:00:00     -                                   SPLIT 2:1
            00:00:01     depth 50x5 / 50.02x5
            00:00:02     buy a 5                             a PENDING_NEW; a NEW
            """,
            "order a",
            "a corporate action has ended its book: a snapshot or a clear begins the next",
        ),
        (
            """
            given hours 24/7; rows depth; action split 2:1 ex 2024-01-03
            time         what                                expect
            09:30:00     depth 100x5 / 100.02x5 snapshot
            2024-01-03
            00:00:00     -                                   SPLIT 2:1
            00:00:01     depth 50x5 / 49.98x5 snapshot
            00:00:02     buy a 5                             a PENDING_NEW; a NEW
            """,
            "data of XYZ",
            "one side empty, crossed",
        ),
        (
            """
            given hours XNYS; closed reject
            time         what                     expect
            14:29:59     quote 100.00 100.10 5 5
            14:29:59.5   buy a 5 @ 100.20         a PENDING_NEW; a REJECTED MARKET_CLOSED
            """,
            "venue",
            '14:29:59 UTC; venue.while_closed = "queue" lets orders wait for the opening',
        ),
        (
            """
            given rows quotes status; beyond reject
            time         what                         expect
            09:30:00     quote 100.00 100.10 5 5
            09:30:01     status bands 95.00 105.00
            09:30:02     buy a 5 @ 105.01             a PENDING_NEW; a REJECTED PRICE_BAND
            """,
            "venue",
            '(it was 105.01, the limit 105.00); venue.beyond_band = "wait" lets limits beyond a',
        ),
    ],
    ids=[
        *("old", "before a halt", "in a halt", "no book", "book ended", "book crossed"),
        *("rejected in closed hours", "rejected beyond a band"),
    ],
)
def test_why_an_order_does_not_fill(table: str, gate: str, said: str) -> None:
    """At the gate of its own."""
    found = {one.name: one for one in explained(table).gates}
    assert found[gate].state is GateState.SHUT
    assert said in found[gate].text
