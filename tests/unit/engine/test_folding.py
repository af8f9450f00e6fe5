"""What records alone give: the ledger, its summary, and the end of a failed session."""

from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse, state_of

from offbook.domain import records as r
from offbook.domain.commands import Stop
from offbook.domain.config import (
    BasisPointsFee,
    LatencyConfig,
    LifecycleConfig,
    OnStrategyError,
    PauseOrders,
)
from offbook.domain.errors import EngineFault
from offbook.domain.orders import CancelReason, OrderSide
from offbook.domain.records import decode_record, encode_record
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import fold, instrument_of, stop_by_fold, summary_of
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, XYZ, quotes_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LATENCY = LatencyConfig(entry_ns=SECOND // 10, response_ns=SECOND // 10)
ROWS = [(f"{100 + i % 4}", f"{101 + i % 4}", "4", "4") for i in range(14)]
STOP = Stop(command_id="end", reason="enough")


def eventful() -> Rehearsal:
    """A session in which most kinds of things happen; it is not yet over."""
    rehearsal = rehearse(
        quotes_market(ROWS, instrument=XYZ),
        fee=BasisPointsFee(maker="1", taker="2"),
        latency=LATENCY,
    )
    rehearsal.rows(1)
    rehearsal.send("market", BUY, "6")
    rehearsal.rows(2)
    rehearsal.send("rest", BUY, "5", "95")
    rehearsal.send("dear", BUY, "100000", "95")
    rehearsal.send("ticks", SELL, "1", "101.5")
    rehearsal.rows(2)
    rehearsal.replace("rest", price="96")
    rehearsal.rows(1)
    rehearsal.cancel("ticks")
    rehearsal.pause(PauseOrders.KEEP)
    rehearsal.resume()
    rehearsal.rows(2)
    rehearsal.send("sell", SELL, "3", "102")
    rehearsal.send("held", SELL, "2", "190")
    rehearsal.rows(4)
    return rehearsal


def test_the_fold_is_the_live_ledger_after_every_record() -> None:
    """The rehearsal compares after every call; here each record's bytes are folded apart."""
    rehearsal = eventful()
    ledger = LedgerState()
    for count, record in enumerate(rehearsal.records, start=1):
        ledger.apply(decode_record(encode_record(record)))
        assert state_of(ledger) == state_of(fold(rehearsal.records[:count]))
        assert ledger.seq == count
    assert state_of(ledger) == state_of(rehearsal.engine._kernel.ledger)


def test_the_summary_of_a_fold_is_the_engines() -> None:
    """With the equity that only the market gives; at the end without being told it."""
    rehearsal = eventful()
    engine = rehearsal.engine
    assert summary_of(rehearsal.ledger, engine.summary().equity) == engine.summary()
    assert summary_of(rehearsal.ledger).open_orders == len(rehearsal.ledger.open_orders) == 2
    rehearsal.stop()
    assert engine.status is SessionStatus.STOPPED
    assert summary_of(fold(rehearsal.records)) == engine.summary()


def test_without_prices_equity_is_cash_and_positions_at_cost() -> None:
    """Honest about what is not known."""
    rehearsal = eventful()
    ledger = rehearsal.ledger
    cost = ledger.positions["XYZ"].cost
    summary = summary_of(ledger)
    assert summary.equity == summary.cash + cost
    assert summary.positions == {"XYZ": str(rehearsal.position)}


def test_a_session_without_a_market_has_an_empty_account() -> None:
    """A start that was cancelled."""
    summary = summary_of(fold([]))
    assert (summary.cash, summary.equity, summary.orders) == (Amount(0), Amount(0), 0)
    with pytest.raises(EngineFault):
        instrument_of(LedgerState(), "XYZ")


@pytest.mark.parametrize("damage", ["gap", "repeat", "swap", "time"])
def test_records_that_are_no_dense_sequence_do_not_fold(damage: str) -> None:
    """Whatever is wrong with them."""
    records = list(eventful().records)
    if damage == "gap":
        del records[5]
    elif damage == "repeat":
        records.insert(5, records[5])
    elif damage == "swap":
        records[5], records[6] = records[6], records[5]
    else:
        changed = decode_record(
            encode_record(records[5]).replace(f'"ts":{records[5].ts}'.encode(), b'"ts":1')
        )
        records[5] = changed
    with pytest.raises(EngineFault, match="does not follow"):
        fold(records)


def test_any_broken_off_session_can_be_ended_by_its_records() -> None:
    """Cut after every record: all orders canceled, nothing held, money kept, status STOPPED."""
    records = eventful().records
    for count in range(1, len(records) + 1):
        before = fold(records[:count])
        made = stop_by_fold(records[:count], STOP)
        after = fold([*records[:count], *made])
        canceled = [m for m in made if isinstance(m, r.OrderCanceled)]
        assert [m.order for m in canceled] == list(before.open_orders)
        assert {m.reason for m in canceled} <= {CancelReason.STOPPED}
        assert after.status is SessionStatus.STOPPED
        assert after.status_reason == "enough"
        assert not after.open_orders
        assert not any(after.reserved.values())
        assert after.balances == before.balances
        assert state_of(after)["positions"] == state_of(before)["positions"]
        assert {m.ts for m in made} == {before.ts}
        assert isinstance(made[0], r.CommandTaken)
        assert made[0].command == STOP
        assert summary_of(after).equity == summary_of(before).equity
        for record in made:
            assert encode_record(decode_record(encode_record(record))) == encode_record(record)


class Raiser(Strategy):
    """Leaves an order resting and gives up."""

    def on_quote(self, quote: Any) -> None:
        if quote.row == 0:
            self.buy("XYZ", 2, price=90)
        if quote.row == 3:
            raise ValueError("no more")


def test_a_failed_session_is_ended_where_it_failed() -> None:
    """The records it had stay as they are; the row is the last that was recorded."""
    rehearsal = rehearse(
        quotes_market(ROWS, instrument=XYZ),
        Raiser(),
        lifecycle=LifecycleConfig(on_strategy_error=OnStrategyError.FAIL),
    )
    rehearsal.rest()
    assert rehearsal.engine.status is SessionStatus.FAILED
    before = rehearsal.raws
    made = stop_by_fold(rehearsal.records, STOP)
    assert rehearsal.raws == before
    taken, canceled, stopped = made
    assert (taken.seq, canceled.seq, stopped.seq) == tuple(range(len(before) + 1, len(before) + 4))
    assert isinstance(stopped, r.SessionStopped)
    assert stopped.cash == stopped.equity == Amount.parse("10000")
    assert stopped.marks == ()
