"""What stands in a journal, byte for byte.

``golden_records.jsonl`` holds one record of every kind as it is stored.  Sessions kept by users
hold such bytes for years, so a line of it never changes: what has to change is a new kind, with
the next number in its tag, read beside the old one.
"""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from tests.unit.domain.contract_examples import CONTRACT_EXAMPLES
from tests.unit.domain.event_examples import EVENT_EXAMPLES
from tests.unit.domain.joined_examples import SKIP_ROWS, joined_examples, joined_within_bars
from tests.unit.domain.margin_examples import LATER_EXAMPLES, MARGIN_EXAMPLES
from tests.unit.domain.order_examples import BASES, ORDER_EXAMPLES, SUBMIT_LIST

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import OnStrategyError, PauseOrders, ResumeTimers
from offbook.domain.market_data import DataKind, MarketInfo, SourceInfo
from offbook.domain.orders import (
    CancelReason,
    Liquidity,
    OrderRequest,
    OrderSide,
    OrderType,
    Origin,
    RejectReason,
    ReplaceRequest,
    TimeInForce,
)
from offbook.domain.record_parts import Conversion, Evidence, Mark, Posting, RecordBase
from offbook.domain.records import Record, decode_record, encode_record
from offbook.domain.values import Amount
from offbook.testing.markets import BTCUSDT, START

GOLDEN = Path(__file__).with_name("golden_records.jsonl")
WHAT_TO_DO = (
    "the bytes of a stored record changed. Journals on users' disks hold the old ones: leave the "
    "old kind as it is, give the new one the next version in its tag (Name.2), teach decode_record "
    "both, and add a line to golden_records.jsonl instead of changing one"
)
KINDS: tuple[type[Any], ...] = get_args(Record)
DUE = START + 50_000_000

_QUOTE = Evidence(
    row=7,
    row_ts=START,
    model="top-of-book.1",
    rule="took the shown ask",
    available_qty=30,
    ts_event=START - 1,
    bid_px=9999,
    ask_px=10_000,
    bid_qty=20,
    ask_qty=30,
)
_BAR = Evidence(
    row=7,
    row_ts=START,
    model="bar-range.1",
    rule="market order at the open",
    available_qty=30,
    ts_open=START - 60,
    open_px=10_000,
    high_px=10_100,
    low_px=9900,
    close_px=10_050,
    volume_qty=300,
    base_px=10_000,
    slippage_px=1,
    slippage_model="basis-points.1",
)
_BASICS = {
    "order": 1,
    "client_order_id": "S-1",
    "origin": Origin.STRATEGY,
    "command_id": None,
    "symbol": "BTCUSDT",
    "side": OrderSide.BUY,
    "order_type": OrderType.LIMIT,
    "time_in_force": TimeInForce.GTC,
    "order_qty": 30,
    "price_px": 10_000,
}
_REFUSED = {"reason": RejectReason.TICK_SIZE, "limit": "0.01", "value": "100.005"}
_FILL = {
    "order": 1,
    "exec_id": "00000000-0000-8000-8000-000000000001",
    "symbol": "BTCUSDT",
    "side": OrderSide.BUY,
    "last_qty": 10,
    "last_px": 10_000,
    "liquidity": Liquidity.REMOVED,
    "cum_qty": 10,
    "leaves_qty": 20,
    "cum_notional": Amount.parse("0.01"),
    "cum_added": Amount(0),
    "fee": Amount.parse("0.00001"),
    "fee_accrued": "1000000000000000000000",
    "reserved": Amount.parse("0.02002"),
    "realized": Amount(0),
    "position_qty": 10,
    "position_cost": Amount.parse("0.01"),
    "postings": (
        Posting("cash", "USDT", Amount.parse("-0.01")),
        Posting("venue", "USDT", Amount.parse("0.01")),
    ),
    "due": DUE,
}
_CONVERSION = Conversion(
    currency="USD",
    numerator=11,
    denominator=10,
    fee=Amount.parse("0.000011"),
    realized=Amount(0),
)
_COMMANDS: tuple[c.Command, ...] = (
    c.Start(command_id="c1"),
    c.Pause(command_id="c2", orders=PauseOrders.CANCEL_ENTRIES),
    c.Resume(command_id="c3", timers=ResumeTimers.FIRE_ONCE),
    c.Stop(command_id="c4", flatten=True, deadline_ns=60, reason="requested"),
    c.ForceStop(command_id="c5"),
    c.SubmitOrder(
        command_id="c6",
        order=OrderRequest(
            symbol="BTCUSDT",
            side=OrderSide.SELL,
            order_qty="0.1",
            order_type=OrderType.LIMIT,
            price="100.5",
            time_in_force=TimeInForce.DAY,
            reduce_only=True,
            client_order_id="mine",
        ),
    ),
    SUBMIT_LIST,
    c.CancelOrder(command_id="c7", client_order_id="mine"),
    c.ReplaceOrder(command_id="c8", client_order_id="mine", terms=ReplaceRequest(price="99")),
    SKIP_ROWS,
)


