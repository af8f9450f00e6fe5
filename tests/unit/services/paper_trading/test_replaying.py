"""Running recorded inputs again: whatever had happened by the last commit happens again."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.errors import JournalMismatch
from offbook.domain.journal import StoredRecord
from offbook.domain.orders import OrderSide
from offbook.domain.records import Record
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.journal_reader import survey
from offbook.services.paper_trading.replaying import CALL_RECORDS, Replay
from offbook.services.paper_trading.row_reader import RowReader
from offbook.testing.markets import SECOND, START, XYZ, quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway


class Ringing(Strategy):
    """Has a timer rung a thousand times a second once it is told of an order."""

    def on_order(self, order: object) -> None:
        self.set_timer("ring", every=SECOND // 1000)


class Counting(ProcessingEngine):
    """Notes how many records each call makes."""

    def process(self, *arguments: Any, **more: Any) -> list[Record]:
        made = super().process(*arguments, **more)
        self.most = max(getattr(self, "most", 0), len(made))
        return made


async def replayed(
    rehearsal: Rehearsal,
    strategy: Strategy | None = None,
    *,
    stored_as: Sequence[bytes] | None = None,
    page_records: int = 9,
) -> Counting:
    """A fresh engine after a replay of all that was recorded, as after a crash.

    Compared with ``stored_as``, if that is given, in place of what was recorded.
    """
    raws = rehearsal.raws
    stored = [StoredRecord(seq, raw) for seq, raw in enumerate(raws, 1)]
    compared = [StoredRecord(seq, raw) for seq, raw in enumerate(stored_as or raws, 1)]

    async def read(after_seq: int, limit: int) -> Sequence[StoredRecord]:
        return stored[after_seq : after_seq + limit]

    feed = await ScriptedGateway([rehearsal.all_rows]).open(rehearsal.session.config.market)
    rows = RowReader(feed, 100, lambda: None)
    facts = await survey(
        "s", read, last_seq=len(raws), chain_head=extend_all(GENESIS, raws).hex(), page_records=9
    )
    engine = Counting(rehearsal.session, strategy, "source")
    engine.process([rehearsal.attach])

    async def read_again(after_seq: int, limit: int) -> Sequence[StoredRecord]:
        return compared[after_seq : after_seq + limit]

    replay = Replay(
        "s",
        engine,
        rows,
        read_again,
        after_seq=1,
        last_seq=len(compared),
        slice_rows=9,
        page_records=page_records,
        tells_strategy=strategy is not None,
    )
    try:
        await replay.run(facts.inputs, rehearsal.engine.cursor)
    finally:
        await rows.close()
    assert replay.produced == len(compared)
    return engine


@pytest.mark.parametrize("page_records", [1, 9, 1000])
async def test_a_record_that_differs_is_told_wherever_it_is(page_records: int) -> None:
    """Also among many that one call of the engine makes, and where a page begins or ends."""
    rehearsal = rehearse(quotes_market([("100", "101")] * 4, instrument=XYZ))
    rehearsal.rows(1)
    for place in range(6):
        rehearsal.send(f"o{place}", OrderSide.BUY, "1", at=START + SECOND // 2 + place)
    rehearsal.rest()
    raws = rehearsal.raws
    assert len(raws) > 20
    for seq in range(2, len(raws) + 1):
        other = raws[seq - 1][:-1] + b" }"
        torn = [*raws[: seq - 1], other, *raws[seq:]]
        with pytest.raises(JournalMismatch) as caught:
            await replayed(rehearsal, stored_as=torn, page_records=page_records)
        told = [caught.value.fields[name] for name in ("seq", "expected", "found")]
        assert told == [seq, other, raws[seq - 1]]


@pytest.mark.parametrize("page_records", [1, 9, 1000])
async def test_a_record_too_many_and_one_too_few_are_told(page_records: int) -> None:
    """Those that follow the last."""
    rehearsal = rehearse(quotes_market([("100", "101")] * 4, instrument=XYZ))
    rehearsal.rows(1)
    for place in range(6):
        rehearsal.send(f"o{place}", OrderSide.BUY, "1", at=START + SECOND // 2 + place)
    rehearsal.rest()
    raws = rehearsal.raws
    with pytest.raises(JournalMismatch) as caught:
        await replayed(rehearsal, stored_as=[*raws, b"{}"], page_records=page_records)
    assert (caught.value.fields["seq"], caught.value.fields["expected"]) == (len(raws) + 1, b"{}")
    with pytest.raises(JournalMismatch) as caught:
        await replayed(rehearsal, stored_as=raws[:-1], page_records=page_records)
    told = [caught.value.fields[name] for name in ("seq", "expected", "found")]
    assert told == [len(raws), None, raws[-1]]


async def test_what_a_command_set_off_at_its_own_instant_is_made_again() -> None:
    """The order arrived without delay and was committed; no later row or command tells so."""
    rehearsal = rehearse(quotes_market([("100", "101")] * 3, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "1", at=START + SECOND // 2)
    rehearsal.advance(START + SECOND - 1)
    assert rehearsal.order("A").cum_qty == "1"
    engine = await replayed(rehearsal)
    assert engine.order_views() == rehearsal.engine.order_views()


async def test_what_fell_due_after_the_last_row_is_made_again() -> None:
    """As far as session time had gone."""
    rehearsal = rehearse(quotes_market([("100", "101")] * 3, instrument=XYZ))
    rehearsal.rest()
    rehearsal.send("A", OrderSide.BUY, "1")
    rehearsal.advance(START + 2 * SECOND)
    engine = await replayed(rehearsal)
    assert engine.order_views() == rehearsal.engine.order_views()


async def test_what_commands_bring_between_them_is_made_in_calls_that_end() -> None:
    """Nothing was due before the second, as the first was taken; then a timer rings up to it."""
    market = quotes_market([("100", "101")] * 3, instrument=XYZ, step=60 * SECOND)
    rehearsal = rehearse(market, Ringing())
    rehearsal.rows(1)
    at = START + 60 * SECOND + SECOND // 2
    rehearsal.send("A", OrderSide.BUY, "1", at=at)
    rehearsal.advance(at + 9 * SECOND)
    rehearsal.send("B", OrderSide.BUY, "1", at=at + 9 * SECOND)
    assert len(rehearsal.raws) > 8000
    engine = await replayed(rehearsal, Ringing())
    assert engine.order_views() == rehearsal.engine.order_views()
    assert engine.most < 2 * CALL_RECORDS
