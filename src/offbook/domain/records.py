"""What a session's journal holds: one dense, chained sequence of records.

Three families: inputs that cannot be computed again (``SessionAttached``, ``CommandTaken``), the
strategy's commands, and events.  Every kind carries its version in its tag (``OrderFilled.1``);
a changed meaning is a new version, never a changed old one.

Prices end in ``_px`` and quantities in ``_qty``: integers in the instrument's units.  Amounts are
decimal text.  Times are session time in ns UTC.  Every number that matters later stands in the
record, so that folding never computes one again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from offbook.domain.action_records import FlowAccrued as FlowAccrued
from offbook.domain.action_records import FlowPaid as FlowPaid
from offbook.domain.action_records import OrderAdjusted as OrderAdjusted
from offbook.domain.action_records import PositionDelisted as PositionDelisted
from offbook.domain.action_records import PositionRestated as PositionRestated
from offbook.domain.action_records import PositionSettled as PositionSettled
from offbook.domain.action_records import SettlementDone as SettlementDone
from offbook.domain.action_records import SettlementPending as SettlementPending
from offbook.domain.amount_texts import decode_hook as decode_hook
from offbook.domain.amount_texts import encode_hook as encode_hook
from offbook.domain.commands import Command
from offbook.domain.config import OnStrategyError
from offbook.domain.joining import Joined
from offbook.domain.lifecycle_records import SessionFailed as SessionFailed
from offbook.domain.lifecycle_records import SessionPaused as SessionPaused
from offbook.domain.lifecycle_records import SessionResumed as SessionResumed
from offbook.domain.lifecycle_records import SessionStarted as SessionStarted
from offbook.domain.lifecycle_records import SessionStopped as SessionStopped
from offbook.domain.lifecycle_records import SessionStopping as SessionStopping
from offbook.domain.margin_records import LiquidationBegan as LiquidationBegan
from offbook.domain.margin_records import LiquidationEnded as LiquidationEnded
from offbook.domain.margin_records import MarginCalled as MarginCalled
from offbook.domain.margin_records import MarginDrawn as MarginDrawn
from offbook.domain.margin_records import MarginRestored as MarginRestored
from offbook.domain.margin_records import ReservationsMoved as ReservationsMoved
from offbook.domain.market_data import MarketInfo
from offbook.domain.market_records import TradingStatusChanged as TradingStatusChanged
from offbook.domain.order_records import OrderAccepted as OrderAccepted
from offbook.domain.order_records import OrderRepegged as OrderRepegged
from offbook.domain.order_records import OrderRestated as OrderRestated
from offbook.domain.order_records import OrderTriggered as OrderTriggered
from offbook.domain.orders import (
    CancelReason,
    Liquidity,
    OrderSide,
    OrderType,
    Origin,
    RejectReason,
    TimeInForce,
)
from offbook.domain.record_parts import (
    Conversion,
    Evidence,
    OrderFields,
    Posting,
    RecordBase,
    TriggerFields,
)
from offbook.domain.risk_records import DailyLossReached as DailyLossReached
from offbook.domain.risk_records import DayBegan as DayBegan
from offbook.domain.values import Amount

JOURNAL_FORMAT: Final = 1
ENGINE_SEMANTICS: Final = 3
"""Grows whenever the same inputs could give other records than before: an older journal is not run
again then, for what differed would look like damage."""


# -- inputs that cannot be computed again ---------------------------------------------------


class SessionAttached(RecordBase, frozen=True, kw_only=True, tag="SessionAttached.1"):
    """The first record: all that decides the rest. ``config`` is canonical; ``currency`` is that of
    the account, ``rates`` what others are stated to be worth; ``joined`` says where in a market."""

    format: int
    semantics: int
    config: msgspec.Raw
    seed: int
    market: MarketInfo
    strategy_name: str | None
    strategy_source: str | None
    currency: str
    rates: dict[str, tuple[int, int]]
    opening: tuple[Posting, ...]
    joined: Joined | msgspec.UnsetType = msgspec.UNSET


class CommandTaken(RecordBase, frozen=True, kw_only=True, tag="CommandTaken.1"):
    """An outside command, taken after ``row`` rows at session time ``ts``."""

    row: int
    command: Command


# -- the strategy's commands ----------------------------------------------------------------


class OrderSubmitted(OrderFields, frozen=True, kw_only=True, tag="OrderSubmitted.1"):
    """An order left for the venue. ``due`` is when it arrives; ``reserved`` is held until then
    and released exactly once, at ``reserve_px`` for a buy, of ``reserved_currency`` in
    ``reserved_account`` (cash, holdings or margin). ``decision_*`` is the market at the
    decision."""

    order: int
    client_order_id: str
    origin: Origin
    command_id: str | None
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    order_qty: int
    price_px: int | None
    reduce_only: bool
    reserve_px: int
    reserved: Amount
    reserved_account: str
    reserved_currency: str
    decision_bid_px: int
    decision_ask_px: int
    due: int


class OrderDenied(OrderFields, frozen=True, kw_only=True, tag="OrderDenied.1"):
    """Our own risk refused an order; it never left. ``limit`` and ``value`` show the numbers."""

    order: int
    client_order_id: str
    origin: Origin
    command_id: str | None
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    order_qty: int
    price_px: int | None
    reason: RejectReason
    limit: str
    value: str


class CancelRequested(RecordBase, frozen=True, kw_only=True, tag="CancelRequested.1"):
    """A cancel left for the venue and arrives at ``due``."""

    order: int
    origin: Origin
    command_id: str | None
    due: int


class ReplaceRequested(TriggerFields, frozen=True, kw_only=True, tag="ReplaceRequested.1"):
    """New terms left for the venue and arrive at ``due``; ``reserved`` covers both old and new."""

    order: int
    origin: Origin
    command_id: str | None
    order_qty: int
    price_px: int | None
    reserve_px: int
    reserved: Amount
    due: int


class RequestDenied(RecordBase, frozen=True, kw_only=True, tag="RequestDenied.1"):
    """A cancel or a replace was refused before it left."""

    order: int
    origin: Origin
    command_id: str | None
    replace: bool
    reason: RejectReason
    limit: str
    value: str


class TimerSet(RecordBase, frozen=True, kw_only=True, tag="TimerSet.1"):
    """The strategy set a timer, ``due`` by its clock; ``every_ns`` repeats it."""

    name: str
    due: int
    every_ns: int | None


class TimerCanceled(RecordBase, frozen=True, kw_only=True, tag="TimerCanceled.1"):
    """The strategy took a timer back."""

    name: str


# -- events ---------------------------------------------------------------------------------


class OrderRejected(RecordBase, frozen=True, kw_only=True, tag="OrderRejected.1"):
    """The venue refused the order; its reservation is released."""

    order: int
    reason: RejectReason
    limit: str
    value: str
    due: int


class OrderFilled(RecordBase, frozen=True, kw_only=True, tag="OrderFilled.1"):
    """A trade, with its evidence and its bookings.

    ``cum_notional`` is all that the order has traded and ``cum_added`` what of it as a maker.
    ``fee_accrued`` is the exact charge of the whole order so far in units of 10**-26, of which
    ``fee`` (this fill's part, negative for a rebate) is what rounding has booked; ``fee_within`` is
    what charges that have bounds in common came to without these, in the same units, where there
    are such; ``reserved`` is what stays held.
    ``position_*`` and ``realized`` are the position after the fill; ``conversion`` is there when
    the instrument is paid in another currency than the account's.
    """

    order: int
    exec_id: str
    symbol: str
    side: OrderSide
    last_qty: int
    last_px: int
    liquidity: Liquidity
    cum_qty: int
    leaves_qty: int
    cum_notional: Amount
    cum_added: Amount
    fee: Amount
    fee_accrued: str
    reserved: Amount
    realized: Amount
    position_qty: int
    position_cost: Amount
    postings: tuple[Posting, ...]
    conversion: Conversion | None
    evidence: Evidence
    due: int
    fee_within: str | msgspec.UnsetType = msgspec.UNSET


class OrderCanceled(RecordBase, frozen=True, kw_only=True, tag="OrderCanceled.1"):
    """The rest of the order is gone; its reservation is released."""

    order: int
    reason: CancelReason
    due: int


class OrderExpired(RecordBase, frozen=True, kw_only=True, tag="OrderExpired.1"):
    """The order's time in force ended; its reservation is released."""

    order: int
    reason: CancelReason
    due: int


class OrderReplaced(TriggerFields, frozen=True, kw_only=True, tag="OrderReplaced.1"):
    """The venue took new terms, sent at ``sent``; ``kept_priority``: its place in time stays."""

    order: int
    order_qty: int
    price_px: int | None
    reserve_px: int
    reserved: Amount
    sent: int
    kept_priority: bool
    due: int


class CancelRejected(RecordBase, frozen=True, kw_only=True, tag="CancelRejected.1"):
    """The venue could not cancel; the order stands as it is."""

    order: int
    reason: RejectReason
    due: int


class ReplaceRejected(RecordBase, frozen=True, kw_only=True, tag="ReplaceRejected.1"):
    """The venue could not replace; the old terms stand and ``reserved`` is theirs."""

    order: int
    reason: RejectReason
    reserved: Amount
    due: int


class TimerFired(RecordBase, frozen=True, kw_only=True, tag="TimerFired.1"):
    """A timer fell due; ``delivered`` is False when it was only counted, while paused."""

    name: str
    due: int
    delivered: bool


class StrategyFailed(RecordBase, frozen=True, kw_only=True, tag="StrategyFailed.1"):
    """A callback raised. The error's text, which may differ, is kept outside the chain."""

    callback: str
    error_type: str
    action: OnStrategyError


Record = (
    SessionAttached
    | CommandTaken
    | OrderSubmitted
    | OrderDenied
    | CancelRequested
    | ReplaceRequested
    | RequestDenied
    | TimerSet
    | TimerCanceled
    | OrderAccepted
    | OrderTriggered
    | OrderRepegged
    | OrderRestated
    | OrderRejected
    | OrderFilled
    | OrderCanceled
    | OrderExpired
    | OrderReplaced
    | CancelRejected
    | ReplaceRejected
    | ReservationsMoved
    | MarginCalled
    | LiquidationBegan
    | LiquidationEnded
    | MarginDrawn
    | DayBegan
    | DailyLossReached
    | MarginRestored
    | PositionRestated
    | PositionDelisted
    | PositionSettled
    | OrderAdjusted
    | FlowAccrued
    | FlowPaid
    | SettlementPending
    | SettlementDone
    | TradingStatusChanged
    | TimerFired
    | StrategyFailed
    | SessionStarted
    | SessionPaused
    | SessionResumed
    | SessionStopping
    | SessionStopped
    | SessionFailed
)


_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record, dec_hook=decode_hook)


def encode_record(record: Record) -> bytes:
    """A record's canonical bytes, as chained, stored and compared: JSON, fields as declared."""
    return _ENCODER.encode(record)


def encode_records(records: Iterable[Record]) -> list[bytes]:
    """The same of several, in order."""
    encode = _ENCODER.encode
    return [encode(record) for record in records]


def decode_record(raw: bytes) -> Record:
    """Read one record back, to the same bytes. Raises msgspec.DecodeError for anything else."""
    return _DECODER.decode(raw)
