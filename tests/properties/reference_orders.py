"""Plain orders and lists of them: what they are, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.reference_charges import Fill

from offbook.domain.orders import (
    ContingencyType,
    OrderSide,
    OrderStatus,
    OrderType,
    PegType,
    TimeInForce,
)

ZERO = Fraction(0)


@dataclass
class Group:
    """Orders of one list; the first of those that are not OCO is the parent of the others."""

    name: str
    kind: ContingencyType
    orders: list[Order] = field(default_factory=list)

    def legs(self) -> list[Order]:
        """Those that cancel each other."""
        start = {ContingencyType.OCO: 0, ContingencyType.BRACKET: 1}
        return self.orders[start[self.kind] :] if self.kind in start else []


@dataclass(eq=False)
class Order:
    """One order: its terms, where it stands, what it holds."""

    number: int
    name: str
    side: OrderSide
    kind: OrderType
    tif: TimeInForce
    qty: Fraction
    limit: Fraction | None
    reduce_only: bool
    sent: int
    stop: Fraction | None = None
    trail: Fraction | None = None
    percent: Fraction | None = None
    symbol: str = ""
    expires: int | None = None
    post_only: bool = False
    hidden: bool = False
    display: Fraction | None = None
    extended: bool = False
    peg: PegType | None = None
    offset: Fraction = ZERO
    cap: Fraction | None = None
    least: Fraction = ZERO
    waits: bool = False
    mark: Fraction = ZERO
    group: Group | None = None
    held: bool = False
    sent_qty: Fraction = ZERO
    given: Fraction = ZERO
    split_by: Fraction = Fraction(1)
    """By what its instrument was split since its list was sent, which has other instruments."""
    done: Fraction = ZERO
    """The share of it that had been traded, or given, by then."""
    granted: bool = False
    """What it trades now was asked for as a whole."""
    since: Fraction = ZERO
    mates_traded: Fraction = ZERO
    released: int = -1
    reserve_price: Fraction = ZERO
    reserved: Fraction = ZERO
    filled: Fraction = ZERO
    value: Fraction = ZERO
    fills: list[Fill] = field(default_factory=list)
    fees: Fraction = ZERO
    accepted: int | None = None
    rank: int = 0
    taker: bool = True
    bars: int = 0
    asked_cancel: bool = False
    asked_replace: bool = False
    asked_qty: Fraction = ZERO
    asked_price: Fraction = ZERO
    auction: int | None = None
    liquidates: bool = False
    flattens: bool = False
    unheard_replace: bool = False
    unheard_cancel: bool = False
    ended: OrderStatus | None = None
    reason: str | None = None

    @property
    def buying(self) -> bool:
        return self.side is OrderSide.BUY

    def progress(self, counted: Fraction) -> Fraction:
        """Which share of it has been traded, or given."""
        return self.done + (counted - self.since) / (self.sent_qty * self.split_by)

    @property
    def is_at_venue(self) -> bool:
        """Whether the venue has it and works it."""
        return self.accepted is not None and not self.held

    @property
    def is_in_book(self) -> bool:
        """Whether rows are held against it; one for an auction stands apart, and one that follows
        the market nowhere before it has seen it."""
        stands = self.peg is None or self.limit is not None
        return self.is_at_venue and self.auction is None and stands

    @property
    def bound(self) -> Fraction | None:
        """The worst price to which it may go."""
        return self.limit if self.peg is None else self.cap

    @property
    def trails(self) -> bool:
        return self.kind is OrderType.TRAILING_STOP

    @property
    def touched(self) -> bool:
        return self.kind in {OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED}

    @property
    def open(self) -> Fraction:
        return ZERO if self.ended else self.qty - self.filled

    @property
    def status(self) -> OrderStatus:
        """A terminal status stays; else the last thing asked for shows; else what has traded."""
        if self.ended:
            return self.ended
        if self.asked_cancel:
            return OrderStatus.PENDING_CANCEL
        if self.asked_replace:
            return OrderStatus.PENDING_REPLACE
        if self.accepted is None:
            return OrderStatus.PENDING_NEW
        if self.held:
            return OrderStatus.HELD
        return OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.NEW


def fraction_of(text: object) -> Fraction | None:
    """A number as it is written; None where there is none."""
    return Fraction(text) if isinstance(text, str) else None


def most_open(orders: list[Order]) -> Fraction:
    """What orders could still trade, of those that cancel each other one alone."""
    sizes: dict[str, Fraction] = {}
    for order in orders:
        is_leg = order.group is not None and order in order.group.legs()
        key = order.group.name if is_leg and order.group else f"order {order.number}"
        sizes[key] = max(sizes.get(key, ZERO), order.open)
    return sum(sizes.values(), ZERO)
