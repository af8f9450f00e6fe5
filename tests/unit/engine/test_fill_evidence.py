"""What a fill's evidence tells of the row that it traded against: its times, its age, its sizes."""

import pytest
from tests.rehearsal import rehearse

from offbook.domain.config import BookStart, FreshnessConfig, StalePolicy
from offbook.domain.orders import OrderSide
from offbook.testing.markets import (
    SECOND,
    START,
    XYZ,
    combined,
    depth_market,
    quotes_market,
    trades_market,
)

FLAG = FreshnessConfig(max_age_ns=SECOND, policy=StalePolicy.FLAG)


@pytest.mark.parametrize(("age", "told"), [(SECOND, None), (SECOND + 1, SECOND + 1)])
def test_a_flagged_fill_tells_the_age_of_a_quote_that_was_too_old(
    age: int, told: int | None
) -> None:
    """And of no other."""
    market = quotes_market([("100", "101")], instrument=XYZ)
    rehearsal = rehearse(market, venue={"freshness": FLAG})
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "1", at=START + age)
    rehearsal.advance(START + age)
    (fill,) = rehearsal.fills
    assert fill.evidence.stale_ns == told


@pytest.mark.parametrize("kind", ["quotes", "trades"])
def test_evidence_tells_the_venue_s_time_beside_that_of_the_session(kind: str) -> None:
    """Of the row that was traded against, not of the one before."""
    times = [START - 9, START + SECOND - 7]
    market = (
        quotes_market([("100", "101")] * 2, instrument=XYZ, events=times)
        if kind == "quotes"
        else trades_market([("100", "1", "buy")] * 2, instrument=XYZ, events=times)
    )
    rehearsal = rehearse(market)
    # The shown quote is taken at once, a print is for those who were there before it.
    rehearsal.rows(2 if kind == "quotes" else 1)
    rehearsal.send("A", OrderSide.BUY, "1")
    rehearsal.rest()
    rehearsal.end()
    (fill,) = rehearsal.fills
    assert (fill.evidence.row_ts, fill.evidence.ts_event) == (START + SECOND, times[1])


def test_evidence_of_a_level_tells_what_was_shown_beside_what_was_left() -> None:
    """What the session took before is missing in the one and not in the other."""
    market = depth_market(["snapshot 100.00x5 / 100.02x5", "", ""], instrument=XYZ)
    rehearsal = rehearse(market)
    rehearsal.rows(2)
    for name in ("A", "B"):
        rehearsal.send(name, OrderSide.BUY, "2")
        rehearsal.advance(rehearsal.engine.now)
    seen = [fill.evidence for fill in rehearsal.fills]
    assert [(one.level_qty, one.available_qty) for one in seen] == [(5, 5), (5, 3)]


def test_evidence_of_a_queue_tells_that_the_book_had_not_begun_with_a_snapshot() -> None:
    """What was ahead of the order may have been more than was told."""
    depth = depth_market(["100.00x5 / 100.02x5", "99.99x1"], instrument=XYZ)
    prints = trades_market([("100.00", "9", "sell")], instrument=XYZ, start=START + 2 * SECOND)
    rehearsal = rehearse(combined(depth, prints), venue={"book_start": BookStart.UPDATES})
    rehearsal.rows(3)
    rehearsal.send("A", OrderSide.BUY, "2", price="100.00")
    rehearsal.rest()
    rehearsal.end()
    (fill,) = rehearsal.fills
    seen = fill.evidence
    assert (seen.queue_ahead, seen.aggressor, seen.trade_qty) == (5, OrderSide.SELL, 9)
    assert seen.book_incomplete
