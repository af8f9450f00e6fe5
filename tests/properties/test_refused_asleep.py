"""Sessions that sleep through rows are refused the same orders as those that look at every row: by
the hours and the bands of the moment at which an order arrives."""

from random import Random
from typing import Any

import pytest
from tests.rehearsal import Rehearsal, Snapshotting, rehearse, restored

from offbook.domain import records as r
from offbook.domain.calendars import TradingCalendar
from offbook.domain.commands import Start
from offbook.domain.config import BeyondBand, LatencyConfig, WhileClosed
from offbook.domain.orders import OrderStatus, RejectReason
from offbook.domain.records import encode_record
from offbook.engine.inputs import EndOfData, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import SECOND, START, XYZ, combined, quotes_market, status_market

ROWS = 240


class Blind(Snapshotting):
    """Sends, and replaces, limits around the market by a timer, and looks at no row."""

    luck: int = 0

    def on_start(self) -> None:
        self.turns = 0
        self.set_timer("next", after=3 * SECOND, every=7 * SECOND)

    def on_timer(self, name: str) -> None:
        self.turns += 1
        rng = Random(f"{self.luck} {self.turns}")
        price = f"{rng.randint(9985, 10015) / 100:.2f}"
        mine = [one for one in self.open_orders() if one.order_status is OrderStatus.NEW]
        if mine and rng.random() < 0.4:
            self.replace(mine[0].client_order_id, price=price)
        else:
            self.buy("XYZ", 1, price=price)


def rehearsal_of(seed: int) -> Rehearsal:
    """A flat market that closes for half of each minute, and bands that move."""
    rng = Random(seed)
    quotes = quotes_market([("99.99", "100.01")] * ROWS, instrument=XYZ)
    events = []
    for _ in range(ROWS // 5):
        middle = rng.randint(9990, 10010)
        events.append(("bands", f"{(middle - 8) / 100:.2f}", f"{(middle + 8) / 100:.2f}"))
    status = status_market(events, instrument=XYZ, step=5 * SECOND + 1)
    opens = tuple(range(START, START + 1000 * SECOND, 60 * SECOND))
    hours = TradingCalendar(name="X", opens=opens, closes=tuple(at + 30 * SECOND for at in opens))
    rules = {"while_closed": WhileClosed.REJECT, "beyond_band": BeyondBand.REJECT}
    delay = LatencyConfig(entry_ns=rng.choice([0, 2 * SECOND]), response_ns=0)
    market = combined(quotes, status)
    return rehearse(
        market, Blind(luck=seed), calendar=hours, latency=delay, venue=rules, start=False
    )


def rest_of(case: Rehearsal, engine: ProcessingEngine, length: int) -> list[bytes]:
    """The records of an engine that has the rows that it has not had, in slices of a length."""
    rows, records = case.all_rows, []
    while (begin := engine.cursor.row) < len(rows):
        records += engine.process([rows.rows(begin, min(begin + length, len(rows)))])
        assert engine.cursor.row > begin, "the rows do not go on"
    return [encode_record(one) for one in [*records, *engine.process([EndOfData()])]]


def run(case: Rehearsal, seed: int, length: int, **how: Any) -> list[bytes]:
    """All records of another engine."""
    engine = ProcessingEngine(case.session, Blind(luck=seed), "source", **how)
    begin = Take(command=Start(command_id="start"), ts=int(case.all_rows.ts[0]))
    made = [encode_record(one) for one in engine.process([case.attach, begin])]
    return made + rest_of(case, engine, length)


@pytest.mark.parametrize("seed", range(3))
def test_refusals_do_not_hang_on_the_rows_that_are_looked_at(seed: int) -> None:
    """Nor on slices, nor on a snapshot between two of them."""
    case = rehearsal_of(seed)
    case.start()
    case.rows(ROWS // 2)
    begun, state = len(case.records), case.engine.snapshot()
    other = restored(case, Blind(luck=seed), state)
    while case.engine.cursor.row < len(case.all_rows):
        assert case.rest()
    case.end()
    raws = case.raws
    assert rest_of(case, other, 10**6) == raws[begun:]
    for length in (1, 7, 10**6):
        assert run(case, seed, length) == raws
    assert run(case, seed, 10**6, every_row=True) == raws
    refused = {one.reason for one in case.of(r.OrderRejected)}
    assert refused == {RejectReason.MARKET_CLOSED, RejectReason.PRICE_BAND}
    kept = {one.reason for one in case.of(r.ReplaceRejected)}
    assert kept == {RejectReason.PRICE_BAND}
