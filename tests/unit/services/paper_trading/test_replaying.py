"""Running recorded inputs again: whatever had happened by the last commit happens again."""

from collections.abc import Sequence

from tests.rehearsal import Rehearsal, rehearse

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.journal import StoredRecord
from offbook.domain.orders import OrderSide
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.journal_reader import survey
from offbook.services.paper_trading.replaying import Replay
from offbook.services.paper_trading.row_reader import RowReader
from offbook.testing.markets import SECOND, START, XYZ, quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway


async def replayed(rehearsal: Rehearsal) -> ProcessingEngine:
    """A fresh engine after a replay of all that was recorded, as after a crash."""
    raws = rehearsal.raws
    stored = [StoredRecord(seq, raw) for seq, raw in enumerate(raws, 1)]

    async def read(after_seq: int, limit: int) -> Sequence[StoredRecord]:
        return stored[after_seq : after_seq + limit]

    feed = await ScriptedGateway([rehearsal.all_rows]).open(rehearsal.session.config.market)
    rows = RowReader(feed, 100, lambda: None)
    facts = await survey(
        "s", read, last_seq=len(raws), chain_head=extend_all(GENESIS, raws).hex(), page_records=9
    )
    engine = ProcessingEngine(rehearsal.session, None, "source")
    engine.process([rehearsal.attach])
    replay = Replay(
        "s", engine, rows, read, after_seq=1, last_seq=len(raws), slice_rows=9, page_records=9
    )
    try:
        await replay.run(facts.inputs, rehearsal.engine.cursor)
    finally:
        await rows.close()
    assert replay.produced == len(raws)
    return engine


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