def _inputs_and_commands() -> list[Record]:
    market = MarketInfo(
        sources=(SourceInfo(symbol=BTCUSDT.symbol, kind=DataKind.QUOTES),),
        instruments=(BTCUSDT,),
        data_identity="data",
        calendar_identity="hours",
    )
    attached = r.SessionAttached(
        1,
        0,
        format=1,
        semantics=1,
        config=msgspec.Raw(b'{"seed":0}'),
        seed=0,
        market=market,
        strategy_name="EmaCross",
        strategy_source="source",
        currency="USDT",
        rates={"EUR": (11, 10)},
        opening=(
            Posting("cash", "USDT", Amount.parse("100000")),
            Posting("capital", "USDT", Amount.parse("-100000")),
        ),
    )
    asked: dict[str, Any] = {"order": 1, "origin": Origin.OUTSIDE, "command_id": "c7"}
    return [
        attached,
        *(r.CommandTaken(2, START, row=5, command=command) for command in _COMMANDS),
        r.OrderSubmitted(
            3,
            START,
            **_BASICS,
            reduce_only=False,
            reserve_px=10_000,
            reserved=Amount.parse("0.03003"),
            reserved_account="cash",
            reserved_currency="USDT",
            decision_bid_px=9999,
            decision_ask_px=10_001,
            due=DUE,
        ),
        r.OrderDenied(4, START, **_BASICS, **_REFUSED),
        r.CancelRequested(5, START, **asked, due=DUE),
        r.ReplaceRequested(
            6,
            START,
            **asked,
            order_qty=40,
            price_px=None,
            reserve_px=10_000,
            reserved=Amount(1),
            due=DUE,
        ),
        r.RequestDenied(7, START, **asked, replace=True, **_REFUSED),
        r.TimerSet(8, START, name="tick", due=DUE, every_ns=None),
        r.TimerCanceled(9, START, name="tick"),
    ]


def _events() -> list[Record]:
    return [
        r.OrderAccepted(10, START, order=1, venue_order_id="v", expires=None, due=DUE),
        r.OrderRejected(11, START, order=1, **_REFUSED, due=DUE),
        r.OrderFilled(12, START, **_FILL, conversion=None, evidence=_QUOTE),
        r.OrderFilled(12, START, **_FILL, conversion=_CONVERSION, evidence=_BAR),
        r.OrderCanceled(13, START, order=1, reason=CancelReason.REQUESTED, due=DUE),
        r.OrderExpired(14, START, order=1, reason=CancelReason.DAY_END, due=DUE),
        r.OrderReplaced(
            15,
            START,
            order=1,
            order_qty=40,
            price_px=9900,
            reserve_px=9900,
            reserved=Amount.parse("0.1"),
            sent=START,
            kept_priority=False,
            due=DUE,
        ),
        r.CancelRejected(16, START, order=1, reason=RejectReason.ORDER_CLOSED, due=DUE),
        r.ReplaceRejected(
            17,
            START,
            order=1,
            reason=RejectReason.QTY_BELOW_FILLED,
            reserved=Amount(-1),
            due=DUE,
        ),
    ]


def _lifecycle() -> list[Record]:
    return [
        r.TimerFired(18, START, name="tick", due=DUE, delivered=False),
        r.StrategyFailed(
            19, START, callback="on_quote", error_type="ValueError", action=OnStrategyError.PAUSE
        ),
        r.SessionStarted(20, START),
        r.SessionPaused(21, START, row=5, reason="requested", orders=PauseOrders.KEEP),
        r.SessionResumed(
            22,
            START,
            timers=ResumeTimers.SKIP,
            missed_rows=3,
            missed_timers=2,
            missed_fills=1,
            missed_expiries=4,
        ),
        r.SessionStopping(23, START, deadline=DUE, reason="requested"),
        r.SessionStopped(
            24,
            START,
            reason="requested",
            row=9,
            cash=Amount.parse("99999.98999"),
            balances={"USDT": Amount.parse("99999.98999")},
            equity=Amount.parse("99999.99999"),
            margin_used=Amount(0),
            marks=(Mark(symbol="BTCUSDT", bid_px=9999, ask_px=10_001, position_qty=10),),
        ),
        r.SessionFailed(25, START, reason="livelock"),
    ]


EXAMPLES = [*_inputs_and_commands(), *_events(), *_lifecycle(), *MARGIN_EXAMPLES, *ORDER_EXAMPLES]
EXAMPLES += joined_examples(EXAMPLES[0])
EXAMPLES += EVENT_EXAMPLES + LATER_EXAMPLES
EXAMPLES += joined_within_bars(EXAMPLES[0]) + CONTRACT_EXAMPLES
NAMES = [type(example).__name__ for example in EXAMPLES]


