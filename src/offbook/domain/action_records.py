"""Records of what happens to positions, orders and cash without a trade: corporate actions, and
money that accrues and is paid."""

from __future__ import annotations

import enum

from offbook.domain.record_parts import Posting, RecordBase, TriggerFields
from offbook.domain.values import Amount


class FlowReason(enum.Enum):
    """Why money came or went without a trade."""

    DIVIDEND = "dividend"
    BORROW_FEE = "borrow_fee"
    INTEREST = "interest"
    FUNDING = "funding"
    LIQUIDATION_FEE = "liquidation_fee"
    INSURANCE = "insurance"


class PositionRestated(RecordBase, frozen=True, kw_only=True, tag="PositionRestated.1"):
    """A split, or a change of symbol: each ``denominator`` units of ``symbol`` became
    ``numerator`` of ``new_symbol`` (the same in a split).

    ``position_qty`` and ``position_cost`` are the position in the new symbol afterwards.
    ``in_lieu`` (signed) is the cash for the fraction that was no whole lot, ``realized`` what that
    gained above its part of the cost, in the instrument's currency and, as ``worth``, in the
    account's.  ``last_row`` is the row that gave the last price before, -1 without one: until
    the next row prices are those of that row, restated.
    """

    symbol: str
    new_symbol: str
    numerator: int
    denominator: int
    last_row: int
    position_qty: int
    position_cost: Amount
    in_lieu: Amount
    realized: Amount
    worth: Amount
    postings: tuple[Posting, ...]
    due: int


class PositionDelisted(RecordBase, frozen=True, kw_only=True, tag="PositionDelisted.1"):
    """The symbol trades no more; what was held of it brought ``paid`` (signed), or nothing.
    ``realized`` and ``worth`` as above."""

    symbol: str
    paid: Amount
    realized: Amount
    worth: Amount
    postings: tuple[Posting, ...]
    due: int


class PositionSettled(RecordBase, frozen=True, kw_only=True, tag="PositionSettled.1"):
    """A position in contracts was marked to the settlement ``price`` (decimal text), which an
    exchange gave (``is_given``) or the market's last prices did: what it had gained since it was
    opened, or settled last, came to the cash.

    ``realized`` (in the currency that the contract is settled in) and ``worth`` (in the account's)
    are that gain; ``position_qty`` and ``position_cost`` are the position afterwards, none where
    the contract ``expired``.
    """

    symbol: str
    price: str
    is_given: bool
    expired: bool
    position_qty: int
    position_cost: Amount
    realized: Amount
    worth: Amount
    postings: tuple[Posting, ...]
    due: int


class OrderAdjusted(
    TriggerFields, frozen=True, kw_only=True, omit_defaults=True, tag="OrderAdjusted.1"
):
    """An open order's terms follow a corporate action; its place in time priority stays.

    What few orders have, as it is now, is not written where it is not given.  ``list_ratio`` is a
    split's, new for old, of an order whose list has orders of other instruments too.
    """

    order: int
    order_qty: int
    price_px: int | None
    reserve_px: int
    reserved: Amount
    due: int
    display_qty: int | None = None
    min_qty: int = 0
    cap_px: int | None = None
    peg_offset_px: int = 0
    list_ratio: tuple[int, int] | None = None


class FlowAccrued(RecordBase, frozen=True, kw_only=True, tag="FlowAccrued.1"):
    """Money is owed to the account (``amount`` positive) or by it, and counts in its equity.

    ``amount`` is ``basis`` times ``rate`` (both decimal text: of a dividend the units held and
    what each pays; of a fee or of interest the value and the yearly rate, for ``days`` of a year
    of ``year_days``), rounded once against the account, less ``withheld``, a tax.  ``worth`` is
    the amount in the account's currency.  ``pays`` is when it is paid, None with its month's.
    """

    reason: FlowReason
    symbol: str | None
    currency: str
    basis: str
    rate: str
    days: int
    year_days: int
    amount: Amount
    withheld: Amount
    worth: Amount
    pays: int | None
    postings: tuple[Posting, ...]


class SettlementPending(RecordBase, frozen=True, kw_only=True, tag="SettlementPending.1"):
    """What a fill of ``symbol`` brought has not settled: ``amount`` of ``currency``, which may not
    be used before ``settles`` where it ``waits``; or ``qty`` was bought with money that has not
    settled, ``base_amount`` of ``base``, and may not be sold before."""

    symbol: str
    currency: str
    amount: Amount
    qty: int
    base: str
    base_amount: Amount
    waits: bool
    settles: int


class SettlementDone(RecordBase, frozen=True, kw_only=True, tag="SettlementDone.1"):
    """The same has settled."""

    symbol: str
    currency: str
    amount: Amount
    qty: int
    base: str
    base_amount: Amount
    waits: bool


class FlowPaid(RecordBase, frozen=True, kw_only=True, tag="FlowPaid.1"):
    """What had accrued was booked to the cash."""

    reason: FlowReason
    symbol: str | None
    currency: str
    amount: Amount
    postings: tuple[Posting, ...]
    due: int