def golden_lines() -> list[bytes]:
    """The stored bytes, one record a line."""
    return GOLDEN.read_bytes().splitlines()


def subclasses(kind: type[Any]) -> set[type[Any]]:
    """All classes below one, however deep."""
    return {kind}.union(*map(subclasses, kind.__subclasses__())) - BASES


def test_the_union_holds_every_kind_of_record() -> None:
    """A kind left out could be written and never read back."""
    assert subclasses(RecordBase) == set(KINDS)


def test_the_union_of_commands_holds_every_command() -> None:
    """And every one has its place among the golden records."""
    assert subclasses(c._Command) - {c._Command} == set(get_args(c.Command))
    assert {type(command) for command in _COMMANDS} == set(get_args(c.Command))
    assert set(get_args(c.OrderCommand)) < set(get_args(c.Command))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_kind_carries_its_name_and_version(kind: type[Any]) -> None:
    """``OrderFilled.1``: the class's name, a dot, a number from 1."""
    config = kind.__struct_config__
    name, _, version = config.tag.partition(".")
    assert config.tag_field == "kind"
    assert version.isascii()
    assert version.isdigit()
    assert int(version) >= 1
    assert kind.__name__ in {name, f"{name}{version}", f"{name}V{version}"}
    assert kind.__struct_fields__[:2] == ("seq", "ts")


def test_no_two_kinds_share_a_tag() -> None:
    """Nor is one hidden behind another."""
    assert len({kind.__struct_config__.tag for kind in KINDS}) == len(KINDS)


def test_every_kind_has_an_example_in_the_golden_file() -> None:
    """A new kind brings its line."""
    assert {type(example) for example in EXAMPLES} == set(KINDS)
    assert len(golden_lines()) >= len(EXAMPLES), "add the new example's bytes as a line"


@pytest.mark.parametrize("index", range(len(EXAMPLES)), ids=NAMES)
def test_a_record_is_written_as_it_has_always_been(index: int) -> None:
    """On a failure: a new version, never a changed line."""
    assert encode_record(EXAMPLES[index]) == golden_lines()[index], WHAT_TO_DO


@pytest.mark.parametrize("line", range(len(golden_lines())))
def test_a_stored_record_reads_back_to_the_same_bytes(line: int) -> None:
    """Replays compare bytes."""
    raw = golden_lines()[line]
    assert encode_record(decode_record(raw)) == raw, WHAT_TO_DO


@pytest.mark.parametrize("index", range(len(EXAMPLES)), ids=NAMES)
def test_a_record_decodes_to_an_equal_record_of_its_kind(index: int) -> None:
    """Amounts come back as amounts, postings as postings."""
    example = EXAMPLES[index]
    again = decode_record(encode_record(example))
    assert type(again) is type(example)
    if not isinstance(example, r.SessionAttached):
        assert again == example
    for name in example.__struct_fields__:
        assert type(getattr(again, name)) is type(getattr(example, name)), name


def test_records_are_one_line_of_ascii_without_floats() -> None:
    """What is exact inside is exact on disk."""
    for raw in golden_lines():
        assert raw.isascii()
        plain = msgspec.json.decode(raw)
        assert not list(floats(plain)), raw


def floats(value: Any) -> list[float]:
    """All floats in plain data."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in floats(part)]
    if isinstance(value, list):
        return [found for part in value for found in floats(part)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'{"kind":"SessionStarted.2","seq":1,"ts":0}',
        b'{"kind":"SessionStarted.1","seq":1}',
        b'{"kind":"SessionStarted.1","seq":"1","ts":0}',
        b'{"kind":"SessionStarted.1","seq":1,"ts":0}x',
    ],
)
def test_what_is_no_record_is_refused(raw: bytes) -> None:
    """As msgspec says it; callers know the journal's name for it."""
    with pytest.raises(msgspec.DecodeError):
        decode_record(raw)


@pytest.mark.parametrize(
    "reserved",
    ["1e3", "", "0.0000000000000000001", 1, None],
)
def test_an_amount_that_is_no_decimal_text_is_refused(reserved: object) -> None:
    """Also a number: amounts are never JSON numbers."""
    golden = msgspec.json.decode(golden_lines()[NAMES.index("ReplaceRejected")])
    with pytest.raises(msgspec.ValidationError):
        decode_record(msgspec.json.encode({**golden, "reserved": reserved}))


def test_what_the_hooks_do_not_know_is_refused() -> None:
    """Nothing is written that cannot be read."""
    with pytest.raises(NotImplementedError, match="cannot encode complex"):
        r.encode_hook(1j)
    with pytest.raises((NotImplementedError, TypeError), match="cannot decode complex from str"):
        r.decode_hook(complex, "1")
